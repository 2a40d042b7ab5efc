/// `GET /api/ledger` and `/api/ledger.csv`: the ledger of posted against staffed. For a library's admin that of the own library, for ChatWog and RMT, and for
/// whoever has the node's admin token, that of all. `library`, `from` and `to` (days, of the library's own calendar) choose; of the CSV also `rows`, `days` or `gaps`.

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

@WebActor
struct LedgerAPI {
    let api: HTTPAPI
    let hours: HoursWeb

    /// How many days are shown where none are named: today and those before it.
    private static let daysUsual = 30

    /// What is wanted of one library.
    private struct Want: Sendable {
        var entry: HoursEntry
        var schedule: Schedule
        var days: ClosedRange<CalendarDay>
    }

    func install(on server: WebServer) {
        server.get("/api/ledger") { request, responder in
            reader(request, responder) { person in
                read(request, person, responder) { sheets in
                    let withDays = sheets.count == 1
                    let report = LedgerReport(
                        libraries: sheets.map { LedgerReport.Sheet($0.want.entry, $0.want.schedule, $0.sheet, withDays: withDays) })
                    responder.send(api.json(report, 200))
                }
            }
        }
        server.get("/api/ledger.csv") { request, responder in
            let rows = request.query("rows") ?? "days"
            guard rows == "days" || rows == "gaps" else {
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: "`rows` is `days` or `gaps`, not `\(rows)`."), 400))
            }
            reader(request, responder) { person in
                read(request, person, responder) { sheets in
                    let lines = sheets.map { want, sheet in
                        rows == "days"
                            ? LedgerTable.days(want.entry.library, sheet) : LedgerTable.gaps(want.entry.library, sheet, want.schedule)
                    }
                    let text = (rows == "days" ? LedgerTable.dayHead : LedgerTable.gapHead) + lines.joined()
                    let headers = [
                        (name: "Content-Type", value: "text/csv; charset=utf-8"), ("Cache-Control", "no-store"),
                        ("X-Content-Type-Options", "nosniff"), ("Content-Disposition", "attachment; filename=\"ledger-\(rows).csv\""),
                    ]
                    responder.send(Response(status: 200, headers: headers, body: Array(text.utf8)))
                }
            }
        }
    }

    /// Goes on with the person who is signed in at this browser, or `nil` for the node's admin; else the request is answered.
    private func reader(_ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator?) -> Void) {
        guard request.headers["authorization"] == nil else {
            if api.isAdmin(request, responder) { body(nil) }
            return
        }
        api.services.canned(request.cookie(HTTPAPI.cookieName) ?? "") { person, _ in
            guard let person else {
                return responder.send(api.json(HTTPAPI.Said(code: "signIn", text: "Sign in at the desk first; then load this again."), 401))
            }
            guard person.isAdmin || person.committee != nil else {
                let text = "The ledger is for your library's admin, ChatWog and RMT to read; ask one of them."
                return responder.send(api.json(HTTPAPI.Said(code: "notAllowed", text: text), 403))
            }
            body(person)
        }
    }

    private func read(
        _ request: Request, _ person: Operator?, _ responder: Responder,
        _ body: @escaping @Sendable @WebActor ([(want: Want, sheet: LedgerSheet)]) -> Void
    ) {
        let wants: [Want]
        do throws(AskMistake) {
            wants = try wanted(request, person)
        } catch {
            return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: error.text), 400))
        }
        let parts = wants.map { LedgerPart(library: $0.entry.library, minutes: LedgerSheet.minutes($0.days, $0.schedule)) }
        let now = hours.now
        api.services.ledger(parts) { books in
            guard let books else {
                let text = "The coordinators cannot be asked now, or one of them is to be updated first; try again in a moment."
                return responder.send(api.json(HTTPAPI.Said(code: "notAvailable", text: text), 503))
            }
            let runs = Dictionary(books.map { ($0.part.library, $0.runs) }, uniquingKeysWith: { first, _ in first })
            body(wants.map { ($0, LedgerSheet(runs[$0.entry.library] ?? [], days: $0.days, $0.schedule, now: now)) })
        }
    }

    private func wanted(_ request: Request, _ person: Operator?) throws(AskMistake) -> [Want] {
        let seesAll = person == nil || person?.committee != nil
        let all = hours.libraries.filter { seesAll || $0.library == person?.library }
        guard let name = request.query("library") else {
            let own = seesAll ? nil : all.first
            if let own { return [try want(own, request)] }
            var wants: [Want] = []
            for entry in all where entry.schedule != nil { wants.append(try want(entry, request)) }
            return wants
        }
        guard let entry = all.first(where: { $0.library.text == name }) else {
            throw AskMistake(
                text: seesAll ? "There is no library `\(name)`." : "You may read the ledger of your own library, not that of `\(name)`.")
        }
        return [try want(entry, request)]
    }

    private func want(_ entry: HoursEntry, _ request: Request) throws(AskMistake) -> Want {
        guard let schedule = entry.schedule else {
            throw AskMistake(
                text: entry.problem.map { "The hours of \(entry.library) cannot be reckoned: \($0)." }
                    ?? "\(entry.library) posted no hours, so there is no ledger of it.")
        }
        let today = schedule.day(at: hours.now)
        let to = try day(request, "to") ?? today
        let from = try day(request, "from") ?? to.adding(days: 1 - Self.daysUsual)
        guard from <= to, to.number - from.number < LedgerSheet.daysMax else {
            throw AskMistake(
                text: "`from` is not after `to`, and \(LedgerSheet.daysMax) days are shown at most; found \(from.text) to \(to.text).")
        }
        return Want(entry: entry, schedule: schedule, days: from...to)
    }

    private func day(_ request: Request, _ name: String) throws(AskMistake) -> CalendarDay? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        guard let day = CalendarDay(text) else { throw AskMistake(text: "`\(name)` is a day such as 2026-11-27; found `\(text)`.") }
        return day
    }
}
