/// Merging a branch: what a node sequenced by itself while it was cut off comes into the consortium's chats.
///
/// Text is never refused for what happened meanwhile: it is appended, whole and in order, and marked. Repeats are recognised by sender
/// and number as always, so that a merge can be asked for again after any crash. Nothing here decides who holds a chat or whether it is over,
/// except for a chat that the consortium has never known: that one takes the branch's word.

/// A part of what a branch holds of one chat, in order.
public struct MergeBranch: Hashable, Sendable {
    public struct Line: Hashable, Sendable {
        /// The patron or an operator; a node vouches for its own people.
        public var author: ChatMessage.Author
        public var sender: SenderID
        public var sequence: UInt64
        public var text: String
        /// The node's wall clock when it was said, for display.
        public var wallMs: UInt64
        /// For colleagues alone (`Say.isNote`).
        public var isNote: Bool
        public init(
            author: ChatMessage.Author, sender: SenderID, sequence: UInt64, text: String, wallMs: UInt64, isNote: Bool = false
        ) {
            self.author = author
            self.sender = sender
            self.sequence = sequence
            self.text = text
            self.wallMs = wallMs
            self.isNote = isNote
        }

        /// As it stands in the chat.
        public var body: ChatMessage.Body {
            isNote ? .note(text, sender: sender, sequence: sequence) : .text(text, sender: sender, sequence: sequence)
        }
    }
    public var chat: ChatID
    public var secret: SecretHash
    public var queue: QueueName
    /// The branch's newest attach; only of importance for a chat that the consortium does not know.
    public var attach: AttachID
    public var node: NodeName
    /// How the chat ended in the branch; only of importance for a chat that the consortium does not know.
    public var ended: CloseReason?
    /// At most `Limits.mergeLinesMax`, with `Limits.mergeBytesMax` of text.
    public var lines: [Line]
    public init(
        chat: ChatID, secret: SecretHash, queue: QueueName, attach: AttachID, node: NodeName, ended: CloseReason?, lines: [Line]
    ) {
        self.chat = chat
        self.secret = secret
        self.queue = queue
        self.attach = attach
        self.node = node
        self.ended = ended
        self.lines = lines
    }
}

extension ConsortiumState {
    mutating func mergeBranch(_ merge: MergeBranch) throws(Refusal) {
        let bytes = merge.lines.reduce(0) { $0 + $1.text.utf8.count }
        guard merge.lines.count <= Limits.mergeLinesMax, bytes <= Limits.mergeBytesMax else {
            throw Refusal(
                .tooMany, "A part has \(Limits.mergeLinesMax) messages and \(Limits.mergeBytesMax) bytes at most; send it in smaller ones.")
        }
        if chats[merge.chat] == nil { try beginMerged(merge) }
        guard var chat = chats[merge.chat], let script = scripts[merge.chat] else { throw .unknownChat }
        if merge.lines.contains(where: { chat.isNews($0) }) { try refuseAfterDeletion(in: chat) }
        guard script.messages.count + merge.lines.count <= Limits.messagesPerChatMax,
            script.textBytes + bytes <= Limits.textPerChatBytesMax
        else { throw Refusal(.tooLong, "The chat is as long as a chat may be; what was said in the branch does not fit in.") }
        guard makeRoom(forBytes: bytes), chats[merge.chat] != nil else {
            throw Refusal(.full, "There is no room for more text just now; merge again in a minute.")
        }
        for line in merge.lines { append(line, to: &chat) }
        store(chat)
    }

