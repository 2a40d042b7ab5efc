/// The consortium's nodes, as LTG sees and removes them; at a coordinator.

import Consortium
import EventLoop
import Gossip
import Logging
import Sodium

/// What LTG wants of a node.
enum NodeWish: Hashable, Sendable {
    /// Nobody is to hear it any more.
    case remove(NodeName)
    /// Whoever shows this key has the removed node's name; without one, its removal is taken back.
    case admit(NodeName, key: KeyDigest?)
}

/// Why that is not done; the sentence says what to do.
struct NodeRefusal: Error, Sendable {
    var text: String
}

/// What `/api/nodes` answers, and `callslip nodes` shows.
public struct NodesReport: Codable, Sendable {
    public struct Line: Codable, Sendable {
        public var node: String
        /// As gossip has it: `alive`, `suspect`, `dead`, `left`; `unheard` where it knows nothing.
        public var state: String
        /// Whose home or standby it is.
        public var libraries: [String]
        public var coordinator: Bool
        /// When LTG removed it last, in Unix milliseconds.
        public var removedMs: UInt64?
        /// The key of the machine that has the removed node's name since, in hexadecimal.
        public var admitted: String?
    }
    public var nodes: [Line]
}

@ClusterActor
final class NodesDesk {
    private let own: NodeName
    private let library: LibraryHost
    private let gossip: GossipHost
    private let coordinator: CoordinatorHost?
    private let logger: Logger

    init(own: NodeName, library: LibraryHost, gossip: GossipHost, coordinator: CoordinatorHost?, logger: Logger) {
        self.own = own
        self.library = library
        self.gossip = gossip
        self.coordinator = coordinator
        self.logger = logger
    }

    private var coordinators: Set<NodeName> { Set(coordinator?.raft.replica.appliedMembers.compactMap(\.nodeName) ?? []) }

    func report() -> NodesReport {
        let board = library.board
        var homes: [NodeName: [String]] = [:]
        for library in board?.libraries ?? [] {
            for node in [library.homeNode] + (library.standbyNode.map { [$0] } ?? []) { homes[node, default: []].append(library.name.text) }
        }
        let members = Dictionary(
            gossip.members.compactMap { view in NodeName(view.member.name).map { ($0, "\(view.member.state)") } },
            uniquingKeysWith: { first, _ in first })
        let removed = Dictionary(
            (library.coordinatorsBoard?.removedNodes ?? []).map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        let coordinators = coordinators
        let names = Set(homes.keys).union(members.keys).union(removed.keys).union(coordinators)
        return NodesReport(
            nodes: names.sorted().map { name in
                NodesReport.Line(
                    node: name.text, state: members[name] ?? "unheard", libraries: homes[name] ?? [],
                    coordinator: coordinators.contains(name),
                    removedMs: removed[name]?.wallMs, admitted: removed[name]?.admitted?.text)
            })
    }

    func take(_ wish: NodeWish, _ completion: @escaping (Result<String, NodeRefusal>) -> Void) {
        guard coordinator != nil else {
            return completion(.failure(NodeRefusal(text: "This node is no coordinator; ask at one.")))
        }
        switch wish {
        case .remove(let node):
            if let why = refusal(ofRemoving: node) { return completion(.failure(NodeRefusal(text: why))) }
            propose(.removeNode(node), completion) {
                "No node hears `\(node)` any more, and its people are signed off. It may still have the gossip keys."
            }
        case .admit(let node, let key):
            propose(.admitNode(node, key: key), completion) {
                key == nil
                    ? "`\(node)` is heard again, with any certificate of its name." : "`\(node)` is heard with that key, and no other."
            }
        }
    }

    private func refusal(ofRemoving node: NodeName) -> String? {
        if node == own { return "That is this very node; ask at another coordinator." }
        if coordinators.contains(node) {
            return "`\(node)` is a coordinator: take its vote first (`callslip coordinators remove \(node)`), then remove the node."
        }
        guard report().nodes.contains(where: { $0.node == node.text }) else {
            return "The consortium knows no node `\(node)`; `callslip nodes` lists them."
        }
        return nil
    }

    private func propose(
        _ command: Command, _ completion: @escaping (Result<String, NodeRefusal>) -> Void, done: @escaping () -> String
    ) {
        library.propose(command) { [logger] verdict in
            switch verdict {
            case .accepted?:
                logger.notice("LTG decided about a node", metadata: ["what": "\(command)"])
                completion(.success(done()))
            case .refused(let refusal)?: completion(.failure(NodeRefusal(text: refusal.sentence)))
            case nil: completion(.failure(NodeRefusal(text: "The node stopped before it was done; ask again.")))
            }
        }
    }
}

extension KeyDigest {
    /// 64 hexadecimal digits.
    public init?(hexadecimal text: String) {
        guard let bytes = Hex.bytes(of: text) else { return nil }
        self.init(bytes)
    }

    public var text: String { Hex.text(of: bytes) }
}
