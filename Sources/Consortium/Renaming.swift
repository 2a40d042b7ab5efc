/// Renaming: a queue or an operator gets another name, and everything that was there stays theirs.
///
/// What the state says of them says the new name from then on. What was said before (messages, transcripts) keeps the name of its day. The former name
/// goes on leading there: in commands that were on their way, in a branch that is merged later, in pages and links, in a file that is imported again.

extension ConsortiumState {
    mutating func renameQueue(_ old: QueueName, to new: QueueName) throws(Refusal) {
        guard var desk = queues[old] else { throw .unknownQueue(old) }
        guard old != new else { return }
        try checkFree(new, for: old)
        try check(.queue, new.text, library: desk.queue.library)
        let former = desk.queue
        desk.queue.name = new
        try desk.queue.formerNames.remember(old)
        try makeRoom(for: desk.queue, in: former)
        for (_, session) in sessions { index.remove(session, of: operators[session.operatorName]) }
        queues.remove(old)
        queues[new] = desk
        for (name, person) in operators where person.queues.contains(old) {
            var person = person
            person.queues = person.queues.renamed(old, new)
            index.rosterBytes += new.text.utf8.count - old.text.utf8.count
            operators[name] = person
        }
        for (id, session) in sessions {
            var session = session
            session.available = session.available.renamed(old, new)
            sessions[id] = session
            index.add(session, of: operators[session.operatorName])
        }
        if index.general == old { index.general = new }
        renameInEntries(.queue, old.text, to: new.text)
        index.learn(desk.queue)
        renameTally(old, to: new)
        renameCauses(old, to: new)
        for (_, chat) in chats {
            if let renamed = chat.renamed(old, new) { store(renamed) }
        }
        touched.board = true
        availabilityChanged = true
    }

    mutating func renameOperator(_ old: OperatorName, to new: OperatorName) throws(Refusal) {
        guard var person = operators[old] else { throw .unknownOperator(old) }
        guard old != new else { return }
        guard !operators.contains(new), index.formerOperators[new].map({ $0 == old }) ?? true else {
            throw Refusal(.notAllowed, "`\(new)` is, or was, another person's name; choose one that nobody had.")
        }
        guard index.sessionOf[old] == nil else {
            throw Refusal(.notAllowed, "\(person.displayName) (\(old)) is signed on; rename them when they have signed off.")
        }
        try check(.user, new.text, library: person.library)
        let former = person
        person.name = new
        try person.formerNames.remember(old)
        try makeRoom(for: person, in: former)
        operators.remove(old)
        operators[new] = person
        index.learn(person)
        renameCanned(of: old, to: new)
        renameInTickets(old, to: new)
        renameInWishes(old, to: new)
        renameInShifts(old, to: new)
        renameInEntries(.person, old.text, to: new.text)
        for place in claims.indices where claims[place].by == old { claims[place].by = new }
        for place in room.indices where room[place].by == old { room[place].by = new }
        for (_, chat) in chats {
            if let renamed = chat.renamed(old, new) { store(renamed) }
        }
        touched.board = true
    }

    /// Nothing else is, was, or is also called so.
    func checkFree(_ name: QueueName, for queue: QueueName) throws(Refusal) {
        if queues.contains(name), name != queue { throw Refusal(.notAllowed, "There is a queue `\(name)` already; choose another name.") }
        if let other = index.formerQueues[name], other != queue {
            throw Refusal(.notAllowed, "`\(name)` is a former name of the queue \(other), and leads there; choose another name.")
        }
        for (other, desk) in queues where other != queue && desk.queue.aliases.contains(where: { $0.name == name }) {
            throw Refusal(.notAllowed, "`\(name)` is another name of the queue \(other), and leads there; choose another name.")
        }
    }

    /// What is called so, or was.
    func present(_ name: QueueName) -> QueueName { queues.contains(name) ? name : index.formerQueues[name] ?? name }

    func present(_ name: OperatorName) -> OperatorName { operators.contains(name) ? name : index.formerOperators[name] ?? name }

    private func present(_ author: TicketAuthor) -> TicketAuthor {
        if case .person(let name) = author { .person(present(name)) } else { author }
    }

