import Glibc

/// Everything that is whole in one segment, and where it stops.
struct SegmentScan {
    var path: String
    var head: SegmentHead?
    var records: [(offset: Int, head: RecordHead)] = []
    var content: [UInt8] = []
    /// After the last whole record.
    var end = SegmentHead.bytes
    /// Nothing but zeros follows.
    var endsClean = true
    /// The first whole record after `end`, if any: what lies between is damage, not a tear.
    var recordAfterEnd: (offset: Int, head: RecordHead)?

    static func read(_ path: String, _ identity: LogIdentity, _ files: any FileOperations) throws(LogError) -> SegmentScan {
        var scan = SegmentScan(path: path)
        do {
            let descriptor = try files.open(path, flags: O_RDONLY)
            defer { files.close(descriptor) }
            scan.content = try files.read(descriptor, at: 0, count: try files.size(descriptor))
        } catch {
            throw .io(error)
        }
        scan.head = try SegmentHead.decode(scan.content, identity, file: path)
        guard let head = scan.head else { return scan }
        scan.content.withUnsafeBytes { raw in
            var (chain, index) = (head.chain, head.first)
            while let record = RecordHead.decode(raw, at: scan.end), record.previousChain == chain, record.index == index {
                scan.records.append((scan.end, record))
                scan.end += RecordHead.bytes + record.length
                (chain, index) = (record.chain, index + 1)
            }
            guard let dirty = nonZeroBytes(raw, from: scan.end) else { return }
            scan.endsClean = false
            for offset in max(scan.end + 1, dirty.lowerBound - RecordHead.bytes)..<max(scan.end + 1, dirty.upperBound) {
                if let record = RecordHead.decode(raw, at: offset), record.index >= index {
                    scan.recordAfterEnd = (offset, record)
                    return
                }
            }
        }
        return scan
    }

    /// From the first byte that is not zero to the last, nearly; by words, since nearly all of a segment's end is zeros.
    private static func nonZeroBytes(_ raw: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        func word(_ at: Int) -> UInt64 {
            if at + 8 <= raw.count { return raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
            var rest: UInt64 = 0
            for byte in raw[at...] { rest |= UInt64(byte) }
            return rest
        }
        var (first, last): (Int?, Int) = (nil, start)
        var at = start
        while at < raw.count {
            if word(at) != 0 {
                first = first ?? at
                last = min(at + 8, raw.count)
            }
            at += 8
        }
        return first.map { $0..<last }
    }

    /// Where the record `index` begins; nil when it is neither in here nor next.
    func end(before index: UInt64) -> Int? {
        guard let head, index >= head.first, index <= head.first + UInt64(records.count) else { return nil }
        return index == head.first + UInt64(records.count) ? end : records[Int(index - head.first)].offset
    }

    func entry(_ position: Int) -> RaftEntry {
        let (offset, head) = records[position]
        let start = offset + RecordHead.bytes
        return RaftEntry(index: head.index, term: head.term, kind: head.kind, payload: Array(content[start..<start + head.length]))
    }
}

extension LogStore {
    /// Opens a member's folder and reads back what is durable. `trailingEntries`: how many entries before the snapshot are wanted in memory.
    ///
    /// Throws when anything that was acknowledged is not as it was written; never repairs that (`beginRepair` prepares it). What an interrupted write left behind is removed
    /// and named in the report.
    public static func open(
        _ layout: DiskLayout, _ identity: LogIdentity, files: any FileOperations = SystemFiles(), segmentBytes: Int = 8 << 20,
        trailingEntries: UInt64 = 2048
    ) throws(LogError) -> (store: LogStore, log: RecoveredLog, report: RecoveryReport) {
        let names: [String]
        do { names = try files.list(layout.folder) } catch { throw .io(error) }
        let hadVote = names.contains("vote")
        let hadMark = names.contains("mark")
        var recovery = Recovery(layout: layout, identity: identity, files: files, segmentBytes: segmentBytes)
        recovery.found = names.compactMap { DiskLayout.numbers($0, prefix: "log") }.map { (generation: $0.0, first: $0.1) }
        recovery.snapshots = names.compactMap { DiskLayout.numbers($0, prefix: "snapshot") }.map { (term: $0.0, index: $0.1) }
        if names.contains("snapshot.partial") { recovery.leftovers.append(layout.partialSnapshot) }

        if !hadMark, !recovery.found.isEmpty || !recovery.snapshots.isEmpty {
            throw .missing(file: layout.mark, expected: "the mark beside a log", advice: LogError.rejoin)
        }
        let vote = try SlotFile(layout.vote, .vote, identity, files)
        let mark = try SlotFile(layout.mark, .mark, identity, files)
        recovery.noteTorn(vote, layout.vote)
        recovery.noteTorn(mark, layout.mark)
        let repairingSince = names.contains("repair") ? try SlotFile(layout.repair, .repair, identity, files).value?[0] : nil
        let marked = Recovery.Mark(mark.value)
        if hadVote, let term = vote.value?[0], term > 0, mark.value == nil {
            throw .missing(file: layout.mark, expected: "the mark beside a vote of term \(term)", advice: LogError.rejoin)
        }
        try recovery.readSnapshot()
        try recovery.readSegments(marked)
        try recovery.matchSnapshot(mark)
        let (term, member) = (vote.value?[0] ?? 0, vote.value?[1] ?? 0)
        let lastTerm = max(recovery.entries.last?.term ?? 0, recovery.snapshot?.0.term ?? 0)
        if term < lastTerm {
            throw .damaged(
                file: layout.vote, offset: 0, expected: "a term of at least \(lastTerm), the log's", found: "term \(term)",
                advice: LogError.rejoin)
        }
        try recovery.removeLeftovers()
        do throws(FileFault) {
            try vote.rewrite()
            try mark.rewrite()
        } catch {
            throw .io(error)
        }
        let store = try LogStore(layout, identity, files, vote: vote, mark: mark, segmentBytes: segmentBytes, resume: recovery.resume)
        do { try files.syncFolder(layout.folder) } catch { throw .io(error) }
        let after = recovery.snapshot?.0.index ?? 0
        if after > trailingEntries { recovery.entries.removeAll { $0.index <= after - trailingEntries } }
        recovery.report.lastIndex = store.lastIndex
        recovery.report.isFresh = term == 0 && recovery.snapshot == nil && recovery.entries.isEmpty
        var log = RecoveredLog(term: term, vote: member, snapshot: recovery.snapshot.map { ($0.0, $0.1) }, entries: recovery.entries)
        log.repairingSince = repairingSince
        return (store, log, recovery.report)
    }

