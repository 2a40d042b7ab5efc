/// Problems that people and nodes report to LTG (agreement, 8), and what became of them.
///
/// The identifier is drawn by whoever reports, so that sending a report twice makes one ticket, and it is the key by which somebody who is not signed in sees
/// what became of it. The number is what people say to one another.

public enum TicketTag {}
public typealias TicketID = Identifier<TicketTag>

/// Who speaks in a ticket. A node vouches for who is signed in there.
public enum TicketAuthor: Hashable, Sendable {
    /// Whoever has a node's admin token: LTG, by `callslip tickets`.
    case ltg
    case person(OperatorName)
    /// Somebody who is not signed in, and knows the identifier.
    case somebody
    case node(NodeName)
}

public enum TicketStage: UInt8, Hashable, Sendable, CaseIterable {
    case open, inWork, solved
}

public struct Ticket: Hashable, Sendable {
    /// What somebody added, or decided.
    public struct Entry: Hashable, Sendable {
        /// Drawn by whoever adds it, so that adding it twice adds it once.
        public var id: RequestID
        public var by: TicketAuthor
        /// Unix milliseconds, by the leader's clock.
        public var wallMs: UInt64
        public var text: String
        /// What the ticket became by it.
        public var stage: TicketStage?
        public init(id: RequestID, by: TicketAuthor, wallMs: UInt64, text: String, stage: TicketStage?) {
            self.id = id
            self.by = by
            self.wallMs = wallMs
            self.text = text
            self.stage = stage
        }
    }

    public var id: TicketID
    public var number: UInt64
    /// Counts changes of all tickets: readers ask for what changed since.
    public var version: UInt64
    public var report: ProblemReport
    public var openedWallMs: UInt64
    public var changedWallMs: UInt64
    /// By the replicated clock: solved tickets are forgotten some time after.
    public var changedMs: UInt64
    public var stage = TicketStage.open
    /// Who of LTG looks after it; empty: nobody yet.
    public var owner = ""
    public var entries: [Entry] = []
    /// How often a node said the same, and the identifier of the last time.
    public var count: UInt32 = 1
    public var lastReport: TicketID
    public init(
        id: TicketID, number: UInt64, version: UInt64, report: ProblemReport, openedWallMs: UInt64, changedWallMs: UInt64, changedMs: UInt64
    ) {
        self.id = id
        self.number = number
        self.version = version
        self.report = report
        self.openedWallMs = openedWallMs
        self.changedWallMs = changedWallMs
        self.changedMs = changedMs
        lastReport = id
    }

    var bytes: Int {
        report.text.utf8.count + report.bundle.utf8.count + report.topic.utf8.count + owner.utf8.count
            + entries.reduce(0) { $0 + $1.text.utf8.count }
    }
}

/// What somebody says is wrong.
public struct ProblemReport: Hashable, Sendable {
    public var by: TicketAuthor
    /// Where it was reported.
    public var node: NodeName
    /// Whose page or desk it is about, where that is known.
    public var library: LibraryName?
    /// Of a node's own report: what it is about, in a word. The same again, while that ticket is open, is counted there.
    public var topic: String
    public var text: String
    /// What goes along: versions, how the connection went, the last errors, the node's health. Nothing that anybody said in a chat.
    public var bundle: String
    public init(by: TicketAuthor, node: NodeName, library: LibraryName?, topic: String = "", text: String, bundle: String) {
        self.by = by
        self.node = node
        self.library = library
        self.topic = topic
        self.text = text
        self.bundle = bundle
    }
}

/// What somebody adds to a ticket.
public struct TicketChange: Hashable, Sendable {
    public var ticket: TicketID
    public var id: RequestID
    public var by: TicketAuthor
    public var text: String
    public var stage: TicketStage?
    public var owner: String?
    public init(ticket: TicketID, id: RequestID, by: TicketAuthor, text: String, stage: TicketStage? = nil, owner: String? = nil) {
        self.ticket = ticket
        self.id = id
        self.by = by
        self.text = text
        self.stage = stage
        self.owner = owner
    }
}

/// What changed since a reader was told last, and what there is at all.
public struct TicketNews: Hashable, Sendable {
    public var changed: [Ticket]
    /// The numbers of all tickets, in order: whatever else the reader has was forgotten.
    public var numbers: [UInt64]
    public init(changed: [Ticket], numbers: [UInt64]) {
        self.changed = changed
        self.numbers = numbers
    }
}

