import Consortium
import Testing

@testable import Wire

/// What one node writes the other reads to an equal value; what a newer one adds is ignored or named; nothing that comes in can trap.
@Suite struct ConsortiumCodingTests {
    /// A field that no version has: number 15,000, with a text.
    static let unknownField: [UInt8] = [0xC2, 0xA9, 0x07, 3, 0x61, 0x62, 0x63]

    /// Decode of encode is the same; so it is with a field of a newer version behind it.
    private func check<Value: Equatable>(_ value: Value, _ encode: (Value) -> [UInt8], _ decode: ([UInt8]) throws -> Value) throws {
        let bytes = encode(value)
        #expect(try decode(bytes) == value)
        #expect(try decode(bytes + Self.unknownField) == value)
    }

    @Test(arguments: 0..<400) func everyCommandSurvivesTheWire(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        try check(try sample.command(seed), { $0.wireBytes() }, { try Command(wire: $0) })
    }

    @Test(arguments: 0..<100) func everyViewSurvivesTheWire(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        try check(try sample.batch(), { $0.wireBytes() }, { try Batch(wire: $0) })
        try check(sample.verdict(), { $0.wireBytes() }, { try Verdict(wire: $0) })
        try check(try sample.board(), { $0.wireBytes() }, { try Board(wire: $0) })
        try check(try sample.update(), { $0.wireBytes() }, { try ChatUpdate(wire: $0) })
    }

    /// States as a life of some hundred commands leaves them: the rebuilt one has the same digest, and goes on in the same way.
    @Test(arguments: 0..<20) func aSnapshotIsTheState(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        var state = ConsortiumState()
        live(.setFeatureLevel(FeatureLevel.supported), in: &state)
        let kinds = (0..<300).map { _ in
            let kind = sample.pick(35)
            return kind < 25 ? kind : kind + 3
        }
        for kind in [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 28, 28, 29, 29, 36, 36, 36, 36] + kinds {
            live(try command(kind, in: state, &sample), in: &state)
        }
        #expect(state.board().hours.contains { $0.gate != .untold } && state.board().terms.version > 0)
        #expect(state.ledgerNow?.isEmpty == false)
        #expect(state.board().keepsTally && !state.memento.tally.isEmpty)
        #expect(state.memento.causeBooks.contains { $0.runs.count > 1 })
        let bytes = state.wireSnapshot()
        var rebuilt = try ConsortiumState(wireSnapshot: bytes)
        #expect(rebuilt.digest() == state.digest())
        #expect(rebuilt.wireSnapshot() == bytes)
        #expect(try ConsortiumState(wireSnapshot: bytes + Self.unknownField).digest() == state.digest())
        for kind in 0..<100 {
            let command = try command(kind, in: state, &sample)
            live(command, in: &state)
            live(command, in: &rebuilt)
        }
        #expect(rebuilt.digest() == state.digest())
    }

