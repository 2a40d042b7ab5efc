import Consortium

/// Tickets on the stage.
extension Stage {
    /// `report KEY AUTHOR library=NAME topic=WORD bytes=N: TEXT`, and `comment KEY ID AUTHOR stage=STAGE owner=NAME: TEXT`. An author is `ltg`, `somebody`,
    /// `node:NAME` or a person.
    func ticketCommand(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        guard arguments.count >= (verb == "report" ? 2 : 3) else { throw Mistake(description: "no key or author") }
        if verb == "report" {
            let text = options["bytes"].flatMap(Int.init).map { String(repeating: "x", count: $0) } ?? text
            let report = ProblemReport(
                by: try author(arguments[1]), node: try Self.name("n1"), library: try options["library"].map { try Self.name($0) },
                topic: options["topic"] ?? "", text: text, bundle: "b")
            return .reportProblem(Self.id(arguments[0]), report)
        }
        let stage = options["stage"].flatMap { wanted in TicketStage.allCases.first { "\($0)" == wanted } }
        return .changeTicket(
            TicketChange(
                ticket: Self.id(arguments[0]), id: Self.id(arguments[1]), by: try author(arguments[2]), text: text, stage: stage,
                owner: options["owner"]))
    }

    func author(_ word: String) throws -> TicketAuthor {
        switch word {
        case "ltg": return .ltg
        case "somebody": return .somebody
        default:
            let parts = word.split(separator: "/")
            return parts.count == 2 ? .node(try Self.name(String(parts[1]))) : .person(try Self.name(word))
        }
    }

    func showTickets() -> [String] {
        state.ticketNews(after: 0).changed.map { ticket in
            let times = ticket.count > 1 ? ", \(ticket.count) times" : ""
            let owner = ticket.owner.isEmpty ? "" : " (\(ticket.owner))"
            let goesAlong = ticket.report.bundle.isEmpty ? ", nothing along" : ""
            let entries = ticket.entries.map { " | \($0.by)\($0.stage.map { " \($0)" } ?? ""): \($0.text)" }.joined()
            return "\(ticket.number) \(ticket.stage)\(owner) by \(ticket.report.by)\(times)\(goesAlong): \(ticket.report.text)\(entries)"
        }
    }
}
