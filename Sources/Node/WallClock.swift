/// The machine's wall clock, which somebody may set, and times as people read them.

import FoundationEssentials
import Glibc

enum WallClock {
    /// Unix milliseconds.
    static var nowMs: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
    }

    /// Days since 1970-01-01, in UTC.
    static var day: UInt32 { UInt32(clamping: nowMs / 86_400_000) }

    /// Seconds since 1970 as ISO 8601 has them.
    static func text(_ seconds: Int64) -> String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }
}
