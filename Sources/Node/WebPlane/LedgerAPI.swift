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

    /// What is wanted of one library.
    private struct Want: Sendable {
        var entry: HoursEntry
        var schedule: Schedule
        var days: ClosedRange<CalendarDay>
    }

    func install(on server: WebServer) {
        server.get("/api/ledger") { request, responder in
            api.overseer(request, responder) { person in
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
            api.overseer(request, responder) { person in
                read(request, person, responder) { sheets in
                    let lines = sheets.map { want, sheet in
                        rows == "days"
                            ? LedgerTable.days(want.entry.library, sheet) : LedgerTable.gaps(want.entry.library, sheet, want.schedule)
                    }
                    let text = (rows == "days" ? LedgerTable.dayHead : LedgerTable.gapHead) + lines.joined()
                    responder.send(api.csv(text, named: "ledger-\(rows)"))
                }
            }
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
            let runs = Dictionary(books.map { ($0.part.library, $0.entries) }, uniquingKeysWith: { first, _ in first })
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
        let days = try HTTPAPI.days(request, today: schedule.day(at: hours.now), daysMax: LedgerSheet.daysMax)
        return Want(entry: entry, schedule: schedule, days: days)
    }
}
