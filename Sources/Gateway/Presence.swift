import Consortium

/// Whether the patron is there: told to the state when the last connection of the newest attach is gone for a while, or is back.
extension GatewayCore {
    /// A connection of this attach ended. If it was the last one, the patron counts as gone after a short grace: pages reload.
    mutating func patronLeft(_ id: ChatID, _ attach: AttachID) {
        guard let chat = chats[id], chat.meta?.attach == attach, !isPresent(id, chat) else { return }
        let atMs = now + GatewayLimits.patronGraceMs
        chats[id]?.gone = (attach, atMs)
        wantTick(atMs: atMs)
    }

    /// Whether a connection of the newest attach is here.
    private func isPresent(_ id: ChatID, _ chat: CachedChat) -> Bool {
        guard let attach = chat.meta?.attach else { return false }
        return chat.viewers.contains { client in
            guard let place = connections[client]?.places[id] else { return false }
            return place.attach == attach && place.admitted != nil && !place.fenced && !place.leaving
        }
    }

    /// A level: as long as the state takes a patron for absent who is here, it is told (another node may have lost a
    /// connection that this one has now).
    mutating func settlePresence(_ id: ChatID) {
        guard let chat = chats[id], let meta = chat.meta, !meta.patronPresent, !chat.presencePending, isPresent(id, chat) else { return }
        if case .closed = meta.phase { return }
        if let toldMs = chat.presenceMs, now - toldMs < GatewayLimits.refollowMs { return }
        tellPresence(id, meta.attach, present: true)
    }

    private mutating func tellPresence(_ id: ChatID, _ attach: AttachID, present: Bool) {
        guard propose(.patronPresence(id, attach, present: present), .presence(id), for: nil) else { return }
        chats[id]?.presencePending = true
        chats[id]?.presenceMs = now
        if !present { chats[id]?.gone = nil }
    }

    mutating func presenceTold(_ id: ChatID) {
        chats[id]?.presencePending = false
    }

    mutating func tendPresence() {
        var due: [ChatID] = []
        for (id, chat) in chats {
            let isGone = chat.gone.map { $0.atMs <= now } ?? false
            let isBack = chat.meta?.patronPresent == false && !chat.viewers.isEmpty
            if isGone || isBack { due.append(id) }
        }
        for id in due.sorted() {
            if let chat = chats[id], let gone = chat.gone, gone.atMs <= now {
                // A newer attach, or a chat that is over, needs no word of this one.
                if chat.meta?.attach == gone.attach, !chat.isClosed {
                    tellPresence(id, gone.attach, present: false)
                } else {
                    chats[id]?.gone = nil
                }
            }
            settlePresence(id)
        }
    }
}

extension CachedChat {
    var isClosed: Bool {
        if case .closed? = meta?.phase { true } else { false }
    }
}
