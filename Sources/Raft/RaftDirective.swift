/// Names one write; comes back through `RaftReplica.onPersisted` when the write is durable.
public struct PersistTicket: Sendable, Hashable {
    public let number: UInt64
}

/// Names one accepted proposal for as long as it is not committed.
public struct ProposalTag: Sendable, Hashable {
    public let number: UInt64
}

/// Where an accepted proposal stands in the log. It is done when `apply` hands out `lastIndex` with this `term`.
public struct ProposalReceipt: Sendable, Hashable {
    public let tag: ProposalTag
    public let firstIndex: UInt64
    public let lastIndex: UInt64
    public let term: UInt64
}

public enum ProposeRefusal: Error, Sendable, Hashable {
    /// This member is no leader (or is handing leadership over): ask the one named, if any.
    case notLeader(hint: UInt64?)
    /// Too much is in flight: try again later, with jitter.
    case busy
    /// A payload of this many bytes; the limit is `RaftLimits.payloadBytesMax`.
    case tooLarge(bytes: Int)
    /// A membership cannot be changed now: another change, or the first entry of this term, is not yet committed; or it breaks a rule. Says which.
    case cannotChange(String)
}

public enum DropReason: Sendable, Hashable {
    /// Another leader's entry took its place: it will never be committed.
    case overwritten
    /// Leadership was lost first: it may yet be committed, or not.
    case outcomeUnknown
}

/// What the caller must do, in this order. See `Raft.swift`.
public enum RaftDirective: Sendable {
    /// Make term and vote (zero: none) durable. Messages wait for it inside the replica.
    case persistTermVote(PersistTicket, term: UInt64, vote: UInt64)
    /// Drop this entry and everything after it. Always followed by `appendEntries` from the same index. No ticket.
    case truncate(from: UInt64)
    /// Make these entries durable. Contiguous from `firstIndex`.
    case appendEntries(PersistTicket, firstIndex: UInt64, [RaftEntry])
    /// Send, without waiting for any write.
    case send(RaftMessage, to: UInt64)
    /// Committed entries in order, of every kind; barriers and memberships are for information.
    case apply([RaftEntry])
    /// The state machine, just as it is after the last `apply`, is to be encoded; answer with `onSnapshotTaken` at any later time.
    case takeSnapshot(index: UInt64, term: UInt64)
    /// Replace the state machine's whole state. Later `apply` continues after `SnapshotMeta.index`.
    case restoreSnapshot(SnapshotMeta, [UInt8])
    /// Make a snapshot durable. With `logKeptFrom` the log may then be trimmed before that index; without, it came from a leader: the whole log
    /// is void once the snapshot is durable, and continues at its index + 1.
    case persistSnapshot(PersistTicket, SnapshotMeta, [UInt8], logKeptFrom: UInt64?)
    /// The newest snapshot is alone to remain on disk, with what follows it: nothing that it does not hold. No ticket.
    case purge
    /// What was damaged is whole again: what was put aside can go. No ticket.
    case repaired
    /// Call `tick` at this time or soon after; replaces the time before.
    case setTimer(atMs: UInt64)
    case roleChanged(RaftRole, term: UInt64, leader: UInt64?)
    /// A proposal that was accepted here will not be reported by `apply`.
    case dropped(ProposalTag, DropReason)
    /// The replica has stopped for good in this start; says why.
    case halted(RaftFault)
}
