/// The consortium's replicated state machine: the agreement as a value.
///
/// **What it is.** Who staffs which queue, which chat waits where, who holds it, what was said, and to whom it is on offer.
///
/// **What it promises.** `apply` is deterministic: equal states and equal batches give equal states, verdicts and digests, in
/// every process (rule 9). It is total: no input traps; what is not allowed is refused with a sentence for the person who
/// can act (rule 10). It is bounded: `Limits` names every limit. Repeats are harmless and answered as the first was.
/// Between any two commands, `checkInvariants()` holds.
///
/// **What it never does.** It reads no clock, draws no random number, does no input or output, and imports nothing but the
/// standard library and `Sodium`, for hashes and signatures. It never lets a chat wait where nobody is, nor gives one to somebody who has not acknowledged it.
///
/// **What its caller owes it.** Batches in log order, each once. A `tick` when `nextDeadlineMs()` is due. When `Applied.halted`
/// says so, to stop applying and to tell people. Authentication of operators; a hash in place of each secret.
///
/// **The clock** advances by the leader's elapsed time, at most `Limits.elapsedPerEntryMsMax` an entry; a new term gives the
/// deadlines of people and their computers one more lease (rule 8). What is due is done at the start of a batch, in
/// the order of deadline and identifier, before the batch's own commands.
public struct ConsortiumState: Sendable {
    // MARK: Time and place in the log

    /// The replicated clock, in milliseconds; it has nothing to do with the time of day.
    public internal(set) var clockMs: UInt64 = 0
    /// The last command applied.
    public internal(set) var appliedThrough: LogPosition = .zero
    /// Raised only when every voter supports it (rule 11).
    public internal(set) var featureLevel: UInt32 = FeatureLevel.first
    /// The newest level that this replica's version can apply. Of the replica, and not replicated.
    public var supportedLevel: UInt32 = FeatureLevel.supported
    /// Why this replica stopped applying; `nil` while it is sound.
    public internal(set) var halted: String?
    /// Whether this is a node's branch, whose messages are held and not safe.
    public internal(set) var isBranch = false
    package internal(set) var term: UInt64 = 0
    /// Leader's wall clock of the last entry, for display only.
    package internal(set) var wallMs: UInt64 = 0
    /// The latest that any leader's wall clock showed since the deadlines of text count by it; 0 before.
    package internal(set) var wallSeenMs: UInt64 = 0
    /// The highest raft id of a voter that left, or is about to: ids up to there may have voted, and are never given again. 0 before the first.
    public internal(set) var retiredVoter: UInt64 = 0
    package internal(set) var keyPlan = KeyPlan()
    package internal(set) var removed = Ordered<NodeName, RemovedNode>()
    /// Digests taken when a `checkDigest` was applied, to be compared with the leader's by the next ones.
    package internal(set) var digestMarks: [DigestMark] = []

    // MARK: Roster and desk

    package internal(set) var settings = Settings()
    /// Versions of the signed settings, the newest last: that one is in force. Empty while nothing was signed.
    public internal(set) var settingsBook: [SettingsEdition] = []
    package internal(set) var libraries = Ordered<LibraryName, Library>()
    package internal(set) var queues = Ordered<QueueName, QueueDesk>()
    package internal(set) var operators = Ordered<OperatorName, Operator>()
    package internal(set) var naming = NamingConventions()
    package internal(set) var canned = Ordered<CannedID, CannedMessage>()
    /// By number.
    package internal(set) var entries = Ordered<EntryID, RegisterEntry>()
    /// Counts changes of all entries.
    package internal(set) var entryChange: UInt64 = 0
    package internal(set) var tickets = Ordered<UInt64, Ticket>()
    /// The last number given, and the last change.
    package internal(set) var ticketNumber: UInt64 = 0
    public internal(set) var ticketVersion: UInt64 = 0
    package internal(set) var buttons = ButtonLists()
    /// By number.
    package internal(set) var installs = Ordered<UInt64, Install>()
    package internal(set) var terms = TermCalendar()
    package internal(set) var hours = Ordered<LibraryName, LibraryHours>()
    /// Of every library with posted hours, since their feature level.
    package internal(set) var ledger = Ordered<LibraryName, LibraryLedger>()
    package internal(set) var causeBooks = Ordered<QueueName, CauseBook>()
    package internal(set) var dutyBooks = Ordered<LibraryName, DutyBook>()
    /// Of every place for which something was counted, since its feature level.
    package internal(set) var tally = Ordered<TallyPlace, TallyBook>()
    /// The audit log, since its feature level, and what is left of its oldest entries.
    package internal(set) var audit: [AuditEntry] = []
    package internal(set) var auditAnchor = AuditAnchor()
    /// Holds and exports of transcripts, since the audit log's feature level, and how often any of them changed.
    package internal(set) var wishes = Ordered<WishID, TranscriptWish>()
    package internal(set) var wishChange: UInt64 = 0
    /// Of every library that planned some, since their feature level, and how often any of them changed.
    package internal(set) var shiftBooks = Ordered<LibraryName, ShiftBook>()
    package internal(set) var shiftChange: UInt64 = 0
    package internal(set) var sessions = Ordered<SessionID, Session>()
    /// Sessions that ended, oldest first: a late repeat of their sign-on must not end a newer session (rule 19).
    package internal(set) var endedSessions: [SessionID] = []
    package internal(set) var claims: [RecentClaim] = []
    /// The staff room's lines, oldest first.
    package internal(set) var room: [RoomLine] = []

