/// Transfers: offered to everybody who staffs the target, and with their sender until somebody picks them up.
///
/// "If a library/department appears available for chat, it must accept transfer chats": there is no refuse. What nobody picks up in
/// time returns to its sender, or, when they are gone, to the general queue, or a message is offered. Two that expire in a
/// row pause the queue until an operator says "I'm back". Nothing that anybody writes meanwhile pulls the chat back.
///
/// Each target is tried once per chat: it was tried when it had the whole pick-up time, or took the chat. An offer that its sender took
/// back, that the patron declined, or whose target vanished, tried nobody's patience and may be made again.

extension ConsortiumState {
    mutating func offerTransfer(_ command: OfferTransfer, at position: LogPosition) throws(Refusal) -> Acceptance {
        guard var chat = chats[command.chat] else { throw .unknownChat }
        if let past = chat.pastOffers.first(where: { $0.request == command.request && $0.byToken == command.token }) {
            return .offered(past.id)
        }
        guard var holding = chat.holding, holding.token == command.token else { throw chat.isClosed ? .closed : .notHolder(chat) }
        if let offer = holding.offer {
            if offer.request == command.request { return .offered(offer.id) }
            throw Refusal(.notAllowed, "The chat is on offer to \(offer.target); withdraw that offer first.")
        }
        try check(command, chat, holding)

        var offer = Offer(
            id: position, request: command.request, target: command.target, note: command.note, by: holding.operatorName,
            byToken: holding.token, awaitingConsent: true, deadlineMs: clockMs.adding(ms: settings.consentMs),
            leg: keepsTally ? OfferLeg(from: holding.queue, sinceMs: clockMs) : nil, answerInMs: command.answerInMs,
            listing: command.listing)
        if command.consentGiven, command.answerInMs == nil {
            putOnOffer(&offer, in: &chat)
        } else {
            note(.transferAsked(command.target), in: chat)
        }
        holding.offer = offer
        chat.stage = .held(holding)
        store(chat)
        return .offered(position)
    }

    private func check(_ command: OfferTransfer, _ chat: Chat, _ holding: Holding) throws(Refusal) {
        guard queues[command.target] != nil else { throw .unknownQueue(command.target) }
        guard command.note.utf8.count <= Limits.noteBytesMax else {
            throw Refusal(.tooLong, "A note has \(Limits.noteBytesMax) bytes at most; shorten it.")
        }
        // Whom the directory names may be of the very library that holds the chat.
        guard command.target != holding.queue || command.listing != nil else {
            throw Refusal(.notAllowed, "The chat is in \(command.target) already; release it to give it back.")
        }
        guard chat.pastOffers.count < Limits.transfersPerChatMax else {
            throw Refusal(.tooMany, "The chat was offered \(Limits.transfersPerChatMax) times; answer it, or refer it as a message.")
        }
        if let listing = command.listing { try check(listing, command) }
        if let answerInMs = command.answerInMs { return try checkFollowUp(answerInMs, chat, holding) }
        guard !chat.tried.contains(command.target) else {
            throw Refusal(.triedBefore, "\(command.target) was tried with this chat; choose another, or refer it as a message.")
        }
        guard Routing.decide(command.target, in: self).takesTransfers else {
            throw Refusal(.notAvailable, "\(command.target) is not available now; choose another, or refer the chat as a message.")
        }
        guard isAvailable(command.target, besides: holding.operatorName) else {
            throw Refusal(.notStaffed, "Nobody but you staffs \(command.target) now; choose another target.")
        }
    }

    /// Whether somebody could still pick up what is on offer there.
    private func isStaffed(_ queue: QueueName, besides sender: OperatorName) -> Bool {
        staff(of: queue).contains { sessions[$0]?.operatorName != sender }
    }

    /// Whether a new offer could be made to it.
    private func isAvailable(_ queue: QueueName, besides sender: OperatorName) -> Bool {
        isAvailable(queue) && staff(of: queue).contains { takesNew($0) && sessions[$0]?.operatorName != sender }
    }

    /// The patron agreed, and the pick-up time runs from here.
    private mutating func putOnOffer(_ offer: inout Offer, in chat: inout Chat) {
        offer.awaitingConsent = false
        offer.leg?.sinceMs = clockMs
        offer.deadlineMs = clockMs.adding(ms: settings.pickUpMs)
        if offer.target == index.general { chat.referral = .agreed }
        note(.offered(offer.target), in: chat)
    }

    mutating func consentToTransfer(_ chat: inout Chat, offer id: LogPosition, agreed: Bool) throws(Refusal) {
        guard case .held(var holding) = chat.stage, var offer = holding.offer, offer.id == id else {
            if let past = chat.pastOffers.first(where: { $0.id == id }), past.consented == agreed { return }
            if let offer = chat.offer, offer.id == id, agreed { return }
            throw .offerOver
        }
        guard offer.awaitingConsent else {
            if agreed { return }
            throw Refusal(.offerOver, "You agreed to this transfer before; tell the librarian if you changed your mind.")
        }
        guard !agreed || offer.answerInMs == nil else {
            throw Refusal(.invalid, "This question is to be answered later: its patron agrees by leaving it as a message.")
        }
        guard agreed else {
            // A "no" to the general queue holds also for whatever would refer the chat there by itself.
            if offer.target == index.general { chat.referral = .declined }
            return returnToSender(&chat, .declined, .transferDeclined(offer.target))
        }
        guard isAvailable(offer.target, besides: offer.by) else {
            holding.offer?.awaitingConsent = false
            chat.stage = .held(holding)
            return returnToSender(&chat, .targetGone, .returned(from: offer.target, .targetGone))
        }
        putOnOffer(&offer, in: &chat)
        holding.offer = offer
        chat.stage = .held(holding)
        store(chat)
    }

