/// The leader's part in time (rule 8): it advances the replicated clock by the monotonic time that it saw pass, and keeps the
/// leases of operators in memory.

import Consortium

/// Counts monotonic time for the log. A leader that was paused saw a jump; one turn counts for at most `stepMsMax`.
struct LeaderClock: Sendable {
    static let stepMsMax: UInt64 = 2_000
    private var lastMs: UInt64?
    private(set) var accumulatedMs: UInt64 = 0

    mutating func start(nowMs: UInt64) {
        lastMs = nowMs
        accumulatedMs = 0
    }

    mutating func stop() { lastMs = nil }

    mutating func observe(nowMs: UInt64) {
        guard let last = lastMs else { return }
        accumulatedMs += min(nowMs > last ? nowMs - last : 0, Self.stepMsMax)
        lastMs = nowMs
    }

    /// What the next entry advances the clock by; the rest, beyond an entry's cap, waits for the entry after it.
    mutating func take(nowMs: UInt64) -> UInt64 {
        observe(nowMs: nowMs)
        let taken = min(accumulatedMs, Limits.elapsedPerEntryMsMax)
        accumulatedMs -= taken
        return taken
    }
}

/// When each session was last vouched for. A new leader grants everybody a full lease and one of grace.
struct LeaseKeeper: Sendable {
    private var deadlines: [SessionID: UInt64]?
    private var leaseMs: UInt64 = 0
    /// Renewals that came before the session was seen in the state are kept too: nodes may be ahead of this replica's apply.
    private static let sessionsMax = 2 * Limits.sessionsMax

    mutating func start(sessions: [SessionID], leaseMs: UInt64, nowMs: UInt64) {
        self.leaseMs = leaseMs
        deadlines = Dictionary(uniqueKeysWithValues: sessions.map { ($0, nowMs + 2 * leaseMs) })
    }

    mutating func stop() { deadlines = nil }

    mutating func renew(_ sessions: [SessionID], nowMs: UInt64) {
        guard let known = deadlines?.count, known + sessions.count <= Self.sessionsMax else { return }
        for session in sessions { deadlines?[session] = nowMs + leaseMs }
    }

    /// The sessions whose lease ran out, once each; sessions that are new get a first lease.
    mutating func lapsed(among sessions: [SessionID], leaseMs: UInt64, nowMs: UInt64) -> [SessionID] {
        guard let before = deadlines else { return [] }
        self.leaseMs = leaseMs
        var current: [SessionID: UInt64] = [:]
        var lapsed: [SessionID] = []
        for session in sessions {
            let deadline = before[session] ?? nowMs + leaseMs
            if deadline <= nowMs {
                lapsed.append(session)
                // Asked again after a while, should the command get lost with a leader.
                current[session] = nowMs + 1_000
            } else {
                current[session] = deadline
            }
        }
        deadlines = current
        return lapsed
    }
}

extension CoordinatorCore {
    /// How often a leader looks at the time while something can fall due; also its share in bounding clock jumps.
    static let leaderTickMs: UInt64 = 500

    /// Timers of this replica. The leader proposes one `tick` when something is due on the replicated clock, or when an
    /// entry's worth of time has gathered while something is pending.
    public mutating func onTick(nowMs: UInt64) -> [CoordinatorDirective] {
        var directives: [CoordinatorDirective] = []
        if role.isLeader, halted == nil {
            clock.observe(nowMs: nowMs)
            for session in leases.lapsed(
                among: state.sessionsForLease.map(\.session), leaseMs: state.settings.operatorLeaseMs, nowMs: nowMs)
            {
                directives += proposeOwn(.lapse(session), nowMs: nowMs)
            }
            if let due = state.nextDeadlineMs(), proposals.inFlight == 0, proposals.queuedCount == 0 {
                let reached = state.clockMs + clock.accumulatedMs >= due
                if reached || clock.accumulatedMs >= Limits.elapsedPerEntryMsMax { directives += proposeOwn(.tick, nowMs: nowMs) }
            }
            directives += proposeDigest(nowMs: nowMs)
            directives += proposeLevel(nowMs: nowMs)
        }
        directives += purgeIfDue(nowMs: nowMs)
        let overdue = proposals.overdue(
            handedBeforeMs: nowMs >= configuration.retryAfterMs ? nowMs - configuration.retryAfterMs : 0, markedMs: nowMs)
        directives += hand(overdue, nowMs: nowMs)
        directives.append(.scheduleTick(atMs: nextTickMs(nowMs: nowMs)))
        return directives
    }

    func nextTickMs(nowMs: UInt64) -> UInt64 {
        if proposals.pendingCount > 0 { return nowMs + 250 }
        guard role.isLeader else { return nowMs + 2_000 }
        return nowMs + (state.nextDeadlineMs() == nil && state.sessionsForLease.isEmpty ? 2_000 : Self.leaderTickMs)
    }

    /// Rule 11: what all voters can apply comes into force. Asked again after a while, should the command get lost with a leader.
    private mutating func proposeLevel(nowMs: UInt64) -> [CoordinatorDirective] {
        guard let level = votersSupport, level > state.featureLevel, nowMs >= levelProposedMs + 2_000 else { return [] }
        levelProposedMs = nowMs
        return proposeOwn(.setFeatureLevel(level), nowMs: nowMs)
    }

    /// Rule 9: the digest of the leader's last mark travels through the log, where it is compared, and a new mark is taken. The first one of a
    /// cluster has nothing to compare yet. Rare, as a digest reads the whole state at every replica.
    private mutating func proposeDigest(nowMs: UInt64) -> [CoordinatorDirective] {
        let mark = state.lastDigestMark
        guard state.appliedThrough.index >= (mark?.at.index ?? 0) + configuration.digestEveryEntries,
            nowMs >= digestProposedMs + configuration.digestEveryMs
        else { return [] }
        digestProposedMs = nowMs
        return proposeOwn(.checkDigest(upTo: mark?.at ?? .zero, digest: mark?.digest ?? 0), nowMs: nowMs)
    }
}
