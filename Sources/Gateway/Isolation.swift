import ClientProtocol
import Consortium

/// Who gives the chats of this node's people their order.
///
///     coordinators ──isolated──▶ preparing ──branch ready──▶ branch ──connected again──▶ sealing ──all answered──▶ merging ──▶ coordinators
///                                                              ▲                                                       │
///                                                              └──────────────────── isolated again ───────────────────┘
///
/// The hand-over is sealed both ways (rule 6): what clients ask while it goes on waits here, without a number.
enum Sequencer: Hashable, Sendable {
    case coordinators
    /// The node is isolated, and its branch is being laid out on disk.
    case preparing
    case branch
    /// The coordinators are back; what the branch was asked is being answered.
    case sealing
    /// The coordinators take in what the branch holds.
    case merging
}

extension GatewayCore {
    /// What comes from the sequencer comes from the branch.
    var isInBranch: Bool { sequencer == .branch || sequencer == .sealing }

    /// What clients are shown may be held by this node alone.
    var isApart: Bool { isInBranch || sequencer == .merging }

    var takesProposals: Bool { sequencer == .branch || sequencer == .coordinators }

    /// Whether there is a sequencer that answers what is not a proposal.
    var mayAsk: Bool { sequencer == .branch || (sequencer == .coordinators && service.linkUp) }

    /// Whether there is a sequencer that answers proposals of some kind.
    var answers: Bool { mayAsk || (sequencer == .merging && service.linkUp) }

    /// Whether a position was given by whoever sequences now. While the branch is being laid out nobody is heard: its base is fixed.
    func hears(_ position: LogPosition) -> Bool {
        sequencer != .preparing && BranchBase.isBranch(position) == isInBranch
    }

    /// Whether this node sequences the chats of its people itself just now.
    public var isAnswering: Bool { isApart }

    /// The service monitor's word changed.
    mutating func isolationChanged() {
        guard service.isolated else {
            if sequencer == .branch { seal() }
            return
        }
        switch sequencer {
        case .coordinators: beginBranch()
        case .merging:
            // Once more without them; what was merged already will be recognised.
            merge = nil
            for counter in pending.keys.sorted() {
                if case .merge? = pending[counter]?.purpose { _ = removePending(counter) }
            }
            enterBranch()
        case .sealing:
            sequencer = .branch
            proposeAllAgain()
        case .preparing, .branch: break
        }
    }

    private mutating func beginBranch() {
        // Without a board nobody here is known to anybody: there is nothing to go on with.
        guard dismissal == nil, let board = directory.board, !board.queues.isEmpty else { return }
        sequencer = .preparing
        var parts: [BranchBase.Part] = []
        for id in chats.keys.sorted() {
            guard let chat = chats[id], let meta = chat.meta, meta.last <= chat.last else { continue }
            let patronIsHere = chat.viewers.contains { connections[$0]?.role == .patron }
            // Whoever only watches takes no part in it: its holder goes on elsewhere.
            if let holder = meta.holder, !patronIsHere,
                !board.signedOn.contains(where: { $0.session == holder.session && $0.node == node })
            {
                continue
            }
            parts.append(.init(update: ChatUpdate(meta: meta, messages: chat.messages), secret: chat.secret, patronIsHere: patronIsHere))
        }
        emit(
            .beginBranch(
                BranchBase(
                    node: node, boot: boot, board: board, clockMs: directory.clockMs(nowMs: now), parts: parts,
                    index: BranchBase.logIndex(random: generator.next()))))
    }

    /// The branch is on disk and takes proposals.
    public mutating func onBranchReady(now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard sequencer == .preparing else { return take() }
        for id in chats.keys.sorted() {
            let last = chats[id]?.last
            chats[id]?.safe = last
        }
        enterBranch()
        if !service.isolated { seal() }
        return take()
    }

    /// There is no branch, as the disk does not take one. People wait for the coordinators, as they are told.
    public mutating func onBranchFailed(now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard sequencer == .preparing else { return take() }
        sequencer = .coordinators
        tellEverybodyService()
        if service.linkUp {
            for id in chats.keys.sorted() { follow(id) }
            proposeAllAgain()
        }
        return take()
    }

    /// Also after a failed merge: the branch is asked for everything, as a level.
    private mutating func enterBranch() {
        sequencer = .branch
        emit(.useBranch)
        directory.takeAny()
        for session in desks.keys.sorted() where directory.status[desks[session]?.name]?.session != session {
            desks[session]?.signsOnAnew()
            desks[session]?.signOnPending = pending.values.contains { $0.purpose == .signOn(session) }
        }
        for counter in pending.keys { pending[counter]?.isAsked = false }
        for id in chats.keys.sorted() { follow(id) }
        proposeAllAgain()
        lastRenewMs = 0
        renewLeases()
        tellEverybodyService()
        wantTick(atMs: now + GatewayLimits.tickMs)
    }

    private mutating func seal() {
        sequencer = .sealing
        settleSequencer()
    }

    /// When everything that the branch was asked is answered, it can be read for good.
    mutating func settleSequencer() {
        guard sequencer == .sealing, !pending.values.contains(where: \.isAsked) else { return }
        sequencer = .merging
        emit(.useCoordinators)
        emit(.sealBranch)
    }

    /// A branch of an earlier life of this process lies on disk: it is merged before the coordinators are asked anything else.
    /// `onBranchPlan` follows when it has been read.
    public mutating func onBranchFound(now: UInt64) -> [GatewayDirective] {
        advance(now)
        if sequencer == .coordinators { sequencer = .merging }
        return take()
    }

    /// What the sealed branch holds.
    public mutating func onBranchPlan(_ plan: BranchPlan, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard sequencer == .merging, merge == nil else { return take() }
        beginMerge(plan)
        return take()
    }

    /// The secret by which the state let a patron in here.
    mutating func remember(secretOf command: Command) {
        switch command {
        case .open(let open): chats[open.chat]?.secret = open.secret
        case .attach(let attach): chats[attach.chat]?.secret = attach.secret
        default: break
        }
    }
}

extension [OperatorName: OperatorStatus] {
    fileprivate subscript(name: OperatorName?) -> OperatorStatus? { name.flatMap { self[$0] } }
}
