/// Where a chat without a holder waits: at its library, at the general queue, or nowhere, with a message offered.
///
/// A chat never waits where nobody is. Its library's queue comes first; else the library's fallback policy decides. Where that says to
/// ring first, a chat that nobody at the library claimed in that time goes on to the general queue, with the rank of its first
/// wait; its own library's people see it there, and may claim it wherever it waits. A chat that was referred stays in its place
/// when the library signs on again: it would lose its turn. When its queue loses its last operator, it moves on at once.

/// Where a chat belongs.
enum Seat: Equatable {
    case wait(QueueName)
    /// At its library, for a while before it is referred.
    case ring(QueueName, untilMs: UInt64)
    /// The general queue could answer; the patron has not been asked.
    case ask(QueueName)
    case full(QueueName)
    case nobody
}

extension ConsortiumState {
    /// Decides where a chat belongs. `preferred` comes before its own queue, without asking again.
    func seat(for chat: Chat, preferring preferred: QueueName?) -> Seat {
        if let preferred, isAvailable(preferred), hasRoom(preferred, for: chat) { return .wait(preferred) }
        guard let library = chat.library.flatMap({ libraries[$0] }) else { return seatAtHome(chat) ?? .nobody }
        guard case .ringFirst(let ms) = library.fallback else { return seatAtHome(chat) ?? seatByReferral(chat) }
        if let ring = ring(chat, ms: ms) { return ring }
        switch seatByReferral(chat) {
        case .wait(let general): return .wait(general)
        case .ask(let general): return .ask(general)
        case let elsewhere: return seatAtHome(chat) ?? elsewhere
        }
    }

    /// `nil` when nobody there takes it.
    private func seatAtHome(_ chat: Chat) -> Seat? {
        guard isAvailable(chat.queue) || isWaiting(chat, in: chat.queue) && isAttended(chat.queue) else { return nil }
        return hasRoom(chat.queue, for: chat) ? .wait(chat.queue) : .full(chat.queue)
    }

    /// Rings where somebody is signed on, available or not; so it never delays when nobody is on.
    private func ring(_ chat: Chat, ms: UInt64) -> Seat? {
        guard isAnswering(chat.queue), isWithinHours(chat.queue), index.mayStaff[chat.queue] != nil else { return nil }
        if case .waiting(let waiting) = chat.stage, let untilMs = waiting.ringsUntilMs, untilMs > clockMs {
            return .ring(chat.queue, untilMs: untilMs)
        }
        guard !chat.hasRung, hasRoom(chat.queue, for: chat) else { return nil }
        return .ring(chat.queue, untilMs: clockMs.adding(ms: ms))
    }

    private func seatByReferral(_ chat: Chat) -> Seat {
        guard mayRefer(chat), let general = index.general else { return .nobody }
        guard isAvailable(general) || isWaiting(chat, in: general) && isAttended(general) else { return .nobody }
        guard hasRoom(general, for: chat) else { return .full(general) }
        return chat.referral == .agreed ? .wait(general) : .ask(general)
    }

    /// Whether the patron's word and the library's policy let the general queue have the chat.
    func mayRefer(_ chat: Chat) -> Bool {
        guard let library = chat.library.flatMap({ libraries[$0] }) else { return true }
        return chat.referral != .declined && library.fallback != .off
    }

    private func isWaiting(_ chat: Chat, in queue: QueueName) -> Bool {
        if case .waiting(let waiting) = chat.stage { waiting.queue == queue } else { false }
    }

    /// Who waits there has their place.
    private func hasRoom(_ queue: QueueName, for chat: Chat) -> Bool {
        isWaiting(chat, in: queue) || (index.waiting[queue]?.count ?? 0) < Limits.waitingPerQueueMax
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
            renewDeadline(&chat)
            chat.stage = .unattended(.asked)
            if before != chat.stage { note(.transferAsked(queue), in: chat) }
        case .full, .nobody:
            chat.stage = .unattended(.nobody)
            let wasTold = before == .unattended(.nobody) || before == .unattended(.deadline)
            if !wasTold { note(.nobodyThere, in: chat) }
        }
        store(chat)
    }

    private mutating func wait(_ chat: inout Chat, in queue: QueueName, ringsUntilMs: UInt64?) {
        var sinceMs = clockMs
        // Moving on to another queue is the same wait.
        if case .waiting(let waiting) = chat.stage { sinceMs = waiting.sinceMs }
        renewDeadline(&chat)
        tallyReferral(&chat, to: queue)
        chat.stage = .waiting(Waiting(queue: queue, sinceMs: sinceMs, ringsUntilMs: ringsUntilMs))
    }

    /// The deadline of a wait that was over does not cut the next one short. A wait that goes on elsewhere keeps its own, also one that is due just now.
    private func renewDeadline(_ chat: inout Chat) {
        if featureLevel >= FeatureLevel.oneDeadline, case .waiting = chat.stage { return }
        if chat.messageAtMs <= clockMs { chat.messageAtMs = clockMs.adding(ms: settings.patronDeadlineMs) }
    }

    /// A chat that was held has no holder any more and waits again, with a deadline of its own; after a transfer that failed, with the
    /// one that began when its holder went: the patron waited all the while.
    mutating func requeue(_ chat: inout Chat, _ reason: RequeueReason, preferring preferred: QueueName?) {
        if reason != .transferFailed {
            chat.messageAtMs = clockMs.adding(ms: settings.patronDeadlineMs)
        } else if chat.messageAtMs <= clockMs {
            return offerMessage(&chat, .deadline)
        }
        // The library's colleagues come first again, if they are there.
        if isAvailable(chat.queue) { chat.hasRung = false }
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
        tallyMessage(&chat, patronIsGone: true)
        keep(&chat)
        note(.kept, in: chat)
        store(chat)
    }

    /// After a change at the desk: every waiting chat, offered transfer and unattended patron is where it belongs.
    mutating func settleAvailability() {
        // Moving chats does not itself change who is available, so one pass is enough.
        guard availabilityChanged else { return }
        availabilityChanged = false
        touched.board = true
        noteStaffing()
        noteCauses()
        noteDuty()
        returnOffersWithoutTarget()
        for (queue, ranks) in index.waiting where !isAttended(queue) || ringsFirst(queue) {
            for rank in ranks { moveOn(rank.chat) }
        }
        for ranks in index.unattended.values {
            for rank in ranks { moveOn(rank.chat) }
        }
    }

    /// Its chats may go on to the general queue when that becomes available.
    private func ringsFirst(_ queue: QueueName) -> Bool {
        guard let library = queues[queue]?.queue.library.flatMap({ libraries[$0] }) else { return false }
        if case .ringFirst = library.fallback { return true }
        return false
    }

    private mutating func moveOn(_ id: ChatID) {
        guard var chat = chats[id] else { return }
        // After the deadline the chat can still be claimed, but its patron is not moved about any more.
        if chat.stage == .unattended(.deadline) { return }
        let seat = seat(for: chat, preferring: nil)
        switch (chat.stage, seat) {
        case (.waiting(let waiting), .ring(let queue, let untilMs)) where waiting.queue == queue && waiting.ringsUntilMs == untilMs: return
        case (.waiting(let waiting), .wait(let queue)) where waiting.queue == queue && waiting.ringsUntilMs == nil: return
        case (.unattended(.nobody), .nobody), (.unattended, .full): return
        case (.unattended(.asked), .ask): return
        default: self.seat(&chat, at: seat)
        }
    }
}
