/// When this replica's disk is to lose what the state no longer holds.
///
/// Text that went from the state still lies in the log and in older snapshots, which are otherwise trimmed by their size alone. So each replica
/// purges its own disk once in `CoordinatorConfiguration.purgeEveryMs`: what a purge finds gone from the state leaves the disk with it, or, where it was
/// said so lately that it shares a segment with what came since, with the next one. Nothing is purged while nothing is applied.

import Consortium

struct Purging: Sendable {
    private var dueMs: UInt64?
    private var through: LogPosition?

    /// - Parameter ageMs: since the last purge of this disk; `nil` when that is not known.
    mutating func start(ageMs: UInt64?, everyMs: UInt64, nowMs: UInt64) {
        dueMs = nowMs + everyMs - min(ageMs ?? everyMs, everyMs)
    }

    /// Whether a purge is due now. Then it is taken for done.
    mutating func take(applied: LogPosition, everyMs: UInt64, nowMs: UInt64) -> Bool {
        guard let due = dueMs, nowMs >= due, applied > .zero else { return false }
        dueMs = nowMs + everyMs
        defer { through = applied }
        return through != applied
    }
}

extension CoordinatorCore {
    /// What is known of the disk at the start; without this nothing is ever purged.
    /// - Parameter purgedAgoMs: since the last purge of this disk, by the wall clock; `nil` when that is not known.
    public mutating func onDisk(purgedAgoMs: UInt64?, nowMs: UInt64) {
        purging.start(ageMs: purgedAgoMs, everyMs: configuration.purgeEveryMs, nowMs: nowMs)
    }

    mutating func purgeIfDue(nowMs: UInt64) -> [CoordinatorDirective] {
        guard halted == nil, purging.take(applied: state.appliedThrough, everyMs: configuration.purgeEveryMs, nowMs: nowMs) else {
            return []
        }
        return [.purge]
    }
}
