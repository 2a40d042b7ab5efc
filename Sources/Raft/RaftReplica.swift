/// One member of the cluster as a state machine without I/O: every method takes an event and the time, and gives back directives. It carries all
/// the duties that libraft leaves to its caller (see `Raft.swift` for those it leaves to its own).
///
/// A class because libraft's state is one; not Sendable: it lives on one thread. Deterministic for equal inputs.
public final class RaftReplica {
    public let configuration: RaftConfiguration
    let core: RaftCore
    var out: [RaftDirective] = []
    var nowMs: UInt64 = 0
    /// What the core's clock is ahead of the caller's: see `onConnectionLost`.
    private var aheadMs: UInt64 = 0
    var fault: RaftFault?
    private var started = false
    /// Set while what this member once acknowledged comes from the others; see `ReplicaRepair.swift`.
    public internal(set) var repairingSince: UInt64?
    /// Voters that told that they repair themselves, and since which term. Whoever leads later, without a new word of theirs, must know.
    var repairingSinceTold: [UInt64: UInt64] = [:]
    /// Voters that repair themselves and cannot do so while this member leads in this term.
    var repairingOthers: Set<UInt64> = []
    /// Voters to which this leader has tried to hand over for their sake.
    var heirsAsked: Set<UInt64> = []
    /// The spare that is being given the log before it is promoted.
    var catchingUp: UInt64?

    // The log.
    var tail = LogTail()
    /// The highest index reported to the core as durable.
    var stored: UInt64 = 0
    var commit: UInt64 = 0
    var applied: UInt64 = 0
    private var applying = false
    /// Raised when a leader's snapshot replaces the log: writes of an older epoch are void.
    var epoch: UInt64 = 0
    var inFlight: [UInt64: InFlightWrite] = [:]
    private var lastTicket: UInt64 = 0

    // Messages wait here while a term or a vote is being written.
    private var termVotesPending = 0
    private var held: [(RaftMessage, UInt64)] = []

    // Snapshots.
    var snapshot: HeldSnapshot?
    var taking: SnapshotMeta?
    /// A purge was asked for when this entry was applied: a snapshot of it or of a later one has to be durable first.
    var purgeFrom: UInt64?
    var installing: SnapshotMeta?
    var appliedCostSinceSnapshot = 0
    var members: [RaftMember] = []
    var membersIndex: UInt64 = 0
    var transfers: [UInt64: SnapshotTransfer] = [:]
    var assembly: SnapshotAssembly?

    // Proposals.
    var proposals = ProposalQueue()
    var notices = CommitNotices()

    // What was last told.
    private var toldRole: (role: RaftRole, term: UInt64, leader: UInt64?) = (.follower, 0, nil)
    var toldTimer: UInt64 = 0
    /// When the core was last told that a timeout passed.
    private var tickedMs: UInt64 = 0

    public init(_ configuration: RaftConfiguration) throws(RaftFault) {
        precondition(configuration.heartbeatMs > 0 && configuration.heartbeatMs * 3 <= configuration.electionTimeoutMs)
        self.configuration = configuration
        core = try RaftCore(configuration)
    }

    // MARK: Reading

    public var role: RaftRole { fault == nil ? core.role : .follower }
    public var term: UInt64 { core.term }
    public var leaderId: UInt64? { fault == nil ? core.leaderId : nil }
    public var commitIndex: UInt64 { commit }
    public var appliedIndex: UInt64 { applied }
    public var lastIndex: UInt64 { installing?.index ?? max(tail.lastIndex, snapshot?.meta.index ?? 0) }
    /// The last entry's term, or that of the snapshot.
    public var lastTerm: UInt64 { term(at: lastIndex) ?? 0 }
    /// Everything up to here is durable on this member.
    public var storedIndex: UInt64 { stored }
    /// How far this member's log reaches on disk, for those who remember what it acknowledged (`VoterMemory`). The term is the log's newest, also
    /// where that is not yet durable: it tells why the log may have become shorter. While a snapshot is written in place of the log, its end counts:
    /// nothing is lost meanwhile, as the log stays on disk until then.
    public var claimed: VoterMemory.Position {
        if let installing { return .init(term: installing.term, index: installing.index) }
        return .init(term: lastTerm, index: stored)
    }
    public var snapshotIndex: UInt64 { snapshot?.meta.index ?? 0 }
    /// The membership as applied.
    public var appliedMembers: [RaftMember] { members }
    public var isHalted: Bool { fault != nil }
    /// On a leader: what a member has on disk; nil otherwise.
    public func matchIndex(of member: UInt64) -> UInt64? { core.matchIndex(of: member) }

