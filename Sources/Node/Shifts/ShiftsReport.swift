/// Shifts as the API, the page and `callslip shifts` say them. Times are the library's own, beside those of the world in Unix milliseconds.

import Consortium
import Hours

/// A week of one library.
public struct ShiftsReport: Codable, Sendable {
    public struct Span: Codable, Sendable {
        /// As clocks show it: `09:00`; with the day where it is another one: `2026-12-01 00:30`.
        public var from: String
        public var until: String
        public var minutes: Int
    }

    public struct Handing: Codable, Sendable {
        /// Who had it, and who did it; the latter missing where it was LTG, with a node's admin token.
        public var from: String
        public var fromName: String
        public var by: String?
        public var byName: String?
        public var atMs: UInt64
    }

    public struct Planned: Codable, Sendable {
        public var id: String
        /// What a swap names.
        public var version: UInt64
        public var person: String
        public var name: String
        /// Counts for no gap: a trainee needs somebody beside them.
        public var trainee: Bool
        public var day: String
        public var from: String
        public var until: String
        public var fromMs: UInt64
        public var untilMs: UInt64
        /// `library`, `general` or `both`; missing where it was not said.
        public var duty: String?
        public var isOver: Bool
        /// Missing as long as it is as it was imported.
        public var handed: Handing?
    }

    public struct Day: Codable, Sendable {
        public var day: String
        public var posted: [Span]
        /// What of it nobody planned for.
        public var gaps: [Span]
        public var shifts: [Planned]
    }

    public struct Person: Codable, Sendable {
        public var name: String
        public var display: String
    }

    public var library: String
    public var title: String
    /// The IANA name; missing where the library posted no hours, and times are UTC.
    public var zone: String?
    /// Monday of the week, the one before and the one after, and the day it is there.
    public var week: String
    public var before: String
    public var after: String
    public var today: String
    /// What an import names, so that it undoes no swap.
    public var change: UInt64
    /// Who asks; missing for the admin token.
    public var me: String?
    /// Whether whoever asks may import, and swap what is not theirs.
    public var mayImport: Bool
    /// Whose shifts they may be.
    public var people: [Person]
    public var days: [Day]
    public var gapMinutes: Int
    /// Shifts to come that somebody else took from whoever asks, or gave them; the nearest first.
    public var told: [Planned]

    init(_ book: ShiftBook, _ board: Board, _ entry: HoursEntry, week: CalendarDay, for person: Operator?, now: Int64) {
        let people = board.operators.filter { $0.library == book.library }
        let names = Dictionary(board.operators.map { ($0.name, $0.displayName) }, uniquingKeysWith: { first, _ in first })
        let trainees = Set(people.filter(\.isTrainee).map(\.name))
        let clock = LocalClock(entry.schedule)
        let nowMs = UInt64(max(0, now)) * 1_000
        func planned(_ shift: Shift) -> Planned {
            let interval = shift.interval
            let span = clock.span(interval)
            return Planned(
                id: shift.id.text, version: shift.version, person: shift.operatorName.text,
                name: names[shift.operatorName] ?? shift.operatorName.text, trainee: trainees.contains(shift.operatorName),
                day: clock.day(at: interval.from).text, from: span.from, until: span.until, fromMs: shift.fromMs, untilMs: shift.untilMs,
                duty: shift.duty?.rawValue, isOver: shift.untilMs <= nowMs,
                handed: shift.handed.map { handed in
                    Handing(
                        from: handed.from.text, fromName: names[handed.from] ?? handed.from.text, by: handed.by?.text,
                        byName: handed.by.map { names[$0] ?? $0.text }, atMs: handed.wallMs)
                })
        }
        let sheet = ShiftSheet(book.shifts, days: week...week.adding(days: 6), entry.schedule) { shift in
            shift.duty != .general && !trainees.contains(shift.operatorName)
        }
        library = book.library.text
        title = entry.title
        zone = entry.schedule?.hours.zone
        self.week = week.text
        before = week.adding(days: -7).text
        after = week.adding(days: 7).text
        today = clock.day(at: now).text
        change = book.change
        me = person?.name.text
        mayImport = person.map { $0.committee == .ltg || $0.isAdmin && $0.library == book.library } ?? true
        self.people = people.map { Person(name: $0.name.text, display: $0.displayName) }
        days = sheet.days.map { day in
            Day(
                day: day.day.text, posted: day.posted.map(clock.span), gaps: day.gaps.map(clock.span), shifts: day.shifts.map(planned))
        }
        gapMinutes = sheet.gapMinutes
        told = book.shifts.filter { shift in
            guard let person, let handed = shift.handed, handed.by != person.name, shift.untilMs > nowMs else { return false }
            return handed.from == person.name || shift.operatorName == person.name
        }.map(planned)
    }
}

extension LocalClock {
    /// Clocks at the beginning and the end; the end with its day where that is another one.
    fileprivate func span(_ interval: OpenInterval) -> ShiftsReport.Span {
        let (from, until) = (stamp(minute(interval.from)), stamp(minute(interval.until)))
        return ShiftsReport.Span(
            from: String(from.suffix(5)), until: from.prefix(10) == until.prefix(10) ? String(until.suffix(5)) : until,
            minutes: interval.minutes)
    }
}

/// What an import came to, or would.
public struct ShiftsImported: Codable, Sendable {
    public struct Problem: Codable, Sendable {
        public var line: Int
        public var text: String
    }
    /// `preview`, `done`, `invalid`, or why it was refused.
    public var code: String
    public var text: String
    public var problems: [Problem]
    /// The days whose shifts are replaced.
    public var from: String?
    public var to: String?
    /// What the import names; see `ShiftsReport.change`.
    public var change: UInt64?
    public var rows: Int
    public var added: Int
    public var kept: Int
    public var removed: Int
    public var outside: Int

    init(_ reading: ShiftsReading, _ clock: LocalClock, code: String, text: String) {
        self.code = code
        self.text = text
        problems = reading.problems.map { Problem(line: $0.line, text: $0.sentence) }
        let list = reading.list
        if !list.rows.isEmpty {
            from = clock.day(at: Int64(clamping: list.fromMs / 1_000)).text
            to = clock.day(at: Int64(clamping: list.untilMs / 1_000) - 1).text
        }
        change = list.change
        (rows, added, kept, removed, outside) = (list.rows.count, reading.added, reading.kept, reading.removed, reading.outside)
    }
}

/// What is asked for with a file.
public struct ShiftsImportAsk: Codable, Sendable {
    /// That of whoever asks, where it is missing.
    public var library: String?
    /// 32 hexadecimal digits, drawn by whoever asks: asking twice imports once.
    public var id: String
    /// The file.
    public var text: String
    /// The first and the last day that are replaced; without them those of the first and the last shift.
    public var from: String?
    public var to: String?
    /// From a preview; without it the one in force.
    public var change: UInt64?

    public init(library: String?, id: String, text: String, from: String? = nil, to: String? = nil, change: UInt64? = nil) {
        self.library = library
        self.id = id
        self.text = text
        self.from = from
        self.to = to
        self.change = change
    }
}
