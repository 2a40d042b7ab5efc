/// Another gossip key, by LTG's command at a coordinator: one step at a time, asked again and again until it is done, and gone on with where it stopped.

import Consortium
import EventLoop
import Gossip
import Logging
import Sodium
import Wire

/// What `/api/keyring` answers, and `callslip keyring` shows.
public struct KeysReport: Codable, Sendable {
    /// `none` before keys were ever turned by command; else `settled`, `handingOut`, `sealing`.
    public var stage: String
    public var step: UInt64
    /// The ids of the key that seals and of the one beside it; ids say nothing about keys.
    public var primary: UInt32
    public var other: UInt32?
    /// Nodes that do as the step says, and those that are to and have not told.
    public var holders: [String]
    public var missing: [String]
    /// Datagrams that this coordinator has refused since it started: of a dropped key, of another cluster, or damaged.
    public var refusedDatagrams: Int
}

@ClusterActor
final class KeysDesk {
    private let keys: KeysHost
    private let library: LibraryHost
    private let gossip: GossipHost
    private let coordinator: CoordinatorHost?
    private let hasTLS: Bool
    private var isBusy = false

    init(keys: KeysHost, library: LibraryHost, gossip: GossipHost, coordinator: CoordinatorHost?, hasTLS: Bool) {
        self.keys = keys
        self.library = library
        self.gossip = gossip
        self.coordinator = coordinator
        self.hasTLS = hasTLS
    }

    private var plan: KeyPlan { coordinator?.core.state.keys ?? library.board?.keys ?? KeyPlan() }

    func report() -> KeysReport {
        let plan = plan
        return KeysReport(
            stage: plan.step == 0 ? "none" : "\(plan.stage)", step: plan.step, primary: plan.step == 0 ? keys.ring.primaryID : plan.primary,
            other: plan.other, holders: plan.holders.map(\.text), missing: missing(plan).map(\.text),
            refusedDatagrams: gossip.refusedDatagrams)
    }

    /// Nodes that the consortium names, that gossip hears, and that have not told. What gossip hears beside them may be made up by whoever has the old key.
    private func missing(_ plan: KeyPlan) -> [NodeName] {
        guard plan.step > 0 else { return [] }
        let board = library.board
        var named = Set(coordinator?.raft.replica.appliedMembers.compactMap(\.nodeName) ?? [])
        for library in board?.libraries ?? [] {
            named.insert(library.homeNode)
            if let standby = library.standbyNode { named.insert(standby) }
        }
        let alive = gossip.members.filter { $0.member.state <= .suspect }.compactMap { NodeName($0.member.name) }
        return alive.filter { named.contains($0) && !plan.holders.contains($0) }.sorted()
    }

    /// - Parameters:
    ///   - begins: whether another key is wished for where none is on its way. The first question says so.
    ///   - hurries: whether to go on without those that are there and have not told: they ask for the keys when they can.
    func advance(begins: Bool, hurries: Bool, _ completion: @escaping (CoordinatorProgress) -> Void) {
        guard coordinator != nil else { return completion(.refused("This node is no coordinator; ask at one.")) }
        guard hasTLS else {
            return completion(
                .refused(
                    "Gossip keys are handed out over links with TLS alone: give every node's file `tls`, or change the keyring files by hand."
                ))
        }
        guard !isBusy else { return completion(.working("A step is under way.")) }
        let plan = plan
        guard plan.step == 0 || keys.isInStep || plan.stage == .handingOut else {
            return completion(.working("This coordinator is being handed the keys itself."))
        }
        let missing = missing(plan)
        switch plan.stage {
        case .settled where begins: begin(completion)
        case .settled:
            completion(
                .done(
                    "Gossip is sealed with another key, and the former one opens nothing. Nodes that were away are given it when they come back."
                ))
        // The coordinator that made it is gone, and gave it to nobody here.
        // Nor may those who were given it answer ever again; whoever hurries says so.
        case .handingOut where begins && !keys.isInStep && (plan.holders.isEmpty || hurries): begin(completion)
        case .handingOut where !keys.isInStep: completion(.working("This coordinator is being handed the keys itself."))
        case .handingOut where missing.isEmpty || hurries:
            propose(.seal(after: plan.step), completion) { .working("Every node that is there has the next key; now it seals.") }
        case .handingOut: completion(.working("The next key is handed out; still without it: \(Self.list(missing))."))
        case .sealing where missing.isEmpty || hurries:
            propose(.settle(after: plan.step), completion) {
                .working("Every node that is there seals with it; the former one is dropped.")
            }
        case .sealing: completion(.working("The next key seals; not yet at: \(Self.list(missing))."))
        }
    }

    private static func list(_ nodes: [NodeName]) -> String {
        nodes.prefix(8).map(\.text).joined(separator: ", ") + (nodes.count > 8 ? " and \(nodes.count - 8) more" : "")
    }

    private func begin(_ completion: @escaping (CoordinatorProgress) -> Void) {
        let key: [UInt8]
        do throws(SodiumError) { key = try AEAD.makeKey() } catch { return completion(.refused("No key could be made: \(error)")) }
        let former = plan.step == 0 ? keys.ring.primaryID : plan.primary
        isBusy = true
        keys.add(key) { [self] id in
            isBusy = false
            guard let id else { return completion(.refused("The next key could not be kept on this coordinator's disk; see its log.")) }
            propose(.begin(former: former, next: id), completion, failed: { [keys] in keys.forget(id) }) {
                .working("Another gossip key was made, and is handed out to every node that is there.")
            }
        }
    }

    private func propose(
        _ turn: KeyTurn, _ completion: @escaping (CoordinatorProgress) -> Void, failed: @escaping () -> Void = {},
        done: @escaping () -> CoordinatorProgress
    ) {
        isBusy = true
        library.propose(.turnKeys(turn)) { [self] verdict in
            isBusy = false
            switch verdict {
            case .accepted?: completion(done())
            case .refused(let refusal)?:
                failed()
                completion(.refused(refusal.sentence))
            case nil: completion(.working("The node stopped before it was done."))
            }
        }
    }
}
