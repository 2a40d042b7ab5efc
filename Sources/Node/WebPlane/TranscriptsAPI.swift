/// Transcripts over HTTP, for admins of their library: which are kept at this node (no word of them), holds and exports, and an approved export as a file.
///
/// Holds and exports are asked for and decided at any node; an export is given at the one that keeps the text, and only when its taking is written into the audit log.

import Consortium
import EventLoop
import FoundationEssentials
import Transcripts
import Web

@WebActor
struct TranscriptsAPI {
    /// Transcripts that are listed, of each library.
    nonisolated static let listedMax = 200
    let api: HTTPAPI

    private struct Taking: Decodable {
        var wish: String
        /// Drawn at random, so that asking twice writes once.
        var id: String
    }

    func install(on server: WebServer) {
        server.get("/api/transcripts") { request, responder in
            who(request, responder) { person, board, wishes in
                let own = board.libraries.filter { library in
                    if let person { library.name == person.library } else { library.homeNode == api.services.node }
                }
                api.services.kept(own.map(\.name)) { kept in
                    responder.send(
                        api.json(TranscriptsReport(person, of: own, board.operators, wishes, kept, node: api.services.node), 200))
                }
            }
        }
        server.post("/api/transcripts", bodyBytesMax: 4_096) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(WishAsk.self, from: Data(request.body))
            else { return say(responder, "invalid", WishAsk.form, 400) }
            who(request, responder) { person, _, _ in
                guard let person else { return say(responder, "signIn", "The sign-in has ended; sign in again.", 401) }
                do throws(AskMistake) {
                    api.propose([try ask.command(by: person)], done: "Done.", responder)
                } catch {
                    say(responder, "invalid", error.text, 400)
                }
            }
        }
        server.post("/api/transcripts/export", bodyBytesMax: 1_024) { request, responder in
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(Taking.self, from: Data(request.body)), let wish = WishID(ask.wish),
                let id = RequestID(ask.id)
            else {
                return say(
                    responder, "invalid", "Send {\"wish\":ID,\"id\":ID} as application/json, each of 32 hexadecimal digits.", 400)
            }
            who(request, responder) { person, board, wishes in
                guard let person else { return say(responder, "signIn", "The sign-in has ended; sign in again.", 401) }
                guard let wanted = wishes.first(where: { $0.id == wish && $0.kind == .export }) else {
                    return say(responder, "unknown", "There is no such export of your library's; look at the list again.", 404)
                }
                give(wanted, to: person, id, board, responder)
            }
        }
    }

    /// The text is read before it is written down that it is given, so that what is not here is not said to have been taken; it leaves the node after.
    private func give(_ wish: TranscriptWish, to person: Operator, _ id: RequestID, _ board: Board, _ responder: Responder) {
        api.services.transcripts(wish.chat) { found in
            let found = (found ?? []).filter { $0.library == wish.library }
            guard !found.isEmpty else {
                let home = board.libraries.first { $0.name == wish.library }?.homeNode
                let place =
                    home == nil || home == api.services.node
                    ? "It was deleted, or has not come here yet." : "It is kept at \(home?.text ?? ""): sign in there."
                return say(responder, "unknown", "What was said in that chat is not kept at this node. \(place)", 404)
            }
            let note = AuditNote(by: .person(person.name), chat: wish.chat, library: wish.library, request: id, export: wish.id)
            api.services.propose(.audit(note)) { verdict in
                switch verdict {
                case .accepted?:
                    let text = found.map(TranscriptText.whole).joined(separator: "\n")
                    responder.send(
                        Response(
                            status: 200,
                            headers: [
                                ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"),
                                ("X-Content-Type-Options", "nosniff"),
                                ("Content-Disposition", "attachment; filename=\"transcript-\(wish.chat).txt\""),
                            ], body: Array(text.utf8)))
                case .refused(let refusal)?: say(responder, refusal.code.rawValue, refusal.sentence, 409)
                case nil: say(responder, "ended", "The node stopped before it was done; ask again.", 503)
                }
            }
        }
    }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    /// Goes on with the admin of a library who is signed in at this browser, or `nil` for the node's admin token; else the request is answered.
    private func who(
        _ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator?, Board, [TranscriptWish]) -> Void
    ) {
        let isToken = api.carriesToken(request)
        api.services.wishes(isToken ? nil : request.cookie(HTTPAPI.cookieName) ?? "") { person, board, wishes in
            // The sign-in may have ended since the gate asked.
            guard isToken || person != nil else { return say(responder, "signIn", "The sign-in has ended; sign in again.", 401) }
            guard let board, let wishes else {
                let text =
                    "Holds and exports cannot be read here now: the coordinators cannot be asked, or one of them is to be updated first. Try again in a moment."
                return say(responder, "notAvailable", text, 503)
            }
            body(isToken ? nil : person, board, wishes)
        }
    }
}

