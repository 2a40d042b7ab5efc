/// Who watches a chat beside its holder: a colleague who was asked to look, or the mentor of a trainee.
///
/// Whoever watches reads the chat and whispers: what they write is a note among staff, which no patron is ever sent. They hold nothing. The holder asks them,
/// and ends it, or they end it themselves; it ends with the holding, and with their sign-on.
///
/// **Trainees.** A trainee practises, watches colleagues who ask them to, and then claims with a mentor at hand: somebody who is signed on and has said that they
/// look after this trainee. The mentor watches each chat of the trainee's, whispers, and may take it over. Without a mentor a trainee is available for nothing, as
/// whoever appears available must be able to take what comes (agreement, 1).

/// What somebody who watches a chat whispers to its holder.
public struct Whisper: Hashable, Sendable {
    public var chat: ChatID
    public var session: SessionID
    public var sender: SenderID
    /// Counts as in `Say`.
    public var sequence: UInt64
    public var text: String
    public init(chat: ChatID, session: SessionID, sender: SenderID, sequence: UInt64, text: String) {
        self.chat = chat
        self.session = session
        self.sender = sender
        self.sequence = sequence
        self.text = text
    }
}

extension ConsortiumState {
    /// The holder asks a colleague to watch, or ends it. What is so already is harmless to repeat.
    mutating func setWatcher(_ id: ChatID, token: LogPosition, _ name: OperatorName, _ watches: Bool) throws(Refusal) {
        guard var chat = chats[id] else { throw .unknownChat }
        guard var holding = chat.holding, holding.token == token else { throw chat.isClosed ? .closed : .notHolder(chat) }
        guard holding.watchers.contains(name) != watches else { return }
        if watches {
            guard operators.contains(name) else { throw .unknownOperator(name) }
            guard name != holding.operatorName else { throw Refusal(.notAllowed, "You hold this chat yourself.") }
            guard index.sessionOf[name] != nil else {
                throw Refusal(.notAvailable, "\(name) is not signed on now; ask somebody who is.")
            }
            guard holding.watchers.count < Limits.watchersPerChatMax else {
                throw Refusal(.tooMany, "\(Limits.watchersPerChatMax) colleagues watch this chat, which is the most.")
            }
            holding.watchers = (holding.watchers + [name]).sorted()
        } else {
            guard sessions[holding.session]?.mentor != name else {
                throw Refusal(.notAllowed, "\(name) is your mentor, and watches while you have the chat.")
            }
            holding.watchers.removeAll { $0 == name }
        }
        chat.stage = .held(holding)
        touched.board = true
        store(chat)
    }

    /// Somebody who watches looks away. A mentor who wants that stops being one.
    mutating func stopWatching(_ id: ChatID, _ session: SessionID) throws(Refusal) {
        guard var chat = chats[id] else { throw .unknownChat }
        guard let person = sessions[session]?.operatorName else { throw .unknownSession }
        guard var holding = chat.holding, holding.watchers.contains(person) else { return }
        guard sessions[holding.session]?.mentor != person else {
            throw Refusal(.notAllowed, "You are the mentor of whoever has this chat; take it over, or stop being their mentor.")
        }
        holding.watchers.removeAll { $0 == person }
        chat.stage = .held(holding)
        touched.board = true
        store(chat)
    }

    // MARK: Trainees

    /// Somebody says that they look after a trainee, or no longer do.
    mutating func setMentor(_ id: SessionID, of trainee: OperatorName, _ isMentor: Bool) throws(Refusal) {
        guard let mentor = sessions[id].flatMap({ operators[$0.operatorName] }) else { throw .unknownSession }
        guard let person = operators[trainee] else { throw .unknownOperator(trainee) }
        guard person.isTrainee, !mentor.isTrainee else {
            throw Refusal(.notAllowed, person.isTrainee ? "A trainee is nobody's mentor." : "\(trainee) is no trainee.")
        }
        guard var session = index.sessionOf[trainee].flatMap({ sessions[$0] }) else {
            throw Refusal(.notAvailable, "\(trainee) is not signed on now.")
        }
        guard isMentor != (session.mentor == mentor.name) else { return }
        if isMentor, let other = session.mentor { throw Refusal(.notAllowed, "\(other) is \(trainee)'s mentor now.") }
        session.mentor = isMentor ? mentor.name : nil
        if isMentor { watchAll(of: session, mentor.name) } else { session.loseMentor() }
        store(session)
    }

    /// The chats that a trainee has already are shown to the mentor as well.
    private mutating func watchAll(of session: Session, _ mentor: OperatorName) {
        for id in index.held[session.id] ?? [] {
            guard var chat = chats[id], var holding = chat.holding, !holding.watchers.contains(mentor) else { continue }
            // Where three colleagues watch, the last in the order of names makes room.
            holding.watchers = (holding.watchers.prefix(Limits.watchersPerChatMax - 1) + [mentor]).sorted()
            chat.stage = .held(holding)
            store(chat)
        }
    }

