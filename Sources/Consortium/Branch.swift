/// A branch: the consortium as one library node goes on with it while it reaches no coordinator.
///
/// **What it is.** A state of the same kind, sequenced by the node alone on its own disk: its own operators, its own patrons, and the chats
/// in which either takes part. What is said in it is *held*, not safe, and marked so. When the node is connected again, the
/// branch is merged: `MergeBranch` carries its text into the consortium's chats, whole and in order; what it decided
/// (claims, ends) is asked for by the ordinary commands, and loses where the consortium decided otherwise meanwhile.
///
/// **What it promises.** It begins with what the node had been sent as applied, never with what gossip said. Its positions lie in
/// epochs above those it began with, and its log positions above every log's, so that nothing of it can be
/// mistaken for the consortium's.

/// What a node knows when its branch begins.
public struct BranchBase: Hashable, Sendable {
    /// A chat as the node was last sent it.
    public struct Part: Hashable, Sendable {
        public var update: ChatUpdate
        /// The hash that its patron showed here; `nil` where only an operator of this node takes part: then nobody can attach.
        public var secret: SecretHash?
        /// Whether the patron is connected to this node.
        public var patronIsHere: Bool
        public init(update: ChatUpdate, secret: SecretHash?, patronIsHere: Bool) {
            self.update = update
            self.secret = secret
            self.patronIsHere = patronIsHere
        }
    }
    public var node: NodeName
    public var boot: UInt64
    public var board: Board
    /// The replicated clock as far as the node can tell.
    public var clockMs: UInt64
    /// Each with all its messages.
    public var parts: [Part]
    /// Below every log position of the branch; see `logIndex`.
    public var index: UInt64

    public init(node: NodeName, boot: UInt64, board: Board, clockMs: UInt64, parts: [Part], index: UInt64) {
        self.node = node
        self.boot = boot
        self.board = board
        self.clockMs = clockMs
        self.parts = parts
        self.index = index
    }

    /// Where a branch's log begins: above every index that a consortium's log reaches, and, by its random part, apart from
    /// those of other branches.
    public static func logIndex(random: UInt64) -> UInt64 {
        1 << 62 | (random & 0xff_ffff) << 32
    }

    /// Whether a token or offer was given in a branch.
    public static func isBranch(_ position: LogPosition) -> Bool { position.index >= 1 << 62 }
}

extension ConsortiumState {
    /// The state that a branch begins with: the whole roster, the sessions of this node, and the chats of its people. A chat that somebody
    /// of this node holds stays with them, under the same token. Others wait for the people of this node.
    ///
    /// - Parameter level: what the node's version supports: nobody else has to apply what the branch does.
    public init(branch base: BranchBase, level: UInt32 = FeatureLevel.supported) {
        self.init()
        isBranch = true
        clockMs = base.clockMs
        appliedThrough = LogPosition(index: base.index, ordinal: 0)
        featureLevel = level
        settings = base.board.settings
        for library in base.board.libraries { libraries[library.name] = library }
        for status in base.board.queues {
            var desk = QueueDesk(queue: status.queue)
            desk.paused = status.paused
            queues[status.queue.name] = desk
            if status.queue.library == nil { index.general = status.queue.name }
            index.learn(status.queue)
        }
        // A node of an older version has none of what newer coordinators tell of the staff room, of trainees, of duty and of directors.
        let (hasRoom, hasDuty) = (level >= FeatureLevel.staffRoom, level >= FeatureLevel.duty)
        for var person in base.board.operators {
            person.isTrainee = person.isTrainee && hasRoom
            person.isDirector = person.isDirector && level >= FeatureLevel.audit
            operators[person.name] = person
            index.learn(person)
        }
        naming = base.board.naming
        room = hasRoom ? base.board.room : []
        terms = base.board.terms
        for var posted in base.board.hours where libraries.contains(posted.library) {
            // The branch reckons for itself whether its libraries are open.
            posted.gate = .untold
            hours[posted.library] = posted
        }
        index.rosterBytes = countedRosterBytes
        for status in base.board.signedOn where status.node == base.node && operators[status.name] != nil {
            var session = Session(
                id: status.session, operatorName: status.name, node: base.node, boot: base.boot, token: appliedThrough,
                available: status.available, leavingAtMs: status.leavingAtMs, untilMs: status.untilMs, duty: hasDuty ? status.duty : nil)
            session.volunteers = status.volunteers && hasRoom
            let isMentorHere = hasRoom && base.board.signedOn.contains { $0.name == status.mentor && $0.node == base.node }
            session.mentor = isMentorHere ? status.mentor : nil
            if operators[status.name]?.isTrainee == true, session.mentor == nil {
                session.available = []
                if level >= FeatureLevel.colleagues { session.duty = nil }
            }
            store(session)
        }
        for part in base.parts.sorted(by: { $0.update.meta.chat < $1.update.meta.chat }) { take(part, node: base.node) }
        settleAvailability()
        touched = Touched()
    }

