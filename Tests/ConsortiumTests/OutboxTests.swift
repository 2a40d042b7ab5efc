import Consortium
import Testing

/// Rule 16: a library that takes nothing cannot fill the coordinators.
@Suite struct OutboxTests {
    private var state = ConsortiumState()
    private var index: UInt64 = 0
    private let node: NodeName

    init() throws {
        node = try Stage.name("n")
        for command in try RandomLife.roster() { _ = give(command) }
    }

    @discardableResult
    private mutating func give(_ command: Command, elapsedMs: UInt64 = 0) -> Applied {
        index += 1
        let id = ProposalID(node: node, boot: 1, counter: index)
        return state.apply(
            Batch(elapsedMs: elapsedMs, wallMs: index, term: 1, items: [Batch.Item(id: id, command: command)]), index: index)
    }

    /// A chat of nearly half a megabyte that is opened and ended.
    private mutating func endChat(_ number: Int, at queue: String) throws -> Applied {
        let chat: ChatID = Stage.id("chat \(number)")
        let attach: AttachID = Stage.id("attach \(number)")
        give(
            .open(
                Open(
                    chat: chat, secret: try Stage.secret("c"), queue: try Stage.name(queue), attach: attach, node: try Stage.name("n"),
                    referralAgreed: true)))
        let text = String(repeating: "x", count: Limits.messageBytesMax)
        for sequence in UInt64(1)...UInt64(Limits.textPerChatBytesMax / Limits.messageBytesMax) {
            give(.say(Say(chat: chat, speaker: .patron(attach), sender: Stage.id("s"), sequence: sequence, text: text)))
        }
        return give(.leave(chat, attach))
    }

    private let perLibrary = Limits.transcriptBytesPerLibraryMax / Limits.textPerChatBytesMax

    @Test mutating func atItsQuotaALibrarysOldestTextGivesWayAndThatIsTold() throws {
        for number in 1...perLibrary { #expect(try endChat(number, at: "memorial-desk").touched.dropped.isEmpty) }
        let memorial: LibraryName = try Stage.name("memorial")
        let dropped = try endChat(perLibrary + 1, at: "memorial-desk").touched.dropped
        #expect(dropped.map(\.chat) == [Stage.id("chat 1")] && dropped.map(\.outcome) == [.overQuota])
        #expect(state.transcriptsWaiting(for: memorial) == perLibrary)
        #expect(try endChat(perLibrary + 2, at: "law-desk").touched.dropped.isEmpty)
        #expect(state.transcriptsWaiting.map(\.count).reduce(0, +) == perLibrary + 1)
        try state.checkInvariants()
        // What was taken makes room without a word.
        let next = try #require(state.transcript(for: memorial, at: try Stage.name("n"), after: 0))
        give(.transcriptTaken(TranscriptTaken(number: next.number, library: memorial, node: try Stage.name("n"))))
        #expect(try endChat(perLibrary + 3, at: "memorial-desk").touched.dropped.isEmpty)
        #expect(state.transcriptReceipts.map(\.outcome) == [.overQuota, .kept])
        try state.checkInvariants()
    }

    /// Music's heir is memorial, in this roster.
    @Test mutating func beyondTheQuotaTheHeirIsGivenItAsLongAsItHasRoom() throws {
        for number in 1...perLibrary { _ = try endChat(number, at: "music-desk") }
        let memorial: LibraryName = try Stage.name("memorial")
        for number in 1..<perLibrary { _ = try endChat(100 + number, at: "memorial-desk") }
        #expect(try endChat(200, at: "music-desk").touched.dropped.isEmpty)
        #expect(state.transcriptReceipts.map(\.outcome) == [.inherited(by: memorial)])
        #expect(state.transcriptsWaiting(for: memorial) == perLibrary)
        #expect(try endChat(201, at: "music-desk").touched.dropped.map(\.outcome) == [.overQuota])
        try state.checkInvariants()
    }
}
