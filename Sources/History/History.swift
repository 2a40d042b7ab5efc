/// What happened in a run of the service, as its clients saw it, and the judgement of it.
///
/// It promises: nothing that was acknowledged as safe and is missing, nothing doubled, reordered, altered or shown in two
/// places to two people goes unnoticed, as long as the clients write down all that they were told.
/// It never waits, reads clocks or talks to anyone. Its caller writes down acknowledgements when they come, and every
/// message that a client receives, repeats too.

import Consortium

/// The record of one run.
public struct History: Sendable {
    /// Names a message for ever: its sender drew the identifier and counts.
    public struct Key: Hashable, Comparable, Sendable {
        public var chat: ChatID
        public var sender: SenderID
        public var sequence: UInt64
        public init(chat: ChatID, sender: SenderID, sequence: UInt64) {
            self.chat = chat
            self.sender = sender
            self.sequence = sequence
        }
        public static func < (left: Self, right: Self) -> Bool {
            (left.chat, left.sender, left.sequence) < (right.chat, right.sender, right.sequence)
        }
    }

    /// A message as a client was shown it.
    public struct Line: Hashable, Sendable {
        public var key: Key
        public var at: Position
        public var text: String
        public init(key: Key, at: Position, text: String) {
            self.key = key
            self.at = at
            self.text = text
        }
    }

    /// One participant's copy of one chat, in the order of arrival.
    public struct Transcript: Hashable, Sendable {
        public var reader: String
        public var chat: ChatID
        public internal(set) var lines: [Line] = []
        /// Took part to the end, and so must have everything; others must have everything up to the last line that they have.
        public var isComplete: Bool
        public init(reader: String, chat: ChatID, isComplete: Bool) {
            self.reader = reader
            self.chat = chat
            self.isComplete = isComplete
        }

        private var known: Set<Line> = []

        /// The copy without lines that a restore from a backup made void.
        public func without(_ isLost: (Key, Position) -> Bool) -> Transcript {
            var copy = self
            copy.lines.removeAll { isLost($0.key, $0.at) }
            return copy
        }

        /// Takes what came. A repeat of the same message at the same position is how a node answers `after`, and is dropped;
        /// the same message at another position is kept, and judged.
        /// - Returns: false for a repeat.
        @discardableResult
        public mutating func receive(_ line: Line) -> Bool {
            guard known.insert(line).inserted else { return false }
            lines.append(line)
            return true
        }
    }

    /// What senders said, and where the service acknowledged it as safe.
    public private(set) var said: [Key: String] = [:]
    public private(set) var acknowledged: [Key: Position] = [:]
    public var transcripts: [Transcript] = []
    private var acknowledgedTwice: Set<Key> = []

    /// Who may read what: those who opened a chat, or were given it.
    private struct Entitlement: Hashable {
        var reader: String
        var chat: ChatID
    }
    private var entitled: Set<Entitlement> = []
    private var staleReads: [(reader: String, chat: ChatID)] = []
    /// The furthest position of each chat that was acknowledged.
    private var furthest: [ChatID: Position] = [:]
    private var operations: [ChatID: [Operation<HoldingModel.Act>]] = [:]

    public init() {}

    public mutating func say(_ key: Key, _ text: String) { said[key] = text }

    /// An acknowledgement came. The same one may come again; one for another position is a fault.
    public mutating func acknowledge(_ key: Key, at position: Position) {
        if let before = acknowledged.updateValue(position, forKey: key), before != position { acknowledgedTwice.insert(key) }
        furthest[key.chat] = max(furthest[key.chat] ?? .zero, position)
    }

    /// The reader opened the chat or was given it: what is said there is for them.
    public mutating func entitle(_ reader: String, to chat: ChatID) { entitled.insert(Entitlement(reader: reader, chat: chat)) }

    /// A reader begins to look at a chat: gives what the answer must reach, to be handed to `read`.
    public func beginRead(of chat: ChatID) -> Position { furthest[chat] ?? .zero }

    /// The answer to a look at a chat ends at `last`: everything that was acknowledged before the reader asked must be in it.
    public mutating func read(_ reader: String, _ chat: ChatID, last: Position, since begun: Position) {
        if last < begun { staleReads.append((reader, chat)) }
    }

    /// What an operator asked about the holder of a chat, and what came of it.
    public mutating func note(_ operation: Operation<HoldingModel.Act>, of chat: ChatID) { operations[chat, default: []].append(operation) }

    /// The service was restored from a backup: begins anew with what is in it. What was said, and who may read what, stays.
    /// - Parameter isLost: whether what stood there is not in the backup.
    public mutating func restore(isLost: (Key, Position) -> Bool) {
        acknowledged = acknowledged.filter { !isLost($0.key, $0.value) }
        furthest = [:]
        for (key, at) in acknowledged { furthest[key.chat] = max(furthest[key.chat] ?? .zero, at) }
        (acknowledgedTwice, staleReads, operations, transcripts) = ([], [], [:], [])
    }

