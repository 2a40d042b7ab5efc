import Seeded

/// SWIM §4.3, round-robin probe target selection: members are probed in the order of a list that is shuffled after each pass, and a new
/// member is inserted at a random place, so that every member is probed within two passes.
struct ProbeOrder: Hashable, Sendable {
    private var names: [String] = []
    private var next = 0

    var count: Int { names.count }
    var sortedNames: [String] { names.sorted() }

    mutating func insert(_ name: String, using generator: inout SeededGenerator) {
        let place = Int.random(in: 0...names.count, using: &generator)
        names.insert(name, at: place)
        if place < next { next += 1 }
    }

    mutating func remove(_ name: String) {
        guard let place = names.firstIndex(of: name) else { return }
        names.remove(at: place)
        if place < next { next -= 1 }
    }

    /// The next name that `isCandidate` takes; nil when none does.
    mutating func next(using generator: inout SeededGenerator, where isCandidate: (String) -> Bool) -> String? {
        // One whole pass finds every candidate; the end of a pass may fall inside it.
        for _ in 0..<(2 * names.count) {
            if next >= names.count {
                names.shuffle(using: &generator)
                next = 0
            }
            let name = names[next]
            next += 1
            if isCandidate(name) { return name }
        }
        return nil
    }
}
