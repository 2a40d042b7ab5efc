/// People at the desk: signing on and off, being available for a queue or not, leaving soon, being back.
///
/// One active session per operator in the whole cluster; a newer one takes over from the former, chats included (rule 19).
/// Availability is per queue: going away from one leaves the others as they are.

extension ConsortiumState {
    mutating func signOn(_ signOn: SignOn, at position: LogPosition) throws(Refusal) -> Acceptance {
        guard let person = operators[signOn.operatorName] else {
            throw .unknownOperator(signOn.operatorName)
        }
        if let session = sessions[signOn.session] {
            guard session.operatorName == person.name else { throw .sessionOver }
            // Nothing changes; but the node may have been started anew, and learns what the session holds from a board that is as new as this answer.
            touched.board = true
            return .token(session.token)
        }
        guard !endedSessions.contains(signOn.session) else { throw .sessionOver }
        for queue in signOn.available { try check(person, mayStaff: queue) }
        let former = index.sessionOf[person.name].flatMap { sessions[$0] }
        if isRemoved(signOn.node) { throw .removedNode(signOn.node) }
        if let continues = signOn.continues, let former, former.id != continues {
            throw Refusal(.notAllowed, "You have signed in somewhere else meanwhile; your chats went there.")
        }
        guard former != nil || sessions.count < Limits.sessionsMax else {
            throw Refusal(.full, "\(Limits.sessionsMax) operators are signed on, which is the most; try again later.")
        }
        var session = Session(
            id: signOn.session, operatorName: person.name, node: signOn.node, boot: signOn.boot, token: position,
            available: signOn.available.sortedOnce(), leavingAtMs: nil, untilMs: former?.untilMs,
            // Whoever signs on anew is away from all queues, and is asked anew.
            duty: signOn.continues == nil ? nil : former?.duty)
        session.volunteers = signOn.continues != nil && former?.volunteers == true
        // A mentor stays at hand wherever the trainee sits.
        session.mentor = former?.mentor
        if person.isTrainee, session.mentor == nil { session.available = [] }
        if let former {
            remember(ended: former.id)
            drop(former)
        }
        store(session)
        if let former { passChats(of: former.id, to: session) }
        return .token(position)
    }

    /// The same person goes on at another browser: with new tokens, so that the former one is fenced.
    private mutating func passChats(of former: SessionID, to session: Session) {
        for id in index.held[former] ?? [] {
            guard var chat = chats[id], case .held(var holding) = chat.stage else { continue }
            chat.remember(holding, .sessionGone)
            holding.session = session.id
            holding.token = session.token
            holding.request = nil
            holding.pickedUp = nil
            if let offer = holding.offer {
                // The offer goes on; it can be withdrawn by whoever holds the chat now.
                holding.offer = offer.moved(to: session.token)
            }
            chat.beginEpoch(held: true)
            chat.stage = .held(holding)
            store(chat)
        }
    }

    /// Signed off, or the lease ran out.
    mutating func end(_ id: SessionID) throws(Refusal) {
        guard let session = sessions[id] else {
            if endedSessions.contains(id) { return }
            throw .unknownSession
        }
        remember(ended: id)
        drop(session)
        stopsWatching(session.operatorName)
        for chatID in index.held[id] ?? [] {
            guard var chat = chats[chatID], let holding = chat.holding else { continue }
            loseHolder(&chat, holding)
        }
    }

    /// What was on offer stays on offer; anything else goes back to be answered by somebody else.
    private mutating func loseHolder(_ chat: inout Chat, _ holding: Holding) {
        if let offer = holding.offer, offer.awaitingConsent { endOffer(of: &chat, .withdrawn) }
        chat.remember(holding, .sessionGone)
        if let offer = holding.offer, !offer.awaitingConsent {
            // The patron waits from now on.
            chat.messageAtMs = clockMs.adding(ms: settings.patronDeadlineMs)
            chat.stage = .offered(offer)
            return store(chat)
        }
        giveBack(&chat, from: holding, .operatorGone, preferring: nil)
    }

    private mutating func remember(ended id: SessionID) {
        endedSessions.append(id)
        if endedSessions.count > Limits.endedSessionsMax { endedSessions.removeFirst() }
    }

    mutating func setAvailability(_ id: SessionID, _ queue: QueueName, _ available: Bool) throws(Refusal) {
        guard var session = sessions[id], let person = operators[session.operatorName] else { throw .unknownSession }
        try check(person, mayStaff: queue)
        if available { try checkMentor(session, person) }
        let others = session.available.filter { $0 != queue }
        session.available = available ? (others + [queue]).sortedOnce() : others
        guard session.available != sessions[id]?.available else { return }
        store(session)
        // Who comes to a queue that was left paused says with that as much as "I'm back": it must not stay off the next morning.
        if available { endPause(of: queue) }
    }

    /// Nothing new from now on: where nobody else is, the queue takes no transfers and its button goes by the fallback. What waits there
    /// stays until the time has come, since somebody is still there to claim it. The operator's chats stay with the operator.
    mutating func leaving(_ id: SessionID, inMs: UInt64?) throws(Refusal) {
        guard var session = sessions[id] else { throw .unknownSession }
        if let inMs, inMs > Limits.settingMsMax {
            throw Refusal(.invalid, "Leaving can be announced \(Limits.settingMsMax) ms ahead at most, not \(inMs).")
        }
        let leavingAtMs = inMs.map { clockMs.adding(ms: $0) }
        guard session.leavingAtMs != leavingAtMs else { return }
        session.leavingAtMs = leavingAtMs
        store(session)
    }

    mutating func leavingIsDue(_ id: SessionID) {
        guard var session = sessions[id] else { return }
        session.leavingAtMs = nil
        session.available = []
        store(session)
    }

    /// For the board and a warning: the session goes on until it is ended.
    mutating func setEnd(_ id: SessionID, untilMs: UInt64?) throws(Refusal) {
        guard var session = sessions[id] else { throw .unknownSession }
        guard session.untilMs != untilMs else { return }
        session.untilMs = untilMs
        sessions[id] = session
        touched.board = true
    }

    /// "I'm back": ends the pause that two expired offers in a row put on the queue.
    mutating func back(_ id: SessionID, _ queue: QueueName) throws(Refusal) {
        guard let session = sessions[id], let person = operators[session.operatorName] else { throw .unknownSession }
        try check(person, mayStaff: queue)
        endPause(of: queue)
    }

    mutating func endPause(of queue: QueueName) {
        guard var desk = queues[queue], desk.paused || desk.expiredInARow > 0 else { return }
        desk.paused = false
        desk.expiredInARow = 0
        queues[queue] = desk
        availabilityChanged = true
    }

    private func check(_ person: Operator, mayStaff queue: QueueName) throws(Refusal) {
        guard queues[queue] != nil else { throw .unknownQueue(queue) }
        guard person.queues.contains(queue) else {
            throw Refusal(.notAllowed, "\(person.name) may not staff \(queue); ask your library's admin.")
        }
    }
}

extension Offer {
    fileprivate func moved(to token: LogPosition) -> Offer {
        var moved = self
        moved.byToken = token
        return moved
    }
}

extension Refusal {
    static var sessionOver: Refusal { Refusal(.unknownSession, "This sign-on was used before and is over; sign on anew.") }
}

extension [QueueName] {
    /// In the order of the name, each once.
    func sortedOnce() -> [QueueName] {
        var result: [QueueName] = []
        for name in sorted() where result.last != name { result.append(name) }
        return result
    }
}
