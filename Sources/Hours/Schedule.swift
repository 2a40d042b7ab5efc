/// When a library is open, in the world's time: its posted hours, the consortium's terms, and the rules of its zone, put together.
///
/// Pure: the time is given, and the rules of the zone were read by the caller. All instants are Unix seconds.

import Consortium

/// From when until when a library is open; `until` is after `from`.
public struct OpenInterval: Hashable, Sendable {
    public var from: Int64
    public var until: Int64
    public init(from: Int64, until: Int64) {
        self.from = from
        self.until = until
    }
}

/// What the posted hours say of a moment.
public enum HoursStatus: Hashable, Sendable {
    case open(until: Int64)
    /// `next` is `nil` when nothing opens within `Schedule.searchDays`. The note is that of the closing or day that is the reason.
    case closed(next: Int64?, note: String)
}

/// A day as it was posted.
public struct DayPlan: Hashable, Sendable {
    public var day: CalendarDay
    public var spans: [OpenSpan]
    public var term: Term?
    public var kind: TermKind
    public var isException: Bool
    public var note: String
}

public struct Schedule: Sendable {
    public let hours: LibraryHours
    public let terms: TermCalendar
    public let zone: ZoneRules

    /// How far ahead the next opening is looked for.
    public static let searchDays = 120

    public init(hours: LibraryHours, terms: TermCalendar, zone: ZoneRules) {
        self.hours = hours
        self.terms = terms
        self.zone = zone
    }

    /// As it would be had nobody closed at short notice.
    public var withoutClosings: Schedule {
        var hours = hours
        hours.closures = []
        return Schedule(hours: hours, terms: terms, zone: zone)
    }

    /// When the opening ends that goes on, or else the next one, as posted: without closings at short notice and "Open now".
    public func postedClose(at second: Int64) -> Int64? {
        var posted = withoutClosings.hours
        posted.openNow = nil
        let schedule = Schedule(hours: posted, terms: terms, zone: zone)
        switch schedule.status(at: second) {
        case .open(let until): return until
        case .closed(let next, _):
            guard let next, case .open(let until) = schedule.status(at: next) else { return nil }
            return until
        }
    }

    /// The local day of an instant; the calendar's first or last day beyond its ends.
    public func day(at second: Int64) -> CalendarDay {
        let days = (second + Int64(zone.offset(at: second))).flooredDivision(by: 86_400)
        return CalendarDay.epoch.adding(days: Int(clamping: days))
    }

    /// What was posted for a day; closings at once are not in it.
    public func plan(of day: CalendarDay) -> DayPlan {
        let term = terms.term(on: day)
        let kind = term?.kind ?? .semester
        if let exception = hours.exceptions.first(where: { $0.day == day }) {
            return DayPlan(day: day, spans: exception.spans, term: term, kind: kind, isException: true, note: exception.note)
        }
        return DayPlan(day: day, spans: hours.week(kind).days[day.weekday], term: term, kind: kind, isException: false, note: "")
    }

    /// The openings that begin on a day, as the clocks there show them, without what is closed at once.
    public func spans(on day: CalendarDay) -> [OpenSpan] {
        let posted = plan(of: day).spans
        let intervals = posted.map { OpenInterval(from: second(of: day, minute: $0.opens), until: second(of: day, minute: $0.closes)) }
        let isCut = hours.closures.contains { closure in intervals.contains { $0.without(closure) != [$0] } }
        guard isCut else { return posted }
        let left = hours.closures.reduce(intervals) { left, closure in left.flatMap { $0.without(closure) } }
        func minute(_ second: Int64) -> UInt16 {
            UInt16(clamping: (second + Int64(zone.offset(at: second)) - Int64(day.number) * 86_400).flooredDivision(by: 60))
        }
        // What is left of a minute is no opening, nor what begins on the next day alone.
        return left.map { OpenSpan(opens: minute($0.from), closes: minute($0.until)) }.filter { $0.opens < $0.closes && $0.opens < 1_440 }
    }

    /// The instant at which local clocks show this minute of a day; minutes beyond 1440 are the next day's.
    public func second(of day: CalendarDay, minute: UInt16) -> Int64 {
        zone.second(local: Int64(day.number) * 86_400 + Int64(minute) * 60)
    }

    /// When the library is open, over a number of its days: in order, apart from each other, without what is closed at once. An opening that began
    /// the day before and goes on past midnight begins before the first day.
    public func openings(from first: CalendarDay, days: Int) -> [OpenInterval] {
        var found: [OpenInterval] = []
        for offset in -1..<max(0, days) {
            let day = first.adding(days: offset)
            for span in plan(of: day).spans {
                let interval = OpenInterval(from: second(of: day, minute: span.opens), until: second(of: day, minute: span.closes))
                guard interval.from < interval.until else { continue }
                if offset < 0, interval.until <= second(of: first, minute: 0) { continue }
                if let last = found.indices.last, interval.from <= found[last].until {
                    found[last].until = max(found[last].until, interval.until)
                } else {
                    found.append(interval)
                }
            }
        }
        for closure in hours.closures { found = found.flatMap { $0.without(closure) } }
        return found
    }

    /// What the posted hours and "Open now" say of an instant.
    public func status(at second: Int64) -> HoursStatus {
        let today = day(at: second)
        var days = 2
        while true {
            let ahead = openedNow(openings(from: today, days: days))
            if let now = ahead.first(where: { $0.from <= second && second < $0.until }) { return .open(until: now.until) }
            if let next = ahead.first(where: { second < $0.from }) { return .closed(next: next.from, note: note(at: second)) }
            guard days < Self.searchDays else { return .closed(next: nil, note: note(at: second)) }
            days = min(days * 4, Self.searchDays)
        }
    }

    /// The openings with "Open now" among them, as far as no closing ended it that began later.
    private func openedNow(_ openings: [OpenInterval]) -> [OpenInterval] {
        guard let pressed = hours.openNow else { return openings }
        var left = [OpenInterval(from: Int64(clamping: pressed.fromMs / 1_000), until: Int64(clamping: pressed.untilMs / 1_000))]
        for closure in hours.closures where closure.fromMs > pressed.fromMs { left = left.flatMap { $0.without(closure) } }
        // Only what follows the pressing at once: "Open now" does not open again after a closing.
        left = left.filter { $0.from < $0.until && $0.from == Int64(clamping: pressed.fromMs / 1_000) }
        var joined: [OpenInterval] = []
        for interval in (openings + left).sorted(by: { ($0.from, $0.until) < ($1.from, $1.until) }) {
            if let last = joined.indices.last, interval.from <= joined[last].until {
                joined[last].until = max(joined[last].until, interval.until)
            } else {
                joined.append(interval)
            }
        }
        return joined
    }

    private func note(at second: Int64) -> String {
        let closing = hours.closures.last { $0.fromMs / 1_000 <= UInt64(max(0, second)) && UInt64(max(0, second)) < $0.untilMs / 1_000 }
        return closing?.note ?? plan(of: day(at: second)).note
    }
}

extension CalendarDay {
    static let epoch: CalendarDay = {
        guard let day = CalendarDay(number: 0) else { preconditionFailure("1970-01-01 is the first day of the range") }
        return day
    }()
}

extension OpenInterval {
    func without(_ closure: Closure) -> [OpenInterval] {
        let closed = OpenInterval(from: Int64(clamping: closure.fromMs / 1_000), until: Int64(clamping: closure.untilMs / 1_000))
        return closed.from < closed.until ? without(closed) : [self]
    }
}
