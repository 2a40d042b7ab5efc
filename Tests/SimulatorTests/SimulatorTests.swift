import Testing

@testable import Simulator

@Suite("The simulator")
struct SimulatorTests {
    @Test("seeds with every fault hold", arguments: 1...8 as ClosedRange<UInt64>)
    func holds(_ seed: UInt64) {
        let outcome = Outcome.of(Scenario(seed: seed, minutes: 1))
        #expect(outcome.violation == nil)
        #expect(outcome.acknowledged > 0)
        #expect(outcome.patrons["waiting"] == nil)
    }

    @Test("the same seed gives the same trace to the byte, and another one another", arguments: [3, 4] as [UInt64])
    func sameTrace(_ seed: UInt64) {
        func lines(_ seed: UInt64) -> [String] {
            var lines: [String] = []
            let trace = Trace { lines.append($0) }
            _ = Outcome.of(Scenario(seed: seed, minutes: 1), trace: trace)
            return lines
        }
        let first = lines(seed)
        #expect(first.count > 100)
        #expect(lines(seed) == first)
        #expect(lines(seed + 10) != first)
    }

    @Test("whoever watches changes nothing")
    func unwatched() {
        let scenario = Scenario(seed: 5, minutes: 1)
        let watched = Outcome.of(scenario, trace: Trace { _ in })
        #expect(Outcome.of(scenario).digest == watched.digest)
    }

    @Test("without faults nobody waits in vain and nothing is lost")
    func calm() {
        let outcome = Outcome.of(Scenario(seed: 11, minutes: 1, kinds: []))
        #expect(outcome.violation == nil)
        #expect(outcome.scenario.faults.isEmpty)
    }
}
