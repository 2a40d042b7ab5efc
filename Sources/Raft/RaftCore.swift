import CRaft

/// What is put into the core. Names are libraft's events.
public enum RaftEvent: Sendable {
    /// The first event. `entries` may be empty; then `startIndex` is the snapshot's index + 1.
    case start(term: UInt64, vote: UInt64, snapshot: SnapshotMeta?, startIndex: UInt64, entries: [RaftEntry])
    /// AppendEntries with a CHANGE must have it first; InstallSnapshot stands for the complete snapshot.
    case receive(RaftMessage, from: UInt64)
    /// Everything up to `index` is on disk. Above what was reported before, at most the last index.
    case persistedEntries(index: UInt64)
    /// The snapshot that an update asked to install is on disk and the log before it is gone.
    case persistedSnapshot(SnapshotMeta)
    /// The CHANGE at `index` is being applied.
    case configuration(index: UInt64, members: [RaftMember])
    /// A snapshot of our own is on disk; `trailing` entries before its end are kept.
    case snapshotTaken(SnapshotMeta, trailing: UInt32)
    case timeout
    /// New entries of a leader, indices following the last one.
    case submit([RaftEntry])
    case catchUp(member: UInt64)
    /// Zero lets the core choose.
    case transfer(member: UInt64)
}

/// A message as the core gives it: AppendEntries and InstallSnapshot only name what they should carry.
enum CoreMessage {
    case complete(RaftMessage)
    case appendEntries(term: UInt64, prevLogIndex: UInt64, prevLogTerm: UInt64, leaderCommit: UInt64, count: Int)
    case installSnapshot(term: UInt64, lastIndex: UInt64, lastTerm: UInt64)
}

/// What has to be done after a step.
struct CoreUpdate {
    var termOrVoteChanged = false
    var roleChanged = false
    /// Entries to be written, contiguous; everything from the first one's index on that was in the log before is void.
    var entries: [RaftEntry] = []
    /// The snapshot of the event just given must be written and the log dropped.
    var installSnapshot = false
    var messages: [(to: UInt64, message: CoreMessage)] = []
}

/// libraft's `struct raft`, driven as a pure function of its events. It owns every rule about libraft's memory, so that nothing of it
/// is known elsewhere. The library never reads the payload of a command, so payloads are not copied to it: it holds terms and memberships.
///
/// Not Sendable and not safe to share between threads. After a thrown fault it must not be stepped again.
public final class RaftCore {
    // `struct raft` holds pointers into itself: one stable heap allocation for its whole life.
    private let raft: UnsafeMutablePointer<raft>
    // C strings that libraft compares and may keep until the next step, by member id.
    private var addresses: [UInt64: UnsafeMutablePointer<CChar>] = [:]
    private var nowMs: UInt64 = 0

    public init(_ configuration: RaftConfiguration) throws(RaftFault) {
        guard configuration.id > 0 else { throw .badMembership("this member's id is 0; ids start at 1") }
        raft = .allocate(capacity: 1)
        raft.initialize(to: CRaft.raft())
        let rv = raft_init(raft, nil, nil, configuration.id, "self")
        guard rv == 0 else {
            raft.deallocate()
            throw .core(step: "init", code: rv, message: String(cString: raft_strerror(rv)))
        }
        raft_seed(raft, configuration.seed)
        raft_set_election_timeout(raft, configuration.electionTimeoutMs)
        raft_set_heartbeat_timeout(raft, configuration.heartbeatMs)
        raft_set_install_snapshot_timeout(raft, configuration.installSnapshotTimeoutMs)
        raft_set_max_inflight_entries(raft, configuration.inflightEntriesMax)
        raft_set_pre_vote(raft, true)
    }

    deinit {
        raft_close(raft, nil)
        raft.deinitialize(count: 1)
        raft.deallocate()
        for address in addresses.values { raft_free(address) }
    }

    public var term: UInt64 { raft_current_term(raft) }
    public var vote: UInt64 { raft_voted_for(raft) }
    public var lastIndex: UInt64 { raft_last_index(raft) }
    /// May step back; `RaftReplica` keeps the maximum.
    public var commitIndex: UInt64 { raft_commit_index(raft) }
    /// When the next `timeout` event is due.
    public var timeoutAtMs: UInt64 { raft_timeout(raft) }

