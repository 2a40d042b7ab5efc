import Consortium
import FoundationEssentials
import Glibc
import Logging
import Sodium
import Testing
import Wire

@testable import Node

/// Agreement, 6: nodes publish the digest of their settings; drift is shown with the difference, mended by itself, and reported.
@Suite struct SettingsDriftTests {
    private static let seed = [UInt8](repeating: 1, count: Signing.seedBytes)

    private static func settings(_ pickUpS: UInt64) -> Settings {
        var settings = Settings()
        settings.pickUpMs = pickUpS * 1_000
        return settings
    }

    private static func edition(_ version: UInt64, pickUpS: UInt64) throws -> SettingsEdition {
        let key = try Signing.publicKey(seed: seed)
        let text = SettingsDocument(version: version, settings: settings(pickUpS), keys: [key], note: "").text
        let signed = SignedSettings(text: text, key: key, signature: try Signing.sign(SignedSettings.message(text), seed: seed))
        return SettingsEdition(signed: signed, wallMs: 1)
    }

    private static func inUse(_ pickUpS: UInt64...) throws -> SettingsInUse {
        var inUse = SettingsInUse()
        inUse.take(try pickUpS.enumerated().map { try edition(UInt64($0.offset) + 1, pickUpS: $0.element) })
        return inUse
    }

    // MARK: Mended by itself

    @Test func whoeverDiffersForAMomentIsNotAsked() {
        var watch = SettingsWatch()
        let other = [SettingsWatch.Seen(node: "c1", digest: [2])]
        #expect(watch.ask(own: [1], other, nowMs: 1_000) == nil)
        #expect(watch.ask(own: [1], other, nowMs: 1_000 + SettingsWatch.settleMs - 1) == nil)
        #expect(watch.ask(own: [1], other, nowMs: 1_000 + SettingsWatch.settleMs) == "c1")
        // The same again: from then on the moment counts anew.
        #expect(watch.ask(own: [2], other, nowMs: 10_000) == nil)
        #expect(watch.ask(own: [1], other, nowMs: 11_000) == nil)
    }

    @Test func eachThatDiffersIsAskedInItsTurn() {
        var watch = SettingsWatch()
        let seen = ["c1", "b", "d"].map { SettingsWatch.Seen(node: $0, digest: [2]) } + [.init(node: "a", digest: [1])]
        _ = watch.ask(own: [1], seen, nowMs: 0)
        let asked = (1...4).map { watch.ask(own: [1], seen, nowMs: $0 * SettingsWatch.settleMs) }
        #expect(asked == ["b", "c1", "d", "b"])
    }

    // MARK: Shown with the difference

    private func report(_ seen: SettingsSeen) throws -> SettingsReport.Node {
        try #require(SettingsReport(try Self.inUse(60, 75, 90), present: Settings(), nodes: [seen]).nodes.first)
    }

    @Test func aNodeThatUsesAFormerVersionIsShownWithTheDifference() throws {
        let digest = SettingsInUse.digest(version: 2, Self.settings(75))
        let node = try report(SettingsSeen(node: "college", digest: digest, awayMs: nil, told: nil))
        #expect(node.state == "differs" && node.version == 2)
        #expect(node.differences.map(\.name) == ["pickUpSeconds"])
        #expect(node.differences.first?.from == "75" && node.differences.first?.to == "90")
        #expect(node.why?.contains("as soon as somebody who knows it can be reached") == true)
        let all = SettingsReport(
            try Self.inUse(60, 75, 90), present: Settings(),
            nodes: [
                SettingsSeen(node: "college", digest: digest, awayMs: nil, told: nil),
                SettingsSeen(node: "c1", digest: SettingsInUse.digest(version: 3, Self.settings(90)), awayMs: nil, told: nil),
            ])
        #expect(all.strays == 1 && all.nodes.map(\.node) == ["c1", "college"] && all.nodes.map(\.state) == ["follows", "differs"])
    }

