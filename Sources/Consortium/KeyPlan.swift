/// Which gossip keys the nodes use, and how one takes another's place without stranding anybody.
///
/// The log has the keys' ids, which say nothing about them; the keys go from node to node over links with TLS alone, to whoever asks with a certificate
/// (`Node/Keys`). So a node that slept through it all comes back by its certificate, and one that LTG removed comes back by nothing.
///
///     settled ──begin──▶ handing out ──seal──▶ sealing ──settle──▶ settled
///              (the next opens as well)  (it seals, the former opens)  (the former is dropped)
///
/// From one step to the next LTG's command goes when every node that is there has told that it does as the step before says (`KeysHeld`). A node that is
/// one step behind, or ahead, still opens what the others seal: so at any moment whoever is there hears the rest.

public struct KeyPlan: Hashable, Sendable {
    public enum Stage: UInt8, Hashable, Sendable, CaseIterable {
        case settled = 1
        case handingOut = 2
        case sealing = 3
    }
    /// Counts steps. 0: nothing was ever turned here, and each node's own file says what counts.
    public var step: UInt64 = 0
    public var stage = Stage.settled
    /// The id of the key that seals.
    public var primary: UInt32 = 0
    /// Of the one that opens beside it: the next one while it is handed out, the former one while it gives way.
    public var other: UInt32?
    /// Who does as this step says, in the order of the names.
    public var holders: [NodeName] = []

    public init() {}

    /// The keys that a node has to hold.
    public var wanted: [UInt32] { step == 0 ? [] : [primary] + (other.map { [$0] } ?? []) }
}

/// What a node has to do with its ring, for the plan's sake.
public struct KeyOrders: Hashable, Sendable {
    /// Asked of a coordinator.
    public var lacking: [UInt32] = []
    /// Held, and to seal from now on.
    public var primary: UInt32?
    /// Held, and to be forgotten: what they seal is opened no more.
    public var dropped: [UInt32] = []

    public var isNothing: Bool { self == KeyOrders() }
}

extension KeyPlan {
    /// - Parameters:
    ///   - held: the ids of all keys of the node's ring.
    ///   - primary: of those, the one that seals.
    public func orders(held: [UInt32], primary: UInt32) -> KeyOrders {
        guard step > 0 else { return KeyOrders() }
        let wanted = wanted
        var orders = KeyOrders(lacking: wanted.filter { !held.contains($0) })
        if held.contains(self.primary), primary != self.primary { orders.primary = self.primary }
        // Nothing goes before everything has come: a node without a coordinator in reach keeps what it has.
        if orders.lacking.isEmpty { orders.dropped = held.filter { !wanted.contains($0) } }
        return orders
    }
}

/// A step, by LTG at a coordinator. Each names where it begins, so that it is harmless to repeat.
public enum KeyTurn: Hashable, Sendable {
    /// Another key is handed out. Also in place of one that is being handed out: nobody seals with it yet, and the coordinator that made it may be gone.
    case begin(former: UInt32, next: UInt32)
    /// The step that is over.
    case seal(after: UInt64)
    case settle(after: UInt64)
}

extension ConsortiumState {
    public var keys: KeyPlan { keyPlan }

    mutating func turnKeys(_ turn: KeyTurn) throws(Refusal) {
        var plan = keyPlan
        switch turn {
        case .begin(let former, let next):
            if plan.stage == .handingOut, plan.primary == former, plan.other == next { return }
            guard plan.stage != .sealing else {
                throw Refusal(.notAllowed, "A gossip key is being put in another's place already; go on with that first.")
            }
            guard plan.step == 0 || plan.primary == former else {
                throw Refusal(
                    .notAllowed, "The coordinator that made the key does not seal with the cluster's own yet; try again in a moment.")
            }
            guard former != next else { throw Refusal(.invalid, "The next gossip key is the present one.") }
            (plan.stage, plan.primary, plan.other) = (.handingOut, former, next)
        case .seal(let step):
            if plan.stage == .sealing, step < .max, plan.step == step + 1 { return }
            guard plan.stage == .handingOut, plan.step == step, let next = plan.other else { throw .turnedMeanwhile(plan) }
            (plan.stage, plan.primary, plan.other) = (.sealing, next, plan.primary)
        case .settle(let step):
            if plan.stage == .settled, step < .max, plan.step == step + 1 { return }
            guard plan.stage == .sealing, plan.step == step else { throw .turnedMeanwhile(plan) }
            (plan.stage, plan.other) = (.settled, nil)
        }
        guard plan.step < .max else { throw Refusal(.full, "Keys were turned as often as they can be.") }
        plan.step += 1
        plan.holders = []
        keyPlan = plan
        touched.board = true
    }

    /// A node does as a step says. Of steps that are over it is of no use any more, and harmless.
    mutating func keysHeld(by node: NodeName, step: UInt64) throws(Refusal) {
        guard step == keyPlan.step, step > 0, !keyPlan.holders.contains(node) else { return }
        guard keyPlan.holders.count < Limits.keyHoldersMax else {
            throw Refusal(.tooMany, "\(Limits.keyHoldersMax) nodes hold the gossip keys, which is the most that are counted.")
        }
        keyPlan.holders.insert(node, at: keyPlan.holders.partitionPoint { $0 < node })
        touched.board = true
    }

    func checkKeyPlan() throws(InvariantViolation) {
        try hold(featureLevel >= FeatureLevel.nodes || keyPlan == KeyPlan(), "There is a plan of keys below its feature level.")
        try hold(keyPlan.step > 0 || keyPlan == KeyPlan(), "There is a plan of keys without a step.")
        try hold((keyPlan.other == nil) == (keyPlan.stage == .settled), "The plan of keys has not what its stage needs.")
        try hold(keyPlan.other != keyPlan.primary, "The plan of keys has one key twice.")
        try hold(keyPlan.holders.count <= Limits.keyHoldersMax, "Too many nodes are counted as holding the keys.")
        for (left, right) in zip(keyPlan.holders, keyPlan.holders.dropFirst()) {
            try hold(left < right, "Who holds the keys is out of order.")
        }
    }
}

extension Refusal {
    fileprivate static func turnedMeanwhile(_ plan: KeyPlan) -> Refusal {
        Refusal(.notAllowed, "The gossip keys are at step \(plan.step) meanwhile; ask again.")
    }
}

extension Digest {
    mutating func add(_ plan: KeyPlan) {
        add(plan.step)
        add(UInt64(plan.stage.rawValue))
        add(plan.primary)
        add(plan.other) { $0.add($1) }
        add(plan.holders) { $0.add($1) }
    }
}
