import Testing

@testable import Consortium

/// Agreement, 6: a node uses what LTG signed and nothing else, whoever tells it.
@Suite struct SettingsInUseTests {
    private func pickUpS(_ inUse: SettingsInUse) -> UInt64 {
        var told = Settings()
        told.pickUpMs = 11_000
        return inUse.settings(told: told).pickUpMs / 1_000
    }

    @Test func whatTheCoordinatorsTellCountsUntilSomethingIsSigned() throws {
        var inUse = SettingsInUse()
        #expect(pickUpS(inUse) == 11 && inUse.version == 0)
        inUse.take([try SettingsSigner(1).edition(1, pickUpS: 90)])
        #expect(pickUpS(inUse) == 90 && inUse.version == 1)
    }

    /// A consortium that came back from a backup may have lost some; a coordinator that has nothing, or a stranger's, is not believed.
    @Test func whatTheCoordinatorsTellHasToDoWithWhatIsInUse() throws {
        let (ltg, stranger) = (try SettingsSigner(1), try SettingsSigner(2))
        var inUse = SettingsInUse()
        let (first, second) = (try ltg.edition(1, pickUpS: 90), try ltg.edition(2, pickUpS: 80))
        inUse.take([first, second])
        for told in [[], [try stranger.edition(3, pickUpS: 70)]] {
            inUse.take(told)
            #expect(pickUpS(inUse) == 80 && inUse.version == 2)
            #expect(inUse.refusal?.contains("by none of LTG's keys") == true)
        }
        // The second one was lost with the backup, and another was signed since.
        inUse.take([first])
        #expect(pickUpS(inUse) == 90 && inUse.refusal == nil)
        inUse.take([try ltg.edition(2, pickUpS: 60)])
        #expect(pickUpS(inUse) == 60 && inUse.refusal == nil)
    }

    @Test func whatWasChangedAfterItWasSignedIsNotUsed() throws {
        let ltg = try SettingsSigner(1)
        var inUse = SettingsInUse()
        inUse.take([try ltg.edition(1, pickUpS: 60)])
        var changed = try ltg.edition(2, pickUpS: 90)
        changed.signed.text = changed.signed.text.replacing("pickUpSeconds: 90", with: "pickUpSeconds: 9")
        inUse.take([try ltg.edition(1, pickUpS: 60), changed])
        #expect(pickUpS(inUse) == 60)
        #expect(inUse.refusal?.contains("signature does not fit") == true)
        // Nothing of it is right: what was in use stays.
        inUse.take([changed])
        #expect(pickUpS(inUse) == 60 && inUse.version == 1)
    }

    /// The text of a newer version of the program, with a setting that this one does not know.
    @Test func aFieldOfANewerVersionIsRefusedWithTheReasonAndNotUsedInPart() throws {
        let ltg = try SettingsSigner(1)
        var inUse = SettingsInUse()
        let newer = try ltg.edition(2, pickUpS: 90).signed.text + "ringTones: 3\n"
        inUse.take([try ltg.edition(1, pickUpS: 60), try ltg.edition(newer), try ltg.edition(3, pickUpS: 30)])
        #expect(pickUpS(inUse) == 60 && inUse.version == 1)
        #expect(inUse.refusal?.contains("does not know the setting `ringTones`") == true)
        // The program was updated.
        inUse.take([try ltg.edition(1, pickUpS: 60), try ltg.edition(2, pickUpS: 90)])
        #expect(pickUpS(inUse) == 90 && inUse.refusal == nil)
    }

    @Test func whatAnotherNodeTellsIsTakenWhereItFollowsWhatIsKnown() throws {
        let (old, new) = (try SettingsSigner(1), try SettingsSigner(2))
        let all = [
            try old.edition(1, pickUpS: 10), try old.edition(2, pickUpS: 20), try old.edition(3, pickUpS: 30, keys: [new.key]),
            try new.edition(4, pickUpS: 40),
        ]
        var inUse = SettingsInUse()
        // Nothing is known here by which to judge.
        inUse.follow(all)
        #expect(inUse.version == 0)
        inUse.take(Array(all[..<2]))
        inUse.follow(all)
        #expect(inUse.version == 4 && pickUpS(inUse) == 40 && inUse.book == all)
        // Neither what is older, nor a stranger's, nor the same number once more.
        inUse.follow(Array(all[..<2]))
        inUse.follow([try new.edition(4, pickUpS: 1)])
        #expect(inUse.version == 4 && pickUpS(inUse) == 40 && inUse.refusal == nil)
        inUse.follow([try old.edition(5, pickUpS: 50)])
        #expect(inUse.version == 4 && inUse.refusal?.contains("may not sign") == true)
        inUse.follow([try new.edition(5, pickUpS: 50)])
        #expect(inUse.version == 5 && inUse.refusal == nil)
    }

    @Test func aDigestTellsVersionsAndValuesApart() throws {
        let ltg = try SettingsSigner(1)
        var (one, other) = (SettingsInUse(), SettingsInUse())
        #expect(one.digest(told: Settings()) == other.digest(told: Settings()))
        one.take([try ltg.edition(1, pickUpS: 60)])
        #expect(one.digest(told: Settings()) != other.digest(told: Settings()))
        other.take([try ltg.edition(1, pickUpS: 61)])
        #expect(one.digest(told: Settings()) != other.digest(told: Settings()))
        other.take([try ltg.edition(1, pickUpS: 60)])
        #expect(one.digest(told: Settings()) == other.digest(told: Settings()))
    }

    @Test func theGreatestNumberThereIsEndsNoNode() throws {
        let ltg = try SettingsSigner(1)
        var inUse = SettingsInUse()
        inUse.take([try ltg.edition(.max, pickUpS: 60)])
        #expect(inUse.version == 0 && inUse.refusal?.contains("A version is 1 to") == true)
        inUse.take([try ltg.edition(Limits.settingsVersionMax, pickUpS: 60)])
        inUse.follow([try ltg.edition(.max, pickUpS: 90)])
        #expect(inUse.version == Limits.settingsVersionMax)
    }
}

extension SettingsSigner {
    fileprivate func edition(_ text: String) throws -> SettingsEdition { SettingsEdition(signed: try sign(text), wallMs: 7) }

    fileprivate func edition(_ version: UInt64, pickUpS: UInt64, keys: [[UInt8]]? = nil) throws -> SettingsEdition {
        SettingsEdition(signed: try sign(version, pickUpS: pickUpS, keys: keys), wallMs: 7)
    }
}
