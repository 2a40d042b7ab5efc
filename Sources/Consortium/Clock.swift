/// Time on the replicated clock: what becomes due, and the grace of a new term (rule 8).

/// One thing that is due: ordered by deadline, then chats before sessions before transcripts, then identifier.
struct Due: Comparable, Sendable {
    enum Kind: UInt8, Sendable { case chat, session, transcript }
    var ms: UInt64
    var kind: Kind
    var high: UInt64
    var low: UInt64

    static func < (left: Self, right: Self) -> Bool {
        (left.ms, left.kind.rawValue, left.high, left.low) < (right.ms, right.kind.rawValue, right.high, right.low)
    }

    static func chat(_ id: ChatID, _ ms: UInt64) -> Due { Due(ms: ms, kind: .chat, high: id.high, low: id.low) }
    static func session(_ id: SessionID, _ ms: UInt64) -> Due { Due(ms: ms, kind: .session, high: id.high, low: id.low) }
    static func transcript(_ number: UInt64, _ ms: UInt64) -> Due { Due(ms: ms, kind: .transcript, high: number, low: 0) }
}

extension ConsortiumState {
    /// When a `tick` is due, on the replicated clock; `nil` when nothing is pending.
    public func nextDeadlineMs() -> UInt64? {
        guard let dueMs = index.due.first?.key.ms else { return roomDueMs }
        return min(dueMs, roomDueMs ?? dueMs)
    }

    mutating func doWhatIsDue() {
        forgetRoomLines()
        var last: Due?
        while let due = index.due.first?.key, due.ms <= clockMs, due != last {
            last = due
            switch due.kind {
            case .chat: chatIsDue(ChatID(high: due.high, low: due.low))
            case .session: leavingIsDue(SessionID(high: due.high, low: due.low))
            case .transcript: transcriptIsDue(due.high)
            }
            settleAvailability()
            postLateWords()
        }
    }

    private mutating func chatIsDue(_ id: ChatID) {
        guard var chat = chats[id] else { return }
        switch chat.stage {
        case .waiting(let waiting):
            if let goneAtMs = chat.goneAtMs, goneAtMs <= clockMs { return patronIsGone(&chat) }
            if chat.messageAtMs <= clockMs { return offerMessage(&chat, .deadline) }
            if let ringsUntilMs = waiting.ringsUntilMs, ringsUntilMs <= clockMs { seat(&chat) }
        case .unattended:
            if let goneAtMs = chat.goneAtMs, goneAtMs <= clockMs { return patronIsGone(&chat) }
            // No answer to the question whether the general queue may: a message is offered.
            offerMessage(&chat, .deadline)
        case .held(let holding) where holding.offer == nil:
            if holding.mayBeLeft, let leftAtMs = chat.leftAtMs, leftAtMs <= clockMs { finish(&chat, .patronGone) }
        case .held, .offered:
            offerIsDue(&chat)
        case .closed:
            forget(chat)
        case .kept:
            finish(&chat, .notAnswered)
        }
    }

    /// A new leader cannot know what people and their computers did while there was none: the deadlines that depend on them
    /// get one more lease. The patron's overall deadline stays: it is a promise to the patron.
    mutating func beginTerm(_ newTerm: UInt64) {
        guard newTerm > term else { return }
        term = newTerm
        let graceMs = settings.operatorLeaseMs
        for due in index.due.keys {
            switch due.kind {
            case .chat:
                guard var chat = chats[ChatID(high: due.high, low: due.low)] else { continue }
                chat.goneAtMs = chat.goneAtMs?.adding(ms: graceMs)
                chat.leftAtMs = chat.leftAtMs?.adding(ms: graceMs)
                chat.extendOffer(byMs: graceMs)
                store(chat)
            case .session:
                guard var session = sessions[SessionID(high: due.high, low: due.low)] else { continue }
                session.leavingAtMs = session.leavingAtMs?.adding(ms: graceMs)
                store(session)
            // A deadline for text is a promise to the patron.
            case .transcript: continue
            }
        }
    }
}

extension Chat {
    fileprivate mutating func extendOffer(byMs graceMs: UInt64) {
        switch stage {
        case .held(var holding):
            guard var offer = holding.offer else { return }
            offer.deadlineMs = offer.deadlineMs.adding(ms: graceMs)
            holding.offer = offer
            stage = .held(holding)
        case .offered(var offer):
            offer.deadlineMs = offer.deadlineMs.adding(ms: graceMs)
            stage = .offered(offer)
        default: break
        }
    }
}
