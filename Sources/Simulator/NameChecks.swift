import Consortium

/// People who are called otherwise stay who they are: all their names lead to them, nobody else is given one, and what is theirs stays theirs.
struct NameChecks: Book {
    private enum Paper: Hashable, Comparable {
        case canned(CannedID)
        case ticket(TicketID)

        static func < (left: Self, right: Self) -> Bool {
            switch (left, right) {
            case (.canned(let one), .canned(let other)): one < other
            case (.ticket(let one), .ticket(let other)): one < other
            case (.canned, .ticket): true
            case (.ticket, .canned): false
            }
        }
    }
    /// By every name of whoever was renamed, the first one that they had.
    private var firsts: [OperatorName: OperatorName] = [:]
    /// By the first name, the present one.
    private var presents: [OperatorName: OperatorName] = [:]
    private var people: Set<OperatorName> = []
    /// Whose it is, by the first name.
    private var papers: [Paper: OperatorName] = [:]

    private func who(_ name: OperatorName) -> OperatorName { firsts[name] ?? name }

    func concerns(_ command: Command) -> Bool {
        switch command {
        case .setOperator, .renameOperator, .setCanned, .dropCanned, .reportProblem: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        guard verdict.isAccepted else { return nil }
        switch command {
        case .setOperator(let person): people.insert(who(person.name))
        case .renameOperator(let old, let new): return rename(who(old), old, new)
        case .setCanned(let message, _): if case .person(let name) = message.owner { papers[.canned(message.id)] = who(name) }
        case .dropCanned(let id, _, _): papers[.canned(id)] = nil
        case .reportProblem(let id, let report):
            if case .person(let name) = report.by, papers[.ticket(id)] == nil { papers[.ticket(id)] = who(name) }
        default: break
        }
        return nil
    }

    private mutating func rename(_ person: OperatorName, _ old: OperatorName, _ new: OperatorName) -> String? {
        if let other = firsts[new] ?? (people.contains(new) ? new : nil), other != person {
            return "\(old) is called \(new) from now on, which is a name of \(presents[other] ?? other)"
        }
        firsts[presents[person] ?? person] = person
        firsts[new] = person
        presents[person] = new
        return nil
    }

    func difference(to state: ConsortiumState) -> String? {
        for (name, first) in firsts.sorted(by: { $0.key < $1.key }) {
            guard let present = presents[first] else { continue }
            guard let person = state.operators[present] else { return "nobody is called \(present), as \(first) is by the log" }
            guard name != present else { continue }
            if state.operators[name] != nil { return "somebody is called \(name), which is a former name of \(present)" }
            guard person.formerNames.contains(name) else { return "\(present) was called \(name), and that name does not lead to them" }
        }
        for (paper, first) in papers.sorted(by: { $0.key < $1.key }) {
            let present = presents[first] ?? first
            switch paper {
            case .canned(let id):
                guard state.canned[id]?.owner == .person(present) else {
                    return "the canned message \(id) is not \(present)'s, who wrote it"
                }
            case .ticket(let id):
                guard state.tickets.values.first(where: { $0.id == id })?.report.by == .person(present) else {
                    return "the report \(id) is not \(present)'s, who made it"
                }
            }
        }
        return nil
    }
}