    /// A chat that began in the branch.
    private mutating func beginMerged(_ merge: MergeBranch) throws(Refusal) {
        let isKnown = queues.contains(merge.queue)
        // A queue that LTG took away meanwhile: its patron is still answered.
        guard let queue = isKnown ? merge.queue : index.general else { throw .unknownQueue(merge.queue) }
        let open = Open(
            chat: merge.chat, secret: merge.secret, queue: queue, attach: merge.attach, node: merge.node, referralAgreed: true)
        guard let ended = merge.ended else { return try self.open(open, isMerged: true) }
        try checkRoomForChat()
        var chat = Chat(
            id: open.chat, secret: open.secret, queue: queue, library: queues[queue]?.queue.library, openedMs: clockMs,
            stage: .closed(ended, forgetAtMs: clockMs.adding(ms: min(settings.tombstoneMs, settings.transcriptDeadlineMs))),
            attach: open.attach, node: open.node,
            messageAtMs: clockMs, referral: .agreed, patronSupplied: false)
        tallyAsked(&chat, isMerged: true)
        store(chat)
        note(.opened(queue), in: chat)
        note(.closed(ended), in: chat)
    }

    private mutating func append(_ line: MergeBranch.Line, to chat: inout Chat) {
        let owner: Sender.Owner
        switch line.author {
        case .patron: owner = .patron
        case .staff(let name, _, _): owner = .staff(name)
        case .service: return
        }
        let known = chat.senders.first { $0.id == line.sender }
        // What is known is here already. A sender that belongs to somebody else was made up, and is left out.
        guard known.map({ $0.owner == owner }) ?? true, chat.isNews(line), !line.text.isEmpty, !(line.isNote && owner == .patron),
            line.text.utf8.count <= Limits.messageBytesMax,
            chat.mark(Sender(id: line.sender, owner: owner, sequence: line.sequence))
        else { return }
        if owner == .patron, chat.question.isEmpty { chat.question = line.text.excerpt(bytesMax: Limits.questionExcerptBytesMax) }
        if !line.isNote, case .staff(let name) = owner, case .held(var holding) = chat.stage, holding.operatorName == name,
            !holding.answered
        {
            holding.answered = true
            chat.stage = .held(holding)
        }
        append(line.body, by: line.author, to: chat, late: false, patronSupplied: false, mergedFromMs: line.wallMs)
    }
}

/// What the node asks for when its branch is over, read from the branch's last state.
public struct BranchPlan: Hashable, Sendable {
    /// What the branch made of one chat.
    public struct Part: Hashable, Sendable {
        public enum Outcome: Hashable, Sendable {
            /// It goes on: whoever holds it in the branch claims it.
            case goesOn(holder: SessionID?)
            /// An operator ended it.
            case closed(by: SessionID)
            /// The patron ended it.
            case left
            /// The patron left the question as a message.
            case kept(code: SecretHash, contact: String)
            /// Nothing that the consortium must be asked for.
            case nothing
        }
        public var chat: ChatID
        public var secret: SecretHash
        public var attach: AttachID
        /// In order; the first one makes the chat known.
        public var merges: [MergeBranch]
        public var outcome: Outcome
        /// By which token of the consortium somebody here held the chat until they gave it out of their hands in the branch.
        public var released: LogPosition?
    }
    public var parts: [Part]
    /// The sign-ons that the branch ends with, by session, with the queues for which each is available.
    public var sessions: [SessionID: [QueueName]]
    /// Which of these looks after which trainee.
    public var mentors: [OperatorName: SessionID]
    public init(parts: [Part], sessions: [SessionID: [QueueName]], mentors: [OperatorName: SessionID] = [:]) {
        self.parts = parts
        self.sessions = sessions
        self.mentors = mentors
    }
}

