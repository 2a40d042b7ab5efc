import Consortium
import Foundation
import Hours
import Seeded
import Testing

@testable import Coordinator

/// A year at three libraries, played on three coordinators whose leaders, clocks and nodes fail, beside a reckoning of its own: arrays of minutes, with the clock changes
/// by their rules and none of the service's code.
struct LedgerYear {
    /// What one minute was.
    enum Says { case shut, nobody, covered, own, closed }

    /// 2026-01-01T06:00Z, midnight in Chicago.
    static let firstSecond: Int64 = 1_767_247_200
    static let days = 365
    static let minutes = days * 1_440
    /// Between two leaders.
    static let leaderMinutes = 397
    /// July 1, midnight in Chicago.
    static let changeSecond: Int64 = firstSecond + 181 * 86_400 - 3_600

    struct Place {
        let library: LibraryName
        let queue: QueueName
        let zone: String
        let fallback: FallbackPolicy
        /// By the reckoning, without closings at short notice.
        var posted = [Bool](repeating: false, count: LedgerYear.minutes)
        /// How many of its own people take chats.
        var own = [Int](repeating: 0, count: LedgerYear.minutes)
        var closures: [(closure: Closure, until: Int64)] = []
        var isDown = false
    }

    /// Somebody who is signed on, and since when that counts.
    struct Shift {
        let session: SessionID
        /// `nil`: at the general queue.
        let place: Int?
        let home: Int
        var since: Int64?
    }

    /// What happens, in the order of its second.
    enum Event {
        case look
        case signOn(person: Int, place: Int, general: Bool)
        case available(person: Int, Bool)
        case leaving(person: Int)
        case signOff(person: Int)
        case nodeFails(Int)
        case lapse(Int)
        case nodeIsBack(Int)
        case leaderFails
        case leaderComes
        case close(Int, until: Int64, from: Int64)
        case reopen(Int, at: Int64)
        /// Other weekly hours from now on.
        case change
        case openNow(person: Int, minutes: Int)
        case restore
    }

