import ClientProtocol
import Consortium

extension GatewayCore {
    /// Time has come to the point that `scheduleTick` asked for (or any other: ticks are harmless).
    public mutating func onTick(now: UInt64) -> [GatewayDirective] {
        advance(now)
        scheduledTickMs = nil
        noteService()
        tendConnections()
        tendProposals()
        settleSequencer()
        tendMerge()
        tendLookUps()
        tendPresence()
        tendChats()
        tendDesks()
        tellGaps()
        if !connections.isEmpty || !pending.isEmpty || !chats.isEmpty || !lookUps.isEmpty || merge != nil {
            wantTick(atMs: self.now + GatewayLimits.tickMs)
        }
        return take()
    }

    private mutating func tendConnections() {
        var silent: [ClientID] = []
        var idle: [ClientID] = []
        for (client, connection) in connections {
            switch connection.role {
            case .unknown: if now - connection.sinceMs >= GatewayLimits.helloMs { silent.append(client) }
            case .patron: if connection.places.isEmpty, now - connection.heardMs >= GatewayLimits.idleMs { idle.append(client) }
            case .desk: break
            }
        }
        for client in silent.sorted() { end(client, .idle, "No hello came within 10 s.", retryMs: 5_000 + jitter(5_000)) }
        for client in idle.sorted() { end(client, .idle, "Nothing was asked for a while; connect again when needed.", retryMs: nil) }
    }
}
