/// What the ledger and the reports ask alike: who reads, which days are meant, and how a table is taken away.

import Consortium
import EventLoop
import FoundationEssentials
import Web

extension HTTPAPI {
    /// How many days are shown where none are named: today and those before it.
    private static let daysUsual = 30

    /// Goes on with the person who is signed in at this browser, or with `nil` for the node's admin. Whether they may is the table's to say.
    func overseer(_ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator?) -> Void) {
        if carriesToken(request) { return body(nil) }
        services.person(request.cookie(Self.cookieName) ?? "") { person in
            // The sign-in may have ended since the gate asked.
            guard let person else { return responder.send(json(Said(code: "signIn", text: "The sign-in has ended; sign in again."), 401)) }
            body(person)
        }
    }

    /// The first and the last day that a request names, by these names.
    static func days(
        _ request: Request, today: CalendarDay, daysMax: Int, from first: String = "from", to last: String = "to"
    ) throws(AskMistake) -> ClosedRange<CalendarDay> {
        let to = try day(request, last) ?? today
        let from = try day(request, first) ?? to.adding(days: 1 - daysUsual)
        guard from <= to, to.number - from.number < daysMax else {
            throw AskMistake(
                text: "`\(first)` is not after `\(last)`, and \(daysMax) days are shown at most; found \(from.text) to \(to.text).")
        }
        return from...to
    }

    private static func day(_ request: Request, _ name: String) throws(AskMistake) -> CalendarDay? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        guard let day = CalendarDay(text) else { throw AskMistake(text: "`\(name)` is a day such as 2026-11-27; found `\(text)`.") }
        return day
    }

    func csv(_ text: String, named name: String) -> Response {
        let headers = [
            (name: "Content-Type", value: "text/csv; charset=utf-8"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", "attachment; filename=\"\(name).csv\""),
        ]
        return Response(status: 200, headers: headers, body: Array(text.utf8))
    }
}
