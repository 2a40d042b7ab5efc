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
    static func length(ofField value: [UInt8]) -> Int {
        value.isEmpty ? 0 : 1 + length(ofVarint: UInt64(value.count)) + value.count
    }
}

extension AppendEntries {
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
        writer.begin(3, length: total)
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
