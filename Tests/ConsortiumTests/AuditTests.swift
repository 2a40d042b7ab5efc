import Seeded
import Testing

@testable import Consortium

/// The audit log by itself: the chain, and what becomes of old entries. What is written when: scenario 80.
@Suite struct AuditTests {
    private static func note(_ number: Int, _ library: LibraryName) -> Command {
        .audit(
            AuditNote(
                by: .admin, chat: ChatID(high: 1, low: UInt64(number)), library: library, request: RequestID(high: 2, low: UInt64(number))))
    }

    private static func state(_ count: Int) throws -> ConsortiumState {
        let law = try #require(LibraryName("law"))
        var state = ConsortiumState()
        _ = state.apply(.setFeatureLevel(FeatureLevel.supported), at: LogPosition(index: 1, ordinal: 0))
        for number in 0..<count { _ = state.apply(note(number, law), at: LogPosition(index: UInt64(number) + 2, ordinal: 0)) }
        return state
    }

    @Test func nothingCanBeChangedTakenOutOrPutIn() throws {
        let page = try Self.state(20).audit(after: 0)
        #expect(page.entries.count == 20)
        #expect(try page.anchor.following(page.entries).number == 20)
        for place in page.entries.indices {
            var changed = page.entries
            changed[place].subject += "x"
            #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
            changed = page.entries
            changed[place].wallMs += 1
            #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
            changed = page.entries
            changed[place].by = .node
            #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
            changed = page.entries
            changed[place].library = "elsewhere"
            #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
            // With its own hash set right, the next one does not follow.
            if place < 19 {
                changed[place].hash = changed[place].hash(after: place == 0 ? page.anchor.hash : changed[place - 1].hash)
                #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
                changed = page.entries
                changed.remove(at: place)
                #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
            }
            changed = page.entries
            changed.insert(changed[place], at: place)
            #expect(throws: AuditFlaw.self) { try page.anchor.following(changed) }
        }
    }

    @Test func oldEntriesGiveWayAndTheChainGoesOnFromTheirLast() throws {
        let count = Limits.auditEntriesMax + 1
        let state = try Self.state(count)
        try state.checkInvariants()
        var (number, last, entries) = (UInt64(0), state.audit(after: 0).anchor, 0)
        #expect(last.number == UInt64(Limits.auditEntriesMax / 16))
        repeat {
            let page = state.audit(after: number)
            last = try last.following(page.entries)
            entries += page.entries.count
            number = last.number
            #expect(page.entries.count <= Limits.auditPageMax)
        } while number < UInt64(count)
        #expect(entries == count - Limits.auditEntriesMax / 16)
        #expect(state.audit(after: UInt64(count)).entries.isEmpty)
        #expect(state.audit(after: .max).entries.isEmpty)
        // A state from its snapshot has the same chain.
        let again = try ConsortiumState(memento: state.memento)
        #expect(again.digest() == state.digest())
        #expect(again.audit(after: UInt64(count - 3)) == state.audit(after: UInt64(count - 3)))
    }

    /// Two replicas that were asked the same have the same chain, also where one began with a snapshot in between.
    @Test func everyReplicaHasTheSameChain() throws {
        var (one, other) = (try Self.state(30), try Self.state(30))
        other = try ConsortiumState(memento: other.memento)
        let law = try #require(LibraryName("law"))
        for number in 30..<60 {
            _ = one.apply(Self.note(number, law), at: LogPosition(index: UInt64(number) + 2, ordinal: 0))
            _ = other.apply(Self.note(number, law), at: LogPosition(index: UInt64(number) + 2, ordinal: 0))
        }
        #expect(one.audit(after: 0) == other.audit(after: 0))
        #expect(one.digest() == other.digest())
        #expect(try one.audit(after: 0).anchor.following(one.audit(after: 0).entries).number == 60)
    }

    /// A cluster that is restored goes on with the chain of its backup, and says that it was.
    @Test func aRestoreIsWrittenDown() throws {
        var state = try Self.state(5)
        state.beginAnew()
        let page = state.audit(after: 0)
        #expect(try page.anchor.following(page.entries).number == 6)
        #expect(page.entries.last?.act == .restore)
    }

    /// What was taken away before the oldest entries gave way fits what is there now, by the anchor alone.
    @Test func whatWasTakenAwayBeforeFitsWhatIsLeft() throws {
        let law = try #require(LibraryName("law"))
        var state = try Self.state(Limits.auditEntriesMax)
        var kept: [AuditEntry] = []
        while kept.count < Limits.auditEntriesMax { kept += state.audit(after: UInt64(kept.count)).entries }
        _ = state.apply(
            Self.note(Limits.auditEntriesMax, law), at: LogPosition(index: UInt64(Limits.auditEntriesMax) + 2, ordinal: 0))
        let anchor = state.audit(after: 0).anchor
        #expect(anchor.number > 0)
        #expect(try AuditAnchor().following(kept.prefix(Int(anchor.number))) == anchor)
    }
}
