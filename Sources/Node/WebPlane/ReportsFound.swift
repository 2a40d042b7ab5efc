/// What the coordinators told for a report, and what is made of it. Nothing here waits for anything, so it is put together off the loop.

import Consortium
import Hours

struct ReportsFound: Sendable {
    var want: ReportsAPI.Want
    var titles: [LibraryName: String]
    var terms: [Term]
    /// Those of the homes that are wanted.
    var queues: [Queue]
    var books: [TallyPlace: [TallyHourCell]]
    /// `nil` where the coordinators keep no books of duty yet, or could not be asked.
    var duty: [LibraryName: [DutyRun]]?
    /// When it was asked, in Unix seconds.
    var now: Int64

    func table(_ rows: ReportTable.Rows) -> String {
        let lines: [String] =
            switch rows {
            case .answers: want.homes.map { ReportTable.answers($0.name, sheet(of: $0.library, everybody: nil).sums) }
            case .queues:
                queueSums.map { ReportTable.queue($0.queue.library?.text ?? ReportsAPI.generalName, $0.queue.name, $0.sums) }
            case .days, .weeks, .weekdays, .hours:
                lines(rows)
            }
        return ReportTable.head(rows) + lines.joined()
    }

    private func lines(_ rows: ReportTable.Rows) -> [String] {
        let everybody = want.homes.contains { $0.library == nil } ? everybody : nil
        return want.homes.map { ReportTable.lines(rows, $0.name, sheet(of: $0.library, everybody: everybody)) }
    }

    func report(_ ledger: LedgerTally?) -> ReportsReport {
        var whole = ReportSheet(want.days, want.clock)
        for home in want.homes { whole.add(books[TallyPlace(of: home.library)] ?? [], home: home.library) }
        if let everybody { whole.add(everybody, now: now) }
        var report = ReportsReport(whole, titles: titles)
        if want.isOne { (report.library, report.title) = (want.homes[0].name, want.homes[0].title) }
        report.choices = want.choices.map { ReportsReport.Choice(library: $0.name, title: $0.title) }
        report.terms = terms.map { ReportsReport.Term(title: $0.title, kind: $0.kind.text, first: $0.first.text, last: $0.last.text) }
        report.queues = queueSums.map { ReportsReport.Offers($0.queue, $0.sums) }
        report.ledger = ledger.map { LedgerReport.Sums($0) }
        if whole.knowsDuty {
            report.duty = ReportsReport.Duty(
                minutes: whole.sums.duty.minutes, peopleMinutes: whole.sums.duty.peopleMinutes,
                libraries: want.staffed.map { library, title in
                    ReportsReport.Duty.Line(library: library, title: title, sheet(of: library, everybody: nil).sums)
                })
        }
        guard !want.isOne else { return report }
        report.libraries = want.homes.map {
            ReportsReport.Line(
                library: $0.name, title: $0.title, numbers: ReportsReport.Numbers(sheet(of: $0.library, everybody: nil).sums))
        }
        return report
    }

    /// When somebody of any library was on duty.
    private var everybody: [DutyRun]? { duty.map { .together(Array($0.values)) } }

    /// - Parameter everybody: of whom the general queue's own button is; `nil` where its time on duty is not looked at.
    private func sheet(of home: LibraryName?, everybody: [DutyRun]?) -> ReportSheet {
        var sheet = ReportSheet(want.days, want.clock)
        sheet.add(books[TallyPlace(of: home)] ?? [], home: home)
        if let home {
            if let duty { sheet.add(duty[home] ?? [], now: now) }
        } else if let everybody {
            sheet.add(everybody, now: now)
        }
        return sheet
    }

    private var queueSums: [(queue: Queue, sums: ReportSums)] {
        queues.map { queue in
            var sheet = ReportSheet(want.days, want.clock)
            sheet.add(books[.queue(queue.name)] ?? [], home: queue.library)
            return (queue, sheet.sums)
        }
    }
}