    var places: [Place]
    var general = [Int](repeating: 0, count: LedgerYear.minutes)
    private var shifts: [Int: Shift] = [:]
    private var harness: LogHarness
    private var random: SeededGenerator
    private var events: [(second: Int64, order: Int, event: Event)] = []
    private var counter: UInt64 = 0
    private let link = LinkID(9)
    private var leader = 0
    private var term: UInt64 = 1
    /// What each coordinator's wall clock shows beyond the true time.
    private let skewMs: [Int64] = [0, 4_000, -3_000]
    private var second = LedgerYear.firstSecond - 120
    private(set) var counts: [String: Int] = [:]

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        // Nobody reads its boards, which would be made for years.
        var configuration = CoordinatorConfiguration()
        configuration.boardIntervalMs = 1 << 50
        harness = try LogHarness(3, configuration: configuration)
        for core in harness.cores.indices {
            harness.take(harness.cores[core].onNodeUp(link, node: try name("memorial"), nowMs: 0), at: core)
        }
        harness.wallMs = UInt64(second) * 1_000
        places = [
            Place(library: try name("memorial"), queue: try name("memorial"), zone: "America/Chicago", fallback: .immediately),
            Place(library: try name("college"), queue: try name("college"), zone: "America/Chicago", fallback: .off),
            Place(library: try name("leeds"), queue: try name("leeds"), zone: "Europe/London", fallback: .ringFirst(ms: 40_000)),
        ]
    }

    // MARK: What is posted

    /// Monday first; minutes of a local day.
    static func spans(_ place: Int, weekday: Int, changed: Bool) -> [OpenSpan] {
        switch place {
        case 0: weekday == 6 ? [] : [OpenSpan(opens: 480, closes: changed ? 1_200 : weekday == 4 ? 1_080 : 1_320)]
        case 1:
            weekday < 5
                ? [OpenSpan(opens: 540, closes: 720), OpenSpan(opens: 780, closes: 1_500)] : [OpenSpan(opens: 0, closes: 1_440)]
        default: weekday < 6 ? [OpenSpan(opens: 540, closes: 1_020)] : []
        }
    }

    /// How far the local clock is ahead of UTC, by the rules of America (second Sunday in March, first in November, at 2:00) and Europe (last Sundays of
    /// March and October, at 1:00 UTC) for 2026: March 8 and November 1, March 29 and October 25.
    static func offset(_ zone: String, _ second: Int64) -> Int64 {
        let day: (Int64) -> Int64 = { firstSecond - 6 * 3_600 + $0 * 86_400 }
        if zone == "America/Chicago" {
            return second >= day(66) + 8 * 3_600 && second < day(304) + 7 * 3_600 ? -5 * 3_600 : -6 * 3_600
        }
        return second >= day(87) + 3_600 && second < day(297) + 3_600 ? 3_600 : 0
    }

    private func hours(_ place: Int, changed: Bool, version: UInt64) throws -> LibraryHours {
        let week = WeeklyHours(days: (0..<7).map { Self.spans(place, weekday: $0, changed: changed) })
        let day = try #require(CalendarDay("2026-07-04"))
        return LibraryHours(
            library: places[place].library, version: version, zone: places[place].zone, weeks: [week, week, .closed],
            exceptions: [HoursException(day: day, spans: [], note: "Holiday")])
    }

    /// Marks what is posted from a second on, one local minute after the other.
    private mutating func post(_ place: Int, changed: Bool, from: Int64) {
        let first = Int((from - Self.firstSecond) / 60)
        for minute in max(0, first)..<Self.minutes {
            let local = Self.firstSecond + Int64(minute) * 60 + Self.offset(places[place].zone, Self.firstSecond + Int64(minute) * 60)
            let (day, ofDay) = (Int(local / 86_400), Int(local % 86_400 / 60))
            // 1970-01-01 was a Thursday; 2026-07-04 is day 20,638. An opening that goes past midnight is of the day before.
            func isOpen(_ day: Int, _ ofDay: Int) -> Bool {
                let weekday = (day + 3) % 7
                let spans = day == 20_638 ? [] : Self.spans(place, weekday: weekday, changed: changed)
                return spans.contains { $0.opens <= ofDay && ofDay < $0.closes }
            }
            places[place].posted[minute] = isOpen(day, ofDay) || isOpen(day - 1, ofDay + 1_440)
        }
    }

    // MARK: The plan

    private mutating func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }

    /// A second of a minute that is far from its middle, so that a clock that is some seconds off does not move it past that.
    private mutating func instant(_ minute: Int) -> Int64 {
        let seconds: [Int64] = [0, 7, 15, 20, 42, 50, 55]
        return Self.firstSecond + Int64(minute) * 60 + seconds[Int(random.next() % UInt64(seconds.count))]
    }

    private mutating func plan(_ second: Int64, _ event: Event) { events.append((second, events.count, event)) }

    /// The leader's own timer, also where its clock is behind.
    private mutating func planLook(_ second: Int64) {
        plan(second, .look)
        plan(second + 6, .look)
    }

    private mutating func plan() {
        var person = 0
        for place in places.indices {
            var before = false
            for minute in 0..<Self.minutes {
                let isPosted = places[place].posted[minute]
                if isPosted != before { planLook(Self.firstSecond + Int64(minute) * 60) }
                // Somebody comes about when it opens, and goes about when it closes; now and then nobody, or only for a while.
                if isPosted, !before || minute % 360 == 0, !chance(8) {
                    person += 1
                    let from = max(0, minute - 6 + Int(random.next() % 25))
                    planShift(person, place, general: chance(25), from: from, until: from + 60 + Int(random.next() % 420))
                }
                before = isPosted
            }
            for day in 0..<Self.days where chance(6) {
                let from = day * 1_440 + 700 + Int(random.next() % 700)
                // A new leader grants a lease more.
                if (from - 398) % Self.leaderMinutes < 4 { continue }
                // The lease runs out 45 s later, which is far from the middle of a minute as well.
                let second = Self.firstSecond + Int64(from) * 60 + [0, 7, 15, 55][Int(random.next() % 4)]
                plan(second, .nodeFails(place))
                plan(second + 45, .lapse(place))
                plan(second + 120 + Int64(random.next() % 90) * 60, .nodeIsBack(place))
            }
            for day in stride(from: 9 + place * 7, to: Self.days, by: 30) { planClosing(place, day) }
        }
        for minute in stride(from: 400, to: Self.minutes, by: Self.leaderMinutes) {
            // Between two middles of minutes.
            plan(Self.firstSecond + Int64(minute) * 60 + 32, .leaderFails)
            plan(Self.firstSecond + Int64(minute) * 60 + 34 + Int64(random.next() % 25), .leaderComes)
        }
        for day in stride(from: 20, to: Self.days, by: 30) { plan(Self.firstSecond + Int64(day) * 86_400 + 59, .restore) }
        plan(Self.changeSecond, .change)
        events.sort { ($0.second, $0.order) < ($1.second, $1.order) }
    }

    private mutating func planShift(_ person: Int, _ place: Int, general: Bool, from: Int, until: Int) {
        plan(instant(from), .signOn(person: person, place: place, general: general))
        if chance(30) {
            plan(instant(from + 20), .available(person: person, false))
            plan(instant(from + 23 + Int(random.next() % 20)), .available(person: person, true))
        }
        if chance(4), !general { plan(instant(from + 15), .openNow(person: person, minutes: 30)) }
        if chance(40) { plan(instant(until - 10), .leaving(person: person)) }
        plan(instant(until), .signOff(person: person))
    }

    /// Said as it happens, said afterwards, ended early, or taken back.
    private mutating func planClosing(_ place: Int, _ day: Int) {
        let from = instant(day * 1_440 + (place == 2 ? 200 : 900) + Int(random.next() % 300))
        let until = from + 3_600 * Int64(2 + random.next() % 6)
        let said = chance(40) ? until + 3_600 : from
        plan(said, .close(place, until: until, from: from))
        for second in [from, until] { planLook(second) }
        if said == from, chance(40) {
            plan(from + 3_600, .reopen(place, at: from + 3_600))
            planLook(from + 3_600)
        } else if chance(50) {
            plan(max(said, until) + 7_200, .reopen(place, at: chance(50) ? from + 3_600 : from - 60))
        }
    }

    // MARK: Playing it

    mutating func play() throws {
        for place in places.indices { post(place, changed: false, from: Self.firstSecond) }
        post(0, changed: true, from: Self.changeSecond)
        try begin()
        plan()
        let end = Self.firstSecond + Int64(Self.minutes) * 60
        var at = 0
        // What happens may have others follow.
        while at < events.count, events[at].second < end {
            try perform(events[at].event, at: events[at].second)
            at += 1
        }
        try advance(to: end + 60)
        for person in shifts.keys { count(person, until: end) }
    }

    private mutating func begin() throws {
        harness.lead(0, term: term)
        harness.cores[0].onVoters([2, 3], levels: [2: FeatureLevel.supported, 3: FeatureLevel.supported])
        harness.pass(ms: 3_000)
        second += 3
        var commands: [Command] = []
        for place in places {
            commands.append(.setLibrary(Library(name: place.library, title: "L", homeNode: try name("node"), fallback: place.fallback)))
        }
        commands.append(.setQueue(Queue(name: try name("general"), title: "G", library: nil)))
        for place in places { commands.append(.setQueue(Queue(name: place.queue, title: "Q", library: place.library))) }
        for place in places.indices { commands.append(.setHours(try hours(place, changed: false, version: 0))) }
        try propose(commands)
        try tellZones()
    }

    /// Each leader asks once for the zones that it does not know.
    private mutating func tellZones() throws {
        for zone in Set(places.map(\.zone)).sorted() { harness.cores[leader].onZone(zone, try Self.rules(zone)) }
        harness.settle()
    }

    private static func rules(_ zone: String) throws -> ZoneRules {
        try ZoneRules(tzif: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(zone)"))))
    }

    private mutating func propose(_ commands: [Command]) throws {
        for command in commands {
            counter += 1
            harness.take(harness.cores[leader].onPropose(link, [try item(counter, command)], nowMs: harness.nowMs), at: leader)
        }
        harness.settle()
    }

    /// Time goes on; whoever is at a node that runs is vouched for all the while.
    private mutating func advance(to next: Int64) throws {
        harness.nowMs += UInt64(max(0, next - second)) * 1_000
        second = max(second, next)
        harness.wallMs = UInt64(second * 1_000 + skewMs[leader])
        let alive = shifts.values.filter { !places[$0.home].isDown }.map(\.session).sorted()
        harness.take(harness.cores[leader].onRenewals(alive, nowMs: harness.nowMs), at: leader)
        for core in harness.cores.indices { harness.take(harness.cores[core].onTick(nowMs: harness.nowMs), at: core) }
        harness.settle()
        harness.seen = harness.seen.map { _ in [] }
    }

    private mutating func perform(_ event: Event, at next: Int64) throws {
        try advance(to: next)
        switch event {
        case .look: break
        case .signOn(let person, let place, let isGeneral):
            guard !places[place].isDown else { return }
            let session = SessionID(high: 1, low: UInt64(person))
            let who: OperatorName = try name("p\(person % 3_000)")
            let queue: QueueName = isGeneral ? try name("general") : places[place].queue
            let operatorEntry = Operator(name: who, displayName: "P", library: places[place].library, queues: [queue])
            let signOn = SignOn(session: session, operatorName: who, node: try name("node"), boot: 1, available: [queue])
            try propose([.setOperator(operatorEntry), .signOn(signOn)])
            shifts[person] = Shift(session: session, place: isGeneral ? nil : place, home: place, since: second)
        case .available(let person, let isOn):
            guard let shift = shifts[person], !places[shift.home].isDown else { return }
            count(person, until: second)
            let queue: QueueName = try shift.place.map { places[$0].queue } ?? name("general")
            try propose([.setAvailability(shift.session, queue, isOn)])
            shifts[person]?.since = isOn ? second : nil
        case .leaving(let person):
            guard let shift = shifts[person], !places[shift.home].isDown else { return }
            count(person, until: second)
            try propose([.leaving(shift.session, inMs: 3_600_000)])
            shifts[person]?.since = nil
        case .signOff(let person):
            guard let shift = shifts[person], !places[shift.home].isDown else { return }
            end(person)
            try propose([.signOff(shift.session)])
        case .nodeFails(let place): places[place].isDown = true
        case .lapse(let place):
            counts["lapses", default: 0] += shifts.values.filter { $0.home == place }.count
            for person in shifts.keys.sorted() where shifts[person]?.home == place { end(person) }
        case .nodeIsBack(let place): places[place].isDown = false
        case .leaderFails:
            harness.lead(nil, term: term)
        case .leaderComes:
            term += 1
            leader = (leader + 1 + Int(random.next() % 2)) % 3
            harness.lead(leader, term: term)
            harness.wallMs = UInt64(second * 1_000 + skewMs[leader])
            harness.settle()
            try tellZones()
            counts["leaders", default: 0] += 1
        case .close(let place, let until, let from): try close(place, from: from, until: until)
        case .reopen(let place, let at): try reopen(place, at: at)
        case .openNow(let person, let minutes): try openNow(person, minutes)
        case .change: try propose([.setHours(try hours(0, changed: true, version: 1))])
        case .restore:
            let behind = (leader + 1) % 3
            harness.cores[behind].onRestored(try ConsortiumState(memento: harness.cores[leader].state.memento), nowMs: harness.nowMs)
        }
    }

    private mutating func close(_ place: Int, from: Int64, until: Int64) throws {
        counter += 1
        let id = RequestID(high: 5, low: counter)
        let closure = Closure(id: id, fromMs: UInt64(from) * 1_000, untilMs: UInt64(until) * 1_000, note: "Snow")
        try propose([.closeLibrary(places[place].library, closure)])
        places[place].closures.append((closure, until))
        counts[second == from ? "closings" : "closings afterwards", default: 0] += 1
    }

    private mutating func reopen(_ place: Int, at: Int64) throws {
        guard let last = places[place].closures.last else { return }
        try propose([.reopenLibrary(places[place].library, last.closure.id, atMs: UInt64(at) * 1_000)])
        places[place].closures[places[place].closures.count - 1].until = max(Int64(last.closure.fromMs / 1_000), min(last.until, at))
        counts["reopened", default: 0] += 1
    }

    private mutating func openNow(_ person: Int, _ minutes: Int) throws {
        guard let shift = shifts[person], let place = shift.place, !places[place].isDown else { return }
        // It would end a closing at short notice.
        guard !places[place].closures.contains(where: { Int64($0.closure.fromMs / 1_000) <= second && second < $0.until }) else { return }
        let until = second + Int64(minutes) * 60
        let opening = OpenNow(fromMs: UInt64(second) * 1_000, untilMs: UInt64(until) * 1_000)
        try propose([.openNow(places[place].library, shift.session, opening)])
        for minute in Self.minutes(second, until) { places[place].posted[minute] = true }
        for look in [until, until + 6] {
            events.insert((look, events.count, .look), at: events.firstIndex { $0.second > look } ?? events.count)
        }
        counts["opened", default: 0] += 1
    }

    // MARK: The reckoning

    /// Those whose middle lies in a stretch of time.
    static func minutes(_ from: Int64, _ until: Int64) -> Range<Int> {
        func first(_ second: Int64) -> Int { min(minutes, max(0, Int((second - firstSecond + 29) / 60))) }
        return first(from)..<max(first(from), first(until))
    }

    private mutating func count(_ person: Int, until: Int64) {
        guard let shift = shifts[person], let since = shift.since else { return }
        for minute in Self.minutes(since, until) {
            if let place = shift.place { places[place].own[minute] += 1 } else { general[minute] += 1 }
        }
        shifts[person]?.since = until
    }

    private mutating func end(_ person: Int) {
        count(person, until: second)
        shifts[person] = nil
    }

    /// What every minute of a library was, by the reckoning.
    func truth(_ place: Int) -> [Says] {
        var closed = [Bool](repeating: false, count: Self.minutes)
        for (closure, until) in places[place].closures {
            for minute in Self.minutes(Int64(closure.fromMs / 1_000), until) { closed[minute] = true }
        }
        return (0..<Self.minutes).map { minute in
            guard places[place].posted[minute] else { return .shut }
            if closed[minute] { return .closed }
            if places[place].own[minute] > 0 { return .own }
            return general[minute] > 0 && places[place].fallback != .off ? .covered : .nobody
        }
    }

    /// And by the ledger of one coordinator.
    func ledger(_ place: Int, at core: Int) -> [Says] {
        let first = LedgerMinute(Self.firstSecond / 60)
        let range = first..<first + LedgerMinute(Self.minutes)
        let runs = harness.cores[core].state.ledger(of: places[place].library, in: range)
        var says: [Says] = []
        for (position, run) in runs.enumerated() {
            let end = position + 1 < runs.count ? runs[position + 1].from : range.upperBound
            let word: Says =
                switch (run.hours, run.staffing) {
                case (.open, .own): .own
                case (.open, .covered): .covered
                case (.open, .nobody): .nobody
                case (.closed, _): .closed
                default: .shut
                }
            says += Array(repeating: word, count: Int(end - run.from))
        }
        return says
    }

    var digests: Set<UInt64> { Set(harness.cores.map { $0.state.digest() }) }

    func runs(_ place: Int) -> Int {
        harness.cores[0].state.ledger(of: places[place].library, in: 0..<LedgerMinute.max).count
    }
}
