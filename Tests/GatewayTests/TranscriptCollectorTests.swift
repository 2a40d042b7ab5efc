import Consortium
import Testing

@testable import Gateway

/// Rule 16: what a node does with the transcripts of its libraries.
@Suite struct TranscriptCollectorTests {
    private static func name<Tag>(_ text: String) throws -> Name<Tag> { try #require(Name<Tag>(text)) }

    private let node: NodeName
    private let law: LibraryName
    private let board: Board

    init() throws {
        node = try Self.name("node-law")
        law = try Self.name("law")
        let elsewhere = Library(name: try Self.name("memorial"), title: "Memorial", homeNode: try Self.name("node-memorial"))
        board = Board(
            at: .zero, clockMs: 0, settings: Settings(), libraries: [Library(name: law, title: "Law", homeNode: node), elsewhere],
            queues: [], operators: [], signedOn: [], waiting: [], kept: [], claimed: [])
    }

    private func transcript(_ number: UInt64) throws -> Transcript {
        Transcript(
            number: number, chat: ChatID(high: 1, low: number), openedMs: 5, queue: try Self.name("law-desk"), home: law, library: law,
            contact: "", messages: [])
    }

    private func started(marks: [LibraryName: UInt64] = [:], untold: [UInt64: LibraryName] = [:]) -> TranscriptCollector {
        var collector = TranscriptCollector(node: node)
        _ = collector.onOpened(marks: marks, untold: untold, nowMs: 0)
        _ = collector.onLinkUp(nowMs: 0)
        return collector
    }

    private func proposal(_ number: UInt64) -> TranscriptDirective {
        .propose(
            counter: number | TranscriptCollector.counterBit, TranscriptTaken(number: number, library: law, node: node))
    }

    @Test func itAsksForItsOwnLibrariesAfterWhatItHas() {
        var collector = started(marks: [law: 7])
        #expect(collector.onBoard(board, nowMs: 0) == [.collect(law, after: 7)])
        #expect(collector.onBoard(board, nowMs: 1) == [])
        #expect(collector.onLinkUp(nowMs: 2) == [.collect(law, after: 7)])
    }

    @Test func itSaysWhatItHasWhenThatIsDurableAndAsksForTheNext() throws {
        var collector = started()
        _ = collector.onBoard(board, nowMs: 0)
        #expect(collector.onTranscript(try transcript(3), nowMs: 0) == [.store(try transcript(3))])
        #expect(collector.onStored(law, number: 3, nowMs: 0) == [proposal(3), .collect(law, after: 3)])
        #expect(
            collector.onOutcome(3 | TranscriptCollector.counterBit, .accepted(.done), nowMs: 0) == [.settle(law, number: 3)])
        // What comes again is here already.
        #expect(collector.onTranscript(try transcript(3), nowMs: 0) == [.collect(law, after: 3)])
    }

    @Test func whatWasNotHeardIsSaidAgainAfterEveryLinkAndEveryStart() {
        var collector = started(marks: [law: 9], untold: [9: law])
        #expect(collector.onLinkUp(nowMs: 1) == [proposal(9)])
        // A coordinator that lies may name a time beyond all; the next word counts.
        #expect(collector.onBusy(9 | TranscriptCollector.counterBit, retryMs: .max, nowMs: 1) == [.scheduleTick(atMs: .max)])
        #expect(collector.onBusy(9 | TranscriptCollector.counterBit, retryMs: 500, nowMs: 1) == [.scheduleTick(atMs: 501)])
        #expect(collector.onTick(nowMs: 501) == [proposal(9)])
    }

    @Test func whatAnotherKeepsIsDeletedHere() {
        var collector = started(marks: [law: 9], untold: [9: law])
        let refusal = Refusal(.notHolder, "passed on")
        #expect(
            collector.onOutcome(9 | TranscriptCollector.counterBit, .refused(refusal), nowMs: 0) == [.discard(law, number: 9)])
    }

    @Test func aStoreThatFailsIsTriedAgainLater() throws {
        var collector = started()
        _ = collector.onBoard(board, nowMs: 0)
        _ = collector.onTranscript(try transcript(3), nowMs: 0)
        #expect(collector.onStoreFailed(law, nowMs: 10) == [.scheduleTick(atMs: 10 + TranscriptCollector.retryMs)])
        #expect(collector.onBoard(board, nowMs: 20) == [])
        #expect(collector.onTick(nowMs: 10 + TranscriptCollector.retryMs) == [.collect(law, after: 0)])
    }
}
