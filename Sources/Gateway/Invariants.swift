import ClientProtocol
import Consortium

/// What was found broken, with the values.
public struct GatewayInvariantViolation: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
}

extension GatewayCore {
    /// What must hold between any two events. For tests and the simulator, after every step.
    public func checkInvariants() throws(GatewayInvariantViolation) {
        try hold(out.isEmpty, "Directives were left behind: \(out)")
        try hold(pending.count <= GatewayLimits.pendingMax, "\(pending.count) proposals are pending")
        try hold(chats.count <= GatewayLimits.chatsMax, "\(chats.count) chats are followed")
        try hold(pending.keys.allSatisfy { $0 <= lastCounter }, "A proposal has a number that was not given")
        for (client, connection) in connections { try check(client, connection) }
        for (id, chat) in chats { try check(id, chat) }
        for (session, desk) in desks { try check(session, desk) }
        for (counter, waiting) in pending {
            if let client = waiting.client { try hold(connections[client] != nil, "Proposal \(counter) waits for \(client), who is gone") }
        }
    }

    private func hold(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(GatewayInvariantViolation) {
        if !condition { throw GatewayInvariantViolation(description: sentence()) }
    }

    private func check(_ client: ClientID, _ connection: Connection) throws(GatewayInvariantViolation) {
        let asked = pending.values.count { $0.client == client }
        try hold(connection.pendingCount == asked, "\(client) has \(asked) proposals under way, not \(connection.pendingCount)")
        try hold(asked <= GatewayLimits.pendingPerConnectionMax, "\(client) has \(asked) proposals under way")
        if connection.role == .patron {
            try hold(connection.places.count <= GatewayLimits.chatsPerPatronMax, "\(client) takes part in \(connection.places.count) chats")
        }
        for (id, place) in connection.places {
            try hold(place.held.isEmpty || place.admitted == nil, "\(client) is admitted, and says of it still wait")
            let isViewer = chats[id]?.viewers.contains(client) ?? false
            try hold(
                isViewer == (place.admitted != nil && !place.fenced),
                "\(client) is admitted to \(id) and does not see it, or sees it and is not")
            try hold(place.shown == nil || place.admitted != nil, "\(client) was shown \(id) before it was admitted")
            try hold((connection.role == .patron) == (place.attach != nil), "\(client) has a place of the wrong kind in \(id)")
        }
        if case .desk(let session) = connection.role {
            try hold(desks[session]?.clients.contains(client) == true, "\(client) belongs to a desk that does not know it")
        }
    }

    private func check(_ id: ChatID, _ chat: CachedChat) throws(GatewayInvariantViolation) {
        for (before, after) in zip(chat.messages, chat.messages.dropFirst()) {
            try hold(
                before.position < after.position && before.position.n + 1 == after.position.n, "\(id) has a gap after \(before.position)")
        }
        if let first = chat.messages.first { try hold(first.position.n == 1, "\(id) begins with \(first.position)") }
        try hold(chat.viewers.isEmpty == (chat.unneededSinceMs != nil), "\(id) has \(chat.viewers.count) viewers, and its grace is wrong")
        for client in chat.viewers {
            try hold(connections[client]?.places[id] != nil, "\(client) sees \(id) without a place in it")
        }
    }

    private func check(_ session: SessionID, _ desk: Desk) throws(GatewayInvariantViolation) {
        try hold(desk.clients.count <= GatewayLimits.connectionsPerSessionMax, "\(session) has \(desk.clients.count) connections")
        try hold(desk.grants.count <= Desk.grantsMax, "\(session) has \(desk.grants.count) tokens")
        for client in desk.clients {
            try hold(connections[client]?.role == .desk(session), "\(session) counts \(client), which is not its own")
        }
        if desk.settled { try hold(desk.signedOnAt != nil, "\(session) is settled before it is signed on") }
    }
}
