/// Little-endian writing and reading for the files of the store.
struct ByteWriter {
    var bytes: [UInt8] = []
    mutating func put<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads in order; the caller has checked the length.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var at = 0
    mutating func take<T: FixedWidthInteger>(_ type: T.Type) -> T {
        defer { at += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: T.self))
    }
    mutating func take(_ count: Int) -> [UInt8] {
        defer { at += count }
        return Array(bytes[at..<at + count])
    }
}

/// The head that every file (or slot) begins with: what it is, its version and whose it is.
struct FileHead {
    static let version: UInt32 = 1
    static let bytes = 40

    enum Kind: UInt64 {
        // "CSraft" and two letters, as bytes in a file.
        case log = 0x474C_7466_6172_5343
        case vote = 0x5456_7466_6172_5343
        case mark = 0x4B4D_7466_6172_5343
        case snapshot = 0x4E53_7466_6172_5343
        case repair = 0x5052_7466_6172_5343
    }

    /// `length` is that of the whole head with what follows under the same checksum.
    static func put(_ kind: Kind, _ identity: LogIdentity, length: UInt32, to writer: inout ByteWriter) {
        writer.put(kind.rawValue)
        writer.put(version)
        writer.put(length)
        writer.bytes.append(contentsOf: identity.cluster)
        writer.put(identity.member)
    }

    /// Checks version and owner, which must be told apart from damage. Nil when it is no head of this kind.
    static func check(_ kind: Kind, _ identity: LogIdentity, _ reader: inout ByteReader, file: String) throws(LogError) -> UInt32? {
        guard reader.bytes.count - reader.at >= bytes, reader.take(UInt64.self) == kind.rawValue else { return nil }
        let version = reader.take(UInt32.self)
        let length = reader.take(UInt32.self)
        let cluster = reader.take(16)
        let member = reader.take(UInt64.self)
        guard version == self.version else { throw .wrongVersion(file: file, expected: self.version, found: version) }
        guard cluster == identity.cluster else { throw .wrongCluster(file: file, expected: identity.cluster, found: cluster) }
        guard member == identity.member else { throw .wrongMember(file: file, expected: identity.member, found: member) }
        return length
    }
}

/// The head of a segment: 64 bytes.
struct SegmentHead: Equatable {
    static let bytes = 64
    var generation: UInt64
    var first: UInt64
    /// The chain before the first record.
    var chain: UInt32

    func encoded(_ identity: LogIdentity) -> [UInt8] {
        var writer = ByteWriter()
        FileHead.put(.log, identity, length: UInt32(Self.bytes), to: &writer)
        writer.put(generation)
        writer.put(first)
        writer.put(chain)
        writer.put(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil when damaged.
    static func decode(_ bytes: [UInt8], _ identity: LogIdentity, file: String) throws(LogError) -> SegmentHead? {
        guard bytes.count >= Self.bytes else { return nil }
        let sum = CRC32C.checksum(Array(bytes[..<(Self.bytes - 4)]))
        let stored = bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: Self.bytes - 4, as: UInt32.self)) }
        guard sum == stored else { return nil }
        let body = Array(bytes[FileHead.bytes..<Self.bytes])
        let intact = try Self.checkHead(bytes, .log, identity, file: file)
        guard intact else { return nil }
        let head = body.withUnsafeBytes {
            var reader = ByteReader(bytes: $0)
            return SegmentHead(generation: reader.take(UInt64.self), first: reader.take(UInt64.self), chain: reader.take(UInt32.self))
        }
        return head.generation <= RaftLimits.numberMax && (1...RaftLimits.numberMax).contains(head.first) ? head : nil
    }

    private static func checkHead(_ bytes: [UInt8], _ kind: FileHead.Kind, _ identity: LogIdentity, file: String) throws(LogError) -> Bool {
        // Typed throws do not pass through the closures of withUnsafeBytes: the result does.
        let result: Result<UInt32?, LogError> = bytes.withUnsafeBytes { raw in
            var reader = ByteReader(bytes: raw)
            do throws(LogError) { return .success(try FileHead.check(kind, identity, &reader, file: file)) } catch {
                return .failure(error)
            }
        }
        return try result.get() != nil
    }
}

/// One record: a head of 40 bytes and the payload.
///
///     length 4 | kind 1, zero 3 | index 8 | term 8 | durable before 8 | previous chain 4 | chain 4
///
/// The chain is the CRC-32C of everything else in the record, the previous record's chain included: one record can be checked alone, and a
/// record can only follow the one that it was written after.
struct RecordHead {
    static let bytes = 40
    var length: Int
    var kind: RaftEntryKind
    var index: UInt64
    var term: UInt64
    /// What was synced when this record was written: a whole record proves that everything up to here had been durable.
    var durableBefore: UInt64
    var previousChain: UInt32
    var chain: UInt32

    static func append(_ entry: RaftEntry, durableBefore: UInt64, previousChain: UInt32, to buffer: inout [UInt8]) -> UInt32 {
        let start = buffer.count
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(bytes)
        writer.put(UInt32(entry.payload.count))
        writer.put(UInt32(entry.kind.rawValue))
        writer.put(entry.index)
        writer.put(entry.term)
        writer.put(durableBefore)
        writer.put(previousChain)
        let chain = CRC32C.checksum(entry.payload, continuing: CRC32C.checksum(writer.bytes))
        writer.put(chain)
        buffer.append(contentsOf: writer.bytes)
        buffer.append(contentsOf: entry.payload)
        assert(buffer.count - start == bytes + entry.payload.count)
        return chain
    }

    /// A record that is whole in itself, or nil.
    static func decode(_ file: UnsafeRawBufferPointer, at offset: Int) -> RecordHead? {
        guard offset + bytes <= file.count else { return nil }
        var reader = ByteReader(bytes: file, at: offset)
        let length = Int(reader.take(UInt32.self))
        let rawKind = reader.take(UInt32.self)
        guard length <= RaftLimits.payloadBytesMax, rawKind <= 3, let kind = RaftEntryKind(rawValue: UInt8(rawKind)),
            offset + bytes + length <= file.count
        else { return nil }
        let index = reader.take(UInt64.self)
        let term = reader.take(UInt64.self)
        let durableBefore = reader.take(UInt64.self)
        let previousChain = reader.take(UInt32.self)
        let chain = reader.take(UInt32.self)
        let head = UnsafeRawBufferPointer(rebasing: file[offset..<offset + bytes - 4])
        let payload = UnsafeRawBufferPointer(rebasing: file[offset + bytes..<offset + bytes + length])
        guard CRC32C.checksum(payload, continuing: CRC32C.checksum(head)) == chain, max(index, term, durableBefore) <= RaftLimits.numberMax
        else { return nil }
        return RecordHead(
            length: length, kind: kind, index: index, term: term, durableBefore: durableBefore, previousChain: previousChain, chain: chain)
    }
}
