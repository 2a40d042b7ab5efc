/// Whom an operator is on duty for, and what follows from it (agreement, 2).
///
/// It is said at sign-on and changed with one action. It orders and rings, and forbids nothing: whoever is available takes transfers, as before, and
/// may claim what waits. A chat comes to those first who are on duty for its queue; to the others who are available for it a while later, or at once where
/// nobody who is on duty for it has a place free.

/// Whom an operator is on duty for.
public enum Duty: String, Hashable, Sendable, CaseIterable {
    /// The libraries' own queues that they staff.
    case library
    /// The general queue, for all libraries.
    case general
    case both

    /// Whether chats that wait in a queue come first to whoever is on this duty.
    public func covers(isGeneral: Bool) -> Bool {
        switch self {
        case .library: !isGeneral
        case .general: isGeneral
        case .both: true
        }
    }

    func covers(_ queue: Queue) -> Bool { covers(isGeneral: queue.library == nil) }
}

extension ConsortiumState {
    /// Says whom a person is on duty for; `nil`: for every queue that they are available for, as whoever says nothing.
    ///
    /// They become available for the queues that it covers. From the others they do not go away by it: that could close a button that nobody meant.
    mutating func setDuty(_ id: SessionID, _ duty: Duty?) throws(Refusal) {
        guard var session = sessions[id], let person = operators[session.operatorName] else { throw .unknownSession }
        let covered = duty.map { duty in person.queues.filter { queues[$0].map { duty.covers($0.queue) } ?? false } } ?? []
        if let duty {
            try checkMentor(session, person)
            try check(duty, of: person, covering: covered)
        }
        let added = covered.filter { !session.available.contains($0) }
        guard session.duty != duty || !added.isEmpty else { return }
        session.duty = duty
        session.available = (session.available + added).sortedOnce()
        store(session)
        for queue in added { endPause(of: queue) }
    }

    private func check(_ duty: Duty, of person: Operator, covering covered: [QueueName]) throws(Refusal) {
        let isGeneral = covered.contains { queues[$0]?.queue.library == nil }
        let isOwn = covered.contains { queues[$0]?.queue.library != nil }
        guard duty == .library || isGeneral else {
            throw Refusal(.notAllowed, "\(person.name) may not staff the general queue; ask your library's admin.")
        }
        guard duty == .general || isOwn else {
            throw Refusal(.notAllowed, "\(person.name) staffs no library's queue; choose the general queue.")
        }
    }

    /// What is left of a duty when a person's queues have changed: nothing that they could not say anew.
    func duty(_ duty: Duty?, of person: Operator) -> Duty? {
        guard let duty else { return nil }
        let kinds = person.queues.compactMap { queues[$0].map { $0.queue.library == nil } }
        return (duty == .library || kinds.contains(true)) && (duty == .general || kinds.contains(false)) ? duty : nil
    }

    /// Whether what waits in a queue is first for those on duty for it; it is everybody's at once where nobody is on duty for it who has a place free.
    func isFirstForDuty(_ name: QueueName) -> Bool {
        guard featureLevel >= FeatureLevel.duty, let queue = queues[name]?.queue else { return false }
        return staff(of: name).contains { id in
            guard takesNew(id), let session = sessions[id], session.duty?.covers(queue) ?? true else { return false }
            return (index.held[id]?.count ?? 0) < Int(settings.chatsPerOperatorMax)
        }
    }

    /// Since when an offer runs, as its deadline tells.
    func runsSinceMs(_ offer: Offer) -> UInt64 { offer.deadlineMs - min(offer.deadlineMs, settings.pickUpMs) }
}
