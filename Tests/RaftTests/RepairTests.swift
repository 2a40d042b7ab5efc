import Testing

@testable import Raft

/// A member whose log is damaged takes it from the others under its own id, and has no say until it has it.
@Suite struct RepairTests {
    private func run(_ cluster: SimulatedCluster, _ what: Comment, until condition: () -> Bool) throws {
        let held = cluster.run(upToMs: 10_000) {
            cluster.tellRepairs()
            return condition()
        }
        try #require(held, what)
        try #require(cluster.violation == nil)
    }

    /// Three members of which only the leader and one other have the last entry; gives back who.
    private func entryThatOneMissed() throws -> (cluster: SimulatedCluster, leader: UInt64, other: UInt64, third: UInt64) {
        let cluster = try SimulatedCluster(3, seed: 11)
        cluster.seesCrashes = false
        try run(cluster, "a leader is known to all") {
            cluster.leader != nil && cluster.ids.allSatisfy { cluster.node($0).appliedIndex == cluster.committedMax }
        }
        let leader = try #require(cluster.leader).id
        let (other, third) = (leader % 3 + 1, (leader + 1) % 3 + 1)
        for id in [leader, other] { cluster.cut.formUnion([[id, third], [third, id]]) }
        let before = cluster.committedMax
        _ = cluster.propose([42], at: leader)
        try run(cluster, "two of three commit") {
            cluster.committedMax > before && cluster.node(other).appliedIndex == cluster.committedMax
        }
        return (cluster, leader, other, third)
    }

    /// Also one that has the membership again, by which libraft takes it for a voter.
    @Test(arguments: [0, 1]) func aDamagedMemberDoesNotHelpToElectOneWithoutTheEntryThatItForgot(present: Int) throws {
        let (cluster, leader, other, third) = try entryThatOneMissed()
        let committed = cluster.committedMax
        cluster.crash(leader)
        cluster.crash(other)
        cluster.node(other).disk.damage(except: present)
        cluster.cut = []
        try cluster.start(other)
        // The one that missed the entry and the one that forgot it are a majority, but no sound one.
        #expect(!cluster.run(upToMs: 5_000) { cluster.leader != nil })
        #expect(cluster.node(third).appliedIndex < committed)
        try cluster.start(leader)
        try run(cluster, "the entry is everywhere") { cluster.ids.allSatisfy { cluster.node($0).appliedIndex >= committed } }
        try run(cluster, "the repair is over") { cluster.node(other).replica?.repairingSince == nil }
        #expect(cluster.node(other).disk.durable.repairingSince == nil || !cluster.node(other).disk.waiting.isEmpty)
    }

    @Test func theLeaderThatRemembersTheLostLogGivesWay() throws {
        let (cluster, leader, other, third) = try entryThatOneMissed()
        cluster.cut = []
        let term = try #require(cluster.node(leader).replica).term
        cluster.crash(other)
        cluster.node(other).disk.damage()
        try run(cluster, "the third catches up") { cluster.node(third).appliedIndex == cluster.committedMax }
        try cluster.start(other)
        #expect(cluster.node(leader).replica?.role == .leader)
        try run(cluster, "the damaged member has all") { cluster.node(other).appliedIndex == cluster.committedMax && cluster.repaired == 1 }
        #expect(try #require(cluster.leader?.replica).term > term)
        // It has a vote again: with it and one other the cluster goes on.
        let leads = try #require(cluster.leader).id
        cluster.crash(leads)
        let before = cluster.committedMax
        try run(cluster, "two of three go on, one of them repaired") {
            if let now = cluster.leader, now.id != leads { _ = cluster.propose([7], at: now.id) }
            return cluster.committedMax > before + 1
        }
    }

    @Test func aCrashInTheMidstOfARepairGoesOnWithIt() throws {
        let (cluster, leader, other, third) = try entryThatOneMissed()
        let committed = cluster.committedMax
        cluster.crash(other)
        cluster.node(other).disk.damage()
        // The leader of the term in which it was damaged cannot give way, as the third is not reached.
        try cluster.start(other)
        cluster.run(forMs: 300)
        cluster.crash(other)
        try cluster.start(other)
        #expect(cluster.node(other).replica?.repairingSince != nil)
        cluster.crash(leader)
        cluster.cut = []
        try cluster.start(leader)
        try run(cluster, "all have all") { cluster.ids.allSatisfy { cluster.node($0).appliedIndex >= committed } && cluster.repaired == 1 }
        #expect(cluster.node(third).appliedIndex >= committed)
    }

