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
    private struct Want: Sendable {
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
                    withLedger(want) { ledger in responder.send(api.json(report(want, found, ledger), 200)) }
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
                read(want, responder) { found in responder.send(api.csv(table(rows, want, found), named: "reports-\(rows.rawValue)")) }
            }
        }
    }

    /// What the coordinators told of the places of a `Want`.
    private struct Found: Sendable {
        var queues: [Queue]
        var books: [TallyPlace: [TallyHourCell]]
        /// `nil` where the coordinators keep no books of duty yet.
        var duty: [LibraryName: [DutyRun]]?
        /// When it was asked, in Unix seconds.
        var now: Int64

        /// Of the general queue's own button: of everybody who staffs it.
        func duty(of home: LibraryName?) -> [DutyRun]? {
            guard let home else { return duty.map { .together(Array($0.values)) } }
            return duty.map { $0[home] ?? [] }
        }
    }

    private func read(_ want: Want, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Found) -> Void) {
        api.services.tally(TallyWish(homes: want.homes.map(\.library), hours: want.clock.hours(want.days))) { answer in
            guard let answer else {
                let text =
                    "Chats are not counted here yet, as one of the coordinators is to be updated first, or they cannot be asked now; try again in a moment."
                return responder.send(api.json(HTTPAPI.Said(code: "notAvailable", text: text), 503))
            }
            let books = Dictionary(answer.books.map { ($0.part.place, $0.entries) }, uniquingKeysWith: { first, _ in first })
            let minutes = ReportSheet(want.days, want.clock).minutes
            api.services.duty(want.staffed.map { DutyPart(library: $0.library, minutes: minutes) }) { runs in
                let duty = runs.map { Dictionary($0.map { ($0.part.library, $0.entries) }, uniquingKeysWith: { first, _ in first }) }
                body(Found(queues: answer.queues, books: books, duty: duty, now: hours.now))
            }
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

    // MARK: What was found, put together

    private func sheet(of home: LibraryName?, _ want: Want, _ found: Found) -> ReportSheet {
        var sheet = ReportSheet(want.days, want.clock)
        sheet.add(found.books[TallyPlace(of: home)] ?? [], home: home)
        if let duty = found.duty(of: home) { sheet.add(duty, now: found.now) }
        return sheet
    }

    private func sheets(_ want: Want, _ found: Found) -> [(home: Home, sheet: ReportSheet)] {
        want.homes.map { ($0, sheet(of: $0.library, want, found)) }
    }

    private func queues(_ want: Want, _ found: Found) -> [(queue: Queue, sums: ReportSums)] {
        found.queues.map { queue in
            var sheet = ReportSheet(want.days, want.clock)
            sheet.add(found.books[.queue(queue.name)] ?? [], home: queue.library)
            return (queue, sheet.sums)
        }
    }

    private func table(_ rows: ReportTable.Rows, _ want: Want, _ found: Found) -> String {
        let lines: [String] =
            switch rows {
            case .answers: sheets(want, found).map { ReportTable.answers($0.home.name, $0.sheet.sums) }
            case .queues:
                queues(want, found).map { ReportTable.queue($0.queue.library?.text ?? Self.generalName, $0.queue.name, $0.sums) }
            case .days, .weeks, .weekdays, .hours: sheets(want, found).map { ReportTable.lines(rows, $0.home.name, $0.sheet) }
            }
        return ReportTable.head(rows) + lines.joined()
    }

    private func report(_ want: Want, _ found: Found, _ ledger: LedgerTally?) -> ReportsReport {
        var whole = ReportSheet(want.days, want.clock)
        for home in want.homes { whole.add(found.books[TallyPlace(of: home.library)] ?? [], home: home.library) }
        if let duty = found.duty { whole.add(.together(Array(duty.values)), now: found.now) }
        let titles = Dictionary(hours.libraries.map { ($0.library, $0.title) }, uniquingKeysWith: { first, _ in first })
        var report = ReportsReport(whole, titles: titles)
        if want.isOne { (report.library, report.title) = (want.homes[0].name, want.homes[0].title) }
        report.choices = want.choices.map { ReportsReport.Choice(library: $0.name, title: $0.title) }
        report.terms = (hours.usualSchedule?.terms.terms ?? []).map {
            ReportsReport.Term(title: $0.title, kind: $0.kind.text, first: $0.first.text, last: $0.last.text)
        }
        report.queues = queues(want, found).map { ReportsReport.Offers($0.queue, $0.sums) }
        report.ledger = ledger.map { LedgerReport.Sums($0) }
        let sheets = sheets(want, found)
        if whole.knowsDuty {
            // Where it is about the general queue's own button, libraries' books of chats were not asked for.
            let known = Dictionary(
                sheets.compactMap { entry in entry.home.library.map { ($0, entry.sheet) } }, uniquingKeysWith: { first, _ in first })
            report.duty = ReportsReport.Duty(
                minutes: whole.sums.duty.minutes, peopleMinutes: whole.sums.duty.peopleMinutes,
                libraries: want.staffed.map { library, title in
                    ReportsReport.Duty.Line(library: library, title: title, (known[library] ?? sheet(of: library, want, found)).sums)
                })
        }
        guard !want.isOne else { return report }
        report.libraries = sheets.map {
            ReportsReport.Line(library: $0.home.name, title: $0.home.title, numbers: ReportsReport.Numbers($0.sheet.sums))
        }
        return report
    }
}
