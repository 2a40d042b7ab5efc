import ClientProtocol
import Consortium
import Coordinator
import Seeded
import Testing

@testable import Gateway

/// A coordinator core that leads, with a log that commits at once: the consortium's, or a branch's.
final class Sequencing {
    var core: CoordinatorCore
    var index: UInt64
    var log: [Batch] = []
    /// Frames for the node on each link.
    var outbox: [(LinkID, CoordinatorDirective)] = []

    init(_ state: ConsortiumState, node: NodeName, now: UInt64) {
        core = CoordinatorCore(node: node, boot: 1, state: state)
        index = state.appliedThrough.index
        perform(core.onRole(.init(isLeader: true, term: 1, leader: node), nowMs: now), now)
    }

    func perform(_ directives: [CoordinatorDirective], _ now: UInt64) {
        for directive in directives {
            switch directive {
            case .propose(let batch):
                index += 1
                log.append(batch)
                perform(core.onApplied(batch, index: index, nowMs: now), now)
            case .scheduleTick: break
            default:
                if let link = directive.link { outbox.append((link, directive)) }
            }
        }
    }

    func turn(_ now: UInt64) {
        perform(core.onTick(nowMs: now), now)
        perform(core.flush(nowMs: now, wallMs: 1_000_000 + now), now)
        do { try core.state.checkInvariants() } catch { preconditionFailure("\(error)") }
    }

    func command(_ command: Command, _ now: UInt64) {
        perform(core.proposeOwn(command, nowMs: now), now)
        turn(now)
    }
}

extension CoordinatorDirective {
    var link: LinkID? {
        switch self {
        case .outcome(let link, _, _, _), .busy(let link, _, _), .board(let link, _), .chat(let link, _), .typing(let link, _, _),
            .leaderKnown(let link, _), .transcript(let link, _):
            link
        default: nil
        }
    }
}

/// A library node's gateway, with the way to the consortium (that can be cut) and a branch of its own.
final class TestNode {
    let name: NodeName
    var gateway: GatewayCore
    let consortium: Sequencing
    var branch: Sequencing?
    var usesBranch = false
    var isConnected = false
    let link: LinkID
    /// What each client was sent.
    var sent: [ClientID: [ServerMessage]] = [:]
    var ended: [ClientID] = []
    var goodbyes: [ClientID: (code: ByeCode, retryMs: UInt64?)] = [:]
    var renewed: [SessionID: SessionID] = [:]
    var branchesBegun = 0
    var branchesMerged = 0
    /// The disk takes its time: `layOut` ends it.
    var diskIsSlow = false
    private var layingOut: BranchBase?
    /// The disk refuses to take a branch.
    var diskIsFull = false
    /// Messages of merged branches that did not fit.
    var lost: [ChatID: Int] = [:]
    /// Outcomes of the consortium that get lost while this is above zero.
    var outcomesToLose = 0

    init(_ name: String, _ consortium: Sequencing, link: UInt64) throws {
        self.name = try #require(NodeName(name))
        self.consortium = consortium
        self.link = LinkID(link)
        gateway = GatewayCore(
            node: self.name, boot: link, addresses: [], seed: link, nowMs: 0, wallMs: 1_000_000,
            hash: { bytes in
                var padded = [UInt8](repeating: 7, count: 32)
                for (place, byte) in bytes.prefix(32).enumerated() { padded[place] ^= byte }
                // Thirty-two bytes, as made in the line above.
                return SecretHash(padded)!
            })
    }

    func connect(_ now: UInt64) {
        isConnected = true
        consortium.perform(consortium.core.onNodeUp(link, node: name, nowMs: now), now)
        perform(gateway.onLinkUp(now: now), now)
        perform(gateway.onServiceState(hasLeader: true, now: now), now)
    }

    func cut(_ now: UInt64) {
        isConnected = false
        consortium.core.onNodeDown(link)
        consortium.outbox.removeAll { $0.0 == link }
        perform(gateway.onLinkDown(now: now), now)
    }

    private var sequencing: Sequencing? { usesBranch ? branch : isConnected ? consortium : nil }

