/// What one sender said in one chat and is not yet safe. A pure value: its owner sends what is due and tells it what came back.
public struct Outbox: Sendable {
    public struct Entry: Hashable, Sendable {
        public let sequence: UInt64
        public let text: String
        var isSent = false
    }

    public private(set) var entries: [Entry] = []
    private var nextSequence: UInt64 = 1

    public init() {}

    /// The number of the new message, or `nil` when `ProtocolLimits.outboxMax` wait already: then it is not taken.
    public mutating func add(_ text: String) -> UInt64? {
        guard entries.count < ProtocolLimits.outboxMax else { return nil }
        defer { nextSequence += 1 }
        entries.append(Entry(sequence: nextSequence, text: text))
        return nextSequence
    }

    /// What is to be sent now, in order; it counts as sent.
    public mutating func takeDue() -> [Entry] {
        var due: [Entry] = []
        for index in entries.indices.prefix(ProtocolLimits.inFlightMax) where !entries[index].isSent {
            entries[index].isSent = true
            due.append(entries[index])
        }
        return due
    }

    /// The connection is another one, or the node asked to try again: everything is sent once more, with the same numbers.
    public mutating func sendAllAgain() {
        for index in entries.indices { entries[index].isSent = false }
    }

    public mutating func acknowledged(_ sequence: UInt64) {
        entries.removeAll { $0.sequence == sequence }
    }

    /// A refusal for good: the number and those after it are not used up, and nothing of it will be said.
    public mutating func refused(from sequence: UInt64) {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return }
        entries.removeSubrange(index...)
        nextSequence = sequence
    }
}
