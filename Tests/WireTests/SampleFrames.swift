import Consortium
import Coordinator
import Gossip
import Raft
import Seeded
import Testing
import Wire

// MARK: Gossip and peer frames

extension Sample {
    mutating func memberName() -> String { of(["a", "memorial", String(repeating: "m", count: 64)]) }
    mutating func incarnation() -> UInt64 { of([0, 1, GossipLimits.versionMax, generator.next() % GossipLimits.versionMax]) }
    mutating func member() -> Member {
        Member(
            name: memberName(), gossipAddress: "192.0.2.1:7100", peerAddress: "[2001:db8::1]:65535",
            webURLs: list(2) { $0.of(["http://a", String(repeating: "u", count: 200)]) }, roles: MemberRoles(rawValue: UInt8(pick(256))),
            raftID: number(), bootID: number(), settingsDigest: Array(repeating: 9, count: pick(33)),
            coordinatorHint: optional { CoordinatorHint(leader: $0.memberName(), term: $0.incarnation()) }, incarnation: incarnation(),
            state: of(MemberState.allCases))
    }
    mutating func record() -> AvailabilityRecord {
        AvailabilityRecord(
            key: RecordKey(queue: of(["q", String(repeating: "q", count: 64)]), writer: memberName()), writerBootID: number(),
            version: RecordVersion(session: incarnation(), counter: incarnation()),
            availability: Availability(
                staffed: of([0, 1, .max]), freePlaces: of([0, .max]), waiting: of([0, .max]), postedOpen: chance(50),
                fallbackEnabled: chance(50), usualWaitS: of([0, GossipLimits.usualWaitSMax])), ageMs: of([0, 1, GossipLimits.ageMsMax]))
    }
    mutating func news() -> GossipUpdate {
        switch pick(5) {
        // In a datagram a member speaks for itself, so it is alive.
        case 0:
            var member = member()
            member.state = .alive
            return .alive(member)
        case 1: return .suspect(name: memberName(), incarnation: incarnation(), accuser: memberName())
        case 2: return .dead(name: memberName(), incarnation: incarnation(), accuser: memberName())
        case 3: return .left(name: memberName(), incarnation: incarnation())
        default: return .record(record())
        }
    }
    mutating func gossip() -> GossipMessage {
        let kind: GossipMessage.Kind
        switch pick(5) {
        case 0: kind = .ping(sequence: small(), target: memberName())
        case 1: kind = .ack(sequence: small())
        case 2: kind = .pingRequest(sequence: small(), target: memberName())
        case 3: kind = .nack(sequence: small())
        default: kind = .gossip
        }
        var message = GossipMessage(kind)
        for _ in 0..<pick(6) {
            let more = news()
            if message.bytesMax + more.bytesMax <= GossipLimits.messageBytesMax { message.updates.append(more) }
        }
        return message
    }
    mutating func bytes() -> [UInt8] { Array(repeating: UInt8(pick(256)), count: pick(50)) }

    mutating func transcript() throws -> Transcript {
        Transcript(
            number: number(), chat: id(), openedMs: number(), queue: try queue(), home: try library(), library: try library(),
            contact: text(), messages: try update().messages,
            sealed: chance(20) ? SealedTranscript(bytes: [1] + Array(text().utf8), messages: small()) : nil)
    }

    /// One of every kind of frame, in turn.
    mutating func frame(_ kind: Int) throws -> PeerFrame {
        switch kind % 51 {
        case 0:
            .hello(
                PeerHello(
                    cluster: Array(repeating: 3, count: 16), node: try node(), boot: number(),
                    purpose: of([.raft, .service, .call, .gossip]), raftID: number(), featureLevel: small(), durableTerm: number(),
                    durableIndex: number()))
        case 1: .goodbye(code: "version", text: text())
        case 2: .ping(number())
        case 3: .pong(number())
        case 4: .raft(.requestVoteResult(RequestVoteResult(term: 1 + number() / 2, voteGranted: chance(50), preVote: chance(50))))
        case 5: .propose(try batch().items)
        case 6: .forward(try batch().items)
        case 7: .busy(counter: number(), retryMs: number())
        case 8: .outcome(counter: number(), verdict(), at: token())
        case 9: .board(try board())
        case 10: .chat(try update())
        case 11: .follow(id(), after: position())
        case 12: .unfollow(id())
        case 13: .find(counter: number(), code: try secret())
        case 14: .found(counter: number(), optional { $0.id() })
        case 15: .typing(id(), of([.patron, .staff]))
        case 16: .renewals(list(5) { $0.id() })
        case 17: .leaderKnown(chance(50))
        case 18: .call(id: number(), sealed: bytes())
        case 19: .reply(id: number(), sealed: bytes())
        case 20: .collect(try library(), after: number())
        case 21: .transcript(try transcript())
        case 22:
            .askLedger(counter: number(), try library(), LedgerMinute(pick(1_000))..<LedgerMinute(1_000 + pick(1_000)))
        case 23: .ledger(counter: number(), ledger())
        case 24: .askTally(counter: number(), try tallyPlace(), TallyHour(pick(1_000))..<TallyHour(1_000 + pick(1_000)))
        case 25: .tally(counter: number(), try tallyPage())
        case 26: .askKeys
        case 27: .keys(list(3) { sample in Array(repeating: UInt8(truncatingIfNeeded: sample.small()), count: 32) })
        case 30: .askAudit(counter: number(), after: number())
        case 31: .audit(counter: number(), try auditPage())
        case 28: .askWishes(counter: number(), try library())
        case 29: .wishes(counter: number(), try list(3) { try $0.wish() })
        case 32: .askCauses(counter: number(), try queue(), LedgerMinute(pick(1_000))..<LedgerMinute(1_000 + pick(1_000)))
        case 33: .causes(counter: number(), causes())
        case 34: .askShifts(counter: number(), try library())
        case 35: .shifts(counter: number(), try shiftBook())
        case 36: .askDuty(counter: number(), try library(), LedgerMinute(pick(1_000))..<LedgerMinute(1_000 + pick(1_000)))
        case 37: .duty(counter: number(), duty())
        default: .pushPull(bytes())
        }
    }
}