    @Test func aNodeThatIsAwayIsNoStrayAndShownWithWhatItUsedLast() throws {
        let digest = SettingsInUse.digest(version: 1, Self.settings(60))
        let node = try report(SettingsSeen(node: "college", digest: digest, awayMs: 61_000, told: nil))
        #expect(node.state == "away" && node.version == 1 && node.differences.first?.from == "60")
        #expect(node.why == "Not heard of for 61 s; what is in force it takes when it is back.")
    }

    @Test func aNodeThatCannotReadTheNewestSaysWhy() throws {
        let lines = SettingsDocument.lines(of: Self.settings(20)) + "ringTones: 3\n"
        let told = SettingsTold(version: 9, lines: lines, book: [], refusal: "This version of the program does not know the setting `x`.")
        let node = try report(SettingsSeen(node: "college", digest: [7], awayMs: nil, told: told))
        #expect(node.state == "differs" && node.version == 9 && node.why == told.refusal)
        #expect(node.differences.map(\.name) == ["pickUpSeconds", "ringTones"])
        #expect(node.differences.last?.from == "3" && node.differences.last?.to == "")
    }

    @Test func aNodeOfAVersionThatPublishesNothingIsNotCalledAStray() throws {
        #expect(try report(SettingsSeen(node: "college", digest: [], awayMs: nil, told: nil)).state == "silent")
    }

    // MARK: Reported by itself

    private func status(leads: Bool, refused: String? = nil, strays: [String] = []) -> NodeStatus {
        var status = NodeStatus(
            node: "c1", boot: "1", servedBy: nil, leader: nil, isolated: false,
            raft: .init(
                role: leads ? "leader" : "follower", term: 1, commitIndex: 1, appliedIndex: 1, lastIndex: 1, digest: "", halted: nil,
                featureLevel: nil, full: nil, repairing: nil),
            coordinators: nil, members: [], queues: [], waiting: 0, kept: 0, signedOn: 0, untaken: nil, boardIndex: nil)
        status.settings = .init(version: 3, refused: refused, strays: strays)
        return status
    }

    @Test func driftThatLastsIsReportedByTheLeader() {
        var watch = SettingsWatch()
        let other = [SettingsWatch.Seen(node: "college", digest: [2])]
        _ = watch.ask(own: [1], other, nowMs: 0)
        _ = watch.ask(own: [1], other, nowMs: SettingsWatch.strayMs - 1)
        #expect(watch.strays.isEmpty)
        _ = watch.ask(own: [1], other, nowMs: SettingsWatch.strayMs)
        #expect(watch.strays == ["college"])
        var reports = SelfReports()
        #expect(reports.due(status(leads: false, strays: watch.strays), branches: 0, nowMs: 0).isEmpty)
        let told = reports.due(status(leads: true, strays: watch.strays), branches: 0, nowMs: 0)
        #expect(told.map(\.topic) == ["settings elsewhere"])
        #expect(told.first?.text.contains("college: other settings than those in force, for 2 minutes") == true)
        #expect(reports.due(status(leads: true, strays: ["college"]), branches: 0, nowMs: SelfReports.againMs - 1).isEmpty)
    }

    @Test func whatANodeRefusesItReportsWithTheReason() {
        var reports = SelfReports()
        let told = reports.due(status(leads: false, refused: "It is not signed."), branches: 0, nowMs: 0)
        #expect(told.map(\.text) == ["c1 does not use the newest settings, but those of version 3: It is not signed."])
    }

    // MARK: A node's own files

    /// What a node keeps for a start without coordinators is judged like what it is told: a value that somebody changed there is not used.
    @Test func aCopyOnDiskThatSomebodyChangedIsNotUsed() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-drift-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var board = ConsortiumState().board()
        board.settings = Self.settings(5)
        board.settingsBook = [try Self.edition(1, pickUpS: 60)]
        await RosterFile(data: folder, logger: Logger(label: "test")).keep(board)?.value
        let read = try #require(await RosterFile(data: folder, logger: Logger(label: "test")).read())
        #expect(read.settings.pickUpMs == 60_000)
        #expect(read.settingsBook == board.settingsBook)
    }
}
