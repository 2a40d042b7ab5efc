/// The coordinator's side of the service, as a pure value: the replicated state, the nodes that are connected to it, what
/// they follow, and what they asked for.
///
/// Promises: every proposal that it takes is answered once, with the verdict that this replica's own `apply` gave, and only
/// after this replica applied it; what it sends for a chat or a board comes from applied state alone and in log order.
/// It never does I/O, reads a clock, or trusts a proposal's sender for anything that `apply` does not check.
/// Its caller owes it: applied entries exactly once and in order, the truth about its raft role, `onTick` when
/// `scheduleTick` said, `flush` once per turn of the loop, and delivery of directives in the order given.

import Consortium

/// A connected library node, by the number that the shell gave to its link.
public struct LinkID: Hashable, Comparable, Sendable {
    public let number: UInt64
    public init(_ number: UInt64) { self.number = number }
    public static func < (left: LinkID, right: LinkID) -> Bool { left.number < right.number }
}

/// What the shell has to do.
public enum CoordinatorDirective: Sendable {
    /// Append this batch to the log (only ever given while leading). Answer with `onProposeFailed` when it was not taken.
    case propose(Batch)
    /// Hand these to the leader's coordinator.
    case forward([Batch.Item], to: NodeName)
    case outcome(LinkID, counter: UInt64, Verdict, at: LogPosition)
    /// Not taken; nothing was done. The node asks again after `retryMs`.
    case busy(LinkID, counter: UInt64, retryMs: UInt64)
    case board(LinkID, Board)
    case chat(LinkID, ChatUpdate)
    /// A chat that is over, for its library's node.
    case transcript(LinkID, Transcript)
    case typing(LinkID, ChatID, TypingSide)
    /// Tell the other coordinators, whose nodes may follow the chat.
    case relayTyping(ChatID, TypingSide)
    case forwardRenewals([SessionID], to: NodeName)
    /// Whether this coordinator knows a leader, for the node to tell its people.
    case leaderKnown(LinkID, Bool)
    /// Have raft purge this replica's disk of what the state no longer holds.
    case purge
    /// Text went that no library has; for people to know.
    case textDropped(TranscriptReceipt)
    /// Read the rules of a time zone and answer with `onZone`.
    case readZone(String)
    case scheduleTick(atMs: UInt64)
    /// This replica differs from the leader's or met a command that it does not know: it goes on replicating and stops applying.
    case halt(reason: String)
}

/// Who is typing: shown, never stored.
public enum TypingSide: UInt8, Hashable, Sendable {
    case patron = 1
    case staff = 2
}

public struct CoordinatorConfiguration: Sendable {
    /// Entries that the leader has in flight at once; what arrives meanwhile gathers into the next batch.
    public var batchesInFlightMax = 3
    /// Proposals of this replica's nodes that wait for their outcome, and, at the leader, proposals that wait for the log. The less
    /// urgent a proposal is, the earlier it is refused as busy.
    public var pendingMax = 8_192
    /// Of those, one node's.
    public var pendingPerLinkMax = 4_096
    /// A pending proposal is handed to the leader again after this long without an outcome.
    public var retryAfterMs: UInt64 = 400
    /// Commands in one entry; when more wait, rule 14 says which go first.
    public var commandsPerBatchMax = Limits.commandsPerBatchMax
    /// The cost of the commands in one entry: half of what the log takes for one.
    public var costBytesPerBatchMax = 512 * 1024
    /// Proposals, and their cost, that travel in one frame between nodes.
    public static let itemsPerFrameMax = 1_024
    public static let costBytesPerFrameMax = 1024 * 1024
    public var boardIntervalMs: UInt64 = 100
    public var followedPerLinkMax = 10_000
    /// Entries, and time, between two digests of the state.
    public var digestEveryEntries: UInt64 = 1_024
    public var digestEveryMs: UInt64 = 60_000
    /// Between two purges of a replica's disk: within twice this time, what went from the state has left log and snapshots.
    public var purgeEveryMs: UInt64 = 43_200_000
    /// The newest feature level that this version can apply (rule 11).
    public var supportedLevel = FeatureLevel.supported
    public init() {}
}

