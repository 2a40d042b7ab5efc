/// The roster and the settings, as LTG imports them: each command puts one entry in the place of the former one.

extension ConsortiumState {
    mutating func setLibrary(_ library: Library) throws(Refusal) {
        try check(title: library.title)
        let card = library.card
        for field in [card.hours, card.website, card.phone, card.email, card.policies, card.lastChecked, card.wording]
        where field.utf8.count > Limits.cardFieldBytesMax {
            throw Refusal(.tooLong, "A field of a library's card has \(Limits.cardFieldBytesMax) bytes at most; shorten it.")
        }
        if case .ringFirst(let ms) = library.fallback, !Limits.ringFirstMs.contains(ms) {
            throw Refusal(.invalid, "Ringing first takes 40 to 90 seconds (40000...90000 ms), not \(ms) ms.")
        }
        guard libraries.contains(library.name) || libraries.count < Limits.librariesMax else {
            throw Refusal(.tooMany, "There are \(Limits.librariesMax) libraries, which is the most.")
        }
        try makeRoom(for: library, in: libraries[library.name])
        let former = libraries[library.name]
        var library = library
        library.isSettingUp = former?.isSettingUp ?? false
        libraries[library.name] = library
        touched.outbox = true
        if library.heir != former?.heir { heirChanged(of: library.name) }
        availabilityChanged = true
    }

    /// A new queue may come with names that it had elsewhere; what one that is known was called, the state knows itself.
    mutating func setQueue(_ queue: Queue) throws(Refusal) {
        var queue = queue
        if let known = queues[queue.name] {
            queue.formerNames = known.queue.formerNames
        } else if featureLevel < FeatureLevel.naming {
            queue.formerNames = []
        }
        try check(title: queue.title)
        if case .closed(let reason) = queue.opening { try check(title: reason) }
        guard queue.aliases.count <= Limits.aliasesPerQueueMax else {
            throw Refusal(.tooMany, "A queue has \(Limits.aliasesPerQueueMax) other names at most, not \(queue.aliases.count).")
        }
        if let library = queue.library, !libraries.contains(library) { throw .unknownLibrary(library) }
        if queue.library == nil, let general = index.general, general != queue.name {
            throw Refusal(.notAllowed, "There is one general queue, \(general); name a library for \(queue.name).")
        }
        if var desk = queues[queue.name] {
            guard desk.queue.library == queue.library else {
                throw Refusal(.notAllowed, "\(queue.name) belongs to another library, and its chats with it; make a new queue.")
            }
            try makeRoom(for: queue, in: desk.queue)
            desk.queue = queue
            queues[queue.name] = desk
        } else {
            guard queues.count < Limits.queuesMax else {
                throw Refusal(.tooMany, "There are \(Limits.queuesMax) queues, which is the most.")
            }
            try check(.queue, queue.name.text, library: queue.library)
            try check(formerNames: queue.formerNames)
            for name in queue.formerNames { try checkFree(name, for: queue.name) }
            try makeRoom(for: queue, in: nil)
            queues[queue.name] = QueueDesk(queue: queue)
            index.learn(queue)
        }
        if queue.library == nil { index.general = queue.name }
        availabilityChanged = true
    }

    mutating func setOperator(_ person: Operator) throws(Refusal) {
        try check(title: person.displayName)
        guard libraries.contains(person.library) else { throw .unknownLibrary(person.library) }
        guard person.queues.count <= Limits.queuesPerOperatorMax else {
            throw Refusal(.tooMany, "An operator staffs \(Limits.queuesPerOperatorMax) queues at most, not \(person.queues.count).")
        }
        for queue in person.queues where !queues.contains(queue) { throw .unknownQueue(queue) }
        guard operators.contains(person.name) || operators.count < Limits.operatorsMax else {
            throw Refusal(.tooMany, "There are \(Limits.operatorsMax) operators, which is the most.")
        }
        var person = person
        person.queues = person.queues.sortedOnce()
        if featureLevel < FeatureLevel.canned { person.isAdmin = false }
        if featureLevel < FeatureLevel.ledger || featureLevel < FeatureLevel.registers && person.committee == .ltg {
            person.committee = nil
        }
        if featureLevel < FeatureLevel.staffRoom { person.isTrainee = false }
        if featureLevel < FeatureLevel.audit { person.isDirector = false }
        if let known = operators[person.name] {
            person.formerNames = known.formerNames
        } else {
            if featureLevel < FeatureLevel.naming { person.formerNames = [] }
            try check(.user, person.name.text, library: person.library)
            try check(formerNames: person.formerNames)
            for name in person.formerNames where operators.contains(name) || index.formerOperators.contains(name) {
                throw Refusal(.notAllowed, "`\(name)` is, or was, another person's name; choose one that nobody had.")
            }
        }
        try makeRoom(for: person, in: operators[person.name])
        if let known = operators[person.name], known.library != person.library { renameInShifts(person.name, to: nil) }
        index.learn(person)
        guard var session = index.sessionOf[person.name].flatMap({ sessions[$0] }) else {
            operators[person.name] = person
            touched.board = true
            return
        }
        // Signed on: what they may no longer staff, they are not available for.
        index.remove(session, of: operators[person.name])
        operators[person.name] = person
        session.available = session.available.filter(person.queues.contains)
        session.duty = duty(session.duty, of: person)
        if !person.isTrainee {
            session.mentor = nil
        } else if session.mentor == nil {
            session.available = []
            if featureLevel >= FeatureLevel.colleagues { session.duty = nil }
        }
        index.add(session, of: person)
        sessions[session.id] = session
        // Whoever is to learn looks after nobody.
        if person.isTrainee { stopsMentoring(person.name) }
        availabilityChanged = true
    }

