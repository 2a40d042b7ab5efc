import Testing

@testable import Consortium

@Suite struct PropertyTests {
    /// The log of one random life, with the digest after each entry.
    private struct Life {
        var batches: [Batch] = []
        var digests: [UInt64] = []
        var middle = ConsortiumState()
        var end = ConsortiumState()
        var accepted = 0
    }

    private static func item(_ command: Command, _ counter: UInt64) throws -> Batch.Item {
        Batch.Item(id: ProposalID(node: try Stage.name("n"), boot: 1, counter: counter), command: command)
    }

    private static func live(seed: UInt64, commands: Int) throws -> Life {
        var life = Life()
        var random = RandomLife(seed: seed)
        var state = ConsortiumState()
        var term: UInt64 = 1
        // Half of the lives have all that came since.
        var pending = (seed % 2 == 0 ? [.setFeatureLevel(FeatureLevel.supported)] : []) + (try RandomLife.roster())
        var counter: UInt64 = 0
        while counter < commands {
            let draw = random.generator.next()
            if draw % 50 == 0 { term += 1 }
            if pending.isEmpty {
                // Mostly one command an entry, so that the invariants are asked after each.
                for _ in 0..<(draw % 10 == 0 ? 3 : 1) { pending.append(try random.next(in: state)) }
            }
            counter += UInt64(pending.count)
            let items = try pending.map { try item($0, counter) }
            pending = []
            let elapsedMs = draw % 7 == 0 ? draw % 20_000 : draw % 300
            let batch = Batch(elapsedMs: elapsedMs, wallMs: counter, term: term, items: items)
            let applied = state.apply(batch, index: UInt64(life.batches.count + 1))
            #expect(applied.halted == nil)
            #expect(applied.verdicts.count == items.count)
            for verdict in applied.verdicts {
                random.learn(verdict)
                if case .accepted = verdict { life.accepted += 1 }
            }
            try state.checkInvariants()
            life.batches.append(batch)
            life.digests.append(state.digest())
            if life.batches.count == 250 { life.middle = state }
        }
        life.end = state
        return life
    }

    @Test func invariantsHoldAndReplaysAgree() throws {
        for seed in UInt64(1)...200 {
            let life = try Self.live(seed: seed, commands: 500)
            #expect(life.accepted > 100, "seed \(seed) accepts too little to test anything")
            var replay = ConsortiumState()
            for (offset, batch) in life.batches.enumerated() { _ = replay.apply(batch, index: UInt64(offset + 1)) }
            #expect(replay.digest() == life.end.digest(), "seed \(seed)")
            var restored = try ConsortiumState(memento: life.middle.memento)
            #expect(restored.digest() == life.middle.digest(), "seed \(seed)")
            for (offset, batch) in life.batches.enumerated().dropFirst(250) {
                _ = restored.apply(batch, index: UInt64(offset + 1))
                if restored.digest() != life.digests[offset] {
                    Issue.record("seed \(seed) differs after entry \(offset + 1)")
                    break
                }
            }
        }
    }