    // MARK: Chats

    package internal(set) var chats = Ordered<ChatID, Chat>()
    package internal(set) var scripts = Ordered<ChatID, Script>()

    // MARK: Transcripts on their way to the libraries

    package internal(set) var outbox = Ordered<UInt64, OutboxItem>()
    /// The last number that was given in the outbox.
    package internal(set) var outboxNumber: UInt64 = 0
    package internal(set) var receipts = Ordered<UInt64, TranscriptReceipt>()

    // MARK: Derived from the above, by `Indices`

    var index = Indices()
    /// What the present batch touched.
    var touched = Touched()
    /// Chats that were over when the present command added to them.
    var lateWords = Ordered<ChatID, Void>()
    /// Set when a change may have made a queue available or not.
    var availabilityChanged = false

    public init() {}
}

/// What the replicated state keeps of a queue, beside the roster's entry.
package struct QueueDesk: Sendable {
    package var queue: Queue
    /// Offers in a row that nobody picked up; counted per queue, never per person.
    package var expiredInARow: UInt32 = 0
    package var paused = false
    /// The last waits that ended with a claim, oldest first, for the usual wait.
    package var waitsMs: [UInt64] = []
    package init(queue: Queue) { self.queue = queue }

    /// The median of the last waits; `nil` before the first. Of an even number of waits, the lower of the middle two.
    var usualWaitMs: UInt64? {
        waitsMs.isEmpty ? nil : waitsMs.sorted()[(waitsMs.count - 1) / 2]
    }
}

/// An operator's sign-on: one per operator in the whole cluster (rule 19).
package struct Session: Sendable {
    package var id: SessionID
    package var operatorName: OperatorName
    package var node: NodeName
    package var boot: UInt64
    package var token: LogPosition
    /// The queues for which the operator is available, in the order of the name.
    package var available: [QueueName]
    package var leavingAtMs: UInt64?
    /// When the operator means to sign off, in Unix milliseconds.
    package var untilMs: UInt64?
    /// Whom the operator is on duty for; `nil` before they say so.
    package var duty: Duty?
    /// Whether the operator is asked when a colleague is swamped.
    package var volunteers = false
    /// Who looks after this trainee.
    package var mentor: OperatorName?
    package init(
        id: SessionID, operatorName: OperatorName, node: NodeName, boot: UInt64, token: LogPosition, available: [QueueName],
        leavingAtMs: UInt64?, untilMs: UInt64? = nil, duty: Duty? = nil
    ) {
        self.id = id
        self.operatorName = operatorName
        self.node = node
        self.boot = boot
        self.token = token
        self.available = available
        self.leavingAtMs = leavingAtMs
        self.untilMs = untilMs
        self.duty = duty
    }
}

package struct RecentClaim: Equatable, Sendable {
    package var atMs: UInt64
    package var chat: ChatID
    package var by: OperatorName
    package init(atMs: UInt64, chat: ChatID, by: OperatorName) {
        self.atMs = atMs
        self.chat = chat
        self.by = by
    }
}

public struct DigestMark: Hashable, Sendable {
    public var at: LogPosition
    public var digest: UInt64
    public init(at: LogPosition, digest: UInt64) {
        self.at = at
        self.digest = digest
    }
}

/// What applying a batch came to.
public struct Applied: Sendable {
    /// One for each item of the batch, in its order.
    public var verdicts: [Verdict]
    public var touched: Touched
    /// Set when this replica must apply nothing more, with the reason for people.
    public var halted: String?
}
