/// What is wanted of the membership while the cluster runs, and one step towards it at a time.
///
/// Nothing is remembered but the log: what is left to do follows from the membership that is applied, so a wish may be asked again at any time, after a
/// leader change at the new leader, and each repeat does no more than what is still missing. The guards are those of `proposeMembers`.

public enum MembershipWish: Sendable, Hashable {
    /// To vote. First it is a spare that is given the log (thesis 4.2.1), then it is promoted.
    case add(RaftMember)
    case remove(UInt64)
}

public enum MembershipProgress: Sendable, Hashable {
    case done
    /// What is under way or waited for, as a sentence; ask again.
    case working(String)
    /// It cannot be; says why and what to do.
    case refused(String)
}

extension RaftReplica {
    /// Takes the next step towards the wish, if this member leads.
    /// - Parameters:
    ///   - connected: the other members to which there is a link now.
    ///   - obstacle: why the one that comes is given the log and not yet a vote, as a sentence.
    public func advance(
        towards wish: MembershipWish, connected: Set<UInt64>, obstacle: String? = nil, nowMs: UInt64
    ) -> (MembershipProgress, [RaftDirective]) {
        guard isReady(nowMs), core.role == .leader else { return (.working("This coordinator does not lead."), flush()) }
        guard knowsMembers else {
            return (.working("This coordinator has just begun to lead, and reads first who the others are."), flush())
        }
        let progress: MembershipProgress =
            switch wish {
            case .add(let member): add(member, connected, obstacle)
            case .remove(let id): remove(id, connected)
            }
        return (progress, flush())
    }

    /// Whether the membership that this leader has applied is the present one: it has applied an entry of its own term, and so all that was
    /// committed before. One that started again and was elected at once may have applied no more than its snapshot.
    /// A member that is alone began no term with an entry (`beginTerm`), and all that it has is committed.
    public var knowsMembers: Bool { term(at: applied) == core.term || members.count == 1 && applied == lastIndex }

    private func add(_ member: RaftMember, _ connected: Set<UInt64>, _ obstacle: String?) -> MembershipProgress {
        guard let present = members.first(where: { $0.id == member.id }) else {
            // An id that was in use before may have voted: it must not be another machine's.
            let highest = members.map(\.id).max() ?? 0
            guard member.id > highest else {
                return .refused("Raft ids are never used twice: take one above \(highest), the highest in use.")
            }
            let spare = RaftMember(id: member.id, name: member.name, duty: .spare)
            return propose(members + [spare], "It is being made known to all.")
        }
        guard present.name == member.name else { return .refused("Raft id \(member.id) belongs to `\(present.name)`.") }
        guard present.duty != .voter else { return .done }
        guard connected.contains(member.id) else { return .working("Waiting until it runs and is connected.") }
        guard catchingUp == member.id else {
            switch catchUp(member.id, nowMs: nowMs) {
            case .success(let directives):
                out += directives
                catchingUp = member.id
                return .working("It is given what the others have.")
            case .failure(let refusal): return .working("Waiting: \(refusal)")
            }
        }
        switch hasCaughtUp(member.id) {
        case nil: return .working("It has \(matchIndex(of: member.id) ?? 0) of \(lastIndex) entries.")
        case false?:
            catchingUp = nil
            return .working("It was too slow; it is given the rest once more.")
        case true?:
            if let obstacle { return .working(obstacle) }
            let next = members.map { $0.id == member.id ? RaftMember(id: $0.id, name: $0.name, duty: .voter) : $0 }
            return propose(next, "It has what the others have, and is given its vote.")
        }
    }

    private func remove(_ id: UInt64, _ connected: Set<UInt64>) -> MembershipProgress {
        guard let present = members.first(where: { $0.id == id }) else { return .done }
        let rest = members.filter { $0.id != id }
        let voters = rest.filter { $0.duty == .voter }
        guard !voters.isEmpty else { return .refused("It is the only voter: add another one first.") }
        if present.duty == .voter {
            let here = voters.count { $0.id == configuration.id || connected.contains($0.id) && isSound($0.id) }
            guard here > voters.count / 2 else {
                return .refused(
                    "Without it only \(here) of \(voters.count) coordinators would be connected and up to date, which is no majority: mend those first."
                )
            }
        }
        guard id != configuration.id else {
            let heirs = voters.filter { connected.contains($0.id) }
            guard let heir = heirs.max(by: { (matchIndex(of: $0.id) ?? 0, $1.id) < (matchIndex(of: $1.id) ?? 0, $0.id) }) else {
                return .refused("It leads, and no other voter is connected.")
            }
            if core.transferee == nil { advance(.transfer(member: heir.id)) }
            return .working("It leads, and hands over to `\(heir.name)` first.")
        }
        return propose(rest, "Its vote is being taken.")
    }

    /// It has acknowledged an entry of this term, and so everything that was committed before: also one that repairs itself is well again then.
    private func isSound(_ voter: UInt64) -> Bool { matchIndex(of: voter).flatMap { term(at: $0) } == core.term }

    private func propose(_ next: [RaftMember], _ sentence: String) -> MembershipProgress {
        let (result, directives) = proposeMembers(next, nowMs: nowMs)
        out += directives
        switch result {
        case .success: return .working(sentence)
        case .failure(.cannotChange(let why)): return .working("Waiting: \(why).")
        case .failure(let refusal): return .working("Waiting: \(refusal).")
        }
    }
}

extension RaftReplica {
    /// Everybody with whom this member has to do: the membership as applied, and as the log tells it last, by which raft itself goes before that is
    /// committed. After a start, when the log is applied from its beginning, the two may lie far apart.
    public var membersConcerned: [RaftMember] {
        // While a leader's snapshot is written in place of the log, there is nothing between the two.
        let isContiguous = applied + 1 >= tail.firstIndex && applied <= tail.lastIndex
        let later =
            isContiguous ? tail.slice(from: applied + 1, count: Int(tail.lastIndex - applied)).last { $0.kind == .change } : nil
        let told = later.flatMap { try? MembershipCodec.decode($0.payload) } ?? members
        return told + members.filter { member in !told.contains { $0.id == member.id } }
    }
}

extension RecoveredLog {
    /// The membership that the log tells last, committed or not, as raft itself goes by it; empty when it tells none.
    public var members: [RaftMember] {
        for entry in entries.reversed() where entry.kind == .change {
            if let members = try? MembershipCodec.decode(entry.payload) { return members }
        }
        return snapshot?.meta.members ?? []
    }
}
