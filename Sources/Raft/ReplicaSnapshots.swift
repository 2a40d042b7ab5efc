/// A snapshot that is durable here and can be sent.
struct HeldSnapshot {
    var meta: SnapshotMeta
    var data: [UInt8]
}

/// A snapshot on its way to one member. It keeps the snapshot it began with, so that newer ones cannot starve a slow member.
struct SnapshotTransfer {
    var snapshot: HeldSnapshot
    /// Of the whole data; computed for a transfer, not for every snapshot that is only kept.
    var checksum: UInt32
    var acknowledged = 0
    var next = 0
    var begun = false
    /// Pieces were sent again because no answer came: an answer that names less than was acknowledged is then news, not merely late.
    var stalled = false
    var progressAtMs: UInt64

    init(_ snapshot: HeldSnapshot, nowMs: UInt64) {
        self.snapshot = snapshot
        checksum = CRC32C.checksum(snapshot.data)
        progressAtMs = nowMs
    }
}

/// A snapshot arriving from a leader.
struct SnapshotAssembly {
    var from: UInt64
    var term: UInt64
    var meta: SnapshotMeta
    var total: Int
    var checksum: UInt32
    var data: [UInt8] = []

    func matches(_ m: InstallSnapshot, from: UInt64) -> Bool {
        self.from == from && term == m.term && meta == m.snapshot && UInt64(total) == m.totalBytes && checksum == m.totalChecksum
    }
}

// MARK: Taking

extension RaftReplica {
    /// So much must be in the log before a snapshot like the last one is worth its cost.
    private var snapshotGrowthBytes: Int { (snapshot?.data.count ?? 0) / 100 * configuration.snapshotGrowthPercent }

    func askForSnapshot() {
        guard taking == nil, installing == nil, fault == nil else { return }
        if let purgeFrom, snapshotIndex >= purgeFrom {
            self.purgeFrom = nil
            out.append(.purge)
        }
        // Never of entry 1 alone, which is a membership: for a member with an empty log libraft then sees neither the entry nor that a snapshot is needed.
        guard applied > max(snapshotIndex, 1), purgeFrom != nil || isSnapshotWorthwhile else { return }
        guard let term = tail.term(at: applied) else { return }
        taking = SnapshotMeta(index: applied, term: term, members: members, membersIndex: membersIndex)
        appliedCostSinceSnapshot = 0
        out.append(.takeSnapshot(index: applied, term: term))
    }

    private var isSnapshotWorthwhile: Bool {
        guard
            applied - snapshotIndex >= configuration.snapshotThresholdEntries
                || appliedCostSinceSnapshot >= configuration.snapshotThresholdBytes
        else { return false }
        return appliedCostSinceSnapshot >= min(snapshotGrowthBytes, configuration.tailBytesMax / 4)
    }

    /// What the state machine no longer holds is to leave the disk: a snapshot is taken of it as it is now, and then everything older goes. Of
    /// what was appended after the purge before this one, the part that lies in one segment with later entries goes with the next.
    public func purge(nowMs: UInt64) -> [RaftDirective] {
        guard isReady(nowMs), applied > 0 else { return flush() }
        purgeFrom = applied
        askForSnapshot()
        return flush()
    }

    /// The state machine as of `takeSnapshot`'s index. One that is no longer wanted (a leader's snapshot came first) is ignored. With nil, or with
    /// more than `RaftLimits.snapshotBytesMax`, this snapshot is given up; the next is asked for after another threshold's worth.
    public func onSnapshotTaken(index: UInt64, data: [UInt8]?, nowMs: UInt64) -> [RaftDirective] {
        guard isReady(nowMs), let meta = taking, meta.index == index else { return flush() }
        guard let data, data.count <= RaftLimits.snapshotBytesMax else {
            taking = nil
            return flush()
        }
        let trailing = tail.trailing(
            upTo: meta.index, entriesMax: configuration.snapshotTrailingEntries, bytesMax: configuration.snapshotTrailingBytes)
        let write = ticket(.taken(meta, data, trailing: UInt32(trailing), epoch: epoch))
        out.append(.persistSnapshot(write, meta, data, logKeptFrom: meta.index - trailing + 1))
        return flush()
    }

    /// Durable: now the core and the memory may forget what it covers, both with the same rule.
    func onSnapshotPersisted(_ meta: SnapshotMeta, _ data: [UInt8], trailing: UInt32, epoch of: UInt64) {
        guard of == epoch, taking?.index == meta.index else { return }
        taking = nil
        snapshot = HeldSnapshot(meta: meta, data: data)
        advance(.snapshotTaken(meta, trailing: trailing))
        if meta.index > UInt64(trailing) { tail.trim(upTo: meta.index - UInt64(trailing)) }
        askForSnapshot()
    }
}

// MARK: Sending

extension RaftReplica {
    func dispatch(_ message: CoreMessage, to: UInt64) {
        switch message {
        case .complete(let whole): send(whole, to: to)
        case .appendEntries(let term, let prevIndex, let prevTerm, let commit, let count):
            sendEntries(term: term, prevIndex: prevIndex, prevTerm: prevTerm, commit: commit, count: count, to: to)
        case .installSnapshot: continueTransfer(to: to)
        }
    }

