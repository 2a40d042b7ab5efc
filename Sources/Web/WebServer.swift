import EventLoop
import Glibc

/// Listeners, connections and routes of the web plane.
@WebActor
public final class WebServer {
    public let limits: WebLimits
    /// Added to every response that lacks them, prepared ones excepted.
    public var defaultHeaders: [(name: String, value: String)]
    private var router = Router()
    private var listeners: [TCPListener] = []
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private var connectionsByAddress: [String: Int] = [:]
    private var timer: EventLoop.Timer?
    private var isClosed = false
    /// The current second, for `Date`.
    private(set) var date: HTTPDate
    private var dateSeconds: Int64
    /// Counts since the start.
    public private(set) var stats = WebServerStats()

    /// - Parameter contentSecurityPolicy: for every response that gives none of its own.
    public nonisolated init(limits: WebLimits = WebLimits(), contentSecurityPolicy: String? = nil) {
        precondition(limits.headBytesMax < 64 * 1024, "heads are limited to less than 64 KiB")
        self.limits = limits
        var headers: [(name: String, value: String)] = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]
        if let contentSecurityPolicy { headers.append(("Content-Security-Policy", contentSecurityPolicy)) }
        defaultHeaders = headers
        dateSeconds = Int64(time(nil))
        date = HTTPDate(unixSeconds: dateSeconds)
    }

    // MARK: Routes

    /// A handler for an exact path, as it stands in the request line. GET answers HEAD too.
    public func route(_ methods: Set<HTTPMethod>, _ path: String, bodyBytesMax: Int? = nil, _ handler: @escaping RequestHandler) {
        router.add(path: path, Router.Route(methods: methods, bodyBytesMax: bodyBytesMax ?? limits.bodyBytesMax, handler: handler))
    }

    /// A handler for everything whose first segments are those of `prefix`, where no exact path matches; the longest prefix wins.
    public func route(
        _ methods: Set<HTTPMethod>, prefix: String, bodyBytesMax: Int? = nil, _ handler: @escaping RequestHandler
    ) {
        router.add(prefix: prefix, Router.Route(methods: methods, bodyBytesMax: bodyBytesMax ?? limits.bodyBytesMax, handler: handler))
    }

    public func get(_ path: String, _ handler: @escaping RequestHandler) { route([.get], path, handler) }
    public func post(_ path: String, bodyBytesMax: Int? = nil, _ handler: @escaping RequestHandler) {
        route([.post], path, bodyBytesMax: bodyBytesMax, handler)
    }

    /// Takes WebSockets at `route.path`.
    /// - Parameters:
    ///   - refuse: sees the request first (Origin, cookies); a response refuses it.
    ///   - onOpen: the handshake is done; set the callbacks.
    public func webSocket(
        _ route: WebSocketRoute, refuse: @escaping @WebActor (Request) -> Response? = { _ in nil },
        onOpen: @escaping @WebActor (WebSocket, Request) -> Void
    ) {
        self.route([.get], route.path) { request, responder in
            switch WebSocketUpgrade.accept(request, subprotocols: route.subprotocols, isRequired: route.isSubprotocolRequired) {
            case .failure(let refusal): responder.send(refusal.response)
            case .success(let accepted):
                if let response = refuse(request) { return responder.send(response) }
                guard let socket = responder.upgrade(accepted, limits: route.limits) else { return }
                onOpen(socket, request)
            }
        }
    }

    func bodyBytesMax(for request: Request) -> Int {
        if case .found(let route) = router.match(request) { return route.bodyBytesMax }
        // Nothing is there, or not by that method: that is what the client is told, not that its body is too long.
        return limits.bodyBytesMax
    }

    func dispatch(_ request: Request, _ responder: Responder) {
        stats.requests += 1
        switch router.match(request) {
        case .found(let route): route.handler(request, responder)
        case .notFound: responder.send(.text("There is nothing at this address.\n", status: 404))
        case .methodNotAllowed(let methods):
            var response = Response.text("This address does not take that method.\n", status: 405)
            response.setHeader("Allow", methods.map(\.rawValue).joined(separator: ", "))
            responder.send(response)
        }
    }

    // MARK: Listening

    /// Takes connections at a numeric address; port 0 lets the kernel choose. May be called for several addresses.
    /// - Parameter secure: makes the encrypted stream over an accepted connection; nil for plain HTTP.
    /// - Returns: the bound address.
    @discardableResult
    public func listen(host: String, port: UInt16, secure: ((TCPStream) -> any ByteStream)? = nil) throws(LoopError) -> SocketAddress {
        let listener = TCPListener(on: WebActor.loop)
        do {
            try listener.listen(host: host, port: port) { stream in self.accepted(stream, secure) }
        } catch {
            listener.close()
            throw error
        }
        listener.onError = { _ in self.stats.acceptErrors += 1 }
        listeners.append(listener)
        if connections.count >= limits.connectionsMax { listener.pause() }
        startTimer()
        guard let address = listener.localAddress else { return try SocketAddress(host: host, port: port) }
        return address
    }

    private func accepted(_ stream: TCPStream, _ secure: ((TCPStream) -> any ByteStream)?) {
        guard !isClosed, let address = stream.remoteAddress?.host else { return stream.close() }
        guard connections.count < limits.connectionsMax, connectionsByAddress[address, default: 0] < limits.connectionsPerAddressMax else {
            stats.refusedConnections += 1
            return stream.close()
        }
        stats.acceptedConnections += 1
        connectionsByAddress[address, default: 0] += 1
        let connection = ServerConnection(
            server: self, stream: secure?(stream) ?? stream, address: address, isSecure: secure != nil)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
        if connections.count >= limits.connectionsMax { for listener in listeners { listener.pause() } }
    }

    func connectionEnded(_ connection: ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        let left = connectionsByAddress[connection.addressKey, default: 1] - 1
        connectionsByAddress[connection.addressKey] = left > 0 ? left : nil
        if connections.count < limits.connectionsMax { for listener in listeners where listener.isPaused { listener.resume() } }
    }

    public var connectionCount: Int { connections.count }

    private func startTimer() {
        guard timer == nil else { return }
        let timer = EventLoop.Timer(on: WebActor.loop)
        timer.start(afterMs: limits.sweepMs, repeatMs: limits.sweepMs) { [weak self] in self?.sweep() }
        self.timer = timer
    }

    private func sweep() {
        let seconds = Int64(time(nil))
        if seconds != dateSeconds {
            dateSeconds = seconds
            date = HTTPDate(unixSeconds: seconds)
        }
        let nowMs = WebActor.loop.nowMs
        for connection in Array(connections.values) { connection.tick(nowMs: nowMs) }
        if isClosed, connections.isEmpty {
            timer?.close()
            timer = nil
        }
    }

    /// Takes no more connections, ends those that are HTTP, and tells WebSockets that we are going away (1001): they end within `closeTimeoutMs`.
    public func close() {
        isClosed = true
        for listener in listeners { listener.close() }
        listeners = []
        for connection in Array(connections.values) { connection.goAway() }
    }
}

/// What a server has done since its start.
public struct WebServerStats: Sendable, Equatable {
    public internal(set) var acceptedConnections: UInt64 = 0
    /// Over the limit of one address.
    public internal(set) var refusedConnections: UInt64 = 0
    public internal(set) var acceptErrors: UInt64 = 0
    public internal(set) var requests: UInt64 = 0
}
