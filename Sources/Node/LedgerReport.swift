/// The ledger of posted against staffed as the API, the page and `callslip hours ledger` say it. Minutes are counted; times are the library's own.

import Consortium
import Hours

public struct LedgerReport: Codable, Sendable {
    public struct Sums: Codable, Sendable {
        public var posted: Int
        public var staffed: Int
        public var covered: Int
        public var unstaffed: Int
        public var closed: Int

        init(_ tally: LedgerTally) {
            posted = tally.posted
            staffed = tally.staffed
            covered = tally.covered
            unstaffed = tally.unstaffed
            closed = tally.closed
        }
    }
    public struct Gap: Codable, Sendable {
        public var from: String
        /// Missing where it goes on.
        public var until: String?
        public var minutes: Int
        public var covered: Int
    }
    public struct Part: Codable, Sendable {
        /// `staffed`, `covered`, `unstaffed` or `closed`.
        public var kind: String
        /// As clocks show it.
        public var from: String
        public var until: String
        /// Minutes since the day began.
        public var at: Int
        public var minutes: Int
    }
    public struct Day: Codable, Sendable {
        public var day: String
        /// All minutes of the day: 1,440 but where clocks are changed.
        public var length: Int
        public var sums: Sums
        public var parts: [Part]
    }
    public struct Sheet: Codable, Sendable {
        public var library: String
        public var title: String
        public var zone: String
        public var from: String
        public var to: String
        public var sums: Sums
        /// The newest, of those that there are.
        public var gaps: [Gap]
        public var gapCount: Int
        /// Only where there is one library to show.
        public var days: [Day]?
    }
    public var libraries: [Sheet]

    static let gapsMax = 200
}

extension LedgerReport.Sheet {
    init(_ entry: HoursEntry, _ schedule: Schedule, _ sheet: LedgerSheet, withDays: Bool) {
        library = entry.library.text
        title = entry.title
        zone = schedule.hours.zone
        from = sheet.days.first?.day.text ?? ""
        to = sheet.days.last?.day.text ?? ""
        sums = LedgerReport.Sums(sheet.tally)
        gapCount = sheet.gaps.count
        gaps = sheet.gaps.suffix(LedgerReport.gapsMax).map { gap in
            LedgerReport.Gap(
                from: schedule.stamp(gap.minutes.lowerBound), until: gap.isOpen ? nil : schedule.stamp(gap.minutes.upperBound),
                minutes: gap.minutes.count, covered: gap.covered)
        }
        guard withDays else { return }
        days = sheet.days.map { day in
            LedgerReport.Day(
                day: day.day.text, length: day.minutes.count, sums: LedgerReport.Sums(day.tally),
                parts: day.parts.map { piece in
                    LedgerReport.Part(
                        kind: piece.run.word, from: schedule.clock(piece.minutes.lowerBound),
                        until: schedule.clock(piece.minutes.upperBound),
                        at: Int(piece.minutes.lowerBound - day.minutes.lowerBound), minutes: piece.minutes.count)
                })
        }
    }
}

extension Schedule {
    fileprivate func clock(_ minute: LedgerMinute) -> String { String(stamp(minute).suffix(5)) }
}

extension LedgerRun {
    fileprivate var word: String {
        if hours == .closed { return "closed" }
        switch staffing {
        case .own: return "staffed"
        case .covered: return "covered"
        case .nobody: return "unstaffed"
        }
    }
}
