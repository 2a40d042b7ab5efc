import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Testing
import Transcripts

@testable import Node

/// What a library's node does with holds of transcripts: the text and its time are here, what is held is the coordinators' to say.
@Suite struct HoldTests {
    /// One node, whose two transcripts are older than it keeps any.
    @ClusterActor
    private final class Place {
        let folder: String
        let store: TranscriptStore
        let host: TranscriptHost
        let law: LibraryName
        let chats = [ChatID(high: 1, low: 1), ChatID(high: 1, low: 2)]
        private var state = ConsortiumState()
        var board: Board { state.board() }

        init() throws {
            folder = FileManager.default.temporaryDirectory.path + "/callslip-holds-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            law = try #require(LibraryName("law"))
            let (node, queue, cluster) = (try #require(NodeName("law")), try #require(QueueName("law")), [UInt8](repeating: 7, count: 16))
            store = try TranscriptStore(folder: folder, create: true)
            let said = ChatMessage(
                position: Position(epoch: 1, n: 1), author: .patron,
                body: .text("hello", sender: SenderID(high: 2, low: 2), sequence: 1), wallMs: 1_000)
            for (number, chat) in chats.enumerated() {
                let transcript = Transcript(
                    number: UInt64(number + 1), chat: chat, openedMs: 5, queue: queue, home: law, library: law, contact: "",
                    messages: [said])
                try store.keep(transcript, of: cluster, wallMs: 10)
            }
            let commands: [Command] = [
                .setFeatureLevel(FeatureLevel.supported), .setLibrary(Library(name: law, title: "Law", homeNode: node, fallback: .off)),
            ]
            for (place, command) in commands.enumerated() {
                guard case .accepted = state.apply(command, at: LogPosition(index: UInt64(place + 1), ordinal: 0)) else {
                    throw TranscriptStoreError.noFile(path: "\(command) was refused")
                }
            }
            host = TranscriptHost(
                folder: folder, cluster: cluster, node: node, boot: 1, keepDays: 90, mail: nil, logger: Logger(label: "test"))
        }

        func hold(_ chat: ChatID) throws -> TranscriptWish {
            TranscriptWish(
                id: WishID(high: 3, low: 3), kind: .hold, chat: chat, library: law, by: try #require(OperatorName("ann")), reason: "r",
                days: 30, askedWallMs: UInt64(Date().timeIntervalSince1970 * 1_000))
        }

        /// What is kept, when all that was begun at the store is done.
        func kept() async -> Set<ChatID> {
            await withCheckedContinuation { continuation in
                host.list(of: [law], most: 9) { continuation.resume(returning: Set(($0 ?? []).map(\.chat))) }
            }
        }

        func end() async {
            await host.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    @ClusterActor
    @Test func aHeldTranscriptIsNotDeletedAndNothingIsBeforeItIsKnownWhatIsHeld() async throws {
        let place = try Place()
        // Cut off: the node does not know what is held.
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var waits = Optional(continuation)
            place.host.readWishes = { _, completion in
                completion(nil)
                waits?.resume()
                waits = nil
            }
            place.host.take(place.board)
        }
        #expect(await place.kept() == Set(place.chats))
        // It hears it: one is held, the other one goes.
        let wish = try place.hold(place.chats[0])
        place.host.readWishes = { libraries, completion in completion(libraries == [place.law] ? [wish] : nil) }
        place.host.sweep()
        while await place.kept().count > 1 { await Task.yield() }
        #expect(await place.kept() == [place.chats[0]])
        // The hold was ended.
        place.host.readWishes = { _, completion in completion([]) }
        place.host.sweep()
        while await !place.kept().isEmpty { await Task.yield() }
        await place.end()
    }

    /// The old vendor's list of a day: what began then, however late it came, and no more of them than are asked for.
    @ClusterActor
    @Test func theConversationsOfADayAreThoseThatBeganThen() async throws {
        let place = try Place()
        place.host.readWishes = { _, completion in completion(nil) }
        place.host.take(place.board)
        while await place.kept() != Set(place.chats) { await Task.yield() }
        func began(_ day: Range<UInt64>, most: Int) async -> Result<Set<ChatID>, ConversationsFailure> {
            await withCheckedContinuation { continuation in
                place.host.conversations(day, most: most) { continuation.resume(returning: $0.map { Set($0.map(\.chat)) }) }
            }
        }
        #expect(try await began(0..<2_000, most: 9).get() == Set(place.chats))
        #expect(try await began(1_001..<2_000, most: 9).get().isEmpty)
        #expect(await began(0..<2_000, most: 1) == .failure(.tooMany))
        await place.end()
    }

    /// The chain as a node answers it is followed by what the answer says alone.
    @Test func aLogThatWasRewrittenIsFoundOut() throws {
        let law = try #require(LibraryName("law"))
        var state = ConsortiumState()
        _ = state.apply(.setFeatureLevel(FeatureLevel.supported), at: LogPosition(index: 1, ordinal: 0))
        for number in UInt64(1)...9 {
            let note = AuditNote(by: .admin, chat: ChatID(high: 1, low: number), library: law, request: RequestID(high: 2, low: number))
            _ = state.apply(.audit(note), at: LogPosition(index: number + 1, ordinal: 0))
        }
        let page = state.audit(after: 0)
        let report = AuditReport(page, page.entries, isAll: true, more: false)
        var check = AuditCheck()
        try check.take(report)
        #expect(check.last.number == 9)
        // Also in two parts, as a node answers a long one.
        var (first, second) = (report, report)
        first.entries.removeLast(4)
        second.entries.removeFirst(5)
        var inParts = AuditCheck()
        try inParts.take(first)
        try inParts.take(second)
        #expect(inParts.last == check.last)
        for change: (inout AuditReport) -> Void in [
            { $0.entries[3].by = "person ann" }, { $0.entries[3].act = "settings" }, { $0.entries[3].atMs += 1 },
            { $0.entries[3].library = "music" }, { $0.entries.remove(at: 3) }, { $0.entries.swapAt(3, 4) },
            { $0.entries[3].act = "no such" },
            { $0.anchorHash = "00" }, { $0.anchorNumber = .max },
        ] {
            var wrong = report
            change(&wrong)
            var check = AuditCheck()
            #expect(throws: AuditFlaw.self) { try check.take(wrong) }
        }
    }
}
