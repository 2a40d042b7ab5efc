import Consortium
import FoundationEssentials
import Sodium
import Testing

@testable import Node

/// Verifiers of passwords: kept whole, and made anew where they were made more cheaply than is right today.
@Suite struct AccountStoreTests {
    @Test func aVerifierIsMadeAnewAtTheNextSignInAndStaysAfterwards() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-accounts-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (mia, max) = (try #require(OperatorName("mia")), try #require(OperatorName("max")))
        var parameters = PasswordHash.Parameters.fastestForTests
        let old = try PasswordHash.hash("reading-room", parameters: parameters)
        var store = try AccountStore(folder: folder)
        try store.store(old, of: mia)

        var known = try store.refresh(mia, password: "reading-room", parameters: parameters)
        #expect(known)
        #expect(store.verifier(of: mia) == old, "nothing is written where nothing changed")

        parameters.operations = 2
        known = try store.refresh(mia, password: "reading-room", parameters: parameters)
        #expect(known)
        let new = try #require(store.verifier(of: mia))
        #expect(new != old)
        #expect(try !PasswordHash.needsRehash(new, parameters: parameters))
        #expect(try PasswordHash.verify("reading-room", stored: new))
        #expect(try AccountStore(folder: folder).verifier(of: mia) == new, "it is on the disk")

        // As the settings say (agreement, 6).
        var settings = Settings()
        (settings.passwordMemoryMiB, settings.passwordPasses) = (16, 3)
        let costly = PasswordHash.Parameters(settings)
        known = try store.refresh(mia, password: "reading-room", parameters: costly)
        #expect(known && store.verifier(of: mia)?.contains("m=16384,t=3,") == true)
        let decoy = try store.decoy(costly)
        #expect(decoy.contains("m=16384,t=3,"))
        let again = try store.decoy(costly)
        #expect(again == decoy)

        known = try store.refresh(max, password: "reading-room", parameters: parameters)
        #expect(!known, "nobody gets a verifier by being asked for")
        #expect(store.verifier(of: max) == nil)
    }
}
