/// What was so from a minute on, until the next run begins: of the ledger and of the books of causes alike.
protocol MinuteRun {
    var from: LedgerMinute { get set }
    func saysAs(_ other: Self) -> Bool
}

/// A list of them is in the order of their minutes, and no two that follow each other say the same. The last goes on.
extension Array where Element: MinuteRun {
    /// Ends the last run and begins another one.
    /// - Returns: whether it says anything else than the last.
    mutating func begin(_ run: Element) -> Bool {
        if let last {
            guard !last.saysAs(run) else { return false }
            // What held over no middle of a minute counts for nothing.
            if last.from == run.from { removeLast() }
        }
        if last.map({ !$0.saysAs(run) }) ?? true { append(run) }
        return true
    }

    /// The oldest give way, several at once where there are too many.
    mutating func giveWay(minutesMax: LedgerMinute, runsMax: Int) {
        guard let last else { return }
        let keptFrom = last.from - Swift.min(last.from, minutesMax)
        var gone = dropFirst().prefix(while: { $0.from <= keptFrom }).count
        if count - gone > runsMax { gone = Swift.max(gone, runsMax / 16) }
        removeFirst(gone)
    }

    /// Those that reach into a range of minutes, the first cut to its beginning.
    func reaching(into minutes: Range<LedgerMinute>) -> [Element] {
        let first = Swift.max(1, partitionPoint { $0.from <= minutes.lowerBound }) - 1
        let end = partitionPoint { $0.from < minutes.upperBound }
        guard first < end else { return [] }
        var found = Array(self[first..<end])
        found[0].from = Swift.max(found[0].from, minutes.lowerBound)
        return found
    }

    var isInOrder: Bool { zip(self, dropFirst()).allSatisfy { $0.from < $1.from && !$0.saysAs($1) } }
}
