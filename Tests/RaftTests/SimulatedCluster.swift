import Seeded

@testable import Raft

extension SeededGenerator {
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// A disk that loses what was not yet synced when its machine crashes.
struct SimulatedDisk {
    enum Write {
        case termVote(PersistTicket, UInt64, UInt64)
        case truncate(UInt64)
        case append(PersistTicket, [RaftEntry])
        case snapshot(PersistTicket, SnapshotMeta, [UInt8], keptFrom: UInt64?)
        case purge
        case endRepair
    }
    var durable = RecoveredLog.empty
    /// The log is damaged: what the vote file says is all that is left, and as many entries as an interrupted repair has brought again.
    mutating func damage(except first: Int = 0) {
        durable.repairingSince = max(durable.term, durable.repairingSince ?? 0)
        durable.entries = Array(durable.entries.prefix(first))
        durable.snapshot = nil
        waiting = []
    }
    var waiting: [Write] = []

    /// Makes the first `count` waiting writes durable; gives back their tickets.
    mutating func sync(_ count: Int) -> [PersistTicket] {
        var tickets: [PersistTicket] = []
        for write in waiting.prefix(count) {
            switch write {
            case .termVote(let ticket, let term, let vote):
                durable.term = term
                durable.vote = vote
                tickets.append(ticket)
            case .truncate(let from):
                durable.entries.removeAll { $0.index >= from }
            case .append(let ticket, let entries):
                durable.entries.append(contentsOf: entries)
                tickets.append(ticket)
            case .snapshot(let ticket, let meta, let data, let keptFrom):
                durable.snapshot = (meta, data)
                if let keptFrom { durable.entries.removeAll { $0.index < keptFrom } } else { durable.entries = [] }
                tickets.append(ticket)
            case .endRepair: durable.repairingSince = nil
            case .purge:
                if let index = durable.snapshot?.meta.index { durable.entries.removeAll { $0.index <= index } }
            }
        }
        waiting.removeFirst(min(count, waiting.count))
        return tickets
    }
}

final class SimulatedNode {
    let id: UInt64
    var replica: RaftReplica?
    var disk = SimulatedDisk()
    var timerAt: UInt64 = .max
    var syncDue = false
    var incarnation: UInt64 = 0
    /// The state machine: a digest over everything applied.
    var appliedIndex: UInt64 = 0
    var digest: UInt64 = 0
    var commands: UInt64 = 0

    init(id: UInt64) { self.id = id }

    var state: [UInt8] {
        var bytes: [UInt8] = []
        for value in [appliedIndex, digest, commands] {
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
        }
        return bytes
    }

    func restore(_ bytes: [UInt8]) {
        func value(_ at: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(bytes[at * 8 + $1]) << UInt64(8 * $1) } }
        (appliedIndex, digest, commands) = (value(0), value(1), value(2))
    }
}

/// Replicas, network and disks under one virtual clock and one seed. Every step checks the properties of figure 3.2 of the thesis;
/// the first one that does not hold is kept in `violation`.
final class SimulatedCluster {
    enum Event {
        case timer(UInt64, incarnation: UInt64)
        case deliver(RaftMessage, from: UInt64, to: UInt64)
        case sync(UInt64, incarnation: UInt64)
        case snapshot(UInt64, incarnation: UInt64, index: UInt64, data: [UInt8])
    }
    let members: [RaftMember]
    var nodes: [UInt64: SimulatedNode] = [:]
    var random: SeededGenerator
    var now: UInt64 = 0
    private var queue: [(at: UInt64, order: UInt64, event: Event)] = []
    private var order: UInt64 = 0
    var violation: String?

    // The network.
    var lossPercent = 0
    var delayMs: ClosedRange<UInt64> = 1...3
    var syncMs: ClosedRange<UInt64> = 1...2
    var cut: Set<[UInt64]> = []
    var snapshotPadding = 0
    /// Whether leaders announce what is committed after each event; half of the seeds do.
    var announces: Bool
    /// Whether the others' kernels notice a crash, as those of the machines that share a network with a process that died do.
    var seesCrashes: Bool
    var adjust: (inout RaftConfiguration) -> Void = { _ in }

