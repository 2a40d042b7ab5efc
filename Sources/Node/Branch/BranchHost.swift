/// A node's branch on the loop: while the node reaches no coordinator it is its own, with a log of its own on its own disk.

import Consortium
import Coordinator
import EventLoop
import Logging
import Raft
import Sodium
import Wire

@ClusterActor
final class BranchHost {
    /// The one voter of a branch's log.
    nonisolated static let member: UInt64 = 1

    private let folder: BranchFolder
    private let node: NodeName
    private let boot: UInt64
    private let logger: Logger
    /// Laying out and deleting take syncs: not on the loop.
    private let disk = Worker(name: "branch", pendingMax: 8)
    private var host: CoordinatorHost?
    private var port: LocalPort?
    private var stopped = false
    private var onRecovered: (() -> Void)?
    /// It was begun in the cluster from whose backup this one was restored.
    private var isOfFormerCluster = false
    /// Frames of the branch's sequencer.
    var onFrame: ((PeerFrame) -> Void)?
    /// The branch cannot go on in this life of the process; says why.
    var onFatal: ((String) -> Void)?

    init(data: String, cluster: [UInt8], node: NodeName, boot: UInt64, logger: Logger) {
        folder = BranchFolder(data: data, cluster: cluster, node: node)
        self.node = node
        self.boot = boot
        self.logger = logger
    }

    var isRunning: Bool { host != nil }

    /// Takes up what an earlier life left on disk. False when there is nothing. To be called before the node serves anybody.
    ///
    /// A branch that is damaged is put aside. One that this version cannot read, or that the disk does not give just now, is left where it is, and the
    /// start fails: going on without it would lose what only it holds.
    /// - Parameter ready: all of it is read. Comes after this has returned, also where a log that ends with its snapshot is read at once: whoever is
    ///   told of the plan first, and then that there is a branch, would wait for the plan for ever.
    func recover(ready: @escaping () -> Void) throws -> Bool {
        let found: BranchFolder.Found
        do {
            guard let kept = try folder.open() else { return false }
            found = kept
        } catch let error as LogError where error.isDamage {
            let place = try folder.setAside(boot: boot)
            logger.critical(
                "the branch that this node kept while it was cut off is damaged; what only it held is missing, clients offer theirs again",
                metadata: ["why": "\(error)", "kept": "\(place)"])
            return false
        } catch {
            throw unreadable("\(error)")
        }
        onRecovered = ready
        isOfFormerCluster = found.isOfFormerCluster
        try run(Disconnected(found.store), found.log) { [weak self] in
            ClusterActor.loop.post { ClusterActor.assumeIsolated { self?.recovered() } }
        }
        logger.notice(
            "a branch of an earlier life is here; it is merged when a coordinator is reached",
            metadata: isOfFormerCluster ? ["of": "the cluster that this one was restored from: its text alone"] : [:])
        return true
    }

    private func recovered() {
        let ready = onRecovered
        onRecovered = nil
        guard !stopped else { return }
        // Merged as far as it was applied, it would count as merged whole, and go.
        if let reason = host?.core.halted { return onFatal?(unreadable(reason).description) ?? () }
        ready?()
    }

    private func unreadable(_ why: String) -> CallslipNode.StartFailure {
        CallslipNode.StartFailure(
            "what this node kept while it was cut off cannot be read just now, and is left where it is, in \(folder.path): \(why). "
                + "Start again when that is mended; if it cannot be, move the folder away, and what only it holds is lost")
    }

    /// Lays out a branch; one that runs already goes on. `false` to `done` when the disk does not take it.
    func begin(_ base: BranchBase, done: @escaping @Sendable @ClusterActor (Bool) -> Void) {
        guard host == nil else { return done(true) }
        let folder = folder
        let submitted = disk.submit { [weak self] in
            let result = Result { () throws -> (store: Disconnected<LogStore>, log: RecoveredLog) in
                let (store, log) = try folder.create(base)
                return (Disconnected(store), log)
            }
            ClusterActor.loop.post { ClusterActor.assumeIsolated { self?.begun(result, done) } }
        }
        if !submitted { done(false) }
    }

    private func begun(
        _ result: Result<(store: Disconnected<LogStore>, log: RecoveredLog), any Error>,
        _ done: @escaping @Sendable @ClusterActor (Bool) -> Void
    ) {
        guard !stopped else { return }
        do {
            let (store, log) = try result.get()
            try run(store, log) { done(true) }
            logger.notice("this node reaches no coordinator; it goes on in a branch of its own")
        } catch {
            logger.critical("this node reaches no coordinator and cannot go on by itself", metadata: ["why": "\(error)"])
            done(false)
        }
    }

    private func run(_ store: Disconnected<LogStore>, _ log: RecoveredLog, ready: @escaping () -> Void) throws {
        guard let store = store.take() else { throw CallslipNode.StartFailure("a branch's log is started once") }
        let members = [RaftMember(id: Self.member, name: node.text)]
        var configuration = RaftConfiguration(
            id: Self.member, members: members, seed: UInt32(truncatingIfNeeded: try Randomness.uint64()))
        configuration.electionTimeoutMs = 150
        configuration.heartbeatMs = 50
        let peers = NoPeers(own: node)
        let raft = RaftHost(replica: try RaftReplica(configuration), links: peers, logger: logger)
        raft.onFatal = { [unowned self] sentence in onFatal?(sentence) }
        let host = CoordinatorHost(core: CoordinatorCore(node: node, boot: boot), raft: raft, links: peers, logger: logger)
        let lastIndex = log.entries.last?.index ?? log.snapshot?.meta.index ?? 0
        var isReady = false
        let settle = { [unowned host] in
            guard !isReady, host.core.role.isLeader, host.raft.replica.appliedIndex >= lastIndex else { return }
            isReady = true
            ready()
        }
        // What the log holds is applied before or after the role is known, as the disk has it.
        host.onRole = settle
        host.onAdvanced = settle
        self.host = host
        let (near, far) = LocalPort.pair()
        near.onFrame = { [unowned self] frame in onFrame?(frame) }
        port = near
        try host.start(store, from: log)
        host.serve(far, node: node)
    }

    func send(_ frame: PeerFrame) { port?.send(frame) }

    /// What is to be merged of it.
    func plan() -> BranchPlan {
        host?.core.state.branchPlan(node: node, ofFormerCluster: isOfFormerCluster) ?? BranchPlan(parts: [], sessions: [:])
    }

    /// All of it is merged.
    func discard() {
        guard let host else { return }
        self.host = nil
        port = nil
        isOfFormerCluster = false
        let folder = folder
        let logger = logger
        Task { [disk] in
            await host.stop()
            _ = disk.submit {
                do { try folder.remove() } catch {
                    logger.error("a merged branch was not deleted; it will be merged again, without harm", metadata: ["why": "\(error)"])
                }
            }
        }
    }

    func stop() async {
        stopped = true
        port = nil
        await host?.stop()
        host = nil
        await disk.shutdown()
    }
}
