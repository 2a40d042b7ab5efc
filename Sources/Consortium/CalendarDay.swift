/// A day of the Gregorian calendar, wherever it is lived: no zone and no time belong to it.

public struct CalendarDay: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01, within `range`.
    public let number: Int32

    /// 1970-01-01 to 2199-12-31.
    public static let range: ClosedRange<Int32> = 0...84_005

    /// `nil` for a number outside `range`.
    public init?(number: Int32) {
        guard Self.range.contains(number) else { return nil }
        self.number = number
    }

    /// `nil` for a day that the calendar does not have, or outside `range`.
    public init?(year: Int, month: Int, day: Int) {
        guard (1970...2199).contains(year), (1...12).contains(month), day >= 1, day <= Self.length(ofMonth: month, year: year) else {
            return nil
        }
        // Years begin in March, so that the day that some years have more is the last one.
        let shifted = month > 2 ? year : year - 1
        let fromMarch = (month + 9) % 12
        let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - Self.epoch
        self.init(number: Int32(days))
    }

    /// Reads `2026-03-08`; anything else gives `nil`.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Days from 0000-03-01 to 1970-01-01.
    private static let epoch = 719_468

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    public var date: (year: Int, month: Int, day: Int) {
        let days = Int(number) + Self.epoch
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    }

    /// 0 for Monday to 6 for Sunday.
    public var weekday: Int { (Int(number) + 3) % 7 }

    /// `2026-03-08`.
    public var text: String {
        let (year, month, day) = date
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }

    /// The day that many days later, or earlier for a negative number; the calendar's first or last day where it would end beyond.
    public func adding(days: Int) -> CalendarDay {
        let (sum, overflow) = Int(number).addingReportingOverflow(days)
        let end = days < 0 ? Int(Self.range.lowerBound) : Int(Self.range.upperBound)
        let bounded = overflow ? end : min(max(sum, Int(Self.range.lowerBound)), Int(Self.range.upperBound))
        return CalendarDay(number: Int32(bounded)) ?? self
    }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
