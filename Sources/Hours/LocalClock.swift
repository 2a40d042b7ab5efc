/// Days, hours and minutes as clocks at a library show them.

import Consortium

/// Which day and hour it is somewhere.
public struct LocalClock: Sendable {
    private let rules: ZoneRules?
    public let zone: String

    /// UTC where there is no schedule to take a zone from.
    public init(_ schedule: Schedule?) {
        rules = schedule?.zone
        zone = schedule?.hours.zone ?? "UTC"
    }

    /// - Parameter zone: the name of the zone whose rules these are.
    public init(zone: String, _ rules: ZoneRules) {
        self.rules = rules
        self.zone = zone
    }

    public func day(at second: Int64) -> CalendarDay { moment(at: second).day }

    public func hourOfDay(at second: Int64) -> Int { moment(at: second).second / 3_600 }

    /// The day, and how many seconds of it are over by the clocks there.
    public func moment(at second: Int64) -> (day: CalendarDay, second: Int) {
        let second = local(second)
        let day = second.flooredDivision(by: 86_400)
        return (CalendarDay.epoch.adding(days: Int(clamping: day)), Int(second - day * 86_400))
    }

    private func local(_ second: Int64) -> Int64 {
        // No clock here reaches beyond the calendar's last day, and the sum overflows nothing.
        let second = min(max(second, 0), Int64(CalendarDay.range.upperBound) * 86_400)
        return second + Int64(rules?.offset(at: second) ?? 0)
    }

    private func start(of day: CalendarDay) -> Int64 {
        let local = Int64(day.number) * 86_400
        return rules?.second(local: local) ?? local
    }

    /// When some local days begin and end, in Unix seconds.
    public func seconds(_ days: ClosedRange<CalendarDay>) -> Range<Int64> {
        let first = start(of: days.lowerBound)
        return first..<max(first, start(of: days.upperBound.adding(days: 1)))
    }

    /// The hours that begin in some local days.
    public func hours(_ days: ClosedRange<CalendarDay>) -> Range<TallyHour> {
        func hour(_ second: Int64) -> TallyHour { TallyHour(clamping: (second + 3_599).flooredDivision(by: 3_600)) }
        let first = hour(start(of: days.lowerBound))
        return first..<max(first, hour(start(of: days.upperBound.adding(days: 1))))
    }

    /// The minutes that begin on a local day.
    public func minutes(of day: CalendarDay) -> Range<LedgerMinute> {
        let first = minute(start(of: day))
        return first..<max(first, minute(start(of: day.adding(days: 1))))
    }

    /// The minute that an instant lies in.
    public func minute(_ second: Int64) -> LedgerMinute { LedgerMinute(clamping: second.flooredDivision(by: 60)) }

    /// The minute at which clocks there show a time of a day; `nil` for what is no such time.
    /// - Parameter text: `2026-11-28T09:30`.
    public func minute(_ text: String) -> LedgerMinute? {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, let day = CalendarDay(String(parts[0])), let minute = Schedule.minute(parts[1]) else { return nil }
        let local = Int64(day.number) * 86_400 + Int64(minute) * 60
        return self.minute(rules?.second(local: local) ?? local)
    }

    /// `2026-11-28 09:30`, as clocks there show a minute.
    public func stamp(_ minute: LedgerMinute) -> String {
        let (day, second) = moment(at: Int64(minute) * 60)
        return "\(day.text) \(HoursText.clock(minute: second / 60))"
    }
}
