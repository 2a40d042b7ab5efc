/// Tickets as bytes.

import Consortium

extension PBTicketAuthorEntry {
    init(_ author: TicketAuthor) {
        self.init()
        switch author {
        case .ltg: break
        case .person(let name): person = name.text
        case .node(let name): node = name.text
        case .somebody: somebody = true
        }
    }

    func decoded() throws(WireError) -> TicketAuthor {
        if somebody { return .somebody }
        if let name: OperatorName = try Field.optionalName(person, "ticket.person") { return .person(name) }
        if let name: NodeName = try Field.optionalName(node, "ticket.node") { return .node(name) }
        return .ltg
    }
}

extension PBProblemReportEntry {
    init(_ report: ProblemReport) {
        self.init()
        by = PBTicketAuthorEntry(report.by)
        node = report.node.text
        library = report.library?.text ?? ""
        topic = report.topic
        text = report.text
        bundle = report.bundle
    }

    func decoded() throws(WireError) -> ProblemReport {
        ProblemReport(
            by: try by.decoded(), node: try Field.name(node, "report.node"), library: try Field.optionalName(library, "report.library"),
            topic: topic, text: text, bundle: bundle)
    }
}

extension PBTicketRecord {
    init(_ ticket: Ticket) {
        self.init()
        id = PBId(ticket.id)
        number = ticket.number
        version = ticket.version
        report = PBProblemReportEntry(ticket.report)
        openedWallMs = ticket.openedWallMs
        changedWallMs = ticket.changedWallMs
        changedMs = ticket.changedMs
        stage = UInt32(ticket.stage.rawValue)
        owner = ticket.owner
        entries = ticket.entries.map { entry in
            var message = PBTicketEntryEntry()
            message.id = PBId(entry.id)
            message.by = PBTicketAuthorEntry(entry.by)
            message.wallMs = entry.wallMs
            message.text = entry.text
            message.stage = TicketStage.coded(entry.stage)
            return message
        }
        count = ticket.count
        lastReport = PBId(ticket.lastReport)
    }

    func decoded() throws(WireError) -> Ticket {
        var ticket = Ticket(
            id: id.decoded(), number: number, version: version, report: try report.decoded(), openedWallMs: openedWallMs,
            changedWallMs: changedWallMs, changedMs: changedMs)
        ticket.stage = try Field.small(stage, "ticket.stage")
        ticket.owner = owner
        let most = Limits.ticketEntriesMax + Limits.ticketStageEntriesMax
        ticket.entries = try Field.list(entries, "ticket.entries", max: most) { e throws(WireError) in
            .init(
                id: e.id.decoded(), by: try e.by.decoded(), wallMs: e.wallMs, text: e.text, stage: try TicketStage.decoded(e.stage))
        }
        ticket.count = count
        ticket.lastReport = lastReport.decoded()
        return ticket
    }
}

extension PBTicketNewsEntry {
    init(_ news: TicketNews) {
        self.init()
        changed = news.changed.map { PBTicketRecord($0) }
        numbers = news.numbers
    }

    func decoded() throws(WireError) -> TicketNews {
        TicketNews(
            changed: try Field.list(changed, "tickets.changed", max: Limits.ticketsMax) { e throws(WireError) in try e.decoded() },
            numbers: try Field.list(numbers, "tickets.numbers", max: Limits.ticketsMax) { e throws(WireError) in e })
    }
}

extension PBReportProblemCommand {
    init(_ id: TicketID, _ report: ProblemReport) {
        self.init()
        self.id = PBId(id)
        self.report = PBProblemReportEntry(report)
    }

    func decoded() throws(WireError) -> Command { .reportProblem(id.decoded(), try report.decoded()) }
}

extension PBChangeTicketCommand {
    init(_ change: TicketChange) {
        self.init()
        ticket = PBId(change.ticket)
        id = PBId(change.id)
        by = PBTicketAuthorEntry(change.by)
        text = change.text
        stage = TicketStage.coded(change.stage)
        if let owner = change.owner { self.owner = owner }
    }

    func decoded() throws(WireError) -> Command {
        .changeTicket(
            TicketChange(
                ticket: ticket.decoded(), id: id.decoded(), by: try by.decoded(), text: text, stage: try TicketStage.decoded(stage),
                owner: hasOwner ? owner : nil))
    }
}

extension TicketStage {
    fileprivate static func coded(_ stage: TicketStage?) -> UInt32 { stage.map { UInt32($0.rawValue) + 1 } ?? 0 }

    fileprivate static func decoded(_ value: UInt32) throws(WireError) -> TicketStage? {
        guard value > 0 else { return nil }
        let stage: TicketStage = try Field.small(value - 1, "ticket.stage")
        return stage
    }
}
