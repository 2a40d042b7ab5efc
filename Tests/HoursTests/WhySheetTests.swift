import Consortium
import Testing

@testable import Hours

@Suite struct WhySheetTests {
    private func run(_ from: LedgerMinute, _ causes: Causes, _ takers: UInt8 = 0) -> CauseRun {
        CauseRun(from: from, causes: causes, takers: takers)
    }

    private func general(_ runs: [CauseRun]) throws -> (name: QueueName, runs: [CauseRun]) { (try #require(QueueName("general")), runs) }

    @Test func theChainChangesWhereEitherBookChanges() throws {
        let own = [run(10, [], 1), run(20, .nobodySignedOn)]
        let found = WhySheet.stretches(
            own, general: try general([run(0, .nobodySignedOn), run(15, .nobodySignedOn), run(30, [], 2), run(40, .paused)]), in: 0..<50)
        // While the queue itself is on nothing of the general queue matters.
        #expect(found.map(\.minutes) == [10..<20, 20..<30, 30..<40, 40..<50])
        #expect(found.map(\.decision.reach) == [.own, .nobody, .referred(to: try #require(QueueName("general"))), .nobody])
        #expect(found.last?.decision.reasons.contains(.paused) == true)
    }

    @Test func whatRefersNothingSaysSo() throws {
        let found = WhySheet.stretches([run(0, [.outsideHours, .fallbackOff], 1)], general: try general([run(0, [], 1)]), in: 0..<9)
        #expect(found.map(\.decision.reach) == [.nobody])
        #expect(found.first?.decision.reasons.last == .fallbackOff)
        // To whom it is on, it matters not.
        #expect(WhySheet.stretches([run(0, .fallbackOff, 1)], general: nil, in: 0..<9).map(\.decision.reach) == [.own])
    }

    @Test func nothingIsSaidOfWhatNobodyNoted() throws {
        #expect(WhySheet.stretches([], general: try general([run(0, [], 1)]), in: 0..<9).isEmpty)
        #expect(WhySheet.stretches([run(5, [], 1)], general: nil, in: 0..<9).map(\.minutes) == [5..<9])
        #expect(WhySheet.stretches([run(5, [], 1)], general: nil, in: 0..<3).isEmpty)
    }

    @Test func minutesAreThoseOfTheLocalDay() throws {
        let clock = LocalClock(try ScheduleTests.schedule("America/Chicago", []))
        // The day on which clocks are set forward has 23 hours, and the minute that they leave out is none of its own.
        let day = try ScheduleTests.day("2026-03-08")
        #expect(clock.minutes(of: day).count == 1_380)
        #expect(clock.minute("2026-03-08T00:00") == clock.minutes(of: day).lowerBound)
        #expect(clock.stamp(try #require(clock.minute("2026-03-08T09:30"))) == "2026-03-08 09:30")
        for text in ["", "noon", "2026-03-08", "2026-03-08T24:00", "2026-13-08T09:30", "2026-03-08T09:30:00", "2026-03-08T9:3"] {
            #expect(clock.minute(text) == nil, "\(text)")
        }
    }
}
