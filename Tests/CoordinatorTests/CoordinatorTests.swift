import Consortium
import Testing

@testable import Coordinator

/// Some coordinators around one log: what the leader proposes is committed at once, in order, and applied by everyone when told.
struct LogHarness {
    var cores: [CoordinatorCore]
    var log: [Batch] = []
    var applied: [Int]
    var nowMs: UInt64 = 1_000
    /// 13:33:20 UTC on a Monday, to begin with.
    var wallMs: UInt64 = 1_789_997_600_000
    var seen: [[CoordinatorDirective]]

    init(_ count: Int, configuration: CoordinatorConfiguration = .init()) throws {
        cores = try (1...count).map { CoordinatorCore(node: try name("c\($0)"), boot: UInt64($0), configuration: configuration) }
        applied = Array(repeating: 0, count: count)
        seen = Array(repeating: [], count: count)
    }

    mutating func take(_ directives: [CoordinatorDirective], at core: Int) {
        seen[core] += directives
        for directive in directives {
            if case .propose(let batch) = directive { log.append(batch) }
            if case .forward(let items, let leader) = directive, let to = cores.firstIndex(where: { $0.node == leader }) {
                cores[to].onForwarded(items)
            }
            if case .forwardRenewals(let sessions, let leader) = directive, let to = cores.firstIndex(where: { $0.node == leader }) {
                take(cores[to].onRenewals(sessions, nowMs: nowMs), at: to)
            }
        }
    }

    mutating func lead(_ leader: Int?, term: UInt64) {
        // A leader knows first; the others learn it from what it sends.
        for core in cores.indices.sorted(by: { a, _ in a == leader }) {
            let view = CoordinatorCore.RaftRoleView(isLeader: core == leader, term: term, leader: leader.map { cores[$0].node })
            take(cores[core].onRole(view, nowMs: nowMs), at: core)
        }
    }

    /// Turns of the loop at every core until nothing moves.
    mutating func settle() {
        for _ in 0..<50 {
            let before = log.count
            for core in cores.indices { take(cores[core].flush(nowMs: nowMs, wallMs: wallMs), at: core) }
            for core in cores.indices {
                while applied[core] < log.count {
                    applied[core] += 1
                    take(cores[core].onApplied(log[applied[core] - 1], index: UInt64(applied[core]), nowMs: nowMs), at: core)
                }
            }
            for core in cores.indices { take(cores[core].flush(nowMs: nowMs, wallMs: wallMs), at: core) }
            if log.count == before { return }
        }
    }

    mutating func pass(ms: UInt64) {
        let endMs = nowMs + ms
        while nowMs < endMs {
            let stepMs = min(500, endMs - nowMs)
            nowMs += stepMs
            wallMs += stepMs
            for core in cores.indices { take(cores[core].onTick(nowMs: nowMs), at: core) }
            settle()
        }
    }

    func outcomes(_ core: Int) -> [(counter: UInt64, verdict: Verdict)] {
        seen[core].compactMap { if case .outcome(_, let counter, let verdict, _) = $0 { (counter, verdict) } else { nil } }
    }
}

