import EventLoop

/// The shell that a server's and a client's WebSocket share: moves bytes between a stream and a `WebSocketConnection`. On the stream's loop.
final class WebSocketTransport {
    let stream: any ByteStream
    private var core: WebSocketConnection
    private let limits: WebSocketLimits
    private var isPumping = false
    private var isShutDown = false
    private var endedAtMs: UInt64?
    private var heardMs: UInt64
    private var pingedMs: UInt64
    var onMessage: ((WebSocketMessage) -> Void)?
    var onPong: (([UInt8]) -> Void)?
    var onClosed: ((UInt16, String) -> Void)?
    var onOverflow: (() -> Void)?

    init(stream: any ByteStream, core: consuming WebSocketConnection, nowMs: UInt64) {
        self.stream = stream
        limits = core.limits
        self.core = core
        heardMs = nowMs
        pingedMs = nowMs
        stream.writeBytesMax = .max / 2  // the bound is the core's own
    }

    var isOpen: Bool { core.isOpen }
    var queuedBytes: Int { core.queuedBytes }

    func received(_ bytes: UnsafeRawBufferPointer, nowMs: UInt64) {
        heardMs = nowMs
        core.receive(bytes, nowMs: nowMs)
        pump(nowMs)
    }

    func send(_ payload: some Collection<UInt8>, isText: Bool, loop: Loop) -> Bool {
        let hadOverflowed = core.hasOverflowed
        core.outputQueued(stream.queuedBytes)
        let isSent = core.send(payload, isText: isText)
        // Later, because a callback from inside a call of the owner would find the owner half done.
        if core.hasOverflowed, !hadOverflowed { loop.deferToIterationEnd { self.onOverflow?() } }
        if !isPumping { flush() }
        return isSent
    }

    func ping(_ payload: [UInt8]) {
        core.ping(payload)
        if !isPumping { flush() }
    }

    func close(code: UInt16, reason: String, lastText: String?, nowMs: UInt64) {
        if let lastText { core.sendLast(lastText.utf8) }
        core.close(code: code, reason: reason, nowMs: nowMs)
        if !isPumping { flush() }
    }

    func streamEnded(nowMs: UInt64) {
        core.receiveEnd()
        isShutDown = true
        pump(nowMs)
    }

    func drained() { core.outputQueued(stream.queuedBytes) }

    /// - Returns: true when the stream is to be dropped.
    func tick(nowMs: UInt64) -> Bool {
        core.outputQueued(stream.queuedBytes)
        if let endedAtMs { return nowMs >= endedAtMs + limits.closeTimeoutMs }
        if core.isCloseOverdue(nowMs: nowMs) || nowMs >= heardMs + limits.silenceTimeoutMs { return true }
        if limits.pingIntervalMs > 0, nowMs >= max(heardMs, pingedMs) + limits.pingIntervalMs {
            pingedMs = nowMs
            ping([])
        }
        return false
    }

    private func pump(_ nowMs: UInt64) {
        guard !isPumping else { return }
        isPumping = true
        core.outputQueued(stream.queuedBytes)
        while let event = core.next() {
            switch event {
            case .message(let message): onMessage?(message)
            case .pong(let payload): onPong?(payload)
            case .closed(let code, let reason):
                endedAtMs = nowMs
                let callback = onClosed
                flush()
                if !isShutDown {
                    isShutDown = true
                    stream.shutdownWrite()
                }
                (onMessage, onPong, onOverflow, onClosed) = (nil, nil, nil, nil)
                callback?(code, reason)
            }
        }
        isPumping = false
        flush()
    }

    private func flush() {
        let output = core.takeOutput()
        guard !output.isEmpty else { return }
        stream.write(output)
        core.outputQueued(stream.queuedBytes)
    }
}
