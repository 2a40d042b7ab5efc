import Glibc

/// A snapshot on disk: one head with everything about it and checksums of head and data, then the membership, then the data. Written under another
/// name, synced, and only then renamed: a file with a snapshot's name was whole once.
enum SnapshotFile {
    private static let fixedBytes = FileHead.bytes + 8 * 3 + 4 + 8 + 4 + 4

    /// Writes and syncs the file under `path`, not yet under its name. Leaves nothing behind when there is no room for it.
    static func write(_ path: String, _ meta: SnapshotMeta, _ data: [UInt8], _ identity: LogIdentity, _ files: any FileOperations)
        throws(LogError)
    {
        guard data.count <= RaftLimits.snapshotBytesMax else {
            throw .snapshotTooLarge(expectedMax: RaftLimits.snapshotBytesMax, found: data.count)
        }
        let members: [UInt8]
        do { members = try MembershipCodec.encode(meta.members) } catch {
            throw .damaged(file: path, offset: 0, expected: "a valid membership", found: "\(error)", advice: "a fault of the program")
        }
        var writer = ByteWriter()
        FileHead.put(.snapshot, identity, length: UInt32(fixedBytes + members.count), to: &writer)
        writer.put(meta.index)
        writer.put(meta.term)
        writer.put(meta.membersIndex)
        writer.put(UInt32(members.count))
        writer.put(UInt64(data.count))
        writer.put(CRC32C.checksum(data))
        writer.put(CRC32C.checksum(members, continuing: CRC32C.checksum(writer.bytes)))
        writer.bytes.append(contentsOf: members)
        do {
            try files.remove(path)
            let descriptor = try files.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
            defer { files.close(descriptor) }
            try files.write(descriptor, writer.bytes, at: 0)
            try files.write(descriptor, data, at: writer.bytes.count)
            try files.sync(descriptor)
        } catch {
            guard error.isNoSpace else { throw .io(error) }
            do { try files.remove(path) } catch { throw .io(error) }
            throw .noSpace(error)
        }
    }

    /// Nil when it is damaged in any way; throws when it is somebody else's.
    static func read(_ path: String, _ identity: LogIdentity, _ files: any FileOperations) throws(LogError) -> (SnapshotMeta, [UInt8])? {
        let content: [UInt8]
        do {
            let descriptor = try files.open(path, flags: O_RDONLY)
            defer { files.close(descriptor) }
            let size = try files.size(descriptor)
            guard size <= RaftLimits.snapshotBytesMax + fixedBytes + RaftLimits.membershipBytesMax else { return nil }
            content = try files.read(descriptor, at: 0, count: size)
        } catch {
            throw .io(error)
        }
        guard content.count >= fixedBytes else { return nil }
        let result: Result<(SnapshotMeta, [UInt8])?, LogError> = content.withUnsafeBytes { raw in
            var reader = ByteReader(bytes: raw)
            do throws(LogError) {
                guard try FileHead.check(.snapshot, identity, &reader, file: path) != nil else { return .success(nil) }
            } catch {
                return .failure(error)
            }
            let (index, term, membersIndex) = (reader.take(UInt64.self), reader.take(UInt64.self), reader.take(UInt64.self))
            let membersBytes = Int(reader.take(UInt32.self))
            let dataBytes = reader.take(UInt64.self)
            let dataSum = reader.take(UInt32.self)
            let headSum = reader.take(UInt32.self)
            guard dataBytes <= UInt64(RaftLimits.snapshotBytesMax), max(index, term, membersIndex) <= RaftLimits.numberMax,
                raw.count == fixedBytes + membersBytes + Int(dataBytes)
            else {
                return .success(nil)
            }
            let members = reader.take(membersBytes)
            let head = UnsafeRawBufferPointer(rebasing: raw[..<(fixedBytes - 4)])
            guard CRC32C.checksum(members, continuing: CRC32C.checksum(head)) == headSum else { return .success(nil) }
            let data = Array(raw[(fixedBytes + membersBytes)...])
            guard CRC32C.checksum(data) == dataSum, let decoded = try? MembershipCodec.decode(members) else { return .success(nil) }
            return .success((SnapshotMeta(index: index, term: term, members: decoded, membersIndex: membersIndex), data))
        }
        return try result.get()
    }
}

extension FileOperations {
    /// A whole array.
    func write(_ descriptor: Int32, _ bytes: [UInt8], at offset: Int) throws(FileFault) {
        var failure: FileFault?
        bytes.withUnsafeBytes { raw in
            do throws(FileFault) { try write(descriptor, raw, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Makes names made, changed and removed in a folder durable.
    func syncFolder(_ path: String) throws(FileFault) {
        let descriptor = try open(path, flags: O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try sync(descriptor)
    }
}
