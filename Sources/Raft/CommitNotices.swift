/// What a leader has told each member of the commit index.
///
/// libraft tells it with new entries and with heartbeats. When no entries follow, a member learns only at the next heartbeat that what it
/// holds is committed, and whoever asked it waits that long. So the replica sends an empty AppendEntries of its own at the end of a turn: the
/// message that a heartbeat would be, which a leader may send at any time.
struct CommitNotices {
    private struct Told {
        /// The last entry that was sent.
        var through: UInt64
        /// How far the member then took entries for committed, if it got the message.
        var commit: UInt64
    }
    private var members: [UInt64: Told] = [:]

    /// An AppendEntries that ends at `last` goes out.
    mutating func sent(to member: UInt64, through last: UInt64, commit: UInt64) {
        members[member] = Told(through: last, commit: max(members[member]?.commit ?? 0, min(commit, last)))
    }

    /// Whether the member was sent everything up to `commit` and not told yet that it is committed.
    func owes(_ member: UInt64, commit: UInt64) -> Bool {
        guard let told = members[member] else { return false }
        return told.commit < commit && told.through >= commit
    }

    mutating func forget() { members = [:] }
}

extension RaftReplica {
    /// Tells the members what is committed, if they hold it and have not been told. To be called when a turn of events is over and what was to be
    /// proposed is: new entries tell it as well. A caller that never does so loses time, nothing else.
    public func announceCommit(nowMs: UInt64) -> [RaftDirective] {
        guard isReady(nowMs), core.role == .leader, let last = term(at: commit) else { return flush() }
        for member in members where member.id != configuration.id && notices.owes(member.id, commit: commit) {
            notices.sent(to: member.id, through: commit, commit: commit)
            send(
                .appendEntries(
                    AppendEntries(term: core.term, prevLogIndex: commit, prevLogTerm: last, leaderCommit: commit, entries: [])),
                to: member.id)
        }
        return flush()
    }
}