    private mutating func take(_ part: BranchBase.Part, node: NodeName) {
        let meta = part.update.meta
        guard queues.contains(meta.queue), chats[meta.chat] == nil else { return }
        var chat = Chat(
            id: meta.chat, secret: part.secret ?? .unmatched, queue: meta.queue, library: meta.library, openedMs: meta.openedMs,
            stage: .unattended(.nobody), attach: meta.attach, node: node, messageAtMs: clockMs.adding(ms: settings.patronDeadlineMs),
            referral: meta.isReferred ? .agreed : .notAsked, patronSupplied: false)
        chat.epoch = meta.epoch
        chat.tried = meta.tried
        chat.safeMessages = UInt32(clamping: part.update.messages.count)
        chat.patronPresent = part.patronIsHere
        chat.senders = part.update.messages.senders
        chat.question = part.update.messages.question
        let wasKept = part.update.messages.contains { $0.body == .event(.kept) }
        switch meta.phase {
        case .closed(let reason): chat.stage = .closed(reason, forgetAtMs: clockMs.adding(ms: settings.tombstoneMs))
        case .held(let holder, _) where sessions[holder.session] != nil:
            chat.beginEpoch(held: true)
            var holding = Holding(
                session: holder.session, operatorName: holder.operatorName, displayName: holder.displayName, library: holder.library,
                token: holder.token, request: nil, pickedUp: nil, queue: meta.queue, wasKept: wasKept)
            holding.watchers = meta.watchers.filter { index.sessionOf[$0] != nil }
            chat.stage = .held(holding)
        case .kept: chat.stage = .kept
        case .held, .waiting, .ask, .unattended:
            chat.beginEpoch(held: false)
            if wasKept { chat.stage = .kept }
        }
        store(chat)
        scripts.change(chat.id) { script in
            for message in part.update.messages { script.append(message) }
        }
        index.textBytes += scripts[chat.id]?.textBytes ?? 0
        if case .unattended = chat.stage { seat(&chat) }
    }
}

extension [ChatMessage] {
    /// Whose each sender is, and its last number.
    fileprivate var senders: [Sender] {
        var senders: [Sender] = []
        for message in self {
            guard let (_, id, sequence) = message.body.words else { continue }
            let owner: Sender.Owner = if case .staff(let name, _, _) = message.author { .staff(name) } else { .patron }
            if let place = senders.firstIndex(where: { $0.id == id }) {
                senders[place].sequence = sequence
            } else {
                senders.append(Sender(id: id, owner: owner, sequence: sequence))
            }
        }
        return senders
    }

    fileprivate var question: String {
        for message in self {
            if message.author == .patron, case .text(let text, _, _) = message.body {
                return text.excerpt(bytesMax: Limits.questionExcerptBytesMax)
            }
        }
        return ""
    }
}

extension ChatMeta {
    /// It waits at another queue than its own, so its patron agreed to be answered there.
    fileprivate var isReferred: Bool {
        if case .waiting(let waitsIn, _) = phase { waitsIn != queue } else { false }
    }
}
