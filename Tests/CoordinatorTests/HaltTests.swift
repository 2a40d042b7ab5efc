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

    /// Rule 9: "Digests of the state travel through the log; a replica that differs halts itself."
    @Test func theLeadersDigestsTravelAndWhoDiffersHalts() throws {
        var configuration = CoordinatorConfiguration()
        configuration.digestEveryEntries = 4
        configuration.digestEveryMs = 1_000
        var harness = try LogHarness(3, configuration: configuration)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 0)
        var counter: UInt64 = 0
        func change() throws {
            for round in 0..<12 {
                counter += 1
                let library = Library(name: try name("memorial"), title: "Memorial \(round)", homeNode: try name("memorial"))
                harness.take(harness.cores[0].onPropose(link, [try item(counter, .setLibrary(library))], nowMs: harness.nowMs), at: 0)
                harness.pass(ms: 500)
            }
        }
        try change()
        let digests = harness.log.flatMap(\.items).compactMap { item in
            if case .checkDigest(_, let digest) = item.command { digest } else { nil }
        }
        #expect(digests.count >= 2)
        #expect(digests.dropFirst().allSatisfy { $0 != 0 })
        #expect(harness.cores.map(\.halted) == [nil, nil, nil])

        var other = harness.cores[2].state
        _ = other.apply(roster.commands[1], at: other.appliedThrough)
        harness.cores[2].onRestored(other, nowMs: harness.nowMs)
        try change()
        #expect(harness.cores[0].halted == nil)
        #expect(harness.cores[1].halted == nil)
        #expect(harness.cores[2].halted != nil, "it holds a queue that the others do not")
    }
}
