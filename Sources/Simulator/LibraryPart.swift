import ClientProtocol
import Consortium
import Coordinator
import Gateway
import Gossip
import Seeded
import Wire

/// A library node in one process: what `LibraryHost`, `CoordinatorClient` and the sign-in put together, over virtual links and connections.
final class LibraryPart {
    /// Shorter than in the service, so that people are away for longer.
    static let humanInputMs: UInt64 = 60_000
    private static let importBit: UInt64 = 1 << 62

    unowned(unsafe) let machine: Machine
    private var cluster: Cluster { machine.cluster }
    private(set) var gateway: GatewayCore
    private var choice: ServerChoice
    private var port: Port?
    private var sessions: [String: (name: OperatorName, session: SessionID)] = [:]
    private var lines: [ClientID: Line] = [:]
    private var lastClient: UInt64 = 0
    private var proposals: [Batch.Item] = []
    private var imports: [UInt64: Batch.Item] = [:]
    private(set) var board: Board?
    /// The last one from the coordinators, while the branch's is shown.
    private var coordinatorsBoard: Board?
    private var branch: BranchPart?
    private var usesBranch = false
    /// For a planted bug.
    private var planAtLinkUp: BranchPlan?
    private var transcripts: TranscriptPart?
    private var importsWaiting: [Batch.Item] = []
    private var importCount: UInt64 = 0
    private var verdicts: [UInt64: (Verdict, LogPosition) -> Void] = [:]
    /// Of all registers, as the coordinators told what changed.
    private(set) var entries: [EntryID: RegisterEntry] = [:]
    /// The same of canned messages, reported problems and buttons.
    private(set) var canned: [CannedMessage] = []
    private(set) var tickets: [UInt64: Ticket] = [:]
    private(set) var buttons = ButtonBook()
    private let tickTimer = VirtualTimer()
    private var tickAtMs: UInt64?
    private let dialTimer = VirtualTimer()
    private let watchTimer = VirtualTimer()
    private var random: SeededGenerator
    private var steps = 0

    init(_ machine: Machine, seed: UInt64) {
        self.machine = machine
        random = SeededGenerator(seed: seed)
        let scenario = machine.cluster.scenario
        let addresses = machine.cluster.libraryMachines.map(\.address)
        var configuration = GatewayConfiguration()
        configuration.humanInputMs = scenario.planted == .leaseWithoutPerson ? .max : Self.humanInputMs
        gateway = GatewayCore(
            node: machine.name, boot: machine.boot, addresses: [machine.address] + addresses.filter { $0 != machine.address },
            configuration: configuration, seed: random.next(), nowMs: machine.nowMs, wallMs: machine.wallMs, hash: Self.hash)
        choice = ServerChoice(node: machine.name)
    }

    func start() {
        if let board = machine.roster {
            coordinatorsBoard = board
            perform(gateway.onBoard(board, holdings: [:], now: nowMs))
            show(board)
        }
        if machine.branch != nil {
            branch = makeBranch()
            perform(gateway.onBranchFound(now: nowMs))
            let life = machine.life
            cluster.after(cluster.diskDelay(machine), .disk, machine.index) { [self] in
                machine.receive(life: life) { [self] in perform(gateway.onBranchPlan(branch?.plan() ?? noPlan, now: nowMs)) }
            }
        }
        transcripts = TranscriptPart(machine) { [unowned self] frame in port?.send(frame) }
        transcripts?.start()
        connect()
        watch()
        perform(gateway.onTick(now: nowMs))
    }

    private var nowMs: UInt64 { machine.nowMs }
    /// Not served by the coordinators, or not yet done with its branch.
    var isIsolated: Bool { gateway.isIsolated || gateway.isAnswering }
    private let noPlan = BranchPlan(parts: [], sessions: [:])

    private func makeBranch() -> BranchPart { BranchPart(machine) { [unowned self] frame in receive(frame) } }

    private func upstream(_ frame: PeerFrame) {
        if usesBranch { branch?.send(frame) } else { port?.send(frame) }
    }