    mutating func pickUp(_ id: ChatID, _ sessionID: SessionID, offer offerID: LogPosition, at position: LogPosition) throws(Refusal)
        -> Acceptance
    {
        guard var chat = chats[id] else { throw .unknownChat }
        guard let session = sessions[sessionID], let person = operators[session.operatorName] else { throw .unknownSession }
        if let holding = chat.holding, holding.pickedUp == offerID {
            if holding.session == sessionID { return .token(holding.token) }
            throw Refusal(.alreadyClaimed, "\(holding.displayName) (\(holding.operatorName)) picked this transfer up first.")
        }
        guard let offer = chat.offer, offer.id == offerID, !offer.awaitingConsent else { throw .offerOver }
        guard person.queues.contains(offer.target) else {
            throw Refusal(.notAllowed, "\(person.name) may not staff \(offer.target); ask your library's admin.")
        }
        guard person.name != offer.by else { throw Refusal(.notAllowed, "This is your own offer; withdraw it to take the chat back.") }
        try checkFreePlace(session)
        try checkMentor(session, person)

        // A question left as a message stays one, and its answer waits for its patron.
        let wasKept = isMessage(chat)
        endOffer(of: &chat, .pickedUp)
        if case .held(let sender) = chat.stage { chat.remember(sender, .handedOver) }
        chat.beginEpoch(held: true)
        var holding = Holding(
            session: session.id, operatorName: person.name, displayName: person.displayName, library: person.library, token: position,
            request: nil, pickedUp: offerID, queue: offer.target, wasKept: wasKept)
        holding.watchers = session.mentor.map { [$0] } ?? []
        chat.stage = .held(holding)
        queues.change(offer.target) { $0.expiredInARow = 0 }
        note(.pickedUp(person.name, displayName: person.displayName, library: person.library), in: chat)
        store(chat)
        return .token(position)
    }

    mutating func withdrawOffer(_ id: ChatID, token: LogPosition, offer: LogPosition) throws(Refusal) {
        guard var chat = chats[id] else { throw .unknownChat }
        if let past = chat.pastOffers.first(where: { $0.id == offer }) {
            if past.outcome == .withdrawn, past.byToken == token { return }
            throw .offerOver
        }
        guard let holding = chat.holding, holding.token == token else { throw chat.isClosed ? .closed : .notHolder(chat) }
        guard let running = holding.offer, running.id == offer else { throw .offerOver }
        returnToSender(&chat, .withdrawn, .returned(from: running.target, .withdrawn))
    }

    /// The time to consent or to pick up is over.
    mutating func offerIsDue(_ chat: inout Chat) {
        guard let offer = chat.offer else { return }
        if offer.awaitingConsent { return returnToSender(&chat, .declined, .transferDeclined(offer.target)) }
        countExpiry(at: offer.target)
        returnToSender(&chat, .expired, .returned(from: offer.target, .notPickedUp))
    }

    private mutating func countExpiry(at queue: QueueName) {
        guard var desk = queues[queue] else { return }
        if desk.expiredInARow < .max { desk.expiredInARow += 1 }
        if desk.expiredInARow >= Limits.expiriesUntilPause, !desk.paused {
            desk.paused = true
            availabilityChanged = true
            touched.board = true
        }
        queues[queue] = desk
    }

    /// When the last operator of a target is gone, what is on offer to it need not wait for the pick-up time.
    mutating func returnOffersWithoutTarget() {
        for (queue, ranks) in index.offered {
            for rank in ranks {
                guard var chat = chats[rank.chat], let offer = chat.offer, !isStaffed(queue, besides: offer.by) else { continue }
                returnToSender(&chat, .targetGone, .returned(from: queue, .targetGone))
            }
        }
    }

    /// The offer is over and the chat is with its sender, who held it all the time; without one it waits for the general queue.
    private mutating func returnToSender(_ chat: inout Chat, _ outcome: OfferOutcome, _ event: ChatEvent) {
        endOffer(of: &chat, outcome)
        guard chat.holding == nil else {
            note(event, in: chat)
            return store(chat)
        }
        // Its sender is gone. Nobody sits and waits for the answer to a message.
        if isMessage(chat) { return keepAgain(&chat) }
        // The patron agreed to be helped by others, so the general queue needs no further question; but a "no" to it holds.
        requeue(&chat, .transferFailed, preferring: mayRefer(chat) ? index.general : nil)
    }

    /// Takes the running offer off, and remembers how it ended.
    mutating func endOffer(of chat: inout Chat, _ outcome: OfferOutcome) {
        guard let offer = chat.offer else { return }
        tallyOffer(offer, outcome, of: chat)
        chat.pastOffers.append(
            PastOffer(
                id: offer.id, request: offer.request, byToken: offer.byToken, consented: !offer.awaitingConsent, outcome: outcome))
        if outcome == .expired || outcome == .pickedUp { chat.tried.append(offer.target) }
        if case .held(var holding) = chat.stage {
            holding.offer = nil
            chat.stage = .held(holding)
        }
    }
}

extension Refusal {
    static var offerOver: Refusal { Refusal(.offerOver, "This offer is over; see where the chat stands.") }
}