    /// The term of an entry that this member still holds in memory, or of its snapshot.
    public func term(at index: UInt64) -> UInt64? {
        if let term = tail.term(at: index) { return term }
        return snapshot?.meta.index == index ? snapshot?.meta.term : nil
    }

    // MARK: Events

    /// The first event, once.
    public func start(from log: RecoveredLog, nowMs: UInt64) -> [RaftDirective] {
        precondition(!started, "a replica is started once")
        started = true
        self.nowMs = nowMs
        if let problem = problem(with: log) {
            halt(.badRecovery(problem))
            return drain()
        }
        if let (meta, data) = log.snapshot {
            snapshot = HeldSnapshot(meta: meta, data: data)
            members = meta.members
            membersIndex = meta.membersIndex
            applied = meta.index
            commit = meta.index
            out.append(.restoreSnapshot(meta, data))
        }
        let first = log.entries.first?.index ?? (log.snapshot?.meta.index ?? 0) + 1
        tail.reset(first: first)
        tail.append(log.entries)
        stored = max(tail.lastIndex, snapshotIndex)
        repairingSince = log.repairingSince
        advance(.start(term: log.term, vote: log.vote, snapshot: log.snapshot?.meta, startIndex: first, entries: log.entries))
        return drain()
    }

    /// A message from the member `from`. Anything malformed or out of place is dropped, as if the network had lost it.
    public func receive(_ message: RaftMessage, from: UInt64, nowMs: UInt64) -> [RaftDirective] {
        guard ready(nowMs), from > 0, from != configuration.id, message.term > 0 else { return drain() }
        switch message {
        case .appendEntries(let m): receiveEntries(m, from: from)
        case .installSnapshot(let m): receiveSnapshot(m, from: from)
        case .requestVote, .timeoutNow: if repairingSince == nil { advance(.receive(message, from: from)) }
        case .installSnapshotResult(let m): receiveSnapshotResult(m, from: from)
        case .appendEntriesResult(let m):
            advance(.receive(.appendEntriesResult(withoutStaleRejection(m, from: from)), from: from))
            endTransferIfDone(from)
        // Only a candidate has a use for it. libraft asks any role whether it is in a pre-vote, which for others reads a byte of a pointer: half
        // of the time a late answer to a pre-vote, which carries the next term, would raise a follower's or even the leader's term.
        case .requestVoteResult where core.role != .candidate: break
        default: advance(.receive(message, from: from))
        }
        return drain()
    }

    /// A rejection that arrives late, after the member has acknowledged more, would make libraft go on from before what is acknowledged; its count
    /// of what is in flight then wraps around, and it sends that member no entry ever again (the
    /// assertion at `progress.c:373`, which Debian's build leaves out). What a member has acknowledged it has: the message is taken as a sign of life, or as a hint no lower than that.
    private func withoutStaleRejection(_ m: AppendEntriesResult, from: UInt64) -> AppendEntriesResult {
        guard m.rejected > 0, m.term == core.term, let match = core.matchIndex(of: from), m.lastLogIndex < match else { return m }
        if m.rejected <= match { return AppendEntriesResult(term: m.term, rejected: 0, lastLogIndex: match) }
        return AppendEntriesResult(term: m.term, rejected: m.rejected, lastLogIndex: match)
    }

    /// The time of the latest `setTimer` has come. Early calls do nothing.
    public func tick(nowMs: UInt64) -> [RaftDirective] {
        guard ready(nowMs), repairingSince == nil else { return drain() }
        if self.nowMs + aheadMs >= core.timeoutAtMs {
            tickedMs = self.nowMs
            advance(.timeout)
        }
        giveWayToRepair()
        return drain()
    }

