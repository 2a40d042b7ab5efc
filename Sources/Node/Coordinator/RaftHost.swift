/// This voter's raft on the loop: messages over peer links, writes on the log's own thread, and committed entries for the
/// coordinator.

import Consortium
import EventLoop
import Logging
import Raft
import Sodium
import Wire

@ClusterActor
final class RaftHost {
    let replica: RaftReplica
    private var writer: LogWriter?
    /// Encodes large states at a low priority: on a busy machine messages come first.
    private let encoder = Worker(name: "snapshots", pendingMax: 4, niceness: 10)
    private let links: any CoordinatorPeers
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)
    private var stopped = false
    private var announcing = false
    /// What this leader proposed and has not applied yet, so that it need not read again what it wrote. Bounded by what may be in flight.
    private var proposed: [UInt64: (term: UInt64, batch: Batch)] = [:]

    var onApply: ((Batch, UInt64) -> Void)?
    var onRestore: ((ConsortiumState) -> Void)?
    var onRole: ((RaftRole, UInt64, UInt64?) -> Void)?
    /// `nil` while there is none of the last applied index to be had.
    var snapshotState: (() -> ConsortiumState?)?
    /// An entry that must not or cannot be applied came; says why and what to do. The replica goes on replicating.
    var onUnappliable: ((String) -> Void)?
    /// When this disk was purged last.
    var purgeRecord: PurgeRecord?
    /// Rule 10.
    var watch: ApplyWatch?
    /// The log's disk has no room: a sentence, or nil when it has again.
    var onFull: (() -> Void)?
    private(set) var full: String?
    /// The membership changed: who is concerned by it now.
    var onMembers: (([RaftMember]) -> Void)?
    /// A member said something of raft.
    var onHeard: ((UInt64) -> Void)?
    /// What was damaged here has come from the others.
    var onRepaired: (() -> Void)?
    /// The replica cannot go on in this life of the process; says why and what to do.
    var onFatal: ((String) -> Void)?

    init(replica: RaftReplica, links: any CoordinatorPeers, logger: Logger) {
        self.replica = replica
        self.links = links
        self.logger = logger
    }

    /// Takes the store over and begins from what it held.
    func start(_ store: sending LogStore, from log: RecoveredLog) throws(LogError) {
        links.onLost = { [self] voter in
            if !stopped { perform(replica.onConnectionLost(from: voter, nowMs: nowMs)) }
        }
        links.onMessage = { [self] message, from in
            guard takes(message) else { return }
            perform(replica.receive(message, from: from, nowMs: nowMs))
            onHeard?(from)
        }
        writer = try LogWriter(store) { [weak self] completion in
            ClusterActor.loop.post { ClusterActor.assumeIsolated { self?.completed(completion) } }
        }
        perform(replica.start(from: log, nowMs: nowMs))
    }

    /// Whether the log took the batch.
    func propose(_ batch: Batch) -> Bool {
        let (result, directives) = replica.propose(payloads: [batch.wireBytes()], nowMs: nowMs)
        if case .success(let receipt) = result { proposed[receipt.firstIndex] = (receipt.term, batch) }
        perform(directives)
        if case .success = result { return true }
        return false
    }

    func stop() async {
        stopped = true
        timer.close()
        watch?.close()
        // The writer joins its thread, which may be in a sync: not on the loop.
        if let writer { await Self.end(writer) }
        writer = nil
        await encoder.shutdown()
    }

    /// The next step towards another membership.
    /// - Parameter obstacle: why the one that comes is not given a vote yet.
    func advance(towards wish: MembershipWish, obstacle: String? = nil) -> MembershipProgress {
        let (progress, directives) = replica.advance(towards: wish, connected: links.connected, obstacle: obstacle, nowMs: nowMs)
        perform(directives)
        return progress
    }

    /// Another voter takes what was damaged from the others: a leader that cannot help it makes room for one that can.
    func helps(_ voter: UInt64, repairingSince since: UInt64, from index: UInt64) {
        logger.warning("a coordinator's log was damaged; it takes everything from the others", metadata: ["raftID": "\(voter)"])
        perform(replica.onRepairing(voter, since: since, index: index, nowMs: nowMs))
    }

    /// What the state no longer holds leaves the disk.
    func purge() { perform(replica.purge(nowMs: nowMs)) }

    /// Hands leadership over before a planned stop, so that nobody waits for an election.
    func handOver() {
        if case .success(let directives) = replica.transferLeadership(to: nil, nowMs: nowMs) { perform(directives) }
    }

    private var nowMs: UInt64 { ClusterActor.loop.nowMs }

    private func completed(_ completion: LogCompletion) {
        guard !stopped else { return }
        switch completion {
        case .persisted(let tickets): perform(replica.onPersisted(tickets, nowMs: nowMs))
        case .noSpace(let fault): noSpace(fault)
        case .spaceAgain:
            full = nil
            logger.notice("the disk has room again; this coordinator takes part again")
            onFull?()
        case .failed(let error):
            // The reason is said below, not by the replica, which knows none.
            perform(replica.halt().filter { if case .halted = $0 { false } else { true } })
            fatal("the log could not be written (\(error)); this coordinator must be started again, from what is durable")
        }
    }

    /// What would have to be written while there is no room is dropped, as if the network had lost it: it comes again.
    private func takes(_ message: RaftMessage) -> Bool {
        guard full != nil else { return true }
        switch message {
        case .appendEntries(let append): return append.entries.isEmpty
        case .installSnapshot: return false
        default: return true
        }
    }

    /// Nothing is lost: what is durable stays, and what waits for room was never acknowledged. Somebody with room should lead.
    private func noSpace(_ fault: FileFault) {
        let isNews = full == nil
        full = "the disk is full (\(fault)): this coordinator keeps what it has and takes nothing new; make room on it"
        if isNews {
            logger.critical("no room", metadata: ["why": "\(full ?? "")"])
            onFull?()
        }
        handOver()
    }

    @concurrent nonisolated private static func end(_ writer: LogWriter) async { writer.stop() }

    private func perform(_ directives: [RaftDirective]) {
        carryOut(directives)
        if replica.role == .leader { announceCommit() }
    }

    private func carryOut(_ directives: [RaftDirective]) {
        for directive in directives {
            if let request = LogRequest(directive) {
                write(request)
                if case .purge = request { purged() }
                if case .endRepair = request {
                    logger.notice("this coordinator has everything again that its damaged log held; it votes again")
                    onRepaired?()
                }
                continue
            }
            switch directive {
            case .persistTermVote, .truncate, .appendEntries, .persistSnapshot, .purge, .repaired: break  // Written above.
            case .send(let message, let to): links.send(message, to: to)
            case .apply(let entries):
                apply(entries)
                if entries.last?.kind == .change { onMembers?(replica.membersConcerned) }
            case .takeSnapshot(let index, _): takeSnapshot(index)
            case .restoreSnapshot(let meta, let bytes):
                restore(bytes, through: meta.index)
                onMembers?(replica.membersConcerned)
            case .setTimer(let atMs):
                let now = nowMs
                timer.start(afterMs: atMs > now ? atMs - now : 0) { [self] in perform(replica.tick(nowMs: nowMs)) }
            case .roleChanged(let role, let term, let leader):
                proposed = [:]
                logger.info(
                    "raft role", metadata: ["role": "\(role)", "term": "\(term)", "leader": "\(leader.map(String.init) ?? "none")"])
                onRole?(role, term, leader)
            case .dropped: break  // The coordinator asks again by id; it needs no word of this.
            case .halted(let fault): fatal("\(fault)")
            }
        }
    }

    /// After the coordinator's own closure for the end of this turn, which may propose: new entries carry the commit index with them.
    private func announceCommit() {
        guard !announcing else { return }
        announcing = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            announcing = false
            carryOut(replica.announceCommit(nowMs: nowMs))
        }
    }

    private func write(_ request: LogRequest) {
        guard let writer, writer.submit([request]) else {
            perform(replica.halt())
            return fatal("the log's queue is full: the disk has stopped answering; this coordinator starts again from what is durable")
        }
    }

    private func apply(_ entries: [RaftEntry]) {
        defer { watch?.rest() }
        for entry in entries where entry.kind == .command {
            if let refusal = watch?.refusal(of: entry.index) {
                onUnappliable?(refusal)
                return
            }
            do {
                // Of equal index and term there is one entry only (log matching).
                if let own = proposed.removeValue(forKey: entry.index), own.term == entry.term {
                    onApply?(own.batch, entry.index)
                } else {
                    onApply?(try Batch(wire: entry.payload), entry.index)
                }
            } catch {
                // Rule 11: an entry that this version cannot read stops apply; it is never skipped.
                onUnappliable?("entry \(entry.index) cannot be read by this version (\(error)); update this coordinator")
                return
            }
        }
    }

    private func takeSnapshot(_ index: UInt64) {
        // One that stopped applying has no state of this index to give.
        guard let state = snapshotState?() else { return perform(replica.onSnapshotTaken(index: index, data: nil, nowMs: nowMs)) }
        // The copy shares its storage with the living state; encoding it takes place beside the loop.
        let submitted = encoder.submit { [weak self] in
            let bytes = state.wireSnapshot()
            ClusterActor.loop.post { ClusterActor.assumeIsolated { self?.snapshotTaken(index, bytes) } }
        }
        if !submitted { perform(replica.onSnapshotTaken(index: index, data: nil, nowMs: nowMs)) }
    }

    private func snapshotTaken(_ index: UInt64, _ bytes: [UInt8]) {
        guard !stopped else { return }
        logger.info("snapshot", metadata: ["index": "\(index)", "bytes": "\(bytes.count)"])
        perform(replica.onSnapshotTaken(index: index, data: bytes, nowMs: nowMs))
    }

    private func restore(_ bytes: [UInt8], through index: UInt64) {
        do {
            onRestore?(try ConsortiumState(wireSnapshot: bytes))
            watch?.restored(through: index)
        } catch {
            fatal("a snapshot cannot be read (\(error)); update this coordinator, or replace its data from the others")
        }
    }

    private func purged() {
        logger.info("what the state no longer holds leaves the disk", metadata: ["through": "\(replica.appliedIndex)"])
        guard let record = purgeRecord else { return }
        let (logger, wallMs) = (logger, WallClock.nowMs)
        _ = encoder.submit {
            do { try record.note(wallMs: wallMs) } catch {
                logger.warning("the time of a purge was not noted; the next one comes with the next start", metadata: ["why": "\(error)"])
            }
        }
    }

    private func fatal(_ sentence: String) {
        guard !stopped else { return }
        logger.critical("this coordinator stops", metadata: ["why": "\(sentence)"])
        onFatal?(sentence)
    }
}
