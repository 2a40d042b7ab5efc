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
            (.retryFailedSync, 1...40), (.trapInsteadOfRefusal, 1...4),
            (.keepOldLog, 1...20), (.continueAnyway, 1...10), (.leaseWithoutPerson, 1...10),
        ] as [(PlantedBug, ClosedRange<UInt64>)])
    func noticed(_ bug: PlantedBug, _ seeds: ClosedRange<UInt64>) { #expect(Self.first(seeds, minutes: 1, bug) != nil) }

    @Test(
        "by the first of these longer runs that shows it",
        arguments: [
            (.unsealedBranch, 1...6), (.rankByLastWait, 1...6), (.endlessWait, 1...6), (.tryTargetAgain, 43...46),
            (.recordsFromOne, 10...20), (.refuseSecondOpen, 21...30),
        ] as [(PlantedBug, ClosedRange<UInt64>)])
    func noticedLater(_ bug: PlantedBug, _ seeds: ClosedRange<UInt64>) { #expect(Self.first(seeds, minutes: 3, bug) != nil) }

    private static func first(_ seeds: ClosedRange<UInt64>, minutes: Int, _ bug: PlantedBug) -> UInt64? {
        seeds.first { seed in
            var scenario = Scenario(seed: seed, minutes: minutes)
            scenario.planted = bug
            return Outcome.of(scenario).violation != nil
        }
    }
}
