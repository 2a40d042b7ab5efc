/// What the patron does: open a chat, take it up again, leave it, leave the question as a message.

extension ConsortiumState {
    /// Creates the chat, or, when it is there already, takes it up: creating is idempotent (rule 5).
    /// - Parameter isMerged: it began in a branch.
    mutating func open(_ open: Open, isMerged: Bool = false) throws(Refusal) {
        if chats[open.chat] != nil {
            return try attach(Attach(chat: open.chat, secret: open.secret, attach: open.attach, node: open.node))
        }
        // It may have ended meanwhile and be forgotten, its text taken by the library or deleted there: the page's copy must not bring it back.
        if featureLevel >= FeatureLevel.away, open.patronSupplied, open.awayMs >= settings.tombstoneMs {
            throw Refusal(.closed, "This chat is over and is not known here any more; begin a new one.")
        }
        guard let desk = queues[open.queue] else { throw .unknownQueue(open.queue) }
        try checkRoomForChat()
        var chat = Chat(
            id: open.chat, secret: open.secret, queue: open.queue, library: desk.queue.library, openedMs: clockMs,
            stage: .unattended(.nobody), attach: open.attach, node: open.node,
            messageAtMs: clockMs.adding(ms: settings.patronDeadlineMs), referral: open.referralAgreed ? .agreed : .notAsked,
            patronSupplied: open.patronSupplied)
        let seat = seat(for: chat, preferring: nil)
        if case .full(let queue) = seat {
            throw Refusal(.full, "\(Limits.waitingPerQueueMax) chats wait in \(queue) already; try again in a minute.")
        }
        tallyAsked(&chat, isMerged: isMerged)
        store(chat)
        note(.opened(open.queue), in: chat)
        if seat == .nobody { note(.nobodyThere, in: chat) }
        self.seat(&chat, at: seat)
    }

    mutating func checkRoomForChat() throws(Refusal) {
        guard chats.count - index.tombstones.count < Limits.chatsLiveMax else {
            throw Refusal(.full, "There are \(Limits.chatsLiveMax) chats already; try again in a minute.")
        }
        guard makeRoom(forBytes: Limits.textReserveBytes) else {
            throw Refusal(.full, "There is no room for another chat's text; try again in a minute.")
        }
    }

    /// The newest attach fences the older ones and begins an epoch (rule 3).
    mutating func attach(_ attach: Attach) throws(Refusal) {
        guard var chat = chats[attach.chat] else { throw .unknownChat }
        if let refusal = authorize(attach.chat, secret: attach.secret) { throw refusal }
        if chat.attach == attach.attach {
            // The same page, which goes on at another node.
            guard featureLevel >= FeatureLevel.colleagues, chat.node != attach.node else { return }
            chat.node = attach.node
            return store(chat)
        }
        if chat.fenced.contains(attach.attach) { throw .fenced }
        guard chat.fenced.count < Limits.attachesPerChatMax else {
            throw Refusal(.tooMany, "The chat was taken up \(Limits.attachesPerChatMax) times; go on in the page where it is open.")
        }
        chat.fenced.append(chat.attach)
        chat.attach = attach.attach
        chat.node = attach.node
        chat.patronPresent = true
        chat.goneAtMs = nil
        chat.leftAtMs = nil
        chat.beginEpoch(held: chat.holding != nil)
        store(chat)
    }

    /// Whether somebody who shows this hash may read the chat and attach to it: that of the chat's secret, or of the pick-up code
    /// of a question that was left as a message. `nil` means yes.
    public func authorize(_ id: ChatID, secret: SecretHash) -> Refusal? {
        guard let chat = chats[id] else { return .unknownChat }
        if chat.secret == secret || chat.code == secret { return nil }
        return Refusal(.wrongSecret, "The secret is not that of this chat; nothing was changed.")
    }

    mutating func leave(_ id: ChatID, _ attach: AttachID) throws(Refusal) {
        var chat = try attached(id, attach)
        switch chat.stage {
        case .closed: return
        // Leaving the page does not take back a question that was left to be answered.
        case .kept: absent(&chat)
        case .held where isMessage(chat), .offered where isMessage(chat): absent(&chat)
        case .waiting, .offered, .unattended, .held: finish(&chat, .byPatron)
        }
    }

    mutating func absent(_ chat: inout Chat) {
        guard chat.patronPresent else { return }
        chat.patronPresent = false
        chat.goneAtMs = clockMs.adding(ms: settings.patronGoneMs)
        if featureLevel >= FeatureLevel.notes { chat.leftAtMs = clockMs.adding(ms: max(Limits.patronLeftMs, settings.patronGoneMs)) }
        store(chat)
    }

    mutating func patronPresence(_ id: ChatID, _ attach: AttachID, present: Bool) throws(Refusal) {
        var chat = try attached(id, attach)
        guard present else { return absent(&chat) }
        guard !chat.patronPresent else { return }
        chat.patronPresent = true
        chat.goneAtMs = nil
        chat.leftAtMs = nil
        store(chat)
    }