    /// The connection from a member was closed, as the kernel does when a process dies. When it was the leader's, the election need not wait for
    /// the whole timeout: a quarter of what is left of it is enough, and keeps the members' draws apart. Nobody is disturbed when the
    /// leader lives: it and those who still hear it refuse the pre-vote (thesis 9.6), and its next message ends the attempt.
    public func onConnectionLost(from member: UInt64, nowMs: UInt64) -> [RaftDirective] {
        guard ready(nowMs), core.role == .follower, core.leaderId == member else { return drain() }
        let coreMs = self.nowMs + aheadMs
        let leftMs = core.timeoutAtMs > coreMs ? core.timeoutAtMs - coreMs : 0
        aheadMs += leftMs - leftMs / 4
        return drain()
    }

    /// These writes are durable. In the order of their directives, except that a snapshot of our own may come at any time.
    public func onPersisted(_ tickets: [PersistTicket], nowMs: UInt64) -> [RaftDirective] {
        guard ready(nowMs) else { return drain() }
        var entriesUpTo: UInt64 = 0
        for ticket in tickets {
            switch inFlight.removeValue(forKey: ticket.number) {
            case .termVote: onTermVotePersisted()
            case .entries(let last, let of): if of == epoch { entriesUpTo = max(entriesUpTo, last) }
            case .installed(let meta, let data): onSnapshotInstalled(meta, data)
            case .taken(let meta, let data, let trailing, let of): onSnapshotPersisted(meta, data, trailing: trailing, epoch: of)
            case nil: preconditionFailure("ticket \(ticket.number) is unknown or was reported twice")
            }
        }
        if entriesUpTo > stored, fault == nil {
            stored = entriesUpTo
            advance(.persistedEntries(index: entriesUpTo))
        }
        return drain()
    }

    public func onPersisted(_ ticket: PersistTicket, nowMs: UInt64) -> [RaftDirective] { onPersisted([ticket], nowMs: nowMs) }

    /// Hands leadership to a member, or with nil to the one furthest ahead (thesis 3.10). Until it is over proposals are refused.
    public func transferLeadership(to member: UInt64?, nowMs: UInt64) -> Result<[RaftDirective], ProposeRefusal> {
        guard ready(nowMs), core.role == .leader, core.transferee == nil else { return .failure(.notLeader(hint: leaderId)) }
        let others = members.filter { $0.duty == .voter && $0.id != configuration.id }
        guard member.map({ id in others.contains { $0.id == id } }) ?? !others.isEmpty else {
            return .failure(.cannotChange("expected another voter to hand leadership to, found \(member ?? 0)"))
        }
        advance(.transfer(member: member ?? 0))
        return .success(drain())
    }

    /// After a failed write, or at the end: nothing is done any more. What was proposed has an unknown outcome.
    public func halt() -> [RaftDirective] {
        if fault == nil { halt(.core(step: "halt", code: 0, message: "stopped by the caller")) }
        return drain()
    }

    // MARK: The machinery

    private func ready(_ now: UInt64) -> Bool {
        precondition(started, "start comes first")
        nowMs = max(nowMs, now)
        return fault == nil
    }

    private func drain() -> [RaftDirective] {
        tellRole()
        if fault == nil {
            var due = core.timeoutAtMs > aheadMs ? core.timeoutAtMs - aheadMs : 0
            // For a leader, the time when it last sent to a spare that it is not (or no longer) bringing up to date counts in libraft's next timeout,
            // which then lies in the past for good.
            if core.role == .leader, due <= tickedMs { due = tickedMs + UInt64(configuration.heartbeatMs) }
            if due != toldTimer {
                toldTimer = due
                out.append(.setTimer(atMs: due))
            }
        }
        let directives = out
        out = []
        return directives
    }

    func flush() -> [RaftDirective] { drain() }
    func isReady(_ now: UInt64) -> Bool { ready(now) }

