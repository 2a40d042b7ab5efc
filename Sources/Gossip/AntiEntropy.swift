/// Whole states, exchanged: when joining, now and then with a random member, and with a dead member that answers again.
extension GossipCore {
    /// Joins through `seeds`, which are addresses of peer links. They are asked at once, again while nobody has answered, and those that
    /// never did at a low rate for ever, so that two halves of a cluster that were started apart still find each other.
    /// - Throws: when there are more than ``GossipLimits/seedsMax``, or one is no "host:port".
    public mutating func join(seeds: [String], nowMs: Int64) throws(GossipInputError) -> [GossipDirective] {
        guard seeds.count <= GossipLimits.seedsMax else {
            throw GossipInputError(field: "seeds", expected: "at most \(GossipLimits.seedsMax) addresses")
        }
        guard seeds.allSatisfy(Member.isValidAddress) else { throw GossipInputError(field: "seeds", expected: "addresses as host:port") }
        advance(to: nowMs)
        self.seeds = seeds.filter { $0 != me.peerAddress }
        nextJoinMs = self.seeds.isEmpty ? nil : self.nowMs
        var out: [GossipDirective] = []
        guard me.state == .alive else { return out }
        broadcasts.add(.member(me.name))
        runJoin(&out)
        schedule(&out, always: false)
        return out
    }

    /// What this member knows, ages as of `nowMs`.
    public func pushPullState(nowMs: Int64) -> PushPullState {
        let others = peerNames.compactMap { peers[$0]?.member }
        let place = others.firstIndex { $0.name > me.name } ?? others.count
        let members = others[..<place] + [me] + others[place...]
        let now = max(nowMs, self.nowMs)
        return PushPullState(sender: me.name, members: Array(members), records: recordKeys.compactMap { records[$0]?.aged(at: now) })
    }

    /// A peer's exchange has come in on an authenticated link: takes its state; answer it with `reply`.
    public mutating func onPushPullRequest(
        _ state: PushPullState, from: String, nowMs: Int64
    ) -> (reply: PushPullState, directives: [GossipDirective]) {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        if me.state == .alive { merge(state, &out) }
        schedule(&out, always: false)
        return (pushPullState(nowMs: nowMs), out)
    }

    /// The answer to a ``GossipDirective/pushPull(with:state:)``; `from` is the address that the directive named.
    public mutating func onPushPullReply(_ state: PushPullState, from: String, nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        exchanges[from] = nil
        guard me.state == .alive else { return out }
        if seeds.contains(from) {
            reachedSeeds.insert(from)
            nextJoinMs = nil
        }
        merge(state, &out)
        schedule(&out, always: false)
        return out
    }

    /// The exchange with this address failed, in whatever way. It will be tried again when its turn comes.
    public mutating func onPushPullTimeout(with address: String, nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        exchanges[address] = nil
        return []
    }

    mutating func exchange(with address: String, _ out: inout [GossipDirective]) {
        if let givenUpMs = exchanges[address], nowMs < givenUpMs { return }
        exchanges = exchanges.filter { $0.value > nowMs }
        exchanges[address] = nowMs + configuration.pushPullIntervalMs
        out.append(.pushPull(with: address, state: pushPullState(nowMs: nowMs)))
    }

    mutating func runJoin(_ out: inout [GossipDirective]) {
        guard let due = nextJoinMs, nowMs >= due else { return }
        nextJoinMs = nowMs + configuration.joinRetryMs
        for seed in seeds { exchange(with: seed, &out) }
    }

    mutating func runPushPull(_ out: inout [GossipDirective]) {
        guard nowMs >= nextPushPullMs else { return }
        nextPushPullMs = nowMs + configuration.pushPullIntervalMs
        let alive = peerNames.filter { peers[$0]?.member.state == .alive }
        guard let name = pick(1, from: alive).first, let peer = peers[name] else { return }
        exchange(with: peer.member.peerAddress, &out)
    }

    /// One dead member gets a ping that tells it so; one seed that never answered gets an exchange. Each in its turn, for ever.
    mutating func runRetry(_ out: inout [GossipDirective]) {
        guard nowMs >= nextRetryMs else { return }
        nextRetryMs = nowMs + configuration.deadRetryIntervalMs
        let dead = peerNames.filter { peers[$0]?.member.state == .dead }
        let isAlone = isAlone
        let seeds = nextJoinMs != nil ? [] : seeds.filter { isAlone || !reachedSeeds.contains($0) }
        guard !(dead.isEmpty && seeds.isEmpty) else { return }
        let turn = retryCursor % (dead.count + seeds.count)
        retryCursor = turn + 1
        guard turn < dead.count else { return exchange(with: seeds[turn - dead.count], &out) }
        let sequence = nextSequence()
        retry = (sequence, dead[turn])
        send(ping(sequence, target: dead[turn], updatesBytesMax: updatesBytesMax), toMember: dead[turn], &out)
    }

    private mutating func merge(_ state: PushPullState, _ out: inout [GossipDirective]) {
        for member in state.members.prefix(GossipLimits.membersMax) { merge(member, toldBy: state.sender, &out) }
        for record in state.records.prefix(GossipLimits.recordsMax) { apply(record, &out) }
    }

    /// A death that a peer tells of is taken as its suspicion where this member knows better so far: after a partition everybody gets the
    /// chance to refute before anything is shown as gone (as memberlist does in `mergeState`). Where nothing better is known it is taken as is.
    private mutating func merge(_ member: Member, toldBy sender: String, _ out: inout [GossipDirective]) {
        guard member.invalidField == nil, Member.isValidName(sender) else { return }
        let (name, incarnation) = (member.name, member.incarnation)
        if name != me.name, peers[name] == nil {
            admit(member, &out)
            guard member.state == .suspect else { return }
            return suspect(name, incarnation: incarnation, accuser: sender, &out)
        }
        switch member.state {
        case .alive: alive(member, &out)
        case .left:
            end(name, incarnation: incarnation, as: .left, accuser: name, &out)
        case .dead where peers[name]?.member.state == .dead:
            end(name, incarnation: incarnation, as: .dead, accuser: sender, &out)
        case .dead, .suspect:
            if name != me.name { alive(member, &out) }
            suspect(name, incarnation: incarnation, accuser: sender, &out)
        }
    }
}
