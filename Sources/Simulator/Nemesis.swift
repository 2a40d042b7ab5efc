import Gossip
import Seeded

/// Strikes as the scenario planned, and heals in the end.
final class Nemesis {
    private unowned let cluster: Cluster
    /// What is still broken, by the fault's place in the plan, with the way to mend it.
    private var broken: [(fault: Int, mend: () -> Void)] = []

    /// The voter that is being replaced: one at a time.
    private(set) var replacement: Replacement?
    private var lastVoter: UInt64 = 0

    /// Until then nothing strikes: what is under way is as much as the cluster can bear.
    private var truceEndMs: UInt64 = 0
    private static let imageRunsMs: UInt64 = 8_000

    /// Faults that wait for a transcript to be stored.
    private var untold: [(fault: Int, forMs: UInt64)] = []
    /// Added to such a fault's place, as it is mended by its own time.
    private static let untoldBase = 1_000_000
    /// The same for a crowd, which comes when it can.
    private static let crowdBase = 2_000_000
    private(set) var crowd: Crowd?

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// Cuts the node off before it has said what it stored.
    func onStored(at machine: Machine) {
        guard !untold.isEmpty, !cluster.isSettling, cluster.nowMs >= truceEndMs else { return }
        let (fault, forMs) = untold.removeFirst()
        cluster.trace.say(cluster.nowMs, "nemesis", "\(machine.name) has stored a transcript, and is cut off for \(forMs) ms")
        cluster.count("transcripts: a node is cut off before it tells what it stored")
        for other in cluster.machines where other !== machine {
            for (from, to) in [(machine, other), (other, machine)] {
                cluster.network.cut(from, to)
                broken.append((Self.untoldBase + fault, { [cluster] in cluster.network.heal(from, to) }))
            }
        }
        cluster.after(forMs, .fault, fault) { [self] in mend(Self.untoldBase + fault) }
    }

    func plan(startMs: UInt64) {
        for (number, fault) in cluster.scenario.faults.enumerated() {
            cluster.after(startMs + fault.atMs - cluster.nowMs, .fault, number) { [self] in
                guard !cluster.isSettling, cluster.nowMs >= truceEndMs else { return }
                strike(number, fault)
                cluster.after(fault.forMs, .fault, number) { [self] in mend(number) }
            }
        }
    }

    func mendAll() {
        crowd?.go()
        for item in broken { item.mend() }
        broken = []
        for machine in cluster.machines where machine.hasOldImage && !machine.isRetired { machine.retire() }
        for machine in cluster.machines {
            machine.resume()
            machine.start()
            // Whoever was not yet updated.
            machine.update(afterMs: 500)
        }
    }

    private func mend(_ number: Int) {
        for item in broken where item.fault == number { item.mend() }
        broken.removeAll { $0.fault == number }
    }