    private func present(_ editor: Editor) -> Editor {
        if case .person(let name) = editor { .person(present(name)) } else { editor }
    }

    /// A command of somebody who has not heard of a renaming yet, in present names.
    func underPresentNames(_ command: Command) -> Command {
        guard !index.formerQueues.isEmpty || !index.formerOperators.isEmpty else { return command }
        switch command {
        case .setQueue(var queue):
            queue.name = present(queue.name)
            return .setQueue(queue)
        case .setOperator(var person):
            person.name = present(person.name)
            person.queues = person.queues.map(present).sortedOnce()
            return .setOperator(person)
        case .renameQueue(let old, let new): return .renameQueue(present(old), to: new)
        case .renameOperator(let old, let new): return .renameOperator(present(old), to: new)
        case .reportProblem(let id, var report):
            report.by = present(report.by)
            return .reportProblem(id, report)
        case .changeTicket(var change):
            change.by = present(change.by)
            return .changeTicket(change)
        case .decideButton(var decision):
            decision.by = present(decision.by)
            return .decideButton(decision)
        case .setCanned(var message, let editor):
            if case .person(let name) = message.owner { message.owner = .person(present(name)) }
            return .setCanned(message, by: present(editor))
        case .dropCanned(let id, let version, let editor): return .dropCanned(id, version: version, by: present(editor))
        case .setEntry(var entry, let editor):
            for question in entry.register.form.questions {
                guard let place = entry.answers.firstIndex(where: { $0.key == question.key }) else { continue }
                let text = entry.answers[place].text
                if question.kind == .queue, let name = QueueName(text) { entry.answers[place].text = present(name).text }
                if question.kind == .person, let name = OperatorName(text) { entry.answers[place].text = present(name).text }
            }
            return .setEntry(entry, by: present(editor))
        case .dropEntry(let id, let version, let editor): return .dropEntry(id, version: version, by: present(editor))
        case .askWish(var wish):
            wish.by = present(wish.by)
            return .askWish(wish)
        case .decideWish(var decision):
            decision.by = present(decision.by)
            return .decideWish(decision)
        case .importShifts(var list):
            for place in list.rows.indices { list.rows[place].operatorName = present(list.rows[place].operatorName) }
            list.by = present(list.by)
            return .importShifts(list)
        case .swapShift(var swap):
            for place in swap.moves.indices {
                swap.moves[place].from = present(swap.moves[place].from)
                swap.moves[place].to = present(swap.moves[place].to)
            }
            swap.by = present(swap.by)
            return .swapShift(swap)
        case .audit(var note):
            if case .person(let name) = note.by { note.by = .person(present(name)) }
            return .audit(note)
        case .closeLibrary(let library, let closure, let by): return .closeLibrary(library, closure, by: by.map(present))
        case .reopenLibrary(let library, let closure, let atMs, let by):
            return .reopenLibrary(library, closure, atMs: atMs, by: by.map(present))
        case .signOn(var signOn):
            signOn.operatorName = present(signOn.operatorName)
            signOn.available = signOn.available.map(present)
            return .signOn(signOn)
        case .setMentor(let session, let trainee, let isMentor) where featureLevel >= FeatureLevel.colleagues:
            return .setMentor(session, of: present(trainee), isMentor)
        case .setWatcher(let chat, let token, let name, let watches) where featureLevel >= FeatureLevel.colleagues:
            return .setWatcher(chat, token: token, present(name), watches)
        case .setAvailability(let session, let queue, let available): return .setAvailability(session, present(queue), available)
        case .back(let session, let queue): return .back(session, present(queue))
        case .open(var open):
            open.queue = present(open.queue)
            return .open(open)
        case .offerTransfer(var offer):
            offer.target = present(offer.target)
            return .offerTransfer(offer)
        case .mergeBranch(var merge):
            merge.queue = present(merge.queue)
            for place in merge.lines.indices {
                guard case .staff(let name, let displayName, let library) = merge.lines[place].author else { continue }
                merge.lines[place].author = .staff(present(name), displayName: displayName, library: library)
            }
            return .mergeBranch(merge)
        default: return command
        }
    }