    func halt(_ reason: RaftFault) {
        guard fault == nil else { return }
        fault = reason
        held = []
        transfers = [:]
        assembly = nil
        for tag in proposals.removeAll() { out.append(.dropped(tag, .outcomeUnknown)) }
        out.append(.halted(reason))
    }

    /// One step of the core and everything that follows from it.
    func advance(_ event: RaftEvent) {
        guard fault == nil else { return }
        do {
            let update = try core.step(event, nowMs: nowMs + aheadMs)
            carryOut(update, of: event)
        } catch {
            halt(error)
        }
    }

    private func carryOut(_ update: CoreUpdate, of event: RaftEvent) {
        if update.termOrVoteChanged {
            termVotesPending += 1
            out.append(.persistTermVote(ticket(.termVote), term: core.term, vote: core.vote))
        }
        if !update.entries.isEmpty { appendToLog(update.entries) }
        if update.installSnapshot, case .receive(.installSnapshot(let m), _) = event { beginInstall(m.snapshot, m.data) }
        guard fault == nil else { return }
        for (to, message) in update.messages { dispatch(withOwnTerm(message), to: to) }
        if update.roleChanged { onRoleChange() }
        tellRole()
        applyCommitted()
        if update.roleChanged { beginTerm() }
    }

    /// A new leader's first entry (thesis 6.4), where libraft itself appends none because everything before is committed: a member that repairs itself and
    /// a change of the membership wait for an entry of this term, also in a cluster where nothing else happens.
    private func beginTerm() {
        guard core.role == .leader, lastIndex == commit, members.count > 1 else { return }
        _ = submit([(.barrier, [])])
    }

    /// libraft answers each pre-vote with the term that was asked for. A candidate whose log is the best there is, but whose term is more than one behind,
    /// would be refused for ever by members that need it; a refusal that tells the refuser's term takes it there (as etcd's raft does).
    private func withOwnTerm(_ message: CoreMessage) -> CoreMessage {
        guard case .complete(.requestVoteResult(var result)) = message, result.preVote, !result.voteGranted, result.term < core.term else {
            return message
        }
        result.term = core.term
        return .complete(.requestVoteResult(result))
    }

    func ticket(_ write: InFlightWrite) -> PersistTicket {
        lastTicket += 1
        inFlight[lastTicket] = write
        return PersistTicket(number: lastTicket)
    }

    private func appendToLog(_ entries: [RaftEntry]) {
        let first = entries[0].index
        if first <= tail.lastIndex {
            guard first > commit else { return halt(.committedOverwritten(index: first, committed: commit)) }
            tail.truncate(from: first)
            stored = min(stored, first - 1)
            // A write that completes now proves nothing about what was cut off.
            for (number, write) in inFlight {
                if case .entries(let last, let of) = write, last >= first { inFlight[number] = .entries(last: first - 1, epoch: of) }
            }
            for tag in proposals.removeOverwritten(from: first) { out.append(.dropped(tag, .overwritten)) }
            out.append(.truncate(from: first))
        }
        tail.append(entries)
        out.append(.appendEntries(ticket(.entries(last: tail.lastIndex, epoch: epoch)), firstIndex: first, entries))
    }

    private func onTermVotePersisted() {
        termVotesPending -= 1
        guard termVotesPending == 0 else { return }
        for (message, to) in held { out.append(.send(message, to: to)) }
        held = []
    }

    func send(_ message: RaftMessage, to: UInt64) {
        guard termVotesPending > 0 else { return out.append(.send(message, to: to)) }
        if held.count < RaftLimits.heldMessagesMax { held.append((message, to)) }
    }

    private func onRoleChange() {
        transfers = [:]
        (repairingOthers, heirsAsked) = ([], [])
        catchingUp = nil
        notices.forget()
        guard core.role != .leader else { return }
        for tag in proposals.removeAll() { out.append(.dropped(tag, .outcomeUnknown)) }
    }

    private func tellRole() {
        let now = (role: role, term: core.term, leader: leaderId)
        guard now != toldRole else { return }
        toldRole = now
        out.append(.roleChanged(now.role, term: now.term, leader: now.leader))
    }