    mutating func setSettings(_ new: Settings) throws(Refusal) {
        // A file that says what is so does no harm.
        if new == settings, !settingsBook.isEmpty { return }
        guard settingsBook.isEmpty else {
            throw Refusal(
                .notAllowed,
                "The settings are signed by LTG (agreement, 6), and no import changes them: use `callslip settings`, or leave `settings` out of the file."
            )
        }
        try new.check()
        settings = new
        // Replicas of versions that do not know it have none.
        if featureLevel < FeatureLevel.textDeadlines { settings.keptMessageMs = Settings.keptMessageMsUsual }
        if featureLevel < FeatureLevel.signedSettings {
            (settings.passwordMemoryMiB, settings.passwordPasses) = (Settings.passwordMemoryMiBUsual, Settings.passwordPassesUsual)
        }
        touched.board = true
    }

    /// Counts an entry in the place of its former version. Call it last: what it counts must follow.
    mutating func makeRoom<Entry: RosterEntry>(for entry: Entry, in former: Entry?) throws(Refusal) {
        let bytes = index.rosterBytes - (former?.rosterBytes ?? 0) + entry.rosterBytes
        guard bytes <= Limits.rosterBytesMax || bytes <= index.rosterBytes else {
            throw Refusal(.tooMany, "The roster has \(Limits.rosterBytesMax) bytes at most; shorten the cards.")
        }
        index.rosterBytes = bytes
    }

    private func check<Tag>(formerNames: [Name<Tag>]) throws(Refusal) {
        guard formerNames.count <= Limits.formerNamesMax else {
            throw Refusal(.tooMany, "A name had \(Limits.formerNamesMax) forms before at most, not \(formerNames.count).")
        }
    }

    private func check(title: String) throws(Refusal) {
        guard title.utf8.count <= Limits.titleBytesMax else {
            throw Refusal(.tooLong, "A title has \(Limits.titleBytesMax) bytes at most, not \(title.utf8.count).")
        }
    }
}

extension Refusal {
    static func unknownLibrary(_ library: LibraryName) -> Refusal {
        Refusal(.unknownLibrary, "There is no library \(library); import it first.")
    }
}

/// What is sent to every node.
protocol RosterEntry {
    /// The bytes of its names and texts.
    var rosterBytes: Int { get }
}

extension Library: RosterEntry {
    var rosterBytes: Int {
        let texts = [card.hours, card.website, card.phone, card.email, card.policies, card.lastChecked, card.wording, title]
        let names = [name.text, homeNode.text, standbyNode?.text ?? "", heir?.text ?? ""]
        return (texts + names).reduce(0) { $0 + $1.utf8.count }
    }
}

extension Queue: RosterEntry {
    var rosterBytes: Int {
        let reason = if case .closed(let reason) = opening { reason.utf8.count } else { 0 }
        return otherNames.reduce(name.text.utf8.count + title.utf8.count + (library?.text.utf8.count ?? 0) + reason) {
            $0 + $1.name.text.utf8.count
        }
    }
}

extension Operator: RosterEntry {
    var rosterBytes: Int {
        let former = formerNames.reduce(0) { $0 + $1.text.utf8.count }
        return queues.reduce(former + name.text.utf8.count + displayName.utf8.count + library.text.utf8.count) { $0 + $1.text.utf8.count }
    }
}
