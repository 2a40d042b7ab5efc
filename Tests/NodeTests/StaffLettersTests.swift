import Consortium
import FoundationEssentials
import Glibc
import Testing

@testable import Node

/// What a library's node mails to staff (agreement, 2 and 3): when, to whom, once, and with no word of a chat or its patron.
@Suite struct StaffLettersTests {
    private let memorial: LibraryName
    private let law: LibraryName
    private let start: UInt64 = 60_000 * 1_000
    private var letters: StaffLetters

    init() throws {
        memorial = try #require(LibraryName("memorial"))
        law = try #require(LibraryName("law"))
        let (here, elsewhere) = (try #require(NodeName("here")), try #require(NodeName("elsewhere")))
        let libraries = [
            Library(name: memorial, title: "Memorial Library", homeNode: here, card: LibraryCard(email: "desk@memorial.example")),
            Library(name: law, title: "Law Library", homeNode: elsewhere, card: LibraryCard(email: "desk@law.example")),
        ]
        let queues = try [("memorial", memorial), ("law", law)].map { name, library in
            QueueStatus(
                queue: Queue(name: try #require(QueueName(name)), title: "The desk of \(name)", library: library),
                decision: RoutingDecision(reach: .nobody, reasons: []), staffed: 0, freePlaces: 0, waiting: 0, usualWaitMs: nil,
                paused: false)
        }
        var board = Board(
            at: .zero, clockMs: 0, settings: Settings(), libraries: libraries, queues: queues, operators: [], signedOn: [], waiting: [],
            kept: [], claimed: [])
        board.ledger = [memorial, law].map { LedgerNow(library: $0, hours: .open, staffing: .nobody, gapSince: 1_000) }
        letters = StaffLetters(
            board: board, clockMs: 0, wallMs: start, entries: [:], wishes: [], speaksFor: [memorial],
            urls: [here: "https://chat.memorial.example"], url: "https://chat.ltg.example")
    }

    private mutating func alert(_ about: AlertMatter, _ library: LibraryName?, _ email: String) {
        let id = EntryID(high: 1, low: UInt64(letters.entries.count))
        letters.entries[id] = RegisterEntry(
            id: id, register: .alerts,
            answers: [.init("about", about.rawValue), .init("library", library?.text ?? ""), .init("email", email)])
    }

    private mutating func due(afterMinutes minutes: UInt64) -> [String] {
        letters.wallMs = start + 60_000 * minutes
        return letters.due.map(\.to.text)
    }

    @Test mutating func aLibraryIsMailedAfterFiveMinutesByWhoSpeaksForItAlone() {
        #expect(due(afterMinutes: 4) == [])
        // Nobody said who is to be mailed: the address on the card. Another node speaks for the other library.
        #expect(due(afterMinutes: 5) == ["desk@memorial.example"])
        let text = letters.due[0].text
        #expect(
            text.contains("Memorial Library is posted as open, and for 5 minutes none of its people has been available. Nobody answers"))
        #expect(text.contains("https://chat.memorial.example/desk"))
        alert(.gaps, memorial, "head@memorial.example")
        alert(.gaps, law, "head@law.example")
        alert(.referrals, memorial, "reference@memorial.example")
        #expect(due(afterMinutes: 6) == ["head@memorial.example"])
    }

    /// Where the home node is there, its desk is where its people sign in; else the one of whoever stands in.
    @Test mutating func aStandInNamesTheHomesDeskWhereThatIsThere() {
        letters.speaksFor = [law]
        #expect(due(afterMinutes: 5) == ["desk@law.example"])
        #expect(letters.due[0].text.contains("https://chat.ltg.example/desk"))
        let away = letters.due[0].id
        letters.urls[NodeName("elsewhere")!] = "https://chat.law.example"
        #expect(letters.due[0].text.contains("https://chat.law.example/desk"))
        #expect(letters.due[0].text.contains("https://chat.law.example/registers"))
        #expect(letters.due[0].id == away)
        letters.speaksFor = []
        #expect(letters.due.isEmpty)
    }

    @Test mutating func chatWogIsMailedAfterFifteen() {
        alert(.gaps, nil, "chatwog@consortium.example")
        #expect(due(afterMinutes: 14) == ["desk@memorial.example"])
        #expect(due(afterMinutes: 15) == ["desk@memorial.example", "chatwog@consortium.example"])
    }

    @Test mutating func aLetterHasOneNameForAsLongAsItsGap() {
        _ = due(afterMinutes: 5)
        let first = letters.due[0].id
        _ = due(afterMinutes: 50)
        #expect(letters.due[0].id == first)
        letters.board.ledger?[0].gapSince = 1_020
        #expect(letters.due[0].id != first)
        letters.board.ledger?[0].gapSince = nil
        #expect(letters.due.isEmpty)
    }

    @Test mutating func whoIsNamedTwiceIsMailedOnce() {
        alert(.gaps, memorial, "chatwog@consortium.example")
        alert(.gaps, nil, "chatwog@consortium.example")
        #expect(due(afterMinutes: 15) == ["chatwog@consortium.example"])
    }

    @Test mutating func whatIsNoAddressIsLeftOut() {
        alert(.gaps, memorial, "head@memorial.example\r\nBcc: all@memorial.example")
        alert(.gaps, nil, "chatwog")
        #expect(due(afterMinutes: 15) == ["desk@memorial.example"])
    }

    /// Of the question, its patron and whoever referred it there is nothing in the letter.
    @Test mutating func aReferralIsToldToTheLibraryThatWasAskedAndOnceMoreWhenItsDayIsPast() throws {
        letters.board.ledger = nil
        let chat = ChatID(high: 7, low: 7)
        func line(_ queue: String, dueMs: UInt64?) throws -> WaitingChat {
            WaitingChat(
                chat: chat, library: law, queue: try #require(QueueName(queue)), home: try #require(QueueName("law")),
                question: "My name is Pat", sinceMs: 0, offeredBy: OperatorName("quentin"), dueMs: dueMs)
        }
        letters.board.kept = [try line("memorial", dueMs: 3_600_000), try line("law", dueMs: 3_600_000), try line("memorial", dueMs: nil)]
        letters.clockMs = 3_599_999
        #expect(letters.due.map(\.to.text) == ["desk@memorial.example"])
        let first = letters.due[0]
        #expect(first.text.contains("referred a question to The desk of memorial, to be answered within the hour."))
        letters.clockMs = 0
        #expect(letters.due.map(\.id) == [first.id])
        letters.clockMs = 3_600_000
        #expect(letters.due.map(\.to.text) == ["desk@memorial.example"])
        let letter = letters.due[0]
        #expect(letter.id != first.id)
        for word in ["Pat", "quentin", chat.text] {
            for one in [first, letter] { #expect(!(one.id + one.subject + one.text).contains(word)) }
        }
        #expect(letter.text.contains("referred to The desk of memorial was to be answered by now"))
        alert(.referrals, memorial, "reference@memorial.example")
        #expect(letters.due.map(\.to.text) == ["reference@memorial.example"])
    }

    /// They need no queue: the question stands at their library, or, where it has none, with the general queue.
    @Test mutating func whomTheDirectoryNamesIsMailedByTheirOwnLibrarysNode() throws {
        letters.board.ledger = nil
        let entry = EntryID(high: 5, low: 5)
        func list(_ register: Register, _ library: LibraryName, _ answers: [(String, String)]) {
            letters.entries[entry] = RegisterEntry(
                id: entry, register: register, answers: [.init("library", library.text)] + answers.map { .init($0.0, $0.1) })
        }
        func line(_ queue: String, dueMs: UInt64) throws -> WaitingChat {
            WaitingChat(
                chat: ChatID(high: 7, low: 7), library: law, queue: try #require(QueueName(queue)),
                home: try #require(QueueName("law")), question: "My name is Pat", sinceMs: 0, offeredBy: OperatorName("quentin"),
                dueMs: dueMs, listed: Listed(entry: entry, name: "Mel Ost, Maps"))
        }
        list(.liaisons, memorial, [("subject", "Maps"), ("person", "Mel Ost"), ("email", "mel@memorial.example")])
        letters.board.kept = [try line("memorial", dueMs: 3_600_000)]
        #expect(letters.due.map(\.to.text) == ["mel@memorial.example", "desk@memorial.example"])
        #expect(letters.due[0].text.contains("referred a question to you, to be answered within the hour."))
        #expect(letters.due[0].text.contains("the kept messages of The desk of memorial at the desk: https://chat.memorial.example/desk"))
        for word in ["Pat", "quentin", "Mel"] { #expect(!(letters.due[0].subject + letters.due[0].text).contains(word)) }
        letters.clockMs = 3_600_000
        #expect(letters.due.map(\.to.text) == ["mel@memorial.example", "desk@memorial.example"])
        #expect(letters.due[0].text.contains("referred to you was to be answered by now"))
        // Their own address is the library's: one letter.
        list(.liaisons, memorial, [("subject", "Maps"), ("email", "desk@memorial.example")])
        #expect(letters.due.map(\.to.text) == ["desk@memorial.example"])
        // Where the question stands elsewhere they are mailed, and nobody else.
        letters.board.kept = [try line("law", dueMs: 7_200_000)]
        list(.liaisons, memorial, [("subject", "Maps"), ("email", "mel@memorial.example")])
        #expect(letters.due.map(\.to.text) == ["mel@memorial.example"])
        // Of another library: its own node speaks to them.
        list(.liaisons, law, [("subject", "Statutes"), ("email", "lis@law.example")])
        #expect(letters.due.isEmpty)
        // A partner outside the consortium is not mailed, and whoever has the question is told to write to them.
        list(.agreements, memorial, [("title", "Archive"), ("partner", "State Archive"), ("email", "archive@partner.example")])
        #expect(letters.due.isEmpty)
        letters.board.kept = [try line("memorial", dueMs: 7_200_000)]
        #expect(letters.due.map(\.to.text) == ["desk@memorial.example"])
        #expect(letters.due[0].text.contains("It is for a partner outside the consortium, who has no desk here and is not mailed."))
        #expect(letters.due[0].text.contains("https://chat.memorial.example/registers?register=agreements"))
        #expect(!letters.due[0].text.contains("Archive"))
        letters.board.kept = [try line("law", dueMs: 7_200_000)]
        // Who was taken out of the directory is nobody's business.
        list(.announcements, memorial, [("email", "mel@memorial.example")])
        #expect(letters.due.isEmpty)
        letters.entries = [:]
        #expect(letters.due.isEmpty)
    }

    @Test mutating func aDirectorIsMailedOfWhatWaitsForThem() throws {
        letters.board.ledger = nil
        let wish = TranscriptWish(
            id: WishID(high: 3, low: 3), kind: .hold, chat: ChatID(high: 7, low: 7), library: memorial,
            by: try #require(OperatorName("ann")),
            reason: "Pat threatened us", days: 30, askedWallMs: start)
        letters.wishes = [wish]
        letters.wallMs = start + 60_000
        #expect(letters.due.isEmpty, "nobody said who is to be mailed")
        alert(.decisions, memorial, "director@memorial.example")
        #expect(letters.due.map(\.to.text) == ["director@memorial.example"])
        let letter = letters.due[0]
        for word in ["Pat", "ann", wish.chat.text, wish.id.text] {
            #expect(!(letter.id + letter.subject + letter.text).contains(word))
        }
        letters.wishes[0].stage = .approved
        #expect(letters.due.isEmpty)
        letters.wishes[0].stage = .waiting
        letters.wallMs = wish.untilWallMs
        #expect(letters.due.isEmpty)
    }

    @Test mutating func whatWasSentIsRememberedOverARestart() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-letters-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = due(afterMinutes: 5)
        let letter = letters.due[0]
        var book = try StaffLetterBook(folder: folder)
        #expect(!book.has(letter))
        book.note(letter, wallMs: 1_000)
        try book.write()
        var again = try StaffLetterBook(folder: folder)
        #expect(again.has(letter))
        #expect(again.room == StaffLetterBook.linesMax - 1)
        // As long as its matter goes on, and for a day more.
        let later = 1_000 + StaffLetterBook.keptMs
        let end = later + StaffLetterBook.keptMs
        let forgot = [
            again.forget(beside: [letter], wallMs: later), again.forget(beside: [], wallMs: end - 1), again.forget(beside: [], wallMs: end),
        ]
        #expect(forgot == [false, false, true])
        #expect(!again.has(letter))
        let text = try String(contentsOfFile: folder + "/staff-letters", encoding: .utf8)
        #expect(!text.contains("memorial"))
    }
}
