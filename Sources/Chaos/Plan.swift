import Seeded

/// What is done to a cluster, when: the same seed gives the same plan. What comes of it is the cluster's own.

/// Nemeses that begin together; then they end and the cluster has time to heal.
public struct Assault: Sendable, Hashable {
    /// Since the beginning of the run.
    public var startMs: UInt64
    public var lengthMs: UInt64
    public var acts: [Act]

    public init(startMs: UInt64, lengthMs: UInt64, acts: [Act]) {
        self.startMs = startMs
        self.lengthMs = lengthMs
        self.acts = acts
    }
}

public struct Plan: Sendable, Hashable {
    public static let lengthMs: ClosedRange<UInt64> = 5_000...12_000
    public static let quietMs: ClosedRange<UInt64> = 4_000...8_000
    /// Before the first assault the chats get going.
    public static let calmMs: UInt64 = 3_000
    /// Of a run, in minutes.
    public static let minutesMax = 240

    public private(set) var assaults: [Assault] = []

    /// - Parameters:
    ///   - groups: which come, in turns, those of a group together. Empty: any one, and any two together.
    ///   - coordinators, libraries: names of the nodes.
    ///   - assaultMs: how long each assault lasts; nil: as the seed has it.
    public init(
        seed: UInt64, lengthMs: UInt64, groups: [[Nemesis]], coordinators: [String], libraries: [String], assaultMs: UInt64? = nil
    ) {
        precondition(!coordinators.isEmpty && !libraries.isEmpty && lengthMs <= UInt64(Self.minutesMax) * 60_000)
        var chance = SeededGenerator(seed: seed)
        var atMs = Self.calmMs
        while true {
            let length = assaultMs ?? UInt64.random(in: Self.lengthMs, using: &chance)
            guard atMs + length <= lengthMs else { return }
            let group = groups.isEmpty ? Self.anyGroup(&chance) : groups[assaults.count % groups.count]
            let acts = group.map { Self.act($0, coordinators, libraries, &chance) }
            assaults.append(Assault(startMs: atMs, lengthMs: length, acts: acts))
            atMs += length + UInt64.random(in: Self.quietMs, using: &chance)
        }
    }

    private static func anyGroup(_ chance: inout SeededGenerator) -> [Nemesis] {
        var all = Nemesis.allCases
        let first = all.remove(at: Int.random(in: all.indices, using: &chance))
        guard Bool.random(using: &chance) else { return [first] }
        return [first, all[Int.random(in: all.indices, using: &chance)]]
    }

    private static func act(
        _ nemesis: Nemesis, _ coordinators: [String], _ libraries: [String], _ chance: inout SeededGenerator
    ) -> Act {
        func one(of names: [String]) -> Target { .node(names[Int.random(in: names.indices, using: &chance)]) }
        let target: Target =
            switch nemesis.aim {
            case .cluster: .cluster
            case .leader: .leader
            case .coordinator: one(of: coordinators)
            case .library: one(of: libraries)
            case .node: one(of: coordinators + libraries)
            case .disk: one(of: Int.random(in: 0..<4, using: &chance) == 0 ? libraries : coordinators)
            }
        return Act(nemesis, target, strength: Int.random(in: 0...99, using: &chance))
    }
}