    // What has been seen.
    var leaders: [UInt64: UInt64] = [:]
    var committed: [UInt64: RaftEntry] = [:]
    /// The term in which each entry was first applied anywhere: leaders of earlier terms may be without it.
    var committedIn: [UInt64: UInt64] = [:]
    var committedMax: UInt64 = 0
    var digests: [UInt64: UInt64] = [:]
    var snapshotsInstalled = 0
    var repaired = 0
    var transcript: UInt64 = 0
    var dropped: [(UInt64, ProposalTag, DropReason)] = []

    init(_ count: Int, seed: UInt64, adjust: @escaping (inout RaftConfiguration) -> Void = { _ in }) throws {
        members = (1...UInt64(count)).map { RaftMember(id: $0, name: "c\($0)") }
        random = SeededGenerator(seed: seed)
        announces = seed % 2 == 0
        seesCrashes = seed % 3 == 0
        self.adjust = adjust
        for member in members {
            let node = SimulatedNode(id: member.id)
            node.disk.durable = try RecoveredLog.bootstrap(members: members)
            nodes[member.id] = node
        }
        for member in members { try start(member.id) }
    }

    var ids: [UInt64] { nodes.keys.sorted() }
    func node(_ id: UInt64) -> SimulatedNode { nodes[id]! }  // Test helper: ids come from `ids`.
    var leader: SimulatedNode? {
        ids.map(node).filter { $0.replica?.role == .leader }.max { $0.replica!.term < $1.replica!.term }
    }

    func start(_ id: UInt64) throws {
        let node = node(id)
        var configuration = RaftConfiguration(id: id, members: members, seed: UInt32(truncatingIfNeeded: random.next()))
        configuration.electionTimeoutMs = 150
        configuration.heartbeatMs = 30
        configuration.installSnapshotTimeoutMs = 2000
        adjust(&configuration)
        let replica = try RaftReplica(configuration)
        node.incarnation += 1
        node.replica = replica
        node.syncDue = false
        (node.appliedIndex, node.digest, node.commands) = (0, 0, 0)
        carryOut(replica.start(from: node.disk.durable, nowMs: now), node)
    }

    /// Power off: what was not synced is gone, or, now and then, part of it had reached the disk all the same.
    func crash(_ id: UInt64) {
        let node = node(id)
        guard node.replica != nil else { return }
        if random.chance(50), !node.disk.waiting.isEmpty {
            _ = node.disk.sync(Int.random(in: 0...node.disk.waiting.count, using: &random))
        }
        node.disk.waiting = []
        node.replica = nil
        node.incarnation += 1
        guard seesCrashes else { return }
        for other in ids where other != id { loseConnection(from: id, at: other) }
    }

    func loseConnection(from: UInt64, at id: UInt64) {
        guard let replica = node(id).replica else { return }
        carryOut(replica.onConnectionLost(from: from, nowMs: now), node(id))
    }

    /// Those that repair themselves say so whenever they are connected anew.
    func tellRepairs() {
        for id in ids {
            guard let replica = node(id).replica, let since = replica.repairingSince else { continue }
            let index = replica.claimed.index
            for other in ids where other != id && !cut.contains([id, other]) {
                guard let peer = node(other).replica else { continue }
                carryOut(peer.onRepairing(id, since: since, index: index, nowMs: now), node(other))
            }
        }
    }

    func propose(_ bytes: [UInt8], at id: UInt64) -> Result<ProposalReceipt, ProposeRefusal>? {
        guard let replica = node(id).replica else { return nil }
        let (result, directives) = replica.propose(payloads: [bytes], nowMs: now)
        carryOut(directives, node(id))
        return result
    }

    func schedule(_ event: Event, after delay: UInt64) {
        order += 1
        let item = (at: now + delay, order: order, event: event)
        var low = 0
        var high = queue.count
        // Latest first, so that the next is removed from the end.
        while low < high {
            let middle = (low + high) / 2
            if (queue[middle].at, queue[middle].order) > (item.at, item.order) { low = middle + 1 } else { high = middle }
        }
        queue.insert(item, at: low)
    }

