import Consortium
import SQLite
import Testing

@testable import Node

/// The directory (agreement, 2: "robust referral"), the notices at the desk, and registers in the consortium's file.
@Suite struct RegistersTests {
    private static func entry(_ number: UInt64, _ register: Register, change: UInt64 = 1, _ answers: [(String, String)]) -> RegisterEntry {
        var entry = RegisterEntry(
            id: EntryID(high: 0, low: number), register: register, version: 1, answers: answers.map { .init($0.0, $0.1) })
        entry.change = change
        return entry
    }

    private static func index(_ entries: [RegisterEntry]) -> [EntryID: RegisterEntry] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0) })
    }

    private static func found(_ directory: DirectoryIndex, _ typed: String) throws -> [UInt64] { try directory.find(typed).map(\.low) }

    @Test func theSearchFindsSubjectsBySynonymsBeginningsAndWithoutAccents() throws {
        let memorial = try #require(LibraryName("memorial"))
        let art = Self.entry(
            1, .liaisons, [("subject", "Art history"), ("synonyms", "painting, musées"), ("library", "memorial"), ("person", "Zoë Lind")])
        let maps = Self.entry(
            2, .agreements, [("title", "Maps"), ("library", "law"), ("subjects", "atlases"), ("terms", "Art maps are passed on.")])
        let news = Self.entry(3, .announcements, [("title", "Art forum"), ("text", "Art"), ("until", "2026-12-01")])
        let directory = try DirectoryIndex()
        try directory.follow(Self.index([art, maps, news]), titles: [memorial: "Memorial Library"])
        #expect(try Self.found(directory, "paint") == [1])
        #expect(try Self.found(directory, "MUSEES") == [1])
        #expect(try Self.found(directory, "zoe memorial") == [1])
        #expect(try Self.found(directory, "atla") == [2])
        #expect(try Self.found(directory, "art") == [1, 2], "its subject comes first, and nothing but the directory is found")
        #expect(try Self.found(directory, "art atlases") == [2], "every word must be there")
        #expect(try Self.found(directory, "\" OR subject:* NEAR(") == [])
        #expect(try Self.found(directory, "  ,; ") == [])
        #expect(try Self.found(directory, String(repeating: "art ", count: 500)) == [1, 2])

        // It follows: one is changed, one goes.
        var changed = Self.entry(1, .liaisons, change: 9, [("subject", "Music"), ("library", "memorial")])
        changed.version = 2
        try directory.follow(Self.index([changed]), titles: [:])
        #expect(try Self.found(directory, "music") == [1])
        #expect(try Self.found(directory, "paint") == [])
        #expect(try Self.found(directory, "atlases") == [])
    }

    @Test func twoHundredSubjectsAreFoundAndNoMoreThanThirtyShown() throws {
        let entries = (1...200).map { Self.entry($0, .liaisons, [("subject", "Subject \($0)"), ("library", "memorial")]) }
        let directory = try DirectoryIndex()
        try directory.follow(Self.index(entries), titles: [:])
        #expect(try Self.found(directory, "subject 137") == [137])
        #expect(try Self.found(directory, "subject").count == DirectoryIndex.foundMax)
    }

    private static let roster = """
        general: {queue: general, title: General}
        libraries:
          - name: memorial
            node: memorial
            queues: [{name: memorial}]
            operators:
              - {name: mia, display: Mia, password: reading-room-1, queues: [memorial, general], admin: true}

        """

    private static func problems(_ registers: String) -> [String] {
        do {
            _ = try ConsortiumFile(yaml: roster + registers)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func registersAreReadFromTheConsortiumsFile() throws {
        let yaml = """
            registers:
              acceptances: [{library: memorial, text: "2026", day: 2026-09-01, name: The director}]
              texts: [{name: "2026", day: 2026-08-15, text: As signed.}]
              liaisons: [{subject: Art, synonyms: [painting, museums], library: memorial}]
            """
        let read = try ConsortiumFile(yaml: Self.roster + yaml).entries.map(\.entry)
        #expect(read.map(\.register) == [.liaisons, .texts, .acceptances], "what others name comes before them")
        #expect(read[0]["synonyms"] == "painting, museums")
        #expect(read[2]["text"] == read[1].id.text)
        let again = try ConsortiumFile(yaml: Self.roster + yaml).entries.map(\.entry)
        #expect(again == read, "the same entry is the same in every import")
    }

    @Test func whatIsWrongInAFileOfRegistersIsSaidWithItsLine() {
        #expect(
            Self.problems("registers: {liaisons: [{library: memorial}]}")
                == ["line 8: Subject is missing. As patrons and colleagues call it, such as Art history."])
        #expect(
            Self.problems("registers: {announcements: [{title: A, text: B, until: soon}]}")
                == ["line 8: Told until: expected a day such as 2026-11-27, found `soon`."])
        let unknown = Self.problems("registers: {lions: []}")
        #expect(unknown.count == 1 && unknown[0].contains("lions") && unknown[0].contains("liaisons"), "\(unknown)")
        let twice = Self.problems("registers: {liaisons: [{subject: A, library: memorial}, {subject: A, library: memorial}]}")
        #expect(twice.count == 1 && twice[0].contains("a second time"), "\(twice)")
    }

    private static func board() throws -> (Board, Operator) {
        let file = try ConsortiumFile(yaml: roster)
        let board = Board(
            at: .zero, clockMs: 0, settings: Settings(), libraries: file.libraries, queues: [], operators: file.operators, signedOn: [],
            waiting: [], kept: [], claimed: [])
        return (board, try #require(file.operators.first))
    }

    @Test func atTheDeskStandsWhatConcernsThePerson() throws {
        var (board, mia) = try Self.board()
        mia.isAdmin = true
        board.operators = [mia]
        let today = try #require(CalendarDay("2026-11-27"))
        func training(_ number: UInt64, until: String) -> RegisterEntry {
            Self.entry(number, .training, [("person", "mia"), ("topic", "interface"), ("day", "2026-01-0\(number)"), ("until", until)])
        }
        func state(_ until: String) -> String? {
            NoticesReport([training(1, until: until)], board, for: mia, today: today).trainings.first?.state
        }
        #expect(state("2027-11-27") == nil)
        #expect(state("2026-12-27") == "soon")
        #expect(state("2026-11-27") == "soon")
        #expect(state("2026-11-26") == "grace")
        #expect(state("2026-10-28") == "grace")
        #expect(state("2026-10-27") == "lapsed")
        // The newest record counts.
        let renewed = NoticesReport([training(1, until: "2026-01-01"), training(2, until: "2028-01-01")], board, for: mia, today: today)
        #expect(renewed.trainings.isEmpty)

        let text = Self.entry(5, .texts, [("name", "2026"), ("day", "2026-08-15"), ("text", "…")])
        let over = Self.entry(6, .announcements, [("title", "Over"), ("text", "x"), ("until", "2026-11-26")])
        let told = Self.entry(7, .announcements, [("title", "Forum"), ("text", "x"), ("until", "2026-11-27")])
        let report = NoticesReport([text, over, told], board, for: mia, today: today)
        #expect(report.announcements.map(\.title) == ["Forum"])
        #expect(report.accept?.name == "2026")
        let accepted = Self.entry(8, .acceptances, [("library", "memorial"), ("text", text.id.text), ("day", "2026-09-01"), ("name", "D")])
        #expect(NoticesReport([text, accepted], board, for: mia, today: today).accept == nil)
        mia.isAdmin = false
        #expect(NoticesReport([text], board, for: mia, today: today).accept == nil, "it is for admins to accept")
    }

    @Test func aLiaisonWithoutAQueueIsFoundWithThePlaceOfTheirLibrary() throws {
        var (board, _) = try Self.board()
        func queue(_ name: String, _ library: LibraryName?) throws -> QueueStatus {
            QueueStatus(
                queue: Queue(name: try #require(QueueName(name)), title: "Desk \(name)", library: library),
                decision: RoutingDecision(reach: .nobody, reasons: []), staffed: 0, freePlaces: 0, waiting: 0, usualWaitMs: nil,
                paused: false)
        }
        let memorial = try #require(LibraryName("memorial"))
        let named = Self.entry(1, .liaisons, [("subject", "Maps"), ("library", "memorial"), ("queue", "atlas"), ("person", "Mel Ost")])
        let plain = Self.entry(2, .liaisons, [("subject", "Music"), ("library", "memorial"), ("person", "Mo Ler")])
        let without = Self.entry(3, .agreements, [("title", "Scores"), ("library", "law"), ("partner", "Archive")])
        board.queues = try [queue("general", nil), queue("memorial", memorial), queue("atlas", memorial)]
        let found = DirectoryReport([named, plain, without], board, today: nil).found
        #expect(found.map(\.place) == ["atlas", "memorial", "general"])
        #expect(found.map(\.available) == [false, nil, nil])
        #expect(found.map(\.name) == ["Mel Ost, Maps", "Mo Ler, Music", "Scores, Archive"])
        #expect(found[1].placeTitle == "Desk memorial")
    }

    @Test func aChecklistSaysWhatItWaitsForAndWhatWasFound() throws {
        var (board, mia) = try Self.board()
        mia.isAdmin = true
        var checklist = Self.entry(1, .onboarding, [("library", "memorial"), ("live", "no")])
        func step(_ name: String, _ others: [RegisterEntry] = []) throws -> NoticesReport.Step {
            let report = NoticesReport([checklist] + others, board, for: mia, today: nil)
            return try #require(report.checklists.first?.steps.first { $0.step == name })
        }
        #expect(try step("button").awaits?.contains("No page of the library is known") ?? false)
        #expect(try step("test").awaits?.contains("The queues take no chats yet") ?? false)
        #expect(try step("meeting").awaits == nil)
        let pages = Self.entry(2, .pages, [("library", "memorial"), ("hosts", "*.memorial.example")])
        board.libraries[0].card.website = "https://www.example.edu/memorial"
        #expect(try step("button", [pages]).awaits?.contains("on a page of *.memorial.example or www.example.edu,") ?? false)
        checklist = Self.entry(1, .onboarding, [("library", "memorial"), ("live", "trial")])
        #expect(try step("test").awaits?.contains("Nobody has answered a chat yet") ?? false)
        checklist.found = [Finding(step: .button, place: "www.example.edu/ask", wallMs: 7)]
        let found = try step("button")
        #expect(found.done && found.awaits == nil && found.found?.place == "www.example.edu/ask" && found.found?.ms == 7)
        #expect(try !step("test").done)
        let entries = RegisterEntries(.onboarding, [checklist.id: checklist], board, for: mia)
        #expect(entries.entries.first?.found?.first?.step == "button")
    }

    @Test func trainingRecordsAreReadByWhomTheyConcern() throws {
        let (board, mia) = try Self.board()
        let record = Self.entry(1, .training, [("person", "mia"), ("topic", "general"), ("day", "2026-01-01")])
        var other = mia
        other.name = try #require(OperatorName("ann"))
        other.isAdmin = false
        #expect(record.mayBeRead(by: mia, board) && record.mayBeRead(by: nil, board))
        #expect(!record.mayBeRead(by: other, board))
        other.isAdmin = true
        #expect(record.mayBeRead(by: other, board), "an admin of the same library")
        other.library = try #require(LibraryName("law"))
        #expect(!record.mayBeRead(by: other, board))
        other.committee = .chatWog
        #expect(record.mayBeRead(by: other, board))
    }
}
