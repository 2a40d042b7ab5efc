/// What one sender said in one chat and is not yet safe. A pure value: its owner sends what is due and tells it what came back.

import ClientProtocol

struct Outbox {
    struct Entry {
        let sequence: UInt64
        let text: String
        var isSent = false
    }

    private(set) var entries: [Entry] = []
    private var nextSequence: UInt64 = 1

    /// The number of the new message, or `nil` when the outbox is full: then it is not taken.
    mutating func add(_ text: String) -> UInt64? {
        guard entries.count < ProtocolLimits.outboxMax else { return nil }
        defer { nextSequence += 1 }
        entries.append(Entry(sequence: nextSequence, text: text))
        return nextSequence
    }

    /// What is to be sent now, in order; it counts as sent.
    mutating func takeDue() -> [Entry] {
        var due: [Entry] = []
        for index in entries.indices.prefix(ProtocolLimits.inFlightMax) where !entries[index].isSent {
            entries[index].isSent = true
            due.append(entries[index])
        }
        return due
    }

    /// The connection is another one, or the node asked to try again: everything is sent once more, with the same numbers.
    mutating func sendAllAgain() {
        for index in entries.indices { entries[index].isSent = false }
    }

    mutating func acknowledged(_ sequence: UInt64) {
        entries.removeAll { $0.sequence == sequence }
    }

    /// A refusal for good: the number and those after it are not used up, and nothing of it will be said.
    mutating func refused(from sequence: UInt64) {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return }
        entries.removeSubrange(index...)
        nextSequence = sequence
    }
}
