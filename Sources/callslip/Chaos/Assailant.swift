/// Carries out what a plan says: each nemesis begins, and can be undone.

import Chaos
import EventLoop
import Glibc
import Seeded

@ClusterActor
final class Assailant {
    typealias Undo = @ClusterActor () async throws -> Void

    struct Wound {
        let what: String
        let undo: Undo
        /// Nodes that may end by themselves, until everything has healed.
        let mayEnd: [String]
    }

    private let cluster: ChaosCluster
    private let terrain: Terrain
    /// Told when a leader was killed.
    var onLeaderKilled: (() -> Void)?

    init(_ cluster: ChaosCluster, _ terrain: Terrain) {
        self.cluster = cluster
        self.terrain = terrain
    }

    func begin(_ act: Act) async throws -> Wound {
        let name = await victim(act)
        let what = act.target == .cluster ? act.nemesis.rawValue : "\(act.nemesis.rawValue) \(name)"
        let mayEnd = !act.nemesis.mayEndProcesses ? [] : act.target == .cluster ? cluster.names : [name]
        for name in mayEnd { cluster.mayEnd(name, 1) }
        return Wound(what: what, undo: try await strike(act, name), mayEnd: mayEnd)
    }

    /// Everything has healed: who ends by itself from now on does so without a reason.
    func healed(_ wound: Wound) {
        for name in wound.mayEnd { cluster.mayEnd(name, -1) }
    }

    private func victim(_ act: Act) async -> String {
        switch act.target {
        case .node(let name): name
        case .leader: await cluster.leader() ?? cluster.coordinators[act.strength % cluster.coordinators.count]
        case .cluster: ""
        }
    }

    private func strike(_ act: Act, _ name: String) async throws -> Undo {
        switch act.nemesis {
        case .halves, .oneWay, .bridge, .isolateLeader, .isolateLibrary, .isolateClients:
            return healing(try await terrain.cut(ways(act, name)))
        case .delay:
            let delay = try await terrain.delay(baseMs: 20 + act.strength, spreadMs: 20 + act.strength)
            return { [terrain] in try await terrain.endDelay(delay) }
        case .loss: return healing(try await terrain.lose(percent: 5 + act.strength / 3))
        case .killLeader:
            onLeaderKilled?()
            cluster.kill(name)
            return {}
        case .killNode:
            cluster.kill(name)
            return {}
        case .pauseLeader, .pauseNode:
            try await cluster.pause(name)
            return { [cluster] in try await cluster.resume(name) }
        case .restartAll:
            for name in cluster.names { cluster.kill(name) }
            return {}
        case .rolling:
            for name in cluster.names { try await cluster.restart(name) }
            return {}
        case .fullDisk, .fullLibraryDisk: return try fill([name])
        case .fullDisks: return try fill(cluster.coordinators)
        case .readOnlyDisk: return try controlled(name) { $0.writeError = $1 ? EROFS : 0 }
        case .failedSync: return try await failSync(name, isBrief: act.strength < 50)
        case .slowDisk: return try controlled(name) { $0.syncDelayMs = $1 ? 20 + Int32(act.strength) * 3 : 0 }
        case .damagedLog:
            try cluster.damage(name)
            return {}
        case .clockSkew: return try controlled(name) { $0.skewSeconds = $1 ? Int64(act.strength - 50) * 72 : 0 }
        case .descriptors, .memory: return try await limit(act.nemesis, name)
        }
    }

    // MARK: The network

    private func healing(_ number: Int) -> Undo {
        { [terrain] in try await terrain.heal(number) }
    }

    private func ways(_ act: Act, _ name: String) -> Set<Terrain.Way> {
        let others = cluster.names.filter { $0 != name }
        func between(_ some: [String], _ rest: [String], bothWays: Bool = true) -> Set<Terrain.Way> {
            var ways: Set<Terrain.Way> = []
            for one in some {
                for other in rest {
                    ways.insert(.init(from: cluster.address(one), to: cluster.address(other)))
                    if bothWays { ways.insert(.init(from: cluster.address(other), to: cluster.address(one))) }
                }
            }
            return ways
        }
        switch act.nemesis {
        case .oneWay: return between([name], others, bothWays: false)
        case .isolateLeader, .isolateLibrary: return between([name], others)
        case .isolateClients:
            let (own, node) = (Terrain.ownAddress, cluster.address(name))
            return [.init(from: own, to: node), .init(from: node, to: own)]
        default:
            var chance = SeededGenerator(seed: UInt64(act.strength))
            var all = cluster.names.shuffled(using: &chance)
            if act.nemesis == .bridge { all.removeAll { $0 == cluster.coordinators[act.strength % cluster.coordinators.count] } }
            return between(Array(all[..<(all.count / 2)]), Array(all[(all.count / 2)...]))
        }
    }

    // MARK: Processes

    private func limit(_ nemesis: Nemesis, _ name: String) async throws -> Undo {
        let pid = cluster.processID(name)
        guard pid > 0 else { return {} }
        let option: String
        if nemesis == .descriptors {
            option = "--nofile"
            try await cluster.limit(name, "--nofile=\(Proc.descriptors(pid) + 3):")
        } else {
            option = "--as"
            try await cluster.limit(name, "--as=\(Proc.virtualBytes(pid) + 8 << 20):")
        }
        return { [cluster] in
            // Another process has begun without the limit.
            guard cluster.processID(name) == pid else { return }
            try await cluster.limit(name, option == "--as" ? "--as=unlimited:" : "--nofile=20000:")
        }
    }

    // MARK: Disks and clocks

    private func fill(_ names: [String]) throws -> Undo {
        for name in names { try cluster.fill(name, true) }
        return { [cluster] in
            for name in names { try cluster.fill(name, false) }
        }
    }

    private func controlled(
        _ name: String, _ change: @escaping (inout FaultControl, _ isOn: Bool) -> Void
    ) throws -> Undo {
        try cluster.control(name) { change(&$0, true) }
        return { [cluster] in try cluster.control(name) { change(&$0, false) } }
    }

    /// Either for a moment, so that the node comes back at once to a disk that works again, or as long as the assault lasts.
    private func failSync(_ name: String, isBrief: Bool) async throws -> Undo {
        let undo = try controlled(name) { $0.syncError = $1 ? EIO : 0 }
        guard isBrief else { return undo }
        await Wait.pause(ms: 200)
        try cluster.control(name) { $0.syncError = 0 }
        return undo
    }
}

/// What the system says of a process.
enum Proc {
    static func descriptors(_ pid: pid_t) -> Int {
        guard let folder = opendir("/proc/\(pid)/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    static func virtualBytes(_ pid: pid_t) -> Int {
        let pages = Files.read("/proc/\(pid)/statm")?.split(separator: " ").first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