    private func strike(_ number: Int, _ fault: Fault) {
        var random = SeededGenerator(seed: fault.chance)
        let targets = fault.targets.map { cluster.machines[$0] }
        func until(_ mend: @escaping () -> Void) { broken.append((number, mend)) }
        func cut(_ from: Machine, _ to: Machine) {
            cluster.network.cut(from, to)
            until { [cluster] in cluster.network.heal(from, to) }
        }
        cluster.trace.say(cluster.nowMs, "nemesis", "\(fault.kind.rawValue) for \(fault.forMs) ms, first \(targets[0].name)")
        cluster.count("struck: \(fault.kind.rawValue)")
        switch fault.kind {
        case .kill, .powerOff:
            for machine in targets.prefix(random.chance(70) ? 1 : 2) {
                machine.stop(isQuiet: fault.kind == .powerOff)
                until { machine.start() }
            }
        case .blackout:
            for machine in cluster.machines.prefix(cluster.scenario.coordinators) {
                machine.stop(isQuiet: true)
                until { machine.start() }
            }
        case .pause:
            for machine in targets.prefix(random.chance(80) ? 1 : 2) {
                machine.pause()
                until { machine.resume() }
            }
        case .halves:
            let half = targets.prefix(targets.count / 2)
            for one in half {
                for other in targets.dropFirst(half.count) {
                    cut(one, other)
                    cut(other, one)
                }
            }
        case .oneWay:
            let isDeaf = random.chance(50)
            for other in targets.dropFirst() { if isDeaf { cut(other, targets[0]) } else { cut(targets[0], other) } }
        case .isolate:
            for other in targets.dropFirst() {
                cut(other, targets[0])
                cut(targets[0], other)
            }
        case .loss:
            let percent = Int.random(in: 2...30, using: &random)
            cluster.network.lossPercent += percent
            until { [cluster] in cluster.network.lossPercent -= percent }
        case .slow:
            let before = (cluster.network.delayMs, cluster.network.stragglerPercent)
            cluster.network.delayMs = 5...UInt64.random(in: 20...120, using: &random)
            cluster.network.stragglerPercent = 10
            until { [cluster] in (cluster.network.delayMs, cluster.network.stragglerPercent) = before }
        case .slowDisk:
            let machine = targets.first { $0.disk != nil } ?? targets[0]
            let before = machine.syncMs
            machine.syncMs = 20...UInt64.random(in: 50...800, using: &random)
            until { machine.syncMs = before }
        case .badDisk:
            let machine = targets.first { $0.disk != nil } ?? targets[0]
            let isLie = cluster.scenario.planted == .retryFailedSync
            machine.diskFault = isLie ? .syncsLie : random.chance(50) ? .syncsFail : .readOnly
            until { machine.diskFault = .none }
        case .fullDisk:
            for machine in targets.prefix(random.chance(70) ? 1 : targets.count) {
                machine.diskFault = .full
                until { machine.diskFault = .none }
            }
        case .bitFlip: damage(targets, &random)
        case .clock:
            let jumpMs = Int64.random(in: -7_200_000...7_200_000, using: &random)
            targets[0].wallOffsetMs += jumpMs
            until { targets[0].wallOffsetMs -= jumpMs }
        case .oldImage: restoreOldImage(fault, targets)
        case .untold: untold.append((number, fault.forMs))
        case .crowd: bringCrowd(number, fault)
        case .restore: backUp(fault)
        case .update: targets[0].update(afterMs: fault.forMs)
        case .replace: replaceVoter(fault, targets[0], keepsDisk: random.chance(50))
        case .clients:
            for client in cluster.clients where client.hasCome && !client.isOver && random.chance(50) {
                if random.chance(50) {
                    client.reconnect()
                } else {
                    client.setOnline(false)
                    until { client.setOnline(true) }
                }
            }
        }
    }

    /// Takes a backup as soon as some coordinator has applied all; what it says is known to the checker as well.
    private func backUp(_ fault: Fault) {
        guard !cluster.isSettling, !cluster.isRestored else { return }
        guard let backup = Backup(of: cluster) else {
            return cluster.after(Backup.againMs, .fault, fault.targets[0]) { [self] in backUp(fault) }
        }
        cluster.after(fault.forMs, .fault, fault.targets[0]) { [self] in lose(fault, backup) }
    }

    /// All coordinators are lost, once nothing hinders what follows; everything else is mended, and nothing else strikes meanwhile.
    private func lose(_ fault: Fault, _ backup: Backup) {
        guard !cluster.isSettling else { return }
        guard replacement == nil, cluster.nowMs >= truceEndMs, !cluster.machines.contains(where: { $0.hasOldImage }) else {
            return cluster.after(Backup.againMs, .fault, fault.targets[0]) { [self] in lose(fault, backup) }
        }
        // Of a machine that is gone for good nobody knows any more what it had.
        guard !cluster.machines.contains(where: \.isRetired) else { return }
        for item in broken { item.mend() }
        (broken, untold) = ([], [])
        var random = SeededGenerator(seed: fault.chance)
        let restMs = UInt64.random(in: 500...20_000, using: &random)
        truceEndMs = cluster.nowMs + restMs + Backup.meetsWithinMs + 5_000
        cluster.count("restore: all coordinators are lost")
        for machine in cluster.coordinatorMachines { machine.lose() }
        cluster.after(restMs, .fault, fault.targets[0]) { [cluster] in
            backup.begin(cluster, &random)
        }
    }

