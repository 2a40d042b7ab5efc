/// What one sender said in one chat and is not yet safe. A pure value: its owner sends what is due and tells it what came back.
public struct Outbox: Sendable {
    public struct Entry: Hashable, Sendable {
        public fileprivate(set) var sequence: UInt64
        public let text: String
        var isSent = false
        /// One node has it on its disk, while it is isolated.
        public internal(set) var isHeld = false
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
        var inFlight = 0
        for index in entries.indices where !entries[index].isHeld {
            inFlight += 1
            guard inFlight <= ProtocolLimits.inFlightMax else { break }
            guard !entries[index].isSent else { continue }
            entries[index].isSent = true
            due.append(entries[index])
        }
        return due
    }

    /// The connection is another one, or the node asked to try again: everything is sent once more, with the same numbers.
    public mutating func sendAllAgain() {
        for index in entries.indices { (entries[index].isSent, entries[index].isHeld) = (false, false) }
    }

    /// Numbers what is left from 1 on, for another sender.
    public mutating func renumber() {
        for index in entries.indices { entries[index].sequence = UInt64(index) + 1 }
        nextSequence = UInt64(entries.count) + 1
        sendAllAgain()
    }

    /// It stays here until it is safe, and is offered again on another connection.
    public mutating func held(_ sequence: UInt64) {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return }
        entries[index].isHeld = true
    }

    /// It is safe.
    public mutating func acknowledged(_ sequence: UInt64) {
        entries.removeAll { $0.sequence == sequence }
    }

    /// The mark of this sender that came with the chat: what is at or below it is safe, or, in a chat that one node alone goes on with, held.
    /// What was held and is above the mark of a chat that is held no more did not get into it: it is due again, and is taken or refused with the reason.
    public mutating func marked(upTo mark: UInt64, isHeld: Bool) {
        guard isHeld else {
            entries.removeAll { $0.sequence <= mark }
            for index in entries.indices where entries[index].isHeld { (entries[index].isSent, entries[index].isHeld) = (false, false) }
            return
        }
        for index in entries.indices where entries[index].sequence <= mark { entries[index].isHeld = true }
    }

    /// A refusal for good: the number and those after it are not used up, and nothing of it will be said.
    public mutating func refused(from sequence: UInt64) {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return }
        entries.removeSubrange(index...)
        nextSequence = sequence
    }
}
