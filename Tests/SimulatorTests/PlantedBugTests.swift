import Testing

@testable import Simulator

/// The checks are worth as much as what they notice.
@Suite("A guard that is left out is noticed")
struct PlantedBugTests {
    @Test(
        "by the first of these seeds that shows it",
        arguments: [
            (.resumeTooFar, 1...20), (.skipDedup, 1...20), (.acknowledgeEarly, 1...3), (.edgeTriggered, 1...3),
            (.clockFromUptime, 1...2), (.readOwnClock, 1...1), (.skipUnknownCommand, 1...2), (.forgetSynced, 1...30),
            (.retryFailedSync, 1...40), (.refuseSecondOpen, 1...10), (.trapInsteadOfRefusal, 1...1),
            (.keepOldLog, 1...20),
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