    /// The first entry of a new cluster, on an empty store; see `RecoveredLog.bootstrap`. Gives back what to start from.
    public func bootstrap(_ members: [RaftMember]) throws(LogError) -> RecoveredLog {
        guard lastIndex == 0, snapshots.isEmpty else { throw .gap(expected: 0, found: lastIndex) }
        let log: RecoveredLog
        do { log = try RecoveredLog.bootstrap(members: members) } catch {
            throw .damaged(file: layout.folder, offset: 0, expected: "a valid membership", found: "\(error)", advice: "correct the members")
        }
        try setTermVote(term: log.term, vote: log.vote)
        try append(log.entries)
        try sync()
        try syncMark()
        return log
    }
}

extension LogStore {
    /// The beginning of a log that goes on from a snapshot, on an empty store. Gives back what to start from.
    public func begin(at meta: SnapshotMeta, _ data: [UInt8]) throws(LogError) -> RecoveredLog {
        guard lastIndex == 0, snapshots.isEmpty else { throw .gap(expected: 0, found: lastIndex) }
        try setTermVote(term: meta.term, vote: 0)
        try saveSnapshot(meta, data, keptFrom: nil)
        return RecoveredLog(term: meta.term, vote: 0, snapshot: (meta, data), entries: [])
    }
}

/// The steps of a recovery and what they have found so far.
struct Recovery {
    struct Mark {
        var generation: UInt64 = 1
        var synced: UInt64 = 0
        var chain: UInt32 = 0
        init(_ value: [UInt64]?) {
            guard let value else { return }
            (generation, synced, chain) = (value[0], value[1], UInt32(truncatingIfNeeded: value[2]))
        }
    }
    let layout: DiskLayout
    let identity: LogIdentity
    let files: any FileOperations
    let segmentBytes: Int
    var found: [(generation: UInt64, first: UInt64)] = []
    var snapshots: [(term: UInt64, index: UInt64)] = []
    var leftovers: [String] = []
    var snapshot: (SnapshotMeta, [UInt8])?
    var entries: [RaftEntry] = []
    var report = RecoveryReport()
    var resume = LogStore.Resume(segments: [], snapshots: [], generation: 1, lastIndex: 0, chain: 0, position: SegmentHead.bytes)