    /// The simulator's seed 1572 once found a leader that was elected after it had been told, in the very term of the damage, and waited for ever.
    @Test func whoLeadsLaterKnowsWhoRepairsItself() throws {
        let (cluster, _, other, third) = try entryThatOneMissed()
        cluster.cut = []
        try run(cluster, "the third catches up") { cluster.node(third).appliedIndex == cluster.committedMax }
        cluster.crash(other)
        // It had stood for election: whoever is elected next is of the same term.
        cluster.node(other).disk.durable.term += 1
        cluster.node(other).disk.damage()
        try cluster.start(other)
        cluster.tellRepairs()
        #expect(cluster.run(upToMs: 10_000) { cluster.repaired == 1 })
        #expect(cluster.violation == nil)
    }

    // MARK: On disk

    private func damaged(upTo last: UInt64 = 40) throws -> TestFolder {
        let folder = try filledFolder(upTo: last)
        let store = try openStore(folder).store
        try store.setTermVote(term: 7, vote: 2)
        try store.close()
        let segments = folder.files("log-")
        try folder.flipBit(segments[segments.count / 2], at: SegmentHead.bytes + RecordHead.bytes + 1)
        return folder
    }

    private func damage(of folder: TestFolder) -> LogError? {
        do throws(LogError) {
            _ = try LogStore.open(DiskLayout(folder: folder.path), testIdentity, segmentBytes: 1024)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsDamagedIsPutAsideUntilItIsThereAgain() throws {
        let folder = try damaged()
        #expect(damage(of: folder)?.isRepairable == true)
        try LogStore.beginRepair(DiskLayout(folder: folder.path), testIdentity)
        let (store, log, report) = try openStore(folder)
        #expect(log.repairingSince == 7 && log.term == 7 && log.entries.isEmpty && log.snapshot == nil && !report.isFresh)
        #expect(!folder.files(DiskLayout.damagedPrefix).isEmpty)
        try store.setTermVote(term: 8, vote: 0)
        try store.append(commands(1...3, term: 8))
        try store.sync()
        let (half, halfLog, _) = try openStore(folder.reopened(after: store))
        #expect(halfLog.repairingSince == 7 && halfLog.entries.count == 3)
        try half.endRepair()
        #expect(folder.files(DiskLayout.damagedPrefix).isEmpty)
        let whole = try openStore(folder.reopened(after: half)).log
        #expect(whole.repairingSince == nil && whole.entries.count == 3)
    }

    @Test func aRepairThatIsInterruptedAnywhereIsBegunAgain() throws {
        var interrupted = 0
        for calls in 0..<40 {
            let folder = try damaged()
            let files = FaultyFiles()
            files.die(after: calls)
            do throws(LogError) {
                try LogStore.beginRepair(DiskLayout(folder: folder.path), testIdentity, files: files)
                break
            } catch { interrupted += 1 }
            // Whatever was done, the folder is either still damaged or already under repair; never a sound one with less.
            if let error = damage(of: folder) {
                #expect(error.isRepairable, "after \(calls) calls: \(error)")
                try LogStore.beginRepair(DiskLayout(folder: folder.path), testIdentity)
            }
            #expect(try openStore(folder).log.repairingSince == 7, "after \(calls) calls")
        }
        #expect(interrupted > 10)
    }

    @Test func aMemberWhoseVoteIsDamagedIsNotRepaired() throws {
        let folder = try damaged()
        let vote = "\(folder.path)/vote"
        for slot in [0, SlotFile.slotOffset] { try folder.flipBit(vote, at: slot + 20) }
        #expect(throws: LogError.self) { try LogStore.beginRepair(DiskLayout(folder: folder.path), testIdentity) }
        #expect(damage(of: folder)?.isRepairable == false)
        let other = try damaged()
        try SystemFiles().remove("\(other.path)/vote")
        #expect(throws: LogError.self) { try LogStore.beginRepair(DiskLayout(folder: other.path), testIdentity) }
    }
}