public struct CoordinatorCore: Sendable {
    public let node: NodeName
    public let boot: UInt64
    public let configuration: CoordinatorConfiguration
    /// The replicated state as of `state.appliedThrough`.
    public private(set) var state: ConsortiumState
    public internal(set) var halted: String?

    public internal(set) var role: RaftRoleView = .init(isLeader: false, term: 0, leader: nil)
    var links: [LinkID: LinkState] = [:]
    var proposals: Proposals
    var clock = LeaderClock()
    var leases = LeaseKeeper()
    var touchedChats: Set<ChatID> = []
    var isOutboxTouched = false
    var purging = Purging()
    var boardVersion: UInt64 = 1
    var cannedVersion: UInt64 = 1
    var settingsVersion: UInt64 = 1
    var boardSentAtMs: UInt64 = 0
    var digestProposedMs: UInt64 = 0
    /// The feature level that every voter supports, by its own word; nil while one has not told. A leader raises the level in force to it (rule 11).
    public private(set) var votersSupport: UInt32?
    var levelProposedMs: UInt64 = 0
    var retireProposedMs: UInt64 = 0
    var gates = GateKeeper()

    public init(node: NodeName, boot: UInt64, configuration: CoordinatorConfiguration = .init(), state: ConsortiumState = .init()) {
        self.node = node
        self.boot = boot
        self.configuration = configuration
        self.state = state
        self.state.supportedLevel = configuration.supportedLevel
        self.proposals = Proposals(node: node, boot: boot)
    }

    /// What is known of the raft role.
    public struct RaftRoleView: Hashable, Sendable {
        public var isLeader: Bool
        public var term: UInt64
        public var leader: NodeName?
        public init(isLeader: Bool, term: UInt64, leader: NodeName?) {
            self.isLeader = isLeader
            self.term = term
            self.leader = leader
        }
    }

    struct LinkState: Sendable {
        var node: NodeName
        var boardSent: UInt64 = 0
        var cannedSent: UInt64 = 0
        var settingsSent: UInt64 = 0
        /// The last change of a ticket that the node was told of.
        var ticketsSent: UInt64?
        /// The same of buttons.
        var buttonsSent: UInt64?
        /// And of an entry in a register.
        var entriesSent: UInt64?
        /// The state was replaced: what changes are numbered by begins anew.
        mutating func forgetWhatWasSent() {
            ticketsSent = nil
            buttonsSent = nil
            entriesSent = nil
        }
        /// The last position sent of each chat that the node follows.
        var cursors: [ChatID: Position] = [:]
        /// The libraries for which the node asks for transcripts, with the number after which it does; and the one whose transcript was sent and
        /// for which it has not asked again since: one travels at a time.
        var collects: [LibraryName: UInt64] = [:]
        var transcriptSent: LibraryName?
    }

    // MARK: Raft

    /// The replica's role, term or known leader changed. Everything in flight is handed to the new leader by its id.
    public mutating func onRole(_ view: RaftRoleView, nowMs: UInt64) -> [CoordinatorDirective] {
        let before = role
        role = view
        var directives: [CoordinatorDirective] = []
        if view.isLeader && (!before.isLeader || before.term != view.term) {
            proposals.forgetInFlight()
            clock.start(nowMs: nowMs)
            gates.dueMs = 0
            leases.start(sessions: state.sessionsForLease.map(\.session), leaseMs: state.settings.operatorLeaseMs, nowMs: nowMs)
        } else if !view.isLeader && before.isLeader {
            proposals.forgetInFlight()
            clock.stop()
            leases.stop()
        }
        if before.leader != view.leader || before.isLeader != view.isLeader {
            for link in links.keys.sorted() { directives.append(.leaderKnown(link, view.leader != nil)) }
            directives += handAllToLeader(nowMs: nowMs)
        }
        directives.append(.scheduleTick(atMs: nextTickMs(nowMs: nowMs)))
        return directives
    }