extension ConsortiumState {
    /// What is to be merged of this branch. Asking for it twice is harmless.
    /// - Parameter ofFormerCluster: it was begun in a cluster from whose backup the present one was restored (rule 18). Then what was safe there may be
    ///   news here, and comes along; while who held what, who was signed on and which page was the newest are the former cluster's business. That a patron left
    ///   the question as a message is kept, as nobody else knows it.
    public func branchPlan(node: NodeName, ofFormerCluster: Bool = false) -> BranchPlan {
        guard ofFormerCluster else {
            return BranchPlan(
                parts: chats.compactMap { part($0.value, node, from: $0.value.safeMessages) },
                sessions: Dictionary(uniqueKeysWithValues: sessions.map { ($0.key, $0.value.available) }),
                mentors: Dictionary(
                    sessions.values.compactMap { session in
                        session.mentor.flatMap { index.sessionOf[$0] }.map { (session.operatorName, $0) }
                    }, uniquingKeysWith: { first, _ in first }))
        }
        let parts = chats.compactMap { (id, chat) -> BranchPlan.Part? in
            let isOfBranch = (scripts[id]?.messages ?? []).count > Int(chat.safeMessages)
            guard isOfBranch, var part = part(chat, node, from: 0) else { return nil }
            part.released = nil
            if case .kept = part.outcome {} else { part.outcome = .goesOn(holder: nil) }
            return part
        }
        return BranchPlan(parts: parts, sessions: [:])
    }

    /// - Parameter first: how many messages are known to the coordinators.
    private func part(_ chat: Chat, _ node: NodeName, from first: UInt32) -> BranchPlan.Part? {
        let messages = (scripts[chat.id]?.messages ?? []).dropFirst(Int(first))
        // A new attach fences without a message.
        guard !messages.isEmpty || !chat.fenced.isEmpty else {
            // Nothing was said or done in it here; it only has to find its holder again.
            guard let holder = chat.holding?.session else { return nil }
            return .init(chat: chat.id, secret: chat.secret, attach: chat.attach, merges: [], outcome: .goesOn(holder: holder))
        }
        let ended: CloseReason? = if case .closed(let reason, _) = chat.stage { reason } else { nil }
        let lines = messages.compactMap(\.line)
        var merges: [MergeBranch] = []
        for part in messages.isEmpty ? [] : lines.parts {
            merges.append(
                MergeBranch(
                    chat: chat.id, secret: chat.secret, queue: chat.queue, attach: chat.attach, node: node, ended: ended, lines: part))
        }
        return .init(
            chat: chat.id, secret: chat.secret, attach: chat.attach, merges: merges, outcome: outcome(of: chat),
            released: released(of: chat))
    }

    private func released(of chat: Chat) -> LogPosition? {
        guard let past = chat.pastHoldings.last(where: { !BranchBase.isBranch($0.token) }), past.end != .closed else { return nil }
        return past.token
    }

    private func outcome(of chat: Chat) -> BranchPlan.Part.Outcome {
        switch chat.stage {
        case .held(let holding): return .goesOn(holder: holding.session)
        case .kept: return chat.code.map { .kept(code: $0, contact: chat.contact) } ?? .nothing
        case .closed(.byPatron, _): return .left
        case .closed(.byOperator, _), .closed(.answeredMessage, _), .closed(.blocked, _):
            return chat.pastHoldings.last.map { .closed(by: $0.session) } ?? .nothing
        case .closed(.patronGone, _), .closed(.notAnswered, _): return .nothing
        case .waiting, .offered, .unattended: return .goesOn(holder: nil)
        }
    }
}

extension Chat {
    fileprivate func isNews(_ line: MergeBranch.Line) -> Bool {
        line.sequence > senders.first { $0.id == line.sender }?.sequence ?? 0
    }
}

extension ChatMessage {
    fileprivate var line: MergeBranch.Line? {
        guard let (text, sender, sequence) = body.words else { return nil }
        return .init(author: author, sender: sender, sequence: sequence, text: text, wallMs: wallMs, isNote: body.isNote)
    }
}

extension [MergeBranch.Line] {
    /// Cut to what one command may carry; at least one part, so that a chat without text becomes known too.
    fileprivate var parts: [[MergeBranch.Line]] {
        var parts: [[MergeBranch.Line]] = [[]]
        var bytes = 0
        for line in self {
            let more = line.text.utf8.count
            if parts[parts.count - 1].count == Limits.mergeLinesMax || bytes + more > Limits.mergeBytesMax {
                parts.append([])
                bytes = 0
            }
            parts[parts.count - 1].append(line)
            bytes += more
        }
        return parts
    }
}
