import Glibc

// The durable log of one member: segments, mark, vote and snapshots in one locked folder. Synchronous; `LogWriter` runs it on a thread.
//
// What must be told apart after a crash
//   A *torn tail* is what was being written when the power went: nobody was told it is safe, so it is cut off. A *lost tail* was acknowledged
//   and is gone: a voter that forgets it may help to elect a leader without a committed entry. Chained checksums alone cannot tell them apart.
//
// The mark
//   A file of its own says up to which index (and chain) the log has been synced. Syncing it with every batch would double the cost of each, so:
//   1. It is written, not synced, after each log sync and before the acknowledgement. The page cache outlives the process, so after a kill, a
//      trap or an out-of-memory the mark is exact.
//   2. It is synced when the writer falls idle and every `markSyncEvery` log syncs, so after a power cut it is late by that much only.
//   3. Each record carries the index that was durable when it was written. A whole record after a damaged place thus proves that the damaged
//      place had been acknowledged, however late the mark is.
//   What is left: a power cut, and the very last batches unreadable, within the mark's lateness, on a disk that had reported them synced.
//   Peers remember even that (`VoterMemory`).
//   Lowering it (a truncation, an install) is synced in both slots before the log itself is touched, else an honest log would look shortened.
//
// Installing a leader's snapshot
//   The rename of the snapshot is the moment it happens. Then the mark moves to a new generation, then the old generation's segments go. A crash in
//   between is finished by recovery: a log that does not contain the snapshot's last entry is void.

/// The store. One thread at a time; after a thrown `.io` every later write throws `.failed`.
public final class LogStore {
    /// Bytes of a segment; the file is this large from its beginning.
    public let segmentBytes: Int
    static let markSyncEvery = 64

    let layout: DiskLayout
    let identity: LogIdentity
    let files: any FileOperations
    var segments: [Segment] = []
    var snapshots: [(term: UInt64, index: UInt64)] = []
    private let vote: SlotFile
    private let mark: SlotFile
    private var failed = false

    private var descriptor: Int32 = -1
    private var position = 0
    private var buffer: [UInt8] = []
    private var chain: UInt32 = 0
    var generation: UInt64
    /// The last entry written or waiting in the buffer, and the last one synced.
    public private(set) var lastIndex: UInt64 = 0
    public private(set) var syncedIndex: UInt64 = 0
    private var markUnsynced = 0

    /// How often the log file was synced: group commit shows here.
    public private(set) var logSyncs = 0
    /// How often the mark was.
    public private(set) var markSyncs = 0

    struct Segment {
        var path: String
        var first: UInt64
    }

    /// Where recovery left off.
    struct Resume {
        var segments: [Segment]
        var snapshots: [(term: UInt64, index: UInt64)]
        var generation: UInt64
        var lastIndex: UInt64
        var chain: UInt32
        var position: Int
        /// Whole records of the last segment beyond the mark: their sync is not known to have succeeded.
        var unmarked: (offset: Int, bytes: [UInt8])?
    }

    init(
        _ layout: DiskLayout, _ identity: LogIdentity, _ files: any FileOperations, vote: SlotFile, mark: SlotFile, segmentBytes: Int,
        resume: Resume
    ) throws(LogError) {
        (self.layout, self.identity, self.files, self.vote, self.mark) = (layout, identity, files, vote, mark)
        self.segmentBytes = segmentBytes
        (segments, snapshots, generation) = (resume.segments, resume.snapshots, resume.generation)
        (lastIndex, syncedIndex, chain, position) = (resume.lastIndex, resume.lastIndex, resume.chain, resume.position)
        try guarded { () throws(FileFault) in
            if let last = segments.last {
                descriptor = try files.open(last.path, flags: O_RDWR)
                // After a killed process the tail may be in the page cache alone: only now is it durable. After a failed sync the kernel may
                // take those pages for written, and a sync alone would do nothing: what the mark does not vouch for is written once more.
                if let tail = resume.unmarked { try files.write(descriptor, tail.bytes, at: tail.offset) }
                try files.syncData(descriptor)
            } else {
                try beginSegment()
            }
            try mark.writeBoth(markValue)
        }
    }

    deinit { if descriptor >= 0 { files.close(descriptor) } }