extension ConsortiumState {
    mutating func reportProblem(_ id: TicketID, _ report: ProblemReport) throws(Refusal) {
        try check(report)
        // Said before: by this very report, or by one that was counted.
        if tickets.contains(where: { $0.value.id == id || $0.value.lastReport == id }) { return }
        if case .node = report.by, let same = tickets.values.first(where: { $0.isOpen(about: report.topic, of: report.by) }) {
            change(same.number) { ticket in
                ticket.count = ticket.count == .max ? .max : ticket.count + 1
                ticket.lastReport = id
            }
            return
        }
        var report = report
        // A page may be about a library that left.
        if let library = report.library, !libraries.contains(library) { report.library = nil }
        let ticket = Ticket(
            id: id, number: ticketNumber + 1, version: ticketVersion + 1, report: report, openedWallMs: wallMs, changedWallMs: wallMs,
            changedMs: clockMs)
        guard makeRoom(forTicketBytes: ticket.bytes, isNew: true) else {
            throw Refusal(.full, "There is no room for more reports: too many are still open. Tell LTG in person.")
        }
        ticketNumber = ticket.number
        ticketVersion = ticket.version
        tickets[ticket.number] = ticket
        index.ticketBytes += ticket.bytes
        touched.tickets = true
    }

    mutating func changeTicket(_ asked: TicketChange) throws(Refusal) {
        guard let ticket = tickets.values.first(where: { $0.id == asked.ticket }) else {
            throw Refusal(.invalid, "This report is not known: it was solved and is forgotten by now, or its key is another one.")
        }
        if ticket.entries.contains(where: { $0.id == asked.id }) { return }
        try check(asked.by, maySpeakIn: ticket)
        try check(asked)
        var stage = asked.stage
        if asked.by != .ltg {
            guard asked.stage == nil, asked.owner == nil else {
                throw Refusal(.notAllowed, "Who looks after a report, and how far it is, is for LTG to say.")
            }
            // It happens again, or was not what was meant.
            if ticket.stage == .solved { stage = .open }
        }
        if stage == .solved, asked.text.isEmpty {
            throw Refusal(.invalid, "Say in a sentence what became of it: whoever reported it will read that.")
        }
        if stage == ticket.stage { stage = nil }
        guard stage != nil || asked.owner.map({ $0 != ticket.owner }) ?? false || !asked.text.isEmpty else { return }
        let most = stage == nil ? Limits.ticketEntriesMax : Limits.ticketEntriesMax + Limits.ticketStageEntriesMax
        guard ticket.entries.count < most else {
            throw Refusal(
                .tooMany, "There are \(ticket.entries.count) entries here, which is the most; report what is left as a new problem.")
        }
        guard makeRoom(forTicketBytes: asked.text.utf8.count + (asked.owner?.utf8.count ?? 0), isNew: false),
            tickets.contains(ticket.number)
        else { throw Refusal(.full, "There is no room for more text in reports; solve some first.") }
        let wallMs = wallMs
        change(ticket.number) { ticket in
            if let owner = asked.owner { ticket.owner = owner }
            if let stage { ticket.stage = stage }
            if stage != nil || !asked.text.isEmpty {
                ticket.entries.append(.init(id: asked.id, by: asked.by, wallMs: wallMs, text: asked.text, stage: stage))
            }
            // What went along served its purpose.
            if ticket.stage == .solved { ticket.report.bundle = "" }
        }
    }

    private mutating func change(_ number: UInt64, _ body: (inout Ticket) -> Void) {
        guard var ticket = tickets[number] else { return }
        index.ticketBytes -= ticket.bytes
        body(&ticket)
        ticketVersion += 1
        ticket.version = ticketVersion
        ticket.changedWallMs = wallMs
        ticket.changedMs = clockMs
        tickets[number] = ticket
        index.ticketBytes += ticket.bytes
        touched.tickets = true
    }

    /// Forgets solved tickets whose time is over, and, where there is still no room, solved ones, the longest solved first.
    private mutating func makeRoom(forTicketBytes bytes: Int, isNew: Bool) -> Bool {
        let solved = tickets.values.filter { $0.stage == .solved }.sorted { ($0.changedMs, $0.number) < ($1.changedMs, $1.number) }
        for ticket in solved {
            let isOver = ticket.changedMs.adding(ms: Limits.ticketKeptMs) <= clockMs
            let hasRoom = index.ticketBytes + bytes <= Limits.ticketBytesMax && (!isNew || tickets.count < Limits.ticketsMax)
            guard isOver || !hasRoom else { break }
            tickets.remove(ticket.number)
            index.ticketBytes -= ticket.bytes
            touched.tickets = true
        }
        return index.ticketBytes + bytes <= Limits.ticketBytesMax && (!isNew || tickets.count < Limits.ticketsMax)
    }

