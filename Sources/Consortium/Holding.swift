/// Claiming, giving back and closing: one holder per chat and epoch, fenced by the token of the holding (rule 3).

extension ConsortiumState {
    mutating func claim(_ claim: Claim, at position: LogPosition) throws(Refusal) -> Acceptance {
        guard var chat = chats[claim.chat] else { throw .unknownChat }
        guard let session = sessions[claim.session], let person = operators[session.operatorName] else { throw .unknownSession }
        if let holding = chat.holding {
            if holding.session == claim.session { return .token(holding.token) }
            throw Refusal(.alreadyClaimed, "\(holding.displayName) (\(holding.operatorName)) claimed this chat first.")
        }
        if chat.pastHoldings.contains(where: { $0.session == claim.session && $0.request == claim.request }) {
            throw Refusal(.notHolder, "This claim was granted before and is over; claim the chat anew.")
        }
        let from = try queueToClaimFrom(chat, person)
        try checkMentor(session, person)
        try checkFreePlace(session)
        if case .waiting(let waiting) = chat.stage { remember(waitMs: clockMs - min(clockMs, waiting.sinceMs), in: waiting.queue) }

        tallyAnswer(&chat, by: person, on: session.duty, from: from)
        var holding = Holding(
            session: session.id, operatorName: person.name, displayName: person.displayName, library: person.library, token: position,
            request: claim.request, pickedUp: nil, queue: from, wasKept: chat.stage == .kept)
        holding.watchers = session.mentor.map { [$0] } ?? []
        if chat.heldInEpoch { chat.beginEpoch(held: true) }
        chat.heldInEpoch = true
        chat.stage = .held(holding)
        note(.claimed(person.name, displayName: person.displayName, library: person.library), in: chat)
        store(chat)
        remember(RecentClaim(atMs: clockMs, chat: chat.id, by: person.name))
        return .token(position)
    }

    private func queueToClaimFrom(_ chat: Chat, _ person: Operator) throws(Refusal) -> QueueName {
        switch chat.stage {
        case .waiting, .unattended, .kept: break
        case .closed: throw .closed
        case .offered: throw Refusal(.notWaiting, "The chat is on offer; pick the offer up.")
        case .held: throw Refusal(.alreadyClaimed, "Somebody claimed this chat first.")
        }
        if let queue = queue(toClaim: chat, by: person) { return queue }
        guard let general = index.general, person.queues.contains(general) else {
            throw Refusal(.notAllowed, "\(person.name) may not staff \(chat.queue); ask your library's admin.")
        }
        throw Refusal(.notAllowed, "This chat is not referred to \(general): its patron has not agreed, or its library answers itself.")
    }

    /// The queue from which this person may claim a chat that nobody holds; `nil` when they may not. Whoever may staff the queue where
    /// it waits, and always those of the queue whose button was pressed. What does not wait (a message, an unattended chat) also the
    /// library's other people, and those of the general queue unless the patron or the library's policy said no. Being
    /// marked available is not asked: claiming is explicit.
    func queue(toClaim chat: Chat, by person: Operator) -> QueueName? {
        if case .waiting(let waiting) = chat.stage {
            if let queue = [waiting.queue, chat.queue].first(where: { person.queues.contains($0) }) { return queue }
            // Whoever held it goes on where the node came back from being cut off.
            return chat.pastHoldings.contains { $0.operatorName == person.name } ? chat.queue : nil
        }
        if let target = chat.followUp?.target, person.queues.contains(target) || queues[target]?.queue.library == person.library {
            return target
        }
        if person.queues.contains(chat.queue) || person.library == chat.library { return chat.queue }
        guard let general = index.general, person.queues.contains(general), mayRefer(chat) else { return nil }
        return chat.stage == .unattended(.asked) ? nil : chat.queue
    }

    func checkFreePlace(_ session: Session) throws(Refusal) {
        let holds = index.held[session.id]?.count ?? 0
        guard holds < Int(settings.chatsPerOperatorMax) else {
            throw Refusal(.full, "You hold \(holds) chats, and \(settings.chatsPerOperatorMax) is the most; close or transfer one first.")
        }
    }

