/// The settings of one replica. Times are in milliseconds of the monotonic clock.
public struct RaftConfiguration: Sendable {
    /// This member's id, above zero.
    public var id: UInt64
    /// The members of a new cluster: only used by `RecoveredLog.bootstrap`; afterwards the log knows them.
    public var members: [RaftMember]
    /// A follower that hears from no leader for this long, up to twice as long (randomised), starts an election. A leader without a majority for
    /// this long steps down (thesis 6.2).
    public var electionTimeoutMs: UInt32 = 1000
    /// A leader sends something at least this often. Below a third of the election timeout.
    public var heartbeatMs: UInt32 = 100
    /// A snapshot transfer without any progress is started again after this long.
    public var installSnapshotTimeoutMs: UInt32 = 30_000
    /// Entries sent to one member ahead of its answer.
    public var inflightEntriesMax: UInt32 = 256
    /// A snapshot is asked for after this many applied entries, or bytes, since the last.
    public var snapshotThresholdEntries: UInt64 = 8192
    public var snapshotThresholdBytes: Int = 32 << 20
    /// And only when the log since the last snapshot has this share of that one's size, in percent (at most a quarter of `tailBytesMax`): a large
    /// state is not written again and again for small changes. 0: it is.
    public var snapshotGrowthPercent: Int = 100
    /// Entries kept before a snapshot, so that a member that is a little behind needs no snapshot: at most this many, and at most these bytes.
    public var snapshotTrailingEntries: UInt64 = 2048
    public var snapshotTrailingBytes: Int = 8 << 20
    /// Proposed entries not yet committed. At the limit: `ProposeRefusal.busy`.
    public var proposalsInFlightMax: Int = 8192
    public var proposalBytesInFlightMax: Int = 32 << 20
    /// Bytes of the log held in memory. At the limit: proposals are refused as busy, entries from a leader are left for it to send again.
    public var tailBytesMax: Int = 256 << 20
    /// Seed of the election timeout's randomness. Give each member another one; the same one replays the same run.
    public var seed: UInt32

    public init(id: UInt64, members: [RaftMember], seed: UInt32) {
        self.id = id
        self.members = members
        self.seed = seed
    }
}

/// What a start begins from: the content of the disk, or nothing.
public struct RecoveredLog: Sendable {
    public var term: UInt64
    /// The member voted for in `term`, or zero.
    public var vote: UInt64
    public var snapshot: (meta: SnapshotMeta, data: [UInt8])?
    /// Contiguous; the first is at most the snapshot's index + 1.
    public var entries: [RaftEntry]
    /// What this member acknowledged up to this term is damaged, and comes from the others; until then it does not vote (see `LogStore.beginRepair`).
    public var repairingSince: UInt64?

    public init(term: UInt64, vote: UInt64, snapshot: (meta: SnapshotMeta, data: [UInt8])?, entries: [RaftEntry]) {
        self.term = term
        self.vote = vote
        self.snapshot = snapshot
        self.entries = entries
    }

    /// A member without any state: it has no vote until a leader has sent it the membership.
    public static var empty: RecoveredLog { RecoveredLog(term: 0, vote: 0, snapshot: nil, entries: []) }

    /// The first state of a member of a new cluster: entry 1 is the membership, the same on every member.
    public static func bootstrap(members: [RaftMember]) throws(RaftFault) -> RecoveredLog {
        let payload = try MembershipCodec.encode(members)
        return RecoveredLog(
            term: 1, vote: 0, snapshot: nil, entries: [RaftEntry(index: 1, term: 1, kind: .change, payload: payload)])
    }

    public var isEmpty: Bool { term == 0 && snapshot == nil && entries.isEmpty }
    /// It may have heard of a term, and has nothing else.
    public var hasNoEntries: Bool { snapshot == nil && entries.isEmpty }
}

/// Why the core cannot go on. Each one is final for this start.
public enum RaftFault: Error, Sendable, Hashable {
    /// A membership that breaks a rule; says which.
    case badMembership(String)
    /// What was recovered breaks the contract of a start; says how.
    case badRecovery(String)
    /// libraft refused a step: its code and its words.
    case core(step: String, code: Int32, message: String)
    /// A leader tried to overwrite what is committed here. One of the logs is wrong: compare both before either starts again.
    case committedOverwritten(index: UInt64, committed: UInt64)
}
