import Testing

@testable import Simulator

/// The checks are worth as much as what they notice.
@Suite("A guard that is left out is noticed")
struct PlantedBugTests {
    @Test(
        "by the first of these seeds that shows it",
        arguments: [
            (.resumeTooFar, 1...40), (.skipDedup, 1...40), (.acknowledgeEarly, 1...10), (.edgeTriggered, 1...10),
            (.clockFromUptime, 1...10), (.readOwnClock, 1...10), (.skipUnknownCommand, 1...10), (.forgetSynced, 1...60),
            (.retryFailedSync, 1...60), (.trapInsteadOfRefusal, 1...10), (.raiseTooEarly, 1...30),
            (.keepOldLog, 1...40), (.believeOldImage, 1...20), (.continueAnyway, 1...40), (.leaseWithoutPerson, 1...40),
        ] as [(PlantedBug, ClosedRange<UInt64>)])
    func noticed(_ bug: PlantedBug, _ seeds: ClosedRange<UInt64>) { #expect(Self.first(seeds, minutes: 1, bug) != nil) }

    /// By the check that was made for it, and not by one that would have stopped the run anyway.
    @Test(
        "by the check that is there for it",
        arguments: [
            (.swapUnseen, "saw something else"), (.swapTwice, "the shifts of"), (.importUnseen, "a list takes the place of change"),
            (.practiceCounts, "what happened comes to"), (.answerAgain, "what happened comes to"),
            (.pastTwice, "was brought in again, with other numbers"), (.lateMinutes, "on duty are"),
            (.snapshotForgetsCounts, "what happened comes to"), (.claimAlone, "without a mentor"),
            (.dropUnseen, "is deleted by somebody who saw"), (.addTwice, "entries, and the log comes to"),
            (.releaseUnseen, "gives way to one by somebody who saw"), (.leaveReports, "who made it"),
            (.openEarlier, "is opened from"),
        ] as [(PlantedBug, String)])
    func noticedByItsCheck(_ bug: PlantedBug, _ words: String) {
        #expect(Self.first(1...20, minutes: 1, bug) { $0.contains(words) } != nil)
    }

    @Test(
        arguments: [(.hearRemoved, "is removed, and what it asks is done"), (.turnUnseen, "by somebody who saw step")]
            as [(PlantedBug, String)])
    func whatLTGAsksIsHeld(_ bug: PlantedBug, _ words: String) {
        let seed = (1...20 as ClosedRange<UInt64>).first { seed in
            var scenario = Scenario(seed: seed, minutes: 1)
            scenario.planted = bug
            scenario.removesNodes = true
            return Outcome.of(scenario).violation?.contains(words) ?? false
        }
        #expect(seed != nil)
    }

    @Test(
        "by the first of these longer runs that shows it",
        arguments: [
            (.unsealedBranch, 1...30), (.rankByLastWait, 1...20), (.endlessWait, 1...30), (.tryTargetAgain, 1...60),
            (.recordsFromOne, 8...50), (.keepInherited, 1...40),
        ] as [(PlantedBug, ClosedRange<UInt64>)])
    func noticedLater(_ bug: PlantedBug, _ seeds: ClosedRange<UInt64>) { #expect(Self.first(seeds, minutes: 3, bug) != nil) }

    /// Where nothing strikes but the loss of all coordinators, whose backup is restored.
    @Test(arguments: [.restoreEpochs, .restoreIndex, .restoreNumbers] as [PlantedBug])
    func whatARestoredClusterForgetsIsNoticed(_ bug: PlantedBug) {
        let seed = (1...60 as ClosedRange<UInt64>).first { seed in
            var scenario = Scenario(seed: seed, minutes: 3, kinds: [.restore])
            scenario.planted = bug
            return Outcome.of(scenario).violation != nil
        }
        #expect(seed != nil)
    }

    /// Where nothing strikes but what clients do: who watches a trainee's chat beside the mentor stays there for long enough to try.
    @Test func whoTakesAChatOverAnywayIsNoticed() {
        let seed = (60...100 as ClosedRange<UInt64>).first { seed in
            var scenario = Scenario(seed: seed, minutes: 1, kinds: [.clients])
            scenario.planted = .takeOverAnyway
            return Outcome.of(scenario).violation?.contains("is not their mentor") ?? false
        }
        #expect(seed != nil)
    }

    /// Where many come while links are cut: who hears nothing asks again.
    @Test func aSecondOpeningIsNoticedWhereManyCome() {
        let seed = (1...60 as ClosedRange<UInt64>).first { seed in
            var scenario = Scenario(seed: seed, minutes: 1, kinds: [.halves, .oneWay, .isolate])
            scenario.patrons = 40
            scenario.planted = .refuseSecondOpen
            return Outcome.of(scenario).violation != nil
        }
        #expect(seed != nil)
    }

    /// Where nothing strikes but a crowd.
    @Test(arguments: [.renewalsWait, .oneLane] as [PlantedBug])
    func whatWaitsInACrowdIsNoticed(_ bug: PlantedBug) {
        let seed = (1...20 as ClosedRange<UInt64>).first { seed in
            var scenario = Scenario(seed: seed, minutes: 3, kinds: [.crowd])
            scenario.planted = bug
            return Outcome.of(scenario).violation != nil
        }
        #expect(seed != nil)
    }

    private static func first(
        _ seeds: ClosedRange<UInt64>, minutes: Int, _ bug: PlantedBug, says: (String) -> Bool = { _ in true }
    ) -> UInt64? {
        seeds.first { seed in
            var scenario = Scenario(seed: seed, minutes: minutes)
            scenario.planted = bug
            return Outcome.of(scenario).violation.map(says) ?? false
        }
    }
}