    /// Fills the message from memory, as several when it would be too large: the core has already counted all of them as sent.
    private func sendEntries(term: UInt64, prevIndex: UInt64, prevTerm: UInt64, commit: UInt64, count: Int, to: UInt64) {
        var previous = (index: prevIndex, term: prevTerm)
        var left = count
        repeat {
            guard left == 0 || (previous.index + 1 >= tail.firstIndex && previous.index + UInt64(left) <= tail.lastIndex) else {
                return halt(
                    .badRecovery("the core asks for entries after \(previous.index), held are \(tail.firstIndex)...\(tail.lastIndex)"))
            }
            let offered = tail.slice(from: left == 0 ? tail.firstIndex : previous.index + 1, count: left)
            var bytes = 0
            let batch = Array(
                offered.prefix(RaftLimits.messageEntriesMax).prefix {
                    bytes += $0.costBytes
                    return bytes <= RaftLimits.messageBytesMax || bytes == $0.costBytes
                })
            send(
                .appendEntries(
                    AppendEntries(
                        term: term, prevLogIndex: previous.index, prevLogTerm: previous.term, leaderCommit: commit, entries: batch)),
                to: to)
            left -= batch.count
            if let last = batch.last { previous = (last.index, last.term) }
            notices.sent(to: to, through: previous.index, commit: commit)
        } while left > 0
    }

    /// The core repeats its wish at every heartbeat that the member refuses, which drives the transfer on when pieces get lost.
    private func continueTransfer(to: UInt64) {
        guard let snapshot else { return halt(.badRecovery("the core asks for a snapshot, none is held")) }
        let patience = max(2 * UInt64(configuration.heartbeatMs), 100)
        guard var transfer = transfers[to] else {
            transfers[to] = SnapshotTransfer(snapshot, nowMs: nowMs)
            return pump(to)
        }
        guard nowMs - transfer.progressAtMs >= patience else { return }
        let delivered = transfer.acknowledged >= transfer.snapshot.data.count
        // After delivery the member is writing it; if it forgot everything, the first piece will tell.
        if delivered, nowMs - transfer.progressAtMs < 2 * UInt64(configuration.electionTimeoutMs) { return }
        if delivered {
            transfer = SnapshotTransfer(snapshot, nowMs: nowMs)
        } else {
            transfer.next = transfer.acknowledged
            transfer.begun = false
            transfer.stalled = true
            transfer.progressAtMs = nowMs
        }
        transfers[to] = transfer
        pump(to)
    }

    /// The member has what its snapshot would give: were the transfer kept, the next wish of the core would repeat an old snapshot for ever.
    func endTransferIfDone(_ member: UInt64) {
        guard let transfer = transfers[member], let match = core.matchIndex(of: member) else { return }
        if match >= transfer.snapshot.meta.index { transfers[member] = nil }
    }

    private func pump(_ to: UInt64) {
        guard var transfer = transfers[to] else { return }
        let data = transfer.snapshot.data
        let window = RaftLimits.snapshotChunksInFlightMax * RaftLimits.snapshotChunkBytesMax
        while !transfer.begun || (transfer.next < data.count && transfer.next - transfer.acknowledged < window) {
            transfer.begun = true
            let end = min(data.count, transfer.next + RaftLimits.snapshotChunkBytesMax)
            send(
                .installSnapshot(
                    InstallSnapshot(
                        term: core.term, snapshot: transfer.snapshot.meta, totalBytes: UInt64(data.count),
                        totalChecksum: transfer.checksum, offset: UInt64(transfer.next),
                        data: Array(data[transfer.next..<end]))),
                to: to)
            transfer.next = end
        }
        transfers[to] = transfer
    }

    func receiveSnapshotResult(_ m: InstallSnapshotResult, from: UInt64) {
        guard core.role == .leader, m.term == core.term, var transfer = transfers[from] else { return }
        guard m.lastIndex == transfer.snapshot.meta.index, m.lastTerm == transfer.snapshot.meta.term else { return }
        guard m.receivedBytes <= UInt64(transfer.snapshot.data.count) else { return }
        let received = Int(m.receivedBytes)
        if received > transfer.acknowledged {
            transfer.acknowledged = received
            transfer.next = max(transfer.next, received)
            transfer.stalled = false
            transfer.progressAtMs = nowMs
        } else if received < transfer.acknowledged, transfer.stalled {
            // The member has lost what it had.
            transfer.acknowledged = received
            transfer.next = received
            transfer.stalled = false
            transfer.progressAtMs = nowMs
        }
        transfers[from] = transfer
        pump(from)
    }
}

// MARK: Receiving

