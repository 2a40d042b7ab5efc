/// Makes a failing scenario smaller: fewer faults, fewer people, as long as a rule is still broken. Chance differs in a smaller run, so a
/// candidate may well hold; it is then left, and another one tried.
package struct Shrinker {
    /// Runs that are spent on it.
    package static let runsMax = 80

    private let whole: Scenario
    private var runs = 0
    private(set) var best = Reduction()
    private(set) var outcome: Outcome

    /// - Parameter outcome: of the whole scenario, with a violation.
    package static func shrink(_ outcome: Outcome) -> (Reduction, Outcome) {
        var shrinker = Shrinker(whole: outcome.scenario, outcome: outcome)
        shrinker.dropFaults()
        shrinker.dropPeople()
        return (shrinker.best, shrinker.outcome)
    }

    private init(whole: Scenario, outcome: Outcome) {
        self.whole = whole
        self.outcome = outcome
    }

    private mutating func stillBreaks(_ candidate: Reduction) -> Bool {
        guard runs < Self.runsMax else { return false }
        runs += 1
        var scenario = whole
        scenario.reduce(by: candidate)
        let tried = Outcome.of(scenario)
        guard tried.violation != nil else { return false }
        (best, outcome) = (candidate, tried)
        return true
    }

    /// Halves, then quarters and so on, down to single faults (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
    private mutating func dropFaults() {
        var kept = Array(whole.faults.indices)
        var size = max(1, kept.count / 2)
        while !kept.isEmpty {
            var start = 0
            while start < kept.count {
                var candidate = best
                candidate.faults = Array(kept[..<start] + kept[min(kept.count, start + size)...])
                if stillBreaks(candidate), let left = candidate.faults { kept = left } else { start += size }
            }
            if size == 1 { return }
            size /= 2
        }
    }

    private mutating func dropPeople() {
        var patrons = whole.patrons
        for fewer in [1, 2, patrons / 4, patrons / 2, patrons - 1] where fewer > 0 && fewer < patrons {
            var candidate = best
            candidate.patrons = fewer
            if stillBreaks(candidate) {
                patrons = fewer
                break
            }
        }
        var candidate = best
        candidate.operatorsPerLibrary = 1
        if whole.operatorsPerLibrary > 1 { _ = stillBreaks(candidate) }
    }
}
