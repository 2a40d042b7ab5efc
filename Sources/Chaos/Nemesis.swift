/// Chaos on the real service: what is done to it, when, and how a run is shown.
///
/// This module is pure: a seed gives a plan of assaults, and the record of a run gives a picture. Who carries a plan out, in
/// network namespaces or containers, is in `callslip/Chaos`; who judges what the clients saw is `History`.

/// A way to hurt a cluster. Every one has an end: what it did is undone, or heals by itself.
public enum Nemesis: String, CaseIterable, Sendable, Hashable {
    // The network between the nodes.
    /// Two halves that do not hear each other.
    case halves
    /// A coordinator is heard by nobody, and hears everybody.
    case oneWay
    /// Two halves, and one coordinator that both hear.
    case bridge
    case isolateLeader
    /// A library's node reaches no other node; its patrons and operators still reach it.
    case isolateLibrary
    /// Clients do not reach a library's node; other nodes do.
    case isolateClients
    /// A share of all packets between nodes is lost.
    case loss
    /// All packets between nodes are late, by so different times that some overtake others.
    case delay
    // Processes.
    case killLeader
    case killNode
    case pauseLeader
    case pauseNode
    /// All processes are killed at once.
    case restartAll
    /// Orderly, one after another, as for an upgrade.
    case rolling
    // Disks.
    /// A coordinator's disk is full.
    case fullDisk
    /// A library node's disk is full: it keeps no branch and takes no transcript.
    case fullLibraryDisk
    /// The disks of all coordinators are full.
    case fullDisks
    /// Files of one node can be neither written nor made.
    case readOnlyDisk
    case failedSync
    case slowDisk
    /// A coordinator is killed, and before it starts again a byte of its log is another one.
    case damagedLog
    // Clocks and limits.
    /// A node's wall clock is off by up to an hour.
    case clockSkew
    /// A node gets no new descriptor.
    case descriptors
    /// A node gets no more memory.
    case memory

    /// What these words on a command line mean: names, joined by `+` for those that come together. Nil for an unknown one.
    public static func parse(_ text: String) -> [[Nemesis]]? {
        var groups: [[Nemesis]] = []
        for group in text.split(separator: ",") {
            let members = group.split(separator: "+").map { Nemesis(rawValue: String($0)) }
            guard !members.isEmpty, members.allSatisfy({ $0 != nil }) else { return nil }
            groups.append(members.compactMap { $0 })
        }
        return groups.isEmpty ? nil : groups
    }

    var aim: Aim {
        switch self {
        case .halves, .bridge, .loss, .delay, .restartAll, .rolling, .fullDisks: .cluster
        case .isolateLeader, .killLeader, .pauseLeader: .leader
        case .oneWay, .fullDisk, .damagedLog: .coordinator
        case .isolateLibrary, .isolateClients, .fullLibraryDisk: .library
        case .readOnlyDisk, .failedSync, .slowDisk: .disk
        case .killNode, .pauseNode, .clockSkew, .descriptors, .memory: .node
        }
    }

    /// Whether a node may end by itself (and be started again) while this goes on.
    public var mayEndProcesses: Bool {
        switch self {
        case .fullDisk, .fullLibraryDisk, .fullDisks, .readOnlyDisk, .failedSync, .memory, .descriptors: true
        default: false
        }
    }

    /// `disk`: any node, mostly a coordinator, whose log is the busiest.
    enum Aim { case cluster, leader, coordinator, library, node, disk }
}

/// Whom it hits.
public enum Target: Sendable, Hashable, CustomStringConvertible {
    case cluster
    /// Whoever leads when the time has come.
    case leader
    case node(String)

    public var description: String {
        switch self {
        case .cluster: "all"
        case .leader: "leader"
        case .node(let name): name
        }
    }
}

/// One nemesis at work.
public struct Act: Sendable, Hashable, CustomStringConvertible {
    public var nemesis: Nemesis
    public var target: Target
    /// What it means is the nemesis's own: a percentage lost, seconds of skew, milliseconds for each sync, which half. 0 to 99.
    public var strength: Int

    public init(_ nemesis: Nemesis, _ target: Target, strength: Int) {
        self.nemesis = nemesis
        self.target = target
        self.strength = strength
    }

    public var description: String { target == .cluster ? nemesis.rawValue : "\(nemesis.rawValue) \(target)" }
}