    /// A committed entry, in order. Skipped while halted: the shell goes on replicating.
    public mutating func onApplied(_ batch: Batch, index: UInt64, nowMs: UInt64) -> [CoordinatorDirective] {
        guard halted == nil else { return [] }
        let applied = state.apply(batch, index: index)
        if let reason = applied.halted { return halt(reason) }
        var directives: [CoordinatorDirective] = []
        for (ordinal, item) in batch.items.enumerated() {
            // Whoever LTG removed is not answered: its people ask elsewhere, and it asks again itself, should it be taken back.
            guard let origin = proposals.applied(item.id), !state.isRemoved(item.id.node) else { continue }
            let position = LogPosition(index: index, ordinal: UInt32(ordinal))
            if case .link(let link, let counter) = origin {
                directives.append(.outcome(link, counter: counter, applied.verdicts[ordinal], at: position))
            }
        }
        if role.isLeader, batch.term == role.term { proposals.batchApplied(batch.items) }
        touchedChats.formUnion(applied.touched.chats)
        if applied.touched.board { boardVersion += 1 }
        if applied.touched.hours { gates.dueMs = 0 }
        if applied.touched.canned { cannedVersion += 1 }
        if applied.touched.settings { settingsVersion += 1 }
        if applied.touched.outbox { isOutboxTouched = true }
        directives += applied.touched.dropped.map { .textDropped($0) }
        return directives
    }

    /// An entry must not be applied here, or cannot be read by this version: nothing more is applied (rules 10 and 11).
    public mutating func onUnappliable(_ reason: String) -> [CoordinatorDirective] {
        halted == nil ? halt(reason) : []
    }

    private mutating func halt(_ reason: String) -> [CoordinatorDirective] {
        halted = reason
        return [.halt(reason: reason)]
    }

    /// A snapshot replaced the state: every cursor is served anew from it. One that had halted is sound again.
    public mutating func onRestored(_ restored: ConsortiumState, nowMs: UInt64) {
        state = restored
        state.supportedLevel = configuration.supportedLevel
        halted = nil
        boardVersion += 1
        gates.dueMs = 0
        cannedVersion += 1
        settingsVersion += 1
        isOutboxTouched = true
        for link in links.keys { links[link]?.forgetWhatWasSent() }
        for link in links.values { touchedChats.formUnion(link.cursors.keys) }
    }

    /// What the other members' versions support, by their own word, or who they are, may have changed.
    /// - Parameter levels: by raft id; of those that are no members they do not count.
    public mutating func onVoters(_ others: some Sequence<UInt64>, levels: [UInt64: UInt32]) {
        let told = others.map { levels[$0] }
        votersSupport = told.contains(nil) ? nil : told.compactMap(\.self).reduce(configuration.supportedLevel, min)
    }

    /// The log did not take a batch (no longer leader, or full): its items wait for the leader.
    public mutating func onProposeFailed(_ batch: Batch, nowMs: UInt64) {
        proposals.batchFailed(batch.items)
    }

    // MARK: Nodes

    public mutating func onNodeUp(_ link: LinkID, node: NodeName, nowMs: UInt64) -> [CoordinatorDirective] {
        links[link] = LinkState(node: node)
        return [.leaderKnown(link, role.leader != nil), .scheduleTick(atMs: nextTickMs(nowMs: nowMs))]
    }

    /// The link ended. Its proposals stay in flight: the node asks again elsewhere, by the same ids.
    public mutating func onNodeDown(_ link: LinkID) {
        links[link] = nil
        proposals.forget(link: link)
    }

    public mutating func onFollow(_ link: LinkID, chat: ChatID, after: Position) {
        guard let state = links[link], state.cursors[chat] != nil || state.cursors.count < configuration.followedPerLinkMax else { return }
        links[link]?.cursors[chat] = after
        touchedChats.insert(chat)
    }

    public mutating func onUnfollow(_ link: LinkID, chat: ChatID) {
        links[link]?.cursors[chat] = nil
    }

    /// A library's node has all transcripts up to a number, and wants the next one.
    public mutating func onCollect(_ link: LinkID, library: LibraryName, after number: UInt64) {
        guard let state = links[link], state.collects[library] != nil || state.collects.count < Limits.librariesMax else { return }
        links[link]?.collects[library] = number
        if state.transcriptSent == library { links[link]?.transcriptSent = nil }
        isOutboxTouched = true
    }