    func checkNames() throws(InvariantViolation) {
        var fresh = Indices()
        for (_, desk) in queues { fresh.learn(desk.queue) }
        for (_, person) in operators { fresh.learn(person) }
        try hold(
            fresh.formerQueues.keys == index.formerQueues.keys && fresh.formerQueues.values == index.formerQueues.values
                && fresh.formerOperators.keys == index.formerOperators.keys
                && fresh.formerOperators.values == index.formerOperators.values, "The index of former names is stale.")
        for (name, queue) in index.formerQueues {
            try hold(!queues.contains(name) || name == queue, "`\(name)` is a queue's name and another's former one.")
        }
        for (name, person) in index.formerOperators {
            try hold(!operators.contains(name) || name == person, "`\(name)` is a person's name and another's former one.")
        }
        for (name, desk) in queues {
            try hold(name == desk.queue.name && desk.queue.formerNames.count <= Limits.formerNamesMax, "Queue \(name) is misnamed.")
        }
        for (name, person) in operators {
            try hold(name == person.name && person.formerNames.count <= Limits.formerNamesMax, "Operator \(name) is misnamed.")
        }
        // A branch has what the board of its node says of the roster, whatever its version could change of it.
        guard featureLevel < FeatureLevel.naming, !isBranch else { return }
        try hold(
            naming == NamingConventions() && index.formerQueues.isEmpty && index.formerOperators.isEmpty,
            "There are naming conventions below their feature level.")
    }
}

extension Indices {
    mutating func learn(_ queue: Queue) {
        for name in queue.formerNames { formerQueues[name] = queue.name }
    }

    mutating func learn(_ person: Operator) {
        for name in person.formerNames { formerOperators[name] = person.name }
    }
}

extension Array {
    /// Every name that a thing has had stays, the first one first: it may be called so again.
    fileprivate mutating func remember<Tag>(_ name: Element) throws(Refusal) where Element == Name<Tag> {
        if contains(name) { return }
        guard count < Limits.formerNamesMax else {
            throw Refusal(.tooMany, "It has had \(Limits.formerNamesMax) other names, which is the most; all of them lead here.")
        }
        append(name)
    }
}

extension [QueueName] {
    /// In the order of the name.
    fileprivate func renamed(_ old: QueueName, _ new: QueueName) -> [QueueName] {
        contains(old) ? map { $0 == old ? new : $0 }.sortedOnce() : self
    }
}

extension Chat {
    /// `nil` when it says nothing of the queue.
    fileprivate func renamed(_ old: QueueName, _ new: QueueName) -> Chat? {
        var chat = self
        func present(_ name: QueueName) -> QueueName { name == old ? new : name }
        chat.queue = present(queue)
        chat.tried = tried.map(present)
        if let followUp { chat.followUp?.target = present(followUp.target) }
        switch stage {
        case .waiting(var waiting):
            waiting.queue = present(waiting.queue)
            chat.stage = .waiting(waiting)
        case .offered(var offer):
            offer.target = present(offer.target)
            if let from = offer.leg?.from { offer.leg?.from = present(from) }
            chat.stage = .offered(offer)
        case .held(var holding):
            holding.queue = present(holding.queue)
            if let offer = holding.offer {
                holding.offer?.target = present(offer.target)
                if let from = offer.leg?.from { holding.offer?.leg?.from = present(from) }
            }
            chat.stage = .held(holding)
        case .unattended, .kept, .closed: break
        }
        return chat.queue == queue && chat.tried == tried && chat.stage == stage && chat.followUp == followUp ? nil : chat
    }

    /// Of a person who holds no chat, as they are not signed on. `nil` when it says nothing of them.
    fileprivate func renamed(_ old: OperatorName, _ new: OperatorName) -> Chat? {
        var chat = self
        var found = false
        for place in chat.pastHoldings.indices where chat.pastHoldings[place].operatorName == old {
            chat.pastHoldings[place].operatorName = new
            found = true
        }
        for place in chat.senders.indices where chat.senders[place].owner == .staff(old) {
            chat.senders[place].owner = .staff(new)
            found = true
        }
        if case .offered(var offer) = stage, offer.by == old {
            offer.by = new
            chat.stage = .offered(offer)
            found = true
        }
        if followUp?.by == old {
            chat.followUp?.by = new
            found = true
        }
        return found ? chat : nil
    }
}