    func run(forMs duration: UInt64) {
        let end = now + duration
        while let next = queue.last, next.at <= end, violation == nil {
            queue.removeLast()
            now = max(now, next.at)
            handle(next.event)
        }
        now = end
    }

    /// Runs until the condition holds; false when it does not within the time.
    func run(upToMs limit: UInt64, until condition: () -> Bool) -> Bool {
        let end = now + limit
        while !condition(), now < end, violation == nil { run(forMs: 5) }
        return condition()
    }

    private func handle(_ event: Event) {
        switch event {
        case .timer(let id, let incarnation):
            let node = node(id)
            guard node.incarnation == incarnation, let replica = node.replica, node.timerAt <= now else { return }
            node.timerAt = .max
            carryOut(replica.tick(nowMs: now), node)
        case .deliver(let message, let from, let to):
            guard !cut.contains([from, to]), let node = nodes[to], let replica = node.replica else { return }
            carryOut(replica.receive(message, from: from, nowMs: now), node)
        case .sync(let id, let incarnation):
            let node = node(id)
            guard node.incarnation == incarnation, let replica = node.replica else { return }
            node.syncDue = false
            let tickets = node.disk.sync(Int.random(in: 1...max(1, node.disk.waiting.count), using: &random))
            planSync(node)
            carryOut(replica.onPersisted(tickets, nowMs: now), node)
        case .snapshot(let id, let incarnation, let index, let data):
            let node = node(id)
            guard node.incarnation == incarnation, let replica = node.replica else { return }
            carryOut(replica.onSnapshotTaken(index: index, data: data, nowMs: now), node)
        }
    }

    private func planSync(_ node: SimulatedNode) {
        guard !node.syncDue, !node.disk.waiting.isEmpty else { return }
        node.syncDue = true
        schedule(.sync(node.id, incarnation: node.incarnation), after: UInt64.random(in: syncMs, using: &random))
    }

    func carryOut(_ directives: [RaftDirective], _ node: SimulatedNode) {
        for directive in directives { carryOut(directive, node) }
        if announces, let replica = node.replica {
            for directive in replica.announceCommit(nowMs: now) { carryOut(directive, node) }
        }
        planSync(node)
        node.replica?.checkInvariants()
        checkLeader(node)
    }

    private func carryOut(_ directive: RaftDirective, _ node: SimulatedNode) {
        switch directive {
        case .persistTermVote(let ticket, let term, let vote): node.disk.waiting.append(.termVote(ticket, term, vote))
        case .truncate(let from): node.disk.waiting.append(.truncate(from))
        case .appendEntries(let ticket, let first, let entries):
            if entries.first?.index != first { fail("directive says \(first), entries start at \(entries.first?.index ?? 0)") }
            node.disk.waiting.append(.append(ticket, entries))
        case .persistSnapshot(let ticket, let meta, let data, let keptFrom):
            if keptFrom == nil { snapshotsInstalled += 1 }
            node.disk.waiting.append(.snapshot(ticket, meta, data, keptFrom: keptFrom))
        case .purge: node.disk.waiting.append(.purge)
        case .repaired:
            repaired += 1
            node.disk.waiting.append(.endRepair)
        case .send(let message, let to):
            transcript = transcript &* 31 &+ message.term &+ to &+ now
            guard !random.chance(lossPercent) else { return }
            schedule(.deliver(message, from: node.id, to: to), after: UInt64.random(in: delayMs, using: &random))
        case .apply(let entries): apply(entries, node)
        case .takeSnapshot(let index, _):
            if node.appliedIndex != index { fail("snapshot at \(index), state is at \(node.appliedIndex)") }
            let data = node.state + [UInt8](repeating: 7, count: snapshotPadding)
            schedule(.snapshot(node.id, incarnation: node.incarnation, index: index, data: data), after: 2)
        case .restoreSnapshot(let meta, let data):
            node.restore(data)
            if node.appliedIndex != meta.index { fail("restored \(node.appliedIndex), expected \(meta.index)") }
            if let known = digests[meta.index], known != node.digest { fail("a snapshot at \(meta.index) differs") }
        case .setTimer(let at):
            node.timerAt = at
            schedule(.timer(node.id, incarnation: node.incarnation), after: at > now ? at - now : 0)
        case .roleChanged(let role, let term, _):
            guard role == .leader else { return }
            // Election safety: at most one leader in a term.
            if let other = leaders[term], other != node.id { fail("term \(term) has the leaders \(other) and \(node.id)") }
            leaders[term] = node.id
        case .dropped(let tag, let reason): dropped.append((node.id, tag, reason))
        case .halted(let fault): fail("node \(node.id) halted: \(fault)")
        }
    }