    /// Term and vote become durable, in both slots.
    public func setTermVote(term: UInt64, vote member: UInt64) throws(LogError) {
        try guarded { () throws(FileFault) in try vote.writeBoth([term, member]) }
    }

    /// Takes entries for the next `sync`. They must follow the last. After `.noSpace` those up to `lastIndex` were taken.
    public func append(_ entries: [RaftEntry]) throws(LogError) {
        for entry in entries {
            guard entry.index == lastIndex + 1 else { throw .gap(expected: lastIndex + 1, found: entry.index) }
            let size = RecordHead.bytes + entry.payload.count
            // A segment ends with room for the zeros that end it.
            if position + buffer.count + size + RecordHead.bytes > segmentBytes, position + buffer.count > SegmentHead.bytes {
                try sync()
                try guarded(mayLackSpace: true) { () throws(FileFault) in try beginSegment() }
            }
            chain = RecordHead.append(entry, durableBefore: syncedIndex, previousChain: chain, to: &buffer)
            lastIndex = entry.index
        }
    }

    /// Bytes that wait for a sync.
    public var waitingBytes: Int { buffer.count }

    /// Everything taken becomes durable with one sync.
    public func sync() throws(LogError) {
        guard !buffer.isEmpty else { return }
        try guarded { () throws(FileFault) in
            try files.write(descriptor, buffer, at: position)
            try files.syncData(descriptor)
            logSyncs += 1
            position += buffer.count
            buffer.removeAll(keepingCapacity: true)
            syncedIndex = lastIndex
            try mark.write(markValue)
            markUnsynced += 1
            if markUnsynced >= Self.markSyncEvery { try syncMarkFile() }
        }
    }

    /// To be called when there is nothing else to do.
    public func syncMark() throws(LogError) {
        guard markUnsynced > 0 else { return }
        try guarded { () throws(FileFault) in try syncMarkFile() }
    }

    /// Drops `index` and everything after it, durably.
    public func truncate(from index: UInt64) throws(LogError) {
        try sync()
        guard index <= lastIndex else { return }
        guard let holder = segments.lastIndex(where: { $0.first <= index }) else { throw .gap(expected: segments[0].first, found: index) }
        let scan = try SegmentScan.read(segments[holder].path, identity, files)
        guard let head = scan.head, let end = scan.end(before: index) else {
            throw .damaged(
                file: segments[holder].path, offset: SegmentHead.bytes, expected: "record \(index)", found: "\(scan.records.count) records",
                advice: LogError.rejoin)
        }
        try guarded { () throws(FileFault) in
            chain = scan.records.last { $0.head.index < index }?.head.chain ?? head.chain
            (lastIndex, syncedIndex, position) = (index - 1, index - 1, end)
            try mark.writeBoth(markValue)
            while segments.count > holder + 1 { try files.remove(segments.removeLast().path) }
            files.close(descriptor)
            descriptor = try files.open(segments[holder].path, flags: O_RDWR)
            try Self.cut(descriptor, at: position, size: segmentBytes, files)
            try files.syncFolder(layout.folder)
        }
    }

    /// Makes a snapshot durable. With `keptFrom` the log before it is trimmed by whole segments, but never so far that the older snapshot could not
    /// be used; without, the log is void and goes on at the snapshot's index + 1.
    public func saveSnapshot(_ meta: SnapshotMeta, _ data: [UInt8], keptFrom: UInt64?) throws(LogError) {
        guard !failed else { throw .failed }
        do {
            try SnapshotFile.write(layout.partialSnapshot, meta, data, identity, files)
        } catch {
            if case .noSpace = error { throw error }
            failed = true
            throw error
        }
        try commitSnapshot(meta, keptFrom: keptFrom)
    }

    /// The second half of `saveSnapshot`, when the partial file has been written elsewhere.
    func commitSnapshot(_ meta: SnapshotMeta, keptFrom: UInt64?) throws(LogError) {
        try sync()
        try guarded { () throws(FileFault) in
            try files.rename(layout.partialSnapshot, to: layout.snapshot(term: meta.term, index: meta.index))
            try files.syncFolder(layout.folder)
            snapshots.removeAll { $0.index == meta.index && $0.term == meta.term }
            snapshots.append((meta.term, meta.index))
            snapshots.sort { ($0.index, $0.term) < ($1.index, $1.term) }
            while snapshots.count > 2 {
                let oldest = snapshots.removeFirst()
                try files.remove(layout.snapshot(term: oldest.term, index: oldest.index))
            }
            if let keptFrom {
                try trim(before: min(keptFrom, snapshots[0].index + 1))
            } else {
                try restart(after: meta)
            }
        }
    }