extension RaftReplica {
    /// Checks what libraft only asserts, then hands the entries on in parts that have a CHANGE only at their start: otherwise the
    /// library records a wrong index for the membership.
    func receiveEntries(_ m: AppendEntries, from: UInt64) {
        guard isPlausibleLeader(term: m.term), (m.prevLogIndex == 0) == (m.prevLogTerm == 0), m.prevLogTerm <= m.term else { return }
        guard m.entries.count <= RaftLimits.messageEntriesMax else { return }
        guard m.entries.isEmpty || tail.costBytes <= configuration.tailBytesMax else { return }
        var previous = (index: m.prevLogIndex, term: max(m.prevLogTerm, 1))
        for entry in m.entries {
            guard entry.index == previous.index + 1, entry.term >= previous.term, entry.term <= m.term,
                entry.payload.count <= RaftLimits.payloadBytesMax
            else { return }
            if entry.kind == .change, (try? MembershipCodec.decode(entry.payload)) == nil { return }
            previous = (entry.index, entry.term)
        }
        var rest = m.entries[...]
        var base = (index: m.prevLogIndex, term: m.prevLogTerm)
        // What this member's snapshot covers is committed, so the leader has the same. The core has dropped those entries: it would refuse what
        // follows them, for ever when the leader's own snapshot is older than this one, or append them once more behind its log.
        if let held = snapshot?.meta, installing == nil, base.index < held.index {
            base = (held.index, held.term)
            rest = rest.drop { $0.index <= held.index }
        }
        repeat {
            let cut = rest.dropFirst().firstIndex { $0.kind == .change } ?? rest.endIndex
            var part = m
            part.prevLogIndex = base.index
            part.prevLogTerm = base.term
            if rest.count != m.entries.count || cut != rest.endIndex { part.entries = Array(rest[..<cut]) }
            advance(.receive(.appendEntries(part), from: from))
            if let last = rest[..<cut].last { base = (last.index, last.term) }
            rest = rest[cut...]
        } while !rest.isEmpty && fault == nil
    }

    /// Two leaders of one term cannot be: such a message is forged or mixed up, and libraft would take it for a follower's.
    private func isPlausibleLeader(term: UInt64) -> Bool { !(core.role == .leader && term == core.term) }

    func receiveSnapshot(_ m: InstallSnapshot, from: UInt64) {
        let meta = m.snapshot
        guard isPlausibleLeader(term: m.term), m.term >= core.term, meta.index > 0, meta.term > 0, meta.term <= m.term,
            meta.membersIndex > 0, meta.membersIndex <= meta.index, (try? MembershipCodec.validate(meta.members)) != nil,
            m.totalBytes <= UInt64(RaftLimits.snapshotBytesMax), m.data.count <= RaftLimits.snapshotChunkBytesMax,
            m.offset <= m.totalBytes, m.offset + UInt64(m.data.count) <= m.totalBytes
        else { return }
        if let installing {
            if installing == meta { answer(m, received: Int(m.totalBytes), to: from) }
            return
        }
        if meta.index <= max(snapshotIndex, commit) || term(at: meta.index) == meta.term {
            // Nothing in it is new: the core tells the leader so.
            assembly = nil
            var empty = m
            empty.data = []
            return advance(.receive(.installSnapshot(empty), from: from))
        }
        if assembly?.matches(m, from: from) != true {
            assembly = SnapshotAssembly(
                from: from, term: m.term, meta: meta, total: Int(m.totalBytes), checksum: m.totalChecksum)
        }
        if let have = assembly?.data.count, UInt64(have) == m.offset { assembly?.data.append(contentsOf: m.data) }
        guard let whole = assembly else { return }
        guard whole.data.count == whole.total else { return answer(m, received: whole.data.count, to: from) }
        assembly = nil
        guard CRC32C.checksum(whole.data) == whole.checksum else { return answer(m, received: 0, to: from) }
        answer(m, received: whole.total, to: from)
        var complete = m
        complete.offset = 0
        complete.data = whole.data
        advance(.receive(.installSnapshot(complete), from: from))
    }

    private func answer(_ m: InstallSnapshot, received: Int, to: UInt64) {
        send(
            .installSnapshotResult(
                InstallSnapshotResult(
                    term: m.term, lastIndex: m.snapshot.index, lastTerm: m.snapshot.term, receivedBytes: UInt64(received))),
            to: to)
    }

    /// The core has dropped its log for this snapshot: so must memory, and writes under way no longer count.
    func beginInstall(_ meta: SnapshotMeta, _ data: [UInt8]) {
        guard meta.index > commit else { return halt(.committedOverwritten(index: meta.index, committed: commit)) }
        epoch += 1
        taking = nil
        installing = meta
        stored = 0
        tail.reset(first: meta.index + 1)
        for tag in proposals.removeAll() { out.append(.dropped(tag, .outcomeUnknown)) }
        out.append(.persistSnapshot(ticket(.installed(meta, data)), meta, data, logKeptFrom: nil))
    }

    func onSnapshotInstalled(_ meta: SnapshotMeta, _ data: [UInt8]) {
        installing = nil
        snapshot = HeldSnapshot(meta: meta, data: data)
        members = meta.members
        membersIndex = meta.membersIndex
        applied = meta.index
        commit = max(commit, meta.index)
        stored = meta.index
        appliedCostSinceSnapshot = 0
        out.append(.restoreSnapshot(meta, data))
        advance(.persistedSnapshot(meta))
        endRepair(committed: meta.term)
    }
}
