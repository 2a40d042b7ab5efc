/// Problems reported to LTG as the API, the pages and `callslip tickets` say them.

import Consortium

/// A ticket as it is shown.
public struct TicketReport: Codable, Sendable {
    public struct Entry: Codable, Sendable {
        /// `ltg`, `person`, `somebody` or `node`.
        public var kind: String
        public var name: String?
        /// Unix milliseconds.
        public var ms: UInt64
        public var text: String
        public var stage: String?
    }
    /// 32 hexadecimal digits: the key by which somebody who is not signed in sees it.
    public var id: String
    public var number: UInt64
    public var kind: String
    public var name: String?
    public var library: String?
    public var node: String
    public var topic: String?
    public var text: String
    /// What went along; only for LTG and whoever reported it, and only until it is solved.
    public var bundle: String?
    /// Of which kind and size the picture is that was sent along; absent where none was, and where the bundle is.
    public var picture: String?
    public var openedMs: UInt64
    public var changedMs: UInt64
    /// `open`, `inWork` or `solved`.
    public var stage: String
    public var owner: String?
    public var count: UInt32
    public var entries: [Entry]

    /// Begins the line of a bundle that tells of a picture; the node writes it.
    static let picturePrefix = "picture: "

    init(_ ticket: Ticket, showsBundle: Bool) {
        id = ticket.id.text
        number = ticket.number
        (kind, name) = ticket.report.by.shown
        library = ticket.report.library?.text
        node = ticket.report.node.text
        topic = ticket.report.topic.isEmpty ? nil : ticket.report.topic
        text = ticket.report.text
        bundle = showsBundle && !ticket.report.bundle.isEmpty ? ticket.report.bundle : nil
        picture = bundle?.split(separator: "\n").first { $0.hasPrefix(Self.picturePrefix) }
            .map { String($0.dropFirst(Self.picturePrefix.count)) }
        openedMs = ticket.openedWallMs
        changedMs = ticket.changedWallMs
        stage = "\(ticket.stage)"
        owner = ticket.owner.isEmpty ? nil : ticket.owner
        count = ticket.count
        entries = ticket.entries.map { entry in
            let (kind, name) = entry.by.shown
            return Entry(kind: kind, name: name, ms: entry.wallMs, text: entry.text, stage: entry.stage.map { "\($0)" })
        }
    }
}

extension TicketAuthor {
    fileprivate var shown: (kind: String, name: String?) {
        switch self {
        case .ltg: ("ltg", nil)
        case .person(let name): ("person", name.text)
        case .somebody: ("somebody", nil)
        case .node(let name): ("node", name.text)
        }
    }
}

/// What is added to a ticket.
public struct TicketAsk: Codable, Sendable {
    /// The ticket's identifier.
    public var ticket: String
    /// 32 hexadecimal digits, drawn by whoever asks, so that asking twice adds once.
    public var id: String
    public var text: String?
    /// `open`, `inWork` or `solved`; for LTG.
    public var stage: String?
    /// Who looks after it; for LTG.
    public var owner: String?

    public init(ticket: String, id: String, text: String? = nil, stage: String? = nil, owner: String? = nil) {
        self.ticket = ticket
        self.id = id
        self.text = text
        self.stage = stage
        self.owner = owner
    }

    func command(by author: TicketAuthor) throws(AskMistake) -> Command {
        guard let ticket = TicketID(ticket), let id = RequestID(id) else {
            throw AskMistake(text: "`ticket` and `id` have 32 hexadecimal digits.")
        }
        var stage: TicketStage?
        if let wanted = self.stage {
            stage = TicketStage.allCases.first { "\($0)" == wanted }
            guard stage != nil else { throw AskMistake(text: "`stage` is `open`, `inWork` or `solved`, not `\(wanted)`.") }
        }
        return .changeTicket(
            TicketChange(ticket: ticket, id: id, by: author, text: text?.trimmed ?? "", stage: stage, owner: owner?.trimmed))
    }
}