    public var role: RaftRole {
        switch raft_state(raft) {
        case RAFT_LEADER: .leader
        case RAFT_CANDIDATE: .candidate
        default: .follower
        }
    }

    /// The leader as far as known, or nil.
    public var leaderId: UInt64? {
        var id: raft_id = 0
        var address: UnsafePointer<CChar>?
        raft_leader(raft, &id, &address)
        return id == 0 ? nil : id
    }

    /// How much of the log the member has on disk, as the leader knows; nil when this is no leader or the member unknown.
    public func matchIndex(of member: UInt64) -> UInt64? {
        var index: raft_index = 0
        return raft_match_index(raft, member, &index) == 0 ? index : nil
    }

    /// The member that leadership is being handed to.
    public var transferee: UInt64? {
        let id = raft_transferee(raft)
        return id == 0 ? nil : id
    }

    /// Whether a member that `catchUp` was asked for has caught up; nil when it is still running or was not asked for.
    public func hasCaughtUp(_ member: UInt64) -> Bool? {
        var status: Int32 = 0
        guard raft_catch_up(raft, member, &status) == 0 else { return nil }
        if status == Int32(RAFT_CATCH_UP_FINISHED) { return true }
        return status == Int32(RAFT_CATCH_UP_ABORTED) ? false : nil
    }

    /// Takes one event, one step. Nothing that libraft hands out survives this call.
    func step(_ event: RaftEvent, nowMs: UInt64) throws(RaftFault) -> CoreUpdate {
        precondition(nowMs >= self.nowMs, "time went back from \(self.nowMs) to \(nowMs)")
        self.nowMs = nowMs
        var input = raft_event()
        input.time = nowMs
        switch event {
        case .start(let term, let vote, let snapshot, let startIndex, let entries):
            return try start(&input, term: term, vote: vote, snapshot: snapshot, startIndex: startIndex, entries: entries)
        case .receive(let message, let from):
            return try receive(&input, message, from: from)
        case .persistedEntries(let index):
            input.type = RAFT_PERSISTED_ENTRIES
            input.persisted_entries.index = index
            return try run(&input, "persisted entries", offered: [])
        case .persistedSnapshot(let meta):
            input.type = RAFT_PERSISTED_SNAPSHOT
            // libraft takes the membership over, also when it fails.
            input.persisted_snapshot.metadata = try metadata(meta)
            input.persisted_snapshot.offset = 0
            input.persisted_snapshot.last = true
            return try run(&input, "persisted snapshot", offered: [])
        case .configuration(let index, let members):
            input.type = RAFT_CONFIGURATION
            input.configuration.index = index
            // Taken over or closed by libraft.
            input.configuration.conf = try configuration(members)
            return try run(&input, "configuration", offered: [])
        case .snapshotTaken(let meta, let trailing):
            input.type = RAFT_SNAPSHOT
            // Taken over or closed by libraft.
            input.snapshot.metadata = try metadata(meta)
            input.snapshot.trailing = trailing
            return try run(&input, "snapshot", offered: [])
        case .timeout:
            input.type = RAFT_TIMEOUT
            return try run(&input, "timeout", offered: [])
        case .submit(let entries):
            return try submit(&input, entries)
        case .catchUp(let member):
            input.type = RAFT_CATCH_UP
            input.catch_up.server_id = member
            return try run(&input, "catch up", offered: [])
        case .transfer(let member):
            input.type = RAFT_TRANSFER
            input.transfer.server_id = member
            return try run(&input, "transfer", offered: [])
        }
    }

    // MARK: Events with memory of their own

