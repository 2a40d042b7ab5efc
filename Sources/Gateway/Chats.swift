import ClientProtocol
import Consortium

/// What the node knows of a chat that somebody here takes part in: applied state, never more.
struct CachedChat: Sendable {
    var meta: ChatMeta?
    /// When `meta` came.
    var metaMs: UInt64 = 0
    /// All messages, without a gap, in order.
    var messages: [ChatMessage] = []
    /// Who is shown the chat, in the order of coming.
    var viewers: [ClientID] = []
    /// Set while nobody here needs it.
    var unneededSinceMs: UInt64?
    var followedMs: UInt64 = 0
    /// The hash that the patron showed when the state let this node in; a branch needs it.
    var secret: SecretHash?
    /// While this node's branch has the chat: the last message that is safe.
    var safe: Position?
    /// Unix milliseconds of the opening, fixed when first computed.
    var openedWallMs: UInt64?

    // The patron's presence.
    /// When the patron's last connection is taken as gone, and of which attach it was.
    var gone: (attach: AttachID, atMs: UInt64)?
    var presencePending = false
    var presenceMs: UInt64?

    var last: Position { messages.last?.position ?? .zero }

    /// Only this node has the message so far.
    func isHeld(_ message: ChatMessage) -> Bool { safe.map { message.position > $0 } ?? false }

    /// The messages after a position.
    func messages(after position: Position) -> ArraySlice<ChatMessage> {
        var start = messages.endIndex
        while start > messages.startIndex, messages[start - 1].position > position { start -= 1 }
        return messages[start...]
    }

    /// Takes in what is new. False when something is missing in between: the chat must then be followed again.
    mutating func merge(_ update: ChatUpdate, nowMs: UInt64) -> Bool {
        var whole = true
        for message in update.messages where message.position > last {
            // Numbers go on counting across epochs, so a hole shows.
            guard message.position.n == last.n + 1 else {
                whole = false
                break
            }
            messages.append(message)
        }
        if let meta, meta.at > update.meta.at { return whole }
        meta = update.meta
        metaMs = nowMs
        return whole && update.meta.last <= last
    }
}

extension GatewayCore {
    /// A chat at the coordinator's, as of one applied command. Repeats, older ones and unasked ones do no harm.
    public mutating func onChatUpdate(_ update: ChatUpdate, now: UInt64) -> [GatewayDirective] {
        advance(now)
        let id = update.meta.chat
        guard hears(update.meta.at) else { return take() }
        guard var chat = chats.removeValue(forKey: id) else {
            emit(.unfollow(id))
            return take()
        }
        let whole = chat.merge(update, nowMs: self.now)
        chats[id] = chat
        // Once more soon; whoever has not what is missing is asked again with the ticks (`tendChats`), not for ever at once.
        if !whole, self.now - chat.followedMs >= GatewayLimits.followAgainMs { follow(id) }
        noteHolding(id)
        serveAll(id)
        settlePresence(id)
        return take()
    }

    public mutating func onTyping(_ id: ChatID, _ who: ServerMessage.Who, now: UInt64) -> [GatewayDirective] {
        advance(now)
        for client in chats[id]?.viewers ?? [] {
            guard let connection = connections[client], let place = connection.places[id], place.admitted != nil else { continue }
            let isPatron = connection.role == .patron
            if isPatron == (who == .staff) { send(client, .typing(id, who)) }
        }
        return take()
    }

    /// Makes sure that the chat is followed, and that its state is at least as new as `at`. False when there is no room.
    @discardableResult
    mutating func need(_ id: ChatID, asOf at: LogPosition) -> Bool {
        if let chat = chats[id] {
            if let meta = chat.meta, meta.at >= at { return true }
            follow(id)
            return true
        }
        guard makeRoomForChat() else { return false }
        chats[id] = CachedChat(unneededSinceMs: now)
        if isInBranch { chats[id]?.safe = .zero }
        follow(id)
        return true
    }

    private mutating func makeRoomForChat() -> Bool {
        guard chats.count >= GatewayLimits.chatsMax else { return true }
        let droppable = chats.filter { $0.value.isDroppable }.map(\.key).min()
        guard let droppable else { return false }
        drop(droppable)
        return true
    }

    mutating func follow(_ id: ChatID) {
        guard let chat = chats[id] else { return }
        chats[id]?.followedMs = now
        if mayAsk { emit(.follow(id, after: chat.last)) }
    }

    private mutating func drop(_ id: ChatID) {
        chats[id] = nil
        emit(.unfollow(id))
    }

    mutating func serveAll(_ id: ChatID) {
        for client in chats[id]?.viewers ?? [] { serve(client, id) }
    }

