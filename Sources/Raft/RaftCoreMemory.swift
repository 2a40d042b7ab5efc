import CRaft

/// libraft's flags of `raft_update`; its macros are not imported.
enum UpdateFlag {
    static let currentTerm: UInt32 = 1 << 0
    static let votedFor: UInt32 = 1 << 1
    static let entries: UInt32 = 1 << 2
    static let snapshot: UInt32 = 1 << 3
    static let messages: UInt32 = 1 << 4
    static let state: UInt32 = 1 << 5
}

/// A C array of entries for one step. All share one batch, as libraft wants: it holds the memberships alone, since libraft reads no
/// other payload. Array and batch have owners that differ by event, so both are freed by name.
struct EntryList {
    let array: UnsafeMutablePointer<raft_entry>?
    private let batch: UnsafeMutableRawPointer?
    let count: Int

    init(_ entries: [RaftEntry]) {
        count = entries.count
        guard !entries.isEmpty else {
            array = nil
            batch = nil
            return
        }
        var bytes = 8
        for entry in entries where entry.kind == .change { bytes += (entry.payload.count + 7) & ~7 }
        let list = EntryList.allocate(entries.count * MemoryLayout<raft_entry>.stride).bindMemory(
            to: raft_entry.self, capacity: entries.count)
        let shared = EntryList.allocate(bytes)
        var used = 0
        for (position, entry) in entries.enumerated() {
            var buffer = raft_buffer(base: shared, len: 0)
            if entry.kind == .change {
                buffer = raft_buffer(base: shared + used, len: entry.payload.count)
                entry.payload.withUnsafeBytes { source in
                    if let from = source.baseAddress { buffer.base.copyMemory(from: from, byteCount: source.count) }
                }
                used += (entry.payload.count + 7) & ~7
            }
            let kind: raft_entry_type =
                switch entry.kind {
                case .command: RAFT_COMMAND
                case .barrier: RAFT_BARRIER
                case .change: RAFT_CHANGE
                }
            (list + position).initialize(to: raft_entry(term: entry.term, type: kind, buf: buffer, batch: shared))
        }
        array = list
        batch = shared
    }

    func freeArray() { raft_free(array) }
    func freeBatch() { raft_free(batch) }

    /// Memory that libraft may free. Without memory the process cannot keep any promise, so it ends here.
    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let memory = raft_malloc(bytes) else { preconditionFailure("out of memory: \(bytes) bytes for libraft") }
        return memory
    }

    static func copyString(_ text: String) -> UnsafeMutablePointer<CChar> {
        let utf8 = Array(text.utf8)
        let copy = allocate(utf8.count + 1).bindMemory(to: CChar.self, capacity: utf8.count + 1)
        for (position, byte) in utf8.enumerated() { (copy + position).initialize(to: CChar(bitPattern: byte)) }
        (copy + utf8.count).initialize(to: 0)
        return copy
    }
}

extension CoreMessage {
    /// Nil for a kind that this version does not know: the library's header is pinned, so none exists.
    init?(_ raw: raft_message) {
        switch raw.type {
        case RAFT_REQUEST_VOTE:
            let m = raw.request_vote
            self = .complete(
                .requestVote(
                    RequestVote(
                        term: m.term, candidateId: m.candidate_id, lastLogIndex: m.last_log_index, lastLogTerm: m.last_log_term,
                        disruptLeader: m.disrupt_leader, preVote: m.pre_vote)))
        case RAFT_REQUEST_VOTE_RESULT:
            let m = raw.request_vote_result
            self = .complete(.requestVoteResult(RequestVoteResult(term: m.term, voteGranted: m.vote_granted, preVote: m.pre_vote)))
        case RAFT_APPEND_ENTRIES:
            let m = raw.append_entries
            self = .appendEntries(
                term: m.term, prevLogIndex: m.prev_log_index, prevLogTerm: m.prev_log_term, leaderCommit: m.leader_commit,
                count: Int(m.n_entries))
        case RAFT_APPEND_ENTRIES_RESULT:
            let m = raw.append_entries_result
            self = .complete(
                .appendEntriesResult(AppendEntriesResult(term: m.term, rejected: m.rejected, lastLogIndex: m.last_log_index)))
        case RAFT_INSTALL_SNAPSHOT:
            let m = raw.install_snapshot
            self = .installSnapshot(term: m.term, lastIndex: m.last_index, lastTerm: m.last_term)
        case RAFT_TIMEOUT_NOW:
            let m = raw.timeout_now
            self = .complete(.timeoutNow(TimeoutNow(term: m.term, lastLogIndex: m.last_log_index, lastLogTerm: m.last_log_term)))
        default:
            return nil
        }
    }
}