    private func start(
        _ input: inout raft_event, term: UInt64, vote: UInt64, snapshot: SnapshotMeta?, startIndex: UInt64, entries: [RaftEntry]
    ) throws(RaftFault) -> CoreUpdate {
        let list = EntryList(entries)
        input.type = RAFT_START
        input.start.term = term
        input.start.voted_for = vote
        input.start.start_index = startIndex
        input.start.entries = list.array
        input.start.n_entries = UInt32(list.count)
        // The metadata struct is only read during the step; its membership is taken over.
        let meta = UnsafeMutablePointer<raft_snapshot_metadata>.allocate(capacity: 1)
        defer { meta.deallocate() }
        if let snapshot {
            meta.initialize(to: try metadata(snapshot))
            input.start.metadata = meta
        }
        // On failure libraft has freed array and batch; on success nothing refers to them any more.
        let update = try run(&input, "start", offered: [])
        list.freeBatch()
        list.freeArray()
        return update
    }

    private func submit(_ input: inout raft_event, _ entries: [RaftEntry]) throws(RaftFault) -> CoreUpdate {
        let list = EntryList(entries)
        defer {
            list.freeBatch()
            list.freeArray()
        }
        input.type = RAFT_SUBMIT
        input.submit.entries = list.array
        input.submit.n = UInt32(list.count)
        return try run(&input, "submit", offered: entries)
    }

    private func receive(_ input: inout raft_event, _ message: RaftMessage, from: UInt64) throws(RaftFault) -> CoreUpdate {
        var out = raft_message()
        out.server_id = from
        out.server_address = UnsafePointer(address(of: from))
        switch message {
        case .requestVote(let m):
            out.type = RAFT_REQUEST_VOTE
            out.request_vote = raft_request_vote(
                version: 2, term: m.term, candidate_id: m.candidateId, last_log_index: m.lastLogIndex,
                last_log_term: m.lastLogTerm, disrupt_leader: m.disruptLeader, pre_vote: m.preVote)
        case .requestVoteResult(let m):
            out.type = RAFT_REQUEST_VOTE_RESULT
            out.request_vote_result = raft_request_vote_result(
                version: 2, term: m.term, vote_granted: m.voteGranted, pre_vote: m.preVote, features: 0, capacity: 0)
        case .appendEntriesResult(let m):
            out.type = RAFT_APPEND_ENTRIES_RESULT
            out.append_entries_result = raft_append_entries_result(
                version: 2, term: m.term, rejected: m.rejected, last_log_index: m.lastLogIndex, features: 0, capacity: 0)
        case .timeoutNow(let m):
            out.type = RAFT_TIMEOUT_NOW
            out.timeout_now = raft_timeout_now(
                version: 0, term: m.term, last_log_index: m.lastLogIndex, last_log_term: m.lastLogTerm)
        case .appendEntries(let m):
            return try receiveEntries(&input, out, m)
        case .installSnapshot(let m):
            return try receiveSnapshot(&input, out, m)
        case .installSnapshotResult:
            // Ours, not libraft's: `RaftReplica` answers it.
            return CoreUpdate()
        }
        return try deliver(&input, &out, offered: []).update
    }

    private func receiveEntries(_ input: inout raft_event, _ base: raft_message, _ m: AppendEntries) throws(RaftFault) -> CoreUpdate {
        let list = EntryList(m.entries)
        // The array stays ours always.
        defer { list.freeArray() }
        var out = base
        out.type = RAFT_APPEND_ENTRIES
        out.append_entries = raft_append_entries(
            version: 0, term: m.term, prev_log_index: m.prevLogIndex, prev_log_term: m.prevLogTerm,
            leader_commit: m.leaderCommit, entries: list.array, n_entries: UInt32(list.count))
        // On failure, and without the ENTRIES flag, libraft has freed the batch.
        let (update, flags) = try deliver(&input, &out, offered: m.entries)
        if flags & UpdateFlag.entries != 0 { list.freeBatch() }
        return update
    }

    private func receiveSnapshot(_ input: inout raft_event, _ base: raft_message, _ m: InstallSnapshot) throws(RaftFault) -> CoreUpdate {
        var out = base
        out.type = RAFT_INSTALL_SNAPSHOT
        // No data: libraft would only hand it back. Freeing nil is allowed.
        out.install_snapshot = raft_install_snapshot(
            version: 0, term: m.term, last_index: m.snapshot.index, last_term: m.snapshot.term,
            conf: try configuration(m.snapshot.members), conf_index: m.snapshot.membersIndex,
            data: raft_buffer(base: nil, len: 0))
        var (update, flags) = try deliver(&input, &out, offered: [])
        // It answers (and frees the membership), or asks for the install (the membership is ours), or drops it silently unfreed.
        if flags & UpdateFlag.snapshot != 0 || flags & UpdateFlag.messages == 0 {
            raft_configuration_close(&out.install_snapshot.conf)
        }
        update.installSnapshot = flags & UpdateFlag.snapshot != 0
        return update
    }