    /// Brings one connection's view of a chat up to the node's.
    mutating func serve(_ client: ClientID, _ id: ChatID) {
        guard let chat = chats[id], let meta = chat.meta, let connection = connections[client], var place = connection.places[id],
            let admitted = place.admitted, !place.fenced
        else { return }
        // The attach or claim was accepted, but this view is older than it: somebody who comes back would be shown less than was safe before.
        guard meta.at >= admitted else { return }
        switch standing(connection.role, place, meta) {
        case .stays: break
        case .unknown:
            if connection.role == .patron { return fence(client, id) }
            return leaveDesk(client, id)
        }
        let state = chatState(id, chat, meta, for: connection.role)
        let comparable = state.comparable
        if place.shown != comparable {
            place.shown = comparable
            send(client, .chat(state))
        }
        sendMessages(chat.messages(after: place.cursor), of: id, to: client)
        place.cursor = max(place.cursor, chat.last)
        connections[client]?.places[id] = place
    }

    private enum Standing { case stays, unknown }

    private func standing(_ role: Connection.Role, _ place: Place, _ meta: ChatMeta) -> Standing {
        switch role {
        case .unknown: return .unknown
        case .patron: return place.attach == meta.attach ? .stays : .unknown
        case .desk(let session):
            guard meta.holder?.session != session else { return .stays }
            return desks[session].map { meta.watchers.contains($0.name) } ?? false ? .stays : .unknown
        }
    }

    /// The last thing that a desk hears of a chat that it held: where it went.
    private mutating func leaveDesk(_ client: ClientID, _ id: ChatID) {
        guard let chat = chats[id], let meta = chat.meta, let connection = connections[client], let place = connection.places[id] else {
            return
        }
        send(client, .chat(chatState(id, chat, meta, for: connection.role)))
        // What was said after somebody else took over is not for the former holder; the end of the chat is.
        if case .closed = meta.phase { sendMessages(chat.messages(after: place.cursor), of: id, to: client) }
        if case .desk(let session) = connection.role { desks[session]?.chats[id] = nil }
        leavePlace(client, id)
    }

    /// The only way by which anything that is in a chat goes to a client. Notes go to desks alone: whoever is no operator is sent none, however they came to
    /// the chat.
    private mutating func sendMessages(_ messages: ArraySlice<ChatMessage>, of id: ChatID, to client: ClientID) {
        var isDesk = false
        if case .desk? = connections[client]?.role { isDesk = true }
        let messages = isDesk ? Array(messages) : messages.filter { !$0.body.isNote }
        guard !messages.isEmpty else { return }
        var frame: [ServerMessage.Message] = []
        var bytes = 0
        for message in messages {
            let shown = directory.show(message, held: chats[id]?.isHeld(message) ?? false)
            let more = shown.jsonBytesMax
            if bytes + more > GatewayLimits.framePayloadBytesMax, !frame.isEmpty {
                send(client, .messages(id, frame, more: true))
                frame = []
                bytes = 0
            }
            frame.append(shown)
            bytes += more
        }
        send(client, .messages(id, frame, more: false))
    }

    /// The connection is shown the chat from now on.
    mutating func view(_ client: ClientID, _ id: ChatID) {
        if chats[id]?.viewers.contains(client) == false { chats[id]?.viewers.append(client) }
        chats[id]?.unneededSinceMs = nil
        serve(client, id)
    }

    /// The connection takes no part in the chat any more.
    mutating func leavePlace(_ client: ClientID, _ id: ChatID) {
        let place = connections[client]?.places.removeValue(forKey: id)
        if isInBranch, place?.attach == nil { farewells[id, default: [:]][client] = place }
        stopViewing(client, id, place)
    }

    /// As `leavePlace`, for a place that stays, or whose connection is gone already.
    mutating func stopViewing(_ client: ClientID, _ id: ChatID, _ place: Place?) {
        guard chats[id] != nil else { return }
        chats[id]?.viewers.removeAll { $0 == client }
        if let attach = place?.attach { patronLeft(id, attach) }
        if chats[id]?.viewers.isEmpty == true { chats[id]?.unneededSinceMs = now }
    }

    /// Drops what nobody needs, and asks again for what should have come.
    mutating func tendChats() {
        var unneeded: [ChatID] = []
        var missing: [ChatID] = []
        for (id, chat) in chats {
            if chat.isDroppable, let since = chat.unneededSinceMs, now - since >= GatewayLimits.unneededMs { unneeded.append(id) }
            if mayAsk, now - chat.followedMs >= GatewayLimits.refollowMs, isBehind(id, chat) { missing.append(id) }
        }
        for id in unneeded.sorted() { drop(id) }
        for id in missing.sorted() { follow(id) }
    }

    /// Whether somebody waits for a newer state than the node has.
    private func isBehind(_ id: ChatID, _ chat: CachedChat) -> Bool {
        guard let meta = chat.meta else { return true }
        if meta.last > chat.last { return true }
        return chat.viewers.contains { client in
            guard let place = connections[client]?.places[id], let admitted = place.admitted else { return false }
            return !place.fenced && admitted > meta.at
        }
    }
}

extension CachedChat {
    fileprivate var isDroppable: Bool { viewers.isEmpty && gone == nil && !presencePending }
}

extension ChatMeta {
    var holder: Holder? {
        if case .held(let holder, _) = phase { holder } else { nil }
    }
}
