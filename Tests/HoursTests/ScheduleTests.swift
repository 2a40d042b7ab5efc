import Consortium
import Foundation
import Testing

@testable import Hours

/// Posted hours come to the right time of the world, also where clocks change.
@Suite struct ScheduleTests {
    static func zone(_ name: String) throws -> ZoneRules {
        try ZoneRules(tzif: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))))
    }

    static func day(_ text: String) throws -> CalendarDay { try #require(CalendarDay(text)) }

    /// The same spans every day of every term.
    static func schedule(_ name: String, _ spans: [OpenSpan], exceptions: [HoursException] = [], closures: [Closure] = []) throws
        -> Schedule
    {
        let week = WeeklyHours(days: Array(repeating: spans, count: 7))
        let hours = LibraryHours(
            library: try #require(LibraryName("memorial")), zone: name, weeks: [week, week, .closed], exceptions: exceptions,
            closures: closures)
        return Schedule(hours: hours, terms: TermCalendar(), zone: try zone(name))
    }

    static func at(_ text: String) throws -> Int64 {
        Int64(try #require(ISO8601DateFormatter().date(from: text)).timeIntervalSince1970)
    }

    private func openings(_ schedule: Schedule, _ first: String, days: Int = 1) throws -> [OpenInterval] {
        schedule.openings(from: try Self.day(first), days: days)
    }

    private func interval(_ from: String, _ until: String) throws -> OpenInterval {
        OpenInterval(from: try Self.at(from), until: try Self.at(until))
    }

    @Test func anOrdinaryDayOpensAtItsLocalTime() throws {
        let chicago = try Self.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)])
        #expect(try openings(chicago, "2026-01-15") == [try interval("2026-01-15T15:00:00Z", "2026-01-16T04:00:00Z")])
        #expect(try openings(chicago, "2026-07-15") == [try interval("2026-07-15T14:00:00Z", "2026-07-16T03:00:00Z")])
    }

    /// 2026-03-08: clocks in Chicago go from 2:00 to 3:00.
    @Test func theNightThatIsAnHourShorter() throws {
        let allDay = try Self.schedule("America/Chicago", [OpenSpan(opens: 0, closes: 1_440)])
        #expect(try openings(allDay, "2026-03-08") == [try interval("2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z")])
        let late = try Self.schedule("America/Chicago", [OpenSpan(opens: 1_320, closes: 1_620)])
        #expect(try openings(late, "2026-03-07").last == (try interval("2026-03-08T04:00:00Z", "2026-03-08T08:00:00Z")))
        // 2:30 is not there: an hour later by the new clocks.
        let inTheGap = try Self.schedule("America/Chicago", [OpenSpan(opens: 150, closes: 600)])
        #expect(try openings(inTheGap, "2026-03-08") == [try interval("2026-03-08T08:30:00Z", "2026-03-08T15:00:00Z")])
        // What would close before it opens is no opening.
        let swallowed = try Self.schedule("America/Chicago", [OpenSpan(opens: 150, closes: 190)])
        #expect(try openings(swallowed, "2026-03-08").isEmpty)
    }

    /// 2026-11-01: 1:30 comes twice; the first one counts, at both ends.
    @Test func theNightThatIsAnHourLonger() throws {
        let early = try Self.schedule("America/Chicago", [OpenSpan(opens: 90, closes: 600)])
        #expect(try openings(early, "2026-11-01") == [try interval("2026-11-01T06:30:00Z", "2026-11-01T16:00:00Z")])
        let late = try Self.schedule("America/Chicago", [OpenSpan(opens: 1_320, closes: 1_530)])
        #expect(try openings(late, "2026-10-31").last == (try interval("2026-11-01T03:00:00Z", "2026-11-01T06:30:00Z")))
    }

    @Test func europeChangesOnOtherDays() throws {
        let berlin = try Self.schedule("Europe/Berlin", [OpenSpan(opens: 540, closes: 1_080)])
        #expect(try openings(berlin, "2026-03-28") == [try interval("2026-03-28T08:00:00Z", "2026-03-28T17:00:00Z")])
        #expect(try openings(berlin, "2026-03-29") == [try interval("2026-03-29T07:00:00Z", "2026-03-29T16:00:00Z")])
        #expect(try openings(berlin, "2026-10-25") == [try interval("2026-10-25T08:00:00Z", "2026-10-25T17:00:00Z")])
    }

    @Test func aZoneWithoutSummerTime() throws {
        let phoenix = try Self.schedule("America/Phoenix", [OpenSpan(opens: 540, closes: 1_080)])
        for day in ["2026-03-08", "2026-07-01", "2026-11-01"] {
            #expect(
                try openings(phoenix, day) == [
                    try interval("\(day)T16:00:00Z", "\(String(day.dropLast(2)))\(day.hasSuffix("08") ? "09" : "02")T01:00:00Z")
                ])
        }
        let kolkata = try Self.schedule("Asia/Kolkata", [OpenSpan(opens: 540, closes: 600)])
        #expect(try openings(kolkata, "2026-03-08") == [try interval("2026-03-08T03:30:00Z", "2026-03-08T04:30:00Z")])
    }

    /// Every hour of two years, in zones of every kind of rule, beyond the changes that the files list as well.
    @Test(arguments: [
        "America/Chicago", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "America/Nuuk", "Asia/Kolkata", "America/Phoenix",
        "Etc/UTC",
    ])
    func offsetsAreThoseOfTheSystem(name: String) throws {
        let zone = try Self.zone(name)
        let system = try #require(TimeZone(identifier: name))
        for year in ["2025", "2026", "2045"] {
            let first = try Self.at("\(year)-01-01T00:00:00Z")
            for hour in 0..<(366 * 24) {
                let second = first + Int64(hour) * 3_600 - 1
                let expected = system.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second)))
                #expect(zone.offset(at: second) == expected, "\(name) at \(second)")
            }
        }
    }

    @Test func aFileThatIsNoneIsRefused() throws {
        #expect(throws: ZoneError.self) { try ZoneRules(tzif: []) }
        // Hours, minutes and seconds are those that the format allows.
        for rule in ["AAA25", "AAA0:60", "AAA0BBB-99,M3.2.0,M11.1.0", "AAA0BBB,M3.2.0/168,M11.1.0"] {
            #expect(throws: ZoneError.self) { try PosixZone(rule) }
        }
        #expect(try PosixZone("AAA0BBB,M3.2.0/167,M11.1.0/-1").offset(at: 1_720_000_000) == 3_600)
        #expect(throws: ZoneError.self) { try ZoneRules(tzif: Array("TZif1".utf8) + [UInt8](repeating: 0, count: 60)) }
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/America/Chicago")))
        for length in stride(from: 0, to: whole.count, by: 13) {
            #expect(throws: ZoneError.self) { try ZoneRules(tzif: Array(whole.prefix(length))) }
        }
        for rule in ["CST", "CST6CDT", "CST6CDT,M3.2.0", "CST6CDT,M13.2.0,M11.1.0", "CST6CDT,M3.2.0,M11.1.0x", "<+03-3", "C6"] {
            #expect(throws: ZoneError.self) { try PosixZone(rule) }
        }
    }

    @Test func aDayOfOtherHoursTakesThePlaceOfTheWeek() throws {
        let closed = HoursException(day: try Self.day("2026-11-26"), spans: [], note: "Thanksgiving")
        let chicago = try Self.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)], exceptions: [closed])
        #expect(try openings(chicago, "2026-11-26").isEmpty)
        let noon = try Self.at("2026-11-26T18:00:00Z")
        #expect(chicago.status(at: noon) == .closed(next: try Self.at("2026-11-27T15:00:00Z"), note: "Thanksgiving"))
    }

    @Test func theTermSaysWhichWeekCounts() throws {
        var chicago = try Self.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)])
        let winter = Term(title: "Winter break", kind: .breakTime, first: try Self.day("2026-12-21"), last: try Self.day("2027-01-03"))
        chicago = Schedule(hours: chicago.hours, terms: TermCalendar(version: 1, terms: [winter]), zone: chicago.zone)
        #expect(try openings(chicago, "2026-12-21", days: 14).isEmpty)
        #expect(try openings(chicago, "2026-12-20").count == 1 && openings(chicago, "2027-01-04").count == 1)
        #expect(chicago.status(at: try Self.at("2026-12-25T18:00:00Z")) == .closed(next: try Self.at("2027-01-04T15:00:00Z"), note: ""))
    }

    /// A snow day closes from the moment it is said until its end, and what is left of the day is open again.
    @Test func aClosingAtOnceCutsWhatWasPosted() throws {
        let from = try Self.at("2026-01-15T17:00:00Z")
        let until = try Self.at("2026-01-15T20:00:00Z")
        let snow = Closure(id: RequestID(high: 1, low: 1), fromMs: UInt64(from) * 1_000, untilMs: UInt64(until) * 1_000, note: "Snow")
        let chicago = try Self.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)], closures: [snow])
        #expect(
            try openings(chicago, "2026-01-15") == [
                OpenInterval(from: try Self.at("2026-01-15T15:00:00Z"), until: from),
                OpenInterval(from: until, until: try Self.at("2026-01-16T04:00:00Z")),
            ])
        #expect(chicago.status(at: from) == .closed(next: until, note: "Snow"))
        #expect(
            try chicago.spans(on: Self.day("2026-01-15")) == [OpenSpan(opens: 540, closes: 660), OpenSpan(opens: 840, closes: 1_320)])
        #expect(try chicago.spans(on: Self.day("2026-01-16")) == [OpenSpan(opens: 540, closes: 1_320)])
        #expect(chicago.status(at: from - 1) == .open(until: from))
        #expect(chicago.status(at: until) == .open(until: try Self.at("2026-01-16T04:00:00Z")))
    }

    @Test(arguments: [
        ("18:00", "2026-03-07T18:00:00-06:00"), ("2:30", "2026-03-08T03:30:00-05:00"), ("2026-03-09", "2026-03-09T00:00:00-05:00"),
        ("2026-11-01T01:30", "2026-11-01T01:30:00-05:00"), ("12:00", "2026-03-08T12:00:00-05:00"),
    ])
    func timesAreReadAsPeopleSayThem(text: String, moment: String) throws {
        let chicago = try Self.schedule("America/Chicago", [])
        #expect(chicago.instant(text, after: try Self.at("2026-03-07T12:00:00-06:00")) == (try Self.at(moment)))
    }

    @Test(arguments: ["", "24:00", "8", "8:60", "+8:00", "2026-02-29", "2026-03-08T", "T8:00", "2026-03-08T8:00T9:00", "noon", "08:0"])
    func whatIsNoTimeIsNone(text: String) throws {
        #expect(try Self.schedule("America/Chicago", []).instant(text, after: 1_000_000) == nil)
    }

    @Test func aLibraryThatNeverOpensSaysSo() throws {
        let closed = try Self.schedule("Etc/UTC", [])
        #expect(closed.status(at: try Self.at("2026-01-15T17:00:00Z")) == .closed(next: nil, note: ""))
    }

    @Test func daysAreThoseOfTheCalendar() throws {
        var day = try #require(CalendarDay(number: 0))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        while day.number < CalendarDay.range.upperBound {
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(day.number) * 86_400))
            let date = day.date
            #expect([date.year, date.month, date.day] == [parts.year, parts.month, parts.day])
            #expect(day.weekday == ((parts.weekday ?? 0) + 5) % 7)
            #expect(CalendarDay(day.text) == day)
            day = day.adding(days: 37)
        }
        for text in ["2026-02-29", "2026-13-01", "2026-1-01", "1969-12-31", "2200-01-01", "+026-01-01", "x"] {
            #expect(CalendarDay(text) == nil)
        }
    }

    /// "Open now" before the hour joins the posted opening; a closing that began later ends it, also for afterwards.
    @Test func openNowIsAnOpening() throws {
        var chicago = try Self.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)])
        let pressed = try Self.at("2026-01-15T14:00:00Z")
        func openNow(untilMs: UInt64, closures: [Closure] = []) {
            var hours = chicago.hours
            hours.openNow = OpenNow(fromMs: UInt64(pressed) * 1_000, untilMs: untilMs)
            hours.closures = closures
            chicago = Schedule(hours: hours, terms: chicago.terms, zone: chicago.zone)
        }
        #expect(chicago.status(at: pressed) == .closed(next: pressed + 3_600, note: ""))
        openNow(untilMs: UInt64(pressed + 1_800) * 1_000)
        #expect(chicago.status(at: pressed) == .open(until: pressed + 1_800))
        #expect(chicago.status(at: pressed + 1_800) == .closed(next: pressed + 3_600, note: ""))
        openNow(untilMs: UInt64(pressed + 3_600) * 1_000)
        #expect(chicago.status(at: pressed) == .open(until: try Self.at("2026-01-16T04:00:00Z")))
        let snow = Closure(
            id: RequestID(high: 1, low: 1), fromMs: UInt64(pressed + 60) * 1_000, untilMs: UInt64(pressed + 120) * 1_000, note: "Snow")
        openNow(untilMs: UInt64(pressed + 1_800) * 1_000, closures: [snow])
        #expect(chicago.status(at: pressed) == .open(until: pressed + 60))
        #expect(chicago.status(at: pressed + 130) == .closed(next: pressed + 3_600, note: ""))
        // Pressed during a closing, it opens all the same.
        let before = Closure(
            id: RequestID(high: 1, low: 1), fromMs: UInt64(pressed - 60) * 1_000, untilMs: UInt64(pressed + 7_200) * 1_000, note: "Snow")
        openNow(untilMs: UInt64(pressed + 1_800) * 1_000, closures: [before])
        #expect(chicago.status(at: pressed) == .open(until: pressed + 1_800))
    }
}