    private func beginBranch(_ base: BranchBase) {
        let life = machine.life
        cluster.after(cluster.diskDelay(machine), .disk, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                guard !machine.syncsFail else { return perform(gateway.onBranchFailed(now: nowMs)) }
                if branch == nil {
                    cluster.say(machine, "goes on in a branch of its own")
                    machine.branch = BranchDisk(base, level: machine.supportedLevel)
                    branch = makeBranch()
                }
                perform(gateway.onBranchReady(now: nowMs))
            }
        }
    }

    /// Not of cryptographic strength, and the same everywhere: all that the cores ask of it.
    private static let hash: @Sendable ([UInt8]) -> SecretHash = { bytes in
        var generator = SeededGenerator(seed: bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        let words = (0..<4).map { _ in generator.next() }
        // Four words of eight bytes: the 32 that a SecretHash asks for.
        return SecretHash(words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } })!
    }

    // MARK: The coordinator's side

    /// LTG removed this node, as a coordinator told it: nobody is served here.
    private(set) var isDismissed = false
    var servesSomebody: Bool { !sessions.isEmpty || !lines.isEmpty }

    /// As `LibraryHost` does.
    private func dismiss(_ isDismissed: Bool) {
        guard isDismissed != self.isDismissed else { return }
        self.isDismissed = isDismissed
        cluster.noteDisturbance()
        cluster.say(machine, isDismissed ? "serves nobody any more" : "is heard again")
        perform(gateway.onDismissal(isDismissed ? "LTG removed this node" : nil, now: nowMs))
        if isDismissed { sessions = [:] }
    }

    private func connect() {
        if cluster.scenario.isCombined {
            let near = cluster.network.connectLocally(machine) { far in machine.coordinator?.serve(far, node: machine.name) }
            return take(near)
        }
        let coordinator = cluster.machines[choice.next(of: cluster.scenario.coordinators)]
        let name = machine.name
        var isRemoved = false
        cluster.network.dial(
            machine, coordinator,
            accept: { [machine] port in
                // The cluster's id is in every frame.
                guard coordinator.isOfNewCluster == machine.isOfNewCluster, let there = coordinator.coordinator else { return false }
                isRemoved = !there.hears(machine)
                guard !isRemoved else { return false }
                there.serve(port, node: name)
                return true
            },
            onUp: { [self] port in take(port) },
            onFailed: { [self] in
                if isRemoved { dismiss(true) }
                lost()
            })
    }

    private func take(_ port: Port) {
        self.port = port
        choice.onUp(nowMs: nowMs)
        port.onFrame = { [self] frame in receive(frame) }
        port.onEnd = { [self] in lost() }
        importsWaiting = imports.keys.sorted().compactMap { imports[$0] }
        transcripts?.linkUp()
        if usesBranch { planAtLinkUp = branch?.plan() }
        if cluster.scenario.planted != .edgeTriggered || board == nil { perform(gateway.onLinkUp(now: nowMs)) }
    }

    private func lost() {
        let wasUp = port != nil
        port = nil
        let delayMs = choice.onLost()
        if wasUp {
            transcripts?.linkDown()
            perform(gateway.onLinkDown(now: nowMs))
        }
        machine.start(dialTimer, afterMs: delayMs, kind: .dial) { [self] in connect() }
    }

    private func watch() {
        machine.start(watchTimer, afterMs: ServerChoice.watchMs, kind: .watch) { [self] in
            if choice.shouldLeave(nowMs: nowMs) { port?.close() }
            watch()
        }
    }

    private func receive(_ frame: PeerFrame) {
        switch frame {
        case .outcome(let counter, let verdict, _) where counter & TranscriptCollector.counterBit != 0:
            transcripts?.answered(counter, verdict)
        case .outcome(let counter, let verdict, let at):
            guard counter & Self.importBit == 0 else { return imported(counter, verdict, at) }
            perform(gateway.onOutcome(counter, verdict, at: at, now: nowMs))
        case .busy(let counter, let retryMs) where counter & TranscriptCollector.counterBit != 0:
            transcripts?.busy(counter, retryMs: retryMs)
        case .busy(let counter, let retryMs):
            if let item = imports[counter] {
                cluster.after(retryMs, .timer, machine.index) { [self, life = machine.life] in
                    machine.receive(life: life) { [self] in if imports[counter] != nil { importsWaiting.append(item) } }
                }
                return
            }
            perform(gateway.onRefusedProposal(counter, .busy, now: nowMs))
        case .board(let board):
            let isOfBranch = BranchBase.isBranch(board.at)
            // As a node does: also of a coordinator that has just started and knows less, as it tells what changed once.
            if let news = board.registers { entries.take(news) }
            if let canned = board.canned { self.canned = canned }
            if let news = board.tickets { tickets.take(news) }
            if let news = board.buttons { buttons.take(news) }
            if !isOfBranch, let known = coordinatorsBoard, board.at < known.at { return }
            let here = board.signedOn.filter { $0.node == machine.name }
            let holdings = Dictionary(here.map { ($0.session, $0.holdings) }, uniquingKeysWith: { first, _ in first })
            perform(gateway.onBoard(board, holdings: holdings, now: nowMs))
            if !isOfBranch {
                cluster.checker.checkRanks(of: board, at: machine)
                coordinatorsBoard = board
                machine.roster = board
                transcripts?.take(board)
                machine.keys?.take(board.keys)
                dismiss(false)
                machine.gossip?.exclude(board.removedNodes)
            }
            if isOfBranch == gateway.isAnswering { show(board) }
        case .chat(let update): perform(gateway.onChatUpdate(update, now: nowMs))
        case .transcript(let transcript): transcripts?.take(transcript)
        case .found(let counter, let chat): perform(gateway.onFound(counter, chat, now: nowMs))
        case .typing(let chat, let side): perform(gateway.onTyping(chat, side == .patron ? .patron : .staff, now: nowMs))
        case .leaderKnown(let known):
            choice.onLeaderKnown(known, nowMs: nowMs)
            perform(gateway.onServiceState(hasLeader: known, now: nowMs))
        default: cluster.fail("a coordinator sent a frame that is not for nodes: \(frame)")
        }
    }

    private func show(_ board: Board) {
        self.board = board
        machine.gossip?.publish(board)
    }

    private func perform(_ directives: [GatewayDirective]) {
        steps += 1
        if steps % 8 == 0 {
            do throws(GatewayInvariantViolation) {
                try gateway.checkInvariants()
            } catch {
                cluster.fail("the gateway of \(machine.name): \(error)")
            }
        }
        for directive in directives {
            switch directive {
            case .send(let id, let message): lines[id]?.sendToClient(message)
            case .end(let id, let code, let text, let retryMs):
                if let line = lines.removeValue(forKey: id) { line.endFromNode(.bye(code, text: text, retryMs: retryMs)) }
            case .propose(let counter, let command):
                proposals.append(Batch.Item(id: ProposalID(node: machine.name, boot: machine.boot, counter: counter), command: command))
            case .find(let counter, let code):
                sendProposals()
                upstream(.find(counter: counter, code: code))
            case .follow(let chat, let after):
                sendProposals()
                upstream(.follow(chat, after: after))
            case .unfollow(let chat): upstream(.unfollow(chat))
            case .typing(let chat, let who): upstream(.typing(chat, who == .patron ? .patron : .staff))
            case .renewLeases(let sessions): upstream(.renewals(sessions))
            case .sessionOver(let session): sessions = sessions.filter { $0.value.session != session }
            case .scheduleTick(let atMs): scheduleTick(atMs)
            case .sessionRenewed(let old, let new):
                for token in sessions.keys.sorted() where sessions[token]?.session == old { sessions[token]?.session = new }
            case .beginBranch(let base): beginBranch(base)
            case .useBranch: use(branch: true)
            case .useCoordinators: use(branch: false)
            case .sealBranch:
                let early = cluster.scenario.planted == .unsealedBranch ? planAtLinkUp : nil
                perform(gateway.onBranchPlan(early ?? branch?.plan() ?? noPlan, now: nowMs))
            case .branchMerged(let lost):
                cluster.say(
                    machine,
                    lost.isEmpty ? "has merged its branch" : "has merged its branch; \(lost.values.reduce(0, +)) messages did not fit")
                if let plan = branch?.plan() { cluster.checker.checkMerged(plan, lost: Set(lost.keys), at: machine) }
                branch?.stop()
                branch = nil
                machine.branch = nil
                if let coordinatorsBoard { show(coordinatorsBoard) }
            }
        }
    }

    /// What there is to merge of this node's branch, while it has one.
    var branchPlan: BranchPlan? { branch?.plan() }

    private func use(branch: Bool) {
        sendProposals()
        usesBranch = branch
    }

    private func scheduleTick(_ atMs: UInt64) {
        if let tickAtMs, atMs >= tickAtMs { return }
        tickAtMs = atMs
        let now = nowMs
        machine.start(tickTimer, afterMs: atMs > now ? atMs - now : 0) { [self] in
            tickAtMs = nil
            perform(gateway.onTick(now: nowMs))
        }
    }

    func flush() {
        sendProposals()
        if !importsWaiting.isEmpty {
            port?.send(.propose(importsWaiting))
            importsWaiting = []
        }
        branch?.flush()
    }

    private func sendProposals() {
        guard !proposals.isEmpty else { return }
        for part in proposals.inFrames() { upstream(.propose(part)) }
        proposals.removeAll(keepingCapacity: true)
    }

    // MARK: The roster

    /// Proposes the commands of an import, all at once and in their order.
    func propose(_ commands: [Command]) {
        for command in commands { submit(command) }
        flush()
    }

    /// Proposes one more command; `told` is told what became of it, which may be a refusal.
    func ask(_ command: Command, told: @escaping (Verdict, LogPosition) -> Void) {
        verdicts[submit(command)] = told
        flush()
    }

    @discardableResult
    private func submit(_ command: Command) -> UInt64 {
        importCount += 1
        let counter = importCount | Self.importBit
        let item = Batch.Item(id: ProposalID(node: machine.name, boot: machine.boot, counter: counter), command: command)
        imports[counter] = item
        importsWaiting.append(item)
        return counter
    }

    var hasImported: Bool { imports.isEmpty }

    private func imported(_ counter: UInt64, _ verdict: Verdict, _ at: LogPosition) {
        // A repeat is answered once more.
        guard imports.removeValue(forKey: counter) != nil else { return }
        if let told = verdicts.removeValue(forKey: counter) { return told(verdict, at) }
        if case .refused(let refusal) = verdict { cluster.fail("the roster was refused: \(refusal.sentence)") }
    }

    // MARK: Clients

    /// A person signs in; the token is for `hello`. Nil while this node does not know the person.
    func signIn(_ name: OperatorName) -> String? {
        guard !isDismissed, let board, board.operators.contains(where: { $0.name == name }) else { return nil }
        let session = SessionID(using: &random)
        let token = "token-\(session)"
        sessions[token] = (name, session)
        perform(gateway.onSignedIn(name, session, now: nowMs))
        return token
    }

    func signOut(_ token: String) {
        guard let session = sessions.removeValue(forKey: token) else { return }
        perform(gateway.onSignedOut(session.session, now: nowMs))
    }

    func connect(_ line: Line) -> ClientID {
        lastClient += 1
        let id = ClientID(lastClient)
        lines[id] = line
        perform(gateway.onConnected(id, now: nowMs))
        return id
    }

    func receive(_ message: ClientMessage, from id: ClientID) {
        guard lines[id] != nil else { return }
        if case .hello(let hello) = message, hello.role == .operator, let known = hello.session.flatMap({ sessions[$0] }) {
            return perform(gateway.onOperatorHello(id, known.name, known.session, version: hello.version, now: nowMs))
        }
        perform(gateway.onMessage(id, message, now: nowMs))
    }

    func pong(_ id: ClientID) { if lines[id] != nil { gateway.onPong(id, now: nowMs) } }

    func disconnected(_ id: ClientID) {
        guard lines.removeValue(forKey: id) != nil else { return }
        perform(gateway.onDisconnected(id, now: nowMs))
    }

    /// The process is gone.
    func drop(isQuiet: Bool) {
        for id in lines.keys.sorted() { lines[id]?.nodeIsGone(isQuiet: isQuiet) }
        lines = [:]
    }
}
