/// How long text may stay at the coordinators: what the replicated clock alone does not keep.
///
/// The replicated clock stands still while there is no leader, and a leader that was paused catches up with little of it (rule 8): right for
/// people, whose leases must not run out meanwhile, and wrong for text, which would stay beyond its deadline by as long as the cluster was down. So
/// each entry's wall time is compared with the latest one seen: what passed between them beyond the clock's own advance is taken from the deadlines
/// of text.
///
/// A wall clock may be wrong. What it says only ever goes forward, is counted once whichever leader says it, and leaves each text at least
/// `Limits.textGraceMs` (or half of a deadline that is shorter), half of that before it passes to the heir: after any gap a library that is there has time to
/// take what is its own. The memory of ended chats, which recognises repeats, keeps to the replicated clock.

extension ConsortiumState {
    /// Wall time that the replicated clock missed before this entry.
    mutating func countMissedTime(_ batch: Batch) {
        guard featureLevel >= FeatureLevel.textDeadlines, !isBranch, batch.wallMs > wallSeenMs else { return }
        let seenMs = wallSeenMs
        wallSeenMs = batch.wallMs
        guard seenMs > 0 else { return }
        let passedMs = batch.wallMs - seenMs
        let missedMs = passedMs - min(passedMs, min(batch.elapsedMs, Limits.elapsedPerEntryMsMax))
        guard missedMs >= Limits.missedMsRange.lowerBound else { return }
        bringForward(byMs: min(missedMs, Limits.missedMsRange.upperBound))
    }

    private mutating func bringForward(byMs missedMs: UInt64) {
        let graceMs = min(Limits.textGraceMs, settings.transcriptDeadlineMs / 2)
        func earlier(_ deadlineMs: UInt64, leaving leftMs: UInt64) -> UInt64 {
            max(deadlineMs - min(deadlineMs, missedMs), min(deadlineMs, clockMs.adding(ms: leftMs)))
        }
        for number in outbox.keys {
            guard let former = outbox[number] else { continue }
            var item = former
            item.heirAtMs = item.heirAtMs.map { earlier($0, leaving: graceMs / 2) }
            item.dropAtMs = earlier(item.dropAtMs, leaving: graceMs)
            replace(former, by: item)
        }
        for rank in index.kept.keys {
            guard var chat = chats[rank.chat], let untilMs = chat.keptUntilMs else { continue }
            chat.keptUntilMs = earlier(untilMs, leaving: graceMs)
            store(chat)
        }
    }

    // MARK: Questions left as messages

    /// From here on it waits as a message. Its time counts from when it first did.
    mutating func keep(_ chat: inout Chat) {
        chat.stage = .kept
        guard featureLevel >= FeatureLevel.textDeadlines, !isBranch, chat.keptUntilMs == nil else { return }
        // What is due later waits till then at least.
        chat.keptUntilMs = max(clockMs.adding(ms: settings.keptMessageMs), chat.followUp?.dueMs ?? 0)
    }

    /// The level that brings deadlines is in force: what waits already has all of its time before it.
    mutating func beginDeadlinesOfKeptMessages() {
        for rank in index.kept.keys {
            guard var chat = chats[rank.chat] else { continue }
            keep(&chat)
            store(chat)
        }
    }
}
