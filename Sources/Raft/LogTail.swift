/// The entries held in memory: all that libraft may ask to send, which is everything since the last trim. Contiguous indices.
///
/// A queue in an array: the head moves on, and the array is compacted when half of it is dead, so every operation is O(1) an entry.
struct LogTail {
    private var entries: [RaftEntry] = []
    private var head = 0
    /// The index before the first entry, and what is known of its term: that of the snapshot.
    private(set) var firstIndex: UInt64 = 1
    private(set) var costBytes = 0

    var lastIndex: UInt64 { firstIndex + UInt64(entries.count - head) - 1 }
    var isEmpty: Bool { entries.count == head }

    init() {}

    /// Nil outside of what is held.
    func term(at index: UInt64) -> UInt64? { self[index]?.term }

    subscript(index: UInt64) -> RaftEntry? {
        guard index >= firstIndex, index <= lastIndex else { return nil }
        return entries[head + Int(index - firstIndex)]
    }

    /// The entries from `first` on, `count` of them. The caller has checked that they are held.
    func slice(from first: UInt64, count: Int) -> ArraySlice<RaftEntry> {
        let start = head + Int(first - firstIndex)
        return entries[start..<start + count]
    }

    mutating func append(_ more: [RaftEntry]) {
        entries.append(contentsOf: more)
        for entry in more { costBytes += entry.costBytes }
    }

    /// Drops `index` and what follows.
    mutating func truncate(from index: UInt64) {
        while !isEmpty, lastIndex >= index { costBytes -= entries.removeLast().costBytes }
    }

    /// Drops everything up to `index` inclusive.
    mutating func trim(upTo index: UInt64) {
        while !isEmpty, firstIndex <= index {
            costBytes -= entries[head].costBytes
            entries[head].payload = []
            head += 1
            firstIndex += 1
        }
        if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Drops everything; the next entry is `first`.
    mutating func reset(first: UInt64) {
        entries = []
        head = 0
        firstIndex = first
        costBytes = 0
    }

    /// How many entries up to `index` can be kept within both limits.
    func trailing(upTo index: UInt64, entriesMax: UInt64, bytesMax: Int) -> UInt64 {
        var kept: UInt64 = 0
        var bytes = 0
        while kept < entriesMax, kept < index, let entry = self[index - kept] {
            bytes += entry.costBytes
            if bytes > bytesMax { break }
            kept += 1
        }
        return kept
    }

    func checkInvariants() {
        var bytes = 0
        var previous: RaftEntry?
        for (offset, entry) in entries[head...].enumerated() {
            precondition(entry.index == firstIndex + UInt64(offset), "entry \(entry.index) stands at \(firstIndex + UInt64(offset))")
            precondition(entry.term >= previous?.term ?? 0, "terms step back at \(entry.index)")
            bytes += entry.costBytes
            previous = entry
        }
        precondition(bytes == costBytes, "cost is \(costBytes), counted \(bytes)")
    }
}
