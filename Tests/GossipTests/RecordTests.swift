import Testing

@testable import Gossip

@Suite struct RecordTests {
    private let staffed = Availability(staffed: 2, freePlaces: 4, waiting: 1, postedOpen: true)

    private func core() throws -> GossipCore {
        var core = try GossipCore(me: TestNetwork.member("me"), configuration: .lan, seed: 1, nowMs: 0)
        _ = core.onMessage(GossipMessage(.gossip, updates: [.alive(TestNetwork.member("w"))]), from: "w:7946", nowMs: 0)
        return core
    }

    private func record(
        _ session: UInt64, _ counter: UInt64, queue: String = "law", writer: String = "w", boot: UInt64 = 1, ageMs: Int64 = 0
    ) -> AvailabilityRecord {
        AvailabilityRecord(
            key: RecordKey(queue: queue, writer: writer), writerBootID: boot, version: RecordVersion(session: session, counter: counter),
            availability: staffed, ageMs: ageMs)
    }

    private func tell(_ core: inout GossipCore, _ updates: GossipUpdate..., nowMs: Int64) -> [GossipDirective] {
        core.onMessage(GossipMessage(.gossip, updates: updates), from: "w:7946", nowMs: nowMs)
    }

    private func changes(_ directives: [GossipDirective]) -> [AvailabilityRecord] {
        directives.compactMap { if case .recordChanged(let record) = $0 { record } else { nil } }
    }

    @Test func theLastVersionWinsInWhateverOrderTheyArrive() throws {
        var core = try core()
        let first = changes(tell(&core, .record(record(2, 1)), nowMs: 1))
        let older = changes(tell(&core, .record(record(1, 9)), nowMs: 2))
        let same = changes(tell(&core, .record(record(2, 1)), nowMs: 3))
        #expect([first.count, older.count, same.count] == [1, 0, 0])
        #expect(core.freshest(queue: "law", nowMs: 3)?.record.version == RecordVersion(session: 2, counter: 1))
    }

    @Test func theAgeGrowsWhileTheRecordIsHeldAndTravelsOn() throws {
        var core = try core()
        _ = tell(&core, .record(record(1, 1, ageMs: 300)), nowMs: 1_000)
        #expect(core.freshest(queue: "law", nowMs: 5_000)?.record.ageMs == 4_300)
        #expect(core.pushPullState(nowMs: 6_000).records.map(\.ageMs) == [5_300])
    }

    @Test func aRenewalIsNotToldAndKeepsTheRecordFresh() throws {
        var core = try core()
        _ = tell(&core, .record(record(1, 1)), nowMs: 0)
        let renewal = changes(tell(&core, .record(record(1, 2)), nowMs: 50_000))
        #expect(renewal.isEmpty)
        #expect(core.freshest(queue: "law", nowMs: 100_000)?.standing == .current)
        #expect(core.freshest(queue: "law", nowMs: 110_001)?.standing == .stale)
        #expect(core.freshest(queue: "law", nowMs: 110_001)?.isStaffed == false)
    }

    @Test func aWriterRenewsWhatItPublishedUntilItWithdraws() throws {
        var core = try core()
        _ = try core.publish(queue: "law", session: 3, staffed, nowMs: 0)
        for second in 0...31 { _ = core.onTick(nowMs: Int64(second) * 1_000) }
        let key = RecordKey(queue: "law", writer: "me")
        #expect(core.record(key, nowMs: 31_000)?.record.version == RecordVersion(session: 3, counter: 3))
        _ = core.withdraw(queue: "law", nowMs: 31_000)
        for second in 31...90 { _ = core.onTick(nowMs: Int64(second) * 1_000) }
        let last = try #require(core.record(key, nowMs: 90_000))
        #expect(last.record.version == RecordVersion(session: 3, counter: 4))
        #expect(last.record.availability == .withdrawn)
        #expect(last.record.ageMs == 59_000)
        core.checkInvariants()
    }

    @Test func aWriterStartsAboveWhatItsPeersHold() throws {
        var core = try core()
        _ = try core.publish(queue: "law", session: 1, staffed, nowMs: 0)
        _ = tell(&core, .record(record(7, 40, writer: "me", boot: 99)), nowMs: 1)
        let held = core.record(RecordKey(queue: "law", writer: "me"), nowMs: 1)
        #expect(held?.record.version == RecordVersion(session: 7, counter: 41))
        #expect(held?.record.writerBootID == 1)
        _ = try core.publish(queue: "law", session: 2, staffed, nowMs: 2)
        #expect(core.record(RecordKey(queue: "law", writer: "me"), nowMs: 2)?.record.version == RecordVersion(session: 7, counter: 42))
        _ = try core.publish(queue: "law", session: 8, staffed, nowMs: 3)
        #expect(core.record(RecordKey(queue: "law", writer: "me"), nowMs: 3)?.record.version == RecordVersion(session: 8, counter: 1))
        core.checkInvariants()
    }

