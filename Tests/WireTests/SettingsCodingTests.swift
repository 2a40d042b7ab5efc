import Consortium
import Sodium
import Testing

@testable import Wire

/// Signed settings survive a snapshot and the wire.
@Suite struct SettingsCodingTests {
    private func state() throws -> ConsortiumState {
        var state = ConsortiumState()
        let seed = [UInt8](repeating: 3, count: Signing.seedBytes)
        let key = try Signing.publicKey(seed: seed)
        var commands: [Command] = [.setFeatureLevel(FeatureLevel.supported)]
        for version in 1...3 as ClosedRange<UInt64> {
            var settings = Settings()
            settings.pickUpMs = version * 10_000
            let text = SettingsDocument(version: version, settings: settings, keys: [key], note: "Nº \(version)").text
            let signature = try Signing.sign(SignedSettings.message(text), seed: seed)
            commands.append(.setSignedSettings(SignedSettings(text: text, key: key, signature: signature)))
        }
        for (number, command) in commands.enumerated() {
            let id = ProposalID(node: try #require(NodeName("n")), boot: 1, counter: UInt64(number))
            let item = Batch.Item(id: id, command: command)
            let applied = state.apply(Batch(elapsedMs: 1, wallMs: 1_790_000_000_000, term: 1, items: [item]), index: UInt64(number) + 1)
            guard case .accepted = try #require(applied.verdicts.first) else { throw Unaccepted(verdicts: applied.verdicts) }
        }
        return state
    }

    private struct Unaccepted: Error { var verdicts: [Verdict] }

    @Test func aSnapshotHasTheSignedSettings() throws {
        let state = try state()
        #expect(state.settingsBook.count == 3)
        let rebuilt = try ConsortiumState(wireSnapshot: state.wireSnapshot())
        #expect(rebuilt.settingsBook == state.settingsBook)
        #expect(rebuilt.digest() == state.digest())
    }
}
