/// A library node on the loop: the gateway between this node's clients and the coordinator that serves it.

import ClientProtocol
import Consortium
import Coordinator
import CoreMetrics
import EventLoop
import Gateway
import Glibc
import Logging
import Sodium
import Wire

@ClusterActor
final class LibraryHost {
    /// Counters with this bit belong to imports, the others to the gateway.
    static let importBit: UInt64 = 1 << 62
    /// For how long, in milliseconds, a coordinator that is busy puts this node off: whatever more it asks for is for so long.
    private static let retryMsMax: UInt64 = 60_000

    let node: NodeName
    let boot: UInt64
    private var gateway: GatewayCore
    private let client: CoordinatorClient
    private let branch: BranchHost
    let transcripts: TranscriptHost
    /// Whether what the gateway asks goes to the branch.
    private var usesBranch = false
    private let accounts: Accounts
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)
    private let olderBoards = OlderBoards()
    private var cookies: [ClientID: String] = [:]
    private var desks = DeskVersions()
    /// The version of the desk that this node serves.
    private let servedDesk: String
    private var proposals: [Batch.Item] = []
    private var actions: [ClientAction] = []
    private var scheduled = false
    private(set) var board: Board?
    /// As the coordinators last told them.
    private(set) var canned: [CannedMessage] = []
    /// The signed settings, as this node found them right.
    private(set) var settings = SettingsInUse()
    /// By number, as the coordinators last told them.
    private(set) var tickets: [UInt64: Ticket] = [:]
    /// Whether a coordinator told which there are, in this life of the process.
    private(set) var knowsTickets = false
    /// Releases of the button's code and the inventory, as the coordinators last told them.
    private(set) var buttons = ButtonBook()
    /// Of all registers.
    private(set) var entries: [EntryID: RegisterEntry] = [:]
    /// Libraries whose checklist waits for the button to be seen.
    private(set) var awaitingButton: Set<LibraryName> = []
    /// The last one from the coordinators, while the branch's is shown.
    private(set) var coordinatorsBoard: Board?
    private let roster: RosterFile
    private var imports: [UInt64: (Verdict?) -> Void] = [:]
    private var importItems: [UInt64: Batch.Item] = [:]
    private var importCounter: UInt64 = 0
    let books: CoordinatorBooks
    /// For the coordinators alone: the roster is theirs.
    private var importsWaiting: [Batch.Item] = []

    /// Hands actions to the web plane.
    var deliver: (@Sendable ([ClientAction]) -> Void)?
    var onBoard: ((Board) -> Void)?
    /// A version of the button's code may have been released.
    var onButtons: ((ButtonLists) -> Void)?
    /// Entries of registers changed.
    var onEntries: (() -> Void)?
    /// The newest word of the coordinators, whatever is shown meanwhile.
    var onCoordinatorsBoard: ((Board) -> Void)?
    /// Why this node serves nobody: LTG removed it. Nil again when the coordinators take it back.
    private(set) var dismissal: String?
    var onDismissal: ((String?) -> Void)?
    /// The libraries whose home this node is.
    var homes: [LibraryName] { (board?.libraries ?? []).filter { $0.homeNode == node }.map(\.name) }
    var reachesCoordinators: Bool { client.server != nil }

    init(
        node: NodeName, boot: UInt64, addresses: [String], client: CoordinatorClient, branch: BranchHost, transcripts: TranscriptHost,
        roster: RosterFile,
        accounts: Accounts,
        servedDesk: String,
        logger: Logger
    ) throws {
        self.node = node
        self.servedDesk = servedDesk
        self.boot = boot
        self.client = client
        self.branch = branch
        self.transcripts = transcripts
        self.roster = roster
        self.accounts = accounts
        self.logger = logger
        books = CoordinatorBooks(client: client)
        gateway = GatewayCore(
            node: node, boot: boot, addresses: addresses, seed: try Randomness.uint64(), nowMs: ClusterActor.loop.nowMs,
            wallMs: WallClock.nowMs, hash: { LibraryHost.hash($0) })
        gateway.onServedDesk(servedDesk)
    }

    func start() throws {
        branch.onFrame = { [self] frame in receive(frame) }
        transcripts.send = { [client] frame in client.send(frame) }
        books.board = { [weak self] in self?.coordinatorsBoard }
        transcripts.readWishes = { [books] libraries, completion in books.readWishes(of: libraries, completion: completion) }
        if var board = roster.read() {
            settings.take(board.settingsBook ?? [])
            board.settingsBook = nil
            coordinatorsBoard = board
            onCoordinatorsBoard?(board)
            perform(gateway.onBoard(board, holdings: [:], now: nowMs))
            show(board)
        }
        let isFound = try branch.recover { [self] in perform(gateway.onBranchPlan(branch.plan(), now: nowMs)) }
        if isFound { perform(gateway.onBranchFound(now: nowMs)) }
        client.onDismissed = { [self] why in dismiss(why) }
        client.onUp = { [self] server in
            books.isServerBehind = true
            importsWaiting = importItems.values.sorted { $0.id.counter < $1.id.counter }
            transcripts.linkUp()
            perform(gateway.onLinkUp(now: nowMs))
            guard dismissal == nil else { return }
            logger.info("served by a coordinator", metadata: ["coordinator": "\(server)"])
        }
        client.onDown = { [self] in
            olderBoards.forget()
            transcripts.linkDown()
            books.linkDown()
            perform(gateway.onLinkDown(now: nowMs))
        }
        client.onFrame = { [self] frame in receive(frame) }
        olderBoards.isLed = { [client] in client.leaderKnown }
        olderBoards.onTaken = { [self] board in
            logger.error(
                "the board that this node held is of no log that the coordinators have; what they tell now is taken",
                metadata: ["held": "\(coordinatorsBoard?.at.index ?? 0)", "told": "\(board.at.index)"])
            coordinatorsBoard = nil
            receive(.board(board))
        }
        accounts.onSignedOut = { [self] session in perform(gateway.onSignedOut(session.session, now: nowMs)) }
        client.start()
        perform(gateway.onTick(now: nowMs))
    }

    /// LTG removed this node, or took it back: people are sent elsewhere, and nobody is signed in here any more.
    private func dismiss(_ why: String?) {
        guard why != dismissal else { return }
        dismissal = why
        if let why {
            logger.error("this node serves nobody any more", metadata: ["why": "\(why)"])
        } else {
            logger.notice("the coordinators hear this node again")
        }
        perform(gateway.onDismissal(why, now: nowMs))
        if let why { accounts.close(why) } else { accounts.reopen() }
        onDismissal?(why)
    }

    /// Tells every client that this node stops, so that they go elsewhere at once.
    func stop() {
        perform(gateway.onShutdown(now: nowMs))
        flush()
        timer.close()
        olderBoards.close()
        client.stop()
    }

    /// What the web plane gathered in one turn of its loop.
    func take(_ events: [ClientEvent]) {
        for event in events {
            switch event {
            case .connected(let id, let cookie):
                cookies[id] = cookie
                perform(gateway.onConnected(id, now: nowMs))
            case .message(let id, .hello(let hello)) where hello.role == .operator:
                if let token = hello.session { cookies[id] = token }
                if let session = cookies[id].flatMap({ accounts.session($0) }) {
                    let name = session.operatorName
                    desks.came(id, client: hello.client)
                    perform(gateway.onOperatorHello(id, name, session.session, version: hello.version, now: nowMs))
                } else {
                    perform(gateway.onMessage(id, .hello(hello), now: nowMs))
                }
            case .message(let id, let message): perform(gateway.onMessage(id, message, now: nowMs))
            case .bad(let id, let error): perform(gateway.onBadMessage(id, error, now: nowMs))
            case .pong(let id): gateway.onPong(id, now: nowMs)
            case .disconnected(let id):
                cookies[id] = nil
                desks.gone(id)
                perform(gateway.onDisconnected(id, now: nowMs))
            }
        }
    }

    /// A person signed in at this node.
    func signedIn(_ session: Accounts.Session) { perform(gateway.onSignedIn(session.operatorName, session.session, now: nowMs)) }

    /// Which versions of the desk are open here.
    var desksOpen: DesksOpen { desks.told(served: servedDesk) }

    /// How often this process began to go on by itself.
    private(set) var branchesBegun: UInt64 = 0
    var isIsolated: Bool { gateway.isIsolated }
    /// As far as this node can tell.
    var replicatedClockMs: UInt64 { gateway.replicatedClockMs(now: nowMs) }

    // MARK: Imports

    /// Proposes one command of an import; the answer is its verdict, or `nil` when this node stops first.
    func propose(_ command: Command, completion: @escaping (Verdict?) -> Void) {
        importCounter += 1
        let counter = importCounter | Self.importBit
        let item = Batch.Item(id: ProposalID(node: node, boot: boot, counter: counter), command: command)
        imports[counter] = completion
        importItems[counter] = item
        importsWaiting.append(item)
        schedule()
    }

    // MARK: Settings

    /// What another node knows of the signed settings, for a node that the coordinators do not tell. A branch that is under way is told as well.
    /// - Returns: whether other settings are in use from here on.
    func follow(_ told: [SettingsEdition]) -> Bool {
        let version = settings.version
        settings.follow(told)
        guard settings.version != version, var board = coordinatorsBoard else { return false }
        board.settings = settings.settings(told: board.settings)
        keepRoster(board)
        if usesBranch {
            coordinatorsBoard = board
            importCounter += 1
            let id = ProposalID(node: node, boot: boot, counter: importCounter | Self.importBit)
            branch.send(.propose([Batch.Item(id: id, command: .setSettings(board.settings))]))
        } else {
            receive(.board(board))
        }
        return true
    }

    // MARK: Chats, for scripts

    /// Facts of the chats that began within a time, the first one first: those whose text is kept here, and those that this node shows to somebody.
    func conversations(
        _ started: Range<UInt64>, most: Int, completion: @escaping (Result<[Conversation], ConversationsFailure>) -> Void
    ) {
        transcripts.conversations(started, most: most) { [self] result in
            guard case .success(let kept) = result else { return completion(result) }
            let known = Set(kept.map(\.chat))
            let here = gateway.glimpses.compactMap { seen in
                known.contains(seen.meta.chat)
                    ? nil : Conversation(seen.meta.chat, library: seen.meta.library, queue: seen.meta.queue, seen.messages)
            }.filter { started.contains($0.startedMs) }
            guard kept.count + here.count <= most else { return completion(.failure(.tooMany)) }
            completion(.success((kept + here).sorted { ($0.startedMs, $0.chat) < ($1.startedMs, $1.chat) }))
        }
    }

    /// The chat of that number, if that person holds it and this node shows it to them; `nil` also where two have it.
    func held(_ number: UInt64, by person: OperatorName) -> HeldChat? {
        let found = gateway.glimpses.compactMap { seen -> HeldChat? in
            guard case .held(let holder, _) = seen.meta.phase, holder.operatorName == person,
                LibraryH3lp.number(of: seen.meta.chat) == number
            else { return nil }
            return HeldChat(chat: seen.meta.chat, token: holder.token)
        }
        return found.count == 1 ? found[0] : nil
    }

    // MARK: The coordinator's side

    private func receive(_ frame: PeerFrame) {
        switch frame {
        case .outcome(let counter, let verdict, _) where counter & TranscriptCollector.counterBit != 0:
            transcripts.answered(counter, verdict)
        case .busy(let counter, let retryMs) where counter & TranscriptCollector.counterBit != 0:
            transcripts.busy(counter, retryMs: min(retryMs, Self.retryMsMax))
        case .outcome(let counter, let verdict, let at):
            if counter & Self.importBit != 0 {
                importItems[counter] = nil
                imports.removeValue(forKey: counter)?(verdict)
            } else {
                perform(gateway.onOutcome(counter, verdict, at: at, now: nowMs))
            }
        case .busy(let counter, let retryMs):
            if counter & Self.importBit != 0 {
                retryImport(counter, afterMs: min(retryMs, Self.retryMsMax))
            } else {
                perform(gateway.onRefusedProposal(counter, .busy, now: nowMs))
            }
        case .board(var board):
            if let canned = board.canned { self.canned = canned }
            board.canned = nil
            if let news = board.tickets {
                tickets.take(news)
                knowsTickets = true
            }
            board.tickets = nil
            if let news = board.buttons {
                buttons.take(news)
                if news.lists != nil { onButtons?(buttons.lists) }
            }
            board.buttons = nil
            if let news = board.registers {
                entries.take(news)
                awaitingButton = Set(entries.values.filter { $0.awaits(.button) }.compactMap(\.library))
                onEntries?()
            }
            board.registers = nil
            let isOfBranch = BranchBase.isBranch(board.at)
            // A coordinator that has just started may know less than this node has seen, or nothing: sign-in, presence and a branch go on from the newest.
            let isStale = !isOfBranch && coordinatorsBoard.map { board.at < $0.at } ?? false
            if isStale {
                books.isServerBehind = true
                olderBoards.note(board)
                if let book = board.settingsBook {
                    if settings.document == nil { settings.take(book) }
                    _ = follow(book)
                }
                return
            }
            if let book = board.settingsBook {
                settings.take(book)
                if let why = settings.refusal { logger.error("a version of the settings is not used here", metadata: ["why": "\(why)"]) }
            }
            board.settingsBook = nil
            board.settings = settings.settings(told: board.settings)
            let here = board.signedOn.filter { $0.node == node }
            let holdings = Dictionary(here.map { ($0.session, $0.holdings) }, uniquingKeysWith: { first, _ in first })
            perform(gateway.onBoard(board, holdings: holdings, now: nowMs))
            if !isOfBranch {
                // A link may be up on this side before the other one refuses it; whoever refuses sends no board.
                dismiss(nil)
                books.isServerBehind = false
                olderBoards.forget()
                coordinatorsBoard = board
                onCoordinatorsBoard?(board)
                keepRoster(board)
                transcripts.take(board)
            }
            if isOfBranch == gateway.isAnswering { show(board) }
        case .chat(let update): perform(gateway.onChatUpdate(update, now: nowMs))
        case .transcript(let transcript): transcripts.take(transcript)
        case .found(let counter, let chat): perform(gateway.onFound(counter, chat, now: nowMs))
        case .typing(let chat, let side): perform(gateway.onTyping(chat, side == .patron ? .patron : .staff, now: nowMs))
        case .leaderKnown(let known): perform(gateway.onServiceState(hasLeader: known, now: nowMs))
        default: if !books.take(frame) { logger.warning("a coordinator sent a frame that is not for nodes") }
        }
    }

    /// With the signatures, so that what is read at a start is judged anew.
    private func keepRoster(_ board: Board) {
        var kept = board
        kept.settingsBook = settings.book.isEmpty ? nil : settings.book
        roster.keep(kept)
    }

    /// What is known of the consortium from here on, for sign-in, presence and status.
    private func show(_ board: Board) {
        self.board = board
        onBoard?(board)
    }

    private func retryImport(_ counter: UInt64, afterMs: UInt64) {
        let timer = Timer(on: ClusterActor.loop)
        timer.start(afterMs: afterMs) { [self] in
            timer.close()
            if let item = importItems[counter] { importsWaiting.append(item) }
            schedule()
        }
    }

    private func perform(_ directives: [GatewayDirective]) {
        for directive in directives {
            switch directive {
            case .send(let id, let message): actions.append(.send(id, message))
            case .end(let id, let code, let text, let retryMs):
                cookies[id] = nil
                desks.gone(id)
                actions.append(.end(id, code, text: text, retryMs: retryMs))
            case .propose(let counter, let command):
                proposals.append(Batch.Item(id: ProposalID(node: node, boot: boot, counter: counter), command: command))
            case .find(let counter, let code):
                sendProposals()
                upstream(.find(counter: counter, code: code))
            case .follow(let chat, let after):
                sendProposals()
                upstream(.follow(chat, after: after))
            case .unfollow(let chat): upstream(.unfollow(chat))
            case .typing(let chat, let who):
                upstream(.typing(chat, who == .patron ? .patron : .staff))
            case .renewLeases(let sessions): upstream(.renewals(sessions))
            case .sessionOver(let session): accounts.forget(session)
            case .sessionRenewed(let old, let new): accounts.renew(old, as: new)
            case .beginBranch(let base):
                branch.begin(base) { [self] isThere in
                    perform(isThere ? gateway.onBranchReady(now: nowMs) : gateway.onBranchFailed(now: nowMs))
                }
            case .useBranch: use(branch: true)
            case .useCoordinators: use(branch: false)
            case .sealBranch: perform(gateway.onBranchPlan(branch.plan(), now: nowMs))
            case .branchMerged(let lost):
                branch.discard()
                note(lost)
                if let coordinatorsBoard { show(coordinatorsBoard) }
            case .scheduleTick(let atMs):
                let now = nowMs
                timer.start(afterMs: atMs > now ? atMs - now : 0) { [self] in perform(gateway.onTick(now: nowMs)) }
            }
        }
        schedule()
    }

    /// What of a branch did not fit into its chats.
    private func note(_ lost: [ChatID: Int]) {
        guard !lost.isEmpty else { return }
        let count = lost.values.reduce(0, +)
        Counter(label: "callslip_branch_messages_lost").increment(by: count)
        logger.error(
            "messages of a branch did not fit into their chats, which are as long as a chat may be; the desks here were told",
            metadata: ["messages": "\(count)", "chats": "\(lost.keys.sorted().map { "\($0)" }.joined(separator: " "))"])
    }

    private func schedule() {
        guard !scheduled else { return }
        scheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in flush() }
    }

    private func flush() {
        scheduled = false
        sendProposals()
        if !importsWaiting.isEmpty {
            client.send(.propose(importsWaiting))
            importsWaiting.removeAll(keepingCapacity: true)
        }
        guard !actions.isEmpty else { return }
        deliver?(actions)
        actions.removeAll(keepingCapacity: true)
    }

    private func sendProposals() {
        guard !proposals.isEmpty else { return }
        for part in proposals.inFrames() { upstream(.propose(part)) }
        proposals.removeAll(keepingCapacity: true)
    }

    private func use(branch: Bool) {
        sendProposals()
        if branch, !usesBranch { branchesBegun += 1 }
        usesBranch = branch
    }

    private func upstream(_ frame: PeerFrame) {
        if usesBranch { branch.send(frame) } else { client.send(frame) }
    }

    private var nowMs: UInt64 { ClusterActor.loop.nowMs }

    /// Secrets and codes are hashed with a key of their purpose, so that the hashes are of no use elsewhere.
    nonisolated private static func hash(_ bytes: [UInt8]) -> SecretHash {
        let digest = Hash.sha256(Array("callslip secret ".utf8) + bytes)
        guard let hash = SecretHash(digest) else {
            // SHA-256 has 32 bytes (FIPS 180-4), which is what SecretHash asks for.
            preconditionFailure("a SHA-256 digest of \(digest.count) bytes")
        }
        return hash
    }
}
