import Glibc

/// A small value in two slots of one file, each with its own checksum and a sequence number. A write that is torn leaves the other slot.
/// The slots are 4 KiB apart, so that no sector or page holds both.
final class SlotFile {
    static let slotOffset = 4096
    private let files: any FileOperations
    private let descriptor: Int32
    private let path: String
    private let kind: FileHead.Kind
    private let identity: LogIdentity
    private var sequence: UInt64
    /// The value with the highest sequence number; nil in a new file.
    private(set) var value: [UInt64]?
    /// Offsets of slots that were unreadable when the file was opened.
    private(set) var tornSlots: [Int] = []
    private static let fields = 4
    private static let bytes = FileHead.bytes + 8 + 8 * fields + 4

    init(_ path: String, _ kind: FileHead.Kind, _ identity: LogIdentity, _ files: any FileOperations) throws(LogError) {
        (self.path, self.kind, self.identity, self.files) = (path, kind, identity, files)
        sequence = 0
        let content: [UInt8]
        do {
            descriptor = try files.open(path, flags: O_RDWR | O_CREAT)
            content = try files.read(descriptor, at: 0, count: Self.slotOffset + Self.bytes)
        } catch {
            throw .io(error)
        }
        var readable = 0
        for offset in [0, Self.slotOffset] {
            let slot = Array(content.dropFirst(offset).prefix(Self.bytes))
            if let (sequence, value) = try decode(slot) {
                readable += 1
                if sequence > self.sequence || self.value == nil { (self.sequence, self.value) = (sequence, value) }
            } else if slot.contains(where: { $0 != 0 }) {
                tornSlots.append(offset)
            }
        }
        if readable == 0, !tornSlots.isEmpty {
            throw .damaged(
                file: path, offset: tornSlots[0], expected: "a readable slot", found: "two unreadable slots", advice: LogError.rejoin)
        }
    }

    deinit { files.close(descriptor) }

    /// Writes the slot that does not hold the present value. Not durable without `sync`.
    func write(_ value: [UInt64]) throws(FileFault) {
        sequence += 1
        var writer = ByteWriter()
        FileHead.put(kind, identity, length: UInt32(Self.bytes), to: &writer)
        writer.put(sequence)
        for position in 0..<Self.fields { writer.put(position < value.count ? value[position] : 0) }
        writer.put(CRC32C.checksum(writer.bytes))
        let offset = sequence % 2 == 0 ? 0 : Self.slotOffset
        var failure: FileFault?
        writer.bytes.withUnsafeBytes { raw in
            do throws(FileFault) { try files.write(descriptor, raw, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        self.value = value
    }

    func sync() throws(FileFault) { try files.syncData(descriptor) }

    /// Both slots, one after the other, each durable before the next: afterwards no single damage can bring an older value back.
    func writeBoth(_ value: [UInt64]) throws(FileFault) {
        for _ in 0..<2 {
            try write(value)
            try sync()
        }
    }

    /// Writes once more what was read. After a sync that failed, the next start reads what no disk may have: the kernel takes such pages for written.
    func rewrite() throws(FileFault) {
        if let value { try writeBoth(value) }
    }

    private func decode(_ slot: [UInt8]) throws(LogError) -> (UInt64, [UInt64])? {
        guard slot.count == Self.bytes else { return nil }
        let sum = CRC32C.checksum(Array(slot.dropLast(4)))
        let result: Result<(UInt64, [UInt64])?, LogError> = slot.withUnsafeBytes { raw in
            guard UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: Self.bytes - 4, as: UInt32.self)) == sum else {
                return .success(nil)
            }
            var reader = ByteReader(bytes: raw)
            do throws(LogError) {
                guard try FileHead.check(kind, identity, &reader, file: path) != nil else { return .success(nil) }
            } catch {
                return .failure(error)
            }
            let sequence = reader.take(UInt64.self)
            let value = (0..<Self.fields).map { _ in reader.take(UInt64.self) }
            // In each kind the first two are numbers that something is added to, or identifiers that are as small.
            return .success(max(sequence, value[0], value[1]) <= RaftLimits.numberMax ? (sequence, value) : nil)
        }
        return try result.get()
    }
}
