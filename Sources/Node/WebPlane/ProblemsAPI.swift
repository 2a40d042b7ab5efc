/// Problems over HTTP: reported by anybody (`POST /api/problems`), read by whoever reported them, by the library's admins and, with the node's admin token, by
/// LTG.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
final class ProblemsAPI {
    private let api: HTTPAPI
    private let node: NodeName
    /// People who are not signed in.
    private var strangers = HourlyAllowance(most: 30)
    /// Reports that wait for the coordinators.
    private var waiting = 0

    private static let form = "Send {\"id\":ID,\"text\":TEXT,\"bundle\":TEXT,\"library\":NAME} as application/json."
    private static let askForm = "Send {\"ticket\":ID,\"id\":ID,\"text\":TEXT} as application/json."
    private static let bodyBytesMax = 32 * 1_024
    private static let waitingMax = 20
    /// Of what the page sends along; the rest is this node's to say.
    private static let pageBundleBytesMax = 4_000
    /// Of the line that tells of a picture, which only the node says.
    private static let pictureBytesMax = 200

    init(api: HTTPAPI, node: NodeName) {
        self.api = api
        self.node = node
    }

    private struct Report: Decodable {
        /// Drawn by the page, so that sending twice reports once; it is also the key to the ticket.
        var id: String
        var text: String
        var bundle: String?
        /// Whose page it is about. A person at a desk need not say it.
        var library: String?
    }

    private struct Tickets: Encodable {
        var tickets: [TicketReport]
    }

    func install(on server: WebServer) {
        server.post("/api/problems", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in report(request, responder) }
        server.get("/api/problems") { [self] request, responder in
            who(request) { [self] person, tickets in
                guard let person else { return responder.send(say("signIn", "Nobody is signed in here.", 401)) }
                let mine = tickets.filter { $0.isFor(person) }
                list(mine, responder) { $0.report.by == .person(person.name) }
            }
        }
        server.get("/api/problems/one") { [self] request, responder in
            guard let id = request.query("id").flatMap({ TicketID($0) }) else {
                return responder.send(say("invalid", "`id` has 32 hexadecimal digits.", 400))
            }
            who(request) { [self] _, tickets in
                guard let ticket = tickets.first(where: { $0.id == id }) else {
                    let text = "This report is not known here yet, or was solved and is forgotten by now."
                    return responder.send(say("unknown", text, 404))
                }
                responder.send(api.json(TicketReport(ticket, showsBundle: true), 200))
            }
        }
        server.post("/api/problems/comment", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in comment(request, responder) }
        server.get("/api/problems/all") { [self] request, responder in
            who(request) { [self] _, tickets in list(tickets, responder) { _ in true } }
        }
        api.takeCommands("/api/problems/all", on: server, bodyBytesMax: Self.bodyBytesMax, done: "Done.") { request throws(AskMistake) in
            guard let ask = try? JSONDecoder().decode(TicketAsk.self, from: Data(request.body)) else {
                throw AskMistake(text: Self.askForm)
            }
            return [try ask.command(by: .ltg)]
        }
    }

    private func say(_ code: String, _ text: String, _ status: Int) -> Response { api.json(HTTPAPI.Said(code: code, text: text), status) }

    /// What is open comes first, the newest of it first.
    private func list(_ tickets: [Ticket], _ responder: Responder, showsBundle: (Ticket) -> Bool) {
        let sorted = tickets.sorted { ($0.stage == .solved ? 1 : 0, $1.number) < ($1.stage == .solved ? 1 : 0, $0.number) }
        responder.send(api.json(Tickets(tickets: sorted.map { TicketReport($0, showsBundle: showsBundle($0)) }), 200))
    }

    /// Who is signed in at this browser, if anybody is, and all tickets.
    private func who(_ request: Request, _ body: @escaping @Sendable @WebActor (Operator?, [Ticket]) -> Void) {
        api.services.tickets(request.cookie(HTTPAPI.cookieName), body)
    }

    /// A page of another origin cannot send this type without asking first, and is not allowed.
    private func isJSON(_ request: Request) -> Bool { request.headers["content-type"]?.hasPrefix("application/json") ?? false }

