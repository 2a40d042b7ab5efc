/// The tally of chats, put into the days of a library's own calendar: sums, hours of the day, weekdays, weeks and days.
///
/// Pure: the hours were read from the replicated state. An hour counts for the local day and hour in which it begins.

import Consortium

/// Waits, by class.
public struct ReportWaits: Hashable, Sendable {
    /// One for each class of `WaitClasses`.
    public var classes = [Int](repeating: 0, count: WaitClasses.count)
    public init() {}

    public var count: Int { classes.reduce(0, +) }

    /// Exact for an edge of the classes.
    public func within(seconds: UInt64) -> Int {
        zip(WaitClasses.edgesMs, classes).reduce(0) { $0 + ($1.0 <= seconds * 1_000 ? $1.1 : 0) }
    }

    /// About how many seconds this share of all waits took at most, evenly spread within its class; the last edge for what is beyond. `nil` of no waits.
    public func quantile(percent: Int) -> Int? {
        guard count > 0 else { return nil }
        let rank = max(1, (count * percent + 99) / 100)
        var before = 0
        for (place, inClass) in classes.enumerated() where inClass > 0 {
            if before + inClass >= rank {
                guard place < WaitClasses.edgesMs.count else { break }
                let from = place == 0 ? 0 : WaitClasses.edgesMs[place - 1]
                let width = Int(WaitClasses.edgesMs[place] - from)
                return (Int(from) + width * (rank - before) / inClass + 500) / 1_000
            }
            before += inClass
        }
        return WaitClasses.edgesMs.last.map { Int($0 / 1_000) }
    }
}

/// For how long somebody was on duty for the general queue.
public struct DutyTally: Hashable, Sendable {
    /// With one person or more.
    public var minutes = 0
    /// Each person's together.
    public var peopleMinutes = 0
    public init() {}

    mutating func add(_ people: Int, _ minutes: Int) {
        guard people > 0 else { return }
        self.minutes += minutes
        peopleMinutes += people * minutes
    }
}

extension [DutyRun] {
    /// Several libraries' runs as one: how many people of all were on duty.
    public static func together(_ books: [[DutyRun]]) -> [DutyRun] {
        var changes: [(from: LedgerMinute, more: Int)] = []
        for runs in books {
            var before = 0
            for run in runs {
                changes.append((run.from, Int(run.people) - before))
                before = Int(run.people)
            }
        }
        changes.sort { $0.from < $1.from }
        var merged: [DutyRun] = []
        var people = 0
        for change in changes {
            people += change.more
            if merged.last?.from == change.from { merged.removeLast() }
            merged.append(DutyRun(from: change.from, people: UInt16(clamping: people)))
        }
        return merged
    }
}

/// The numbers of some hours together.
public struct ReportSums: Hashable, Sendable {
    /// Who answered for whom.
    public struct Share: Hashable, Sendable {
        public var library: LibraryName?
        public var viaGeneral: Bool
    }
    private var counts: [TallyCounter: Int] = [:]
    public private(set) var answeredBy: [Share: Int] = [:]
    public private(set) var answeredFor: [Share: Int] = [:]
    /// On duty for the general queue; of all libraries together, minutes count in which anybody was.
    public internal(set) var duty = DutyTally()
    /// Of the answers: by the home library's own queues, by whoever staffs the general queue, and by another library's people at the home's queue.
    public private(set) var own = 0
    public private(set) var byGeneral = 0
    public private(set) var byOthers = 0
    /// Of those asked: by a former service, and what it does not call answered.
    public private(set) var former = 0
    public private(set) var formerUnanswered = 0
    public init() {}

    public subscript(_ counter: TallyCounter) -> Int { counts[counter] ?? 0 }

    /// Neither answered nor given up: they wait, or waited when the tally began to count them.
    public var open: Int { max(0, self[.asked] - self[.answered] - self[.missed] - self[.abandoned] - formerUnanswered) }

    public var waits: ReportWaits { classes { .wait($0) } }
    /// From an offer to its pick-up.
    public var legs: ReportWaits { classes { .leg($0) } }

    private func classes(_ counter: (Int) -> TallyCounter) -> ReportWaits {
        var waits = ReportWaits()
        for place in 0..<WaitClasses.count { waits.classes[place] = self[counter(place)] }
        return waits
    }

