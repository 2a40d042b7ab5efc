import Consortium
import Coordinator
import Raft
import Testing

@testable import Wire

/// What is written and read by hand is what the generated code writes and reads.
@Suite struct BulkCodingTests {
    private let node = NodeName("memorial")!  // A literal that keeps the rule of names.
    private let queue = QueueName("memorial")!  // The same.

    private var commands: [Command] {
        let chat = ChatID(high: 1, low: .max)
        let patron = Say(
            chat: chat, speaker: .patron(AttachID(high: 3, low: 0)), sender: SenderID(high: 0, low: 9), sequence: 1, text: "é \"x\"")
        let token = LogPosition(index: 700, ordinal: 3)
        let staff = Say(
            chat: chat, speaker: .staff(token: token), sender: SenderID(high: 5, low: 6), sequence: 300,
            text: String(repeating: "y", count: 4_000))
        return [.say(patron), .tick, .say(staff), .close(chat, token: token), .setFeatureLevel(1)]
    }

    private var items: [Batch.Item] {
        commands.enumerated().map { Batch.Item(id: ProposalID(node: node, boot: .max - 1, counter: UInt64($0) * 1_000), command: $1) }
    }

    @Test func batches() throws {
        let batch = Batch(elapsedMs: 300, wallMs: 1_790_000_000_000, term: 2, items: items)
        var generated = PBBatchMessage()
        generated.elapsedMs = batch.elapsedMs
        generated.wallMs = batch.wallMs
        generated.term = batch.term
        generated.items = batch.items.map { item in
            var message = PBBatchItem()
            message.node = item.id.node.text
            message.boot = item.id.boot
            message.counter = item.id.counter
            message.command = PBCommandMessage(item.command)
            return message
        }
        #expect(batch.wireBytes() == generated.bytes)
        #expect(try Batch(wire: generated.bytes) == batch)
    }

    @Test func proposals() throws {
        var generated = WirePeerFrame()
        generated.propose.items = items.map { item in
            var message = WireProposal()
            message.node = item.id.node.text
            message.boot = item.id.boot
            message.counter = item.id.counter
            message.command = .init(item.command.wireBytes())
            return message
        }
        #expect(PeerFrame.propose(items).wireBytes() == generated.bytes)
        guard case .propose(let read) = try PeerFrame(wire: generated.bytes) else { throw WireError.truncated }
        #expect(read == items)
    }

    @Test(arguments: [
        Verdict.accepted(.placed(Position(epoch: 2, n: 900))), .accepted(.done), .accepted(.token(LogPosition(index: 9, ordinal: 0))),
        .refused(Refusal(.full, "no room")),
    ]) func outcomes(_ verdict: Verdict) throws {
        let at = LogPosition(index: 1 << 40, ordinal: 511)
        var generated = WirePeerFrame()
        generated.outcome.counter = 77
        generated.outcome.verdict = .init(verdict.wireBytes())
        generated.outcome.index = at.index
        generated.outcome.ordinal = at.ordinal
        #expect(PeerFrame.outcome(counter: 77, verdict, at: at).wireBytes() == generated.bytes)
        guard case .outcome(77, verdict, at) = try PeerFrame(wire: generated.bytes) else { throw WireError.truncated }
    }

    @Test func everyFieldOfAMessageTravels() throws {
        let library = try #require(LibraryName("memorial"))
        let person = try #require(OperatorName("mia"))
        let full = ChatMessage(
            position: Position(epoch: 3, n: 70_000), author: .staff(person, displayName: "Mia", library: library),
            body: .text("yes", sender: SenderID(high: 1, low: 2), sequence: 5), wallMs: 1_790_000_000_000, late: true, patronSupplied: true,
            branch: true)
        let event = ChatMessage(position: Position(epoch: 1, n: 1), author: .service, body: .event(.opened(queue)), wallMs: 1, branch: true)
        var writer = BulkWriter(capacity: 64)
        let note = ChatMessage(
            position: Position(epoch: 1, n: 2), author: full.author,
            body: .note("among us", sender: SenderID(high: 3, low: 4), sequence: 6),
            wallMs: 2)
        writer.entries([full, event, note], field: 2)
        var generated = PBChatUpdateMessage()
        generated.messages = [PBChatEntry(full), PBChatEntry(event), PBChatEntry(note)]
        #expect(writer.bytes == generated.bytes)
        // What is added to these must be added to the code written by hand too.
        #expect(Mirror(reflecting: full).children.count == 7)
        #expect(Mirror(reflecting: Batch(elapsedMs: 0, wallMs: 0, term: 0, items: [])).children.count == 4)
        guard case .say(let say) = commands[0] else { throw WireError.truncated }
        // Whether it is a note is told by the field that it stands in, which the generated code writes.
        #expect(Mirror(reflecting: say).children.count == 6)
        #expect(Mirror(reflecting: items[0]).children.count == 2)
    }