    public mutating func onTyping(from link: LinkID?, chat: ChatID, side: TypingSide) -> [CoordinatorDirective] {
        var directives: [CoordinatorDirective] = []
        for (id, other) in links.sorted(by: { $0.key < $1.key }) where other.cursors[chat] != nil {
            directives.append(.typing(id, chat, side))
        }
        if link != nil { directives.append(.relayTyping(chat, side)) }
        return directives
    }

    /// Nodes vouch for the sessions whose browser and person showed signs of life. Kept by the leader, in memory.
    public mutating func onRenewals(_ sessions: [SessionID], nowMs: UInt64) -> [CoordinatorDirective] {
        if role.isLeader {
            leases.renew(sessions, nowMs: nowMs)
            return []
        }
        guard let leader = role.leader, leader != node else { return [] }
        return [.forwardRenewals(sessions, to: leader)]
    }

    // MARK: Proposals

    /// A node asks. A repeat of a pending one only moves its answer to the new link.
    public mutating func onPropose(_ link: LinkID, _ items: [Batch.Item], nowMs: UInt64) -> [CoordinatorDirective] {
        var directives: [CoordinatorDirective] = []
        var taken: [Batch.Item] = []
        for item in items {
            guard halted == nil, proposals.isPending(item.id) || hasRoom(for: item, of: link) else {
                // The node spreads its return: it adds a random time of its own.
                directives.append(.busy(link, counter: item.id.counter, retryMs: 500))
                continue
            }
            if let refusal = item.refusal(to: links[link]?.node, at: node) {
                directives.append(.outcome(link, counter: item.id.counter, .refused(refusal), at: state.appliedThrough))
                continue
            }
            proposals.add(item, origin: .link(link, counter: item.id.counter), nowMs: nowMs)
            taken.append(item)
        }
        return directives + hand(taken, nowMs: nowMs)
    }

    private func hasRoom(for item: Batch.Item, of link: LinkID) -> Bool {
        let urgency = Urgency(of: item.command)
        return proposals.pendingCount < urgency.places(of: configuration.pendingMax)
            && proposals.pendingCount(of: link) < urgency.places(of: configuration.pendingPerLinkMax)
    }

    /// Another coordinator forwards what its nodes asked. Not leading any more, or no room? It asks again itself after a while.
    public mutating func onForwarded(_ items: [Batch.Item]) {
        guard role.isLeader, halted == nil else { return }
        for item in items
        where !item.command.isLeadersAlone && proposals.queuedCount < Urgency(of: item.command).places(of: configuration.pendingMax) {
            proposals.enqueue(item)
        }
    }

    /// What this replica proposes for itself (ticks, lapses, digests), and roster commands of its own shell.
    public mutating func proposeOwn(_ command: Command, nowMs: UInt64) -> [CoordinatorDirective] {
        let item = Batch.Item(id: proposals.ownID(), command: command)
        guard role.isLeader else { return [] }
        proposals.enqueue(item)
        return []
    }

    mutating func hand(_ items: [Batch.Item], nowMs: UInt64) -> [CoordinatorDirective] {
        guard !items.isEmpty else { return [] }
        if role.isLeader {
            for item in items { proposals.enqueue(item) }
            return []
        }
        guard let leader = role.leader, leader != node else { return [] }
        return items.inFrames().map { .forward($0, to: leader) }
    }

    mutating func handAllToLeader(nowMs: UInt64) -> [CoordinatorDirective] {
        hand(proposals.allPending(markedMs: nowMs), nowMs: nowMs)
    }

    // MARK: The turn of the loop

    /// Once per turn of the loop: sends off the batch that gathered, and what the nodes have not seen yet.
    public mutating func flush(nowMs: UInt64, wallMs: UInt64) -> [CoordinatorDirective] {
        var directives = keepGates(nowMs: nowMs, wallMs: wallMs)
        while role.isLeader, halted == nil, proposals.inFlight < configuration.batchesInFlightMax,
            let items = proposals.nextBatch(max: configuration.commandsPerBatchMax, costBytesMax: configuration.costBytesPerBatchMax)
        {
            let batch = Batch(elapsedMs: clock.take(nowMs: nowMs), wallMs: wallMs, term: role.term, items: items)
            directives.append(.propose(batch))
        }
        directives += serveChats()
        directives += serveTranscripts()
        directives += serveBoards(nowMs: nowMs)
        return directives
    }

