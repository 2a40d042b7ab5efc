/// `GET /api/reports` and `/api/reports.csv`: what became of chats, counted. For a library's admin those of the own library, for ChatWog and RMT, and for whoever has
/// the node's admin token, those of all, the general queue's own among them. `library` (a name, or `general`), `from` and `to` (days) choose; of the CSV also `rows`.

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

/// Of which libraries' chats the tally is wanted; `nil` among them for the general queue's own.
struct TallyWish: Sendable {
    var homes: [LibraryName?]
    var hours: Range<TallyHour>
}

/// What the coordinators counted, and the queues that belong to those homes.
struct TallyAnswer: Sendable {
    var queues: [Queue]
    var books: [TallyPlaceBook]
}

@WebActor
struct ReportsAPI {
    let api: HTTPAPI
    let hours: HoursWeb

    /// The general queue, where a library is named.
    nonisolated static let generalName = "general"

    /// One home of chats: a library, or the general queue.
    struct Home: Sendable {
        var library: LibraryName?
        var title: String
        var schedule: Schedule?
        var name: String { library?.text ?? ReportsAPI.generalName }
    }

    /// What is wanted.
    struct Want: Sendable {
        var homes: [Home]
        /// Whether it is about one home.
        var isOne: Bool
        var choices: [Home]
        /// Whose people's time on duty for the general queue is told: those of the libraries it is about, or of all where it is about that queue.
        var staffed: [(library: LibraryName, title: String)] {
            (homes.contains { $0.library == nil } ? choices : homes).compactMap { home in home.library.map { ($0, home.title) } }
        }
        var clock: LocalClock
        var days: ClosedRange<CalendarDay>
    }

    func install(on server: WebServer) {
        server.get("/api/reports") { request, responder in
            api.overseer(request, responder) { person in
                guard let want = want(request, person, responder) else { return }
                read(want, responder) { found in
                    withLedger(want) { ledger in
                        make(responder, { found.report(ledger) }) { api.json($0, 200) }
                    }
                }
            }
        }
        server.get("/api/reports.csv") { request, responder in
            let word = request.query("rows") ?? ReportTable.Rows.days.rawValue
            guard let rows = ReportTable.Rows(rawValue: word) else {
                let words = ReportTable.Rows.allCases.map(\.rawValue).joined(separator: ", ")
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: "`rows` is one of \(words); found `\(word)`."), 400))
            }
            api.overseer(request, responder) { person in
                guard let want = want(request, person, responder) else { return }
                read(want, responder) { found in
                    make(responder, { found.table(rows) }) { api.csv($0, named: "reports-\(rows.rawValue)") }
                }
            }
        }
    }

    private func read(_ want: Want, _ responder: Responder, _ body: @escaping @Sendable @WebActor (ReportsFound) -> Void) {
        // Of the general queue's own button it is also told what the people of all libraries answered there.
        let homes = want.homes.map(\.library)
        let others = want.staffed.map { Optional($0.library) }.filter { !homes.contains($0) }
        api.services.tally(TallyWish(homes: homes + others, hours: want.clock.hours(want.days))) { answer in
            guard let answer else {
                let text =
                    "Chats are not counted here yet, as one of the coordinators is to be updated first, or they cannot be asked now; try again in a moment."
                return responder.send(api.json(HTTPAPI.Said(code: "notAvailable", text: text), 503))
            }
            let books = Dictionary(answer.books.map { ($0.part.place, $0.entries) }, uniquingKeysWith: { first, _ in first })
            let minutes = ReportSheet(want.days, want.clock).minutes
            api.services.duty(want.staffed.map { DutyPart(library: $0.library, minutes: minutes) }) { runs in
                let duty = runs.map { Dictionary($0.map { ($0.part.library, $0.entries) }, uniquingKeysWith: { first, _ in first }) }
                let titles = Dictionary(hours.libraries.map { ($0.library, $0.title) }, uniquingKeysWith: { first, _ in first })
                body(
                    ReportsFound(
                        want: want, titles: titles, terms: hours.usualSchedule?.terms.terms ?? [],
                        queues: answer.queues.filter { homes.contains($0.library) }, books: books, duty: duty, now: hours.now))
            }
        }
    }

    /// A year of many libraries takes a while: it is put together off the loop.
    private func make<Made: Sendable>(
        _ responder: Responder, _ body: @escaping @Sendable () -> Made, _ answer: @escaping @Sendable @WebActor (Made) -> Response
    ) {
        Task { @WebActor in
            guard let made = try? await WebActor.loop.work(body) else {
                let text = "This node has too much to do just now; ask again in a moment."
                return responder.send(api.json(HTTPAPI.Said(code: "busy", text: text), 503))
            }
            responder.send(answer(made))
        }
    }

    /// The ledger of the same days, of those that posted hours; a report is not kept back for it.
    private func withLedger(_ want: Want, _ body: @escaping @Sendable @WebActor (LedgerTally?) -> Void) {
        var schedules: [LibraryName: Schedule] = [:]
        for home in want.homes { if let library = home.library { schedules[library] = home.schedule } }
        guard !schedules.isEmpty else { return body(nil) }
        let parts = schedules.map { LedgerPart(library: $0.key, minutes: LedgerSheet.minutes(want.days, $0.value)) }
        let (found, now) = (schedules, hours.now)
        api.services.ledger(parts) { books in
            let sums = books?.compactMap { book in
                found[book.part.library].map { LedgerSheet(book.entries, days: want.days, $0, now: now).tally }
            }
            body(sums?.reduce(LedgerTally()) { $0 + $1 })
        }
    }

    private func want(_ request: Request, _ person: Operator?, _ responder: Responder) -> Want? {
        do throws(AskMistake) {
            return try want(request, person)
        } catch {
            responder.send(api.json(HTTPAPI.Said(code: "invalid", text: error.text), 400))
            return nil
        }
    }

    private func want(_ request: Request, _ person: Operator?) throws(AskMistake) -> Want {
        let seesAll = person == nil || person?.committee != nil
        var choices = hours.libraries.filter { seesAll || $0.library == person?.library }
            .map { Home(library: $0.library, title: $0.title, schedule: $0.schedule) }
        if seesAll { choices.append(Home(library: nil, title: "The general queue’s own button", schedule: nil)) }
        var homes = choices
        let name = request.query("library") ?? ""
        if !name.isEmpty {
            homes = choices.filter { $0.name == name }
            guard !homes.isEmpty else {
                let text =
                    seesAll ? "There is no library `\(name)`." : "You may read the reports of your own library, not those of `\(name)`."
                throw AskMistake(text: text)
            }
        }
        let isOne = homes.count == 1
        let clock = LocalClock(isOne && homes[0].schedule != nil ? homes[0].schedule : hours.usualSchedule)
        let days = try HTTPAPI.days(request, today: clock.day(at: hours.now), daysMax: ReportSheet.daysMax)
        return Want(homes: homes, isOne: isOne, choices: choices, clock: clock, days: days)
    }
}
