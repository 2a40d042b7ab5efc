import Consortium
import Testing

@testable import Hours

/// The ledger in a library's own days: every minute is counted once, also where clocks change.
@Suite struct LedgerSheetTests {
    private let chicago: Schedule

    init() throws { chicago = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)]) }

    private func minute(_ text: String) throws -> LedgerMinute { LedgerMinute(try ScheduleTests.at(text) / 60) }

    private func run(_ text: String, _ hours: Gate, _ staffing: Staffing = .nobody) throws -> LedgerRun {
        LedgerRun(from: try minute(text), hours: hours, staffing: staffing)
    }

    @Test func sumsAndGapsOfADay() throws {
        let day = try ScheduleTests.day("2026-01-15")
        let runs = [
            try run("2026-01-14T10:00:00Z", .shut), try run("2026-01-15T15:00:00Z", .open, .own), try run("2026-01-15T18:00:00Z", .open),
            try run("2026-01-15T18:10:00Z", .open, .covered), try run("2026-01-15T18:30:00Z", .open, .own),
            try run("2026-01-15T20:00:00Z", .closed, .own), try run("2026-01-16T04:00:00Z", .shut),
        ]
        let sheet = LedgerSheet(runs, days: day...day, chicago, now: try ScheduleTests.at("2026-01-17T00:00:00Z"))
        #expect(sheet.tally.staffed == 180 + 90)
        #expect((sheet.tally.unstaffed, sheet.tally.covered, sheet.tally.closed) == (10, 20, 480))
        #expect(sheet.tally.posted == 300)
        #expect(
            sheet.gaps == [
                LedgerGap(
                    minutes: try minute("2026-01-15T18:00:00Z")..<minute("2026-01-15T18:30:00Z"), covered: 20, unstaffed: 10, isOpen: false)
            ])
        #expect(sheet.days.map(\.minutes.count) == [1_440])
        #expect(sheet.days[0].parts.map(\.minutes.count) == [180, 10, 20, 90, 480])
        #expect(LedgerTable.days(chicago.hours.library, sheet) == "memorial,2026-01-15,300,270,20,10,480\n")
        #expect(LedgerTable.gaps(chicago.hours.library, sheet, chicago) == "memorial,2026-01-15 12:00,2026-01-15 12:30,30,20,10\n")
    }

    /// A gap that goes on has no end; a minute counts when its middle has passed, and what is before the first run is not known.
    @Test func aGapThatGoesOn() throws {
        let day = try ScheduleTests.day("2026-01-15")
        let runs = [try run("2026-01-15T15:00:00Z", .open)]
        let sheet = LedgerSheet(runs, days: day.adding(days: -3)...day, chicago, now: try ScheduleTests.at("2026-01-15T15:07:29Z"))
        #expect(sheet.tally.unstaffed == 7)
        #expect(sheet.gaps.map(\.isOpen) == [true])
        #expect(LedgerTable.gaps(chicago.hours.library, sheet, chicago) == "memorial,2026-01-15 09:00,,7,0,7\n")
        #expect(LedgerSheet(runs, days: day...day, chicago, now: try ScheduleTests.at("2026-01-15T15:07:31Z")).tally.unstaffed == 8)
        #expect(LedgerSheet([], days: day...day, chicago, now: 0).tally == LedgerTally())
    }

    /// 2026-03-08 has 23 hours in Chicago, 2026-11-01 has 25.
    @Test func daysWhereClocksChange() throws {
        let (spring, autumn) = (try ScheduleTests.day("2026-03-08"), try ScheduleTests.day("2026-11-01"))
        let runs = [try run("2026-01-01T00:00:00Z", .open, .own)]
        let now = try ScheduleTests.at("2027-01-01T00:00:00Z")
        #expect(LedgerSheet(runs, days: spring...spring, chicago, now: now).tally.staffed == 23 * 60)
        #expect(LedgerSheet(runs, days: autumn...autumn, chicago, now: now).tally.staffed == 25 * 60)
        let year = LedgerSheet(runs, days: try ScheduleTests.day("2026-02-01")...ScheduleTests.day("2026-12-31"), chicago, now: now)
        #expect(year.tally.staffed == year.days.reduce(0) { $0 + $1.minutes.count } - 6 * 60)
    }
}