    @Test func aFormerBootsRecordOfTheSameVersionGivesWay() throws {
        var core = try core()
        _ = try core.publish(queue: "law", session: 1, staffed, nowMs: 0)
        _ = tell(&core, .record(record(1, 1, writer: "me", boot: 99)), nowMs: 1)
        #expect(core.record(RecordKey(queue: "law", writer: "me"), nowMs: 1)?.record.version == RecordVersion(session: 1, counter: 2))
    }

    @Test func aFormerBootsRecordIsKeptButNotShownUntilPublishedAnew() throws {
        var core = try core()
        _ = tell(&core, .record(record(4, 4, writer: "me", boot: 99)), nowMs: 1)
        #expect(core.freshest(queue: "law", nowMs: 1)?.standing == .formerBoot)
        _ = try core.publish(queue: "law", session: 1, staffed, nowMs: 2)
        #expect(core.freshest(queue: "law", nowMs: 2)?.standing == .current)
        #expect(core.freshest(queue: "law", nowMs: 2)?.record.version == RecordVersion(session: 4, counter: 5))
    }

    @Test func recordsOfDeadAndDepartedWritersAreKeptAndMarked() throws {
        var core = try core()
        _ = tell(&core, .record(record(1, 1)), nowMs: 1)
        let told = changes(tell(&core, .dead(name: "w", incarnation: 1, accuser: "x"), nowMs: 2))
        #expect(told.map(\.key.writer) == ["w"])
        #expect(core.records(nowMs: 3).map(\.standing) == [.writerGone])
    }

    @Test func aReturnFromTheDeadIsHeldDownAndARestartIsNot() throws {
        var core = try core()
        _ = tell(&core, .record(record(1, 1)), .dead(name: "w", incarnation: 1, accuser: "x"), nowMs: 1)
        var member = TestNetwork.member("w")
        member.incarnation = 2
        _ = tell(&core, .alive(member), nowMs: 1_000)
        #expect(core.freshest(queue: "law", nowMs: 1_000)?.standing == .heldDown)
        #expect(core.freshest(queue: "law", nowMs: 10_999)?.standing == .heldDown)
        #expect(core.freshest(queue: "law", nowMs: 11_000)?.standing == .current)
        (member.incarnation, member.bootID) = (3, 2)
        _ = tell(&core, .dead(name: "w", incarnation: 2, accuser: "x"), .alive(member), .record(record(2, 1, boot: 2)), nowMs: 12_000)
        #expect(core.freshest(queue: "law", nowMs: 12_000)?.standing == .current)
    }

    @Test func aReturnUnderSuspicionIsHeldDownToo() throws {
        var core = try core()
        _ = tell(&core, .record(record(1, 1)), .dead(name: "w", incarnation: 1, accuser: "x"), nowMs: 1)
        _ = tell(&core, .suspect(name: "w", incarnation: 2, accuser: "x"), nowMs: 1_000)
        #expect(core.freshest(queue: "law", nowMs: 1_000)?.standing == .heldDown)
    }

    @Test func theTableOfRecordsIsBoundedAndGivesThePlacesOfThoseWhoAreGone() throws {
        var core = try core()
        for index in 0..<UInt64(GossipLimits.recordsMax) { _ = tell(&core, .record(record(1, 1, queue: "q\(index)")), nowMs: 1) }
        #expect(throws: GossipInputError.self) { try core.publish(queue: "law", session: 1, staffed, nowMs: 2) }
        _ = tell(&core, .left(name: "w", incarnation: 1), nowMs: 3)
        _ = try core.publish(queue: "law", session: 1, staffed, nowMs: 4)
        #expect(core.records(nowMs: 4).count == GossipLimits.recordsMax)
        core.checkInvariants()
    }

    @Test func recordsBeyondTheLimitsAreIgnoredOrRefused() throws {
        var core = try core()
        _ = tell(
            &core, .record(record(1, 1, queue: String(repeating: "q", count: 65))), .record(record(GossipLimits.versionMax + 1, 1)),
            nowMs: 1)
        #expect(core.records(nowMs: 1).isEmpty)
        #expect(throws: GossipInputError.self) { try core.publish(queue: "", session: 1, staffed, nowMs: 2) }
        #expect(throws: GossipInputError.self) { try core.publish(queue: "law", session: .max, staffed, nowMs: 2) }
    }
}
