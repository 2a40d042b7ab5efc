import Gossip

/// Strikes as the scenario planned, and heals in the end.
final class Nemesis {
    private unowned let cluster: Cluster
    /// What is still broken, by the fault's place in the plan, with the way to mend it.
    private var broken: [(fault: Int, mend: () -> Void)] = []

    init(_ cluster: Cluster) { self.cluster = cluster }

    func plan(startMs: UInt64) {
        for (number, fault) in cluster.scenario.faults.enumerated() {
            cluster.after(startMs + fault.atMs - cluster.nowMs, .fault, number) { [self] in
                guard !cluster.isSettling else { return }
                strike(number, fault)
                cluster.after(fault.forMs, .fault, number) { [self] in mend(number) }
            }
        }
    }

    func mendAll() {
        for item in broken { item.mend() }
        broken = []
        for machine in cluster.machines {
            machine.resume()
            machine.start()
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
        case .clients:
            for client in cluster.clients where !client.isOver && random.chance(50) {
                if random.chance(50) {
                    client.reconnect()
                } else {
                    client.setOnline(false)
                    until { client.setOnline(true) }
                }
            }
        }
    }
}
