import Glibc
import Locking
import Testing

@testable import Raft

/// Three replicas with real logs on real threads, messages handed over in memory: what the shell does, without sockets.
final class ThreadedCluster {
    final class Node {
        let replica: RaftReplica
        let writer: LogWriter
        let done: Mailbox
        var inbox: [(RaftMessage, UInt64)] = []
        var timerAt: UInt64 = .max
        var commands = 0

        init(replica: RaftReplica, writer: LogWriter, done: Mailbox) { (self.replica, self.writer, self.done) = (replica, writer, done) }
    }
    final class Mailbox: Sendable {
        private let tickets = Locked<[PersistTicket]>([])
        private let failure = Locked<LogError?>(nil)
        func take(_ completion: LogCompletion) {
            switch completion {
            case .persisted(let more): tickets.withLock { $0 += more }
            case .noSpace(let fault): failure.withLock { $0 = .noSpace(fault) }
            case .spaceAgain: failure.withLock { $0 = nil }
            case .failed(let error): failure.withLock { $0 = error }
            }
        }
        func drain() -> [PersistTicket] {
            tickets.withLock { slot in
                defer { slot = [] }
                return slot
            }
        }
        var failed: LogError? { failure.withLock { $0 } }
    }
    var nodes: [UInt64: Node] = [:]
    let folders: [TestFolder]

    init(adjust: (inout RaftConfiguration) -> Void = { _ in }) throws {
        folders = try testMembers.map { _ in try TestFolder() }
        for (member, folder) in zip(testMembers, folders) {
            let identity = LogIdentity(cluster: testIdentity.cluster, member: member.id)
            let store = try LogStore.open(DiskLayout(folder: folder.path), identity).store
            let log = try store.bootstrap(testMembers)
            let done = Mailbox()
            let writer = try LogWriter(store) { done.take($0) }
            var configuration = RaftConfiguration(id: member.id, members: testMembers, seed: UInt32(member.id))
            adjust(&configuration)
            let node = Node(replica: try RaftReplica(configuration), writer: writer, done: done)
            nodes[member.id] = node
            carryOut(node.replica.start(from: log, nowMs: Self.nowMs), node)
        }
    }

    static var nowMs: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    var leader: Node? { nodes.values.first { $0.replica.role == .leader } }

    func carryOut(_ directives: [RaftDirective], _ node: Node) {
        var writes: [LogRequest] = []
        for directive in directives {
            if let write = LogRequest(directive) { writes.append(write) }
            switch directive {
            case .send(let message, let to): nodes[to]?.inbox.append((message, node.replica.configuration.id))
            case .apply(let entries): node.commands += entries.count { $0.kind == .command }
            case .takeSnapshot(let index, _):
                // After the directives before it, as a shell would: it has its own turn.
                carryOut(node.replica.onSnapshotTaken(index: index, data: [1, 2, 3], nowMs: Self.nowMs), node)
            case .setTimer(let at): node.timerAt = at
            default: break
            }
        }
        if !writes.isEmpty, !node.writer.submit(writes) { Issue.record("a writer refused") }
    }

    /// One turn over everybody; false when there was nothing to do.
    func turn() -> Bool {
        var busy = false
        for node in nodes.values {
            let tickets = node.done.drain()
            if !tickets.isEmpty {
                busy = true
                carryOut(node.replica.onPersisted(tickets, nowMs: Self.nowMs), node)
            }
            let messages = node.inbox
            node.inbox = []
            for (message, from) in messages {
                busy = true
                carryOut(node.replica.receive(message, from: from, nowMs: Self.nowMs), node)
            }
            if Self.nowMs >= node.timerAt { carryOut(node.replica.tick(nowMs: Self.nowMs), node) }
        }
        return busy
    }

    func run(upToMs limit: UInt64, until condition: () -> Bool) -> Bool {
        let end = Self.nowMs + limit
        while !condition(), Self.nowMs < end { if !turn() { usleep(20) } }
        return condition()
    }

    func stop() { for node in nodes.values { node.writer.stop() } }
}

@Suite(.serialized) struct PipelineTests {
    /// Sixteen-kilobyte entries, many in flight, with snapshots and trims on the way; then all three logs agree on disk.
    @Test func threeReplicasWithRealLogsCommit() throws {
        let cluster = try ThreadedCluster { $0.snapshotThresholdEntries = 150 }
        #expect(cluster.run(upToMs: 10_000) { cluster.leader.map { $0.replica.commitIndex >= 1 } ?? false })
        let leader = try #require(cluster.leader)
        let payload = [UInt8](repeating: 5, count: 16 << 10)
        var proposed = 0
        let finished = cluster.run(upToMs: 60_000) {
            while proposed < 500, proposed - leader.commands < 64 {
                let (result, out) = leader.replica.propose(payloads: [payload], nowMs: ThreadedCluster.nowMs)
                cluster.carryOut(out, leader)
                guard case .success = result else { break }
                proposed += 1
            }
            return cluster.nodes.values.allSatisfy { $0.commands == 500 }
        }
        #expect(finished)
        for node in cluster.nodes.values {
            node.replica.checkInvariants()
            #expect(node.done.failed == nil)
        }
        cluster.stop()
        for (member, folder) in zip(testMembers, cluster.folders) {
            let identity = LogIdentity(cluster: testIdentity.cluster, member: member.id)
            let (_, log, report) = try LogStore.open(DiskLayout(folder: folder.path), identity)
            #expect(report.lastIndex >= 501 && report.notes.isEmpty)
            #expect((log.snapshot?.meta.index ?? 0) >= 150)
        }
    }
}
