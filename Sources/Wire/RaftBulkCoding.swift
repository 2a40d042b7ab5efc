import Raft

// The two messages that carry bulk are written by hand, straight from their byte arrays: the generated code would copy every payload into a
// Foundation value first, once for each member it is sent to. The tests hold both encodings equal.

/// Protocol Buffers' wire format, as far as it is needed here (protobuf.dev, "Encoding").
struct BulkWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Zero is the default and is not written.
    mutating func field(_ number: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(number << 3)
        varint(value)
    }

    mutating func field(_ number: UInt64, fixed value: UInt32) {
        guard value != 0 else { return }
        varint(number << 3 | 5)
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    mutating func field(_ number: UInt64, fixed value: UInt64) {
        guard value != 0 else { return }
        varint(number << 3 | 1)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func field(_ number: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        begin(number, length: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// A message that is encoded already.
    mutating func raw(_ encoded: [UInt8]) { bytes.append(contentsOf: encoded) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func field(_ number: UInt64, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        begin(number, length: value.count)
        bytes.append(contentsOf: value)
    }

    /// The head of a message or of bytes that follow.
    mutating func begin(_ number: UInt64, length: Int) {
        varint(number << 3 | 2)
        varint(UInt64(length))
    }

    static func length(ofVarint value: UInt64) -> Int { value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7 }
    static func length(ofField value: UInt64) -> Int { value == 0 ? 0 : 1 + length(ofVarint: value) }
    static func length(ofField value: String) -> Int {
        value.isEmpty ? 0 : 1 + length(ofVarint: UInt64(value.utf8.count)) + value.utf8.count
    }
    static func length(ofFixed value: UInt64) -> Int { value == 0 ? 0 : 9 }
    static func length(ofField value: [UInt8]) -> Int {
        value.isEmpty ? 0 : 1 + length(ofVarint: UInt64(value.count)) + value.count
    }
}

extension AppendEntries {
    static let envelopeField: UInt64 = 3

    init(_ message: BulkReader) throws(WireError) {
        self.init(term: 0, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, entries: [])
        var reader = message
        var pieces: [Range<Int>] = []
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.varint): term = try reader.varint()
            case (2, BulkReader.WireType.varint): prevLogIndex = try reader.varint()
            case (3, BulkReader.WireType.varint): prevLogTerm = try reader.varint()
            case (4, BulkReader.WireType.varint): leaderCommit = try reader.varint()
            case (5, BulkReader.WireType.bytes):
                guard pieces.count < RaftLimits.messageEntriesMax else {
                    throw .tooLarge(expectedMax: RaftLimits.messageEntriesMax, found: pieces.count + 1)
                }
                pieces.append(try reader.piece())
            default: try reader.skip(tag)
            }
        }
        guard (prevLogIndex == 0) == (prevLogTerm == 0) else {
            throw .invalidField("prev_log_term", expected: "0 exactly when prev_log_index is 0")
        }
        guard prevLogIndex < UInt64(Int64.max) else { throw .invalidField("prev_log_index", expected: "an index below 2^63") }
        entries.reserveCapacity(pieces.count)
        for piece in pieces {
            let entry = try RaftEntry(reader.message(piece), index: prevLogIndex + 1 + UInt64(entries.count))
            guard entry.term <= term else { throw .invalidField("entries.term", expected: "1 to the message's term") }
            entries.append(entry)
        }
    }

    func wireBytes() -> [UInt8] {
        typealias W = BulkWriter
        func length(_ entry: RaftEntry) -> Int {
            W.length(ofField: entry.term) + W.length(ofField: UInt64(entry.kind.rawValue)) + W.length(ofField: entry.payload)
        }
        var total = W.length(ofField: term) + W.length(ofField: prevLogIndex) + W.length(ofField: prevLogTerm)
        total += W.length(ofField: leaderCommit)
        for entry in entries {
            let inner = length(entry)
            total += 1 + W.length(ofVarint: UInt64(inner)) + inner
        }
        var writer = BulkWriter(capacity: total + 8)
        writer.begin(Self.envelopeField, length: total)
        writer.field(1, term)
        writer.field(2, prevLogIndex)
        writer.field(3, prevLogTerm)
        writer.field(4, leaderCommit)
        for entry in entries {
            writer.begin(5, length: length(entry))
            writer.field(1, entry.term)
            writer.field(2, UInt64(entry.kind.rawValue))
            writer.field(3, entry.payload)
        }
        return writer.bytes
    }
}

extension RaftEntry {
    fileprivate init(_ message: BulkReader, index: UInt64) throws(WireError) {
        var reader = message
        var (term, kind) = (UInt64(0), UInt64(0))
        var payload = 0..<0
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.varint): term = try reader.varint()
            case (2, BulkReader.WireType.varint): kind = try reader.varint()
            case (3, BulkReader.WireType.bytes): payload = try reader.piece()
            default: try reader.skip(tag)
            }
        }
        guard term > 0 else { throw .invalidField("entries.term", expected: "1 to the message's term") }
        guard let known = RaftEntryKind(rawValue: UInt8(clamping: kind)) else { throw .unknownKind("raft entry of kind \(kind)") }
        guard payload.count <= RaftLimits.payloadBytesMax else {
            throw .tooLarge(expectedMax: RaftLimits.payloadBytesMax, found: payload.count)
        }
        self.init(index: index, term: term, kind: known, payload: Array(message.bytes[payload]))
    }
}

extension InstallSnapshot {
    func wireBytes() -> [UInt8] {
        typealias W = BulkWriter
        let configuration: [UInt8]
        do { configuration = try MembershipCodec.encode(snapshot.members) } catch {
            // A snapshot's membership was decoded from the log by the same rules, so it can be encoded.
            fatalError("the membership of a snapshot cannot be encoded: \(error)")
        }
        var total = W.length(ofField: term) + W.length(ofField: snapshot.index) + W.length(ofField: snapshot.term)
        total += W.length(ofField: configuration) + W.length(ofField: snapshot.membersIndex) + W.length(ofField: totalBytes)
        total += (totalChecksum == 0 ? 0 : 5) + W.length(ofField: offset) + W.length(ofField: data)
        var writer = BulkWriter(capacity: total + 8)
        writer.begin(5, length: total)
        writer.field(1, term)
        writer.field(2, snapshot.index)
        writer.field(3, snapshot.term)
        writer.field(4, configuration)
        writer.field(5, snapshot.membersIndex)
        writer.field(6, totalBytes)
        writer.field(7, fixed: totalChecksum)
        writer.field(8, offset)
        writer.field(9, data)
        return writer.bytes
    }
}
