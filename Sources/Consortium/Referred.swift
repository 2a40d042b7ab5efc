/// What became of tracked referrals (agreement, 2), for those who made them: derived from the chats that are there, so that nothing more is remembered.
///
/// A line is there from the moment in which the patron agreed until the chat is forgotten: an answer stays for as long as its pick-up code counts. It has no word of the chat:
/// who referred it may no longer read what their colleagues and the patron say to each other, and every node is sent the board.

public struct ReferredChat: Hashable, Sendable {
    public enum Standing: UInt8, Hashable, Sendable, CaseIterable {
        /// Nobody has it.
        case waiting = 1
        /// Somebody has claimed it.
        case claimed = 2
        case answered = 3
        /// Nobody answered, until its time was over.
        case lapsed = 4
        /// It ended otherwise: its patron took it back, or is not there any more.
        case over = 5
    }

    public var chat: ChatID
    public var by: OperatorName
    /// To which it was referred.
    public var target: QueueName
    /// The queue whose button was pressed.
    public var home: QueueName
    /// Replicated clock: when it was asked, and by when it is to be answered.
    public var sinceMs: UInt64
    public var dueMs: UInt64
    public var standing: Standing
    /// Who answered.
    public var answeredBy: OperatorName?
    /// When it ended, in Unix milliseconds, by the leader's clock.
    public var endedWallMs: UInt64?

    public init(
        chat: ChatID, by: OperatorName, target: QueueName, home: QueueName, sinceMs: UInt64, dueMs: UInt64, standing: Standing,
        answeredBy: OperatorName? = nil, endedWallMs: UInt64? = nil
    ) {
        self.chat = chat
        self.by = by
        self.target = target
        self.home = home
        self.sinceMs = sinceMs
        self.dueMs = dueMs
        self.standing = standing
        self.answeredBy = answeredBy
        self.endedWallMs = endedWallMs
    }
}

extension ConsortiumState {
    /// What those referred who are signed on, the newest of each, by name.
    func referred() -> [ReferredChat] {
        var lines: [ReferredChat] = []
        for (name, ranks) in index.referred where index.sessionOf.contains(name) {
            lines += ranks.suffix(Limits.referredPerPersonMax).compactMap { chats[$0.chat].flatMap(referred) }
        }
        return Array(lines.prefix(Limits.referredLinesMax))
    }

    private func referred(_ chat: Chat) -> ReferredChat? {
        guard let followUp = chat.followUp else { return nil }
        let standing: ReferredChat.Standing =
            switch chat.stage {
            case .closed(.answeredMessage, _): .answered
            case .closed(.notAnswered, _): .lapsed
            case .closed: .over
            case .held: .claimed
            case .waiting, .offered, .unattended, .kept: .waiting
            }
        var line = ReferredChat(
            chat: chat.id, by: followUp.by, target: followUp.target, home: chat.queue, sinceMs: chat.rankMs, dueMs: followUp.dueMs,
            standing: standing)
        guard chat.isClosed else { return line }
        if standing == .answered { line.answeredBy = chat.pastHoldings.last { $0.end == .closed }?.operatorName }
        line.endedWallMs = scripts[chat.id]?.messages.last { if case .event(.closed) = $0.body { true } else { false } }?.wallMs
        return line
    }
}
