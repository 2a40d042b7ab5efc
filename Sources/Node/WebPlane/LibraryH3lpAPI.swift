/// The old vendor's REST calls, under each of its dates: `auth/login`, lists of chats, reports, queues and people, and transfers. What they mean here: `LibraryH3lp`.
///
/// Thin: who may ask is the table's word (`RouteMatrix`), the shapes are `LibraryH3lp`'s, and what is known comes from where the desk's and the reports' answers come from.

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

@WebActor
struct LibraryH3lpAPI {
    let api: HTTPAPI
    let hours: HoursWeb
    let presence: Presence
    private let zones = ZoneShelf()

    init(api: HTTPAPI, hours: HoursWeb, presence: Presence) {
        (self.api, self.hours, self.presence) = (api, hours, presence)
    }

    private struct Success: Encodable {
        var success: Bool
        var error: String?
    }

    func install(on server: WebServer) {
        for version in LibraryH3lp.versions {
            server.post("/\(version)/auth/login", bodyBytesMax: 4_096) { request, responder in signIn(request, responder) }
            server.post("/\(version)/auth/logout", bodyBytesMax: 1_024) { request, responder in signOut(request, responder) }
            for list in ["conversations", "activity"] {
                server.route([.get], prefix: "/\(version)/\(list)") { request, responder in
                    listChats(request, hasT: version == LibraryH3lp.versions[0], responder)
                }
            }
            server.route([.get], prefix: "/\(version)/reports") { request, responder in report(request, responder) }
            server.route([.get], prefix: "/\(version)/queues") { request, responder in queues(request, responder) }
            server.route([.post], prefix: "/\(version)/queues", bodyBytesMax: 4_096) { request, responder in transfer(request, responder) }
            server.route([.get], prefix: "/\(version)/users") { request, responder in users(request, responder) }
        }
    }

    // MARK: Sign-in

    private struct SignedIn: Encodable {
        var success = true
        /// Of whoever sees lists of chats; null for others, as the vendor's library tells admins by it.
        var account: OldValue

        enum CodingKeys: String, CodingKey {
            case success
            case account = "account_id"
        }
    }

    /// The same passwords, sign-ins and patience as the desk's (`SignInBrake`).
    private func signIn(_ request: Request, _ responder: Responder) {
        guard let name = request.form("username"), let password = request.form("password") else {
            return fail("Send `username` and `password` as a form, in the body.", 400, responder)
        }
        let isSecure = request.isSecure
        let ask = SignInAsk(
            name: LibraryH3lp.localPart(name), password: password, code: request.form("code") ?? "",
            browser: request.cookie(HTTPAPI.browserCookieName),
            network: request.network,
            isScript: true)
        api.services.signIn(ask) { outcome in
            switch outcome {
            case .signedIn(let token, _, _, _):
                api.services.person(token) { person in
                    let seesChats = person.map { $0.isAdmin || $0.committee != nil } ?? false
                    let account = seesChats ? person.map { LibraryH3lp.number("account", $0.library.text) } : nil
                    var response = api.json(SignedIn(account: OldValue(account)), 200)
                    response.setHeader("Set-Cookie", api.cookie(token, isSecure: isSecure))
                    responder.send(response)
                }
            // The vendor's library reads the reason where the answer is a 200 alone.
            case .wrongPassword: fail("That name and password do not belong together.", 200, responder)
            case .lacks(let check): fail(check.sentence, 200, responder)
            case .closed(let sentence): fail(sentence, 503, responder)
            // Chosen at the desk alone.
            case .badPassword(let sentence): fail(sentence, 200, responder)
            case .tooMany(let retryMs):
                var response = api.json(Success(success: false, error: "Too many tries; wait a moment and try again."), 429)
                response.setHeader("Retry-After", "\(retryMs / 1_000 + 1)")
                responder.send(response)
            case .homeUnreachable:
                fail("Neither the library's node nor its standby answers, so the password cannot be checked. Tell LTG.", 503, responder)
            }
        }
    }

    private func signOut(_ request: Request, _ responder: Responder) {
        if let token = request.cookie(HTTPAPI.cookieName) { api.services.signOut(token) }
        var response = api.json(Success(success: true), 200)
        response.setHeader("Set-Cookie", HTTPAPI.noCookie)
        responder.send(response)
    }

    private func fail(_ sentence: String, _ status: Int, _ responder: Responder) {
        responder.send(api.json(Success(success: false, error: sentence), status))
    }

    // MARK: Chats