    private func report(_ request: Request, _ responder: Responder) {
        guard isJSON(request), let report = try? JSONDecoder().decode(Report.self, from: Data(request.body)), let id = TicketID(report.id)
        else { return responder.send(say("invalid", Self.form, 400)) }
        let text = report.text.trimmed
        guard !text.isEmpty else { return responder.send(say("invalid", "Say in a sentence what is wrong.", 400)) }
        guard text.utf8.count <= Limits.problemTextBytesMax else {
            return responder.send(say("tooLong", "A report has \(Limits.problemTextBytesMax) bytes at most; shorten it a little.", 400))
        }
        let said = (report.bundle ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix(TicketReport.picturePrefix) }.joined(separator: "\n")
        let bundle = said.excerpt(bytesMax: Self.pageBundleBytesMax)
        who(request) { [self] person, tickets in
            if tickets.contains(where: { $0.id == id }) { return responder.send(say("done", "It is reported already.", 200)) }
            guard person != nil || strangers.take(WebActor.loop.nowMs, of: request.network) else {
                let text = "Many problems were reported here within an hour; LTG will know of this one. Try again later."
                return responder.send(say("tooMany", text, 429))
            }
            guard waiting < Self.waitingMax else {
                let text = "The other libraries are out of reach, and reports wait already. Keep this page open: it tries again."
                return responder.send(say("busy", text, 503))
            }
            waiting += 1
            let made = ProblemReport(
                by: person.map { .person($0.name) } ?? .somebody, node: node,
                library: person?.library ?? report.library.flatMap { LibraryName($0) }, text: text, bundle: bundle)
            api.services.pictureFacts(id) { [self] picture in
                api.services.status { [self] status in propose(id, made, picture, status, responder) }
            }
        }
    }

    /// With what the node knows beside what the page sent along.
    private func propose(_ id: TicketID, _ report: ProblemReport, _ picture: String?, _ status: String, _ responder: Responder) {
        let health = Self.health(status)
            .excerpt(bytesMax: Limits.problemBundleBytesMax - Self.pageBundleBytesMax - Self.pictureBytesMax - 2)
        let line = picture.map { (TicketReport.picturePrefix + $0).excerpt(bytesMax: Self.pictureBytesMax) } ?? ""
        var made = report
        made.bundle = [line, report.bundle, health].filter { !$0.isEmpty }.joined(separator: "\n")
        api.services.propose(.reportProblem(id, made)) { [self] verdict in
            waiting -= 1
            switch verdict {
            case .accepted?: responder.send(say("done", "It is with LTG now.", 200))
            case .refused(let refusal)?: responder.send(say(refusal.code.rawValue, refusal.sentence, 409))
            case nil: responder.send(say("ended", "The node stopped before it was passed on; send it again.", 503))
            }
        }
    }

    private func comment(_ request: Request, _ responder: Responder) {
        guard isJSON(request), let ask = try? JSONDecoder().decode(TicketAsk.self, from: Data(request.body)), ask.stage == nil,
            ask.owner == nil,
            ask.text?.trimmed.isEmpty == false
        else { return responder.send(say("invalid", Self.askForm, 400)) }
        who(request) { [self] person, tickets in
            let ticket = tickets.first { $0.id.text == ask.ticket }
            // Whoever has the key of a report that nobody signed goes on as nobody, also when signed in meanwhile.
            let isSigned = ticket.map { $0.report.by != .somebody } ?? true
            guard !isSigned || person != nil else { return responder.send(say("signIn", "Sign in to add to this report.", 401)) }
            guard isSigned || strangers.take(WebActor.loop.nowMs, of: request.network) else {
                return responder.send(say("tooMany", "Too much was written here within an hour; try again later.", 429))
            }
            do throws(AskMistake) {
                let author = isSigned ? person.map { TicketAuthor.person($0.name) } ?? .somebody : .somebody
                api.propose([try ask.command(by: author)], done: "Added.", responder)
            } catch {
                responder.send(say("invalid", error.text, 400))
            }
        }
    }

    /// What this node says of its health, a fact a line: no names of people.
    private static func health(_ status: String) -> String {
        guard let status = try? JSONDecoder().decode(NodeStatus.self, from: Data(status.utf8)) else { return "node: starting" }
        var lines = [
            "node: \(status.node), \(status.isolated ? "cut off from the coordinators" : "served by \(status.servedBy ?? "nobody")")"
        ]
        if let raft = status.raft {
            lines.append("coordinator: \(raft.role), term \(raft.term), applied \(raft.appliedIndex) of \(raft.commitIndex)")
            for (what, why) in [("halted", raft.halted), ("disk", raft.full), ("repairing", raft.repairing)] {
                if let why { lines.append("\(what): \(why)") }
            }
        }
        lines += status.members.map { "\($0.name): \($0.state), heard \($0.heardAgoMs) ms ago" }
        return lines.joined(separator: "\n")
    }
}
