/// The messages between replicas. Field meanings are figure 3.1 of the thesis; pre-vote is section 9.6, TimeoutNow section 3.10,
/// InstallSnapshot figure 5.3 (in pieces, with an answer to each piece of our own).
public enum RaftMessage: Sendable, Hashable {
    case requestVote(RequestVote)
    case requestVoteResult(RequestVoteResult)
    case appendEntries(AppendEntries)
    case appendEntriesResult(AppendEntriesResult)
    case installSnapshot(InstallSnapshot)
    case installSnapshotResult(InstallSnapshotResult)
    case timeoutNow(TimeoutNow)

    public var term: UInt64 {
        switch self {
        case .requestVote(let m): m.term
        case .requestVoteResult(let m): m.term
        case .appendEntries(let m): m.term
        case .appendEntriesResult(let m): m.term
        case .installSnapshot(let m): m.term
        case .installSnapshotResult(let m): m.term
        case .timeoutNow(let m): m.term
        }
    }
}

public struct RequestVote: Sendable, Hashable {
    public var term: UInt64
    public var candidateId: UInt64
    public var lastLogIndex: UInt64
    public var lastLogTerm: UInt64
    /// The leader asked for this election (transfer): a follower answers even while it has a leader.
    public var disruptLeader: Bool
    public var preVote: Bool

    public init(term: UInt64, candidateId: UInt64, lastLogIndex: UInt64, lastLogTerm: UInt64, disruptLeader: Bool, preVote: Bool) {
        self.term = term
        self.candidateId = candidateId
        self.lastLogIndex = lastLogIndex
        self.lastLogTerm = lastLogTerm
        self.disruptLeader = disruptLeader
        self.preVote = preVote
    }
}

public struct RequestVoteResult: Sendable, Hashable {
    public var term: UInt64
    public var voteGranted: Bool
    public var preVote: Bool

    public init(term: UInt64, voteGranted: Bool, preVote: Bool) {
        self.term = term
        self.voteGranted = voteGranted
        self.preVote = preVote
    }
}

public struct AppendEntries: Sendable, Hashable {
    public var term: UInt64
    public var prevLogIndex: UInt64
    public var prevLogTerm: UInt64
    public var leaderCommit: UInt64
    /// Contiguous from `prevLogIndex + 1`; none in a heartbeat.
    public var entries: [RaftEntry]

    public init(term: UInt64, prevLogIndex: UInt64, prevLogTerm: UInt64, leaderCommit: UInt64, entries: [RaftEntry]) {
        self.term = term
        self.prevLogIndex = prevLogIndex
        self.prevLogTerm = prevLogTerm
        self.leaderCommit = leaderCommit
        self.entries = entries
    }
}

public struct AppendEntriesResult: Sendable, Hashable {
    public var term: UInt64
    /// The index whose predecessor check failed, or zero on success.
    public var rejected: UInt64
    /// The receiver's last durable index that is known to match, or a hint on rejection.
    public var lastLogIndex: UInt64

    public init(term: UInt64, rejected: UInt64, lastLogIndex: UInt64) {
        self.term = term
        self.rejected = rejected
        self.lastLogIndex = lastLogIndex
    }
}

/// One piece of a snapshot.
public struct InstallSnapshot: Sendable, Hashable {
    public var term: UInt64
    public var snapshot: SnapshotMeta
    /// Length and CRC-32C of the whole snapshot.
    public var totalBytes: UInt64
    public var totalChecksum: UInt32
    /// Where this piece starts.
    public var offset: UInt64
    public var data: [UInt8]

    public init(term: UInt64, snapshot: SnapshotMeta, totalBytes: UInt64, totalChecksum: UInt32, offset: UInt64, data: [UInt8]) {
        self.term = term
        self.snapshot = snapshot
        self.totalBytes = totalBytes
        self.totalChecksum = totalChecksum
        self.offset = offset
        self.data = data
    }
}

/// The answer to a piece: how much of which snapshot has been received without a gap.
public struct InstallSnapshotResult: Sendable, Hashable {
    public var term: UInt64
    public var lastIndex: UInt64
    public var lastTerm: UInt64
    public var receivedBytes: UInt64

    public init(term: UInt64, lastIndex: UInt64, lastTerm: UInt64, receivedBytes: UInt64) {
        self.term = term
        self.lastIndex = lastIndex
        self.lastTerm = lastTerm
        self.receivedBytes = receivedBytes
    }
}

public struct TimeoutNow: Sendable, Hashable {
    public var term: UInt64
    public var lastLogIndex: UInt64
    public var lastLogTerm: UInt64

    public init(term: UInt64, lastLogIndex: UInt64, lastLogTerm: UInt64) {
        self.term = term
        self.lastLogIndex = lastLogIndex
        self.lastLogTerm = lastLogTerm
    }
}
