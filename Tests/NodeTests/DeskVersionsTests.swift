import Consortium
import Gateway
import Glibc
import Logging
import Testing
import Wire

@testable import Node

/// Agreement, 7: versions in use are listed; the sign-on survives an update.
@Suite struct DeskVersionsTests {
    @Test func openPagesAreCountedByVersionUntilTheyGo() {
        var desks = DeskVersions()
        desks.came(ClientID(1), client: "callslip-desk/ab12")
        desks.came(ClientID(2), client: "callslip-desk/ab12")
        desks.came(ClientID(3), client: "callslip-desk/1")
        // A client of somebody's own, and one that puts something else where a version stands.
        desks.came(ClientID(4), client: "my-script/7")
        desks.came(ClientID(5), client: "callslip-desk/<b>Mia</b>")
        func open(_ version: String, _ count: UInt32) -> DesksOpen.Version { DesksOpen.Version(version: version, count: count) }
        #expect(desks.told(served: "ab12").versions == [open("ab12", 2), open("other", 2), open("1", 1)])
        desks.gone(ClientID(1))
        desks.gone(ClientID(4))
        desks.gone(ClientID(5))
        #expect(desks.told(served: "ab12").versions == [open("1", 1), open("ab12", 1)])
    }

    @Test func moreVersionsThanAreToldCountAsOthers() {
        var desks = DeskVersions()
        for number in 0..<40 { desks.came(ClientID(UInt64(number)), client: "callslip-desk/\(number)") }
        desks.came(ClientID(90), client: "a script")
        let told = desks.told(served: "0")
        #expect(told.versions.count <= DesksOpen.versionsMax)
        #expect(told.versions.reduce(0) { $0 + $1.count } == 41)
    }

    @Test func aReportSaysWhoServesWhatAndWhoIsSilent() {
        let report = DesksReport([
            ("steenbock", nil),
            ("college", DesksOpen(served: "b", versions: [.init(version: "a", count: 2), .init(version: "b", count: 1)])),
            ("memorial", DesksOpen(served: "a", versions: [.init(version: "a", count: 1)])),
        ])
        #expect(report.nodes.map(\.node) == ["college", "memorial", "steenbock"])
        #expect(report.nodes[0].versions.map(\.isServed) == [false, true])
        #expect(report.former == 2)
        #expect(!report.isOne)
        #expect(report.nodes[2].serves == nil && report.nodes[2].why == DesksReport.silent)
    }

    private func folder() throws -> String {
        var template = Array("/tmp/callslip-signed-in-XXXXXX".utf8CString)
        let isMade = mkdtemp(&template) != nil
        try #require(isMade)
        return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func whoeverIsSignedInStaysSoOverAStopInOrder() throws {
        let folder = try folder()
        let file = SignInFile(folder: folder, logger: Logger(label: "test"))
        let mia = Accounts.Session(
            operatorName: try #require(OperatorName("mia")), displayName: "Mia of Memorial", session: SessionID(high: 1, low: 2),
            expiresMs: 9_000, id: "a1", beganMs: 400_000)
        var over = mia
        over.expiresMs = 1_000
        file.leave(["token-of-mia": mia, "token-of-nobody": over], nowMs: 1_000, wallMs: 500_000)
        let text = try #require(try SmallFile.read(folder + "/signed-in"))
        #expect(!text.contains("token-of-mia"), "nobody can sign in with what lies on disk")
        // Another process, two seconds later, with a clock of its own.
        let taken = file.take(nowMs: 70, wallMs: 502_000)
        #expect(Array(taken.keys) == [SignInFile.digest("token-of-mia")])
        let session = try #require(taken[SignInFile.digest("token-of-mia")])
        #expect(session.operatorName == mia.operatorName && session.session == mia.session && session.displayName == "Mia of Memorial")
        #expect(session.expiresMs == 70 + 6_000 && session.id == "a1" && session.beganMs == 400_000)
        #expect(try SmallFile.read(folder + "/signed-in") == nil, "it counts once")
        #expect(file.take(nowMs: 70, wallMs: 502_000).isEmpty)
    }

    @Test(arguments: [
        ("too old", 500_000 + SignInFile.keptMs), ("from the future", 499_999),
    ]) func aFileOfAnotherTimeSignsNobodyIn(_ what: String, wallMs: UInt64) throws {
        let file = SignInFile(folder: try folder(), logger: Logger(label: "test"))
        let session = Accounts.Session(
            operatorName: try #require(OperatorName("mia")), displayName: "Mia", session: SessionID(high: 1, low: 2), expiresMs: 9_000_000,
            id: "a1", beganMs: 0)
        file.leave(["token": session], nowMs: 0, wallMs: 500_000)
        #expect(file.take(nowMs: 0, wallMs: wallMs).isEmpty, "\(what)")
    }

    @Test func aDamagedFileSignsNobodyIn() throws {
        let folder = try folder()
        let file = SignInFile(folder: folder, logger: Logger(label: "test"))
        for text in [
            "", "500000\nabc mia\n", "500000\nabc mia 0001 5 a1 0 Mia\n", "x\n",
            "500000\nabc mia 00000000000000010000000000000002 99999999999 a1 0 Mia\n",
            "500000\nabc mia 00000000000000010000000000000002 5 a1 yesterday Mia\n",
        ] {
            try SmallFile.replace(folder + "/signed-in", with: text)
            #expect(file.take(nowMs: 0, wallMs: 500_000).isEmpty)
        }
    }
}
