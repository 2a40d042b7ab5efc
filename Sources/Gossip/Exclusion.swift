/// Members that are heard no more, because somebody who decides such things removed them. They leave the table at once, as if they had signed off; what comes
/// from their address, and what others still say of them, is read over. Whoever has the keyring can go by another name: a new key follows.
extension GossipCore {
    /// The names of all who are excluded from now on; whoever was and is not any more may come back. This member's own name counts for nothing.
    public mutating func exclude(_ names: Set<String>, nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        for name in excluded.keys where !names.contains(name) { excluded[name] = nil }
        for name in names.sorted() where excluded[name] == nil && name != me.name {
            let peer = peers[name]
            excluded[name] = peer?.member.gossipAddress ?? ""
            guard let peer else { continue }
            remove(name)
            if probe?.target == name { probe = nil }
            var gone = peer.member
            gone.state = .left
            out.append(.memberChanged(gone, previous: peer.member.state))
            // Else its word, with a greater version, would stand before that of whoever speaks for the queue from now on.
            for key in recordKeys where key.writer == name {
                records[key] = nil
                broadcasts.remove(.record(key))
            }
            recordKeys.removeAll { $0.writer == name }
        }
        schedule(&out, always: false)
        return out
    }

    /// Whether what comes from there is read over. An address that a member of another name has now is that member's: behind one router, or after a machine was given anew, it is the
    /// same as of one that was removed.
    func isExcluded(_ address: String) -> Bool {
        excluded.values.contains(address) && !peers.values.contains { $0.member.gossipAddress == address }
    }
}
