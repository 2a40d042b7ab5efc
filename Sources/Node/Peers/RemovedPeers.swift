/// Whom this node hears no more, as the coordinators last told: pure.

import Consortium

struct RemovedPeers: Hashable {
    private let nodes: [NodeName: RemovedNode]

    init(_ nodes: [RemovedNode] = []) {
        self.nodes = Dictionary(nodes.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Names that nobody has since.
    var names: Set<String> { Set(nodes.values.filter { $0.admitted == nil }.map(\.node.text)) }

    /// Why a node of that name is not heard, if it is not.
    /// - Parameter key: the digest of the key that it proved its name by; `nil`: it proved nothing.
    func refusal(of node: NodeName, key: [UInt8]?) -> Refusal? {
        guard let removed = nodes[node], !removed.hears(key) else { return nil }
        let day = WallClock.text(Int64(clamping: removed.wallMs / 1_000))
        let since = removed.admitted == nil ? "" : ", and another machine has its name since"
        return Refusal(
            code: Refusal.removedNode,
            text:
                "LTG removed `\(node)` from the consortium at \(day)\(since); no node hears this one any more: end it, or ask LTG for another invitation"
        )
    }
}