    /// The question stays, to be answered later; the patron collects the answer with the pick-up code.
    mutating func keepMessage(_ message: KeepMessage) throws(Refusal) {
        var chat = try attached(message.chat, message.attach)
        guard message.contact.utf8.count <= Limits.contactBytesMax else {
            throw Refusal(.tooLong, "A contact has \(Limits.contactBytesMax) bytes at most; shorten it.")
        }
        switch chat.stage {
        case .closed: throw .closed
        case .held(let holding):
            guard let offer = holding.offer, let answerInMs = offer.answerInMs else {
                throw Refusal(.notAllowed, "Somebody is answering this chat; a message can be left when nobody is.")
            }
            try referLater(&chat, holding, offer, answerInMs)
        case .waiting, .offered, .unattended, .kept: break
        }
        guard chat.hasWritten else { throw Refusal(.invalid, "Nothing was written yet; write the question, then leave it.") }
        let isNew = chat.stage != .kept
        endOffer(of: &chat, .chatOver)
        keep(&chat)
        chat.code = message.code
        chat.contact = message.contact
        if isNew {
            tallyMessage(&chat, patronIsGone: false)
            note(.kept, in: chat)
        }
        store(chat)
    }

    /// The patron's answer when asked: about a transfer, or, with `.zero`, about being answered by the general queue.
    mutating func consent(_ id: ChatID, _ attach: AttachID, offer: LogPosition, agreed: Bool) throws(Refusal) {
        var chat = try attached(id, attach)
        guard offer == .zero else { return try consentToTransfer(&chat, offer: offer, agreed: agreed) }
        let answer: ReferralConsent = agreed ? .agreed : .declined
        guard chat.stage == .unattended(.asked) else {
            if chat.referral == answer { return }
            throw Refusal(.offerOver, "The chat is not asking about a referral any more; see where it stands.")
        }
        chat.referral = answer
        seat(&chat)
    }

    /// The chat, if this is its patron's newest attach.
    private func attached(_ id: ChatID, _ attach: AttachID) throws(Refusal) -> Chat {
        guard let chat = chats[id] else { throw .unknownChat }
        guard chat.attach == attach else { throw .fenced }
        return chat
    }

    /// Ends a chat for good; it is remembered for a while, so that late repeats are recognised.
    mutating func finish(_ chat: inout Chat, _ reason: CloseReason, _ ending: ChatEnding? = nil) {
        endOffer(of: &chat, .chatOver)
        tallyEnd(&chat, reason, ending)
        if case .held(let holding) = chat.stage { chat.remember(holding, .closed) }
        // The answer to a message, or the word that there is none, waits for its patron for longer.
        let isAnswer = reason == .answeredMessage || reason == .notAnswered
        let wishedMs = isAnswer ? settings.answeredMessageMs : settings.tombstoneMs
        let rememberMs = min(wishedMs, settings.transcriptDeadlineMs)
        chat.stage = .closed(reason, forgetAtMs: clockMs.adding(ms: rememberMs))
        note(.closed(reason), in: chat)
        store(chat)
        lateWords.remove(chat.id)
        post(chat)
        if index.tombstones.count > Limits.tombstonesMax { forgetOneTombstone() }
    }

    /// Forgets the closed chat whose time would be over first. Says whether there was one.
    @discardableResult
    private mutating func forgetOneTombstone() -> Bool {
        guard let oldest = index.tombstones.first, let chat = chats[oldest.key.chat] else { return false }
        forget(chat)
        return true
    }

    /// Makes room for text, if need be at the cost of closed chats. Says whether there is enough.
    mutating func makeRoom(forBytes bytes: Int) -> Bool {
        while index.textBytes > Limits.textTotalBytesMax - bytes {
            guard forgetOneTombstone() else { return false }
        }
        return true
    }
}

extension Chat {
    mutating func beginEpoch(held: Bool) {
        if epoch < .max { epoch += 1 }
        heldInEpoch = held
    }
}

extension Refusal {
    static var unknownChat: Refusal {
        Refusal(.unknownChat, "This chat is not known here: it is new, or was forgotten; open it again with its own identifier.")
    }
    static var fenced: Refusal {
        Refusal(.fenced, "The chat was taken up in a newer page; go on there, or take it up here again.")
    }
    static var closed: Refusal { Refusal(.closed, "The chat is closed; open a new one.") }
    static func unknownOperator(_ name: OperatorName) -> Refusal {
        Refusal(.unknownOperator, "There is no operator \(name) in the roster; ask your library's admin.")
    }

    static func unknownQueue(_ queue: QueueName) -> Refusal {
        Refusal(.unknownQueue, "There is no queue \(queue); ask LTG for the queue's present name.")
    }
}