    private func check(_ report: ProblemReport) throws(Refusal) {
        guard !report.text.isEmpty, report.text.utf8.count <= Limits.problemTextBytesMax else {
            throw Refusal(.tooLong, "A report has 1 to \(Limits.problemTextBytesMax) bytes, not \(report.text.utf8.count).")
        }
        guard report.bundle.utf8.count <= Limits.problemBundleBytesMax, report.topic.utf8.count <= Limits.titleBytesMax else {
            throw Refusal(.tooLong, "What goes along has \(Limits.problemBundleBytesMax) bytes at most, not \(report.bundle.utf8.count).")
        }
        switch report.by {
        case .person(let name): guard operators.contains(name) else { throw .unknownOperator(name) }
        case .ltg: throw Refusal(.invalid, "LTG reports as a person, or as nobody.")
        case .node, .somebody: break
        }
    }

    private func check(_ author: TicketAuthor, maySpeakIn ticket: Ticket) throws(Refusal) {
        switch author {
        case .ltg: return
        case .person(let name):
            guard let person = operators[name] else { throw .unknownOperator(name) }
            guard ticket.isFor(person) else {
                throw Refusal(.notAllowed, "This report is for whoever made it, for the library's admins, and for LTG.")
            }
        case .somebody:
            guard ticket.report.by == .somebody else { throw Refusal(.notAllowed, "Sign in to add to this report.") }
        case .node: throw Refusal(.notAllowed, "Nodes report, and do not discuss.")
        }
    }

    private func check(_ asked: TicketChange) throws(Refusal) {
        guard asked.text.utf8.count <= Limits.ticketCommentBytesMax else {
            throw Refusal(.tooLong, "A comment has \(Limits.ticketCommentBytesMax) bytes at most, not \(asked.text.utf8.count).")
        }
        guard asked.owner?.utf8.count ?? 0 <= Limits.titleBytesMax else {
            throw Refusal(.tooLong, "A name has \(Limits.titleBytesMax) bytes at most.")
        }
    }

    /// The person is called otherwise now.
    mutating func renameInTickets(_ old: OperatorName, to new: OperatorName) {
        for ticket in tickets.values where ticket.names(old) {
            change(ticket.number) { ticket in
                if ticket.report.by == .person(old) { ticket.report.by = .person(new) }
                for place in ticket.entries.indices where ticket.entries[place].by == .person(old) {
                    ticket.entries[place].by = .person(new)
                }
            }
        }
    }

    func checkTickets() throws(InvariantViolation) {
        try hold(tickets.count <= Limits.ticketsMax, "There are too many tickets.")
        try hold(index.ticketBytes == countedTicketBytes && index.ticketBytes <= Limits.ticketBytesMax, "The tickets are miscounted.")
        for (number, ticket) in tickets {
            try hold(
                number == ticket.number && number <= ticketNumber && ticket.version <= ticketVersion && ticket.version > 0,
                "Ticket \(number) is misfiled.")
            try hold(
                ticket.entries.count <= Limits.ticketEntriesMax + Limits.ticketStageEntriesMax, "Ticket \(number) has too many entries.")
        }
        guard featureLevel < FeatureLevel.tickets else { return }
        try hold(tickets.isEmpty && ticketNumber == 0, "There are tickets below their feature level.")
    }

    var countedTicketBytes: Int { tickets.values.reduce(0) { $0 + $1.bytes } }

    /// What a reader who was told of everything up to a version has not heard.
    public func ticketNews(after version: UInt64) -> TicketNews {
        TicketNews(changed: tickets.values.filter { $0.version > version }, numbers: Array(tickets.keys))
    }
}

extension Ticket {
    /// Whether a node said this already, and nobody has solved it.
    fileprivate func isOpen(about topic: String, of author: TicketAuthor) -> Bool {
        stage != .solved && report.by == author && report.topic == topic
    }

    /// Whoever made it, and the admins of the library that it is about.
    public func isFor(_ person: Operator) -> Bool {
        report.by == .person(person.name) || person.isAdmin && report.library == person.library
    }

    fileprivate func names(_ person: OperatorName) -> Bool {
        report.by == .person(person) || entries.contains { $0.by == .person(person) }
    }
}

extension [UInt64: Ticket] {
    /// Takes in what a reader was told.
    public mutating func take(_ news: TicketNews) {
        for ticket in news.changed { self[ticket.number] = ticket }
        let known = Set(news.numbers)
        for number in keys where !known.contains(number) { self[number] = nil }
    }
}
