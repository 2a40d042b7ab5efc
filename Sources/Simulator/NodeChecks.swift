import Consortium

/// Removed nodes: what they ask is refused, nobody is signed on at one, and no patron is there.
struct NodeChecks: Book {
    /// With the key of whoever has the name since.
    private var removed: [NodeName: KeyDigest?] = [:]

    private func isRemoved(_ node: NodeName) -> Bool { if case .some(.none) = removed[node] { true } else { false } }

    func concerns(_ command: Command) -> Bool { !removed.isEmpty || isChange(command) }

    private func isChange(_ command: Command) -> Bool {
        switch command {
        case .removeNode, .admitNode: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        guard verdict.isAccepted else { return nil }
        if isRemoved(asking) { return "\(asking) is removed, and what it asks is done" }
        switch command {
        case .removeNode(let node): removed[node] = .some(nil)
        case .admitNode(let node, let key):
            if let key {
                guard removed[node] != nil else { return "\(node) is taken back with a key, and was not removed" }
                removed[node] = key
            } else {
                removed[node] = nil
            }
        default: break
        }
        return nil
    }

    func difference(to state: ConsortiumState) -> String? {
        let there = Dictionary(uniqueKeysWithValues: state.removedNodes.map { ($0.node, $0.admitted) })
        guard there == removed else {
            return "the nodes \(there.keys.sorted()) are removed, and by the log \(removed.keys.sorted())"
        }
        if let session = state.sessions.values.first(where: { isRemoved($0.node) }) {
            return "\(session.operatorName) is signed on at \(session.node), which is removed"
        }
        // Below that level a page which goes on at another node stays noted where it was.
        if state.featureLevel >= FeatureLevel.colleagues,
            let chat = state.chats.values.first(where: { isRemoved($0.node) && $0.patronPresent })
        {
            return "the patron of \(chat.id) is at \(chat.node), which is removed"
        }
        return nil
    }
}
