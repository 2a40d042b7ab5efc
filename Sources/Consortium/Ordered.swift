/// The one container of the replicated state: a map that is always in the order of its keys.
///
/// Nothing here hashes, so two replicas walk it in the same order (rule 9). Entries lie in short runs: a copy of the
/// whole costs one reference, and after a copy was taken for a snapshot a change copies one run, not the whole
/// (rule 15). Look-up and change are O(log n).
package struct Ordered<Key: Comparable & Sendable, Value: Sendable>: Sendable {
    private struct Run: Sendable {
        var keys: [Key]
        var values: [Value]
    }

    private static var runEntriesMax: Int { 64 }

    /// Never holds an empty run.
    private var runs: [Run] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package var first: (key: Key, value: Value)? {
        guard let run = runs.first, let key = run.keys.first, let value = run.values.first else { return nil }
        return (key, value)
    }

    package var last: (key: Key, value: Value)? {
        guard let run = runs.last, let key = run.keys.last, let value = run.values.last else { return nil }
        return (key, value)
    }

    /// Goes through the entries from a key on, for as long as `body` says yes.
    package func walk(from key: Key, _ body: (Key, Value) -> Bool) {
        let place = locate(key)
        var offset = place.offset
        for run in runs.dropFirst(place.run) {
            while offset < run.keys.count {
                guard body(run.keys[offset], run.values[offset]) else { return }
                offset += 1
            }
            offset = 0
        }
    }

    package subscript(_ key: Key) -> Value? {
        get {
            let place = locate(key)
            return place.found ? runs[place.run].values[place.offset] : nil
        }
        set {
            if let newValue { insert(newValue, at: key) } else { remove(key) }
        }
    }

    package func contains(_ key: Key) -> Bool { locate(key).found }

    /// Reads a value where it lies, without a copy. `nil` when there is no such key.
    package func read<Result>(_ key: Key, _ body: (borrowing Value) -> Result) -> Result? {
        let place = locate(key)
        guard place.found else { return nil }
        return body(runs[place.run].values[place.offset])
    }

    /// Changes a value where it lies, without a copy. Gives what `body` returns, or `nil` when there is no such key.
    @discardableResult
    package mutating func change<Result>(_ key: Key, _ body: (inout Value) -> Result) -> Result? {
        let place = locate(key)
        guard place.found else { return nil }
        return body(&runs[place.run].values[place.offset])
    }

    package mutating func insert(_ value: Value, at key: Key) {
        let place = locate(key)
        if place.found {
            runs[place.run].values[place.offset] = value
            return
        }
        count += 1
        if runs.isEmpty {
            runs.append(Run(keys: [key], values: [value]))
            return
        }
        runs[place.run].keys.insert(key, at: place.offset)
        runs[place.run].values.insert(value, at: place.offset)
        if runs[place.run].keys.count > Self.runEntriesMax { split(place.run) }
    }

    @discardableResult
    package mutating func remove(_ key: Key) -> Value? {
        let place = locate(key)
        guard place.found else { return nil }
        count -= 1
        runs[place.run].keys.remove(at: place.offset)
        let value = runs[place.run].values.remove(at: place.offset)
        if runs[place.run].keys.isEmpty { runs.remove(at: place.run) }
        return value
    }

    private mutating func split(_ run: Int) {
        let half = runs[run].keys.count / 2
        let upper = Run(keys: Array(runs[run].keys[half...]), values: Array(runs[run].values[half...]))
        runs[run].keys.removeSubrange(half...)
        runs[run].values.removeSubrange(half...)
        runs.insert(upper, at: run + 1)
    }

    /// Where the key is, or where it would be inserted.
    private func locate(_ key: Key) -> (run: Int, offset: Int, found: Bool) {
        guard !runs.isEmpty else { return (0, 0, false) }
        // The last run that does not begin after the key.
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if key < runs[middle].keys[0] { high = middle } else { low = middle + 1 }
        }
        let run = Swift.max(low - 1, 0)
        low = 0
        high = runs[run].keys.count
        while low < high {
            let middle = (low + high) / 2
            if runs[run].keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return (run, low, low < runs[run].keys.count && runs[run].keys[low] == key)
    }
}

extension Ordered: Sequence {
    package struct Iterator: IteratorProtocol {
        private let runs: [Run]
        private var run = 0
        private var offset = 0

        fileprivate init(_ table: Ordered) { runs = table.runs }

        package mutating func next() -> (key: Key, value: Value)? {
            guard run < runs.count else { return nil }
            let entry = (runs[run].keys[offset], runs[run].values[offset])
            offset += 1
            if offset == runs[run].keys.count {
                run += 1
                offset = 0
            }
            return entry
        }
    }

    package func makeIterator() -> Iterator { Iterator(self) }

    package var underestimatedCount: Int { count }
    package var keys: [Key] { map { $0.key } }
    package var values: [Value] { map { $0.value } }
}

/// A place in a list of chats: by first wait, then by identifier, so that it is the same everywhere (rule 14).
package struct Rank: Comparable, Sendable {
    package var sinceMs: UInt64
    package var chat: ChatID

    package static func < (left: Self, right: Self) -> Bool {
        left.sinceMs != right.sinceMs ? left.sinceMs < right.sinceMs : left.chat < right.chat
    }
}

extension Ordered {
    /// Puts an element in its place in the sorted list under a key.
    mutating func enlist<Element: Comparable>(_ element: Element, under key: Key) where Value == [Element] {
        guard contains(key) else { return insert([element], at: key) }
        change(key) { list in
            let place = list.partitionPoint { $0 < element }
            if place == list.count || list[place] != element { list.insert(element, at: place) }
        }
    }

    /// Takes an element out of the list under a key; an empty list goes with its last element.
    mutating func strike<Element: Comparable>(_ element: Element, under key: Key) where Value == [Element] {
        let left = change(key) { list in
            let place = list.partitionPoint { $0 < element }
            if place < list.count, list[place] == element { list.remove(at: place) }
            return list.count
        }
        if left == 0 { remove(key) }
    }
}

extension Array {
    /// The first index whose element does not satisfy `isBefore`, in an array ordered by it.
    func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension UInt64 {
    /// Adds without ever trapping: time stands still at the end of its range.
    func adding(ms: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(ms)
        return overflow ? .max : sum
    }
}