    func perform(_ directives: [GatewayDirective], _ now: UInt64) {
        for directive in directives {
            switch directive {
            case .send(let client, let message): sent[client, default: []].append(message)
            case .end(let client, let code, _, let retryMs):
                ended.append(client)
                goodbyes[client] = (code, retryMs)
            case .propose(let counter, let command):
                let item = Batch.Item(id: ProposalID(node: name, boot: link.number, counter: counter), command: command)
                if let target = sequencing { target.perform(target.core.onPropose(link, [item], nowMs: now), now) }
            case .find: break
            case .follow(let chat, let after): sequencing?.core.onFollow(link, chat: chat, after: after)
            case .unfollow(let chat): sequencing?.core.onUnfollow(link, chat: chat)
            case .typing: break
            case .renewLeases(let sessions):
                if let target = sequencing { target.perform(target.core.onRenewals(sessions, nowMs: now), now) }
            case .sessionOver, .scheduleTick: break
            case .beginBranch(let base):
                if diskIsFull {
                    perform(gateway.onBranchFailed(now: now), now)
                    continue
                }
                branchesBegun += 1
                layingOut = base
                if !diskIsSlow { layOut(now) }
            case .useBranch: usesBranch = true
            case .useCoordinators: usesBranch = false
            case .sealBranch:
                if let state = branch?.core.state { perform(gateway.onBranchPlan(state.branchPlan(node: name), now: now), now) }
            case .branchMerged(let lost):
                branchesMerged += 1
                self.lost.merge(lost) { $0 + $1 }
                branch = nil
            case .sessionRenewed(let old, let new): renewed[old] = new
            }
        }
    }

    func layOut(_ now: UInt64) {
        guard let base = layingOut else { return }
        layingOut = nil
        branch = Sequencing(ConsortiumState(branch: base), node: name, now: now)
        branch?.perform(branch?.core.onNodeUp(link, node: name, nowMs: now) ?? [], now)
        perform(gateway.onBranchReady(now: now), now)
    }

    func turn(_ now: UInt64) {
        perform(gateway.onTick(now: now), now)
        branch?.turn(now)
        if isConnected { receive(from: consortium, now) }
        if let branch { receive(from: branch, now) }
        do { try gateway.checkInvariants() } catch { preconditionFailure("\(error)") }
    }

    private func receive(from sequencing: Sequencing, _ now: UInt64) {
        let mine = sequencing.outbox.filter { $0.0 == link }
        sequencing.outbox.removeAll { $0.0 == link }
        for (_, directive) in mine {
            switch directive {
            case .outcome(_, let counter, let verdict, let at):
                if sequencing === consortium, outcomesToLose > 0 {
                    outcomesToLose -= 1
                    continue
                }
                perform(gateway.onOutcome(counter, verdict, at: at, now: now), now)
            case .busy(_, let counter, _): perform(gateway.onRefusedProposal(counter, .busy, now: now), now)
            case .board(_, let board):
                let here = board.signedOn.filter { $0.node == name }
                let holdings = Dictionary(here.map { ($0.session, $0.holdings) }, uniquingKeysWith: { first, _ in first })
                perform(gateway.onBoard(board, holdings: holdings, now: now), now)
            case .chat(_, let update): perform(gateway.onChatUpdate(update, now: now), now)
            default: break
            }
        }
    }
}

/// Two libraries and a general queue, a consortium, two nodes, and time.
final class Net {
    var now: UInt64 = 1_000
    let consortium: Sequencing
    let memorial: TestNode
    let steenbock: TestNode
    private var random = SeededGenerator(seed: 42)
    private var lastClient: UInt64 = 0

    init() throws {
        consortium = Sequencing(ConsortiumState(), node: try #require(NodeName("c1")), now: 1_000)
        memorial = try TestNode("memorial", consortium, link: 1)
        steenbock = try TestNode("steenbock", consortium, link: 2)
        for command in try Self.roster() { consortium.command(command, now) }
        memorial.connect(now)
        steenbock.connect(now)
        run(ms: 3_000)
    }

    private static func roster() throws -> [Command] {
        var commands: [Command] = []
        let general = try #require(QueueName("general"))
        for name in ["memorial", "steenbock"] {
            let library = try #require(LibraryName(name))
            commands.append(
                .setLibrary(
                    Library(name: library, title: name, homeNode: try #require(NodeName(name)), standbyNode: nil, fallback: .immediately)))
            commands.append(.setQueue(Queue(name: try #require(QueueName(name)), title: name, library: library, opening: .open)))
        }
        commands.append(.setQueue(Queue(name: general, title: "General", library: nil, opening: .open)))
        for (name, library, queues) in [
            ("mia", "memorial", ["memorial"]), ("max", "memorial", ["memorial"]), ("stan", "steenbock", ["steenbock", "general"]),
        ] {
            commands.append(
                .setOperator(
                    Operator(
                        name: try #require(OperatorName(name)), displayName: name, library: try #require(LibraryName(library)),
                        queues: queues.compactMap { QueueName($0) })))
        }
        return commands
    }

    func run(ms: UInt64) {
        let end = now + ms
        while now < end {
            now += 50
            consortium.turn(now)
            memorial.turn(now)
            steenbock.turn(now)
        }
    }

    func client() -> ClientID {
        lastClient += 1
        return ClientID(lastClient)
    }

    func new<Tag>(_: Identifier<Tag>.Type) -> Identifier<Tag> { Identifier(using: &random) }
}
