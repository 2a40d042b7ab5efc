/// SWIM §4.1, dissemination: what is still to be passed on, and how often each has been. Only the subject waits here; its news is read
/// from the tables at the moment of sending, so that nothing outdated is ever sent.
struct BroadcastQueue: Hashable, Sendable {
    enum Subject: Hashable, Sendable {
        case member(String)
        case record(RecordKey)
    }

    struct Entry: Hashable, Sendable {
        let subject: Subject
        /// Who accuses, where the news is a suspicion or a death.
        let accuser: String
        var transmissions: Int
        /// Counts up with every entry: ties go to the newest.
        let order: UInt64
    }

    private var entries: [Subject: Entry] = [:]
    private var lastOrder: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// News of `subject`, in place of older news of it.
    mutating func add(_ subject: Subject, accuser: String = "") {
        lastOrder += 1
        entries[subject] = Entry(subject: subject, accuser: accuser, transmissions: 0, order: lastOrder)
    }

    /// Least sent first ("prefer … those that have been gossiped fewer times"), then newest first.
    var inOrder: [Entry] {
        entries.values.sorted { ($0.transmissions, $1.order) < ($1.transmissions, $0.order) }
    }

    /// Counts one transmission, and forgets the subject at `transmissionsMax`.
    mutating func sent(_ subject: Subject, transmissionsMax: Int) {
        guard var entry = entries[subject] else { return }
        entry.transmissions += 1
        entries[subject] = entry.transmissions < transmissionsMax ? entry : nil
    }

    mutating func remove(_ subject: Subject) { entries[subject] = nil }
}