    init(layout: DiskLayout, identity: LogIdentity, files: any FileOperations, segmentBytes: Int) {
        (self.layout, self.identity, self.files, self.segmentBytes) = (layout, identity, files, segmentBytes)
    }

    mutating func noteTorn(_ slots: SlotFile, _ path: String) {
        for offset in slots.tornSlots { report.notes.append(.tornSlot(file: path, offset: offset)) }
    }

    /// The newest readable one. `matchSnapshot` sees to it that the log reaches back to it.
    mutating func readSnapshot() throws(LogError) {
        snapshots.sort { ($0.index, $0.term) < ($1.index, $1.term) }
        var unreadable: [String] = []
        while let newest = snapshots.last, snapshot == nil {
            let path = layout.snapshot(term: newest.term, index: newest.index)
            if let (meta, data) = try SnapshotFile.read(path, identity, files), meta.index == newest.index, meta.term == newest.term {
                snapshot = (meta, data)
            } else {
                unreadable.append(path)
                snapshots.removeLast()
            }
        }
        if snapshot == nil, let path = unreadable.first {
            throw .damaged(
                file: path, offset: 0, expected: "a readable snapshot", found: "no readable one of \(unreadable.count)",
                advice: LogError.rejoin)
        }
        for path in unreadable { report.notes.append(.olderSnapshot(unreadable: path)) }
        resume.snapshots = snapshots
    }

    mutating func readSegments(_ mark: Mark) throws(LogError) {
        resume.generation = mark.generation
        for (generation, first) in found where generation < mark.generation {
            leftovers.append(layout.segment(generation: generation, first: first))
        }
        let current = found.filter { $0.generation >= mark.generation }.sorted { $0.first < $1.first }
        if let later = current.first(where: { $0.generation > mark.generation }) {
            throw .damaged(
                file: layout.mark, offset: 0, expected: "generation \(later.generation), the log's", found: "\(mark.generation)",
                advice: LogError.rejoin)
        }
        resume.lastIndex = current.first.map { $0.first - 1 } ?? 0
        for (position, name) in current.enumerated() {
            let path = layout.segment(generation: name.generation, first: name.first)
            let scan = try SegmentScan.read(path, identity, files)
            let isLast = position == current.count - 1
            if scan.head == nil, isLast, name.first > mark.synced {
                // Its making was interrupted: nothing in it was ever acknowledged.
                report.notes.append(.tornTail(file: path, offset: 0))
                leftovers.append(path)
                break
            }
            try check(scan, name.first, mark, isFirst: position == 0, isLast: isLast)
            take(scan, mark)
            if isLast, !scan.endsClean { try cutTail(scan) }
        }
        if let first = current.first?.first, resume.lastIndex < mark.synced {
            throw .damaged(
                file: current.last.map { layout.segment(generation: $0.generation, first: $0.first) } ?? layout.folder,
                offset: resume.position,
                expected: "records \(first) to \(mark.synced), acknowledged by the mark", found: "records up to \(resume.lastIndex)",
                advice: LogError.rejoin)
        }
        if current.isEmpty, mark.synced > 0, snapshot?.0.index != mark.synced {
            throw .missing(
                file: layout.segment(generation: mark.generation, first: 1), expected: "segments up to record \(mark.synced)",
                advice: LogError.rejoin)
        }
        if current.isEmpty { resume.lastIndex = mark.synced }
    }

