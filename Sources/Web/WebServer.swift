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
    private var connectionsByAddress: [SocketAddress: Int] = [:]
    private var clients: ClientTable
    private var refusals = 0
    /// Who may tell for whom it asks; nobody when nil.
    public var proxies: ProxyTrust?
    /// What answering a request costs the cluster plane, in units of `WebLimits.workPerSecond`, and the sign-in that asks, if one does.
    public var cost: @WebActor (Request) -> (units: UInt64, signIn: String?) = { _ in (0, nil) }
    /// Every route that is installed passes here, and what comes back answers its requests. To be set before the first one.
    public var admit: @WebActor (Set<HTTPMethod>, _ path: String, _ isPrefix: Bool, @escaping RequestHandler) -> RequestHandler = { $3 }
    /// Looks at every request before its route does; a response refuses it.
    public var refuse: @WebActor (Request) -> Response? = { _ in nil }
    /// Tells browsers to come by HTTPS alone for so long (RFC 6797), where they came by it; nil: nothing is told.
    public var strictTransportSeconds: Int64? {
        didSet { secureFields = strictTransportSeconds.map { Array("Strict-Transport-Security: max-age=\($0)\r\n".utf8) } ?? [] }
    }
    private(set) var secureFields: [UInt8] = []
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
        precondition(limits.clientsMax > limits.connectionsMax, "whoever is connected has a place in the table")
        self.limits = limits
        clients = ClientTable(limits: limits)
        var headers: [(name: String, value: String)] = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]
        if let contentSecurityPolicy { headers.append(("Content-Security-Policy", contentSecurityPolicy)) }
        defaultHeaders = headers
        dateSeconds = Int64(time(nil))
        date = HTTPDate(unixSeconds: dateSeconds)
    }

    // MARK: Routes

    /// A handler for an exact path, as it stands in the request line. GET answers HEAD too.
    public func route(_ methods: Set<HTTPMethod>, _ path: String, bodyBytesMax: Int? = nil, _ handler: @escaping RequestHandler) {
        let handler = admit(methods, path, false, handler)
        router.add(path: path, Router.Route(methods: methods, bodyBytesMax: bodyBytesMax ?? limits.bodyBytesMax, handler: handler))
    }

    /// A handler for everything whose first segments are those of `prefix`, where no exact path matches; the longest prefix wins.
    public func route(
        _ methods: Set<HTTPMethod>, prefix: String, bodyBytesMax: Int? = nil, _ handler: @escaping RequestHandler
    ) {
        let handler = admit(methods, prefix, true, handler)
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
                guard responder.takesPlace() else { return responder.send(.tooManyConnections, closing: true) }
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
        if let response = refuse(request) { return responder.send(response) }
        let (units, signIn) = cost(request)
        if units > 0, let retryMs = clients.takeWork(units, of: request.network, signIn: signIn, nowMs: WebActor.loop.nowMs) {
            stats.refusedRequests += 1
            return responder.send(.tooManyRequests(retryMs: retryMs))
        }
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
    /// - Parameter secure: makes the encrypted stream over an accepted connection, which is dropped when it makes none; nil for plain HTTP.
    /// - Returns: the bound address.
    @discardableResult
    public func listen(host: String, port: UInt16, secure: ((TCPStream) -> (any ByteStream)?)? = nil) throws(LoopError) -> SocketAddress {
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

    private func accepted(_ stream: TCPStream, _ secure: ((TCPStream) -> (any ByteStream)?)?) {
        guard !isClosed, let address = stream.remoteAddress?.with(port: 0), connections.count < limits.connectionsMax else {
            return stream.close()
        }
        let network = AddressPrefix(address)
        let isProxy = proxies?.trusts(address) ?? false
        let isOver =
            !isProxy
            && (connectionsByAddress[address, default: 0] >= limits.connectionsPerAddressMax || !clients.takesConnection(of: network))
        if isOver {
            stats.refusedConnections += 1
            guard refusals < limits.refusalsMax else { return stream.close() }
            refusals += 1
        }
        var outer: any ByteStream = stream
        if let secure {
            guard let made = secure(stream) else {
                if isOver { refusals -= 1 }
                return stream.close()
            }
            outer = made
        }
        stats.acceptedConnections += 1
        // One that is to be refused, and a proxy's own, count nowhere.
        let counted = isOver || isProxy ? nil : network
        if counted != nil {
            connectionsByAddress[address, default: 0] += 1
            clients.connected(network, nowMs: WebActor.loop.nowMs)
        }
        let connection = ServerConnection(
            server: self, stream: outer, peer: address, counted: counted, isSecure: secure != nil, isProxy: isProxy, isOver: isOver)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
        if connections.count >= limits.connectionsMax { for listener in listeners { listener.pause() } }
    }

    /// A WebSocket that came by a proxy counts for the network that the proxy told.
    func takesPlace(_ network: AddressPrefix) -> Bool {
        guard clients.takesConnection(of: network) else {
            stats.refusedConnections += 1
            return false
        }
        clients.connected(network, nowMs: WebActor.loop.nowMs)
        return true
    }

    func connectionEnded(_ connection: ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if connection.isOver { refusals -= 1 }
        if connection.counted != nil, !connection.isProxy {
            let left = connectionsByAddress[connection.peer, default: 1] - 1
            connectionsByAddress[connection.peer] = left > 0 ? left : nil
        }
        if let network = connection.counted { clients.disconnected(network) }
        if connections.count < limits.connectionsMax { for listener in listeners where listener.isPaused { listener.resume() } }
    }

    /// Whether a client may begin one more chat; otherwise after how many milliseconds.
    public func takeChat(of network: AddressPrefix) -> UInt64? {
        let wait = clients.takeChat(of: network, nowMs: WebActor.loop.nowMs)
        if wait != nil { stats.refusedRequests += 1 }
        return wait
    }

    /// Networks and sign-ins that are remembered.
    public var clientsRemembered: Int { clients.count }

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
    /// Over the limit of one address or network.
    public internal(set) var refusedConnections: UInt64 = 0
    /// Answered 429.
    public internal(set) var refusedRequests: UInt64 = 0
    public internal(set) var acceptErrors: UInt64 = 0
    public internal(set) var requests: UInt64 = 0
}
