import Consortium
import FoundationEssentials
import Glibc
import SQLite
import Testing

@testable import Transcripts

/// What a node keeps on its disk, judged by what a second opening of the file finds, and by the bytes of the file.
@Suite final class TranscriptStoreTests {
    private let folder: String
    private let cluster = [UInt8](repeating: 7, count: 16)
    private let law: LibraryName

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/callslip-transcripts-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        law = try #require(LibraryName("law"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func transcript(_ number: UInt64, chat: UInt64 = 1, _ texts: [String], startedMs: UInt64 = 1_000) throws -> Transcript {
        Transcript(
            number: number, chat: ChatID(high: 1, low: chat), openedMs: 5, queue: try #require(QueueName("law-desk")), home: law,
            library: law,
            contact: "me@example.edu",
            messages: texts.enumerated().map { offset, text in
                ChatMessage(
                    position: Position(epoch: 1, n: UInt32(offset + 1)), author: .patron,
                    body: .text(text, sender: SenderID(high: 2, low: 2), sequence: UInt64(offset + 1)), wallMs: startedMs)
            })
    }

    private func open() throws -> TranscriptStore { try TranscriptStore(folder: folder, create: true) }

    /// Whether the words stand in any file of the folder.
    private func holds(_ words: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: folder).contains { name in
            [UInt8](try Data(contentsOf: URL(filePath: folder + "/" + name))).firstRange(of: Array(words.utf8)) != nil
        }
    }

    @Test func textAndNumberAreDurableTogether() throws {
        let given = try transcript(3, ["where is the map room"])
        try open().keep(given, of: cluster, wallMs: 10)
        let again = try open()
        #expect(try again.transcripts(of: given.chat) == [given])
        let state = try again.state(of: cluster)
        #expect(state.marks == [law: 3] && state.untold == [3: law])
        try again.settle(3, of: cluster)
        #expect(try open().state(of: cluster).untold == [:])
        // Another cluster's numbers are its own.
        #expect(try again.state(of: [UInt8](repeating: 8, count: 16)).marks == [:])
    }

    @Test func aWalkPassesEachOnceWhereverItPauses() throws {
        let store = try open()
        // Several began in one millisecond, and came when they wanted.
        for chat in 1...9 {
            try store.keep(
                try transcript(UInt64(chat), chat: UInt64(chat), ["x"], startedMs: UInt64(chat / 4) * 10), of: cluster,
                wallMs: UInt64(900 - chat))
        }
        for max in 1...10 {
            var (seen, place): ([UInt64], TranscriptStore.Place?) = ([], nil)
            repeat {
                let read = try store.began(0..<20, after: place, max: max)
                seen += read.transcripts.map(\.chat.low)
                place = read.next
            } while place != nil
            #expect(seen == [1, 2, 3, 4, 5, 6, 7], "in stretches of \(max)")
        }
        #expect(try store.began(10..<11, after: nil, max: 9).transcripts.map(\.chat.low) == [4, 5, 6, 7])
    }

    /// Chats of the time, whatever came before and since.
    private func began(_ store: TranscriptStore, _ times: Range<UInt64>) throws -> [UInt64] {
        try store.began(times, after: nil, max: 99).transcripts.map(\.chat.low)
    }

    @Test func whenAChatBeganGoesWithItsTranscript() throws {
        let store = try open()
        for chat: UInt64 in 1...3 {
            try store.keep(try transcript(chat, chat: chat, ["x"], startedMs: 100 * chat), of: cluster, wallMs: 5)
        }
        // Late words leave it where it was.
        try store.keep(try transcript(4, chat: 2, ["x", "late"], startedMs: 200), of: cluster, wallMs: 6)
        #expect(try began(store, 0..<999) == [1, 2, 3])
        #expect(try began(store, 200..<300) == [2])
        #expect(try began(store, 201..<300) == [])
        #expect(try store.delete(ChatID(high: 1, low: 2), wallMs: 9) == 1)
        #expect(try began(store, 0..<999) == [1, 3])
        let file = try SQLiteFile(store.path, create: false, lockedMsMax: 100)
        #expect(try file.run("SELECT count(*) FROM began").first?.first?.number == 2, "the time of a chat that was deleted is kept")
    }

    /// An earlier version kept transcripts without it, and one of them is damaged.
    @Test func whenChatsBeganIsFoundOutOfAnOlderFile() throws {
        let store = try open()
        for chat: UInt64 in 1...5 {
            try store.keep(try transcript(chat, chat: chat, ["x"], startedMs: 100 * chat), of: cluster, wallMs: 5)
        }
        let file = try SQLiteFile(store.path, create: false, lockedMsMax: 100)
        try file.run("DROP TABLE began")
        try file.run("UPDATE transcripts SET body = x'FFFF' WHERE number = 4")
        let again = try open()
        #expect(try began(again, 0..<999) == [])
        #expect(try [2, 2, 2].map { try again.noteBeginnings(max: $0) } == [false, false, true])
        #expect(try again.noteBeginnings(max: 1))
        #expect(try began(again, 0..<999) == [1, 2, 3, 5])
        #expect(try again.began(0..<50, after: nil, max: 9).damaged == 1, "it counts for when it came")
    }

    @Test func theChatsOfADayAreFoundByAnIndex() throws {
        let store = try open()
        let file = try SQLiteFile(store.path, create: false, lockedMsMax: 100)
        let plan = try file.run(
            "EXPLAIN QUERY PLAN SELECT b.started FROM began b WHERE b.started >= 1 AND b.started < 2 ORDER BY b.started, b.chat, b.opened")
        #expect(plan.flatMap { $0.map(\.text) }.contains { $0.contains("by_beginning") }, "\(plan)")
    }

    /// A patron left an address, and somebody answered.
    private func answered(_ number: UInt64, chat: UInt64 = 1, _ texts: [String] = ["yes"]) throws -> Transcript {
        var transcript = try transcript(number, chat: chat, texts)
        transcript.messages.append(
            ChatMessage(
                position: Position(epoch: 1, n: 99), author: .service, body: .event(.closed(.answeredMessage)), wallMs: 2_000))
        return transcript
    }

    @Test func anAnswerIsDueOnceAndGoesWithItsTranscript() throws {
        let store = try open()
        try store.keep(try transcript(1, ["no answer"]), of: cluster, wallMs: 10, mails: true)
        try store.keep(try answered(2, chat: 2), of: cluster, wallMs: 20)
        #expect(try store.lettersDue(wallMs: 99, max: 9) == [], "without an answer, or where nothing is mailed, there is no letter")
        let given = try answered(3, chat: 3)
        try store.keep(given, of: cluster, wallMs: 30, mails: true)
        #expect(try store.lettersDue(wallMs: 29, max: 9) == [])
        var due = try open().lettersDue(wallMs: 30, max: 9)
        #expect(due == [TranscriptLetter(transcript: given, tries: 0)])
        // In vain: later, and it is known how often.
        try store.letterWaits(due[0], untilMs: 500)
        #expect(try store.lettersDue(wallMs: 499, max: 9) == [])
        due = try store.lettersDue(wallMs: 500, max: 9)
        #expect(due.map(\.tries) == [1])
        // Taken: late words bring no second letter.
        try store.letterIsDone(due[0])
        try store.keep(try answered(5, chat: 3, ["yes", "late"]), of: cluster, wallMs: 600, mails: true)
        #expect(try open().lettersDue(wallMs: 9_999, max: 9) == [])
        // What was deleted is mailed to nobody.
        let other = try answered(6, chat: 4)
        try store.keep(other, of: cluster, wallMs: 700, mails: true)
        #expect(try store.lettersDue(wallMs: 9_999, max: 9).count == 1)
        #expect(try store.delete(other.chat, wallMs: 800) == 1)
        #expect(try store.lettersDue(wallMs: 9_999, max: 9) == [])
    }

    @Test func oneIsFoundByItsNumberAndOneThatCannotBeReadIsPassedOver() throws {
        let store = try open()
        try store.keep(try transcript(3, ["one"]), of: cluster, wallMs: 10)
        #expect(try store.transcript(3, of: cluster) == transcript(3, ["one"]))
        try store.keep(try transcript(5, ["one", "two, late"]), of: cluster, wallMs: 20)
        #expect(try store.transcript(3, of: cluster) == nil)
        #expect(try store.transcript(5, of: [UInt8](repeating: 8, count: 16)) == nil)
        try store.pass(over: try transcript(8, chat: 2, ["cannot be read"]), of: cluster)
        let state = try open().state(of: cluster)
        #expect(state.marks == [law: 8] && state.untold == [3: law, 5: law])
        #expect(try store.list(of: law, max: 9).map(\.chat) == [ChatID(high: 1, low: 1)])
    }

    @Test func whatComesTwiceIsKeptOnceAndTheLongerOneStays() throws {
        let store = try open()
        try store.keep(try transcript(1, ["one"]), of: cluster, wallMs: 10)
        try store.keep(try transcript(4, ["one", "two, late"]), of: cluster, wallMs: 20)
        try store.keep(try transcript(1, ["one"]), of: cluster, wallMs: 30)
        #expect(try store.transcripts(of: ChatID(high: 1, low: 1)) == [try transcript(4, ["one", "two, late"])])
        #expect(try store.list(of: law, max: 9).map(\.receivedMs) == [10])
        #expect(try store.state(of: cluster).marks == [law: 4])
    }

    /// Coordinators that were restored from a backup do not know what was delivered since, and the chat goes on in another way (rule 18).
    @Test(arguments: [["three again"], ["three again", "four", "five"]])
    func whatAFormerClusterDeliveredStaysBesideWhatTheNextOneDoes(_ later: [String]) throws {
        let store = try open()
        let former = try transcript(7, ["one", "two", "three", "four, lost"])
        try store.keep(former, of: cluster, wallMs: 10)
        var next = try transcript(1 << 32, ["one", "two"])
        next.messages += later.enumerated().map { offset, text in
            ChatMessage(
                position: Position(epoch: 1 << 20, n: UInt32(offset + 3)), author: .patron,
                body: .text(text, sender: SenderID(high: 2, low: 9), sequence: UInt64(offset + 1)), wallMs: 2_000)
        }
        let other = [UInt8](repeating: 8, count: 16)
        for _ in 0..<2 { try store.keep(next, of: other, wallMs: 20) }
        let kept = try #require(try open().transcripts(of: former.chat).first)
        #expect(kept.messages == former.messages + next.messages.dropFirst(2))
        #expect(try store.list(of: law, max: 9).map(\.messages) == [4 + later.count])
        #expect(try store.state(of: other).marks == [law: 1 << 32])
        // Numbers of the former cluster name nothing any more.
        #expect(try store.transcript(7, of: cluster) == nil)
    }

    @Test func deletedTextIsInNoByteOfTheFolderAndDoesNotComeBack() throws {
        let store = try open()
        let words = "my card number is 4711"
        let filler = String(repeating: "and so on ", count: 300)
        for chat in UInt64(1)...9 { try store.keep(try transcript(chat, chat: chat, [words, filler]), of: cluster, wallMs: 10) }
        #expect(try holds(words))
        for chat in UInt64(1)...9 { #expect(try store.delete(ChatID(high: 1, low: chat), wallMs: 50) == 1) }
        #expect(try !holds(words))
        try store.keep(try transcript(12, chat: 1, [words, filler, "late words"]), of: cluster, wallMs: 60)
        #expect(try !holds(words) && !holds("late words"))
        let receipts = try store.receipts(max: 100)
        #expect(receipts.count == 9 && receipts.allSatisfy { $0.reason == "request" && $0.messages == 2 && $0.deletedMs == 50 })
        // The node asks for nothing of it again.
        #expect(try store.state(of: cluster).marks == [law: 12])
    }

    @Test func deletionsAreToldUntilTheyAreKnownAndReachACopyFromABackup() throws {
        let store = try open()
        let node = try #require(NodeName("node-law"))
        try store.keep(try transcript(3, ["my card number is 4711"]), of: cluster, wallMs: 10)
        _ = try store.delete(ChatID(high: 1, low: 1), wallMs: 20)
        let told = TranscriptDeleted(chat: ChatID(high: 1, low: 1), openedMs: 5, library: law, node: node)
        #expect(try open().undeclared(by: node, max: 9) == [told])
        try store.declared(told)
        #expect(try store.undeclared(by: node, max: 9) == [])
        // A copy that came back.
        try store.keep(try transcript(4, chat: 2, ["another card number"]), of: cluster, wallMs: 30)
        try store.keep(try transcript(5, chat: 2, []), of: cluster, wallMs: 40)
        #expect(try store.list(of: nil, max: 9) == [] && !holds("another card number"))
        try store.keep(try transcript(6, chat: 2, ["another card number", "late"]), of: cluster, wallMs: 50)
        #expect(try store.list(of: nil, max: 9) == [] && store.receipts(max: 9).count == 2)
        #expect(try store.state(of: cluster).marks == [law: 6])
    }

    @Test func whatHasPassedToTheHeirGoesAndMayComeBack() throws {
        let store = try open()
        try store.keep(try transcript(3, ["hello"]), of: cluster, wallMs: 10)
        try store.discard(3, of: cluster, wallMs: 20)
        #expect(try store.transcripts(of: ChatID(high: 1, low: 1)) == [])
        #expect(try store.receipts(max: 9).map(\.reason) == ["passedOn"])
        #expect(try store.state(of: cluster).untold == [:])
        try store.keep(try transcript(5, ["hello"]), of: cluster, wallMs: 30)
        #expect(try store.list(of: nil, max: 9).count == 1 && store.receipts(max: 9) == [])
    }

    @Test func theTimeOfAPolicyIsCountedFromWhenItCame() throws {
        let store = try open()
        for chat in UInt64(1)...5 { try store.keep(try transcript(chat, chat: chat, ["hello"]), of: cluster, wallMs: chat * 100) }
        #expect(try store.deleteReceived(beforeMs: 300, wallMs: 1_000) == 2)
        #expect(try store.list(of: nil, max: 9).map(\.receivedMs) == [500, 400, 300])
        #expect(try store.receipts(max: 9).map(\.reason) == ["retention", "retention"])
        #expect(try store.deleteReceived(beforeMs: 300, wallMs: 1_000) == 0)
    }

    @Test func whatIsHeldOutlivesItsTimeAndIsNotDeletedByHand() throws {
        let store = try open()
        let music = try #require(LibraryName("music"))
        for chat in UInt64(1)...4 { try store.keep(try transcript(chat, chat: chat, ["hello"]), of: cluster, wallMs: chat * 100) }
        let chats = (1...4).map { ChatID(high: 1, low: UInt64($0)) }
        try store.hold([chats[0]: 2_000, chats[1]: 900, chats[3]: .max], of: law)
        // Another library's holds do not take away this one's.
        try store.hold([:], of: music)
        let again = try open()
        #expect(try again.list(of: law, max: 9).map(\.heldUntilMs) == [UInt64(Int64.max), nil, 900, 2_000])
        #expect(try again.deleteReceived(beforeMs: 1_000, wallMs: 1_000) == 2)
        #expect(try again.list(of: nil, max: 9).map(\.chat) == [chats[3], chats[0]])
        #expect(throws: TranscriptStoreError.held(chat: chats[0].text, untilMs: 2_000)) { try again.delete(chats[0], wallMs: 1_999) }
        // The hold is over, or ended.
        #expect(try again.delete(chats[0], wallMs: 2_000) == 1)
        try again.hold([:], of: law)
        #expect(try again.deleteReceived(beforeMs: 1_000, wallMs: 1_000) == 1)
    }

    @Test func aFileOfANewerVersionIsLeftAlone() throws {
        _ = try open()
        let file = try SQLiteFile(folder + "/transcripts", create: false, lockedMsMax: 0)
        try file.run("PRAGMA user_version = 9")
        #expect(throws: TranscriptStoreError.newer(path: folder + "/transcripts", found: 9, supported: 1)) { try self.open() }
    }

    @Test func aFileThatIsNotThereIsNotMadeByReading() throws {
        let path = folder + "/elsewhere"
        #expect(throws: TranscriptStoreError.noFile(path: path + "/transcripts")) { try TranscriptStore(folder: path, create: false) }
    }
}