    @Test func whatIsUnknownInsideIsSkippedAndUnknownCommandsAreNot() throws {
        let batch = Batch(elapsedMs: 1, wallMs: 2, term: 3, items: items)
        // Field 90, a varint, as a newer version might add.
        #expect(try Batch(wire: batch.wireBytes() + [0xd0, 0x05, 1]) == batch)
        // An item with the command of field 90.
        let unknown: [UInt8] = [0x0a, 1, 0x61, 0x22, 3, 0xd2, 0x05, 0]
        #expect(throws: WireError.self) { try Batch(wire: [0x22, UInt8(unknown.count)] + unknown) }
    }

    @Test func damageIsAnErrorAndNeverATrap() {
        let frames = [
            PeerFrame.propose(items).wireBytes(),
            PeerFrame.outcome(counter: 7, .accepted(.placed(Position(epoch: 1, n: 2))), at: .zero).wireBytes(),
            PeerFrame.raft(
                .appendEntries(
                    AppendEntries(
                        term: 3, prevLogIndex: 8, prevLogTerm: 2, leaderCommit: 8,
                        entries: [RaftEntry(index: 9, term: 3, kind: .command, payload: [1, 2, 3])]))
            ).wireBytes(),
        ]
        for frame in frames {
            for length in 0..<frame.count { _ = try? PeerFrame(wire: Array(frame[..<length])) }
            for place in frame.indices {
                var damaged = frame
                for bit in 0..<8 {
                    damaged[place] ^= 1 << UInt8(bit)
                    _ = try? PeerFrame(wire: damaged)
                }
            }
        }
        let batch = Batch(elapsedMs: 1, wallMs: 2, term: 3, items: items).wireBytes()
        for length in 0..<batch.count { _ = try? Batch(wire: Array(batch[..<length])) }
    }

    @Test func snapshotsAndUpdatesHoldEveryMessage() throws {
        var state = ConsortiumState()
        let chat = ChatID(high: 4, low: 5)
        let attach = AttachID(high: 6, low: 7)
        let secret = try #require(SecretHash([UInt8](repeating: 3, count: 32)))
        let library = try #require(LibraryName("memorial"))
        let person = try #require(OperatorName("mia"))
        let session = SessionID(high: 1, low: 1)
        var commands: [Command] = [
            .setLibrary(Library(name: library, title: "Memorial", homeNode: node)),
            .setQueue(Queue(name: queue, title: "Memorial", library: library)),
            .setOperator(Operator(name: person, displayName: "Mia", library: library, queues: [queue])),
            .signOn(SignOn(session: session, operatorName: person, node: node, boot: 1, available: [queue])),
            .open(Open(chat: chat, secret: secret, queue: queue, attach: attach, node: node, referralAgreed: true)),
            .claim(Claim(chat: chat, session: session, request: RequestID(high: 2, low: 2))),
        ]
        for number in 1...40 {
            let text = String(repeating: "ä", count: number)
            commands.append(
                .say(Say(chat: chat, speaker: .patron(attach), sender: SenderID(high: 0, low: 8), sequence: UInt64(number), text: text)))
        }
        let items = commands.enumerated().map { Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64($0)), command: $1) }
        let first = state.apply(Batch(elapsedMs: 0, wallMs: 1_790_000_000_000, term: 1, items: items), index: 1)
        #expect(first.verdicts.allSatisfy { if case .accepted = $0 { true } else { false } })
        guard case .accepted(.token(let token)) = first.verdicts[5] else { throw WireError.truncated }
        let answer = Command.say(
            Say(chat: chat, speaker: .staff(token: token), sender: SenderID(high: 9, low: 9), sequence: 1, text: "yes"))
        _ = state.apply(
            Batch(
                elapsedMs: 1, wallMs: 1_790_000_000_001, term: 1,
                items: [.init(id: ProposalID(node: node, boot: 1, counter: 99), command: answer)]),
            index: 2)

        let restored = try ConsortiumState(wireSnapshot: state.wireSnapshot())
        #expect(restored.digest() == state.digest())
        #expect(Array(restored.messages(of: chat, after: .zero)) == Array(state.messages(of: chat, after: .zero)))
        #expect(restored.wireSnapshot() == state.wireSnapshot())

        let update = try #require(state.update(of: chat, after: .zero))
        #expect(update.messages.count > 42)
        #expect(try ChatUpdate(wire: update.wireBytes()) == update)
        var generated = PBChatUpdateMessage()
        generated.meta = PBChatMetaMessage(update.meta)
        generated.messages = update.messages.map { PBChatEntry($0) }
        #expect(try ChatUpdate(wire: generated.bytes) == update)
        #expect(update.wireBytes() == generated.bytes)
        for length in 0..<200 { _ = try? ChatUpdate(wire: Array(generated.bytes[..<length])) }
    }
}
