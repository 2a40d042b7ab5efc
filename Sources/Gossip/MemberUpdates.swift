/// What news does to the table of members. The order of precedence (SWIM §4.2) is total: the greater incarnation, then the greater state.
/// So every order of arrival ends in the same table.
extension GossipCore {
    mutating func apply(_ update: GossipUpdate, _ out: inout [GossipDirective]) {
        switch update {
        case .alive(let member): alive(member, &out)
        case .suspect(let name, let incarnation, let accuser):
            guard isPlausible(name, incarnation), Member.isValidName(accuser) else { return }
            suspect(name, incarnation: incarnation, accuser: accuser, &out)
        case .dead(let name, let incarnation, let accuser):
            guard isPlausible(name, incarnation), Member.isValidName(accuser) else { return }
            end(name, incarnation: incarnation, as: .dead, accuser: accuser, &out)
        case .left(let name, let incarnation):
            guard isPlausible(name, incarnation) else { return }
            end(name, incarnation: incarnation, as: .left, accuser: name, &out)
        case .record(let record): apply(record, &out)
        }
    }

    private func isPlausible(_ name: String, _ incarnation: UInt64) -> Bool {
        Member.isValidName(name) && incarnation <= GossipLimits.versionMax
    }

    mutating func alive(_ claimed: Member, _ out: inout [GossipDirective]) {
        guard claimed.invalidField == nil else { return }
        var member = claimed
        member.state = .alive
        guard member.name != me.name else { return onOwnName(member) }
        guard let known = peers[member.name] else { return admit(member, &out) }
        guard member.incarnation > known.member.incarnation else { return }
        var peer = Peer(member: member, heardMs: nowMs, sinceMs: known.sinceMs, returnedMs: known.returnedMs)
        if known.member.state != .alive { peer.sinceMs = nowMs }
        // See `holdDownMs`: only a return from the dead without a restart is a flap.
        if member.bootID != known.member.bootID || known.member.state == .left {
            peer.returnedMs = nil
        } else if known.member.state == .dead {
            peer.returnedMs = nowMs
        }
        store(peer)
        announce(member.name, previous: known.member.state, accuser: "", &out)
    }

    mutating func suspect(_ name: String, incarnation: UInt64, accuser: String, _ out: inout [GossipDirective]) {
        guard name != me.name else { return refute(incarnation) }
        guard var peer = peers[name], (incarnation, MemberState.suspect) >= (peer.member.incarnation, peer.member.state) else { return }
        if peer.suspicion != nil, peer.member.incarnation == incarnation {
            guard peer.suspicion?.confirm(by: accuser) == true else { return }
            peers[name] = peer
            broadcasts.add(.member(name), accuser: accuser)
            return
        }
        let previous = peer.member.state
        peer.member.state = .suspect
        peer.member.incarnation = incarnation
        if previous != .suspect { peer.sinceMs = nowMs }
        // A greater incarnation under suspicion is a return as well: only the member itself raises it.
        if previous == .dead { peer.returnedMs = nowMs }
        peer.suspicion = Suspicion(startedMs: nowMs, accuser: accuser, members: liveCount, configuration: configuration)
        store(peer)
        announce(name, previous: previous, accuser: accuser, &out)
    }

    /// Marks a member as dead or left.
    mutating func end(
        _ name: String, incarnation: UInt64, as state: MemberState, accuser: String, _ out: inout [GossipDirective]
    ) {
        guard name != me.name else { return refute(incarnation) }
        guard var peer = peers[name], (incarnation, state) > (peer.member.incarnation, peer.member.state) else { return }
        let previous = peer.member.state
        peer.member.state = state
        peer.member.incarnation = incarnation
        peer.suspicion = nil
        peer.sinceMs = nowMs
        store(peer)
        announce(name, previous: previous, accuser: accuser, &out)
    }

    mutating func expireSuspicions(_ out: inout [GossipDirective]) {
        for name in peerNames {
            guard let peer = peers[name], let suspicion = peer.suspicion, nowMs >= suspicion.deadlineMs else { continue }
            end(name, incarnation: peer.member.incarnation, as: .dead, accuser: me.name, &out)
        }
    }

    // MARK: This member itself

    /// Somebody holds this member for suspect, dead or left. It isn't: it says so with a greater incarnation (SWIM §4.2), and doubts its
    /// own health, for it may have been too slow to answer (Lifeguard §IV.A).
    private mutating func refute(_ incarnation: UInt64) {
        guard me.state == .alive, incarnation >= me.incarnation else { return }
        health.note(.refuted)
        raiseIncarnation(above: incarnation)
    }

    /// Somebody holds fields for this name that this process did not write: a former boot's. The present ones must win.
    private mutating func onOwnName(_ claimed: Member) {
        guard me.state == .alive, (claimed.incarnation > me.incarnation) || (claimed.incarnation == me.incarnation && claimed != me) else {
            return
        }
        raiseIncarnation(above: claimed.incarnation)
    }

    mutating func raiseIncarnation(above incarnation: UInt64) {
        me.incarnation = min(max(me.incarnation, incarnation) + 1, GossipLimits.versionMax)
        broadcasts.add(.member(me.name))
    }

    // MARK: The table

    /// Takes a member that is not in the table, in any state.
    mutating func admit(_ member: Member, _ out: inout [GossipDirective]) {
        guard excluded[member.name] == nil else { return }
        if peers.count + 1 >= GossipLimits.membersMax {
            guard let victim = replaceablePeer else { return }
            remove(victim)
        }
        let place = peerNames.firstIndex { $0 > member.name } ?? peerNames.count
        peerNames.insert(member.name, at: place)
        order.insert(member.name, using: &generator)
        store(Peer(member: member, heardMs: nowMs, sinceMs: nowMs))
        announce(member.name, previous: nil, accuser: me.name, &out)
    }

    /// The member whose place a new one may take: the longest departed, else the longest dead.
    private var replaceablePeer: String? {
        for state in [MemberState.left, .dead] {
            let candidates = peerNames.compactMap { peers[$0] }.filter { $0.member.state == state }
            if let victim = candidates.min(by: { ($0.sinceMs, $0.member.name) < ($1.sinceMs, $1.member.name) }) {
                return victim.member.name
            }
        }
        return nil
    }

    mutating func remove(_ name: String) {
        guard let peer = peers.removeValue(forKey: name) else { return }
        peerNames.removeAll { $0 == name }
        order.remove(name)
        broadcasts.remove(.member(name))
        if nameByAddress[peer.member.gossipAddress] == name { nameByAddress[peer.member.gossipAddress] = nil }
    }

    private mutating func store(_ peer: Peer) {
        let name = peer.member.name
        if let known = peers[name], known.member.gossipAddress != peer.member.gossipAddress,
            nameByAddress[known.member.gossipAddress] == name
        {
            nameByAddress[known.member.gossipAddress] = nil
        }
        peers[name] = peer
        nameByAddress[peer.member.gossipAddress] = name
    }

    private mutating func announce(_ name: String, previous: MemberState?, accuser: String, _ out: inout [GossipDirective]) {
        guard let peer = peers[name] else { return }
        broadcasts.add(.member(name), accuser: accuser)
        out.append(.memberChanged(peer.member, previous: previous))
        reviewStandings(of: name, &out)
    }
}