    /// As soon as nothing else is broken; then nothing else strikes before the crowd has gone.
    private func bringCrowd(_ number: Int, _ fault: Fault) {
        guard let pressure = cluster.scenario.pressure, !cluster.isSettling else { return }
        guard broken.isEmpty, untold.isEmpty, replacement == nil, cluster.nowMs >= truceEndMs,
            cluster.machines.allSatisfy({ $0.isRunning || $0.isRetired })
        else {
            return cluster.after(Crowd.everyMs, .fault, number) { [self] in bringCrowd(number, fault) }
        }
        truceEndMs = cluster.nowMs + Pressure.forMs
        for machine in cluster.machines where machine.disk != nil {
            let before = machine.syncMs
            machine.syncMs = pressure.syncMs
            broken.append((Self.crowdBase + number, { machine.syncMs = before }))
        }
        let crowd = Crowd(cluster, seed: fault.chance)
        self.crowd = crowd
        crowd.come()
        cluster.after(Pressure.forMs, .fault, number) { [self] in
            crowd.go()
            mend(Self.crowdBase + number)
        }
    }

    /// Kills a voter and turns over a bit of its disk. It gets what is damaged from the others, if they are enough: as many as are left with all of theirs
    /// must be a majority.
    private func damage(_ targets: [Machine], _ random: inout SeededGenerator) {
        let unsound = cluster.machines.count { $0.hasOldImage || $0.isRetired || $0.isRepairing }
        guard replacement == nil, unsound + 1 <= (cluster.scenario.coordinators - 1) / 2,
            let machine = targets.first(where: { $0.disk != nil && !$0.isRetired })
        else {
            return
        }
        machine.stop(isQuiet: false)
        guard let file = machine.disk?.flipBit(&random) else { return machine.start() }
        cluster.say(machine, "finds a bit of \(file) turned over")
        cluster.count(
            "disk: a bit of \(file.contains("log-") ? "a segment" : file.contains("snapshot") ? "a snapshot" : "vote or mark") turns over")
        machine.isRepairing = true
        machine.start()
    }

    /// Takes the image now, and puts it back at the end of the fault's time, if by then the leader has served all along (it alone remembers what
    /// the voter acknowledged), all else is whole, and enough voters are left.
    private func restoreOldImage(_ fault: Fault, _ targets: [Machine]) {
        guard let machine = targets.first(where: { $0.disk != nil && $0.coordinator?.replica.role != .leader }),
            let image = machine.disk?.image(), let leader = cluster.leader, leader !== machine
        else { return }
        let (term, voter, wasRestored) = (leader.coordinator?.replica.term, machine.voter, cluster.isRestored)
        guard cluster.scenario.voterLossPercent == 0 else { return }
        cluster.after(fault.forMs, .fault, machine.index) { [self] in
            let retired = cluster.machines.count { $0.hasOldImage || $0.isRetired }
            // A voter that was cut off until just now may not have yet what only the leader and the restored one had: two faults at once.
            let othersHaveAll = cluster.machines.allSatisfy { other in
                guard other !== machine, let replica = other.coordinator?.replica else { return true }
                return other.isRetired
                    || replica.leaderId == leader.coordinator?.voter && replica.appliedIndex == cluster.checker.committedIndex
            }
            guard othersHaveAll || cluster.scenario.planted == .believeOldImage, retired + 1 <= (cluster.scenario.coordinators - 1) / 2,
                !cluster.isSettling, broken.isEmpty, replacement == nil, machine.voter == voter, cluster.isRestored == wasRestored,
                cluster.nowMs >= truceEndMs,
                cluster.leader === leader,
                leader.coordinator?.replica.term == term, cluster.machines.allSatisfy({ $0.isRunning || $0.isRetired })
            else { return }
            truceEndMs = cluster.nowMs + Self.imageRunsMs + 1_000
            machine.stop(isQuiet: true)
            machine.restore(image)
            cluster.count("disk: an old image is put back")
            machine.start()
            cluster.after(Self.imageRunsMs, .fault, machine.index) { machine.retire() }
        }
    }

    /// Not after an old image: of three, with one gone for good, the two that are left are needed.
    private func replaceVoter(_ fault: Fault, _ machine: Machine, keepsDisk: Bool) {
        guard replacement == nil, machine.disk != nil,
            !cluster.machines.contains(where: { $0.hasOldImage || $0.isRetired || $0.isRepairing })
        else { return }
        lastVoter = max(lastVoter, UInt64(cluster.scenario.coordinators)) + 1
        replacement = Replacement(cluster, machine, by: lastVoter, restMs: fault.forMs) { [self] in replacement = nil }
        replacement?.begin(keepsDisk: keepsDisk)
    }
}
