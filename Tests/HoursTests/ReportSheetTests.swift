import Consortium
import Testing

@testable import Hours

/// The tally in a library's own days: every hour is counted once, also where clocks change; shares within 30, 60 and 90 seconds are exact.
@Suite struct ReportSheetTests {
    private let chicago: Schedule
    private let law: LibraryName
    private let memorial: LibraryName

    init() throws {
        chicago = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)])
        law = try #require(LibraryName("law"))
        memorial = try #require(LibraryName("memorial"))
    }

    private func hour(_ text: String) throws -> TallyHour { TallyHour(try ScheduleTests.at(text) / 3_600) }

    private func cell(_ counts: [(TallyCounter, UInt32)], by: [TallyShare] = []) throws -> TallyCell {
        let entries = counts.sorted { $0.0 < $1.0 }.map { TallyCell.Entry($0.0, $0.1) }
        return try #require(TallyCell(entries: entries, answeredBy: by, answeredFor: []))
    }

    @Test func hoursComeToTheirLocalPlaces() throws {
        let days = try ScheduleTests.day("2026-03-01")...ScheduleTests.day("2026-03-14")
        let clock = LocalClock(chicago)
        // Clocks go forward on the 8th: that day has 23 hours.
        #expect(try clock.hours(days) == hour("2026-03-01T06:00:00Z")..<hour("2026-03-15T05:00:00Z"))
        #expect(clock.hours(days).count == 14 * 24 - 1)
        var sheet = ReportSheet(days, clock)
        let one = try cell([(.asked, 1)])
        sheet.add(
            try [
                // The evening before, and the last hour of the last day and the one after it.
                "2026-03-01T05:00:00Z", "2026-03-01T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z", "2026-03-15T04:00:00Z",
                "2026-03-15T05:00:00Z",
            ].map { TallyHourCell(hour: try hour($0), cell: one) }, home: memorial)
        #expect(sheet.sums[.asked] == 4)
        #expect(
            sheet.hours.enumerated().filter { $0.element[.asked] > 0 }.map { [$0.offset, $0.element[.asked]] } == [
                [0, 1], [1, 1], [3, 1], [23, 1],
            ])
        #expect(
            sheet.days.filter { $0.sums[.asked] > 0 }.map { "\($0.first.text) \($0.sums[.asked])" } == [
                "2026-03-01 1", "2026-03-08 2", "2026-03-14 1",
            ])
        // The 1st and the 8th are Sundays, the 14th is a Saturday.
        #expect(sheet.weekdays.map { $0[.asked] } == [0, 0, 0, 0, 0, 1, 3])
        #expect(sheet.weeks.map { "\($0.first.text) \($0.sums[.asked])" } == ["2026-02-23 1", "2026-03-02 2", "2026-03-09 1"])
        #expect(sheet.days.count == 14)
    }

    @Test func withoutHoursItIsUTC() throws {
        let clock = LocalClock(nil)
        let day = try ScheduleTests.day("2026-01-15")
        #expect(clock.zone == "UTC")
        #expect(try clock.hours(day...day) == hour("2026-01-15T00:00:00Z")..<hour("2026-01-16T00:00:00Z"))
    }

    /// In a zone that is off by half an hour, each hour still counts for one day.
    @Test func halfHoursCountOnce() throws {
        let clock = LocalClock(try ScheduleTests.schedule("Asia/Kolkata", []))
        let first = try ScheduleTests.day("2026-01-15")
        let (one, other) = (clock.hours(first...first), clock.hours(first.adding(days: 1)...first.adding(days: 1)))
        #expect(one.upperBound == other.lowerBound && one.count == 24)
        for hour in one { #expect(clock.day(at: Int64(hour) * 3_600) == first) }
    }

    @Test func waitsAreExactAtTheirEdges() throws {
        var sheet = ReportSheet(try ScheduleTests.day("2026-01-15")...ScheduleTests.day("2026-01-15"), LocalClock(nil))
        // Two of up to 30 s, one of up to 60 s, one of up to 90 s, one of more than 10 min.
        let places = WaitClasses.edgesMs.indices.filter { [30_000, 60_000, 90_000].contains(WaitClasses.edgesMs[$0]) }
        let counts = [
            (TallyCounter.wait(places[0]), UInt32(2)), (.wait(places[1]), 1), (.wait(places[2]), 1), (.wait(WaitClasses.count - 1), 1),
        ]
        sheet.add([TallyHourCell(hour: try hour("2026-01-15T10:00:00Z"), cell: try cell(counts))], home: nil)
        let waits = sheet.sums.waits
        #expect([30, 60, 90].map { waits.within(seconds: $0) } == [2, 3, 4] && waits.count == 5)
        // The third of five lies alone in its class, from 50 to 60 s; nine of ten are beyond the last edge.
        #expect(waits.quantile(percent: 50) == 60 && waits.quantile(percent: 90) == 600)
        #expect(ReportWaits().quantile(percent: 50) == nil)
    }

    @Test func whoAnsweredIsToldApart() throws {
        var sheet = ReportSheet(try ScheduleTests.day("2026-01-15")...ScheduleTests.day("2026-01-15"), LocalClock(nil))
        let shares = [
            TallyShare(library: law, viaGeneral: false, count: 1), TallyShare(library: law, viaGeneral: true, count: 2),
            TallyShare(library: memorial, viaGeneral: false, count: 5), TallyShare(library: memorial, viaGeneral: true, count: 3),
        ]
        sheet.add(
            [
                TallyHourCell(
                    hour: try hour("2026-01-15T10:00:00Z"), cell: try cell([(.asked, 14), (.answered, 11), (.missed, 1)], by: shares))
            ],
            home: memorial)
        let sums = sheet.sums
        #expect((sums.own, sums.byGeneral, sums.byOthers, sums.open) == (5, 5, 1, 2))
        #expect(
            ReportTable.answers("memorial", sums)
                == "memorial,law,own,1\nmemorial,law,general,2\nmemorial,memorial,own,5\nmemorial,memorial,general,3\n")
        // As many places as the head names.
        for rows in [ReportTable.Rows.days, .weeks, .weekdays, .hours] {
            let columns = ReportTable.head(rows).split(separator: ",").count
            let lines = ReportTable.lines(rows, "memorial", sheet).split(separator: "\n")
            #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == columns })
            #expect(!lines.isEmpty)
        }
        let queue = ReportTable.queue("memorial", try #require(QueueName("memorial-desk")), sums)
        #expect(queue == "memorial,memorial-desk,0,0,0,0,0,0,,\n")
        #expect(
            ReportTable.head(.queues).split(separator: ",").count == queue.split(separator: ",", omittingEmptySubsequences: false).count)
    }

    // MARK: On duty for the general queue

    private func minute(_ text: String) throws -> LedgerMinute { LedgerMinute(try ScheduleTests.at(text) / 60) }

    /// Minutes come to their local hours and days, also where the clocks change; what is not over yet, or of other days, does not count.
    @Test func minutesOnDutyComeToTheirLocalPlaces() throws {
        var sheet = ReportSheet(try ScheduleTests.day("2026-03-07")...ScheduleTests.day("2026-03-08"), LocalClock(chicago))
        #expect(!sheet.knowsDuty)
        // From before the first day until 00:10; two people from 01:30 until 03:20 by clocks that go from 2 to 3; one from 23:50 on.
        sheet.add(
            [
                DutyRun(from: try minute("2026-03-07T04:00:00Z"), people: 1), DutyRun(from: try minute("2026-03-07T06:10:00Z"), people: 0),
                DutyRun(from: try minute("2026-03-08T07:30:00Z"), people: 2), DutyRun(from: try minute("2026-03-08T08:20:00Z"), people: 0),
                DutyRun(from: try minute("2026-03-09T04:50:00Z"), people: 1),
            ], now: try ScheduleTests.at("2026-03-09T04:55:20Z"))
        #expect(sheet.knowsDuty)
        #expect((sheet.sums.duty.minutes, sheet.sums.duty.peopleMinutes) == (10 + 50 + 5, 10 + 100 + 5))
        #expect(
            sheet.hours.enumerated().filter { $0.element.duty.minutes > 0 }.map { [$0.offset, $0.element.duty.minutes] } == [
                [0, 10], [1, 30], [3, 20], [23, 5],
            ])
        #expect(sheet.days.map(\.sums.duty.minutes) == [10, 55] && sheet.days.map(\.sums.duty.peopleMinutes) == [10, 105])
        #expect(sheet.weekdays.map(\.duty.minutes) == [0, 0, 0, 0, 0, 10, 55])
        #expect(sheet.weeks.map(\.sums.duty.minutes) == [65])
        let line = ReportTable.lines(.days, "memorial", sheet).split(separator: "\n").last ?? ""
        #expect(line.hasSuffix(",55,105,0"))
    }

    /// All libraries together: a minute with people of two counts once, and both of them count.
    @Test func librariesOnDutyTogether() throws {
        let books = [
            [DutyRun(from: 100, people: 1), DutyRun(from: 160, people: 0), DutyRun(from: 200, people: 3)],
            [DutyRun(from: 130, people: 2), DutyRun(from: 160, people: 1), DutyRun(from: 170, people: 0)], [],
        ]
        let runs = [DutyRun].together(books)
        #expect(
            runs == [
                DutyRun(from: 100, people: 1), DutyRun(from: 130, people: 3), DutyRun(from: 160, people: 1), DutyRun(from: 170, people: 0),
                DutyRun(from: 200, people: 3),
            ])
        var sheet = ReportSheet(try ScheduleTests.day("1970-01-01")...ScheduleTests.day("1970-01-01"), LocalClock(nil))
        sheet.add(runs, now: 210 * 60)
        #expect((sheet.sums.duty.minutes, sheet.sums.duty.peopleMinutes) == (80, 30 + 90 + 10 + 30))
    }

    /// Of a former service: asked and answered count, and those not answered are neither open nor anything else.
    @Test func hoursOfAFormerServiceAreToldApart() throws {
        var sheet = ReportSheet(try ScheduleTests.day("2026-01-15")...ScheduleTests.day("2026-01-15"), LocalClock(nil))
        let former = try #require(TallyCell(former: 7, waits: [0, 2, 1]))
        sheet.add(
            [
                TallyHourCell(hour: try hour("2026-01-15T10:00:00Z"), cell: former),
                TallyHourCell(hour: try hour("2026-01-15T11:00:00Z"), cell: try cell([(.asked, 3), (.answered, 1)])),
            ], home: memorial)
        let sums = sheet.sums
        #expect((sums[.asked], sums[.answered], sums.open, sums.former, sums.formerUnanswered) == (10, 4, 2, 7, 4))
        #expect(sums.waits.count == 3 && sums.waits.within(seconds: 10) == 2)
        #expect(ReportTable.lines(.days, "memorial", sheet).hasSuffix(",,,7\n"))
        #expect(TallyCell(former: 2, waits: [3]) == nil && TallyCell(former: 0, waits: []) == nil)
    }
}