    /// - Parameter home: whose hour it is; `nil` for the general queue.
    mutating func add(_ cell: TallyCell, home: LibraryName?) {
        for entry in cell.entries { counts[entry.counter, default: 0] += Int(entry.count) }
        if cell.isFormer {
            former += Int(cell[.asked])
            formerUnanswered += Int(cell[.asked]) - Int(cell[.answered])
        }
        for share in cell.answeredBy {
            let count = Int(share.count)
            answeredBy[Share(library: share.library, viaGeneral: share.viaGeneral), default: 0] += count
            if share.viaGeneral { byGeneral += count } else if share.library == home { own += count } else { byOthers += count }
        }
        for share in cell.answeredFor {
            answeredFor[Share(library: share.library, viaGeneral: share.viaGeneral), default: 0] += Int(share.count)
        }
    }
}

public struct ReportSheet: Sendable {
    public struct Stretch: Sendable {
        public let first: CalendarDay
        public internal(set) var sums = ReportSums()
    }
    public let range: ClosedRange<CalendarDay>
    public let clock: LocalClock
    public private(set) var sums = ReportSums()
    /// Whether it is known who was on duty for the general queue.
    public private(set) var knowsDuty = false
    /// By hour of the day, and by weekday from Monday on.
    public private(set) var hours = [ReportSums](repeating: ReportSums(), count: 24)
    public private(set) var weekdays = [ReportSums](repeating: ReportSums(), count: 7)
    /// From their Monday on.
    public private(set) var weeks: [Stretch] = []
    public private(set) var days: [Stretch] = []

    /// The most days that a sheet shows.
    public static let daysMax = 400

    public init(_ range: ClosedRange<CalendarDay>, _ clock: LocalClock) {
        self.range = range
        self.clock = clock
        let count = min(Int(range.upperBound.number - range.lowerBound.number) + 1, Self.daysMax)
        days = (0..<count).map { Stretch(first: range.lowerBound.adding(days: $0)) }
        let monday = Self.monday(range.lowerBound)
        weeks = stride(from: 0, through: Int(range.upperBound.number - monday.number), by: 7).map {
            Stretch(first: monday.adding(days: $0))
        }
    }

    private static func monday(_ day: CalendarDay) -> CalendarDay { day.adding(days: -day.weekday) }

    /// Adds the hours of one place; those that begin on other days are left out.
    public mutating func add(_ cells: [TallyHourCell], home: LibraryName?) {
        for entry in cells {
            let second = Int64(entry.hour) * 3_600
            let day = clock.day(at: second)
            let place = Int(day.number - range.lowerBound.number)
            guard days.indices.contains(place) else { continue }
            sums.add(entry.cell, home: home)
            hours[clock.hourOfDay(at: second)].add(entry.cell, home: home)
            weekdays[day.weekday].add(entry.cell, home: home)
            days[place].sums.add(entry.cell, home: home)
            let week = Int(day.number - (weeks.first?.first.number ?? 0)) / 7
            if weeks.indices.contains(week) { weeks[week].sums.add(entry.cell, home: home) }
        }
    }

    /// The minutes of the sheet's days.
    public var minutes: Range<LedgerMinute> {
        let seconds = clock.seconds(range)
        return clock.minute(seconds.lowerBound)..<max(clock.minute(seconds.lowerBound), clock.minute(seconds.upperBound))
    }

    /// Adds who was on duty for the general queue. A minute counts for the local hour in which it begins.
    ///
    /// - Parameters:
    ///   - runs: in order; the last goes on.
    ///   - now: Unix seconds; a minute is counted when its middle has passed.
    public mutating func add(_ runs: [DutyRun], now: Int64) {
        knowsDuty = true
        let known = LibraryLedger.minute(at: UInt64(max(0, now)) * 1_000)
        let all = minutes.clamped(to: 0..<known)
        for (place, run) in runs.enumerated() where run.people > 0 {
            let end = runs.indices.contains(place + 1) ? runs[place + 1].from : .max
            var left = (run.from..<max(run.from, end)).clamped(to: all)
            while let minute = left.first {
                // Clocks change at full hours of their own alone.
                let moment = clock.moment(at: Int64(minute) * 60)
                let part = left.prefix(60 - moment.second / 60 % 60)
                add(Int(run.people), part.count, on: moment.day, at: moment.second / 3_600)
                left = part.upperBound..<left.upperBound
            }
        }
    }

    private mutating func add(_ people: Int, _ minutes: Int, on day: CalendarDay, at hour: Int) {
        let place = Int(day.number - range.lowerBound.number)
        guard days.indices.contains(place) else { return }
        sums.duty.add(people, minutes)
        hours[hour].duty.add(people, minutes)
        weekdays[day.weekday].duty.add(people, minutes)
        days[place].sums.duty.add(people, minutes)
        let week = Int(day.number - (weeks.first?.first.number ?? 0)) / 7
        if weeks.indices.contains(week) { weeks[week].sums.duty.add(people, minutes) }
    }
}
