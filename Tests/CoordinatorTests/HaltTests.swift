import Consortium
import Testing

@testable import Coordinator

/// Rules 9 to 11: a replica that differs, or must not or cannot apply, stops applying and says so.
@Suite struct HaltTests {
    private let link = LinkID(1)

    @Test func aHaltedReplicaAppliesAndTakesNothingMore() throws {
        var core = CoordinatorCore(node: try name("c1"), boot: 1)
        let roster = try Roster()
        _ = core.onNodeUp(link, node: try name("memorial"), nowMs: 0)
        _ = core.onRole(.init(isLeader: true, term: 1, leader: core.node), nowMs: 0)
        let directives = core.onUnappliable("entry 7 ended the process twice")
        #expect(directives.contains { if case .halt(let reason) = $0 { reason.contains("entry 7") } else { false } })
        #expect(core.onUnappliable("entry 8 too").isEmpty)
        let digest = core.state.digest()
        let batch = Batch(elapsedMs: 1, wallMs: 1, term: 1, items: [try item(1, roster.commands[0])])
        #expect(core.onApplied(batch, index: 1, nowMs: 1).isEmpty)
        #expect(core.state.digest() == digest)
        let busy = core.onPropose(link, batch.items, nowMs: 1)
        #expect(busy.contains { if case .busy = $0 { true } else { false } })
        core.onForwarded(batch.items)
        #expect(!(core.flush(nowMs: 2, wallMs: 2) + core.onTick(nowMs: 2)).contains { if case .propose = $0 { true } else { false } })
    }

    @Test func aReplicaThatDiffersHaltsItself() throws {
        var core = CoordinatorCore(node: try name("c2"), boot: 1)
        let wrong = Command.checkDigest(upTo: .zero, digest: core.state.digest() &+ 1)
        let directives = core.onApplied(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: [try item(1, wrong)]), index: 1, nowMs: 0)
        #expect(directives.contains { if case .halt = $0 { true } else { false } })
        #expect(core.halted != nil)
    }

    @Test func aSnapshotOfTheOthersMakesItSoundAgain() throws {
        var core = CoordinatorCore(node: try name("c2"), boot: 1)
        _ = core.onUnappliable("it differs")
        var sound = ConsortiumState()
        let roster = try Roster()
        _ = sound.apply(roster.commands[0], at: LogPosition(index: 40, ordinal: 0))
        core.onRestored(sound, nowMs: 1)
        #expect(core.halted == nil)
        _ = core.onApplied(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: [try item(2, roster.commands[1])]), index: 41, nowMs: 1)
        #expect(core.state.appliedThrough.index == 41)
    }
}
