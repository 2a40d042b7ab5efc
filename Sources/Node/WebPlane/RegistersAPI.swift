/// Registers over HTTP: `/api/registers` has the forms, `/api/registers/entries` what was filled in, `/api/directory` searches liaisons and agreements, and
/// `/api/notices` says what the person at the desk should know. For whoever is signed in, and with the node's admin token for LTG.

import Consortium
import EventLoop
import FoundationEssentials
import Logging
import SQLite
import Web

@WebActor
final class RegistersAPI {
    private let api: HTTPAPI
    private let hours: HoursWeb
    private let logger: Logger
    private let directory = Directory()

    private static let form =
        "Send {\"id\":ID,\"version\":N,\"register\":NAME,\"answers\":{…}} or {\"id\":ID,\"version\":N,\"drop\":true} as application/json."
    private static let bodyBytesMax = 64 * 1_024

    init(api: HTTPAPI, hours: HoursWeb, logger: Logger) {
        self.api = api
        self.hours = hours
        self.logger = logger
    }

    func install(on server: WebServer) {
        server.get("/api/registers") { [self] request, responder in
            reader(request, responder) { [self] person, board, _ in responder.send(api.json(RegistersReport(board, for: person), 200)) }
        }
        server.get("/api/registers/entries") { [self] request, responder in
            guard let register = request.query("register").flatMap({ Register(named: $0) }) else {
                let names = Register.allCases.map { "`\($0.form.name)`" }.joined(separator: ", ")
                return say("invalid", "`register` is one of \(names).", 400, responder)
            }
            reader(request, responder) { [self] person, board, entries in
                responder.send(api.json(RegisterEntries(register, entries, board, for: person), 200))
            }
        }
        server.post("/api/registers", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in write(request, responder) }
        server.get("/api/directory") { [self] request, responder in search(request, responder) }
        server.get("/api/notices") { [self] request, responder in
            reader(request, responder) { [self] person, board, entries in
                guard let person else { return say("signIn", "Notices are for a person at the desk.", 401, responder) }
                let report = NoticesReport(entries.values, board, for: person, today: today(person.library))
                guard person.isDirector else { return responder.send(api.json(report, 200)) }
                api.services.wishes(request.cookie(HTTPAPI.cookieName) ?? "") { [self] _, _, wishes in
                    var report = report
                    let now = WallClock.nowMs
                    report.decisions = (wishes ?? []).filter { $0.stage == .waiting && $0.isOpen(atWallMs: now) }.map(\.id.text)
                    responder.send(api.json(report, 200))
                }
            }
        }
    }

    private func write(_ request: Request, _ responder: Responder) {
        // A page of another origin cannot send this type without asking first, and is not allowed.
        guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
            let ask = try? JSONDecoder().decode(EntryAsk.self, from: Data(request.body))
        else { return say("invalid", Self.form, 400, responder) }
        reader(request, responder) { [self] person, _, _ in
            do throws(AskMistake) {
                let command = try ask.command(by: person.map { .person($0.name) } ?? .admin)
                api.propose([command], done: ask.drop ?? false ? "Deleted." : "Saved.", responder)
            } catch { say("invalid", error.text, 400, responder) }
        }
    }

    private func search(_ request: Request, _ responder: Responder) {
        let typed = request.query("q") ?? ""
        reader(request, responder) { [self] person, board, entries in
            let titles = Dictionary(board.libraries.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
            Task { @WebActor [directory] in
                let found = try? await WebActor.loop.work {
                    Result { () throws(SQLiteError) in try directory.find(typed, in: entries, titles: titles) }
                }
                switch found {
                case .success(let ids)?:
                    responder.send(api.json(DirectoryReport(ids.compactMap { entries[$0] }, board, today: today(person?.library)), 200))
                case .failure(let error)?:
                    logger.error("the directory cannot be searched", metadata: ["why": "\(error)"])
                    say("failed", "The directory cannot be searched at this node now; try again, and tell LTG.", 500, responder)
                case nil: say("busy", "This node has too much to do just now; try again in a moment.", 503, responder)
                }
            }
        }
    }

    /// By the library's own calendar, or the world's.
    private func today(_ library: LibraryName?) -> CalendarDay? {
        let schedule = hours.libraries.first { $0.library == library }?.schedule
        return schedule?.day(at: hours.now) ?? CalendarDay(number: Int32(clamping: hours.now / 86_400))
    }

    private func say(_ code: String, _ text: String, _ status: Int, _ responder: Responder) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    /// Goes on with the person who is signed in at this browser, or `nil` for the node's admin; else the request is answered.
    private func reader(
        _ request: Request, _ responder: Responder,
        _ body: @escaping @Sendable @WebActor (Operator?, Board, [EntryID: RegisterEntry]) -> Void
    ) {
        let isToken = api.carriesToken(request)
        api.services.registers(isToken ? nil : request.cookie(HTTPAPI.cookieName) ?? "") { [self] person, board, entries in
            guard let board else {
                return say("notAvailable", "This node has not heard of the consortium yet; try again in a moment.", 503, responder)
            }
            guard isToken || person != nil else { return say("signIn", "The sign-in has ended; sign in again.", 401, responder) }
            body(person, board, entries)
        }
    }
}
