import Testing

@testable import Consortium

/// Rule 11: what a cluster's level does not have yet is refused, by every version alike.
@Suite struct FeatureLevelTests {
    private func aRoster(atLevel level: UInt32) throws -> (state: ConsortiumState, verdicts: [Verdict]) {
        var state = ConsortiumState()
        state.featureLevel = level
        var verdicts: [Verdict] = []
        for (offset, command) in try RandomLife.roster().enumerated() {
            verdicts.append(state.apply(command, at: LogPosition(index: 1, ordinal: UInt32(offset))))
        }
        return (state, verdicts)
    }

    @Test func aNewClusterHasEverythingOfToday() throws {
        #expect(ConsortiumState().featureLevel == FeatureLevel.first)
        let (_, verdicts) = try aRoster(atLevel: FeatureLevel.first)
        #expect(verdicts.allSatisfy { $0 == .accepted(.done) })
    }

    @Test func aCommandOfALaterLevelIsRefusedAndChangesNothing() throws {
        let (state, verdicts) = try aRoster(atLevel: 0)
        for verdict in verdicts {
            guard case .refused(let refusal) = verdict else {
                Issue.record("accepted below its level")
                continue
            }
            #expect(refusal.code == .notAvailable)
        }
        var untouched = ConsortiumState()
        untouched.featureLevel = 0
        #expect(state.digest() == untouched.digest())
    }

    @Test func theLevelIsRaisedByTheLogAndTakesEffectAtOnce() throws {
        var (state, _) = try aRoster(atLevel: 0)
        let node: NodeName = try Stage.name("n")
        let commands = [Command.setFeatureLevel(FeatureLevel.supported), try RandomLife.roster()[0], .setFeatureLevel(0)]
        let items = commands.enumerated().map { offset, command in
            Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64(offset)), command: command)
        }
        let applied = state.apply(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: items), index: 2)
        #expect(applied.verdicts.prefix(2) == [.accepted(.done), .accepted(.done)])
        guard case .refused? = applied.verdicts.last else {
            Issue.record("the level was lowered")
            return
        }
        #expect(state.featureLevel == FeatureLevel.supported)
    }

    /// A snapshot of a level that this version does not know is refused, whatever it holds.
    @Test func aSnapshotOfALaterLevelIsRefused() {
        var memento = Memento()
        memento.featureLevel = FeatureLevel.supported + 1
        #expect(throws: InvariantViolation.self) { try ConsortiumState(memento: memento) }
    }
}
