/// What was asked and is not yet answered, and, at the leader, what waits to enter the log.

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
    private var order: UInt64 = 0
    private struct Queued: Sendable {
        var item: Batch.Item
        var arrival: UInt64
    }
    /// Lanes of rule 14, most urgent first: leases, then claims and other acts, then messages, then new chats.
    private var lanes: [[Queued]] = [[], [], [], []]
    private var arrivals: UInt64 = 0
    private var queued: Set<ProposalID> = []
    private var ownCounter: UInt64 = 0
    private let ownNode: NodeName
    private let ownBoot: UInt64
    private(set) var inFlight = 0

    init(node: NodeName, boot: UInt64) {
        ownNode = node
        ownBoot = boot
    }

    var pendingCount: Int { pending.count }
    var queuedCount: Int { queued.count }
    func isPending(_ id: ProposalID) -> Bool { pending[id] != nil }

    /// Ids of the replica's own proposals: the top bit keeps them apart from those of a library node in the same process.
    mutating func ownID() -> ProposalID {
        ownCounter += 1
        return ProposalID(node: ownNode, boot: ownBoot, counter: ownCounter | 1 << 63)
    }

    mutating func add(_ item: Batch.Item, origin: Origin, nowMs: UInt64) {
        order += 1
        pending[item.id] = Pending(item: item, origin: origin, handedMs: nowMs, order: pending[item.id]?.order ?? order)
    }

    /// The answer's address, once; `nil` for what was not asked here.
    mutating func applied(_ id: ProposalID) -> Origin? {
        pending.removeValue(forKey: id)?.origin
    }

    mutating func forget(link: LinkID) {
        for (id, entry) in pending {
            if case .link(link, _) = entry.origin { pending[id]?.origin = .nobody }
        }
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

    mutating func enqueue(_ item: Batch.Item) {
        guard queued.insert(item.id).inserted else { return }
        arrivals += 1
        lanes[Self.lane(of: item.command)].append(Queued(item: item, arrival: arrivals))
    }

    /// Takes the next batch: everything in the order of arrival, or, when more waits than a batch holds, in the order of the
    /// lanes; within a lane, first come first served.
    mutating func nextBatch(max: Int) -> [Batch.Item]? {
        guard !queued.isEmpty else { return nil }
        inFlight += 1
        guard queued.count > max else {
            let all = lanes.joined().sorted { $0.arrival < $1.arrival }
            lanes = [[], [], [], []]
            queued.removeAll(keepingCapacity: true)
            return all.map(\.item)
        }
        var batch: [Batch.Item] = []
        for lane in lanes.indices where batch.count < max && !lanes[lane].isEmpty {
            let taken = lanes[lane].prefix(max - batch.count)
            batch += taken.map(\.item)
            lanes[lane].removeFirst(taken.count)
        }
        for item in batch { queued.remove(item.id) }
        return batch
    }

    mutating func batchApplied() { inFlight = Swift.max(0, inFlight - 1) }

    /// Not taken by the log: nothing is lost, each item is still pending where it was asked and is handed on again.
    mutating func batchFailed(_ items: [Batch.Item]) {
        inFlight = Swift.max(0, inFlight - 1)
        for item in items { pending[item.id]?.handedMs = 0 }
    }

    /// A new role: what the old one had in flight may or may not commit; what is still asked is asked again by its id.
    mutating func forgetInFlight() {
        inFlight = 0
        lanes = [[], [], [], []]
        queued = []
    }

    private static func lane(of command: Command) -> Int {
        switch command {
        case .signOn, .signOff, .lapse, .setAvailability, .leaving, .back, .tick, .checkDigest, .setFeatureLevel, .patronPresence: 0
        case .open: 3
        case .say, .mergeBranch: 2
        case .setLibrary, .setQueue, .setOperator, .setSettings: 1
        case .attach, .claim, .offerTransfer, .consent, .pickUp, .withdrawOffer, .release, .close, .leave, .keepMessage: 1
        }
    }
}
