import EventLoop

/// The thin shell around `HTTPConnection`: moves bytes between it and a stream, and requests to the server's routes.
@WebActor
final class ServerConnection {
    unowned let server: WebServer
    private let stream: any ByteStream
    private var core: HTTPConnection
    private let isSecure: Bool
    private var requestNumber: UInt64 = 0
    private var isPumping = false
    private var isReading = true
    private var isEnded = false
    private var webSocket: WebSocket?
    /// The other end of the connection: the client, or a proxy.
    let peer: SocketAddress
    /// The network for which it counts; nil for a proxy's until it is a WebSocket, and for one that is to be refused.
    private(set) var counted: AddressPrefix?
    let isProxy: Bool
    /// There is no place for it: its first request is told so.
    let isOver: Bool
    /// Of the request that is out.
    private var network: AddressPrefix

    init(
        server: WebServer, stream: any ByteStream, peer: SocketAddress, counted: AddressPrefix?, isSecure: Bool, isProxy: Bool = false,
        isOver: Bool = false
    ) {
        self.server = server
        self.stream = stream
        self.peer = peer
        self.counted = counted
        self.isSecure = isSecure
        self.isProxy = isProxy
        self.isOver = isOver
        network = AddressPrefix(peer)
        core = HTTPConnection(limits: server.limits, nowMs: WebActor.loop.nowMs)
        if isSecure { core.extraFields = server.secureFields }
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
                    let responder = Responder(connection: self, number: requestNumber)
                    if isOver {
                        responder.send(.tooManyConnections, closing: true)
                    } else {
                        identify(&request)
                        server.dispatch(request, responder)
                    }
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

    /// Who asks, and whether on an encrypted connection: as the connection has it, or as a trusted proxy tells.
    private func identify(_ request: inout Request) {
        request.isSecure = isSecure
        request.network = network
        guard isProxy, let proxies = server.proxies else { return }
        let outside = proxies.outside(request.headers)
        request.isSecure = outside.isSecure
        request.network = outside.address.map { AddressPrefix($0) } ?? AddressPrefix(peer)
        network = request.network
        core.extraFields = outside.isSecure ? server.secureFields : []
    }

    /// Before it becomes a WebSocket, which lasts.
    func takesPlace() -> Bool {
        guard isProxy, counted == nil else { return true }
        guard server.takesPlace(network) else { return false }
        counted = network
        return true
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

    func respond(_ number: UInt64, _ response: PreparedResponse, closing: Bool, fields: [UInt8] = []) {
        guard isWaiting(for: number) else { return }
        core.respond(response, date: server.date, nowMs: WebActor.loop.nowMs, closing: closing, fields: fields)
        pump()
    }

    func upgrade(_ number: UInt64, _ accepted: WebSocketUpgrade.Accepted, limits: WebSocketLimits) -> WebSocket? {
        guard isWaiting(for: number) else { return nil }
        let nowMs = WebActor.loop.nowMs
        let rest = core.upgrade(accepted.head, nowMs: nowMs)
        _ = flush(nowMs)
        let socket = WebSocket(
            transport: WebSocketTransport(stream: stream, core: WebSocketConnection(role: .server, limits: limits), nowMs: nowMs),
            subprotocol: accepted.subprotocol, network: network)
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