    private func listChats(_ request: Request, hasT: Bool, _ responder: Responder) {
        api.overseer(request, responder) { person in
            withClock(request, person, responder) { clock in
                let days: ClosedRange<CalendarDay>
                do throws(AskMistake) {
                    days = try ConversationDays.days(Array(request.segments.dropFirst(2)), to: request.query("to"))
                } catch { return fail(error.text, 400, responder) }
                // A library's own people know who answered, as its transcripts say it; others see which library.
                let style = ConversationStyle(
                    clock: clock, host: LibraryH3lp.host(request.headers["host"]), hasT: hasT, namesPeople: person?.committee == nil)
                let seconds = clock.seconds(days)
                let started = UInt64(max(0, seconds.lowerBound)) * 1_000..<UInt64(max(0, seconds.upperBound)) * 1_000
                api.services.conversations(started) { result in
                    switch result {
                    case .success(let chats):
                        let theirs = chats.filter { person == nil || person?.committee != nil || $0.library == person?.library }
                        write(theirs, style, responder)
                    case .failure(.tooMany):
                        let text = "There are more than \(LibraryH3lp.conversationsMax) chats in these days; ask for fewer days."
                        fail(text, 400, responder)
                    case .failure(.unreadable):
                        fail("The chats of this node cannot be read now; try again in a moment.", 503, responder)
                    }
                }
            }
        }
    }

    /// Ten thousand of them are some megabytes: written off the loop.
    private func write(_ chats: [Conversation], _ style: ConversationStyle, _ responder: Responder) {
        Task { @WebActor in
            let bytes = try? await WebActor.loop.work { Result { Array(try JSONEncoder().encode(chats.map(style.line))) } }
            switch bytes {
            case .success(let bytes)?: responder.send(api.json(bytes: bytes, 200))
            case .failure(let error)?: fail("The list could not be written: \(error).", 500, responder)
            case nil: fail("This node has too much to do just now; try again in a moment.", 503, responder)
            }
        }
    }

    // MARK: Reports

    private func report(_ request: Request, _ responder: Responder) {
        let parts = request.segments.dropFirst(2)
        guard parts.count == 1, let report = parts.first.flatMap({ ConversationReport(rawValue: $0) }) else {
            let names = ConversationReport.allCases.map(\.rawValue).joined(separator: ", ")
            return fail("There is no such report; there are: \(names).", 400, responder)
        }
        api.overseer(request, responder) { person in
            withClock(request, person, responder) { clock in
                api.services.board { board in
                    guard let board else { return fail("The node is starting; try again in a moment.", 503, responder) }
                    do throws(AskMistake) {
                        let days = try HTTPAPI.days(
                            request, today: clock.day(at: hours.now), daysMax: ReportSheet.daysMax, from: "start", to: "end")
                        let table = ConversationTable(clock: clock, days: days, withUnanswered: request.query("notanswered") == "true")
                        read(report, table, try homes(request, person, board), board, responder)
                    } catch { fail(error.text, 400, responder) }
                }
            }
        }
    }

    /// Of whose chats a report is: all that the reader may see, or those that `queues` names.
    private func homes(_ request: Request, _ person: Operator?, _ board: Board) throws(AskMistake) -> [LibraryName?] {
        let seesAll = person == nil || person?.committee != nil
        let all = board.libraries.map { Optional($0.name) } + [nil]
        let theirs = seesAll ? all : all.filter { $0 == person?.library }
        // `1,2`, `[1, 2]`, and one by one.
        let words = (request.queries("queues") + request.queries("queues[]")).flatMap {
            $0.split(whereSeparator: { ", []".contains($0) }).map(String.init)
        }
        guard !words.isEmpty else { return theirs }
        let roster = OldRoster(board: board, presence: presence.snapshot)
        var wanted: Set<LibraryName?> = []
        for word in words {
            guard let queue = roster.queue(word), theirs.contains(queue.library) else {
                throw AskMistake(text: "There is no queue `\(word)` whose reports you may read; `queues` lists them.")
            }
            wanted.insert(queue.library)
        }
        return theirs.filter(wanted.contains)
    }

    private func read(
        _ report: ConversationReport, _ table: ConversationTable, _ homes: [LibraryName?], _ board: Board, _ responder: Responder
    ) {
        api.services.tally(TallyWish(homes: homes, hours: table.clock.hours(table.days))) { answer in
            guard let answer else {
                let text = "Chats are not counted here yet, as one of the coordinators is to be updated first, or they cannot be asked now."
                return fail(text, 503, responder)
            }
            let books = Dictionary(answer.books.map { ($0.part.place, $0.entries) }, uniquingKeysWith: { first, _ in first })
            let counts = homes.map { home in
                // A library with one queue goes by that queue's name, as scripts know it.
                let queues = board.queues.filter { $0.queue.library == home }
                let name = queues.count == 1 ? queues[0].queue.name.text : home?.text ?? ReportsAPI.generalName
                return ConversationCounts(home: home, name: name, cells: books[TallyPlace(of: home)] ?? [])
            }
            responder.send(api.csv(table.text(report, counts), named: report.rawValue))
        }
    }

    // MARK: Queues and people

    private func users(_ request: Request, _ responder: Responder) {
        withRoster(responder) { roster in
            let parts = Array(request.segments.dropFirst(2))
            guard let first = parts.first else { return responder.send(api.json(roster.users, 200)) }
            guard let person = roster.person(first) else { return fail("There is nobody called `\(first)`.", 404, responder) }
            switch Array(parts.dropFirst()) {
            case []: responder.send(api.json(roster.line(person), 200))
            case ["assignments"]: responder.send(api.json(roster.assignments(of: person), 200))
            default: fail("Of a person there is only `assignments`.", 404, responder)
            }
        }
    }