    /// What is wrong with the run.
    public func judge() -> Judgement {
        var faults: [Judgement.Fault] = []
        var places: [ChatID: [Position: Key]] = [:]
        for key in acknowledgedTwice.sorted() { faults.append(.init(.doubled, key, "acknowledgements")) }
        for (key, at) in acknowledged { places[key.chat, default: [:]][at] = key }
        if places.values.reduce(0, { $0 + $1.count }) != acknowledged.count {
            for (key, at) in acknowledged where places[key.chat]?[at] != key { faults.append(.init(.displaced, key, "acknowledgements")) }
        }
        for transcript in transcripts { judge(transcript, &places, &faults) }
        for read in staleReads { faults.append(.init(.stale, read.chat, read.reader)) }
        for (chat, operations) in operations.sorted(by: { $0.key < $1.key }) {
            switch LinearizabilitySearch.judge(operations, by: HoldingModel()) {
            case .holds: break
            case .broken(let stuckAt):
                let acts = stuckAt.map { "\(operations[$0].act)" }.joined(separator: "; ")
                faults.append(.init(.disputed, chat, "no order allows \(acts)"))
            case .undecided: faults.append(.init(.disputed, chat, "too many operations to judge"))
            }
        }
        return Judgement(chats: Set(transcripts.map(\.chat)).count, acknowledged: acknowledged.count, faults: faults)
    }

    private func judge(_ transcript: Transcript, _ places: inout [ChatID: [Position: Key]], _ faults: inout [Judgement.Fault]) {
        var shown: [Key: Position] = [:]
        var lastOfSender: [SenderID: UInt64] = [:]
        var end = Position.zero
        let isRecipient = entitled.isEmpty || entitled.contains(Entitlement(reader: transcript.reader, chat: transcript.chat))
        for line in transcript.lines {
            if !isRecipient || line.key.chat != transcript.chat { faults.append(.init(.misdelivered, line.key, transcript.reader)) }
            func fault(_ kind: Judgement.Kind) { faults.append(.init(kind, line.key, transcript.reader)) }
            guard shown.updateValue(line.at, forKey: line.key) == nil else {
                fault(.doubled)
                continue
            }
            if line.at <= end || line.key.sequence <= lastOfSender[line.key.sender] ?? 0 { fault(.reordered) }
            end = max(end, line.at)
            lastOfSender[line.key.sender] = max(lastOfSender[line.key.sender] ?? 0, line.key.sequence)
            if said[line.key] != line.text { fault(.altered) }
            // Acknowledgements and all readers must agree on what stands where.
            if places[transcript.chat, default: [:]][line.at, default: line.key] != line.key { fault(.displaced) }
            places[transcript.chat, default: [:]][line.at] = line.key
            if let at = acknowledged[line.key], at != line.at { fault(.displaced) }
        }
        for (key, at) in acknowledged where key.chat == transcript.chat && shown[key] == nil && (transcript.isComplete || at <= end) {
            faults.append(.init(.lost, key, transcript.reader))
        }
    }
}

/// The judgement of a run.
public struct Judgement: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Acknowledged as safe, and missing in a participant's copy.
        case lost
        /// The same message at two positions.
        case doubled
        /// Shown after a later one, of the chat or of its sender.
        case reordered
        /// Nobody said it, or not like this.
        case altered
        /// Two readers, or a reader and an acknowledgement, disagree on what stands at a position.
        case displaced
        /// Shown to somebody whom it is not for, or as part of another chat.
        case misdelivered
        /// A look at a chat did not show what had been acknowledged before.
        case stale
        /// What operators were told about who holds a chat fits no order of events.
        case disputed
    }

    public struct Fault: Hashable, Sendable, CustomStringConvertible {
        public var kind: Kind
        public var chat: ChatID
        /// Nil where the fault is not that of one message.
        public var key: History.Key?
        /// At whom it showed, or what was found.
        public var reader: String
        init(_ kind: Kind, _ key: History.Key, _ reader: String) {
            (self.kind, chat, self.key, self.reader) = (kind, key.chat, key, reader)
        }
        init(_ kind: Kind, _ chat: ChatID, _ reader: String) {
            (self.kind, self.chat, self.reader) = (kind, chat, reader)
        }
        public var description: String {
            let message = key.map { ", sender \($0.sender), number \($0.sequence)" } ?? ""
            return "\(kind.rawValue): chat \(chat)\(message), at \(reader)"
        }
    }

    public var chats: Int
    public var acknowledged: Int
    public var faults: [Fault]
    public var held: Bool { faults.isEmpty }
    public func count(_ kind: Kind) -> Int { faults.count { $0.kind == kind } }
}
