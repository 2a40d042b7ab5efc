/// What was asked and is not yet answered, and, at the leader, what waits to enter the log or is on its way through it.

import Consortium

struct Proposals: Sendable {
    enum Origin: Sendable, Hashable {
        case link(LinkID, counter: UInt64)
        /// The node's link ended; the command goes on, nobody waits for it here.
        case nobody
    }
    private struct Pending: Sendable {
        var item: Batch.Item
        var origin: Origin
        var handedMs: UInt64
        var order: UInt64
    }

    private var pending: [ProposalID: Pending] = [:]
    private var pendingOf: [LinkID: Int] = [:]
    private var order: UInt64 = 0
    private struct Queued: Sendable {
        var item: Batch.Item
        var arrival: UInt64
    }
    /// One for each `Urgency`, the most urgent first.
    private var lanes: [[Queued]] = Proposals.emptyLanes
    private var arrivals: UInt64 = 0
    private var queued: Set<ProposalID> = []
    private var queuedCostBytes = 0
    /// In the log and not yet applied: asked again meanwhile, they need not enter it a second time.
    private var underWay: Set<ProposalID> = []
    private var ownCounter: UInt64 = 0
    private let ownNode: NodeName
    private let ownBoot: UInt64
    /// Batches in the log and not yet applied.
    private(set) var inFlight = 0

    private static let emptyLanes = [[Queued]](repeating: [], count: Urgency.allCases.count)

    init(node: NodeName, boot: UInt64) {
        ownNode = node
        ownBoot = boot
    }

    var pendingCount: Int { pending.count }
    var queuedCount: Int { queued.count }
    func isPending(_ id: ProposalID) -> Bool { pending[id] != nil }
    func pendingCount(of link: LinkID) -> Int { pendingOf[link] ?? 0 }

    /// Ids of the replica's own proposals: the top bit keeps them apart from those of a library node in the same process.
    mutating func ownID() -> ProposalID {
        ownCounter += 1
        return ProposalID(node: ownNode, boot: ownBoot, counter: ownCounter | 1 << 63)
    }

    mutating func add(_ item: Batch.Item, origin: Origin, nowMs: UInt64) {
        order += 1
        let former = pending.updateValue(
            Pending(item: item, origin: origin, handedMs: nowMs, order: pending[item.id]?.order ?? order), forKey: item.id)
        count(former?.origin, -1)
        count(origin, 1)
    }

    /// The answer's address, once; `nil` for what was not asked here.
    mutating func applied(_ id: ProposalID) -> Origin? {
        let origin = pending.removeValue(forKey: id)?.origin
        count(origin, -1)
        return origin
    }

    mutating func forget(link: LinkID) {
        for (id, entry) in pending {
            if case .link(link, _) = entry.origin { pending[id]?.origin = .nobody }
        }
        pendingOf[link] = nil
    }

    private mutating func count(_ origin: Origin?, _ change: Int) {
        guard case .link(let link, _)? = origin else { return }
        let count = (pendingOf[link] ?? 0) + change
        pendingOf[link] = count > 0 ? count : nil
    }

    /// Everything pending, in the order in which it was asked (a sender's messages must stay in order).
    mutating func allPending(markedMs: UInt64) -> [Batch.Item] {
        overdue(handedBeforeMs: .max, markedMs: markedMs)
    }

    mutating func overdue(handedBeforeMs: UInt64, markedMs: UInt64) -> [Batch.Item] {
        let due = pending.filter { $0.value.handedMs < handedBeforeMs }.sorted { $0.value.order < $1.value.order }
        for (id, entry) in due {
            if case .nobody = entry.origin { pending[id] = nil } else { pending[id]?.handedMs = markedMs }
        }
        return due.map(\.value.item)
    }

    // MARK: At the leader

    /// Puts it in its lane, once: what waits already, or is in the log, is left where it is.
    mutating func enqueue(_ item: Batch.Item) {
        guard !underWay.contains(item.id), queued.insert(item.id).inserted else { return }
        arrivals += 1
        queuedCostBytes += item.command.costBytes
        lanes[Urgency(of: item.command).rawValue].append(Queued(item: item, arrival: arrivals))
    }

    /// Takes the next batch: everything in the order of arrival, or, when more waits than a batch holds, in the order of the
    /// lanes; within a lane, first come first served. One command always fits.
    mutating func nextBatch(max: Int, costBytesMax: Int) -> [Batch.Item]? {
        guard !queued.isEmpty else { return nil }
        inFlight += 1
        let batch = queued.count > max || queuedCostBytes > costBytesMax ? takeByLanes(max, costBytesMax) : takeAll()
        for item in batch {
            queued.remove(item.id)
            underWay.insert(item.id)
        }
        return batch
    }

    private mutating func takeAll() -> [Batch.Item] {
        let all = lanes.joined().sorted { $0.arrival < $1.arrival }
        lanes = Self.emptyLanes
        queuedCostBytes = 0
        return all.map(\.item)
    }

    private mutating func takeByLanes(_ max: Int, _ costBytesMax: Int) -> [Batch.Item] {
        var batch: [Batch.Item] = []
        var costBytes = 0
        for lane in lanes.indices {
            var taken = 0
            for waiting in lanes[lane] {
                let cost = waiting.item.command.costBytes
                guard batch.isEmpty || batch.count < max && costBytes + cost <= costBytesMax else { break }
                batch.append(waiting.item)
                costBytes += cost
                taken += 1
            }
            lanes[lane].removeFirst(taken)
            // What is more urgent is never overtaken by what would still fit.
            if !lanes[lane].isEmpty { break }
        }
        queuedCostBytes -= costBytes
        return batch
    }

    /// An entry of this leader's own term was applied.
    mutating func batchApplied(_ items: [Batch.Item]) {
        inFlight = Swift.max(0, inFlight - 1)
        for item in items { underWay.remove(item.id) }
    }

    /// Not taken by the log: nothing is lost, each item is still pending where it was asked and is handed on again.
    mutating func batchFailed(_ items: [Batch.Item]) {
        inFlight = Swift.max(0, inFlight - 1)
        for item in items {
            underWay.remove(item.id)
            pending[item.id]?.handedMs = 0
        }
    }

    /// A new role: what the old one had in flight may or may not commit; what is still asked is asked again by its id.
    mutating func forgetInFlight() {
        inFlight = 0
        lanes = Self.emptyLanes
        queued = []
        queuedCostBytes = 0
        underWay = []
    }
}