    @Test func aSnapshotHasTheBooksOfDuty() throws {
        var state = ConsortiumState()
        let library = try #require(LibraryName("memorial"))
        let (general, ann, node) = (try #require(QueueName("general")), try #require(OperatorName("ann")), try #require(NodeName("n")))
        let session = SessionID(high: 1, low: 1)
        let commands: [Command] = [
            .setFeatureLevel(FeatureLevel.supported), .setLibrary(Library(name: library, title: "Memorial", homeNode: node)),
            .setQueue(Queue(name: general, title: "Ask", library: nil)),
            .setOperator(Operator(name: ann, displayName: "Ann", library: library, queues: [general])),
            .signOn(SignOn(session: session, operatorName: ann, node: node, boot: 1, available: [general])), .signOff(session),
        ]
        for (place, command) in commands.enumerated() {
            let item = Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64(place) + 1), command: command)
            let applied = state.apply(
                Batch(elapsedMs: 0, wallMs: UInt64(place) * 300_000, term: 1, items: [item]), index: UInt64(place) + 1)
            #expect(applied.verdicts.allSatisfy { if case .accepted = $0 { true } else { false } })
        }
        #expect(state.duty(of: library, in: 0..<100) == [DutyRun(from: 20, people: 1), DutyRun(from: 25, people: 0)])
        let rebuilt = try ConsortiumState(wireSnapshot: state.wireSnapshot())
        #expect(rebuilt.digest() == state.digest())
        #expect(rebuilt.duty(of: library, in: 0..<100) == state.duty(of: library, in: 0..<100))
    }

    /// A sealed transcript is written as it is, also where its chat is still in the state.
    @Test func aSnapshotHoldsWhatIsSealed() throws {
        let node = try #require(NodeName("a"))
        let library = Library(name: try #require(LibraryName("law")), title: "Law", homeNode: node)
        let queue = try #require(QueueName("law-desk"))
        let (chat, attach) = (ChatID(high: 1, low: 2), AttachID(high: 3, low: 4))
        let secret = try #require(SecretHash([UInt8](repeating: 9, count: 32)))
        var state = ConsortiumState()
        for command: Command in [
            .setFeatureLevel(FeatureLevel.sealedOutbox), .setLibrary(library),
            .setQueue(Queue(name: queue, title: "Law", library: library.name)),
            .open(Open(chat: chat, secret: secret, queue: queue, attach: attach, node: node, referralAgreed: true)),
            .say(Say(chat: chat, speaker: .patron(attach), sender: SenderID(high: 5, low: 6), sequence: 1, text: "4711")),
            .leave(chat, attach),
            .transcriptTaken(TranscriptTaken(number: 1, library: library.name, node: node, sealed: [1, 2, 3])),
        ] { live(command, in: &state) }
        let given = try #require(state.transcript(for: library.name, at: node, after: 0))
        #expect(given.sealed?.bytes == [1, 2, 3] && given.messages.isEmpty)
        #expect(given.sealed?.messages == UInt32(state.messages(of: chat, after: .zero).count))
        let rebuilt = try ConsortiumState(wireSnapshot: state.wireSnapshot())
        #expect(rebuilt.digest() == state.digest())
        #expect(rebuilt.transcript(for: library.name, at: node, after: 0) == given)
    }

    /// What people at desks and LTG do that a random life seldom gets to.
    @Test func aSnapshotHoldsWhoWorksWithWhom() throws {
        let law = try #require(LibraryName("law"))
        let queue = try #require(QueueName("law-desk"))
        let (node, gone) = (try #require(NodeName("a")), try #require(NodeName("b")))
        let (ann, max, lea) = (try #require(OperatorName("ann")), try #require(OperatorName("max")), try #require(OperatorName("lea")))
        let (chat, attach, wish) = (ChatID(high: 1, low: 2), AttachID(high: 3, low: 4), WishID(high: 8, low: 8))
        var trainee = Operator(name: lea, displayName: "Lea", library: law, queues: [queue])
        trainee.isTrainee = true
        func session(_ number: UInt64) -> SessionID { SessionID(high: 5, low: number) }
        func signOn(_ number: UInt64, _ name: OperatorName) -> Command {
            .signOn(SignOn(session: session(number), operatorName: name, node: node, boot: 1, available: [queue]))
        }
        var state = ConsortiumState()
        for command: Command in [
            .setFeatureLevel(FeatureLevel.supported), .setLibrary(Library(name: law, title: "Law", homeNode: node)),
            .setQueue(Queue(name: queue, title: "Law", library: law)),
            .setOperator(Operator(name: ann, displayName: "Ann", library: law, queues: [queue], isAdmin: true)),
            .setOperator(Operator(name: max, displayName: "Max", library: law, queues: [queue], isDirector: true)),
            .setOperator(trainee), signOn(1, ann), signOn(2, max), signOn(3, lea), .setMentor(session(1), of: lea, true),
            .setDuty(session(1), .library), .setVolunteers(session(2), true),
            .tellRoom(session(1), RequestID(high: 6, low: 1), .swamped("three wait")),
            .open(
                Open(
                    chat: chat, secret: try #require(SecretHash([UInt8](repeating: 9, count: 32))), queue: queue, attach: attach,
                    node: node,
                    referralAgreed: true)),
            .claim(Claim(chat: chat, session: session(1), request: RequestID(high: 6, low: 2))),
        ] { live(command, in: &state) }
        guard case .held(let holder, _)? = state.meta(of: chat)?.phase else { return #expect(Bool(false), "nobody holds it") }
        for command: Command in [
            .setWatcher(chat, token: holder.token, max, true),
            .askWish(TranscriptWish(id: wish, kind: .hold, chat: chat, library: law, by: ann, reason: "a complaint", days: 9)),
            .decideWish(WishDecision(wish: wish, what: .approve, by: max, note: "yes")),
            .importShifts(
                ShiftImport(
                    library: law, fromMs: 0, untilMs: 9_000, change: 0,
                    rows: [
                        ShiftRow(line: 2, id: ShiftID(high: 7, low: 7), operatorName: ann, fromMs: 1_000, untilMs: 80_000_000, duty: .both)
                    ],
                    by: .person(ann))),
            .swapShift(
                ShiftSwap(
                    library: law, moves: [ShiftMove(shift: ShiftID(high: 7, low: 7), version: 1, from: ann, to: max)], by: .person(max))),
            .removeNode(gone), .admitNode(gone, key: KeyDigest(repeating: 7)), .removeNode(try #require(NodeName("c"))),
            .turnKeys(.begin(former: 4, next: 5)), .keysHeld(by: node, step: 1),
        ] { live(command, in: &state) }
        let told = state.memento
        #expect(told.sessions.contains { $0.operatorName == ann && $0.duty == .library })
        #expect(told.sessions.contains { $0.operatorName == max && $0.volunteers })
        #expect(told.sessions.contains { $0.operatorName == lea && $0.mentor == ann })
        #expect(told.chats.first.map { "\($0.chat.stage)".contains("max") } == true)
        #expect(told.room.map(\.word) == [.swamped("three wait")])
        #expect(told.wishes.map(\.stage) == [.approved] && told.wishes.first?.decidedBy == max)
        #expect(told.removedNodes.map(\.admitted) == [KeyDigest(repeating: 7), nil])
        #expect(told.keyPlan.step == 1 && told.keyPlan.holders == [node])
        #expect(told.shiftBooks.flatMap(\.shifts).map(\.operatorName) == [max] && told.shiftBooks.first?.shifts.first?.handed?.from == ann)
        let bytes = state.wireSnapshot()
        let rebuilt = try ConsortiumState(wireSnapshot: bytes)
        #expect(rebuilt.digest() == state.digest() && rebuilt.wireSnapshot() == bytes)
    }

    private func command(_ kind: Int, in state: ConsortiumState, _ sample: inout Sample) throws -> Command {
        let command = try sample.command(kind)
        // A token that holds, now and then.
        if case .say(var say) = command, sample.chance(60), let meta = state.meta(of: say.chat) {
            if case .held(let holder, _) = meta.phase {
                say.speaker = .staff(token: holder.token)
            } else {
                say.speaker = .patron(meta.attach)
            }
            say.sequence = (meta.senders.first { $0.sender == say.sender }?.sequence ?? 0) &+ 1
            return .say(say)
        }
        return command
    }

    private func live(_ command: Command, in state: inout ConsortiumState) {
        let index = state.appliedThrough.index + 1
        guard let node = NodeName("a") else { return }
        let item = Batch.Item(id: ProposalID(node: node, boot: 1, counter: index), command: command)
        _ = state.apply(Batch(elapsedMs: 500, wallMs: index * 60_000, term: 1, items: [item]), index: index)
    }

    /// Rule 11: an unknown command stops apply; it is named, never skipped and never guessed at.
    @Test func anUnknownCommandIsAnErrorOfItsOwn() throws {
        #expect(throws: WireError.self) { try Command(wire: []) }
        #expect { try Command(wire: Self.unknownField) } throws: { if case WireError.unknownKind = $0 { true } else { false } }
        var sample = Sample(seed: 1)
        var batch = try PBBatchMessage(serializedBytes: try sample.batch().wireBytes())
        var strange = PBBatchItem()
        strange.node = "a"
        strange.command = try PBCommandMessage(serializedBytes: Self.unknownField)
        batch.items.append(strange)
        #expect { try Batch(wire: batch.bytes) } throws: { if case WireError.unknownKind = $0 { true } else { false } }
        #expect { try Verdict(wire: []) } throws: { if case WireError.unknownKind = $0 { true } else { false } }
    }

    @Test func namesAndLengthsAreChecked() throws {
        var signOn = PBCommandMessage()
        signOn.signOn = PBSignOnCommand()
        signOn.signOn.operatorName = "No Name"
        #expect { try Command(wire: signOn.bytes) } throws: { if case WireError.invalidField = $0 { true } else { false } }
        let long = [UInt8](repeating: 0, count: ConsortiumWireLimits.commandBytesMax + 1)
        #expect(throws: WireError.tooLarge(expectedMax: ConsortiumWireLimits.commandBytesMax, found: long.count)) {
            try Command(wire: long)
        }
    }

    /// Cut, flipped and shuffled bytes give a typed error or a value that can be written again; never a trap.
    @Test(arguments: 0..<40) func noBytesTrap(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        let originals = [
            try sample.command(seed).wireBytes(), try sample.batch().wireBytes(), sample.verdict().wireBytes(),
            try sample.board().wireBytes(), try sample.update().wireBytes(),
        ]
        for original in originals {
            for bytes in Damage.variants(of: original, &sample) {
                Damage.tryDecoding(bytes) { try Command(wire: $0).wireBytes() }
                Damage.tryDecoding(bytes) { try Batch(wire: $0).wireBytes() }
                Damage.tryDecoding(bytes) { try Verdict(wire: $0).wireBytes() }
                Damage.tryDecoding(bytes) { try Board(wire: $0).wireBytes() }
                Damage.tryDecoding(bytes) { try ChatUpdate(wire: $0).wireBytes() }
                Damage.tryDecoding(bytes) { try ConsortiumState(wireSnapshot: $0).wireSnapshot() }
            }
        }
    }
}

/// Bytes as a broken or hostile peer sends them.
enum Damage {
    /// What is taken is written in a form that is taken again; everything else is a typed error.
    static func tryDecoding(_ bytes: [UInt8], _ again: ([UInt8]) throws -> [UInt8]) {
        do {
            let written = try again(bytes)
            // What was taken is written in a form that is taken again, and stays as it is.
            #expect(try again(written) == written)
        } catch let error as WireError {
            #expect(!error.description.isEmpty)
        } catch {
            Issue.record("an error that is not typed: \(error)")
        }
    }

    static func variants(of bytes: [UInt8], _ sample: inout Sample) -> [[UInt8]] {
        guard !bytes.isEmpty else { return [[]] }
        var variants: [[UInt8]] = [Array(bytes.prefix(sample.pick(bytes.count)))]
        for _ in 0..<6 {
            var variant = bytes
            for _ in 0..<(1 + sample.pick(3)) { variant[sample.pick(variant.count)] ^= UInt8(1 << sample.pick(8)) }
            variants.append(variant)
        }
        var swapped = bytes
        swapped.swapAt(sample.pick(bytes.count), sample.pick(bytes.count))
        variants.append(swapped)
        variants.append(bytes + bytes)
        variants.append((0..<sample.pick(60)).map { _ in UInt8(sample.pick(256)) })
        return variants
    }
}
