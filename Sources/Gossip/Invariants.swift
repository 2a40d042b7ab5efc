extension GossipCore {
    /// What must hold between any two calls and does not, one line each; empty when all is well.
    public var invariantViolations: [String] {
        var broken: [String] = []
        func expect(_ holds: Bool, _ rule: @autoclosure () -> String) { if !holds { broken.append(rule()) } }
        expect(peers[me.name] == nil, "this member \(me.name) is in its own table of others")
        expect(me.invalidField == nil, "this member has an invalid \(me.invalidField?.field ?? "")")
        expect(me.state == .alive || me.state == .left, "this member holds itself for \(me.state)")
        expect(peerNames == peers.keys.sorted(), "the list of names differs from the table")
        expect(order.sortedNames == peerNames, "the probe order differs from the table")
        expect(peers.count < GossipLimits.membersMax, "\(peers.count) others in the table")
        expect(recordKeys == records.keys.sorted(), "the list of record keys differs from the table")
        expect(records.count <= GossipLimits.recordsMax, "\(records.count) records in the table")
        expect(relays.count <= GossipLimits.relaysMax, "\(relays.count) relays")
        expect(broadcasts.count <= GossipLimits.broadcastsMax, "\(broadcasts.count) broadcasts")
        expect((0...configuration.localHealthMax).contains(health.value), "local health of \(health.value)")
        for name in peerNames {
            guard let peer = peers[name] else { continue }
            expect(peer.member.name == name, "\(name) is stored as \(peer.member.name)")
            expect(peer.member.invalidField == nil, "\(name) has an invalid \(peer.member.invalidField?.field ?? "")")
            expect((peer.suspicion != nil) == (peer.member.state == .suspect), "\(name) is \(peer.member.state), its suspicion is not so")
            expect(peer.heardMs <= nowMs && peer.sinceMs <= nowMs, "\(name) was heard in the future")
            if let suspicion = peer.suspicion {
                expect(Set(suspicion.accusers).count == suspicion.accusers.count, "\(name) is accused twice by one")
                expect(
                    suspicion.minMs <= suspicion.timeoutMs && suspicion.timeoutMs <= suspicion.maxMs, "\(name): suspicion out of its range")
            }
        }
        for queue in published.keys {
            let held = records[RecordKey(queue: queue, writer: me.name)]?.record
            expect(held?.writerBootID == me.bootID, "the published record of \(queue) is not this boot's")
            expect(held?.availability == published[queue], "the published record of \(queue) is not what was published")
        }
        if let probe { expect(probe.nackedBy.count <= probe.relays.count, "more nacks than relays") }
        return broken
    }

    /// Stops the program when an invariant is broken, printing the whole value: for tests, the simulator and debug builds.
    public func checkInvariants() {
        let broken = invariantViolations
        precondition(broken.isEmpty, "\(broken.joined(separator: "; ")) in \(self)")
    }
}
