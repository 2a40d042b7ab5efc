import ClientProtocol
import Consortium
import Seeded

@testable import Gateway

/// A gateway between simple patrons and operators and the real replicated state, where proposals and answers get lost, repeated and out of
/// order, links break and leaders are gone, all under one seed.
struct RandomWorld {
    private enum Answer {
        case outcome(UInt64, Verdict, LogPosition)
        case update(ChatUpdate)
        case board(Board, [SessionID: [ChatID]])
        case refused(UInt64, ProposalRefusal)
    }

    var gateway: GatewayCore
    var coordinator: Coordinator
    var patrons: [PatronModel] = []
    var desks: [DeskModel] = []
    private(set) var problems: [String] = []
    private var generator: SeededGenerator
    private var nowMs: UInt64 = 1_000
    private var tickAtMs: UInt64?
    private var answers: [Answer] = []
    /// Everything that ever came, to come again.
    private var history: [Answer] = []
    private var isLinked = false
    private var isCalm = false
    private var lastClient: UInt64 = 0

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        let node: NodeName = try Names.name("node-1")
        gateway = GatewayCore(
            node: node, boot: 1, addresses: ["http://a"], seed: seed, nowMs: 1_000, wallMs: 1_790_000_000_000,
            hash: { Names.secretHash($0) })
        coordinator = Coordinator(node: node)
        for command in try Roster.commands() { coordinator.apply(command, from: node, counter: 0, nowMs: nowMs) }
        var names = Names()
        for (place, chat) in ["c1", "c2", "c3", "c4", "c1"].enumerated() {
            let queue: QueueName = try Names.name(place % 2 == 0 ? "memorial-desk" : "law-desk")
            patrons.append(PatronModel(chat: names.id(chat), tab: "tab\(place)", queue: queue, names: &names))
        }
        for name in ["ann", "max", "lea"] {
            let queue: QueueName = try Names.name(name == "lea" ? "law-desk" : "memorial-desk")
            desks.append(DeskModel(name: try Names.name(name), queue: queue, session: names.id("\(name)-1"), sender: names.id(name)))
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
    private mutating func chance(_ percent: Int) -> Bool { pick(100) < percent }

    // MARK: Steps

    mutating func step() {
        switch pick(100) {
        case 0..<4: link()
        case 4..<6: take(gateway.onServiceState(hasLeader: chance(80), now: nowMs))
        case 6..<26: pass(UInt64(pick(chance(5) ? 6_000 : 300)))
        case 26..<46: applySome()
        case 46..<60: deliverSome()
        case 60..<62: connectPatron(pick(patrons.count))
        case 62..<64: connectDesk(pick(desks.count))
        case 64..<66: disconnect()
        case 66..<82: patronActs(pick(patrons.count))
        default: deskActs(pick(desks.count))
        }
        check()
    }

    private mutating func link() {
        if isLinked, chance(60) {
            isLinked = false
            coordinator.linkEnded()
            answers = []
            take(gateway.onLinkDown(now: nowMs))
        } else {
            isLinked = true
            take(gateway.onLinkUp(now: nowMs))
        }
    }

    private mutating func pass(_ ms: UInt64) {
        let untilMs = nowMs + ms
        while let atMs = tickAtMs, atMs <= untilMs {
            nowMs = max(nowMs, atMs)
            tickAtMs = nil
            take(gateway.onTick(now: nowMs))
        }
        nowMs = untilMs
    }

    /// Some proposals reach the log: mostly in order, sometimes lost, twice, or refused.
    private mutating func applySome() {
        guard isLinked else { return }
        for _ in 0..<(1 + pick(4)) where !coordinator.proposals.isEmpty {
            let place = isCalm || chance(85) ? 0 : pick(coordinator.proposals.count)
            let proposal = coordinator.proposals[place]
            if isCalm || !chance(8) { coordinator.proposals.remove(at: place) }
            if !isCalm, chance(6) { continue }
            if !isCalm, chance(5) {
                answers.append(.refused(proposal.counter, chance(50) ? .busy : .noLeader))
                continue
            }
            let (verdict, at) = coordinator.apply(proposal.command, from: coordinator.node, counter: proposal.counter, nowMs: nowMs)
            if let verdict, isCalm || !chance(6) { answers.append(.outcome(proposal.counter, verdict, at)) }
            do { try coordinator.state.checkInvariants() } catch { problems.append("\(error)") }
        }
        answers += coordinator.takeUpdates().map { .update($0) }
        if let board = coordinator.takeBoard() { answers.append(.board(board, coordinator.holdings(in: board))) }
    }

    private mutating func deliverSome() {
        guard isLinked else { return }
        for _ in 0..<(1 + pick(5)) where !answers.isEmpty {
            let place = isCalm || chance(70) ? 0 : pick(answers.count)
            let answer = answers.remove(at: place)
            history.append(answer)
            // A board or update that is lost does not come again by itself while the link lasts, so only repeats and order are disturbed.
            deliver(answer)
            if !isCalm, chance(10) { deliver(history[pick(history.count)]) }
        }
    }

    private mutating func deliver(_ answer: Answer) {
        switch answer {
        case .outcome(let counter, let verdict, let at): take(gateway.onOutcome(counter, verdict, at: at, now: nowMs))
        case .update(let update): take(gateway.onChatUpdate(update, now: nowMs))
        case .board(let board, let holdings): take(gateway.onBoard(board, holdings: holdings, now: nowMs))
        case .refused(let counter, let why): take(gateway.onRefusedProposal(counter, why, now: nowMs))
        }
    }

    // MARK: Clients

    private mutating func newClient() -> ClientID {
        lastClient += 1
        return ClientID(lastClient)
    }

    private mutating func connectPatron(_ place: Int) {
        guard patrons[place].client == nil, !patrons[place].isFenced else { return }
        let client = newClient()
        patrons[place].connected(client)
        take(gateway.onConnected(client, now: nowMs))
        take(gateway.onMessage(client, .hello(.init(role: .patron, client: "random/1")), now: nowMs))
    }

    private mutating func connectDesk(_ place: Int) {
        guard desks[place].client == nil, !desks[place].isOver else { return }
        let client = newClient()
        desks[place].connected(client)
        take(gateway.onConnected(client, now: nowMs))
        take(gateway.onOperatorHello(client, desks[place].name, desks[place].session, now: nowMs))
    }

    private mutating func disconnect() {
        let place = pick(patrons.count + desks.count)
        if place < patrons.count {
            guard let client = patrons[place].client else { return }
            patrons[place].client = nil
            take(gateway.onDisconnected(client, now: nowMs))
        } else {
            guard let client = desks[place - patrons.count].client else { return }
            desks[place - patrons.count].client = nil
            take(gateway.onDisconnected(client, now: nowMs))
        }
    }

    private mutating func patronActs(_ place: Int) {
        guard let client = patrons[place].client else { return }
        if chance(60) { patrons[place].write() }
        for message in patrons[place].due(&generator) { take(gateway.onMessage(client, message, now: nowMs)) }
    }

    private mutating func deskActs(_ place: Int) {
        guard let client = desks[place].client else { return }
        gateway.onPong(client, now: nowMs)
        for message in desks[place].acts(&generator) { take(gateway.onMessage(client, message, now: nowMs)) }
    }

    private mutating func take(_ directives: [GatewayDirective]) {
        for directive in directives {
            switch directive {
            case .propose(let counter, let command): if isLinked { coordinator.proposals.append((counter, command)) }
            case .follow(let chat, let after): if isLinked { coordinator.follow(chat, after: after) }
            case .unfollow(let chat): coordinator.unfollow(chat)
            case .scheduleTick(let atMs): tickAtMs = min(atMs, tickAtMs ?? .max)
            case .end(let client, _, _, _):
                for place in patrons.indices where patrons[place].client == client { patrons[place].client = nil }
                for place in desks.indices where desks[place].client == client { desks[place].client = nil }
            case .sessionOver(let session):
                for place in desks.indices where desks[place].session == session { desks[place].isOver = true }
            case .send(let client, let message):
                for place in patrons.indices where patrons[place].client == client {
                    for reply in patrons[place].receive(message, &problems) { take(gateway.onMessage(client, reply, now: nowMs)) }
                }
                for place in desks.indices where desks[place].client == client { desks[place].receive(message, &problems) }
            // A disk that takes no branch: everything waits for the coordinators.
            case .beginBranch: take(gateway.onBranchFailed(now: nowMs))
            case .find, .typing, .renewLeases, .useBranch, .useCoordinators, .sealBranch, .branchMerged, .sessionRenewed: break
            }
        }
    }

    private mutating func check() {
        do { try gateway.checkInvariants() } catch { problems.append("\(error)") }
    }

    // MARK: The end

    /// Nothing is disturbed any more: everybody comes back, says what they still have to say, and everything arrives.
    mutating func calmDown() {
        isCalm = true
        if !isLinked { link() }
        take(gateway.onServiceState(hasLeader: true, now: nowMs))
        for round in 0..<120 {
            for place in patrons.indices where round % 10 == 0 { connectPatron(place) }
            for place in desks.indices where round % 10 == 0 {
                connectDesk(place)
                if let client = desks[place].client { gateway.onPong(client, now: nowMs) }
            }
            for place in patrons.indices {
                guard let client = patrons[place].client else { continue }
                for message in patrons[place].due(&generator) { take(gateway.onMessage(client, message, now: nowMs)) }
            }
            for _ in 0..<40 where isLinked && !(coordinator.proposals.isEmpty && answers.isEmpty) {
                applySome()
                deliverSome()
            }
            pass(500)
            applySome()
            check()
        }
    }

    /// What is not as it must be in the end, in sentences.
    mutating func judge() -> [String] {
        var found = problems
        let state = coordinator.state
        for patron in patrons { found += patron.judge(state) }
        let board = state.board()
        for desk in desks where !desk.isOver { found += desk.judge(state, board) }
        if !gateway.pending.isEmpty { found.append("\(gateway.pending.count) proposals are still pending: \(gateway.pending.values)") }
        for (id, chat) in gateway.chats where chat.viewers.isEmpty { found.append("\(id) is still followed, and nobody needs it") }
        return found
    }
}
