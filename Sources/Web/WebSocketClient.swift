import EventLoop

/// A WebSocket client on any loop: for the terminal client, checks and measurements. All calls and callbacks on that loop.
public final class WebSocketClient {
    private let loop: Loop
    private let limits: WebSocketLimits
    private var transport: WebSocketTransport?
    private var stream: (any ByteStream)?
    private var attempt: ConnectAttempt?
    private var timer: EventLoop.Timer?
    private var parser = HTTPResponseParser(bytesMax: 64 * 1024, isHead: false)
    private var expectedAccept = ""
    private var wantedSubprotocol: String?
    private var isStarted = false
    private var isClosed = false

    /// The handshake is done; with the subprotocol that was agreed on.
    public var onOpen: ((String?) -> Void)?
    public var onText: ((String) -> Void)?
    public var onBinary: (([UInt8]) -> Void)?
    public var onPong: (([UInt8]) -> Void)?
    /// Once, when a send did not fit in the queue.
    public var onOverflow: (() -> Void)?
    /// The server answered the handshake with this instead; `onClose` follows.
    public var onRefused: ((HTTPClientResponse) -> Void)?
    /// Exactly once, last. 1006 with a reason in words where there was no handshake or no close frame.
    public var onClose: ((UInt16, String) -> Void)?

    /// - Parameter limits: messages of up to 1 MiB unless told otherwise.
    public init(on loop: Loop, limits: WebSocketLimits? = nil) {
        self.loop = loop
        var standard = WebSocketLimits()
        standard.messageBytesMax = 1024 * 1024
        standard.queueBytesMax = 4 * 1024 * 1024
        self.limits = limits ?? standard
    }

    public var isOpen: Bool { transport?.isOpen ?? false }
    public var queuedBytes: Int { transport?.queuedBytes ?? 0 }

    /// Connects once; make another client to try again.
    /// - Parameters:
    ///   - url: `ws://host:port/path`; `wss` needs `secure`.
    ///   - bindAddress: the local address; the system chooses one when there is none.
    public func connect(
        _ url: String, subprotocol: String? = nil, headers: [(name: String, value: String)] = [], timeoutMs: UInt64 = 10_000,
        from bindAddress: SocketAddress? = nil, secure: HTTPClient.Secure? = nil
    ) {
        precondition(!isStarted, "a client connects once; make another one to try again")
        isStarted = true
        guard let target = ClientURL(url), !target.isSecure || secure != nil else {
            return loop.deferToIterationEnd { self.ended(HTTPClientError.badURL(url).description) }
        }
        let key = Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        expectedAccept = WebSocketUpgrade.acceptValue(key)
        wantedSubprotocol = subprotocol
        var fields = [
            ("Host", target.authority), ("User-Agent", Web.clientAgent), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key),
        ]
        if let subprotocol { fields.append(("Sec-WebSocket-Protocol", subprotocol)) }
        let head = requestHead("GET", target.target, fields + headers)
        let timer = EventLoop.Timer(on: loop)
        self.timer = timer
        timer.start(afterMs: timeoutMs) { self.ended("The handshake took more than \(timeoutMs) ms.") }
        attempt = TCPStream.connect(
            on: loop, host: target.host, port: target.port, timeoutMs: timeoutMs, bindAddress: bindAddress
        ) { result in
            self.attempt = nil
            switch result {
            case .failure(let error): self.ended(error.description)
            case .success(let tcp):
                guard !self.isClosed else { return tcp.close() }
                self.begin(target.isSecure ? secure?(tcp, target.host) ?? tcp : tcp, head)
            }
        }
    }

    private func begin(_ stream: any ByteStream, _ head: [UInt8]) {
        self.stream = stream
        stream.onEnd = { end in
            if let transport = self.transport { transport.streamEnded(nowMs: self.loop.nowMs) }
            self.ended("The connection ended during the handshake.")
        }
        stream.onDrain = { self.transport?.drained() }
        stream.onRead = { bytes in
            if let transport = self.transport { return transport.received(bytes, nowMs: self.loop.nowMs) }
            self.judge(self.parser.receive(bytes))
        }
        stream.write(head)
    }

    private func judge(_ outcome: HTTPResponseParser.Outcome) {
        switch outcome {
        case .needMore: break
        case .upgraded(let response, let rest): open(response, rest)
        case .response(let response):
            onRefused?(response)
            ended("The server answered \(response.status) instead of 101.")
        case .malformed(let what): ended("The server's answer is not HTTP: \(what).")
        case .tooLong: ended("The server's answer to the handshake is too long.")
        }
    }

    private func open(_ response: HTTPClientResponse, _ rest: [UInt8]) {
        let subprotocol = response.header("sec-websocket-protocol")
        guard response.header("sec-websocket-accept") == expectedAccept, response.header("upgrade")?.lowercased() == "websocket",
            subprotocol == nil || subprotocol == wantedSubprotocol, response.header("sec-websocket-extensions") == nil
        else { return ended("The server's handshake is not an answer to ours.") }
        guard let stream else { return }
        let core = WebSocketConnection(role: .client, limits: limits, makeMask: { UInt32.random(in: .min ... .max) })
        let transport = WebSocketTransport(stream: stream, core: core, nowMs: loop.nowMs)
        self.transport = transport
        transport.onMessage = { message in if message.isText { self.onText?(message.text) } else { self.onBinary?(message.bytes) } }
        transport.onPong = { self.onPong?($0) }
        transport.onOverflow = { self.onOverflow?() }
        transport.onClosed = { code, reason in self.finish(code, reason) }
        timer?.start(afterMs: 1_000, repeatMs: 1_000) {
            if transport.tick(nowMs: self.loop.nowMs) {
                transport.streamEnded(nowMs: self.loop.nowMs)
                self.release()
            }
        }
        onOpen?(subprotocol)
        if !rest.isEmpty { rest.withUnsafeBytes { transport.received($0, nowMs: loop.nowMs) } }
    }

    /// - Returns: false where it was not queued: not open, or overflow.
    @discardableResult
    public func sendText(_ text: String) -> Bool { transport?.send(text.utf8, isText: true, loop: loop) ?? false }

    @discardableResult
    public func sendBinary(_ bytes: [UInt8]) -> Bool { transport?.send(bytes, isText: false, loop: loop) ?? false }

    public func ping(_ payload: [UInt8] = []) { transport?.ping(payload) }

    /// Begins the closing handshake, or gives up connecting. `onClose` follows.
    public func close(code: UInt16 = WebSocketConnection.Code.normal, reason: String = "") {
        guard let transport else { return loop.deferToIterationEnd { self.ended("Closed here before the handshake was done.") } }
        transport.close(code: code, reason: reason, lastText: nil, nowMs: loop.nowMs)
    }

    /// Drops the connection without a close frame, as a crash would. `onClose` follows with 1006.
    public func abandon() {
        loop.deferToIterationEnd { self.ended("Abandoned here.") }
    }

    private func ended(_ reason: String) {
        finish(WebSocketConnection.Code.abnormal, reason)
        release()
    }

    private func finish(_ code: UInt16, _ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        let callback = onClose
        (onOpen, onText, onBinary, onPong, onOverflow, onRefused, onClose) = (nil, nil, nil, nil, nil, nil, nil)
        callback?(code, reason)
    }

    /// The server ends the stream after a close handshake; then, or when it does not, everything is let go.
    private func release() {
        timer?.close()
        timer = nil
        attempt?.cancel()
        stream?.close()
        stream = nil
    }
}
