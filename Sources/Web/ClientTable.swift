/// What clients take of a node, counted by the network they are in and by their sign-in. Pure, in memory alone, of a bounded size; nothing of it is written anywhere.
///
/// Work and chats are each held to a rate with a burst (GCRA, ITU-T I.371): of each client one moment is kept, until which it has used up what it may have, and
/// it may be ahead of the clock by a burst's worth. A client whose moment is past owes nothing and can be forgotten.
struct ClientTable {
    private enum Key: Hashable {
        case network(AddressPrefix)
        /// A hash of the sign-in's token with this process's own seed. Anybody can make up tokens, so these come on top of the networks' limits.
        case signIn(Int)
    }

    private struct Client {
        var connections = 0
        var workUntilMs: UInt64 = 0
        var chatsUntilMs: UInt64 = 0
    }

    private let limits: WebLimits
    private var clients: [Key: Client] = [:]

    init(limits: WebLimits) { self.limits = limits }

    var count: Int { clients.count }

    // MARK: Connections

    func takesConnection(of network: AddressPrefix) -> Bool {
        clients[.network(network)]?.connections ?? 0 < limits.connectionsPerNetworkMax
    }

    mutating func connected(_ network: AddressPrefix, nowMs: UInt64) {
        makeRoom(for: .network(network), nowMs: nowMs)
        clients[.network(network), default: Client()].connections += 1
    }

    mutating func disconnected(_ network: AddressPrefix) {
        guard var client = clients[.network(network)] else { return }
        precondition(client.connections > 0, "a network has as many connections as began and did not end")
        client.connections -= 1
        clients[.network(network)] = client.connections == 0 && client.workUntilMs == 0 && client.chatsUntilMs == 0 ? nil : client
    }

    // MARK: Rates

    /// - Returns: nil when it may be done; otherwise after how many milliseconds, and then whoever refused did not count it.
    mutating func takeWork(_ units: UInt64, of network: AddressPrefix, signIn: String?, nowMs: UInt64) -> UInt64? {
        if let waitMs = takeWork(units, .network(network), limits.workPerSecond, limits.workBurst, nowMs) { return waitMs }
        guard let signIn else { return nil }
        return takeWork(units, .signIn(signIn.hashValue), limits.signedWorkPerSecond, limits.signedWorkBurst, nowMs)
    }

    private mutating func takeWork(_ units: UInt64, _ key: Key, _ perSecond: UInt64, _ burst: UInt64, _ nowMs: UInt64) -> UInt64? {
        makeRoom(for: key, nowMs: nowMs)
        return Self.take(
            units * 1_000 / perSecond, burstMs: burst * 1_000 / perSecond, &clients[key, default: Client()].workUntilMs, nowMs)
    }

    mutating func takeChat(of network: AddressPrefix, nowMs: UInt64) -> UInt64? {
        makeRoom(for: .network(network), nowMs: nowMs)
        return Self.take(
            limits.chatEveryMs, burstMs: limits.chatsBurst * limits.chatEveryMs,
            &clients[.network(network), default: Client()].chatsUntilMs, nowMs)
    }

    private static func take(_ costMs: UInt64, burstMs: UInt64, _ untilMs: inout UInt64, _ nowMs: UInt64) -> UInt64? {
        let next = max(untilMs, nowMs) + costMs
        guard next <= nowMs + burstMs else { return next - nowMs - burstMs }
        untilMs = next
        return nil
    }

    // MARK: Size

    /// A full table loses those who owe nothing; when all owe something, the sign-ins, of which one network can make up any number; then all networks that are not
    /// connected: an attack from so many is not stopped by counting.
    private mutating func makeRoom(for key: Key, nowMs: UInt64) {
        guard clients.count >= limits.clientsMax, clients[key] == nil else { return }
        clients = clients.filter { $0.value.connections > 0 || $0.value.workUntilMs > nowMs || $0.value.chatsUntilMs > nowMs }
        guard clients.count >= limits.clientsMax else { return }
        clients = clients.filter { if case .network = $0.key { true } else { false } }
        guard clients.count >= limits.clientsMax else { return }
        clients = clients.filter { $0.value.connections > 0 }
    }
}

extension Response {
    private static func tooMany(_ text: String, retryMs: UInt64) -> Response {
        var response = Response.json("{\"code\":\"tooMany\",\"text\":\"\(text)\",\"retryMs\":\(retryMs)}", status: 429)
        response.setHeader("Retry-After", String((retryMs + 999) / 1_000))
        response.setHeader("Cache-Control", "no-store")
        return response
    }

    static func tooManyRequests(retryMs: UInt64) -> Response {
        tooMany("Much was asked of this node from your network, or with this sign-in; wait a moment and try again.", retryMs: retryMs)
    }

    static let tooManyConnections = tooMany(
        "Your network has as many connections to this node as one may have; close some pages, or try again in a while.", retryMs: 5_000)
}