    private func deliver(
        _ input: inout raft_event, _ message: inout raft_message, offered: [RaftEntry]
    ) throws(RaftFault) -> (update: CoreUpdate, flags: UInt32) {
        let heap = UnsafeMutablePointer<raft_message>.allocate(capacity: 1)
        heap.initialize(to: message)
        defer {
            message = heap.pointee
            heap.deallocate()
        }
        input.type = RAFT_RECEIVE
        input.receive.message = heap
        var flags: UInt32 = 0
        let update = try run(&input, "receive", offered: offered, flags: &flags)
        return (update, flags)
    }

    // MARK: The step itself

    private func run(_ input: inout raft_event, _ name: String, offered: [RaftEntry]) throws(RaftFault) -> CoreUpdate {
        var flags: UInt32 = 0
        return try run(&input, name, offered: offered, flags: &flags)
    }

    private func run(
        _ input: inout raft_event, _ name: String, offered: [RaftEntry], flags: inout UInt32
    ) throws(RaftFault) -> CoreUpdate {
        var output = raft_update()
        let rv = raft_step(raft, &input, &output)
        guard rv == 0 else {
            throw .core(step: name, code: rv, message: String(cString: raft_strerror(rv)))
        }
        flags = output.flags
        var update = CoreUpdate()
        update.termOrVoteChanged = flags & (UpdateFlag.currentTerm | UpdateFlag.votedFor) != 0
        update.roleChanged = flags & UpdateFlag.state != 0
        if flags & UpdateFlag.entries != 0 { update.entries = takeEntries(output, offered: offered) }
        if flags & UpdateFlag.messages != 0 { update.messages = takeMessages(output) }
        return update
    }

    /// The entries to persist are a suffix of those offered, or the library's own barrier, whose buffer is then ours to free.
    private func takeEntries(_ output: raft_update, offered: [RaftEntry]) -> [RaftEntry] {
        let count = Int(output.entries.n)
        if offered.isEmpty {
            var own: [RaftEntry] = []
            for position in 0..<count {
                let entry = output.entries.batch[position]
                own.append(
                    RaftEntry(index: output.entries.index + UInt64(position), term: entry.term, kind: .barrier, payload: []))
                raft_free(entry.buf.base)
            }
            return own
        }
        return count == offered.count ? offered : Array(offered.suffix(count))
    }

    private func takeMessages(_ output: raft_update) -> [(to: UInt64, message: CoreMessage)] {
        var messages: [(to: UInt64, message: CoreMessage)] = []
        messages.reserveCapacity(Int(output.messages.n))
        for position in 0..<Int(output.messages.n) {
            let raw = output.messages.batch[position]
            if let message = CoreMessage(raw) { messages.append((raw.server_id, message)) }
        }
        return messages
    }

    private func address(of member: UInt64) -> UnsafeMutablePointer<CChar> {
        if let known = addresses[member] { return known }
        let copy = EntryList.copyString("m\(member)")
        addresses[member] = copy
        return copy
    }

    private func configuration(_ members: [RaftMember]) throws(RaftFault) -> raft_configuration {
        var conf = raft_configuration()
        raft_configuration_init(&conf)
        for member in members {
            let rv = raft_configuration_add(&conf, member.id, member.name, Int32(member.duty.rawValue))
            guard rv == 0 else {
                raft_configuration_close(&conf)
                throw .badMembership("libraft refused member \(member.id): \(String(cString: raft_strerror(rv)))")
            }
        }
        return conf
    }

    private func metadata(_ meta: SnapshotMeta) throws(RaftFault) -> raft_snapshot_metadata {
        raft_snapshot_metadata(
            index: meta.index, term: meta.term, configuration: try configuration(meta.members), configuration_index: meta.membersIndex)
    }
}
