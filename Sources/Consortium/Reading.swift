/// What nodes read: the board, chats after a cursor, and who may read what.

extension ConsortiumState {
    /// How many chats are not over.
    public var liveChats: Int { chats.count - index.tombstones.count }

    /// What every node needs of the whole consortium.
    public func board() -> Board {
        var waiting: [WaitingChat] = []
        for (queue, ranks) in index.waiting {
            let isFirst = isFirstForDuty(queue)
            waiting += ranks.compactMap { line($0, queue, isFirst) }
        }
        for (queue, ranks) in index.unattended {
            let isFirst = isFirstForDuty(queue)
            waiting += ranks.compactMap { line($0, queue, isFirst) }
        }
        for (queue, ranks) in index.offered {
            let isFirst = isFirstForDuty(queue)
            waiting += ranks.compactMap { line($0, queue, isFirst, offer: chats[$0.chat]?.offer) }
        }
        waiting.sort { Rank(sinceMs: $0.sinceMs, chat: $0.chat) < Rank(sinceMs: $1.sinceMs, chat: $1.chat) }
        let watched = watched()
        var board = Board(
            at: appliedThrough, clockMs: clockMs, settings: settings, libraries: libraries.values, queues: queues.keys.compactMap(status),
            operators: operators.values, signedOn: sessions.values.compactMap { status(of: $0, watched: watched) }, waiting: waiting,
            kept: index.kept.keys.compactMap { rank in chats[rank.chat].flatMap { line(rank, $0.followUp?.target ?? $0.queue, false) } },
            claimed: claims.filter { $0.atMs.adding(ms: Limits.recentClaimMs) >= clockMs }.map { ClaimedChat(chat: $0.chat, by: $0.by) },
            terms: terms, hours: hours.values, naming: naming, ledger: ledgerNow)
        board.referred = referred()
        board.keepsTally = keepsTally
        board.featureLevel = featureLevel
        board.room = room
        board.removedNodes = removedNodes
        board.keys = keyPlan
        board.keepsAudit = keepsAudit
        board.wishChange = wishChange
        board.shiftChange = shiftChange
        return board
    }

    /// The status of one queue; `nil` for a queue that is not in the roster.
    public func status(of name: QueueName) -> QueueStatus? {
        guard let desk = queues[name] else { return nil }
        return QueueStatus(
            queue: desk.queue, decision: Routing.decide(name, in: self), staffed: takers(of: name), freePlaces: freePlaces(at: name),
            waiting: index.waiting[name]?.count ?? 0, usualWaitMs: desk.usualWaitMs, paused: desk.paused)
    }

    private func status(of session: Session, watched: Ordered<OperatorName, [ChatID]>) -> OperatorStatus? {
        guard let person = operators[session.operatorName] else { return nil }
        var status = OperatorStatus(
            name: person.name, displayName: person.displayName, library: person.library, session: session.id, node: session.node,
            available: session.available, holdings: chats(heldBy: session.id), leavingAtMs: session.leavingAtMs,
            untilMs: session.untilMs, duty: session.duty)
        status.volunteers = session.volunteers
        status.mentor = session.mentor
        status.watching = watched[session.operatorName] ?? []
        return status
    }

    /// - Parameter isFirst: whether those on duty for the queue come first.
    private func line(_ rank: Rank, _ queue: QueueName, _ isFirst: Bool, offer: Offer? = nil) -> WaitingChat? {
        guard let chat = chats[rank.chat] else { return nil }
        let sinceMs = offer.map(runsSinceMs) ?? chat.rankMs
        return WaitingChat(
            chat: chat.id, library: chat.library, queue: queue, home: chat.queue, question: chat.question, sinceMs: chat.rankMs,
            offer: offer?.id, offeredBy: offer?.by ?? chat.followUp?.by, note: offer?.note ?? "", dueMs: chat.followUp?.dueMs,
            dutyFirstUntilMs: isFirst ? sinceMs.adding(ms: Limits.dutyFirstMs) : nil, listed: chat.followUp?.listed)
    }

