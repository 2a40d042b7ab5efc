/// The roster as bytes.

import Consortium

extension PBLibraryEntry {
    init(_ library: Library) {
        self.init()
        name = library.name.text
        title = library.title
        homeNode = library.homeNode.text
        standbyNode = library.standbyNode?.text ?? ""
        switch library.fallback {
        case .immediately: fallback = 0
        case .ringFirst(let ms):
            fallback = 1
            ringFirstMs = ms
        case .off: fallback = 2
        }
        hours = library.card.hours
        website = library.card.website
        phone = library.card.phone
        email = library.card.email
        policies = library.card.policies
        lastChecked = library.card.lastChecked
        wording = library.card.wording
        heir = library.heir?.text ?? ""
        isSettingUp = library.isSettingUp
    }

    func decoded() throws(WireError) -> Library {
        let policy: FallbackPolicy
        switch fallback {
        case 0: policy = .immediately
        case 1: policy = .ringFirst(ms: ringFirstMs)
        case 2: policy = .off
        default: throw .unknownKind("library.fallback \(fallback)")
        }
        var library = Library(
            name: try Field.name(name, "library.name"), title: title, homeNode: try Field.name(homeNode, "library.homeNode"),
            standbyNode: try Field.optionalName(standbyNode, "library.standbyNode"), fallback: policy,
            card: LibraryCard(
                hours: hours, website: website, phone: phone, email: email, policies: policies, lastChecked: lastChecked,
                wording: wording), heir: try Field.optionalName(heir, "library.heir"))
        library.isSettingUp = isSettingUp
        return library
    }
}

extension PBQueueEntry {
    init(_ queue: Queue) {
        self.init()
        name = queue.name.text
        title = queue.title
        library = queue.library?.text ?? ""
        if case .closed(let reason) = queue.opening {
            closed = true
            closedReason = reason
        }
        aliases = queue.aliases.map { alias in
            var entry = PBQueueAliasEntry()
            entry.name = alias.name.text
            entry.level = alias.level
            return entry
        }
        formerNames = queue.formerNames.map(\.text)
    }

    func decoded() throws(WireError) -> Queue {
        Queue(
            name: try Field.name(name, "queue.name"), title: title, library: try Field.optionalName(library, "queue.library"),
            opening: closed ? .closed(reason: closedReason) : .open, aliases: try decodedAliases(),
            formerNames: try Field.names(formerNames, "queue.formerNames", max: Limits.formerNamesMax))
    }

    private func decodedAliases() throws(WireError) -> [QueueAlias] {
        try Field.list(aliases, "queue.aliases", max: Limits.aliasesPerQueueMax) { alias throws(WireError) in
            QueueAlias(name: try Field.name(alias.name, "queue.aliases"), level: alias.level)
        }
    }
}

extension PBOperatorEntry {
    init(_ person: Operator) {
        self.init()
        name = person.name.text
        displayName = person.displayName
        library = person.library.text
        queues = person.queues.map(\.text)
        isAdmin = person.isAdmin
        isDirector = person.isDirector
        committee = UInt32(person.committee?.rawValue ?? 0)
        formerNames = person.formerNames.map(\.text)
        isTrainee = person.isTrainee
    }

    func decoded() throws(WireError) -> Operator {
        var person = Operator(
            name: try Field.name(name, "operator.name"), displayName: displayName, library: try Field.name(library, "operator.library"),
            queues: try Field.names(queues, "operator.queues", max: Limits.queuesPerOperatorMax), isAdmin: isAdmin,
            isDirector: isDirector,
            committee: committee == 0 ? nil : try Field.small(committee, "operator.committee"),
            formerNames: try Field.names(formerNames, "operator.formerNames", max: Limits.formerNamesMax))
        person.isTrainee = isTrainee
        return person
    }
}

extension PBSettingsEntry {
    init(_ settings: Settings) {
        self.init()
        pickUpMs = settings.pickUpMs
        patronDeadlineMs = settings.patronDeadlineMs
        consentMs = settings.consentMs
        operatorLeaseMs = settings.operatorLeaseMs
        patronGoneMs = settings.patronGoneMs
        tombstoneMs = settings.tombstoneMs
        answeredMessageMs = settings.answeredMessageMs
        chatsPerOperatorMax = settings.chatsPerOperatorMax
        transcriptDeadlineMs = settings.transcriptDeadlineMs
        transcriptKeptMs = settings.transcriptKeptMs
        keptMessageMs = settings.keptMessageMs
        passwordMemoryMib = settings.passwordMemoryMiB
        passwordPasses = settings.passwordPasses
    }

    func decoded() -> Settings {
        var settings = Settings()
        settings.pickUpMs = pickUpMs
        settings.patronDeadlineMs = patronDeadlineMs
        settings.consentMs = consentMs
        settings.operatorLeaseMs = operatorLeaseMs
        settings.patronGoneMs = patronGoneMs
        settings.tombstoneMs = tombstoneMs
        settings.answeredMessageMs = answeredMessageMs
        settings.chatsPerOperatorMax = chatsPerOperatorMax
        settings.transcriptDeadlineMs = transcriptDeadlineMs == 0 ? Settings.transcriptDeadlineMsUsual : transcriptDeadlineMs
        settings.transcriptKeptMs = transcriptKeptMs == 0 ? Settings.transcriptKeptMsUsual : transcriptKeptMs
        settings.keptMessageMs = keptMessageMs == 0 ? Settings.keptMessageMsUsual : keptMessageMs
        settings.passwordMemoryMiB = passwordMemoryMib == 0 ? Settings.passwordMemoryMiBUsual : passwordMemoryMib
        settings.passwordPasses = passwordPasses == 0 ? Settings.passwordPassesUsual : passwordPasses
        return settings
    }
}

extension PBNamingEntry {
    init(_ naming: NamingConventions) {
        self.init()
        version = naming.version
        if let rule = naming.queues { queues = PBNamingRuleEntry(rule) }
        if let rule = naming.users { users = PBNamingRuleEntry(rule) }
    }

    func decoded() -> NamingConventions {
        NamingConventions(version: version, queues: hasQueues ? queues.decoded() : nil, users: hasUsers ? users.decoded() : nil)
    }
}

extension PBNamingRuleEntry {
    fileprivate init(_ rule: NamingRule) {
        self.init()
        pattern = rule.pattern
        example = rule.example
        sentence = rule.sentence
    }

    fileprivate func decoded() -> NamingRule { NamingRule(pattern: pattern, example: example, sentence: sentence) }
}

extension PBRenameCommand {
    init<Tag>(_ old: Name<Tag>, _ new: Name<Tag>) {
        self.init()
        self.old = old.text
        self.new = new.text
    }
}
