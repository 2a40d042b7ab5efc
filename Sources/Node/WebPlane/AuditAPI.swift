/// `GET /api/audit`: the audit log, for a library's admin what is the library's, for LTG all of it; searched, the newest first, or after an entry, as the chain goes.
/// `POST /api/audit`: somebody is about to read a transcript at this node's console, which is written down first.

import Consortium
import EventLoop
import FoundationEssentials
import Sodium
import Web

@WebActor
struct AuditAPI {
    /// Lines of a search that are shown at once; more are asked for by `before`.
    static let shownMax = 200
    let api: HTTPAPI

    private struct Ask: Decodable {
        /// The chat whose transcript is to be read, and the library that keeps it.
        var chat: String
        var library: String
        /// Drawn at random, so that asking twice writes once.
        var id: String
    }

    func install(on server: WebServer) {
        server.get("/api/audit") { request, responder in
            read(request, responder) { page, isAll in
                guard request.query("after") == nil else {
                    let entries = page.entries.prefix(Limits.auditPageMax)
                    // Of a search all that fits is here; of the chain, one page.
                    let more =
                        page.entries.count > entries.count || !isSearched(request, isAll) && (entries.last?.number ?? page.last) < page.last
                    return responder.send(api.json(AuditReport(page, Array(entries), isAll: isAll, more: more), 200))
                }
                let before = number(request, "before") ?? .max
                let found = page.entries.reversed().filter { $0.number < before }
                responder.send(
                    api.json(AuditReport(page, Array(found.prefix(Self.shownMax)), isAll: isAll, more: found.count > Self.shownMax), 200))
            }
        }
        server.get("/api/audit.csv") { request, responder in
            read(request, responder) { page, _ in responder.send(api.csv(AuditTable.text(page.entries), named: "audit")) }
        }
        server.post("/api/audit", bodyBytesMax: 1_024) { request, responder in
            guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)), let chat = ChatID(ask.chat),
                let library = LibraryName(ask.library), let id = RequestID(ask.id)
            else {
                return say(responder, "invalid", "Send {\"chat\":ID,\"library\":NAME,\"id\":ID}, the IDs of 32 hexadecimal digits.", 400)
            }
            api.propose([.audit(AuditNote(by: .admin, chat: chat, library: library, request: id))], done: "It is written down.", responder)
        }
    }

    private func number(_ request: Request, _ name: String) -> UInt64? { request.query(name).flatMap { UInt64($0) } }

    /// Goes on with the entries that whoever asks may see and looks for, and whether they may see all.
    private func read(_ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (AuditPage, Bool) -> Void) {
        for name in ["after", "before"] where request.query(name) != nil && number(request, name) == nil {
            return say(responder, "invalid", "`\(name)` is the number of an entry.", 400)
        }
        let (after, words) = (number(request, "after") ?? 0, (request.query("q") ?? "").lowercased().split(separator: " ").map(String.init))
        api.overseer(request, responder) { person in
            let isAll = person == nil || person?.committee == .ltg
            let isOnePage = request.query("after") != nil && !isSearched(request, isAll)
            api.services.audit(AuditPart(after: after, isOnePage: isOnePage)) { page in
                guard var page else {
                    let text =
                        "The audit log cannot be read here now: the coordinators cannot be asked, or one of them is to be updated first. Try again in a moment."
                    return say(responder, "notAvailable", text, 503)
                }
                if !isAll { page.entries = page.entries.filter { $0.library == person?.library.text } }
                if !words.isEmpty {
                    page.entries = page.entries.filter { entry in
                        let text = AuditTable.cells(entry).joined(separator: " ").lowercased()
                        return words.allSatisfy { text.contains($0) }
                    }
                }
                body(page, isAll)
            }
        }
    }

    /// Whether entries are left out between those that are shown.
    private func isSearched(_ request: Request, _ isAll: Bool) -> Bool { !isAll || !(request.query("q") ?? "").isEmpty }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }
}

/// The log as a table, to take away.
enum AuditTable {
    static let head = "number,time,who,node,what,of what,library,hash\n"

    static func text(_ entries: [AuditEntry]) -> String { head + entries.map { cells($0).csvLine }.joined() }

    static func cells(_ entry: AuditEntry) -> [String] {
        [
            "\(entry.number)", WallClock.text(Int64(clamping: entry.wallMs / 1_000)), entry.by.text, entry.node, entry.act.text,
            entry.subject, entry.library,
            Hex.text(of: entry.hash),
        ]
    }
}

/// What `/api/audit` answers. Hashes are hexadecimal.
public struct AuditReport: Codable, Sendable {
    public struct Entry: Codable, Sendable {
        public var number: UInt64
        /// Unix milliseconds.
        public var atMs: UInt64
        /// `admin`, `node`, or `person` and a name.
        public var by: String
        public var node: String
        public var act: String
        public var subject: String
        /// Empty where it is the consortium's.
        public var library: String
        public var hash: String
    }

    /// The last entry that gave way, from which the chain goes on; number 0 where none did.
    public var anchorNumber: UInt64
    public var anchorHash: String
    /// The newest entry of all.
    public var last: UInt64
    /// Whether whoever asks may see all entries, so that they can follow the chain.
    public var all: Bool
    /// Whether there are more such entries than are answered at once.
    public var more: Bool
    public var entries: [Entry]

    init(_ page: AuditPage, _ entries: [AuditEntry], isAll: Bool, more: Bool) {
        anchorNumber = page.anchor.number
        anchorHash = Hex.text(of: page.anchor.hash)
        last = page.last
        all = isAll
        self.more = more
        self.entries = entries.map {
            Entry(
                number: $0.number, atMs: $0.wallMs, by: $0.by.text, node: $0.node, act: $0.act.text, subject: $0.subject,
                library: $0.library, hash: Hex.text(of: $0.hash))
        }
    }
}

/// Follows the chain through parts of the log as a node answered them, by what they say alone.
public struct AuditCheck: Sendable {
    public private(set) var last = AuditAnchor()
    private var hasBegun = false
    public init() {}

    /// - Throws: what does not fit.
    public mutating func take(_ report: AuditReport) throws(AuditFlaw) {
        if !hasBegun {
            guard let hash = Hex.bytes(of: report.anchorHash), hash.count == 32 else {
                throw AuditFlaw(number: report.anchorNumber, sentence: "the anchor's hash is none")
            }
            last = AuditAnchor(number: report.anchorNumber, hash: hash)
            hasBegun = true
        }
        var entries: [AuditEntry] = []
        for entry in report.entries {
            guard let by = AuditActor(text: entry.by), let act = AuditAct.allCases.first(where: { $0.text == entry.act }),
                let hash = Hex.bytes(of: entry.hash)
            else { throw AuditFlaw(number: entry.number, sentence: "entry \(entry.number) is not readable to this version") }
            entries.append(
                AuditEntry(
                    number: entry.number, wallMs: entry.atMs, by: by, node: entry.node, act: act, subject: entry.subject,
                    library: entry.library, hash: hash))
        }
        last = try last.following(entries)
    }
}
