/// Nodes that LTG removed: nobody hears them any more.
///
/// A node is told by its name and by the key in its certificate. Renewals keep the key, and a node that joins anew makes another one: so whoever has an old key,
/// the node's own or a stolen one, stays out, and a new machine of the same name comes in once its key is noted here. No clock decides, and no serial number
/// that somebody would have to know.

/// A digest (SHA-256) of the public half of a node's key, as its certificate has it.
public struct KeyDigest: Hashable, Sendable {
    public static let count = 32
    public let bytes: [UInt8]

    /// `nil` unless there are 32 of them.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }

    /// For tests: 32 times that byte.
    package init(repeating byte: UInt8) { bytes = Array(repeating: byte, count: Self.count) }
}

public struct RemovedNode: Hashable, Sendable {
    public var node: NodeName
    /// When it was removed last, by the leader's wall clock, in Unix milliseconds: for people.
    public var wallMs: UInt64
    /// The key of the node that has the name since, and is heard; `nil`: nobody of that name is.
    public var admitted: KeyDigest?

    public init(node: NodeName, wallMs: UInt64, admitted: KeyDigest? = nil) {
        self.node = node
        self.wallMs = wallMs
        self.admitted = admitted
    }

    /// Whether a node of that name is heard that shows this key; `nil`: it shows none.
    public func hears(_ key: [UInt8]?) -> Bool { admitted.map { $0.bytes == key } ?? false }
}

extension ConsortiumState {
    /// In the order of the names.
    public var removedNodes: [RemovedNode] { removed.values }

    /// Whether commands of that node are refused: it was removed, and nobody has its name since.
    package func isRemoved(_ node: NodeName) -> Bool { removed[node].map { $0.admitted == nil } ?? false }

    /// Ends the sign-ons of its people, whose chats go back as when anybody vanishes, and takes the patrons who are attached there for absent: their pages go to
    /// another node. What its library keeps passes to the heir when it is due, as of any node that is lost.
    mutating func removeNode(_ node: NodeName) throws(Refusal) {
        guard removed.contains(node) || removed.count < Limits.removedNodesMax else {
            throw Refusal(
                .tooMany,
                "\(Limits.removedNodesMax) nodes are removed, which is the most; take those back whose certificates have all ended (`callslip nodes admit`)."
            )
        }
        if isRemoved(node) { return }
        removed[node] = RemovedNode(node: node, wallMs: wallMs)
        // Each is there, so that its end is never refused.
        for session in sessions.values where session.node == node { try end(session.id) }
        for id in chats.keys {
            guard var chat = chats[id], chat.node == node, chat.patronPresent else { continue }
            absent(&chat)
        }
        touched.board = true
    }

    /// With a key, the node that shows it is heard by that name, and nobody else; without one the removal is taken back, for whatever certificate there is.
    mutating func admitNode(_ node: NodeName, key: KeyDigest?) throws(Refusal) {
        guard var entry = removed[node] else {
            // Taken back already.
            if key == nil { return }
            throw Refusal(.invalid, "`\(node)` was not removed: it is heard with any certificate of the consortium's authority.")
        }
        if let key {
            entry.admitted = key
            removed[node] = entry
        } else {
            removed[node] = nil
        }
        touched.board = true
    }

    func checkRemovedNodes() throws(InvariantViolation) {
        try hold(removed.count <= Limits.removedNodesMax, "There are too many removed nodes.")
        try hold(featureLevel >= FeatureLevel.nodes || removed.count == 0, "There are removed nodes below their feature level.")
        for session in sessions.values {
            try hold(!isRemoved(session.node), "Session \(session.id) is of the removed node \(session.node).")
        }
    }
}

extension Refusal {
    static func removedNode(_ node: NodeName) -> Refusal {
        Refusal(.notAllowed, "LTG removed the node `\(node)` from the consortium; what its people ask is not done.")
    }
}

extension Digest {
    mutating func add(_ node: RemovedNode) {
        add(node.node)
        add(node.wallMs)
        add(node.admitted?.bytes) { $0.add(bytes: $1) }
    }
}
