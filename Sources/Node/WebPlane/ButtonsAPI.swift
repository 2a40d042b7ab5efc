/// Buttons over HTTP: told by pages (`POST /api/button/seen`, for everybody), read and decided about by LTG and, for their own, by admins of libraries.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct ButtonsAPI {
    let api: HTTPAPI
    let serving: @WebActor () -> ButtonServing

    private static let seenBytesMax = 2_048
    private static let open: [(name: String, value: String)] = [
        ("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]

    /// What a page tells.
    private struct Seen: Decodable {
        var host: String
        var path: String
        var queue: String
        /// `own` or `old`.
        var kind: String
        var version: String
        var error: String?

        var sighting: InstallSighting? {
            let queue = queue.trimmed.lowercased()
            let place = InstallPlace(host: host.lowercased(), path: InstallGatherer.path(path), queue: QueueName(queue) == nil ? "" : queue)
            let words = (error ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let seen = InstallSighting(
                place: place, kind: kind == "old" ? .old : .own, version: version,
                error: words.excerpt(bytesMax: Limits.installErrorBytesMax))
            return seen.isValid ? seen : nil
        }
    }

    func install(on server: WebServer) {
        server.post("/api/button/seen", bodyBytesMax: Self.seenBytesMax) { request, responder in
            // A page tells of itself alone: its browser vouches for its host.
            let origin = request.headers["origin"] ?? ""
            guard let told = try? JSONDecoder().decode(Seen.self, from: Data(request.body)), let seen = told.sighting,
                ["http://", "https://"].contains(where: { origin == $0 + seen.place.host })
            else {
                return responder.send(
                    Response(
                        status: 400, headers: Self.open + [("Content-Type", "text/plain; charset=utf-8")],
                        body: Array("Expected {host, path, queue, kind, version, error} of the page that sends it.\n".utf8)))
            }
            api.services.sawInstall(seen)
            responder.send(Response(status: 204, headers: Self.open))
        }
        server.get("/api/buttons") { request, responder in read(request, responder) { report in responder.send(api.json(report, 200)) } }
        server.get("/api/buttons.csv") { request, responder in
            read(request, responder) { report in
                let headers = [
                    (name: "Content-Type", value: "text/csv; charset=utf-8"), ("Cache-Control", "no-store"),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Content-Disposition", "attachment; filename=\"buttons.csv\""),
                ]
                responder.send(Response(status: 200, headers: headers, body: Array(report.csv.utf8)))
            }
        }
        server.post("/api/buttons", bodyBytesMax: 4_096) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(ButtonAsk.self, from: Data(request.body))
            else { return say(responder, "invalid", ButtonAsk.form, 400) }
            who(request, responder) { person, _ in
                do throws(AskMistake) {
                    api.propose([try ask.command(by: person.map { .person($0.name) } ?? .ltg)], done: "Done.", responder)
                } catch {
                    say(responder, "invalid", error.text, 400)
                }
            }
        }
    }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    /// Goes on with the admin of a library who is signed in at this browser, or `nil` for LTG, who has the node's admin token; else the request is answered.
    private func who(
        _ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator?, ButtonKnowledge) -> Void
    ) {
        let isLTG = api.carriesToken(request)
        api.services.buttons(isLTG ? nil : request.cookie(HTTPAPI.cookieName)) { person, known in
            guard isLTG || person != nil else {
                return say(responder, "signIn", "The sign-in has ended; sign in again.", 401)
            }
            guard let known else {
                return say(responder, "notAvailable", "This node has not heard from the coordinators yet; ask again in a moment.", 503)
            }
            body(isLTG ? nil : person, known)
        }
    }

    private func read(_ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (ButtonReport) -> Void) {
        who(request, responder) { person, known in
            body(ButtonReport(known.book, known.board, serving(), nodes: known.nodes, person: person, today: WallClock.day))
        }
    }
}

/// What a report on buttons is made of.
struct ButtonKnowledge: Sendable {
    var board: Board
    var book: ButtonBook
    var nodes: [String]
}

/// What somebody decides: exactly one of them.
public struct ButtonAsk: Codable, Sendable {
    public var confirm: String?
    public var reject: String?
    public var forget: UInt64?
    /// A version, with the number of the release that it replaces, and why.
    public var release: String?
    public var after: UInt64?
    public var note: String?

    public init(
        confirm: String? = nil, reject: String? = nil, forget: UInt64? = nil, release: String? = nil, after: UInt64? = nil,
        note: String? = nil
    ) {
        self.confirm = confirm
        self.reject = reject
        self.forget = forget
        self.release = release
        self.after = after
        self.note = note
    }

    static let form =
        "Send {\"confirm\":HOST}, {\"reject\":HOST}, {\"forget\":NUMBER} or {\"release\":VERSION,\"after\":NUMBER,\"note\":TEXT}."

    func command(by author: TicketAuthor) throws(AskMistake) -> Command {
        guard [confirm != nil, reject != nil, forget != nil, release != nil].count(where: { $0 }) == 1 else {
            throw AskMistake(text: Self.form)
        }
        if let release {
            guard author == .ltg else { throw AskMistake(text: "Versions are released by LTG.") }
            return .releaseButton(ButtonRelease(number: after ?? 0, version: release, note: (note ?? "").trimmed))
        }
        let what: ButtonDecision.What? =
            confirm.map { .confirm(host: $0.trimmed.lowercased()) } ?? reject.map { .reject(host: $0.trimmed.lowercased()) }
            ?? forget.map { .forget(install: $0) }
        guard let what else { throw AskMistake(text: Self.form) }
        return .decideButton(ButtonDecision(by: author, what: what))
    }
}
