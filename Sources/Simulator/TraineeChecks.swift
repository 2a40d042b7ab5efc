import Consortium

/// What the log says of trainees and of those who look after them: a trainee takes no chat and is available for nothing without a mentor at hand, who is one person, signed on and no trainee; and a chat is
/// taken over by the mentor of whoever has it, and by nobody else.
struct TraineeChecks {
    private var trainees: Set<OperatorName> = []
    private var sessions: [SessionID: OperatorName] = [:]
    private var nodes: [SessionID: NodeName] = [:]
    /// The session that each person is signed on with.
    private var present: [OperatorName: SessionID] = [:]
    private var mentors: [OperatorName: OperatorName] = [:]
    /// Whom each chat was given to last.
    private var holders: [ChatID: OperatorName] = [:]
    private var level = FeatureLevel.first

    /// What is wrong with the answer to a command; nil where nothing is.
    mutating func judge(_ command: Command, _ verdict: Verdict, at: LogPosition) -> String? {
        guard case .accepted(let acceptance) = verdict else { return nil }
        switch command {
        case .setFeatureLevel(let raised): level = max(level, raised)
        case .setOperator(let person): learn(person)
        case .signOn(let signOn):
            guard acceptance == .token(at) else { return nil }
            sessions[signOn.session] = signOn.operatorName
            nodes[signOn.session] = signOn.node
            present[signOn.operatorName] = signOn.session
        case .signOff(let session), .lapse(let session): goes(session)
        case .removeNode(let node): for session in Array(present.values) where nodes[session] == node { goes(session) }
        case .setMentor(let session, let trainee, let isMentor): return set(session, trainee, isMentor)
        case .setAvailability(let session, _, true), .setDuty(let session, .some):
            guard let person = untended(session) else { return nil }
            return "\(person) is a trainee, and is available without a mentor"
        case .claim(let claim): return takes(claim.chat, claim.session, isNew: acceptance == .token(at))
        case .pickUp(let chat, let session, _): return takes(chat, session, isNew: acceptance == .token(at))
        case .takeOver(let chat, let session, _): return takesOver(chat, session, isNew: acceptance == .token(at))
        default: break
        }
        return nil
    }

    private mutating func learn(_ person: Operator) {
        guard person.isTrainee, level >= FeatureLevel.staffRoom else {
            trainees.remove(person.name)
            mentors[person.name] = nil
            return
        }
        trainees.insert(person.name)
        // Whoever is to learn looks after nobody.
        mentors = mentors.filter { $0.value != person.name }
    }

    private mutating func goes(_ session: SessionID) {
        guard let person = sessions[session], present[person] == session else { return }
        present[person] = nil
        mentors[person] = nil
        mentors = mentors.filter { $0.value != person }
    }

    private mutating func set(_ session: SessionID, _ trainee: OperatorName, _ isMentor: Bool) -> String? {
        guard let mentor = sessions[session] else { return "somebody is made a mentor who never signed on" }
        guard isMentor else {
            if mentors[trainee] == mentor { mentors[trainee] = nil }
            return nil
        }
        guard trainees.contains(trainee), !trainees.contains(mentor) else { return "\(mentor) is made the mentor of \(trainee)" }
        if let other = mentors[trainee], other != mentor { return "\(trainee) has the mentors \(other) and \(mentor)" }
        guard present[mentor] != nil, present[trainee] != nil else { return "\(mentor) or \(trainee) is not signed on" }
        mentors[trainee] = mentor
        return nil
    }

    /// The person, where they are a trainee without a mentor.
    private func untended(_ session: SessionID) -> OperatorName? {
        guard let person = sessions[session], trainees.contains(person), mentors[person] == nil else { return nil }
        return person
    }

    private mutating func takes(_ chat: ChatID, _ session: SessionID, isNew: Bool) -> String? {
        guard isNew else { return nil }
        holders[chat] = sessions[session]
        return untended(session).map { "\($0) is a trainee, and was given \(chat) without a mentor" }
    }

    private mutating func takesOver(_ chat: ChatID, _ session: SessionID, isNew: Bool) -> String? {
        guard isNew else { return nil }
        defer { holders[chat] = sessions[session] }
        guard let mentor = sessions[session], let holder = holders[chat], mentors[holder] != mentor else { return nil }
        return "\(mentor) took \(chat) over from \(holder), and is not their mentor"
    }

    /// Nobody is signed on when another cluster is begun from a backup.
    mutating func beginAnew() { (present, mentors) = ([:], [:]) }

    /// What a state has otherwise, in words.
    func difference(to state: ConsortiumState) -> String? {
        for session in state.sessions.values where session.mentor != mentors[session.operatorName] {
            let own = mentors[session.operatorName].map { "\($0)" } ?? "nobody"
            return "\(session.operatorName)'s mentor is \(session.mentor.map { "\($0)" } ?? "nobody"), and by the log \(own)"
        }
        return nil
    }
}
