import Consortium
import Testing

@testable import Hours

/// A gap is what was posted and nobody planned for, also where clocks change and past midnight.
@Suite struct ShiftSheetTests {
    private func shift(_ number: UInt64, _ from: String, _ until: String, duty: Duty? = nil) throws -> Shift {
        Shift(
            id: ShiftID(high: 1, low: number), operatorName: try #require(OperatorName("ann")),
            fromMs: UInt64(try ScheduleTests.at(from)) * 1_000, untilMs: UInt64(try ScheduleTests.at(until)) * 1_000, duty: duty)
    }

    private func interval(_ from: String, _ until: String) throws -> OpenInterval {
        OpenInterval(from: try ScheduleTests.at(from), until: try ScheduleTests.at(until))
    }

    /// Posted 9 to 17; planned 9 to 12 and 11 to 15:30.
    @Test func aGapIsPostedAndNotPlanned() throws {
        let chicago = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_020)])
        let day = try ScheduleTests.day("2026-01-15")
        let planned = [
            try shift(1, "2026-01-15T15:00:00Z", "2026-01-15T18:00:00Z"), try shift(2, "2026-01-15T17:00:00Z", "2026-01-15T21:30:00Z"),
        ]
        let sheet = ShiftSheet(planned, days: day...day.adding(days: 1), chicago)
        #expect(sheet.days.map(\.day) == [day, day.adding(days: 1)])
        #expect(sheet.days[0].gaps == [try interval("2026-01-15T21:30:00Z", "2026-01-15T23:00:00Z")])
        #expect(sheet.days[0].shifts.map(\.id.low) == [1, 2])
        #expect(sheet.days[1].gaps == sheet.days[1].posted && sheet.days[1].shifts.isEmpty)
        #expect(sheet.gapMinutes == 90 + 480)
        // Nothing that is planned leaves no gap beside it.
        let none = ShiftSheet([], days: day...day, chicago)
        #expect(none.days[0].gaps == none.days[0].posted)
    }

    /// Openings that touch are one for whoever looks for its end; a plan is read day by day.
    @Test func whatIsAlwaysOpenIsToldDayByDay() throws {
        let always = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 0, closes: 1_440)])
        let day = try ScheduleTests.day("2026-03-07")
        let sheet = ShiftSheet([try shift(1, "2026-03-08T06:00:00Z", "2026-03-08T18:00:00Z")], days: day...day.adding(days: 2), always)
        #expect(sheet.days.map(\.posted.count) == [1, 1, 1] && sheet.days.map(\.gaps.count) == [1, 1, 1])
        // 2026-03-08 has 23 hours.
        #expect(sheet.days[1].posted == [try interval("2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z")])
        #expect(sheet.days[1].gaps == [try interval("2026-03-08T18:00:00Z", "2026-03-09T05:00:00Z")])
        #expect(sheet.gapMinutes == (24 + 11 + 24) * 60)
    }

    /// Whoever is on duty for the general queue alone leaves the library's own queue to others; nor does whoever does not count.
    @Test func whoStaffsTheLibraryCounts() throws {
        let chicago = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 600)])
        let day = try ScheduleTests.day("2026-01-15")
        for (duty, minutes) in [(Duty.general, 60), (.library, 0), (.both, 0)] {
            let planned = [try shift(1, "2026-01-15T15:00:00Z", "2026-01-15T16:00:00Z", duty: duty)]
            #expect(ShiftSheet(planned, days: day...day, chicago).gapMinutes == minutes)
        }
        let planned = [try shift(1, "2026-01-15T15:00:00Z", "2026-01-15T16:00:00Z")]
        #expect(ShiftSheet(planned, days: day...day, chicago) { _ in false }.gapMinutes == 60)
    }

    /// 2026-03-08 has 23 hours in Chicago; an opening past midnight belongs to the day on which it begins, cut at the sheet's ends.
    @Test func nightsAndChangedClocks() throws {
        let night = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 1_320, closes: 1_680)])
        let saturday = try ScheduleTests.day("2026-03-07")
        let sheet = ShiftSheet(
            [try shift(1, "2026-03-08T04:00:00Z", "2026-03-08T06:00:00Z")], days: saturday...saturday.adding(days: 1), night)
        // 0:00 to 4:00 of Saturday is left of Friday's night; Saturday's is an hour shorter, and planned until midnight: its gap begins on Sunday.
        #expect(sheet.days[0].gaps.map(\.minutes) == [240])
        #expect(sheet.days[1].gaps.map(\.minutes) == [180, 120])
        #expect(sheet.days[1].shifts.isEmpty)
        let sunday = ShiftSheet(
            [try shift(1, "2026-03-08T04:00:00Z", "2026-03-08T07:00:00Z")], days: saturday.adding(days: 1)...saturday.adding(days: 1), night
        )
        #expect(sunday.days[0].shifts.count == 1, "it goes on past midnight")
    }

    @Test func whoPostedNothingHasNoGap() throws {
        let day = try ScheduleTests.day("2026-01-15")
        let sheet = ShiftSheet([try shift(1, "2026-01-15T15:00:00Z", "2026-01-15T16:00:00Z")], days: day...day.adding(days: 400), nil)
        #expect(sheet.gapMinutes == 0 && sheet.days[0].shifts.count == 1)
        #expect(sheet.days.count == ShiftSheet.daysMax)
    }
}
