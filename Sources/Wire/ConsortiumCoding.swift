/// The consortium's values as bytes, in Protocol Buffers: old and new nodes run side by side.
///
/// Every decoder checks names, hashes and counts; what it gives, the domain can take. A kind that this version does
/// not know is an error of its own, `WireError.unknownKind`: whoever applies must stop there, never skip (rule 11).

import Consortium
import SwiftProtobuf

/// The most that each message may have, in bytes.
public enum ConsortiumWireLimits {
    public static let batchBytesMax = 8 * 1024 * 1024
    public static let commandBytesMax = 64 * 1024
    public static let verdictBytesMax = 8 * 1024
    public static let boardBytesMax = 64 * 1024 * 1024
    public static let chatUpdateBytesMax = 4 * 1024 * 1024
    public static let transcriptBytesMax = 4 * 1024 * 1024
    public static let ledgerBytesMax = 512 * 1024
    public static let tallyBytesMax = 2 * 1024 * 1024
    public static let auditBytesMax = 1024 * 1024
    public static let shiftsBytesMax = 128 * 1024
    public static let snapshotBytesMax = 1024 * 1024 * 1024
}

extension Batch {
    public init(wire bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= ConsortiumWireLimits.batchBytesMax else {
            throw .tooLarge(expectedMax: ConsortiumWireLimits.batchBytesMax, found: bytes.count)
        }
        try self.init(bulk: bytes)
    }
    public func wireBytes() -> [UInt8] { bulkBytes() }
}

extension Command {
    public init(wire bytes: [UInt8]) throws(WireError) {
        self = try PBCommandMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.commandBytesMax).decoded()
    }
    public func wireBytes() -> [UInt8] { PBCommandMessage(self).bytes }
}

extension Verdict {
    public init(wire bytes: [UInt8]) throws(WireError) {
        self = try PBVerdictMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.verdictBytesMax).decoded()
    }
    public func wireBytes() -> [UInt8] { PBVerdictMessage(self).bytes }
}

extension Board {
    public init(wire bytes: [UInt8]) throws(WireError) {
        self = try PBBoardMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.boardBytesMax).decoded()
    }
    public func wireBytes() -> [UInt8] { PBBoardMessage(self).bytes }
}

extension ChatUpdate {
    public init(wire bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= ConsortiumWireLimits.chatUpdateBytesMax else {
            throw .tooLarge(expectedMax: ConsortiumWireLimits.chatUpdateBytesMax, found: bytes.count)
        }
        try self.init(bulk: bytes)
    }
    public func wireBytes() -> [UInt8] {
        var writer = BulkWriter(capacity: 512 + messages.count * 384)
        writer.field(1, PBChatMetaMessage(meta).bytes)
        writer.entries(messages, field: 2)
        return writer.bytes
    }
}

extension ConsortiumState {
    /// Rebuilds the state; a snapshot that breaks an invariant is refused, with the invariant's sentence.
    public init(wireSnapshot bytes: [UInt8]) throws(WireError) {
        let memento = try PBStateSnapshot.parsed(bytes, bytesMax: ConsortiumWireLimits.snapshotBytesMax).decoded()
        do throws(InvariantViolation) {
            try self.init(memento: memento)
        } catch {
            throw .invalidField("snapshot", expected: error.sentence)
        }
    }

    /// The whole state. Copy the state first (that is cheap) and call this off the loop.
    public func wireSnapshot() -> [UInt8] { memento.wireBytes() }
}

extension SwiftProtobuf.Message {
    static func parsed(_ bytes: [UInt8], bytesMax: Int) throws(WireError) -> Self {
        guard bytes.count <= bytesMax else { throw .tooLarge(expectedMax: bytesMax, found: bytes.count) }
        do {
            return try Self(serializedBytes: bytes)
        } catch {
            throw .truncated
        }
    }

