import Consortium
import Foundation
import Logging
import Testing

@testable import Node

/// The button's versions on a node's disk, sightings on their way, and how an install is judged (agreement, 4).
@Suite struct ButtonTests {
    private static func bundle(_ word: String) -> ButtonBundle {
        ButtonBundle([
            ("shared/a.js", Array("one".utf8)), ("patron/launcher.js", Array(word.utf8)), ("desk/main.js", Array("not ours".utf8)),
            ("patron/../x", []),
        ])
    }

    @Test func aBundleIsWhatItsVersionSays() throws {
        let bundle = Self.bundle("x")
        #expect(bundle.files.map(\.path) == ["patron/launcher.js", "shared/a.js"])
        #expect(ButtonRelease.isVersion(bundle.version) && bundle.version != Self.bundle("y").version)
        let bytes = bundle.encoded()
        let again = try #require(ButtonBundle(encoded: bytes, version: bundle.version))
        #expect(again.files.map(\.path) == bundle.files.map(\.path) && again.encoded() == bytes)
        #expect(ButtonBundle(encoded: bytes, version: Self.bundle("y").version) == nil)
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 4
            #expect(ButtonBundle(encoded: damaged, version: bundle.version) == nil)
            #expect(ButtonBundle(encoded: Array(bytes[..<place]), version: bundle.version) == nil)
        }
        #expect(ButtonBundle.builtIn().files.contains { $0.path == "patron/launcher.js" })
    }

    @Test func aShelfKeepsWhatEarlierBuildsHad() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "callslip-shelf-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: data) }
        let logger = Logger(label: "test")
        let first = ButtonShelf(data: data, own: Self.bundle("1"), logger: logger)
        #expect(first.bundles.map(\.version) == [Self.bundle("1").version] && first.released == nil)
        try first.keep(released: Self.bundle("1").version)
        let second = ButtonShelf(data: data, own: Self.bundle("2"), logger: logger)
        #expect(Set(second.bundles.map(\.version)) == [Self.bundle("1").version, Self.bundle("2").version])
        #expect(second.released == Self.bundle("1").version && second.own.version == Self.bundle("2").version)
        // A damaged one is taken away, and there is room for so many.
        try Data("nonsense".utf8).write(to: URL(filePath: "\(data)/button/\(Self.bundle("1").version)"))
        #expect(ButtonShelf(data: data, own: Self.bundle("2"), logger: logger).bundles.count == 1)
        for number in 3..<20 { _ = ButtonShelf(data: data, own: Self.bundle("\(number)"), logger: logger) }
        let last = ButtonShelf(data: data, own: Self.bundle("20"), logger: logger)
        #expect(last.bundles.count == ButtonShelf.versionsMax && last.bundles.last?.version == Self.bundle("20").version)
    }

    private static func seen(_ path: String, host: String = "www.example.edu", error: String = "") -> InstallSighting {
        InstallSighting(place: InstallPlace(host: host, path: path, queue: "memorial"), kind: .own, version: "", error: error)
    }

    @Test func whatIsNoNewsIsNotPassedOn() {
        var gatherer = InstallGatherer()
        let websites: Set<String> = ["www.example.edu"]
        var book = ButtonBook()
        gatherer.take(Self.seen("/"), nowMs: 0)
        gatherer.take(Self.seen("/", error: "E"), nowMs: 1)
        gatherer.take(Self.seen("/"), nowMs: 2)
        #expect(gatherer.due(book, websites: websites, day: 9, nowMs: 3) == [Self.seen("/", error: "E")] && gatherer.isEmpty)
        // Once an hour, unless it begins to fail.
        gatherer.take(Self.seen("/"), nowMs: 4)
        #expect(gatherer.isEmpty)
        gatherer.take(Self.seen("/a"), nowMs: 5)
        #expect(gatherer.due(book, websites: websites, day: 9, nowMs: 6).count == 1)
        gatherer.take(Self.seen("/a", error: "E"), nowMs: 7)
        #expect(gatherer.due(book, websites: websites, day: 9, nowMs: 8).count == 1)
        // What the consortium knows is news on another day.
        let known = Install(number: 1, change: 1, place: Self.seen("/b").place, kind: .own, version: "", firstDay: 9, lastDay: 9)
        book.take(ButtonNews(lists: ButtonLists(), changed: [known], numbers: [1]))
        for (day, count) in [(UInt32(9), 0), (10, 1)] {
            gatherer.take(Self.seen("/b"), nowMs: 9)
            #expect(gatherer.due(book, websites: websites, day: day, nowMs: 10).count == count)
        }
    }

    @Test func whatAChecklistWaitsForIsNewsWhateverWasHeard() {
        var gatherer = InstallGatherer()
        let seen = Self.seen("/", host: "listed.example")
        func due(_ nowMs: UInt64, awaited: Bool) -> Int {
            gatherer.due(ButtonBook(), websites: [], day: 9, nowMs: nowMs, isAwaited: { _ in awaited }).count
        }
        gatherer.take(seen, isAwaited: true, nowMs: 0)
        #expect(due(1, awaited: true) == 1)
        // Once a minute, while it is waited for; then once an hour as all others.
        gatherer.take(seen, isAwaited: true, nowMs: 2)
        #expect(gatherer.isEmpty)
        gatherer.take(seen, nowMs: 60_002)
        #expect(gatherer.isEmpty)
        gatherer.take(seen, isAwaited: true, nowMs: 60_002)
        #expect(due(60_003, awaited: true) == 1)
        // No more of them than of others.
        for number in 0..<1_000 {
            gatherer.take(Self.seen("/\(number)", host: "listed.example"), isAwaited: true, nowMs: 60_004)
            _ = due(60_004, awaited: true)
        }
        gatherer.take(Self.seen("/last", host: "listed.example"), isAwaited: true, nowMs: 60_005)
        #expect(due(60_005, awaited: true) == 0)
    }

    @Test func strangersCannotFillIt() {
        var gatherer = InstallGatherer()
        for number in 0..<1_000 { gatherer.take(Self.seen("/", host: "h\(number).example"), nowMs: 0) }
        #expect(gatherer.waiting.count == InstallGatherer.waitingMax)
        var passed = 0
        while !gatherer.isEmpty { passed += gatherer.due(ButtonBook(), websites: [], day: 1, nowMs: 0).count }
        #expect(passed == InstallGatherer.strangersPerHourMax)
        for number in 0..<100 { gatherer.take(Self.seen("/\(number)", host: "one.example"), nowMs: 4_000_000) }
        #expect(gatherer.due(ButtonBook(), websites: [], day: 1, nowMs: 4_000_000).count == 1)
    }

    @Test(arguments: [
        ("/", "/"), ("/a/b.html", "/a/b.html"), ("/catalog/991234567", "/catalog/…"), ("/u/jo%40example.edu/loans", "/u/…/loans"),
        ("/hours/2026", "/hours/2026"),
        ("/a?name=jo", "/a"), ("relative", "/"), ("/" + String(repeating: "x", count: 41), "/…"), ("/a b", "/…"), ("", "/"),
    ])
    func aPathNamesNobody(raw: String, kept: String) { #expect(InstallGatherer.path(raw) == kept) }

    @Test func aLongPathIsCut() {
        let path = InstallGatherer.path(String(repeating: "/abcdefghij", count: 100))
        #expect(InstallPlace.isPath(path) && path.hasSuffix("/…"))
    }

    @Test func anInstallIsJudged() throws {
        let name = try #require(QueueName("memorial"))
        let former = try #require(QueueName("old-memorial"))
        let library = try #require(LibraryName("memorial"))
        let queue = Queue(name: name, title: "Memorial", library: library, formerNames: [former])
        let status = QueueStatus(
            queue: queue, decision: RoutingDecision(reach: .nobody, reasons: []), staffed: 0, freePlaces: 0, waiting: 0, usualWaitMs: nil,
            paused: false)
        let board = Board(
            at: .zero, clockMs: 0, settings: Settings(), libraries: [], queues: [status], operators: [], signedOn: [], waiting: [],
            kept: [], claimed: [])
        var lists = ButtonLists()
        lists.releases = [ButtonRelease(number: 1, version: "0123456789abcdef", note: "", wallMs: 90 * 86_400_000)]
        let judge = InstallJudge(board: board, lists: lists, nodes: ["https://a.example"], today: 100)
        func state(
            _ queue: String, _ kind: InstallKind = .own, version: String = "0123456789abcdef", error: String = "", last: UInt32 = 100
        ) -> ButtonReport.State {
            judge.row(
                Install(
                    number: 1, change: 1, place: InstallPlace(host: "h", path: "/", queue: queue), kind: kind, version: version,
                    error: error, errorDay: last,
                    firstDay: 1, lastDay: last)
            ).state
        }
        #expect(state("memorial") == .good && state("memorial", version: "") == .good && state("") == .good)
        #expect(state("nothing") == .broken && state("memorial", error: "E") == .broken)
        #expect(state("memorial", .old) == .old && state("old-memorial") == .old && state("memorial", version: "fedcba9876543210") == .old)
        // Before the release it had what was released then.
        #expect(state("memorial", version: "fedcba9876543210", last: 89) == .good)
        #expect(state("memorial", last: 86) == .good && state("memorial", last: 85) == .gone)
        #expect(ButtonReport.text(20_454) == "2026-01-01")
    }
}
