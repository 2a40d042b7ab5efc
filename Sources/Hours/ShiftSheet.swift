/// Planned against posted: which of a library's posted hours nobody planned to be there for.
///
/// Pure: shifts and posted hours are given. What is closed at short notice is not posted; the general queue, which may cover a gap, plans nothing here.

import Consortium

public struct ShiftSheet: Sendable {
    public struct Day: Sendable {
        public var day: CalendarDay
        /// When the library is open by what it posted; each where it begins, cut at the sheet's ends.
        public var posted: [OpenInterval]
        /// What of it nobody planned for.
        public var gaps: [OpenInterval]
        /// Those that begin on the day, and on the first day those that go on from before.
        public var shifts: [Shift]
    }

    public let days: [Day]
    /// Posted and not planned for, of all days.
    public var gapMinutes: Int { days.reduce(0) { $0 + $1.gaps.reduce(0) { $0 + $1.minutes } } }

    /// The most days that a sheet shows.
    public static let daysMax = 31

    /// - Parameters:
    ///   - shifts: of the library.
    ///   - days: of its own calendar; those beyond `daysMax` are left out.
    ///   - schedule: its posted hours; `nil` where it posted none, and nothing is a gap.
    ///   - counts: whether whoever has the shift staffs the library's own queues with it.
    public init(
        _ shifts: [Shift], days range: ClosedRange<CalendarDay>, _ schedule: Schedule?, counts: (Shift) -> Bool = { $0.duty != .general }
    ) {
        let clock = LocalClock(schedule)
        let count = min(Self.daysMax, Int(range.upperBound.number - range.lowerBound.number) + 1)
        let whole = clock.seconds(range.lowerBound...range.lowerBound.adding(days: count - 1))
        let planned = shifts.filter(counts).map(\.interval)
        let posted = (schedule?.openings(from: range.lowerBound, days: count) ?? []).flatMap { opening -> [OpenInterval] in
            let cut = opening.within(whole)
            guard let cut, cut.until - cut.from > 86_400 else { return cut.map { [$0] } ?? [] }
            // What goes on for more than a day is told day by day.
            return (0..<count).compactMap { offset in
                let day = range.lowerBound.adding(days: offset)
                return cut.within(clock.seconds(day...day))
            }
        }
        let gaps = posted.flatMap { opening in planned.reduce([opening]) { left, shift in left.flatMap { $0.without(shift) } } }
        var days: [Day] = []
        for offset in 0..<count {
            let day = range.lowerBound.adding(days: offset)
            if let last = days.last, last.day == day { break }
            let seconds = clock.seconds(day...day)
            let isFirst = offset == 0
            days.append(
                Day(
                    day: day, posted: posted.filter { seconds.contains($0.from) }, gaps: gaps.filter { seconds.contains($0.from) },
                    shifts: shifts.filter { shift in
                        let interval = shift.interval
                        return seconds.contains(interval.from)
                            || isFirst && interval.from < seconds.lowerBound && seconds.lowerBound < interval.until
                    }))
        }
        self.days = days
    }
}

extension Shift {
    /// In whole Unix seconds.
    public var interval: OpenInterval {
        OpenInterval(from: Int64(clamping: fromMs / 1_000), until: Int64(clamping: untilMs / 1_000))
    }
}

extension OpenInterval {
    /// Whole minutes, those begun counted.
    public var minutes: Int { Int(clamping: (until - from + 59) / 60) }

    /// The part of it that lies there; `nil` where none does.
    fileprivate func within(_ seconds: Range<Int64>) -> OpenInterval? {
        let part = OpenInterval(from: max(from, seconds.lowerBound), until: min(until, seconds.upperBound))
        return part.from < part.until ? part : nil
    }

    /// What is left of it beside another one.
    func without(_ other: OpenInterval) -> [OpenInterval] {
        guard other.from < until, from < other.until else { return [self] }
        return [OpenInterval(from: from, until: other.from), OpenInterval(from: other.until, until: until)].filter { $0.from < $0.until }
    }
}
