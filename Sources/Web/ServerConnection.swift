import EventLoop

/// The thin shell around `HTTPConnection`: moves bytes between it and a stream, and requests to the server's routes.
@WebActor
final class ServerConnection {
    unowned let server: WebServer
    private let stream: any ByteStream
    private var core: HTTPConnection
    private let address: String
    private let isSecure: Bool
    private var requestNumber: UInt64 = 0
    private var isPumping = false
    private var isReading = true
    private var isEnded = false
    private var webSocket: WebSocket?
    /// For the server's count of connections by address.
    let addressKey: String

    init(server: WebServer, stream: any ByteStream, address: String, isSecure: Bool) {
        self.server = server
        self.stream = stream
        self.address = address
        self.isSecure = isSecure
        addressKey = address
        core = HTTPConnection(limits: server.limits, nowMs: WebActor.loop.nowMs)
        stream.writeBytesMax = .max / 2  // the bounds are the cores' own
    }

    func start() {
        stream.onEnd = { end in self.ended(end) }
        stream.onDrain = { self.drained() }
        stream.onRead = { bytes in self.received(bytes) }
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        if let webSocket { return webSocket.received(bytes) }
        core.receive(bytes, nowMs: WebActor.loop.nowMs)
        pump()
    }

    private func pump() {
        guard !isPumping, !isEnded else { return }
        isPumping = true
        let nowMs = WebActor.loop.nowMs
        var mustClose = false
        repeat {
            while let directive = core.next(nowMs: nowMs) {
                switch directive {
                case .head(let request): core.bodyBytesMax = server.bodyBytesMax(for: request)
                case .request(var request):
                    requestNumber += 1
                    request.remoteAddress = address
                    request.isSecure = isSecure
                    server.dispatch(request, Responder(connection: self, number: requestNumber))
                case .close: mustClose = true
                }
            }
        } while flush(nowMs) && !mustClose && !isEnded
        isPumping = false
        guard !isEnded else { return }
        if mustClose { stream.shutdownWrite() }
        if core.isFinished(queuedBytes: stream.queuedBytes) { return finish() }
        updateReading()
    }

    /// - Returns: whether something was written.
    private func flush(_ nowMs: UInt64) -> Bool {
        let output = core.takeOutput()
        guard !output.isEmpty else { return false }
        stream.write(output)
        core.outputQueued(stream.queuedBytes, nowMs: nowMs)
        return true
    }

    private func updateReading() {
        let wants = core.wantsReading
        guard wants != isReading else { return }
        isReading = wants
        if wants { stream.resumeReading() } else { stream.pauseReading() }
    }

    func isWaiting(for number: UInt64) -> Bool { !isEnded && number == requestNumber && core.phase == .responding }

    func respond(_ number: UInt64, _ response: PreparedResponse, closing: Bool) {
        guard isWaiting(for: number) else { return }
        core.respond(response, date: server.date, nowMs: WebActor.loop.nowMs, closing: closing)
        pump()
    }

    func upgrade(_ number: UInt64, _ accepted: WebSocketUpgrade.Accepted, limits: WebSocketLimits) -> WebSocket? {
        guard isWaiting(for: number) else { return nil }
        let nowMs = WebActor.loop.nowMs
        let rest = core.upgrade(accepted.head, nowMs: nowMs)
        _ = flush(nowMs)
        let socket = WebSocket(
            transport: WebSocketTransport(stream: stream, core: WebSocketConnection(role: .server, limits: limits), nowMs: nowMs),
            subprotocol: accepted.subprotocol, remoteAddress: address)
        webSocket = socket
        updateReading()
        // After the route's `onOpen`, which sets the callbacks.
        if !rest.isEmpty { WebActor.loop.deferToIterationEnd { rest.withUnsafeBytes { socket.received($0) } } }
        return socket
    }

    private func drained() {
        let nowMs = WebActor.loop.nowMs
        if let webSocket { return webSocket.drained() }
        core.outputQueued(stream.queuedBytes, nowMs: nowMs)
        pump()
    }

    private func ended(_ end: StreamEnd) {
        if let webSocket {
            webSocket.streamEnded()
            return finish()
        }
        guard end == .eof else { return finish() }
        core.receiveEnd(nowMs: WebActor.loop.nowMs)
        pump()
    }

    private func finish() {
        guard !isEnded else { return }
        isEnded = true
        stream.close()
        server.connectionEnded(self)
    }

    /// Called every `sweepMs`.
    func tick(nowMs: UInt64) {
        if let webSocket {
            if webSocket.tick(nowMs: nowMs) { drop() }
            return
        }
        core.outputQueued(stream.queuedBytes, nowMs: nowMs)
        if core.tick(date: server.date, nowMs: nowMs) { return drop() }
        if core.phase == .closing { pump() }
        // A peer that ended its side while it waited for an answer has no end left to tell.
        if core.isFinished(queuedBytes: stream.queuedBytes) { drop() }
    }

    /// Ends it now, whatever waits.
    func drop() {
        webSocket?.streamEnded()
        finish()
    }

    /// For a server that shuts down: WebSockets are told, the others end.
    func goAway() {
        if let webSocket { webSocket.close(code: WebSocketConnection.Code.goingAway, reason: "The server is stopping.") } else { drop() }
    }
}