    /// What the newest snapshot does not hold goes, though the older one cannot be used then: older snapshots, and the log before it as far as
    /// its segments end before it. The present segment ends here, so that the next purge takes it too. Nothing is done without a snapshot.
    public func purge() throws(LogError) {
        try sync()
        guard let newest = snapshots.last else { return }
        try guarded { () throws(FileFault) in
            while snapshots.count > 1 {
                let oldest = snapshots.removeFirst()
                try files.remove(layout.snapshot(term: oldest.term, index: oldest.index))
            }
            try files.syncFolder(layout.folder)
        }
        if position > SegmentHead.bytes {
            do throws(LogError) {
                try guarded(mayLackSpace: true) { () throws(FileFault) in try beginSegment() }
            } catch .noSpace {
                // The present segment is gone on with, and ends with a later purge: nobody must wait for room because of this.
            }
        }
        try guarded { () throws(FileFault) in try trim(before: newest.index + 1) }
    }

    /// Closes with an exact, durable mark, and unlocks the folder. Later writes throw `.failed`.
    public func close() throws(LogError) {
        try sync()
        try syncMark()
        failed = true
        layout.unlock()
    }

    // MARK: Parts, with the plain file fault

    /// A new generation that begins after a snapshot; everything of the old one goes.
    private func restart(after meta: SnapshotMeta) throws(FileFault) {
        let old = segments
        segments = []
        generation += 1
        (lastIndex, syncedIndex, chain) = (meta.index, meta.index, 0)
        try mark.writeBoth(markValue)
        // Newest first: what is left after a crash is a beginning, which recovery knows for void.
        for segment in old.reversed() { try files.remove(segment.path) }
        try beginSegment()
    }

    private func trim(before index: UInt64) throws(FileFault) {
        var removed = false
        while segments.count > 1, segments[1].first <= index {
            try files.remove(segments.removeFirst().path)
            removed = true
        }
        if removed { try files.syncFolder(layout.folder) }
    }

    /// Makes the next segment and goes on in it. When that fails nothing has changed, and the beginning that was made is gone.
    private func beginSegment() throws(FileFault) {
        let path = layout.segment(generation: generation, first: lastIndex + 1)
        try files.remove(path)
        let fresh = try files.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
        do throws(FileFault) {
            try files.allocate(fresh, upTo: segmentBytes)
            try files.write(fresh, SegmentHead(generation: generation, first: lastIndex + 1, chain: chain).encoded(identity), at: 0)
            try files.sync(fresh)
            try files.syncFolder(layout.folder)
        } catch {
            files.close(fresh)
            try files.remove(path)
            throw error
        }
        if descriptor >= 0 { files.close(descriptor) }
        descriptor = fresh
        segments.append(Segment(path: path, first: lastIndex + 1))
        position = SegmentHead.bytes
    }

    /// Zeros from `offset` on, durably: stale records there could pass for damage later.
    static func cut(_ descriptor: Int32, at offset: Int, size: Int, _ files: any FileOperations) throws(FileFault) {
        try files.truncate(descriptor, to: offset)
        try files.allocate(descriptor, upTo: max(size, offset))
        try files.sync(descriptor)
    }

    private var markValue: [UInt64] { [generation, syncedIndex, UInt64(chain)] }

    private func syncMarkFile() throws(FileFault) {
        try mark.sync()
        markSyncs += 1
        markUnsynced = 0
    }

    /// The one place where a failed call closes the store.
    /// - Parameter mayLackSpace: the body changes nothing when there is no room.
    private func guarded(mayLackSpace: Bool = false, _ body: () throws(FileFault) -> Void) throws(LogError) {
        guard !failed else { throw .failed }
        do {
            try body()
        } catch {
            if mayLackSpace, error.isNoSpace { throw .noSpace(error) }
            failed = true
            throw .io(error)
        }
    }
}