    private func queues(_ request: Request, _ responder: Responder) {
        withRoster(responder) { roster in
            let parts = Array(request.segments.dropFirst(2))
            guard let first = parts.first else { return responder.send(api.json(roster.queues, 200)) }
            guard let queue = roster.queue(first) else { return fail("There is no queue `\(first)`.", 404, responder) }
            switch Array(parts.dropFirst()) {
            case []: responder.send(api.json(roster.line(queue), 200))
            case ["operators"]: responder.send(api.json(roster.operators(of: queue), 200))
            default:
                withHeld(request, parts, responder) { _ in
                    let host = LibraryH3lp.host(request.headers["host"])
                    responder.send(api.json(["queues": roster.targets(besides: queue.name, host: host), "users": []], 200))
                }
            }
        }
    }

    private func withRoster(_ responder: Responder, _ body: @escaping @Sendable @WebActor (OldRoster) -> Void) {
        api.services.board { board in
            guard let board else { return fail("The node is starting; try again in a moment.", 503, responder) }
            body(OldRoster(board: board, presence: presence.snapshot))
        }
    }

    // MARK: Transfers

    private struct Wish: Decodable {
        var target: String
    }

    /// Offered in the name of whoever holds the chat; from there on it is a transfer as every other: the patron is asked, and it stays where it is until somebody picks it up.
    private func transfer(_ request: Request, _ responder: Responder) {
        let isJSON = request.headers["content-type"]?.hasPrefix("application/json") ?? false
        let said = isJSON ? (try? JSONDecoder().decode(Wish.self, from: Data(request.body)))?.target : request.form("target")
        withRoster(responder) { roster in
            withHeld(request, Array(request.segments.dropFirst(2)), responder) { held in
                guard let said else { return fail("Send `target`, the queue's address, as a form or as {\"target\":…}.", 400, responder) }
                guard let target = roster.target(said) else { return fail("There is no queue `\(said)`.", 404, responder) }
                var generator = SystemRandomNumberGenerator()
                let offer = OfferTransfer(
                    chat: held.chat, token: held.token, target: target, request: RequestID(using: &generator), consentGiven: false, note: ""
                )
                api.services.propose(.offerTransfer(offer)) { verdict in
                    switch verdict {
                    case .accepted?: responder.send(api.json(Success(success: true), 200))
                    case .refused(let refusal)?: fail(refusal.sentence, 409, responder)
                    case nil: fail("The node stopped before it was done; ask again.", 503, responder)
                    }
                }
            }
        }
    }

    /// `QUEUE/calls/GUEST/CHAT/transfer`: goes on with the chat, if whoever asks holds it.
    private func withHeld(
        _ request: Request, _ parts: [String], _ responder: Responder, _ body: @escaping @Sendable @WebActor (HeldChat) -> Void
    ) {
        guard parts.count == 5, parts[1] == "calls", parts[4] == "transfer", let number = UInt64(parts[3]) else {
            let text =
                "Of a queue there are `operators` and `calls/GUEST/CHAT/transfer`, with guest and chat as the list of chats has them."
            return fail(text, 404, responder)
        }
        guard let token = request.cookie(HTTPAPI.cookieName) else {
            return fail("A transfer is made by the person who holds the chat: sign in as that person.", 403, responder)
        }
        api.services.held(number, token) { held in
            guard let held, LibraryH3lp.localPart(parts[2]) == held.chat.text else {
                let text =
                    "You do not hold this chat at a desk of this node; claim it at the desk first, and ask the node at which you are signed on."
                return fail(text, 409, responder)
            }
            body(held)
        }
    }

    // MARK: Time

    /// In the zone that the request names, else the reader's library's, else UTC.
    private func withClock(
        _ request: Request, _ person: Operator?, _ responder: Responder, _ body: @escaping @Sendable @WebActor (LocalClock) -> Void
    ) {
        let said = request.query("timezone") ?? request.cookie(LibraryH3lp.zoneCookieName).map { $0.filter { $0 != "\"" } } ?? ""
        guard !said.isEmpty else { return body(LocalClock((person.map { hours.entry($0.library) } ?? hours.libraries.first)?.schedule)) }
        guard said != "UTC" else { return body(LocalClock(nil)) }
        zones.rules(said) { rules in
            guard let rules else {
                return fail("There is no time zone `\(said)`; name one such as America/Chicago, or UTC.", 400, responder)
            }
            body(LocalClock(zone: said, rules))
        }
    }
}

/// The rules of zones that scripts named, read once.
@WebActor
private final class ZoneShelf {
    private var found: [String: ZoneRules] = [:]
    private static let zonesMax = 64
    nonisolated init() {}

    /// `nil` for what is no zone of this machine.
    func rules(_ zone: String, _ body: @escaping @Sendable @WebActor (ZoneRules?) -> Void) {
        if let rules = found[zone] { return body(rules) }
        guard LibraryHours.isZoneName(zone) else { return body(nil) }
        Task { @WebActor in
            let rules = try? await ZoneFiles.read(zone).get()
            if let rules, found.count < Self.zonesMax { found[zone] = rules }
            body(rules)
        }
    }
}
