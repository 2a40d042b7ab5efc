import Consortium

/// What the checker remembers of chats that wait and are handed on: rank by the first wait (rule 14), each target once for a chat, and an end to
/// every wait (rule 20).
struct WaitChecks {
    private var firstWaitMs: [ChatID: UInt64] = [:]
    /// When the present wait began, on the replicated clock.
    private var waitsSinceMs: [ChatID: UInt64] = [:]
    private var targets: [LogPosition: QueueName] = [:]
    private var tried: [ChatID: Set<QueueName>] = [:]

    /// A chat as it is after an entry, with what is new in it.
    mutating func saw(_ meta: ChatMeta, _ new: ArraySlice<ChatMessage>, clockMs: UInt64) {
        let chat = meta.chat
        if firstWaitMs[chat] == nil { firstWaitMs[chat] = clockMs }
        if case .waiting = meta.phase {
            let isNew = new.contains { if case .event(.requeued) = $0.body { true } else { false } }
            if isNew || waitsSinceMs[chat] == nil { waitsSinceMs[chat] = clockMs }
        } else {
            waitsSinceMs[chat] = nil
        }
        for message in new {
            if case .event(.returned(let queue, .notPickedUp)) = message.body { tried[chat, default: []].insert(queue) }
        }
    }

    mutating func forget(_ chat: ChatID) {
        firstWaitMs[chat] = nil
        waitsSinceMs[chat] = nil
        tried[chat] = nil
    }

    /// Gives the target when it was tried with this chat before.
    mutating func offered(_ transfer: OfferTransfer, as offer: LogPosition) -> QueueName? {
        targets[offer] = transfer.target
        return tried[transfer.chat]?.contains(transfer.target) ?? false ? transfer.target : nil
    }

    mutating func pickedUp(_ offer: LogPosition, in chat: ChatID) {
        if let target = targets[offer] { tried[chat, default: []].insert(target) }
    }

    /// A chat that waits longer than patrons are promised. One on offer goes by the offer's deadline, which a new leader puts off.
    func overdue(in state: ConsortiumState) -> ChatID? {
        let overdue = waitsSinceMs.filter { $0.value + state.settings.patronDeadlineMs < state.clockMs }.keys
        guard !overdue.isEmpty else { return nil }
        let onOffer = state.board().waiting.filter { $0.offer != nil }.map(\.chat)
        return overdue.filter { !onOffer.contains($0) }.min()
    }

    /// The first of these chats that is before one whose first wait began earlier.
    func outOfRank(_ chats: [ChatID]) -> ChatID? {
        var latest: (ms: UInt64, chat: ChatID)?
        for chat in chats {
            guard let ms = firstWaitMs[chat] else { continue }
            if let latest, ms < latest.ms { return latest.chat }
            latest = (ms, chat)
        }
        return nil
    }
}
