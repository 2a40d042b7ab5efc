import Seeded
import Testing

@testable import Raft

/// The four properties of figure 3.2 under loss, reordering, partitions, crashes, slow disks and snapshots. The cluster checks
/// each of them at every step; a failure names its seed, which replays it exactly.
@Suite struct SafetyTests {
    private func storm(seed: UInt64, count: Int, damages: Bool = false) throws -> SimulatedCluster {
        var plan = SeededGenerator(seed: seed ^ 0xC0FFEE)
        let cluster = try SimulatedCluster(count, seed: seed) {
            $0.snapshotThresholdEntries = 20
            $0.snapshotTrailingEntries = 5
            $0.snapshotGrowthPercent = 0
            $0.inflightEntriesMax = 8
        }
        cluster.lossPercent = Int.random(in: 0...15, using: &plan)
        cluster.delayMs = 1...UInt64.random(in: 2...40, using: &plan)
        cluster.syncMs = 1...UInt64.random(in: 1...30, using: &plan)
        cluster.snapshotPadding = plan.chance(30) ? 600 << 10 : 10
        var value: UInt64 = 0
        for _ in 0..<60 {
            switch Int.random(in: 0..<10, using: &plan) {
            case 0, 1:
                let victim = UInt64.random(in: 1...UInt64(count), using: &plan)
                if cluster.node(victim).replica != nil { cluster.crash(victim) } else { try cluster.start(victim) }
            case 2, 3:
                cluster.cut = []
                for a in cluster.ids { for b in cluster.ids where a != b && plan.chance(30) { cluster.cut.insert([a, b]) } }
            case 4: cluster.cut = []
            case 5:
                if let leader = cluster.leader, case .success(let out)? = leader.replica?.transferLeadership(to: nil, nowMs: cluster.now) {
                    cluster.carryOut(out, leader)
                }
            case 6:
                // A connection breaks although nobody died.
                let from = UInt64.random(in: 1...UInt64(count), using: &plan)
                for id in cluster.ids where id != from && plan.chance(50) { cluster.loseConnection(from: from, at: id) }
            case 7:
                let node = cluster.node(UInt64.random(in: 1...UInt64(count), using: &plan))
                if let out = node.replica?.purge(nowMs: cluster.now) { cluster.carryOut(out, node) }
            case 8 where damages:
                // At most one at a time: what two of three have lost is lost.
                let victim = UInt64.random(in: 1...UInt64(count), using: &plan)
                if cluster.ids.allSatisfy({ cluster.node($0).disk.durable.repairingSince == nil || $0 == victim }) {
                    cluster.crash(victim)
                    cluster.node(victim).disk.damage()
                    try cluster.start(victim)
                }
            default: break
            }
            cluster.tellRepairs()
            for _ in 0..<Int.random(in: 1...12, using: &plan) {
                value += 1
                for id in cluster.ids where cluster.node(id).replica?.role == .leader {
                    _ = cluster.propose([UInt8(truncatingIfNeeded: value), UInt8(id)], at: id)
                }
                cluster.run(forMs: UInt64.random(in: 1...20, using: &plan))
            }
            if cluster.violation != nil { break }
        }
        // Everything heals; the cluster must come back and agree.
        cluster.cut = []
        cluster.lossPercent = 0
        for id in cluster.ids where cluster.node(id).replica == nil { try cluster.start(id) }
        let before = cluster.committedMax
        let healed = cluster.run(upToMs: 20_000) {
            cluster.tellRepairs()
            if let leader = cluster.leader, cluster.committedMax <= before { _ = cluster.propose([0], at: leader.id) }
            return cluster.committedMax > before
                && cluster.ids.allSatisfy {
                    cluster.node($0).appliedIndex == cluster.committedMax && cluster.node($0).replica?.repairingSince == nil
                }
        }
        if !healed { cluster.fail("no progress after everything healed\n" + cluster.summary) }
        cluster.checkLogMatching()
        return cluster
    }

    @Test(arguments: [3, 5]) func safetyHoldsInAStormOfFaults(count: Int) throws {
        var committed: UInt64 = 0
        var installed = 0
        for seed in 1...UInt64(count == 3 ? 150 : 100) {
            let cluster = try storm(seed: seed, count: count)
            #expect(cluster.violation == nil, "seed \(seed), \(count) replicas: \(cluster.violation ?? "")")
            committed += cluster.committedMax
            installed += cluster.snapshotsInstalled
        }
        // The storm must be one in which something happens.
        #expect(committed > 10_000)
        #expect(installed > 20)
    }

    @Test(arguments: [3, 5]) func safetyHoldsWhileDamagedMembersRepairThemselves(count: Int) throws {
        var repaired = 0
        for seed in 1...UInt64(count == 3 ? 150 : 100) {
            let cluster = try storm(seed: seed, count: count, damages: true)
            #expect(cluster.violation == nil, "seed \(seed), \(count) replicas: \(cluster.violation ?? "")")
            repaired += cluster.repaired
        }
        #expect(repaired > 150)
    }
}