    func checkMentor(_ session: Session, _ person: Operator) throws(Refusal) {
        guard person.isTrainee, session.mentor == nil else { return }
        throw Refusal(
            .notAllowed,
            "\(person.name) is a trainee, and has no mentor at hand: ask a colleague who is on to be your mentor, in the staff room.")
    }

    /// Below the feature level of it, who became a trainee while they were signed on kept their duty.
    mutating func endDutyOfTrainees() {
        for (_, var session) in sessions where session.mentor == nil && session.duty != nil {
            guard operators[session.operatorName]?.isTrainee == true else { continue }
            session.duty = nil
            store(session)
        }
    }

    /// Their trainees are available for nothing until another mentor is at hand. What they hold stays theirs.
    mutating func stopsMentoring(_ name: OperatorName) {
        for (_, var session) in sessions where session.mentor == name {
            session.loseMentor()
            store(session)
        }
    }

    /// Whoever goes watches nothing any more, and is nobody's mentor.
    mutating func stopsWatching(_ name: OperatorName) {
        stopsMentoring(name)
        for ids in index.held.values {
            for id in ids {
                guard var chat = chats[id], var holding = chat.holding, holding.watchers.contains(name) else { continue }
                holding.watchers.removeAll { $0 == name }
                chat.stage = .held(holding)
                touched.board = true
                store(chat)
            }
        }
    }

    /// The mentor has the chat from now on, and the trainee watches. A question is not lost by it, whatever was on offer.
    mutating func takeOver(_ id: ChatID, _ sessionID: SessionID, _ request: RequestID, at position: LogPosition) throws(Refusal)
        -> Acceptance
    {
        guard var chat = chats[id] else { throw .unknownChat }
        guard let session = sessions[sessionID], let person = operators[session.operatorName] else { throw .unknownSession }
        guard let holding = chat.holding else { throw chat.isClosed ? .closed : .notHolder(chat) }
        if holding.session == sessionID, holding.request == request { return .token(holding.token) }
        // Taken over before, and given out of their hands since.
        if chat.pastHoldings.contains(where: { $0.session == sessionID && $0.request == request }) { throw .notHolder(chat) }
        guard sessions[holding.session]?.mentor == person.name else {
            throw Refusal(.notAllowed, "A chat is taken over by the mentor of the trainee who has it; others are offered it.")
        }
        try checkFreePlace(session)
        endOffer(of: &chat, .withdrawn)
        chat.remember(holding, .handedOver)
        var mine = Holding(
            session: session.id, operatorName: person.name, displayName: person.displayName, library: person.library, token: position,
            request: request, pickedUp: nil, queue: holding.queue, wasKept: holding.wasKept)
        mine.answered = holding.answered
        mine.watchers = (holding.watchers.filter { $0 != person.name } + [holding.operatorName]).sorted()
        chat.beginEpoch(held: true)
        chat.stage = .held(mine)
        note(.claimed(person.name, displayName: person.displayName, library: person.library), in: chat)
        store(chat)
        return .token(position)
    }

    /// The chats that each person watches, by id.
    func watched() -> Ordered<OperatorName, [ChatID]> {
        var watched = Ordered<OperatorName, [ChatID]>()
        for ids in index.held.values {
            for id in ids {
                for name in chats[id]?.holding?.watchers ?? [] { watched[name] = ((watched[name] ?? []) + [id]).sorted() }
            }
        }
        return watched
    }

    func checkWatching() throws(InvariantViolation) {
        for (id, session) in sessions {
            let isTrainee = operators[session.operatorName]?.isTrainee ?? false
            if let mentor = session.mentor {
                try hold(isTrainee && index.sessionOf[mentor] != nil, "Session \(id) has a mentor who is not there, or needs none.")
                try hold(operators[mentor]?.isTrainee == false, "Session \(id)'s mentor is a trainee.")
            } else {
                try hold(!isTrainee || session.available.isEmpty, "Session \(id) is a trainee's, and available without a mentor.")
                try hold(
                    !isTrainee || session.duty == nil || featureLevel < FeatureLevel.colleagues,
                    "Session \(id) is a trainee's, and on duty without a mentor.")
            }
        }
        for ids in index.held.values {
            for id in ids {
                guard let holding = chats[id]?.holding else { continue }
                try hold(holding.watchers.count <= Limits.watchersPerChatMax, "Chat \(id) is watched by too many.")
                try hold(holding.watchers == holding.watchers.sorted(), "Chat \(id)'s watchers are out of order.")
                try hold(!holding.watchers.contains(holding.operatorName), "Chat \(id) is watched by its holder.")
                try hold(holding.watchers.allSatisfy { index.sessionOf[$0] != nil }, "Chat \(id) is watched by somebody who is not there.")
            }
        }
        guard featureLevel < FeatureLevel.staffRoom else { return }
        try hold(operators.values.allSatisfy { !$0.isTrainee }, "There are trainees below their feature level.")
    }
}

extension Session {
    fileprivate mutating func loseMentor() {
        mentor = nil
        available = []
        duty = nil
    }
}