    private mutating func serveChats() -> [CoordinatorDirective] {
        guard !touchedChats.isEmpty else { return [] }
        var directives: [CoordinatorDirective] = []
        for link in links.keys.sorted() {
            guard let cursors = links[link]?.cursors else { continue }
            // Walk the smaller side: a node with few chats must not pay for a busy turn, nor a quiet turn for many chats.
            let chats =
                touchedChats.count < cursors.count ? touchedChats.filter { cursors[$0] != nil } : touchedChats.intersection(cursors.keys)
            for chat in chats.sorted() {
                guard let after = cursors[chat], let update = state.update(of: chat, after: after) else { continue }
                links[link]?.cursors[chat] = update.messages.last?.position ?? after
                directives.append(.chat(link, update))
            }
        }
        touchedChats.removeAll(keepingCapacity: true)
        return directives
    }

    /// One transcript to each node that is not busy with one: the oldest of those that it asks for.
    private mutating func serveTranscripts() -> [CoordinatorDirective] {
        guard isOutboxTouched, halted == nil else { return [] }
        isOutboxTouched = false
        var directives: [CoordinatorDirective] = []
        for (id, link) in links.sorted(by: { $0.key < $1.key }) where link.transcriptSent == nil {
            let next = link.collects.compactMap { state.transcript(for: $0.key, at: link.node, after: $0.value) }
            guard let oldest = next.min(by: { $0.number < $1.number }) else { continue }
            links[id]?.collects[oldest.library] = nil
            links[id]?.transcriptSent = oldest.library
            directives.append(.transcript(id, oldest))
        }
        return directives
    }

    private mutating func serveBoards(nowMs: UInt64) -> [CoordinatorDirective] {
        // A branch has no canned messages, and there are none below their level: the node keeps what it was sent.
        let tellsCanned = state.featureLevel >= FeatureLevel.canned && !state.isBranch
        let tellsSettings = state.featureLevel >= FeatureLevel.signedSettings && !state.isBranch
        let tellsTickets = state.featureLevel >= FeatureLevel.tickets && !state.isBranch
        let tellsButtons = state.featureLevel >= FeatureLevel.buttons && !state.isBranch
        let tellsRegisters = state.featureLevel >= FeatureLevel.registers && !state.isBranch
        let behind = links.filter {
            $0.value.boardSent != boardVersion || tellsCanned && $0.value.cannedSent != cannedVersion
                || tellsSettings && $0.value.settingsSent != settingsVersion
                || tellsTickets && $0.value.ticketsSent != state.ticketVersion
                || tellsButtons && $0.value.buttonsSent != state.buttonChange
                || tellsRegisters && $0.value.entriesSent != state.entryChange
        }.keys.sorted()
        guard !behind.isEmpty, halted == nil else { return [] }
        guard nowMs >= boardSentAtMs + configuration.boardIntervalMs else {
            return [.scheduleTick(atMs: boardSentAtMs + configuration.boardIntervalMs)]
        }
        boardSentAtMs = nowMs
        let board = state.board()
        return behind.map { link in
            links[link]?.boardSent = boardVersion
            var whole = board
            if tellsCanned, links[link]?.cannedSent != cannedVersion {
                links[link]?.cannedSent = cannedVersion
                whole.canned = state.cannedMessages
            }
            if tellsSettings, links[link]?.settingsSent != settingsVersion {
                links[link]?.settingsSent = settingsVersion
                whole.settingsBook = state.settingsBook
            }
            if tellsTickets, let link = links[link], link.ticketsSent != state.ticketVersion {
                whole.tickets = state.ticketNews(after: link.ticketsSent ?? 0)
            }
            if tellsTickets { links[link]?.ticketsSent = state.ticketVersion }
            if tellsButtons, let sent = links[link], sent.buttonsSent != state.buttonChange {
                let (news, through) = state.buttonNews(after: sent.buttonsSent ?? 0)
                whole.buttons = news
                links[link]?.buttonsSent = through
            }
            if tellsRegisters, let known = links[link], known.entriesSent != state.entryChange {
                let (news, through) = state.registerNews(after: known.entriesSent ?? 0)
                whole.registers = news
                links[link]?.entriesSent = through
            }
            return .board(link, whole)
        }
    }
}
