// Raft: the consensus core of Callslip's coordinators.
//
// What it is
//   `RaftReplica`   one member of the cluster as a pure state machine: events in, directives out. No I/O, no clock, no logging.
//   `RaftCore`      the only place that touches libraft 0.22.1 (`raft_step`). C pointers never leave it.
//   `LogStore`      the durable log, vote and snapshots of one member; `LogWriter` runs it on a thread of its own with group commit.
//   `VoterMemory`   what peers remember of each voter, so that one that lost its disk is not believed.
//
// What it promises
//   Election safety, log matching, leader completeness and state machine safety (Ongaro, "Consensus: Bridging Theory and Practice",
//   figure 3.2), as long as the caller keeps its side below. The same inputs with the same seed give the same outputs.
//   A committed entry is handed out in `apply` in log order and exactly once per start.
//
// What it never does
//   It reads no clock, opens no socket, starts no timer. It never acknowledges an entry that is not on disk, and it never goes on with a damaged
//   log: a member of several may get everything from the others, and does not vote meanwhile (`ReplicaRepair.swift`).
//
// What its caller owes it
//   1. Carry out directives in the order given. `persistTermVote`, `truncate`, `appendEntries` and `persistSnapshot` go to one writer, in
//      order; their tickets come back through `onPersisted` in that order, after the data are durable.
//   2. Call `tick` at or after the time of the latest `setTimer`.
//   3. Give a monotonic `nowMs`.
//   4. After a failed write: call `halt()`, drop the replica, and start again from what is durable. A failed sync is never retried.
//   5. Messages may be lost, doubled or reordered; they must not be altered, and must come from the member that `from` names.
//   6. A directory that lost its data must not be bootstrapped again under the same member id (see `VoterMemory`).

/// What an entry of the log is.
public enum RaftEntryKind: UInt8, Sendable, Hashable {
    /// Bytes for the state machine.
    case command = 1
    /// Nothing for the state machine: a new leader's first entry (thesis 6.4), or a caller's wait for everything before it.
    case barrier = 2
    /// A whole encoded membership (see `MembershipCodec`).
    case change = 3
}

/// One entry of the log.
public struct RaftEntry: Sendable, Hashable {
    public var index: UInt64
    public var term: UInt64
    public var kind: RaftEntryKind
    /// At most `RaftLimits.payloadBytesMax` bytes.
    public var payload: [UInt8]

    public init(index: UInt64, term: UInt64, kind: RaftEntryKind, payload: [UInt8]) {
        self.index = index
        self.term = term
        self.kind = kind
        self.payload = payload
    }

    /// What the entry costs in memory and on the wire, nearly: payload and a fixed overhead.
    var costBytes: Int { payload.count + RaftLimits.entryOverheadBytes }
}

/// What a member of the cluster does. Raw values are libraft's.
public enum MemberDuty: UInt8, Sendable, Hashable {
    /// Receives the log, has no vote.
    case standby = 0
    /// Receives the log and votes.
    case voter = 1
    /// Receives nothing until it is being promoted.
    case spare = 2
}

/// A member of the cluster. Ids are unique and above zero; names are unique, without a zero byte, at most `RaftLimits.memberNameBytesMax` bytes.
public struct RaftMember: Sendable, Hashable {
    public var id: UInt64
    public var name: String
    public var duty: MemberDuty

    public init(id: UInt64, name: String, duty: MemberDuty = .voter) {
        self.id = id
        self.name = name
        self.duty = duty
    }
}

/// What a snapshot covers.
public struct SnapshotMeta: Sendable, Hashable {
    /// The last entry that the snapshot includes.
    public var index: UInt64
    public var term: UInt64
    /// The membership as of `index`, and the index of the entry that set it.
    public var members: [RaftMember]
    public var membersIndex: UInt64

    public init(index: UInt64, term: UInt64, members: [RaftMember], membersIndex: UInt64) {
        self.index = index
        self.term = term
        self.members = members
        self.membersIndex = membersIndex
    }
}

/// The three roles of the paper (section 3.3). A pre-candidate (section 9.6) counts as a candidate.
public enum RaftRole: UInt8, Sendable, Hashable {
    case follower = 1
    case candidate = 2
    case leader = 3
}