/// What somebody asks: for a hold or an export, or that one is decided.
public struct WishAsk: Codable, Sendable {
    /// `hold` or `export`, of a chat, with a reason, for so many days, under an identifier drawn at random.
    public var ask: String?
    public var chat: String?
    public var reason: String?
    public var days: UInt32?
    public var id: String?
    /// `approve`, `decline` or `end`, of a request, with a note.
    public var decide: String?
    public var wish: String?
    public var note: String?

    static let form =
        "Send {\"ask\":\"hold\" or \"export\",\"chat\":ID,\"reason\":TEXT,\"days\":NUMBER,\"id\":ID} or {\"decide\":\"approve\", \"decline\" or \"end\",\"wish\":ID,\"note\":TEXT} as application/json."

    func command(by person: Operator) throws(AskMistake) -> Command {
        switch (ask, decide) {
        case (let ask?, nil):
            guard let kind = TranscriptWish.Kind.allCases.first(where: { $0.text == ask }), let chat = chat.flatMap({ ChatID($0) }),
                let id = id.flatMap({ WishID($0) }), let days
            else { throw AskMistake(text: Self.form) }
            return .askWish(
                TranscriptWish(
                    id: id, kind: kind, chat: chat, library: person.library, by: person.name, reason: (reason ?? "").trimmed, days: days))
        case (nil, let decide?):
            let choices: [String: WishDecision.What] = ["approve": .approve, "decline": .decline, "end": .end]
            guard let what = choices[decide], let wish = wish.flatMap({ WishID($0) }) else { throw AskMistake(text: Self.form) }
            return .decideWish(WishDecision(wish: wish, what: what, by: person.name, note: (note ?? "").trimmed))
        default: throw AskMistake(text: Self.form)
        }
    }
}

/// What `/api/transcripts` answers.
public struct TranscriptsReport: Codable, Sendable {
    public struct Line: Codable, Sendable {
        public var chat: String
        public var library: String
        public var queue: String
        public var messages: Int
        /// When it came to the node, Unix milliseconds.
        public var receivedMs: UInt64
        /// Missing where it is not held.
        public var heldUntilMs: UInt64?
    }

    public struct Wish: Codable, Sendable {
        public var id: String
        public var kind: String
        public var chat: String
        public var library: String
        public var by: String
        public var reason: String
        public var days: UInt32
        public var askedMs: UInt64
        /// `waiting`, `approved`, `declined`, `ended`; or `over`, where its time is.
        public var stage: String
        public var decidedBy: String?
        public var note: String
        public var decidedMs: UInt64
        /// Until when it counts; 0 where it does not.
        public var untilMs: UInt64
        /// Whether whoever asks may approve, decline or end it, or take it.
        public var mayDecide: Bool
        public var mayEnd: Bool
        public var mayTake: Bool
    }

    public var node: String
    /// Whether the library has a director, who decides.
    public var hasDirector: Bool
    /// Whether this node keeps such transcripts, and where they are kept.
    public var here: Bool
    public var home: String
    public var kept: [Line]
    public var wishes: [Wish]

    init(
        _ person: Operator?, of libraries: [Library], _ people: [Operator], _ wishes: [TranscriptWish], _ kept: [TranscriptStore.Summary]?,
        node: NodeName
    ) {
        let now = WallClock.nowMs
        self.node = node.text
        hasDirector = people.contains { $0.isDirector && libraries.map(\.name).contains($0.library) }
        here = kept != nil
        home = libraries.first?.homeNode.text ?? ""
        self.kept = (kept ?? []).map {
            Line(
                chat: $0.chat.text, library: $0.library.text, queue: $0.queue.text, messages: $0.messages, receivedMs: $0.receivedMs,
                heldUntilMs: $0.heldUntilMs.flatMap { $0 > now ? $0 : nil })
        }
        self.wishes = wishes.map { wish in
            let isOpen = wish.isOpen(atWallMs: now)
            let decides = person?.isDirector ?? false
            return Wish(
                id: wish.id.text, kind: wish.kind.text, chat: wish.chat.text, library: wish.library.text, by: wish.by.text,
                reason: wish.reason, days: wish.days, askedMs: wish.askedWallMs,
                stage: isOpen || wish.untilWallMs == 0 ? "\(wish.stage)" : "over", decidedBy: wish.decidedBy?.text, note: wish.note,
                decidedMs: wish.decidedWallMs, untilMs: wish.untilWallMs, mayDecide: decides && isOpen && wish.stage == .waiting,
                mayEnd: isOpen && (wish.stage == .waiting ? wish.by == person?.name : decides),
                mayTake: isOpen && wish.stage == .approved && wish.kind == .export && person != nil)
        }
    }
}
