import Consortium
import Testing

@testable import Coordinator

/// Agreement, 3, over a year: the ledger agrees minute by minute with what is known to be true, while nodes, leaders and clocks fail.
@Suite struct LedgerYearTests {
    @Test(arguments: [1, 2]) func everyMinuteOfAYearIsAsItWas(seed: UInt64) throws {
        var year = try LedgerYear(seed: seed)
        try year.play()
        for place in year.places.indices {
            let truth = year.truth(place)
            for core in 0..<3 {
                let ledger = year.ledger(place, at: core)
                #expect(ledger.count == LedgerYear.minutes)
                let wrong = zip(truth, ledger).enumerated().filter { $0.element.0 != $0.element.1 }
                #expect(
                    wrong.isEmpty,
                    "\(year.places[place].library) at \(core): \(wrong.count) minutes, the first \(wrong.first?.offset ?? 0): \(wrong.first.map { "\($0.element)" } ?? "")"
                )
            }
            // The year has everything in it that there is to tell.
            var all: [LedgerYear.Says] = [.shut, .nobody, .own, .closed]
            if place != 1 { all.append(.covered) }
            for says in all { #expect(truth.contains(says), "\(year.places[place].library) is never \(says)") }
            #expect(year.runs(place) > 800)
        }
        #expect(year.digests.count == 1)
        for what in ["lapses", "leaders", "closings", "closings afterwards", "reopened", "opened"] {
            #expect(year.counts[what, default: 0] > 5, "\(what): \(year.counts)")
        }
    }
}