    private mutating func remember(waitMs: UInt64, in queue: QueueName) {
        queues.change(queue) { desk in
            desk.waitsMs.append(waitMs)
            if desk.waitsMs.count > Limits.waitsRememberedMax { desk.waitsMs.removeFirst() }
        }
    }

    private mutating func remember(_ claim: RecentClaim) {
        claims.append(claim)
        if claims.count > Limits.recentClaimsMax { claims.removeFirst() }
    }

    mutating func release(_ id: ChatID, token: LogPosition) throws(Refusal) {
        guard let (before, holding) = try held(id, token, orEnded: .released) else { return }
        var chat = before
        endOffer(of: &chat, .withdrawn)
        chat.remember(holding, .released)
        giveBack(&chat, from: holding, .released, preferring: holding.queue)
    }

    /// A question left as a message is a message again; anything else waits again.
    mutating func giveBack(_ chat: inout Chat, from holding: Holding, _ reason: RequeueReason, preferring preferred: QueueName?) {
        guard holding.wasKept else { return requeue(&chat, reason, preferring: preferred) }
        keepAgain(&chat)
    }

    mutating func keepAgain(_ chat: inout Chat) {
        keep(&chat)
        note(.kept, in: chat)
        store(chat)
    }

    /// Whether the chat is a question left as a message, whoever holds it or has it on offer. Once a message, always a message: so an
    /// offer without a holder is recognised by what was noted in the chat.
    func isMessage(_ chat: Chat) -> Bool {
        switch chat.stage {
        case .kept: true
        case .held(let holding): holding.wasKept
        case .offered: scripts[chat.id]?.messages.contains { $0.body == .event(.kept) } ?? false
        case .waiting, .unattended, .closed: false
        }
    }

    mutating func close(_ id: ChatID, token: LogPosition, _ ending: ChatEnding?) throws(Refusal) {
        guard let (before, holding) = try held(id, token, orEnded: .closed) else { return }
        var chat = before
        finish(&chat, holding.wasKept && holding.answered ? .answeredMessage : .byOperator, ending)
    }

    /// Ends the chat with a pause. Whose message it was that nobody sat there for, is nobody's to pause.
    mutating func block(_ id: ChatID, token: LogPosition) throws(Refusal) {
        guard let (before, holding) = try held(id, token, orEnded: .closed) else { return }
        guard !holding.wasKept else {
            throw Refusal(.invalid, "This was left as a message, and no page waits for it; close it.")
        }
        var chat = before
        finish(&chat, .blocked)
    }

    /// The chat and its holding, if this token holds it; `nil` if the command already took effect with this token.
    func held(_ id: ChatID, _ token: LogPosition, orEnded end: HoldingEnd) throws(Refusal) -> (Chat, Holding)? {
        guard let chat = chats[id] else { throw .unknownChat }
        if let holding = chat.holding, holding.token == token { return (chat, holding) }
        if let past = chat.pastHoldings.last(where: { $0.token == token }), past.end == end { return nil }
        throw chat.isClosed ? .closed : .notHolder(chat)
    }
}

extension Chat {
    /// The token stays known, so that late text is recognised; beyond the limit the oldest is forgotten, and its text refused.
    mutating func remember(_ holding: Holding, _ end: HoldingEnd) {
        pastHoldings.append(
            PastHolding(
                session: holding.session, operatorName: holding.operatorName, displayName: holding.displayName, library: holding.library,
                token: holding.token, request: holding.request, end: end))
        if pastHoldings.count > Limits.pastHoldingsPerChatMax { pastHoldings.removeFirst() }
    }
}

extension Refusal {
    static func notHolder(_ chat: Chat) -> Refusal {
        if let holding = chat.holding {
            return Refusal(.notHolder, "\(holding.displayName) (\(holding.operatorName)) holds this chat now; nothing was changed.")
        }
        return Refusal(.notHolder, "You do not hold this chat any more; claim it again if it waits.")
    }
    static var unknownSession: Refusal { Refusal(.unknownSession, "This sign-on is not in force; sign on again.") }
}