func name<Tag>(_ text: String) throws -> Name<Tag> { try #require(Name<Tag>(text)) }

func item(_ counter: UInt64, _ command: Command, of node: String = "memorial") throws -> Batch.Item {
    Batch.Item(id: ProposalID(node: try name(node), boot: 7, counter: counter), command: command)
}

struct Roster {
    let queue: QueueName
    let person: OperatorName
    let session = SessionID(high: 1, low: 2)
    let chat = ChatID(high: 3, low: 4)
    let attach = AttachID(high: 5, low: 6)
    let commands: [Command]
    let signOn: Command
    let open: Command

    init() throws {
        queue = try name("memorial")
        person = try name("mia")
        let library: LibraryName = try name("memorial")
        let node: NodeName = try name("memorial")
        let secret = try #require(SecretHash(Array(repeating: 9, count: 32)))
        commands = [
            .setLibrary(Library(name: library, title: "Memorial Library", homeNode: node)),
            .setQueue(Queue(name: try name("general"), title: "General", library: nil)),
            .setQueue(Queue(name: queue, title: "Memorial", library: library)),
            .setOperator(Operator(name: person, displayName: "Mia", library: library, queues: [queue])),
        ]
        signOn = .signOn(SignOn(session: session, operatorName: person, node: node, boot: 7, available: [queue]))
        open = .open(Open(chat: chat, secret: secret, queue: queue, attach: attach, node: node, referralAgreed: true))
    }
}

private let link = LinkID(1)

@Suite struct CoordinatorTests {
    /// Rule 12.
    @Test func theRaftIDOfAVoterThatLeftIsNeverGivenAgain() throws {
        var harness = try LogHarness(1)
        harness.lead(0, term: 2)
        // Before the level is in force there is nowhere to note it.
        func hasRetired() -> Bool { harness.cores[0].hasRetired(voter: 3, nowMs: harness.nowMs) }
        let before = hasRetired()
        #expect(before)
        harness.cores[0].onVoters([], levels: [:])
        harness.pass(ms: 5_000)
        let asked = [hasRetired(), hasRetired()]
        #expect(asked == [false, false])
        harness.pass(ms: 1_000)
        let after = hasRetired()
        #expect(after)
        let noted = harness.log.flatMap(\.items).filter { $0.command == .retireVoter(3) }
        #expect(noted.count == 1)
        // One below it as well, which may have voted before anything was noted.
        for id: UInt64 in [2, 3] {
            #expect(
                harness.cores[0].refusal(ofNewVoter: id)
                    == "Raft ids are never used twice: take one above 3, which a coordinator had that left.")
        }
        #expect(harness.cores[0].refusal(ofNewVoter: 4) == nil)
    }

    /// Rule 11.
    @Test func theFeatureLevelIsRaisedWhenEveryVoterSupportsIt() throws {
        var harness = try LogHarness(3)
        harness.lead(0, term: 2)
        func raised() -> [UInt32] {
            harness.log.flatMap(\.items).compactMap { if case .setFeatureLevel(let level) = $0.command { level } else { nil } }
        }
        harness.pass(ms: 5_000)
        #expect(raised().isEmpty)
        let newest = FeatureLevel.supported
        // What is in force already needs no word, and who has not told yet may support nothing.
        harness.cores[0].onVoters([2, 3], levels: [2: FeatureLevel.first, 3: newest])
        harness.pass(ms: 5_000)
        harness.cores[0].onVoters([2, 3], levels: [3: newest, 4: newest])
        harness.pass(ms: 5_000)
        #expect(raised().isEmpty)
        // Only who leads says it.
        harness.cores[1].onVoters([1, 3], levels: [1: newest, 3: newest])
        harness.pass(ms: 5_000)
        #expect(raised().isEmpty)
        harness.cores[0].onVoters([2, 3], levels: [2: newest - 1, 3: newest + 1])
        harness.pass(ms: 5_000)
        #expect(raised().last == newest - 1)
        harness.cores[0].onVoters([2, 3], levels: [2: newest + 1, 3: newest])
        harness.pass(ms: 5_000)
        #expect(raised().last == newest)
    }

    /// Any node could have halted every replica with a wrong digest or level, kept new coordinators out with a high id, or put its deeds down to another.
    @Test func whatLeadersSayOfThemselvesNoNodeSaysAndEachAsksInItsOwnName() throws {
        var harness = try LogHarness(3)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.settle()
        let before = harness.log.count
        let lies: [Command] = [
            .checkDigest(upTo: harness.cores[0].state.appliedThrough, digest: 1), .setFeatureLevel(.max), .retireVoter(.max),
            .lapse(roster.session),
            .setGate(try name("memorial"), .shut), .tick,
        ]
        // At the leader, at another one, and by the very node in which the leader is.
        for (core, node) in [(0, "memorial"), (1, "memorial"), (0, "c1")] {
            harness.take(harness.cores[core].onNodeUp(link, node: try name(node), nowMs: harness.nowMs), at: core)
            for (counter, lie) in lies.enumerated() {
                harness.take(
                    harness.cores[core].onPropose(link, [try item(UInt64(counter), lie, of: node)], nowMs: harness.nowMs), at: core)
            }
            harness.take(
                harness.cores[core].onPropose(link, [try item(99, roster.commands[0], of: "college")], nowMs: harness.nowMs), at: core)
            harness.settle()
            let outcomes = harness.outcomes(core)
            #expect(outcomes.count == lies.count + 1)
            #expect(outcomes.allSatisfy { if case .refused(let refusal) = $0.verdict { refusal.code == .notAllowed } else { false } })
            harness.seen[core] = []
        }
        // What another coordinator hands over is held to it as well.
        harness.cores[0].onForwarded(try lies.enumerated().map { try item(UInt64($0), $1) })
        harness.settle()
        #expect(harness.log.count == before)
        #expect(harness.cores.map(\.halted) == [nil, nil, nil])
    }

    @Test func aFollowerForwardsAndAnswersFromItsOwnApply() throws {
        var harness = try LogHarness(3)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[1].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 1)
        for (counter, command) in (roster.commands + [roster.signOn, roster.open]).enumerated() {
            harness.take(harness.cores[1].onPropose(link, [try item(UInt64(counter), command)], nowMs: harness.nowMs), at: 1)
        }
        harness.settle()
        let outcomes = harness.outcomes(1)
        #expect(outcomes.map(\.counter).sorted() == [0, 1, 2, 3, 4, 5])
        #expect(outcomes.allSatisfy { if case .accepted = $0.verdict { true } else { false } })
        #expect(harness.outcomes(0).isEmpty)
        #expect(harness.cores.allSatisfy { $0.state.digest() == harness.cores[0].state.digest() })
    }

    @Test func whatWasInFlightIsAskedAgainOfTheNextLeaderByItsID() throws {
        var harness = try LogHarness(3)
        let roster = try Roster()
        harness.lead(nil, term: 1)
        harness.take(harness.cores[1].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 1)
        harness.take(harness.cores[1].onPropose(link, [try item(1, roster.commands[0])], nowMs: harness.nowMs), at: 1)
        harness.settle()
        #expect(harness.log.isEmpty)
        harness.lead(2, term: 2)
        harness.settle()
        #expect(harness.outcomes(1).count == 1)
    }

    @Test func whatARemovedNodeAskedIsAnsweredWhenItIsTakenBack() throws {
        var harness = try LogHarness(1)
        let (node, own): (NodeName, NodeName) = (try name("memorial"), try name("c1"))
        let wish = try item(1, try Roster().commands[0])
        func ltg(_ counter: UInt64, _ command: Command) -> Batch.Item {
            Batch.Item(id: ProposalID(node: own, boot: 9, counter: counter), command: command)
        }
        harness.cores[0].onVoters([], levels: [:])
        harness.lead(0, term: 1)
        harness.pass(ms: 2_000)
        harness.take(harness.cores[0].onNodeUp(link, node: node, nowMs: harness.nowMs), at: 0)
        harness.take(harness.cores[0].onNodeUp(LinkID(2), node: own, nowMs: harness.nowMs), at: 0)
        harness.take(harness.cores[0].onPropose(LinkID(2), [ltg(7, .removeNode(node))], nowMs: harness.nowMs), at: 0)
        harness.take(harness.cores[0].onPropose(link, [wish], nowMs: harness.nowMs), at: 0)
        harness.settle()
        #expect(harness.outcomes(0).map(\.counter) == [7])
        harness.take(harness.cores[0].onPropose(LinkID(2), [ltg(8, .admitNode(node, key: nil))], nowMs: harness.nowMs), at: 0)
        harness.settle()
        harness.take(harness.cores[0].onPropose(link, [wish], nowMs: harness.nowMs), at: 0)
        harness.settle()
        #expect(harness.outcomes(0).map(\.counter) == [7, 8, 1])
        #expect(harness.outcomes(0).allSatisfy { if case .accepted = $0.verdict { true } else { false } })
    }

    @Test func aProposalWithoutOutcomeIsHandedOnAgainAfterAWhile() throws {
        var harness = try LogHarness(2)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[1].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 1)
        // The forward is lost on the way.
        let lost = harness.cores[1].onPropose(link, [try item(1, roster.commands[0])], nowMs: harness.nowMs)
        #expect(lost.contains { if case .forward = $0 { true } else { false } })
        harness.settle()
        #expect(harness.outcomes(1).isEmpty)
        harness.pass(ms: 1_500)
        #expect(harness.outcomes(1).count == 1)
    }

    @Test func beyondItsLimitACoordinatorAnswersBusyAndKeepsNothing() throws {
        var configuration = CoordinatorConfiguration()
        configuration.pendingMax = 3
        var harness = try LogHarness(1, configuration: configuration)
        let roster = try Roster()
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: 0), at: 0)
        let items = try (1...3).map { try item(UInt64($0), roster.commands[0]) }
        let directives = harness.cores[0].onPropose(link, items, nowMs: 0)
        let busy = directives.compactMap { if case .busy(_, let counter, let retryMs) = $0 { (counter, retryMs) } else { nil } }
        #expect(busy.count == 1 && busy[0].0 == 3 && busy[0].1 > 0)
    }

    @Test func leasesComeBeforeMessagesAndMessagesBeforeNewChats() throws {
        var configuration = CoordinatorConfiguration()
        configuration.commandsPerBatchMax = 2
        var harness = try LogHarness(1, configuration: configuration)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: 0), at: 0)
        let say = Command.say(
            Say(chat: roster.chat, speaker: .patron(roster.attach), sender: SenderID(high: 1, low: 1), sequence: 1, text: "hello"))
        let claim = Command.claim(Claim(chat: roster.chat, session: roster.session, request: RequestID(high: 1, low: 1)))
        for (counter, command) in [roster.open, say, claim, roster.signOn].enumerated() {
            harness.take(harness.cores[0].onPropose(link, [try item(UInt64(counter), command)], nowMs: 0), at: 0)
        }
        harness.settle()
        #expect(harness.log.flatMap(\.items).map(\.id.counter) == [3, 2, 0, 1])
    }

    @Test func aFollowedChatIsServedFromItsCursorAndOnlyOnce() throws {
        var harness = try LogHarness(1)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 0)
        for (counter, command) in (roster.commands + [roster.signOn, roster.open]).enumerated() {
            harness.take(harness.cores[0].onPropose(link, [try item(UInt64(counter), command)], nowMs: harness.nowMs), at: 0)
            harness.settle()
        }
        harness.cores[0].onFollow(link, chat: roster.chat, after: .zero)
        harness.seen[0] = []
        harness.settle()
        func updates() -> [ChatUpdate] { harness.seen[0].compactMap { if case .chat(_, let update) = $0 { update } else { nil } } }
        #expect(updates().count == 1)
        let first = try #require(updates().first)
        #expect(!first.messages.isEmpty)
        let say = Say(chat: roster.chat, speaker: .patron(roster.attach), sender: SenderID(high: 8, low: 8), sequence: 1, text: "hello")
        harness.take(harness.cores[0].onPropose(link, [try item(99, .say(say))], nowMs: harness.nowMs), at: 0)
        harness.settle()
        let second = try #require(updates().last)
        #expect(second.messages.count == 1)
        #expect(try #require(second.messages.first).position > (try #require(first.messages.last).position))
    }

    /// Rule 16: from the outbox, one at a time, to the library's own node alone.
    @Test func transcriptsGoToTheirLibrarysNodeOneAtATime() throws {
        var harness = try LogHarness(1)
        let roster = try Roster()
        let other = LinkID(2)
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 0)
        harness.take(harness.cores[0].onNodeUp(other, node: try name("law"), nowMs: harness.nowMs), at: 0)
        var counter: UInt64 = 0
        func give(_ commands: [Command]) throws {
            for command in commands {
                counter += 1
                harness.take(harness.cores[0].onPropose(link, [try item(counter, command)], nowMs: harness.nowMs), at: 0)
            }
            harness.settle()
        }
        func sent() -> [String] {
            harness.seen[0].compactMap { if case .transcript(let to, let sent) = $0 { "\(sent.number) to \(to.number)" } else { nil } }
        }
        try give(roster.commands + [roster.signOn])
        let library: LibraryName = try name("memorial")
        for asking in [link, other] { harness.cores[0].onCollect(asking, library: library, after: 0) }
        for _ in 0..<2 {
            guard case .open(var open) = roster.open else { return }
            open.chat = ChatID(high: 9, low: counter)
            let say = Say(chat: open.chat, speaker: .patron(open.attach), sender: SenderID(high: 8, low: 8), sequence: 1, text: "hello")
            try give([.open(open), .say(say), .leave(open.chat, open.attach)])
        }
        #expect(sent() == ["1 to \(link.number)"])
        harness.cores[0].onCollect(link, library: library, after: 1)
        harness.settle()
        #expect(sent() == ["1 to \(link.number)", "2 to \(link.number)"])
        // A node that was restored from a backup asks for less again.
        harness.cores[0].onCollect(link, library: library, after: 0)
        harness.settle()
        #expect(sent().last == "1 to \(link.number)")
    }

    @Test func boardsAreSentWholeAndNotMoreOftenThanTheInterval() throws {
        var harness = try LogHarness(1)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 0)
        for (counter, command) in roster.commands.enumerated() {
            harness.take(harness.cores[0].onPropose(link, [try item(UInt64(counter), command)], nowMs: harness.nowMs), at: 0)
            harness.settle()
        }
        func boards() -> [Board] { harness.seen[0].compactMap { if case .board(_, let board) = $0 { board } else { nil } } }
        #expect(boards().count == 1)
        harness.pass(ms: 500)
        #expect(boards().count == 2)
        #expect(try #require(boards().last).operators.count == 1)
    }

    @Test func aSessionThatNobodyVouchesForLapsesAndOneThatIsRenewedDoesNot() throws {
        var harness = try LogHarness(2)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[1].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 1)
        for (counter, command) in (roster.commands + [roster.signOn]).enumerated() {
            harness.take(harness.cores[1].onPropose(link, [try item(UInt64(counter), command)], nowMs: harness.nowMs), at: 1)
        }
        harness.settle()
        for _ in 0..<12 {
            harness.take(harness.cores[1].onRenewals([roster.session], nowMs: harness.nowMs), at: 1)
            harness.pass(ms: 10_000)
        }
        #expect(harness.cores[0].state.board().signedOn.count == 1)
        harness.pass(ms: 60_000)
        #expect(harness.cores[0].state.board().signedOn.isEmpty)
    }

    @Test func aNewLeaderGrantsALeaseOfGrace() throws {
        var harness = try LogHarness(2)
        let roster = try Roster()
        harness.lead(0, term: 1)
        harness.take(harness.cores[0].onNodeUp(link, node: try name("memorial"), nowMs: harness.nowMs), at: 0)
        for (counter, command) in (roster.commands + [roster.signOn]).enumerated() {
            harness.take(harness.cores[0].onPropose(link, [try item(UInt64(counter), command)], nowMs: harness.nowMs), at: 0)
        }
        harness.settle()
        harness.pass(ms: 40_000)
        harness.lead(1, term: 2)
        harness.pass(ms: 80_000)
        #expect(harness.cores[0].state.board().signedOn.count == 1)
        harness.pass(ms: 20_000)
        #expect(harness.cores[0].state.board().signedOn.isEmpty)
    }

    @Test func anIdleLeaderWritesNothing() throws {
        var harness = try LogHarness(1)
        harness.lead(0, term: 1)
        harness.pass(ms: 600_000)
        #expect(harness.log.isEmpty)
    }

    @Test func aPausedLeaderExpiresNobody() throws {
        var clock = LeaderClock()
        clock.start(nowMs: 0)
        #expect(clock.take(nowMs: 60_000) == LeaderClock.stepMsMax)
    }

    @Test func typingReachesAllWhoFollowAndIsRelayedOnce() throws {
        var harness = try LogHarness(1)
        let other = LinkID(2)
        let chat = ChatID(high: 1, low: 1)
        for id in [link, other] {
            harness.take(harness.cores[0].onNodeUp(id, node: try name("memorial"), nowMs: 0), at: 0)
            harness.cores[0].onFollow(id, chat: chat, after: .zero)
        }
        let directives = harness.cores[0].onTyping(from: link, chat: chat, side: .patron)
        // Both links, the one that it came from too: patron and operator may be at one node.
        #expect(directives.count == 3)
        #expect(harness.cores[0].onTyping(from: nil, chat: chat, side: .patron).count == 2)
    }
}
