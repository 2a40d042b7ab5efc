import ClientProtocol
import Consortium

/// Whether the service as a whole works from here: a coordinator is linked, and has a leader. With hysteresis, as a short
/// change of leader concerns nobody, and more of it the more often the link went lately: a flapping one must not make branches by the dozen.
struct ServiceMonitor: Sendable {
    var linkUp = false
    var hasLeader = false
    private(set) var isolated = false
    private var sinceMs: UInt64
    /// Isolations in close succession.
    private var inARow = 0

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
        if works { return sinceMs + GatewayLimits.wellAfterMs }
        return sinceMs + min(GatewayLimits.isolatedAfterMs << UInt64(min(inARow, 16)), GatewayLimits.isolatedAfterMsMax)
    }

    /// Whether `isolated` changed.
    mutating func settle(nowMs: UInt64) -> Bool {
        guard let dueMs, dueMs <= nowMs else {
            if works, !isolated, nowMs - sinceMs >= GatewayLimits.calmMs { inARow = 0 }
            return false
        }
        isolated.toggle()
        if isolated { inARow += 1 }
        return true
    }
}

extension GatewayCore {
    /// A coordinator answers. Everything that depends on the link is asked for again: level, not edge.
    public mutating func onLinkUp(now: UInt64) -> [GatewayDirective] {
        advance(now)
        service.set(linkUp: true, nowMs: self.now)
        if sequencer == .coordinators || sequencer == .merging {
            if sequencer == .coordinators { for id in chats.keys.sorted() { follow(id) } }
            proposeAllAgain()
            lastRenewMs = 0
            renewLeases()
        }
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
            tellEverybodyService()
            isolationChanged()
        }
        if let dueMs = service.dueMs { wantTick(atMs: dueMs) }
    }

    mutating func tellEverybodyService() {
        for client in connections.keys.sorted() { tellService(client, always: false) }
    }

    mutating func tellService(_ client: ClientID, always: Bool) {
        let state: ServerMessage.ServiceState = isApart ? .answering : service.isolated ? .waiting : .ok
        guard let connection = connections[client], connection.role != .unknown, always || connection.toldService != state else { return }
        connections[client]?.toldService = state
        send(client, .service(state, text: state.sentence))
    }
}

extension ServerMessage.ServiceState {
    fileprivate var sentence: String {
        switch self {
        case .ok: ""
        case .waiting: "The service is out of reach from here. What you write waits, and is sent as soon as it is back."
        case .answering:
            "The other libraries are out of reach just now. People here go on answering; what is written is kept here, and joins the rest later."
        }
    }
}
