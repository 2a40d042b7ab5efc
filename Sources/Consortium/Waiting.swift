/// Where a chat without a holder waits: at its library, at the general queue, or nowhere, with a message offered.
///
/// A chat never waits where nobody is. Its library's queue comes first; else the library's fallback policy decides. A chat that
/// was referred stays in its place when the library signs on again: it would lose its turn. When its queue loses its
/// last operator, it moves on at once, with the rank of its first wait.

/// Where a chat belongs.
enum Seat: Equatable {
    case wait(QueueName)
    /// At its library, which has people signed on but none available, for a while before it is referred.
    case ring(QueueName, untilMs: UInt64)
    /// The general queue could answer; the patron has not been asked.
    case ask(QueueName)
    case full(QueueName)
    case nobody
}

extension ConsortiumState {
    /// Decides where a chat belongs. `preferred` comes before its own queue, without asking again.
    func seat(for chat: Chat, preferring preferred: QueueName?) -> Seat {
        if let preferred, isAvailable(preferred), hasRoom(preferred) { return .wait(preferred) }
        if isAvailable(chat.queue) { return hasRoom(chat.queue) ? .wait(chat.queue) : .full(chat.queue) }
        guard let library = chat.library.flatMap({ libraries[$0] }) else { return .nobody }
        switch library.fallback {
        case .off: return .nobody
        case .immediately: break
        case .ringFirst(let ms):
            if case .waiting(let waiting) = chat.stage, let untilMs = waiting.ringsUntilMs, untilMs > clockMs, canRing(chat.queue) {
                return .ring(chat.queue, untilMs: untilMs)
            }
            if !chat.hasRung, canRing(chat.queue), hasRoom(chat.queue) { return .ring(chat.queue, untilMs: clockMs.adding(ms: ms)) }
        }
        guard let general = index.general, isAvailable(general) else { return .nobody }
        guard hasRoom(general) else { return .full(general) }
        switch chat.referral {
        case .agreed: return .wait(general)
        case .notAsked: return .ask(general)
        case .declined: return .nobody
        }
    }

    /// Ringing first never delays when nobody is on.
    private func canRing(_ queue: QueueName) -> Bool {
        guard let desk = queues[queue], desk.queue.opening == .open, !desk.paused else { return false }
        return index.mayStaff[queue] != nil
    }

    private func hasRoom(_ queue: QueueName) -> Bool {
        (index.waiting[queue]?.count ?? 0) < Limits.waitingPerQueueMax
    }

    /// Takes a chat without a holder to where it belongs, and tells both sides when that is a change.
    mutating func seat(_ chat: inout Chat, preferring preferred: QueueName? = nil) {
        seat(&chat, at: seat(for: chat, preferring: preferred))
    }

    mutating func seat(_ chat: inout Chat, at seat: Seat) {
        let before = chat.stage
        switch seat {
        case .wait(let queue):
            wait(&chat, in: queue, ringsUntilMs: nil)
            let wasThere = if case .waiting(let waiting) = before { waiting.queue == queue } else { false }
            if queue != chat.queue, !wasThere { note(.referred(to: queue), in: chat) }
        case .ring(let queue, let untilMs):
            chat.hasRung = true
            wait(&chat, in: queue, ringsUntilMs: untilMs)
        case .ask(let queue):
            chat.stage = .unattended(.asked)
            if before != chat.stage { note(.transferAsked(queue), in: chat) }
        case .full, .nobody:
            chat.stage = .unattended(.nobody)
            let wasUnattended = if case .unattended = before { true } else { false }
            if !wasUnattended { note(.nobodyThere, in: chat) }
        }
        store(chat)
    }

    private func wait(_ chat: inout Chat, in queue: QueueName, ringsUntilMs: UInt64?) {
        var sinceMs = clockMs
        // Moving on to another queue is the same wait.
        if case .waiting(let waiting) = chat.stage { sinceMs = waiting.sinceMs }
        // The deadline of a wait that was over does not cut the next one short.
        if chat.messageAtMs <= clockMs { chat.messageAtMs = clockMs.adding(ms: settings.patronDeadlineMs) }
        chat.stage = .waiting(Waiting(queue: queue, sinceMs: sinceMs, ringsUntilMs: ringsUntilMs))
    }

    /// A chat that was held has no holder any more and waits again, with a deadline of its own.
    mutating func requeue(_ chat: inout Chat, _ reason: RequeueReason, preferring preferred: QueueName?) {
        chat.messageAtMs = clockMs.adding(ms: settings.patronDeadlineMs)
        let seat = seat(for: chat, preferring: preferred)
        switch seat {
        case .wait(let queue):
            note(.requeued(queue, reason), in: chat)
            wait(&chat, in: queue, ringsUntilMs: nil)
            store(chat)
        case .ring(let queue, _):
            note(.requeued(queue, reason), in: chat)
            self.seat(&chat, at: seat)
        case .ask, .full, .nobody:
            self.seat(&chat, at: seat)
        }
    }

    /// Offers the patron to leave the question as a message.
    mutating func offerMessage(_ chat: inout Chat, _ why: UnattendedWhy) {
        chat.stage = .unattended(why)
        note(.nobodyThere, in: chat)
        store(chat)
    }

    /// The patron went away while waiting. What they wrote is kept as a message: a question is never thrown away.
    mutating func patronIsGone(_ chat: inout Chat) {
        guard chat.hasWritten else { return finish(&chat, .patronGone) }
        chat.stage = .kept
        note(.kept, in: chat)
        store(chat)
    }

    /// After a change at the desk: every waiting chat, offered transfer and unattended patron is where it belongs.
    mutating func settleAvailability() {
        // Moving chats does not itself change who is available, so one pass is enough.
        guard availabilityChanged else { return }
        availabilityChanged = false
        touched.board = true
        returnOffersWithoutTarget()
        for (queue, ranks) in index.waiting where !isAvailable(queue) {
            for rank in ranks { moveOn(rank.chat) }
        }
        for (queue, ranks) in index.unattended where isAvailable(queue) || index.general.map(isAvailable) == true {
            for rank in ranks { moveOn(rank.chat) }
        }
    }

    private mutating func moveOn(_ id: ChatID) {
        guard var chat = chats[id] else { return }
        // After the deadline the chat can still be claimed, but its patron is not moved about any more.
        if chat.stage == .unattended(.deadline) { return }
        let seat = seat(for: chat, preferring: nil)
        switch (chat.stage, seat) {
        case (.waiting(let waiting), .ring(let queue, let untilMs)) where waiting.queue == queue && waiting.ringsUntilMs == untilMs: return
        case (.unattended, .nobody), (.unattended, .full): return
        case (.unattended(.asked), .ask): return
        default: self.seat(&chat, at: seat)
        }
    }
}