    /// Everything about a chat but its messages; `nil` when it is not known or was forgotten.
    public func meta(of id: ChatID) -> ChatMeta? {
        guard let chat = chats[id], let script = scripts[id] else { return nil }
        let place: QueueName = if case .waiting(let waiting) = chat.stage { waiting.queue } else { chat.queue }
        var meta = ChatMeta(
            chat: id, at: appliedThrough, clockMs: clockMs, library: chat.library, queue: chat.queue, epoch: chat.epoch,
            last: script.messages.last?.position ?? .zero, phase: phase(of: chat), openedMs: chat.openedMs, attach: chat.attach,
            patronPresent: chat.patronPresent, usualWaitMs: queues[place]?.usualWaitMs, tried: chat.tried,
            senders: chat.senders.map { SenderMark(sender: $0.id, sequence: $0.sequence) })
        meta.watchers = chat.holding?.watchers ?? []
        return meta
    }

    private func phase(of chat: Chat) -> ChatPhase {
        switch chat.stage {
        case .waiting(let waiting):
            let rank = Rank(sinceMs: chat.rankMs, chat: chat.id)
            return .waiting(queue: waiting.queue, ahead: index.waiting[waiting.queue]?.partitionPoint { $0 < rank } ?? 0)
        case .offered(let offer): return .waiting(queue: offer.target, ahead: 0)
        case .held(let holding):
            let holder = Holder(
                operatorName: holding.operatorName, displayName: holding.displayName, library: holding.library, session: holding.session,
                token: holding.token)
            return .held(holder, offer: holding.offer.map(view))
        case .unattended(.asked): return index.general.map { .ask($0) } ?? .unattended
        case .unattended: return .unattended
        case .kept: return .kept
        case .closed(let reason, _): return .closed(reason)
        }
    }

    private func view(_ offer: Offer) -> OfferView {
        OfferView(
            offer: offer.id, target: offer.target, targetTitle: queues[offer.target]?.queue.title ?? offer.target.text,
            awaitingConsent: offer.awaitingConsent, deadlineMs: offer.deadlineMs, answerInMs: offer.answerInMs)
    }

    /// The messages after a position, in order; `.zero` for all.
    public func messages(of id: ChatID, after position: Position) -> ArraySlice<ChatMessage> {
        guard let messages = scripts[id]?.messages else { return [] }
        return messages[messages.partitionPoint { $0.position <= position }...]
    }

    /// What to send to a node whose cursor stands at `position`.
    public func update(of id: ChatID, after position: Position) -> ChatUpdate? {
        meta(of: id).map { ChatUpdate(meta: $0, messages: Array(messages(of: id, after: position))) }
    }

    /// The chats that a session holds, in the order of the identifier.
    public func chats(heldBy session: SessionID) -> [ChatID] { index.held[session] ?? [] }

    /// Whether an operator's session may read a chat: its holder and former holders; and, while it can be claimed or picked up,
    /// whoever may do so. `nil` means yes.
    public func authorize(_ id: ChatID, session: SessionID) -> Refusal? {
        guard let chat = chats[id] else { return .unknownChat }
        guard let person = sessions[session].flatMap({ operators[$0.operatorName] }) else { return .unknownSession }
        let may: Bool
        switch chat.stage {
        case .waiting, .unattended, .kept: may = queue(toClaim: chat, by: person) != nil
        case .held, .offered:
            may =
                chat.holding.map { $0.session == session || $0.watchers.contains(person.name) } ?? false
                || (chat.offer.map { !$0.awaitingConsent && person.queues.contains($0.target) } ?? false)
        case .closed: may = false
        }
        if may || chat.pastHoldings.contains(where: { $0.operatorName == person.name }) { return nil }
        return Refusal(.notAllowed, "\(person.name) neither holds this chat nor may take it; nothing is shown.")
    }

    /// The operator whose session this is, with the token of the sign-on; `nil` when it is not in force.
    public func signedOn(_ session: SessionID) -> (operatorName: OperatorName, node: NodeName, token: LogPosition)? {
        sessions[session].map { ($0.operatorName, $0.node, $0.token) }
    }

    /// Every session in force, for the leader's leases (rule 20).
    public var sessionsForLease: [(session: SessionID, operatorName: OperatorName, node: NodeName, boot: UInt64)] {
        sessions.values.map { ($0.id, $0.operatorName, $0.node, $0.boot) }
    }

    /// Where the patron of a chat is attached; `nil` for a chat that is not known.
    public func patronNode(of chat: ChatID) -> NodeName? { chats[chat]?.node }

    /// The chat that was left as a message under the hash of this pick-up code. Looked up rarely: tries are limited at the nodes.
    public func chat(keptUnder code: SecretHash) -> ChatID? { chats.values.first { $0.code == code }?.id }

    /// Everybody in the roster; sign-on at a home node checks against it.
    public func operatorNamed(_ name: OperatorName) -> Operator? { operators[name] }
}
