import Testing

@testable import Simulator

/// The checks are worth as much as what they notice.
@Suite("A guard that is left out is noticed")
struct PlantedBugTests {
    @Test(
        "by the first of these seeds that shows it",
        arguments: [
            (.acknowledgeEarly, 1...2), (.skipDedup, 3...4), (.readOwnClock, 1...1), (.edgeTriggered, 1...2), (.sameBoot, 36...37),
            (.forgetSynced, 1...30),
        ] as [(PlantedBug, ClosedRange<UInt64>)])
    func noticed(_ bug: PlantedBug, _ seeds: ClosedRange<UInt64>) {
        let seed = seeds.first { seed in
            var scenario = Scenario(seed: seed, minutes: 1)
            scenario.planted = bug
            return Outcome.of(scenario).violation != nil
        }
        #expect(seed != nil)
    }
}
