/// What a coordinator needs of its way to the others.

import Consortium
import EventLoop
import Raft
import Wire

@ClusterActor
protocol CoordinatorPeers: AnyObject {
    var onMessage: ((RaftMessage, UInt64) -> Void)? { get set }
    /// Proposals, renewals and typing that another coordinator hands over.
    var onFrame: ((PeerFrame) -> Void)? { get set }
    /// The link on which a voter sends was ended.
    var onLost: ((UInt64) -> Void)? { get set }
    func start()
    func stop()
    func send(_ message: RaftMessage, to voter: UInt64)
    func send(_ frame: PeerFrame, to name: NodeName)
    func broadcast(_ frame: PeerFrame)
    func name(of voter: UInt64) -> NodeName?
    /// The membership that the log tells changed.
    func update(_ members: [NodeConfiguration.Coordinator])
    var connected: Set<UInt64> { get }
    /// Whether a member's certificate does not say that it may be a coordinator.
    func lacksProof(_ voter: UInt64) -> Bool
    /// The feature levels that the others' versions support, by raft id, as far as they told.
    var levels: [UInt64: UInt32] { get }
    /// Whether most of the others say that this coordinator is none of theirs.
    var isDisowned: Bool { get }
    var onDisowned: (() -> Void)? { get set }
    /// Whether this coordinator knows a leader (`KnownLeader`).
    var knowsLeader: () -> Bool { get set }
}

extension VoterLinks: CoordinatorPeers {}

/// The peers of a node that sequences by itself: there are none.
@ClusterActor
final class NoPeers: CoordinatorPeers {
    private let own: NodeName
    var onMessage: ((RaftMessage, UInt64) -> Void)?
    var onFrame: ((PeerFrame) -> Void)?
    var onLost: ((UInt64) -> Void)?

    init(own: NodeName) { self.own = own }

    let connected: Set<UInt64> = []
    let levels: [UInt64: UInt32] = [:]
    let isDisowned = false
    var onDisowned: (() -> Void)?
    var knowsLeader: () -> Bool = { true }

    func start() {}
    func stop() {}
    func lacksProof(_ voter: UInt64) -> Bool { false }
    func update(_ members: [NodeConfiguration.Coordinator]) {}
    func send(_ message: RaftMessage, to voter: UInt64) {}
    func send(_ frame: PeerFrame, to name: NodeName) {}
    func broadcast(_ frame: PeerFrame) {}
    func name(of voter: UInt64) -> NodeName? { voter == BranchHost.member ? own : nil }
}
