import Testing

@testable import Consortium

/// Agreement, 6: the service's settings are one typed, versioned document, signed by LTG.
@Suite struct SignedSettingsTests {
    /// A state, and the verdict on each command in turn.
    private struct World {
        var state = ConsortiumState()
        var index: UInt64 = 0

        init(level: UInt32 = FeatureLevel.supported) throws { #expect(try tell(.setFeatureLevel(level)) == nil) }

        /// The refusal, if it is one.
        mutating func tell(_ command: Command) throws -> Refusal? {
            index += 1
            let id = ProposalID(node: try #require(NodeName("n")), boot: 1, counter: index)
            let batch = Batch(elapsedMs: 1, wallMs: 1_790_000_000_000 + index, term: 1, items: [Batch.Item(id: id, command: command)])
            let applied = state.apply(batch, index: index)
            try state.checkInvariants()
            if case .refused(let refusal) = try #require(applied.verdicts.first) { return refusal }
            return nil
        }
    }

    @Test func aSignedDocumentIsInForceAndItsHistoryIsKept() throws {
        let ltg = try SettingsSigner(1)
        var world = try World()
        #expect(try world.tell(.setSignedSettings(ltg.sign(1, pickUpS: 90, note: "The first."))) == nil)
        #expect(world.state.settings.pickUpMs == 90_000)
        // A repeat is answered as the first was.
        #expect(try world.tell(.setSignedSettings(ltg.sign(1, pickUpS: 90, note: "The first."))) == nil)
        #expect(try world.tell(.setSignedSettings(ltg.sign(2, pickUpS: 45))) == nil)
        #expect(world.state.settings.pickUpMs == 45_000)
        #expect(world.state.settingsBook.map { $0.document?.version } == [1, 2])
        let changes = SettingsDocument.differences(world.state.settingsBook[0].document, try #require(world.state.settingsBook[1].document))
        #expect(changes.map(\.name) == ["pickUpSeconds"] && changes.map(\.from) == ["90"] && changes.map(\.to) == ["45"])
        // Back, as a new version.
        #expect(try world.tell(.setSignedSettings(ltg.sign(3, pickUpS: 90, note: "Back to version 1."))) == nil)
        #expect(world.state.settings.pickUpMs == 90_000)
    }

    @Test func twoWhoEditSeeTheConflictAndNobodysEditIsLost() throws {
        let ltg = try SettingsSigner(1)
        var world = try World()
        #expect(try world.tell(.setSignedSettings(ltg.sign(1))) == nil)
        #expect(try world.tell(.setSignedSettings(ltg.sign(2, pickUpS: 90))) == nil)
        let refusal = try #require(try world.tell(.setSignedSettings(ltg.sign(2, pickUpS: 30))))
        #expect(refusal.code == .outOfOrder && refusal.sentence.contains("somebody changed the settings meanwhile"))
        #expect(world.state.settings.pickUpMs == 90_000)
        let early = try #require(try world.tell(.setSignedSettings(ltg.sign(4))))
        #expect(early.sentence == "The document is version 4, and the next one is 3.")
        // An old version that was right once is not played again.
        #expect(try world.tell(.setSignedSettings(ltg.sign(1)))?.code == .outOfOrder)
    }

    @Test func whatNoKeyInForceSignedIsRefused() throws {
        let (ltg, stranger) = (try SettingsSigner(1), try SettingsSigner(2))
        var world = try World()
        // The first is signed by a key of its own.
        #expect(try world.tell(.setSignedSettings(stranger.sign(1, keys: [ltg.key])))?.code == .notAllowed)
        #expect(try world.tell(.setSignedSettings(ltg.sign(1))) == nil)
        let refusal = try #require(try world.tell(.setSignedSettings(stranger.sign(2, pickUpS: 90))))
        #expect(refusal.code == .notAllowed && refusal.sentence.contains("may not sign settings"))
        // Said to be LTG's, signed by another; changed after it was signed; another's signature.
        var forged = try stranger.sign(2, pickUpS: 90)
        forged.key = ltg.key
        #expect(try world.tell(.setSignedSettings(forged))?.sentence.contains("signature does not fit") == true)
        var changed = try ltg.sign(2, pickUpS: 90)
        changed.text = changed.text.replacing("pickUpSeconds: 90", with: "pickUpSeconds: 91")
        #expect(try world.tell(.setSignedSettings(changed))?.sentence.contains("signature does not fit") == true)
        #expect(world.state.settings.pickUpMs == 60_000)
        #expect(world.state.settingsBook.count == 1)
    }

    @Test func keysAreReplacedByADocumentThatAPresentOneSigned() throws {
        let (old, new) = (try SettingsSigner(1), try SettingsSigner(2))
        var world = try World()
        #expect(try world.tell(.setSignedSettings(old.sign(1))) == nil)
        #expect(try world.tell(.setSignedSettings(new.sign(2, keys: [new.key])))?.code == .notAllowed)
        #expect(try world.tell(.setSignedSettings(old.sign(2, keys: [new.key]))) == nil)
        #expect(try world.tell(.setSignedSettings(old.sign(3)))?.code == .notAllowed)
        #expect(try world.tell(.setSignedSettings(new.sign(3, pickUpS: 30))) == nil)
        #expect(world.state.settings.pickUpMs == 30_000)
    }

    @Test func importChangesSettingsUntilSomethingIsSigned() throws {
        let ltg = try SettingsSigner(1)
        var world = try World()
        var imported = Settings()
        imported.pickUpMs = 20_000
        #expect(try world.tell(.setSettings(imported)) == nil)
        #expect(world.state.settings.pickUpMs == 20_000)
        #expect(try world.tell(.setSignedSettings(ltg.sign(1, pickUpS: 90))) == nil)
        let refusal = try #require(try world.tell(.setSettings(imported)))
        #expect(refusal.code == .notAllowed && refusal.sentence.contains("signed by LTG"))
        #expect(world.state.settings.pickUpMs == 90_000)
        // A file that says what is so does no harm.
        imported.pickUpMs = 90_000
        #expect(try world.tell(.setSettings(imported)) == nil)
    }

    @Test(arguments: [
        ("pickUpSeconds: 60", "pickUpSeconds: 0", "A time in the settings is 1 to"),
        ("pickUpSeconds: 60", "pickUpSeconds: sixty", "`pickUpSeconds` is a whole number"),
        ("pickUpSeconds: 60", "pickUpSeconds: 18446744073709551615", "`pickUpSeconds` is too large"),
        ("pickUpSeconds: 60\n", "", "`pickUpSeconds` is missing"),
        ("pickUpSeconds: 60", "pickUpSeconds: 60\npickUpSeconds: 61", "`pickUpSeconds` stands there twice"),
        ("pickUpSeconds: 60", "pickUpSeconds: 60\nringTones: 3", "does not know the setting `ringTones`; if a newer one does"),
        ("callslip settings 1", "callslip settings 2", "one of another form is for another version of the program"),
        ("passwordMemoryMiB: 64", "passwordMemoryMiB: 8", "A password costs 16 to 512 MiB and 1 to 16 passes"),
        ("passwordPasses: 2", "passwordPasses: 17", "A password costs"),
        ("passwordPasses: 2", "passwordPasses: 4294967297", "not 64 and 4294967295"),
        ("passwordMemoryMiB: 64\npasswordPasses: 2", "passwordMemoryMiB: 512\npasswordPasses: 3", "which multiplied are 32 to 1024"),
        ("keys: ", "keys: abc ", "A key has 64 hexadecimal digits"),
        ("chatsPerOperator: 4", "chatsPerOperator: 4000", "An operator holds 1 to"),
        ("note: ", "note \(String(repeating: "n", count: 300)): ", "does not know the setting"),
    ]) func whatIsWrongIsSaidAndNothingIsApplied(_ from: String, to: String, told: String) throws {
        let ltg = try SettingsSigner(1)
        var world = try World()
        #expect(try world.tell(.setSignedSettings(ltg.sign(1, pickUpS: 90))) == nil)
        let text = try ltg.sign(2).text.replacing(from, with: to)
        let refusal = try #require(try world.tell(.setSignedSettings(try ltg.sign(text))))
        #expect(refusal.sentence.contains(told), "\(refusal.sentence)")
        #expect(world.state.settings.pickUpMs == 90_000)
        #expect(world.state.settingsBook.count == 1)
    }

    @Test func onlyTheNewestVersionsAreKept() throws {
        let ltg = try SettingsSigner(1)
        var world = try World()
        for version in 1...UInt64(Limits.settingsEditionsMax + 3) {
            #expect(try world.tell(.setSignedSettings(ltg.sign(version, pickUpS: version))) == nil)
        }
        #expect(world.state.settingsBook.count == Limits.settingsEditionsMax)
        #expect(world.state.settingsBook.first?.document?.version == 4)
    }

    @Test func olderCoordinatorsHaveNone() throws {
        var world = try World(level: FeatureLevel.signedSettings - 1)
        #expect(try world.tell(.setSignedSettings(try SettingsSigner(1).sign(1)))?.code == .notAvailable)
    }

    @Test func aDocumentIsItsTextAndASignedOneItsFile() throws {
        let ltg = try SettingsSigner(1)
        var settings = Settings()
        settings.chatsPerOperatorMax = 3
        settings.answeredMessageMs = 7_200_000
        let document = SettingsDocument(version: 7, settings: settings, keys: [ltg.key, try SettingsSigner(2).key], note: "Why: exams")
        #expect(try SettingsDocument(text: document.text) == document)
        let signed = try ltg.sign(document.text)
        #expect(try SignedSettings(file: signed.file) == signed)
        #expect(throws: SettingsDocument.Mistake.self) { try SignedSettings(file: document.text) }
        #expect(throws: SettingsDocument.Mistake.self) { try SignedSettings(file: document.text + "signature: ab cd\n") }
    }
}