    /// Everything about one segment that recovery must not accept.
    private mutating func check(_ scan: SegmentScan, _ first: UInt64, _ mark: Mark, isFirst: Bool, isLast: Bool) throws(LogError) {
        guard let head = scan.head else {
            throw .damaged(
                file: scan.path, offset: 0, expected: "the head of a segment", found: "\(scan.content.count) bytes without one",
                advice: LogError.rejoin)
        }
        guard head.first == first, head.generation == mark.generation, isFirst || first == resume.lastIndex + 1 else {
            if !isFirst, first > resume.lastIndex + 1 {
                throw .missing(
                    file: layout.segment(generation: mark.generation, first: resume.lastIndex + 1),
                    expected: "records \(resume.lastIndex + 1) to \(first - 1)", advice: LogError.rejoin)
            }
            throw .damaged(
                file: scan.path, offset: 40, expected: "first record \(isFirst ? first : resume.lastIndex + 1)", found: "\(head.first)",
                advice: LogError.rejoin)
        }
        guard isFirst || head.chain == resume.chain else {
            throw .damaged(
                file: scan.path, offset: 56, expected: "chain \(resume.chain)", found: "\(head.chain)", advice: LogError.rejoin)
        }
        let next = head.first + UInt64(scan.records.count)
        if !scan.endsClean || scan.content.count < scan.end {
            if next <= mark.synced {
                throw .damaged(
                    file: scan.path, offset: scan.end, expected: "record \(next), acknowledged up to \(mark.synced)",
                    found: "bytes that are no such record", advice: LogError.rejoin)
            }
            if let later = scan.recordAfterEnd, later.head.durableBefore >= next {
                throw .damaged(
                    file: scan.path, offset: scan.end, expected: "record \(next), durable before record \(later.head.index) was written",
                    found: "bytes that are no such record", advice: LogError.rejoin)
            }
            if !isLast {
                throw .damaged(
                    file: scan.path, offset: scan.end, expected: "record \(next): a later segment follows",
                    found: "bytes that are no such record", advice: LogError.rejoin)
            }
        }
        if let marked = scan.records.first(where: { $0.head.index == mark.synced }), marked.head.chain != mark.chain {
            throw .damaged(
                file: scan.path, offset: marked.offset, expected: "record \(mark.synced) with chain \(mark.chain), as in the mark",
                found: "chain \(marked.head.chain)", advice: LogError.rejoin)
        }
    }

    private mutating func take(_ scan: SegmentScan, _ mark: Mark) {
        guard let head = scan.head else { return }
        resume.unmarked = scan.records.first { $0.head.index > mark.synced }.map { ($0.offset, Array(scan.content[$0.offset..<scan.end])) }
        for position in scan.records.indices { entries.append(scan.entry(position)) }
        resume.segments.append(LogStore.Segment(path: scan.path, first: head.first))
        resume.chain = scan.records.last?.head.chain ?? head.chain
        resume.lastIndex = head.first + UInt64(scan.records.count) - 1
        resume.position = scan.end
    }

    private mutating func cutTail(_ scan: SegmentScan) throws(LogError) {
        report.notes.append(.tornTail(file: scan.path, offset: scan.end))
        do {
            let descriptor = try files.open(scan.path, flags: O_RDWR)
            defer { files.close(descriptor) }
            try LogStore.cut(descriptor, at: scan.end, size: segmentBytes, files)
        } catch {
            throw .io(error)
        }
    }

    /// Log and snapshot must meet; a log that does not contain the snapshot's last entry was being replaced by it.
    mutating func matchSnapshot(_ mark: SlotFile) throws(LogError) {
        guard let meta = snapshot?.0 else {
            if let first = resume.segments.first?.first, first > 1 {
                throw .missing(
                    file: layout.segment(generation: resume.generation, first: 1), expected: "records 1 to \(first - 1), or a snapshot",
                    advice: LogError.rejoin)
            }
            return
        }
        let first = resume.segments.first?.first ?? resume.lastIndex + 1
        guard first <= meta.index + 1 else {
            throw .missing(
                file: layout.segment(generation: resume.generation, first: meta.index + 1),
                expected: "records \(meta.index + 1) to \(first - 1) after the snapshot", advice: LogError.rejoin)
        }
        if first == meta.index + 1 { return }
        if let last = entries.last, last.index >= meta.index, entries[Int(meta.index - first)].term == meta.term { return }
        report.notes.append(.installFinished(index: meta.index))
        leftovers += resume.segments.reversed().map(\.path)
        entries = []
        resume.segments = []
        resume.unmarked = nil
        resume.generation += 1
        (resume.lastIndex, resume.chain, resume.position) = (meta.index, 0, SegmentHead.bytes)
        // The new mark is durable before the old segments go.
        do { try mark.writeBoth([resume.generation, meta.index, 0]) } catch { throw .io(error) }
    }

    mutating func removeLeftovers() throws(LogError) {
        for path in leftovers {
            report.notes.append(.leftover(file: path))
            do { try files.remove(path) } catch { throw .io(error) }
        }
    }
}
