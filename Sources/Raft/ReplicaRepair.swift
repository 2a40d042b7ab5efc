// A voter whose log is damaged, and whose vote file is not, gets everything from the others and keeps its id.
//
// Why that is safe
//   Let T be the term in the vote file when the damage was found: everything that this member ever acknowledged came from leaders of terms up to T.
//   While it repairs itself it neither votes nor stands for election. A leader of a term above T was thus elected by a majority without it, and
//   every majority that ever committed an entry with its help shares a member with that one which still has the entry. So that leader has
//   everything that is committed (leader completeness, thesis 3.6.3), and whoever has applied an entry of such a leader's term has it too: from
//   then on this member votes again. What it acknowledges meanwhile is on its disk and counts.
//   Several may do so at once: none of them votes. Where no majority of sound members is left, there is no leader, and nothing is lost that was not.
//
// Why a leader gives way
//   One of term T itself proves nothing, as it need not be elected again. And it remembers how far this member's log once reached, which libraft
//   never takes back: it would wait for ever for what it takes for late answers. A leader of a new term begins without such memory.

extension RaftReplica {
    /// The voter says that it repairs itself. A leader that cannot help it hands over to another sound voter as soon as there is one.
    /// - Parameters:
    ///   - since: the term when its damage was found.
    ///   - index: the last entry that it has.
    public func onRepairing(_ voter: UInt64, since: UInt64, index: UInt64, nowMs: UInt64) -> [RaftDirective] {
        guard isReady(nowMs), voter != configuration.id else { return flush() }
        // In a later term it does not matter any more, whether or not the voter has repaired itself by then.
        repairingSinceTold = repairingSinceTold.filter { $0.value >= core.term }
        if since >= core.term { repairingSinceTold[voter] = since }
        guard core.role == .leader else { return flush() }
        guard core.term <= since || matchIndex(of: voter) ?? 0 > index else { return flush() }
        repairingOthers.insert(voter)
        giveWayToRepair()
        return flush()
    }

    func giveWayToRepair() {
        guard core.role == .leader, core.transferee == nil else { return }
        // Elected since it told, and not in a later term than that.
        for (voter, since) in repairingSinceTold where since >= core.term && members.contains(where: { $0.id == voter }) {
            repairingOthers.insert(voter)
        }
        guard !repairingOthers.isEmpty else { return }
        let sound = members.filter { $0.duty == .voter && $0.id != configuration.id && !repairingOthers.contains($0.id) }
        // Whoever did not take over when it was asked may be gone for good, however far its log reaches: the next one's turn comes first.
        if sound.allSatisfy({ heirsAsked.contains($0.id) }) { heirsAsked = [] }
        let ahead = sound.filter { !heirsAsked.contains($0.id) }.max {
            (matchIndex(of: $0.id) ?? 0, $1.id) < (matchIndex(of: $1.id) ?? 0, $0.id)
        }
        guard let ahead else { return }
        heirsAsked.insert(ahead.id)
        advance(.transfer(member: ahead.id))
    }

    /// An entry of this term is committed and held here.
    func endRepair(committed term: UInt64?) {
        guard let since = repairingSince, let term, term > since else { return }
        repairingSince = nil
        // The timer may have come and gone meanwhile.
        toldTimer = 0
        out.append(.repaired)
    }
}