    /// Every command given once more, at once, changes nothing and is answered as the first was, when that was an acceptance.
    @Test func repeatsChangeNothing() throws {
        for seed in UInt64(1_001)...1_060 {
            var random = RandomLife(seed: seed)
            var state = ConsortiumState()
            var index: UInt64 = 0
            for command in (seed % 2 == 0 ? [.setFeatureLevel(FeatureLevel.supported)] : []) + (try RandomLife.roster()) {
                index += 1
                _ = state.apply(command, at: LogPosition(index: index, ordinal: 0))
            }
            for _ in 0..<500 {
                let command = try random.next(in: state)
                index += 1
                let elapsedMs = random.generator.next() % 2_000
                let items = [try Self.item(command, index)]
                let first = state.apply(Batch(elapsedMs: elapsedMs, wallMs: index, term: 1, items: items), index: index)
                // What the command made due at once (whoever held the chat of a patron who is long gone has left) is done by the next entry.
                index += 1
                let wallMs = index
                _ = state.apply(Batch(elapsedMs: 0, wallMs: wallMs, term: 1, items: []), index: index)
                let digest = state.digest()
                index += 1
                // At the same time, which is a part of the state.
                let second = state.apply(Batch(elapsedMs: 0, wallMs: wallMs, term: 1, items: items), index: index)
                for verdict in first.verdicts {
                    random.learn(verdict)
                    if case .accepted = verdict { #expect(second.verdicts == first.verdicts, "seed \(seed): \(command)") }
                }
                guard state.digest() == digest else {
                    Issue.record("seed \(seed): repeating changed the state: \(command)")
                    break
                }
            }
        }
    }

    @Test func aStateWithOneDifferenceHasAnotherDigest() throws {
        let life = try Self.live(seed: 7, commands: 300)
        var other = life.end
        other.clockMs += 1
        #expect(other.digest() != life.end.digest())
        other = life.end
        other.settings.pickUpMs += 1
        #expect(other.digest() != life.end.digest())
    }

    /// A roster that no frame could carry would have cut off every node.
    @Test func theRosterIsBoundedAsAWhole() throws {
        var state = ConsortiumState()
        let long = String(repeating: "x", count: Limits.cardFieldBytesMax)
        var accepted = 0
        func library(_ number: Int, _ text: String) throws -> Library {
            Library(
                name: try Stage.name("library-\(number)"), title: "Library", homeNode: try Stage.name("n"),
                card: LibraryCard(hours: text, website: text, phone: text, email: text, policies: text, lastChecked: text, wording: text))
        }
        for number in 1...150 {
            let verdict = state.apply(.setLibrary(try library(number, long)), at: LogPosition(index: UInt64(number), ordinal: 0))
            if verdict == .accepted(.done) { accepted += 1 }
        }
        #expect((60..<80).contains(accepted))
        try state.checkInvariants()
        // Shorter is always taken, and makes room.
        #expect(state.apply(.setLibrary(try library(1, "")), at: LogPosition(index: 200, ordinal: 0)) == .accepted(.done))
        #expect(state.apply(.setLibrary(try library(150, "short")), at: LogPosition(index: 201, ordinal: 0)) == .accepted(.done))
        try state.checkInvariants()
    }

    /// Rule 10: nothing traps, whatever the numbers.
    @Test func extremesAreRefusedOrCapped() throws {
        var state = ConsortiumState()
        for (offset, command) in try RandomLife.roster().enumerated() {
            _ = state.apply(command, at: LogPosition(index: 1, ordinal: UInt32(offset)))
        }
        let chat: ChatID = Stage.id("c")
        let open = Open(
            chat: chat, secret: try Stage.secret("c"), queue: try Stage.name("general"), attach: Stage.id("a"), node: try Stage.name("n"),
            referralAgreed: true)
        func batch(_ command: Command) throws -> Batch {
            Batch(elapsedMs: .max, wallMs: .max, term: .max, items: [try Self.item(command, .max)])
        }
        _ = state.apply(try batch(.open(open)), index: 2)
        for sequence in [UInt64.max, 0, 2] {
            let say = Say(chat: chat, speaker: .patron(Stage.id("a")), sender: Stage.id("s"), sequence: sequence, text: "x")
            let verdict = state.apply(.say(say), at: LogPosition(index: 2, ordinal: .max))
            guard case .refused(let refusal) = verdict else {
                Issue.record("sequence \(sequence) was accepted")
                continue
            }
            #expect(refusal.code == .outOfOrder)
        }
        state.clockMs = .max - 5
        let last = state.apply(try batch(.tick), index: .max)
        #expect(last.verdicts == [.accepted(.done)])
        #expect(state.clockMs == .max)
        let after = state.apply(try batch(.tick), index: .max)
        #expect(after.verdicts != [.accepted(.done)])
    }
}
