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

    func start() {}
    func stop() {}
    func send(_ message: RaftMessage, to voter: UInt64) {}
    func send(_ frame: PeerFrame, to name: NodeName) {}
    func broadcast(_ frame: PeerFrame) {}
    func name(of voter: UInt64) -> NodeName? { voter == BranchHost.member ? own : nil }
}
