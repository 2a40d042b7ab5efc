/// The ledger of posted against staffed, put into a library's own days: sums, gaps, and what each day looked like.
///
/// Pure: the runs were read from the replicated state, and the time is given. A minute counts for the local day in which it begins.

import Consortium

/// Minutes of each kind. Posted is what is staffed, covered and unstaffed together.
public struct LedgerTally: Hashable, Sendable {
    /// By the library's own people.
    public var staffed = 0
    /// By the general queue alone.
    public var covered = 0
    /// By nobody.
    public var unstaffed = 0
    /// Posted, and closed at short notice.
    public var closed = 0
    public init() {}

    public var posted: Int { staffed + covered + unstaffed }

    mutating func add(_ run: LedgerRun, _ minutes: Int) {
        switch (run.hours, run.staffing) {
        case (.open, .own): staffed += minutes
        case (.open, .covered): covered += minutes
        case (.open, .nobody): unstaffed += minutes
        case (.closed, _): closed += minutes
        case (.shut, _), (.untold, _): break
        }
    }

    public static func + (left: LedgerTally, right: LedgerTally) -> LedgerTally {
        var sum = left
        sum.staffed += right.staffed
        sum.covered += right.covered
        sum.unstaffed += right.unstaffed
        sum.closed += right.closed
        return sum
    }
}

/// Posted minutes in a row without the library's own people.
public struct LedgerGap: Hashable, Sendable {
    public var minutes: Range<LedgerMinute>
    public var covered: Int
    public var unstaffed: Int
    /// It goes on.
    public var isOpen: Bool
}

/// A run's minutes within a day.
public struct LedgerPiece: Hashable, Sendable {
    public var run: LedgerRun
    public var minutes: Range<LedgerMinute>
}

public struct LedgerDay: Hashable, Sendable {
    public var day: CalendarDay
    /// All of its minutes, 1,440 but where the clocks are changed.
    public var minutes: Range<LedgerMinute>
    public var tally: LedgerTally
    /// What was posted of it, in order; shut times are left out.
    public var parts: [LedgerPiece]
}

public struct LedgerSheet: Sendable {
    public let days: [LedgerDay]
    public let gaps: [LedgerGap]
    public let tally: LedgerTally

    /// The most days that a sheet shows.
    public static let daysMax = 400

    /// The minutes of some local days.
    public static func minutes(_ days: ClosedRange<CalendarDay>, _ schedule: Schedule) -> Range<LedgerMinute> {
        let first = minute(of: days.lowerBound, schedule)
        return first..<max(first, minute(of: days.upperBound.adding(days: 1), schedule))
    }

    private static func minute(of day: CalendarDay, _ schedule: Schedule) -> LedgerMinute {
        LedgerMinute(clamping: schedule.second(of: day, minute: 0).flooredDivision(by: 60))
    }

    /// - Parameters:
    ///   - runs: of the library, in order; the last goes on. Before the first nothing is known.
    ///   - now: Unix seconds; a minute is counted when its middle has passed.
    public init(_ runs: [LedgerRun], days range: ClosedRange<CalendarDay>, _ schedule: Schedule, now: Int64) {
        let known = LibraryLedger.minute(at: UInt64(max(0, now)) * 1_000)
        var days: [LedgerDay] = []
        var place = 0
        for number in range.lowerBound.number...range.upperBound.number {
            guard let day = CalendarDay(number: number), days.count < Self.daysMax else { break }
            let whole = Self.minutes(day...day, schedule)
            var entry = LedgerDay(day: day, minutes: whole, tally: LedgerTally(), parts: [])
            while place + 1 < runs.count, runs[place + 1].from <= whole.lowerBound { place += 1 }
            for piece in Self.pieces(of: runs[place...], within: whole.clamped(to: 0..<known)) {
                entry.tally.add(piece.run, piece.minutes.count)
                if piece.run.hours == .open || piece.run.hours == .closed { entry.parts.append(piece) }
            }
            days.append(entry)
        }
        self.days = days
        tally = days.reduce(LedgerTally()) { $0 + $1.tally }
        var gaps: [LedgerGap] = []
        for piece in Self.pieces(of: runs[...], within: Self.minutes(range, schedule).clamped(to: 0..<known)) where piece.run.isGap {
            let minutes = piece.minutes
            let (covered, unstaffed) = piece.run.staffing == .covered ? (minutes.count, 0) : (0, minutes.count)
            let isOpen = minutes.upperBound == known && runs.last == piece.run
            if let last = gaps.indices.last, gaps[last].minutes.upperBound == minutes.lowerBound {
                gaps[last].minutes = gaps[last].minutes.lowerBound..<minutes.upperBound
                gaps[last].covered += covered
                gaps[last].unstaffed += unstaffed
                gaps[last].isOpen = isOpen
            } else {
                gaps.append(LedgerGap(minutes: minutes, covered: covered, unstaffed: unstaffed, isOpen: isOpen))
            }
        }
        self.gaps = gaps
    }

    /// Each run's minutes within some, those without any left out.
    private static func pieces(of runs: ArraySlice<LedgerRun>, within minutes: Range<LedgerMinute>) -> [LedgerPiece] {
        var pieces: [LedgerPiece] = []
        for place in runs.indices {
            let run = runs[place]
            if run.from >= minutes.upperBound { break }
            let end = place + 1 < runs.endIndex ? runs[place + 1].from : .max
            let part = (run.from..<max(run.from, end)).clamped(to: minutes)
            if !part.isEmpty { pieces.append(LedgerPiece(run: run, minutes: part)) }
        }
        return pieces
    }
}

extension Schedule {
    /// `2026-11-27 09:05`, as clocks at the library show a minute.
    public func stamp(_ minute: LedgerMinute) -> String { LocalClock(self).stamp(minute) }
}

/// The ledger as comma-separated values: names and numbers alone, so that nothing need be quoted.
public enum LedgerTable {
    public static let dayHead = "library,day,posted,staffed,covered,unstaffed,closed\n"
    public static let gapHead = "library,from,until,minutes,covered,unstaffed\n"

    /// One line a day.
    public static func days(_ library: LibraryName, _ sheet: LedgerSheet) -> String {
        sheet.days.map { day in
            let tally = day.tally
            return "\(library.text),\(day.day.text),\(tally.posted),\(tally.staffed),\(tally.covered),\(tally.unstaffed),\(tally.closed)\n"
        }.joined()
    }

    /// One line a gap; `until` is empty where it goes on.
    public static func gaps(_ library: LibraryName, _ sheet: LedgerSheet, _ schedule: Schedule) -> String {
        sheet.gaps.map { gap in
            let until = gap.isOpen ? "" : schedule.stamp(gap.minutes.upperBound)
            let numbers = "\(gap.minutes.count),\(gap.covered),\(gap.unstaffed)"
            return "\(library.text),\(schedule.stamp(gap.minutes.lowerBound)),\(until),\(numbers)\n"
        }.joined()
    }
}
