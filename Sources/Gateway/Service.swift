import ClientProtocol
import Consortium

/// Whether the service as a whole works from here: a coordinator is linked, and has a leader. With hysteresis, as a short
/// change of leader concerns nobody.
struct ServiceMonitor: Sendable {
    var linkUp = false
    var hasLeader = false
    private(set) var isolated = false
    private var sinceMs: UInt64

    init(nowMs: UInt64) { sinceMs = nowMs }

    private var works: Bool { linkUp && hasLeader }

    /// Changes what is known; says whether anything did.
    mutating func set(linkUp: Bool? = nil, hasLeader: Bool? = nil, nowMs: UInt64) {
        let before = works
        if let linkUp { self.linkUp = linkUp }
        if let hasLeader { self.hasLeader = hasLeader }
        if works != before { sinceMs = nowMs }
    }

    /// When `isolated` may change next.
    var dueMs: UInt64? {
        guard works == isolated else { return nil }
        return sinceMs + (works ? GatewayLimits.wellAfterMs : GatewayLimits.isolatedAfterMs)
    }

    /// Whether `isolated` changed.
    mutating func settle(nowMs: UInt64) -> Bool {
        guard let dueMs, dueMs <= nowMs else { return false }
        isolated.toggle()
        return true
    }
}

extension GatewayCore {
    /// A coordinator answers. Everything that depends on the link is asked for again: level, not edge.
    public mutating func onLinkUp(now: UInt64) -> [GatewayDirective] {
        advance(now)
        service.set(linkUp: true, nowMs: self.now)
        for id in chats.keys.sorted() { follow(id) }
        proposeAllAgain()
        lastRenewMs = 0
        renewLeases()
        noteService()
        return take()
    }

    public mutating func onLinkDown(now: UInt64) -> [GatewayDirective] {
        advance(now)
        service.set(linkUp: false, nowMs: self.now)
        noteService()
        return take()
    }

    /// Whether the coordinators have a leader, as gossip and the link say.
    public mutating func onServiceState(hasLeader: Bool, now: UInt64) -> [GatewayDirective] {
        advance(now)
        service.set(hasLeader: hasLeader, nowMs: self.now)
        noteService()
        return take()
    }

    /// Whether this node takes itself for isolated: no coordinator with a leader for some seconds.
    public var isIsolated: Bool { service.isolated }

    mutating func noteService() {
        if service.settle(nowMs: now) {
            for client in connections.keys.sorted() { tellService(client, always: false) }
        }
        if let dueMs = service.dueMs { wantTick(atMs: dueMs) }
    }

    mutating func tellService(_ client: ClientID, always: Bool) {
        guard let connection = connections[client], connection.role != .unknown, always || connection.toldIsolated != service.isolated
        else {
            return
        }
        connections[client]?.toldIsolated = service.isolated
        let text =
            service.isolated ? "The service is out of reach from here. What you write waits, and is sent as soon as it is back." : ""
        send(client, .service(isolated: service.isolated, text: text))
    }
}