    var bytes: [UInt8] {
        do {
            return try serializedBytes()
        } catch {
            // Serializing fails for a required field (proto2) that is missing and for an `Any` that cannot be decoded, of which the schema has neither
            // (`SchemaTests` holds that), and beyond 2 GB, twice what the largest of them, a snapshot, may have. An empty message in its place
            // would be another one that decodes.
            preconditionFailure("\(Self.self) cannot be serialized: \(error)")
        }
    }
}

// MARK: The smallest pieces

extension PBId {
    init<Tag>(_ id: Identifier<Tag>) {
        self.init()
        high = id.high
        low = id.low
    }
    func decoded<Tag>() -> Identifier<Tag> { Identifier(high: high, low: low) }
}

extension PBHash {
    init(_ hash: SecretHash) {
        self.init()
        let words = stride(from: 0, to: 32, by: 8).map { start in
            hash.bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        (a, b, c, d) = (words[0], words[1], words[2], words[3])
    }

    func decoded() throws(WireError) -> SecretHash {
        let bytes = [a, b, c, d].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
        guard let hash = SecretHash(bytes) else { throw .invalidField("hash", expected: "32 bytes, not \(bytes.count)") }
        return hash
    }
}

extension PBLogPos {
    init(_ position: LogPosition) {
        self.init()
        index = position.index
        ordinal = position.ordinal
    }
    func decoded() -> LogPosition { LogPosition(index: index, ordinal: ordinal) }
}

extension PBPos {
    init(_ position: Position) {
        self.init()
        epoch = position.epoch
        n = position.n
    }
    func decoded() -> Position { Position(epoch: epoch, n: n) }
}

/// Reading of single fields, each with the field's name for the error.
enum Field {
    static func name<Tag>(_ text: String, _ field: String) throws(WireError) -> Name<Tag> {
        guard let name = Name<Tag>(text) else { throw .invalidField(field, expected: Name<Tag>.rule) }
        return name
    }

    static func optionalName<Tag>(_ text: String, _ field: String) throws(WireError) -> Name<Tag>? {
        text.isEmpty ? nil : try name(text, field)
    }

    static func names<Tag>(_ texts: [String], _ field: String, max: Int) throws(WireError) -> [Name<Tag>] {
        try list(texts, field, max: max) { text throws(WireError) in try name(text, field) }
    }

    static func count(_ number: UInt32, _ field: String) throws(WireError) -> Int {
        guard let count = Int(exactly: number) else { throw .invalidField(field, expected: "a count") }
        return count
    }

    static func list<Element, Value>(
        _ elements: [Element], _ field: String, max: Int, _ decode: (Element) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        guard elements.count <= max else { throw .invalidField(field, expected: "\(max) entries at most, not \(elements.count)") }
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(try decode(element)) }
        return values
    }

    /// Nothing, or a digest of a key.
    static func keyDigest(_ bytes: some Collection<UInt8>, _ field: String) throws(WireError) -> KeyDigest? {
        if bytes.isEmpty { return nil }
        guard let digest = KeyDigest(bytes) else { throw .invalidField(field, expected: "\(KeyDigest.count) bytes, or none") }
        return digest
    }

    static func choice<Choice: RawRepresentable>(_ raw: Choice.RawValue, _ field: String) throws(WireError) -> Choice {
        guard let choice = Choice(rawValue: raw) else { throw .unknownKind("\(field) \(raw)") }
        return choice
    }

    /// Empty: none.
    static func optionalChoice<Choice: RawRepresentable>(_ raw: String, _ field: String) throws(WireError) -> Choice?
    where Choice.RawValue == String {
        raw.isEmpty ? nil : try choice(raw, field)
    }

    static func small<Choice: RawRepresentable>(_ raw: UInt32, _ field: String) throws(WireError) -> Choice where Choice.RawValue == UInt8 {
        guard let byte = UInt8(exactly: raw) else { throw .unknownKind("\(field) \(raw)") }
        return try choice(byte, field)
    }
}
