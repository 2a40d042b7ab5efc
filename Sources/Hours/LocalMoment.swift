/// Times as people say them at the library, and which commands close and open it.

import Consortium

extension Schedule {
    /// How a time is written, for whoever wrote it otherwise.
    public static let momentRule =
        "18:00 (the next time that clocks there show it), 2026-11-27 or 2026-11-27T12:00, in the library's own time"

    /// The instant that a text means; `nil` for one that means none.
    ///
    /// - Parameter text: `18:00`, the next such time after `now`; `2026-11-27T12:00`; or `2026-11-27`, its first minute.
    public func instant(_ text: String, after now: Int64) -> Int64? {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        switch parts.count {
        case 1:
            if let day = CalendarDay(text) { return second(of: day, minute: 0) }
            guard let minute = Self.minute(parts[0]) else { return nil }
            let today = day(at: now)
            return [today, today.adding(days: 1)].map { second(of: $0, minute: minute) }.first { now < $0 }
        case 2:
            guard let day = CalendarDay(String(parts[0])), let minute = Self.minute(parts[1]) else { return nil }
            return second(of: day, minute: minute)
        default: return nil
        }
    }

    static func minute(_ text: Substring) -> UInt16? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            text.utf8.allSatisfy({ (0x30...0x3a).contains($0) }), let hour = UInt16(parts[0]), let minute = UInt16(parts[1]), hour < 24,
            minute < 60
        else { return nil }
        return hour * 60 + minute
    }

    /// The closings at once that go on or are to come.
    public func closings(at now: Int64) -> [Closure] {
        hours.closures.filter { $0.fromMs < $0.untilMs && UInt64(max(0, now)) < $0.untilMs / 1_000 }
    }
}
