/// Accepted proposals that are not yet committed, oldest first; bounded by the replica's settings.
struct ProposalQueue {
    private struct Item {
        var tag: ProposalTag
        var first: UInt64
        var last: UInt64
        var costBytes: Int
    }
    private var items: [Item] = []
    private var head = 0
    private(set) var entries = 0
    private(set) var costBytes = 0
    private var lastTag: UInt64 = 0

    mutating func add(first: UInt64, last: UInt64, costBytes: Int) -> ProposalTag {
        lastTag += 1
        let tag = ProposalTag(number: lastTag)
        items.append(Item(tag: tag, first: first, last: last, costBytes: costBytes))
        entries += Int(last - first) + 1
        self.costBytes += costBytes
        return tag
    }

    mutating func commit(upTo index: UInt64) {
        while head < items.count, items[head].last <= index {
            release(items[head])
            head += 1
        }
        if head > 256, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() -> [ProposalTag] {
        let tags = items[head...].map(\.tag)
        items = []
        head = 0
        entries = 0
        costBytes = 0
        return tags
    }

    mutating func removeOverwritten(from index: UInt64) -> [ProposalTag] {
        var tags: [ProposalTag] = []
        while head < items.count, let item = items.last, item.last >= index {
            release(item)
            tags.append(item.tag)
            items.removeLast()
        }
        return tags.reversed()
    }

    private mutating func release(_ item: Item) {
        entries -= Int(item.last - item.first) + 1
        costBytes -= item.costBytes
    }

    func checkInvariants() {
        precondition(entries == items[head...].reduce(0) { $0 + Int($1.last - $1.first) + 1 }, "proposals are counted wrongly")
        precondition(costBytes == items[head...].reduce(0) { $0 + $1.costBytes }, "proposals' bytes are counted wrongly")
    }
}

extension RaftReplica {
    /// Appends commands to the log, if this member leads. All of them or none. Accepted is not committed: wait for `apply`.
    public func propose(payloads: [[UInt8]], nowMs: UInt64) -> (Result<ProposalReceipt, ProposeRefusal>, [RaftDirective]) {
        guard isReady(nowMs) else { return (.failure(.notLeader(hint: nil)), flush()) }
        if let large = payloads.first(where: { $0.count > RaftLimits.payloadBytesMax }) {
            return (.failure(.tooLarge(bytes: large.count)), flush())
        }
        return (submit(payloads.map { (.command, $0) }), flush())
    }

    /// Appends an entry without content: when it is applied, everything before it is, and this member still led (thesis 6.4).
    public func proposeBarrier(nowMs: UInt64) -> (Result<ProposalReceipt, ProposeRefusal>, [RaftDirective]) {
        guard isReady(nowMs) else { return (.failure(.notLeader(hint: nil)), flush()) }
        return (submit([(.barrier, [])]), flush())
    }

    /// Replaces the membership. Only one voter may come, go or change at a time (thesis 4.1), only when the change before is
    /// committed and an entry of this term is too (the erratum to 4.1), and only when the voter before has it on disk.
    public func proposeMembers(_ next: [RaftMember], nowMs: UInt64) -> (Result<ProposalReceipt, ProposeRefusal>, [RaftDirective]) {
        guard isReady(nowMs), core.role == .leader else { return (.failure(.notLeader(hint: leaderId)), flush()) }
        let payload: [UInt8]
        do { payload = try MembershipCodec.encode(next) } catch { return (.failure(.cannotChange("\(error)")), flush()) }
        if let reason = reasonNotToChange(to: next) { return (.failure(.cannotChange(reason)), flush()) }
        return (submit([(.change, payload)]), flush())
    }

    /// Starts to bring a spare member's log up to date before it is promoted (thesis 4.2.1). Ask `hasCaughtUp`.
    public func catchUp(_ member: UInt64, nowMs: UInt64) -> Result<[RaftDirective], ProposeRefusal> {
        guard isReady(nowMs), core.role == .leader else { return .failure(.notLeader(hint: leaderId)) }
        guard members.contains(where: { $0.id == member && $0.duty != .voter }), !changeIsPending else {
            return .failure(.cannotChange("member \(member) is no applied standby or spare, or a change is pending"))
        }
        advance(.catchUp(member: member))
        return .success(flush())
    }

    /// True and false are final; nil is not known yet.
    public func hasCaughtUp(_ member: UInt64) -> Bool? { fault == nil ? core.hasCaughtUp(member) : nil }

    func submit(_ wanted: [(RaftEntryKind, [UInt8])]) -> Result<ProposalReceipt, ProposeRefusal> {
        guard core.role == .leader, core.transferee == nil else { return .failure(.notLeader(hint: leaderId)) }
        guard !wanted.isEmpty else { return .failure(.tooLarge(bytes: 0)) }
        let cost = wanted.reduce(0) { $0 + $1.1.count + RaftLimits.entryOverheadBytes }
        guard proposals.entries + wanted.count <= configuration.proposalsInFlightMax,
            proposals.costBytes + cost <= configuration.proposalBytesInFlightMax,
            tail.costBytes + cost <= configuration.tailBytesMax
        else { return .failure(.busy) }
        let first = lastIndex + 1
        let term = core.term
        var entries: [RaftEntry] = []
        entries.reserveCapacity(wanted.count)
        for (kind, payload) in wanted {
            entries.append(RaftEntry(index: first + UInt64(entries.count), term: term, kind: kind, payload: payload))
        }
        let last = first + UInt64(entries.count) - 1
        let tag = proposals.add(first: first, last: last, costBytes: cost)
        advance(.submit(entries))
        return .success(ProposalReceipt(tag: tag, firstIndex: first, lastIndex: last, term: term))
    }

    private var changeIsPending: Bool {
        applied < lastIndex && tail.slice(from: applied + 1, count: Int(tail.lastIndex - applied)).contains { $0.kind == .change }
    }

    private func reasonNotToChange(to next: [RaftMember]) -> String? {
        if core.transferee != nil { return "leadership is being handed over" }
        if term(at: commit) != core.term { return "no entry of term \(core.term) is committed yet" }
        if applied < commit || changeIsPending { return "a change before this one is not committed yet" }
        let behind = members.filter { $0.duty == .voter && $0.id != configuration.id && (matchIndex(of: $0.id) ?? 0) < membersIndex }
        if behind.count > (members.count { $0.duty == .voter } - 1) / 2 {
            return "most voters do not have the change at \(membersIndex) yet"
        }
        let before = Set(members.filter { $0.duty == .voter }.map(\.id))
        let after = Set(next.filter { $0.duty == .voter }.map(\.id))
        let moved = before.symmetricDifference(after)
        if moved.count > 1 { return "expected at most one voter to come or go, found \(moved.sorted())" }
        return nil
    }
}
