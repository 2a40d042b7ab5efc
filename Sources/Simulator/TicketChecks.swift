import Consortium

/// What becomes of reported problems: who looks after each, how far it is, and what was added, once, in the order of the log.
struct TicketChecks: Book {
    private struct File: Equatable {
        var stage = TicketStage.open
        var owner = ""
        var entries: [RequestID] = []
    }
    private var files: [TicketID: File] = [:]

    func concerns(_ command: Command) -> Bool {
        switch command {
        case .reportProblem, .changeTicket: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        guard verdict.isAccepted else { return nil }
        switch command {
        // What nodes say again is counted where it was said first.
        case .reportProblem(let id, let report):
            if case .node = report.by { return nil }
            if files[id] == nil { files[id] = File() }
        case .changeTicket(let change):
            guard var file = files[change.ticket] else { return "something is added to the report \(change.ticket), which nobody made" }
            guard !file.entries.contains(change.id) else { return nil }
            let wish = change.by == .ltg ? change.stage : file.stage == .solved ? .open : nil
            let stage = wish == file.stage ? nil : wish
            file.stage = stage ?? file.stage
            file.owner = change.owner ?? file.owner
            if stage != nil || !change.text.isEmpty { file.entries.append(change.id) }
            files[change.ticket] = file
        default: break
        }
        return nil
    }

    func difference(to state: ConsortiumState) -> String? {
        for ticket in state.tickets.values {
            guard let file = files[ticket.id] else { continue }
            let there = File(stage: ticket.stage, owner: ticket.owner, entries: ticket.entries.map(\.id))
            guard there != file else { continue }
            return "the report \(ticket.number) is \(there.stage) with \(there.entries.count) entries, and the log comes to "
                + "\(file.stage) with \(file.entries.count)"
        }
        let known = Set(state.tickets.values.map(\.id))
        guard let lost = files.keys.sorted().first(where: { !known.contains($0) }) else { return nil }
        return "the report \(lost) is not there any more"
    }
}