    /// Hands out what is newly committed. The core's commit index may step back; the maximum counts.
    private func applyCommitted() {
        guard installing == nil else { return }
        commit = max(commit, core.commitIndex)
        guard !applying else { return }
        applying = true
        defer { applying = false }
        while applied < min(commit, tail.lastIndex), fault == nil {
            let count = min(RaftLimits.applyEntriesMax, Int(min(commit, tail.lastIndex) - applied))
            var batch = tail.slice(from: applied + 1, count: count)
            if let change = batch.firstIndex(where: { $0.kind == .change }) { batch = batch[...change] }
            for entry in batch { appliedCostSinceSnapshot += entry.costBytes }
            applied += UInt64(batch.count)
            proposals.commit(upTo: applied)
            out.append(.apply(Array(batch)))
            endRepair(committed: batch.last?.term)
            if let last = batch.last, last.kind == .change { applyMembership(last) }
        }
        askForSnapshot()
    }

    private func applyMembership(_ entry: RaftEntry) {
        do {
            members = try MembershipCodec.decode(entry.payload)
            membersIndex = entry.index
            advance(.configuration(index: entry.index, members: members))
        } catch {
            halt(error)
        }
    }

    private func problem(with log: RecoveredLog) -> String? {
        if log.isEmpty { return nil }
        let after = log.snapshot?.meta.index ?? 0
        if log.term == 0 { return "expected a term of at least 1, found 0 with state" }
        // One that is being added, or repairs itself, may have heard of a term and of nothing else.
        guard let first = log.entries.first else { return nil }
        if first.index == 0 || first.index > after + 1 {
            return "expected the log to start at \(after + 1) or before, found \(first.index)"
        }
        if log.snapshot == nil, first.kind != .change { return "expected a membership as entry 1, found a \(first.kind)" }
        var previous: (index: UInt64, term: UInt64) = (first.index - 1, 1)
        for entry in log.entries {
            if entry.index != previous.index + 1 { return "expected entry \(previous.index + 1), found \(entry.index)" }
            if entry.term < previous.term || entry.term > log.term {
                return "entry \(entry.index) has term \(entry.term), expected \(previous.term) to \(log.term)"
            }
            if entry.kind == .change, (try? MembershipCodec.decode(entry.payload)) == nil {
                return "entry \(entry.index) has a damaged membership"
            }
            previous = (entry.index, entry.term)
        }
        if let meta = log.snapshot?.meta, previous.index < meta.index {
            return "the log ends at \(previous.index), before the snapshot's \(meta.index)"
        }
        return nil
    }

    /// Traps when a rule that must always hold does not. For tests, the simulator and debug builds; O(entries in memory).
    public func checkInvariants() {
        guard fault == nil, started else { return }
        tail.checkInvariants()
        precondition(applied <= commit, "applied \(applied) is beyond commit \(commit)")
        if installing == nil {
            precondition(tail.firstIndex <= applied + 1, "entry \(applied + 1) is no longer held but not applied")
            precondition(commit <= max(tail.lastIndex, snapshotIndex), "commit \(commit) is beyond the log's \(tail.lastIndex)")
            precondition(core.lastIndex == lastIndex, "the core's log ends at \(core.lastIndex), ours at \(lastIndex)")
            precondition(stored <= lastIndex, "stored \(stored) is beyond the log's \(lastIndex)")
        }
        precondition(termVotesPending > 0 || held.isEmpty, "messages are held without a reason")
        precondition(core.term >= lastTerm, "the log's term \(lastTerm) is above the current \(core.term)")
        precondition(core.role == .leader || transfers.isEmpty, "only a leader sends snapshots")
        proposals.checkInvariants()
    }
}

/// A write that the caller has not yet reported.
enum InFlightWrite {
    case termVote
    case entries(last: UInt64, epoch: UInt64)
    case installed(SnapshotMeta, [UInt8])
    case taken(SnapshotMeta, [UInt8], trailing: UInt32, epoch: UInt64)
}