    private func apply(_ entries: [RaftEntry], _ node: SimulatedNode) {
        for entry in entries {
            if entry.index != node.appliedIndex + 1 { fail("node \(node.id) applies \(entry.index) after \(node.appliedIndex)") }
            // State machine safety: no two members apply different entries at one index.
            if let known = committed[entry.index], known != entry { fail("two entries are committed at \(entry.index)") }
            committed[entry.index] = entry
            if committedIn[entry.index] == nil { committedIn[entry.index] = node.replica?.term ?? entry.term }
            committedMax = max(committedMax, entry.index)
            node.appliedIndex = entry.index
            if entry.kind == .command { node.commands += 1 }
            for byte in entry.payload { node.digest = (node.digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
            node.digest = (node.digest ^ entry.index ^ entry.term << 32) &* 0x100_0000_01B3
            if let known = digests[entry.index], known != node.digest { fail("states differ at \(entry.index)") }
            digests[entry.index] = node.digest
        }
    }

    /// Leader completeness: what was committed in an earlier term is in the log of every later leader.
    private func checkLeader(_ node: SimulatedNode) {
        guard let replica = node.replica, replica.role == .leader else { return }
        guard let lastOld = lastCommitted(before: replica.term) else { return }
        if replica.lastIndex < lastOld { return fail("leader \(node.id) ends at \(replica.lastIndex), \(lastOld) is committed") }
        if let held = replica.tail[lastOld], held != committed[lastOld] { fail("leader \(node.id) holds another entry \(lastOld)") }
    }

    private func lastCommitted(before term: UInt64) -> UInt64? {
        var index = committedMax
        while index > 0, committedIn[index] ?? 0 >= term { index -= 1 }
        return index > 0 && committed[index] != nil ? index : nil
    }

    /// Log matching: entries of equal index and term are equal, and so is everything before them.
    func checkLogMatching() {
        let replicas = ids.compactMap { node($0).replica }
        for a in replicas {
            for b in replicas where a !== b {
                var matched = false
                var index = min(a.tail.lastIndex, b.tail.lastIndex)
                while let left = a.tail[index], let right = b.tail[index] {
                    if left.term == right.term { matched = true }
                    if matched, left != right { fail("logs differ at \(index) below a match") }
                    if index == 1 { break }
                    index -= 1
                }
            }
        }
    }

    /// Where everybody stands, for a failed expectation.
    var summary: String {
        ids.map(node).map { node in
            guard let r = node.replica else { return "\(node.id): down" }
            return "\(node.id): \(r.role) term \(r.term) leader \(r.leaderId ?? 0) last \(r.lastIndex) stored \(r.storedIndex) "
                + "commit \(r.commitIndex) applied \(r.appliedIndex) held from \(r.tail.firstIndex) snapshot \(r.snapshotIndex) "
                + "installing \(r.installing?.index ?? 0) match \(ids.map { r.matchIndex(of: $0) ?? 0 }) waiting \(node.disk.waiting.count) "
                + "arriving \(r.assembly?.data.count ?? -1) timer \(node.timerAt)"
        }.joined(separator: "\n")
    }

    func fail(_ text: String) { if violation == nil { violation = "\(now) ms: \(text)" } }
}
