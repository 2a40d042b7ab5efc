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
    /// Of the answers: by the home library's own queues, by whoever staffs the general queue, and by another library's people at the home's queue.
    public private(set) var own = 0
    public private(set) var byGeneral = 0
    public private(set) var byOthers = 0
    public init() {}

    public subscript(_ counter: TallyCounter) -> Int { counts[counter] ?? 0 }

    /// Neither answered nor given up: they wait, or waited when the tally began to count them.
    public var open: Int { max(0, self[.asked] - self[.answered] - self[.missed] - self[.abandoned]) }

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
}
