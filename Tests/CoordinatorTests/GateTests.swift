import Consortium
import Hours
import Testing

@testable import Coordinator

/// Agreement, 3: posted hours open and close the queues, as the leader tells.
@Suite struct GateTests {
    private let library: LibraryName
    private let roster: Roster

    init() throws {
        library = try name("memorial")
        roster = try Roster()
    }

    /// Open from 13:34 to 17:00 in UTC, every day; 20 seconds after the clocks of the harness begin.
    private func hours(zone: String = "UTC") -> LibraryHours {
        let week = WeeklyHours(days: Array(repeating: [OpenSpan(opens: 814, closes: 1_020)], count: 7))
        return LibraryHours(library: library, zone: zone, weeks: Array(repeating: week, count: 3))
    }

    private func service(_ count: Int = 1, zone: String = "UTC") throws -> LogHarness {
        var harness = try LogHarness(count)
        harness.lead(0, term: 1)
        let others = count == 1 ? [] : (2...UInt64(count)).map { $0 }
        harness.cores[0].onVoters(others, levels: Dictionary(uniqueKeysWithValues: others.map { ($0, FeatureLevel.supported) }))
        harness.pass(ms: 3_000)
        for command in roster.commands + [roster.signOn, .setHours(hours(zone: zone))] { harness.ask(command) }
        harness.settle()
        return harness
    }

    private func gate(_ harness: LogHarness, _ core: Int = 0) -> Gate? { harness.cores[core].state.board().hours.first?.gate }

    private func reach(_ harness: LogHarness) -> Reach { Routing.decide(roster.queue, in: harness.cores[0].state).reach }

    /// Time passes, and whoever is signed on stays.
    private func stay(_ harness: inout LogHarness, ms: UInt64) {
        for _ in 0..<ms / 1_000 {
            harness.take(harness.cores[0].onRenewals([roster.session], nowMs: harness.nowMs), at: 0)
            harness.pass(ms: 1_000)
        }
    }

    private func told(_ harness: LogHarness) -> [Gate] {
        harness.log.flatMap(\.items).compactMap { if case .setGate(_, let gate) = $0.command { gate } else { nil } }
    }

    @Test func whoSignsOnEarlyIsReadyAndTheButtonOpensOnTheMinute() throws {
        var harness = try service()
        #expect(harness.zonesAsked == ["UTC"])
        harness.cores[0].onZone("UTC", .utc)
        harness.settle()
        #expect(gate(harness) == .shut)
        #expect(reach(harness) == .nobody)
        while harness.wallMs < 1_789_997_639_000 { harness.pass(ms: 500) }
        #expect(reach(harness) == .nobody)
        harness.pass(ms: 1_000)
        #expect(gate(harness) == .open)
        #expect(reach(harness) == .own)
        harness.wallMs += 4 * 3_600_000
        stay(&harness, ms: 61_000)
        #expect(reach(harness) == .nobody)
        // Told once each.
        #expect(told(harness) == [.shut, .open, .shut])
        #expect(harness.zonesAsked == ["UTC"])
    }

    @Test func aClosingAtShortNoticeCountsAtOnceAndSoDoesItsEnd() throws {
        var harness = try service()
        harness.cores[0].onZone("UTC", .utc)
        stay(&harness, ms: 60_000)
        #expect(reach(harness) == .own)
        let snow = Closure(id: RequestID(high: 1, low: 1), fromMs: harness.wallMs, untilMs: harness.wallMs + 7_200_000, note: "Snow")
        harness.ask(.closeLibrary(library, snow))
        harness.settle()
        #expect(reach(harness) == .nobody)
        harness.ask(.reopenLibrary(library, snow.id, atMs: harness.wallMs))
        harness.settle()
        #expect(reach(harness) == .own)
    }

    @Test func openNowOpensUntilItsTimeAndAClosingAfterItEndsIt() throws {
        var harness = try service()
        harness.cores[0].onZone("UTC", .utc)
        harness.wallMs += 8 * 3_600_000
        stay(&harness, ms: 61_000)
        #expect(reach(harness) == .nobody)
        harness.ask(.openNow(library, roster.session, OpenNow(fromMs: harness.wallMs, untilMs: harness.wallMs + 5_000)))
        harness.settle()
        #expect(reach(harness) == .own)
        harness.pass(ms: 4_000)
        #expect(reach(harness) == .own)
        harness.pass(ms: 2_000)
        #expect(reach(harness) == .nobody)
        harness.ask(.openNow(library, roster.session, OpenNow(fromMs: harness.wallMs, untilMs: harness.wallMs + 3_600_000)))
        harness.pass(ms: 1_000)
        #expect(reach(harness) == .own)
        let snow = Closure(id: RequestID(high: 1, low: 1), fromMs: harness.wallMs, untilMs: harness.wallMs + 600_000, note: "Snow")
        harness.ask(.closeLibrary(library, snow))
        harness.settle()
        #expect(reach(harness) == .nobody)
        harness.wallMs += 601_000
        stay(&harness, ms: 61_000)
        #expect(reach(harness) == .nobody)
    }

    /// The ledger of posted against staffed comes of what leaders told and of sign-ons; a closing counts at once, and what is left of the posted hours then is no shut time.
    @Test func theLedgerFollowsWhatLeadersTell() throws {
        var harness = try service()
        harness.cores[0].onZone("UTC", .utc)
        // To 13:36, two minutes after it opens.
        stay(&harness, ms: 120_000)
        let opened = LedgerMinute(1_789_997_640 / 60)
        let snow = Closure(id: RequestID(high: 1, low: 1), fromMs: harness.wallMs, untilMs: harness.wallMs + 300_000, note: "Snow")
        harness.ask(.closeLibrary(library, snow))
        harness.settle()
        #expect(gate(harness) == .closed)
        #expect(reach(harness) == .nobody)
        stay(&harness, ms: 400_000)
        #expect(reach(harness) == .own)
        harness.ask(.signOff(roster.session))
        harness.pass(ms: 120_000)
        harness.wallMs += 4 * 3_600_000
        harness.pass(ms: 61_000)
        let runs = harness.cores[0].state.ledger(of: library, in: 0..<LedgerMinute.max)
        #expect(runs.map(\.hours) == [.shut, .open, .closed, .open, .open, .shut])
        #expect(runs.map(\.staffing) == [.nobody, .own, .own, .own, .nobody, .nobody])
        #expect(runs[1].from == opened)
        #expect(runs[3].from - runs[2].from == 5)
    }

    /// A leader without the zone's rules says that it cannot tell: then whoever is there counts. The next leader tells again.
    @Test func aLeaderThatDoesNotKnowTheZoneLeavesTheQueueToWhoIsThere() throws {
        var harness = try service(2, zone: "Mars/Olympus")
        harness.cores[0].onZone("Mars/Olympus", .utc)
        harness.settle()
        #expect(gate(harness) == .shut)
        harness.lead(1, term: 2)
        harness.settle()
        #expect(gate(harness, 1) == .shut)
        harness.cores[1].onZone("Mars/Olympus", nil)
        harness.pass(ms: 1_000)
        #expect(gate(harness, 1) == .untold)
        harness.lead(0, term: 3)
        harness.pass(ms: 1_000)
        #expect(gate(harness) == .shut)
    }
}

extension LogHarness {
    var zonesAsked: [String] { seen[0].compactMap { if case .readZone(let zone) = $0 { zone } else { nil } } }

    mutating func ask(_ command: Command) { take(cores[0].proposeOwn(command, nowMs: nowMs), at: 0) }
}
