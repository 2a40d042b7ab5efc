import Consortium
import FoundationEssentials
import Glibc
import Testing

@testable import Node

/// What the coordinators are given of a transcript that a library has (rule 16).
@Suite final class TranscriptSealTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/callslip-seal-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func transcript(_ text: String, copies: Int = 1, chat: UInt64 = 1) throws -> Transcript {
        let law = try #require(LibraryName("law"))
        return Transcript(
            number: 7, chat: ChatID(high: 1, low: chat), openedMs: 5, queue: try #require(QueueName("law-desk")), home: law, library: law,
            contact: "me@example.edu",
            messages: (1...copies).map { n in
                ChatMessage(
                    position: Position(epoch: 1, n: UInt32(n)), author: .patron,
                    body: .text(text, sender: SenderID(high: 2, low: 2), sequence: UInt64(n)), wallMs: 1_000)
            })
    }

    private func sealed(_ whole: Transcript, _ bytes: [UInt8]) -> Transcript {
        var sealed = whole
        (sealed.messages, sealed.contact) = ([], "")
        sealed.sealed = SealedTranscript(bytes: bytes, messages: UInt32(whole.messages.count))
        return sealed
    }

    @Test func whatANodeSealedItOpensInItsNextLifeAndNobodyElseReads() throws {
        let whole = try transcript("my card number is 4711")
        let bytes = try TranscriptSeal(folder: folder).seal(whole)
        #expect(bytes.firstRange(of: Array("4711".utf8)) == nil && bytes.firstRange(of: Array("example".utf8)) == nil)
        let given = sealed(whole, bytes)
        #expect(try TranscriptSeal(folder: folder).open(given) == whole)
        #expect(try TranscriptSeal(folder: folder).open(whole) == whole, "one that was not sealed")

        let elsewhere = folder + "/elsewhere"
        try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
        #expect(throws: (any Error).self) { try TranscriptSeal(folder: elsewhere).open(given) }
        // The words of one chat in the place of another's.
        var other = given
        other.chat = ChatID(high: 1, low: 2)
        #expect(throws: (any Error).self) { try TranscriptSeal(folder: self.folder).open(other) }
    }

    @Test func whatIsLongerThanACommandIsNotSealed() throws {
        let seal = try TranscriptSeal(folder: folder)
        let text = String(repeating: "x", count: Limits.messageBytesMax)
        #expect(try seal.seal(transcript(text, copies: 14)).count <= Limits.sealedBytesMax)
        #expect(try !seal.seal(transcript(text, copies: 14)).isEmpty)
        #expect(try seal.seal(transcript(text, copies: 16)).isEmpty)
    }

    @Test func aKeyThatWasAddedSealsAndTheFormerOnesOpen() throws {
        let whole = try transcript("where is the map room")
        let former = try TranscriptSeal(folder: folder).seal(whole)
        let path = URL(fileURLWithPath: folder + "/transcript-keys")
        let key = try String(contentsOf: path, encoding: .utf8)
        try Data((String(repeating: "5a", count: 32) + "\n" + key).utf8).write(to: path)
        let both = try TranscriptSeal(folder: folder)
        #expect(try both.open(sealed(whole, former)) == whole)
        let later = sealed(whole, try both.seal(whole))
        try Data(key.utf8).write(to: path)
        #expect(throws: (any Error).self) { try TranscriptSeal(folder: self.folder).open(later) }
    }
}
