import Consortium
import Foundation
import Hours
import Testing

@testable import Node

/// A file of shifts becomes a list, or its mistakes are told line by line.
@Suite struct ShiftsFileTests {
    private let chicago: ZoneRules
    private let zones = ZoneFiles.reader()

    init() throws { chicago = try #require(ZoneFiles.reader()("America/Chicago")) }

    static func at(_ text: String) throws -> Int64 { Int64(try #require(ISO8601DateFormatter().date(from: text)).timeIntervalSince1970) }

    private func read(_ text: String, _ from: String = "2026-01-01T00:00:00Z", _ until: String = "2027-01-01T00:00:00Z") throws
        -> ShiftsFile
    {
        ShiftsFile(text, zone: chicago, times: try Self.at(from)..<Self.at(until), zones: zones)
    }

    private func event(_ lines: String...) -> String {
        (["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT"] + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
    }

    @Test func aTableOfShifts() throws {
        let file = try read(
            """
            operator,from,until,duty
            ann,2026-01-15 09:00,12:00,library
            "Lee, Max",2026-07-15T09:00,2026-07-15T17:30,

            zoe;,2025-01-15 09:00,12:00,
            """)
        #expect(file.problems == [])
        #expect(file.outside == 1)
        #expect(file.entries.map(\.people) == [[["ann"]], [["Lee, Max"]]])
        #expect(file.entries.map(\.line) == [2, 3])
        #expect(try file.entries.map(\.from) == [Self.at("2026-01-15T15:00:00Z"), Self.at("2026-07-15T14:00:00Z")])
        #expect(try file.entries.map(\.until) == [Self.at("2026-01-15T18:00:00Z"), Self.at("2026-07-15T22:30:00Z")])
        #expect(file.entries.map(\.duty) == [.library, nil])
    }

    @Test func everyMistakeOfATableHasItsLine() throws {
        let file = try read(
            """
            operator;from;until;duty
            ann;15.1.2026 9:00;12:00;
            ;2026-01-15 09:00;12:00;
            ann;2026-01-15 09:00;25:00;
            ann;2026-01-15 09:00;;
            ann;2026-01-15 09:00;12:00;sometimes
            ann;2026-01-15 13:00;14:00;both
            """)
        #expect(file.problems.map(\.line) == [2, 3, 4, 5, 6])
        #expect(file.problems.first?.sentence.contains("2026-11-30 09:00") == true)
        for (text, sentence) in [
            ("", "the file is empty"), ("operator,from\nann,x", "`until` is missing"),
            ("operator,from,until,note\na,b,c,d", "no column `note`"),
            ("operator,from,until\n", "There is no shift"), ("operator,from,until\n\"ann", "not closed"),
        ] {
            let problems = try read(text).problems
            #expect(problems.count == 1 && problems.first?.sentence.lowercased().contains(sentence.lowercased()) == true, "\(problems)")
        }
    }

    @Test func anEventIsAShift() throws {
        let file = try read(
            event(
                "DTSTART;TZID=America/New_York:20260115T100000", "DTEND;TZID=America/New_York:20260115T130000",
                "SUMMARY:Chat reference \\, An",
                " n Lee", "CATEGORIES:LIBRARY", "BEGIN:VALARM", "DTSTART:nothing", "END:VALARM")
                + event(
                    "DTSTART:20260715T140000Z", "DTEND:20260715T160000Z", "SUMMARY:Chat", "ATTENDEE;CN=\"Lee; Max\":mailto:max@example.edu")
                + event("DTSTART:20260115T090000", "DTEND:20260115T100000", "SUMMARY:ann", "STATUS:CANCELLED"))
        #expect(file.problems == [])
        #expect(try file.entries.map(\.from) == [Self.at("2026-01-15T15:00:00Z"), Self.at("2026-07-15T14:00:00Z")])
        #expect(try file.entries.map(\.until) == [Self.at("2026-01-15T18:00:00Z"), Self.at("2026-07-15T16:00:00Z")])
        #expect(file.entries[0].people == [["Chat reference , Ann Lee"], ["Chat reference , Ann Lee", "Chat reference", "Ann Lee"]])
        #expect(file.entries[0].duty == .library)
        #expect(file.entries[1].people == [["Lee; Max", "max"], ["Chat"], ["Chat", "Chat"]])
    }

    /// Clocks change on 8 March; the shift stays at nine, and a night a night.
    @Test func aWeeklySeriesIsWrittenOut() throws {
        let weekly = try read(
            event(
                "DTSTART:20260302T090000", "DTEND:20260302T110000", "SUMMARY:ann", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=5",
                "EXDATE:20260304T090000"))
        #expect(weekly.problems == [])
        #expect(
            try weekly.entries.map(\.from)
                == ["2026-03-02T15:00:00Z", "2026-03-09T14:00:00Z", "2026-03-11T14:00:00Z", "2026-03-16T14:00:00Z"].map(Self.at))
        let night = try read(
            event("DTSTART:20260307T220000", "DTEND:20260308T060000", "SUMMARY:ann", "RRULE:FREQ=DAILY;UNTIL=20260309T000000"))
        #expect(try night.entries.map(\.until) == ["2026-03-08T11:00:00Z", "2026-03-09T11:00:00Z"].map(Self.at))
        let fortnightly = try read(
            event(
                "DTSTART:20260104T090000", "DTEND:20260104T110000", "SUMMARY:ann",
                "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU;COUNT=3"))
        #expect(
            try fortnightly.entries.map(\.from) == ["2026-01-04T15:00:00Z", "2026-01-06T15:00:00Z", "2026-01-18T15:00:00Z"].map(Self.at))
    }

    /// One that began long ago and never ends gives what lies within the time; the day by date that is left out is left out.
    @Test func aSeriesWithoutEnd() throws {
        let file = try read(
            event("DTSTART:20000103T090000", "DTEND:20000103T110000", "SUMMARY:ann", "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20260112"),
            "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
        #expect(
            try file.entries.map(\.from) == ["2026-01-05T15:00:00Z", "2026-01-19T15:00:00Z", "2026-01-26T15:00:00Z"].map(Self.at))
    }

    @Test func everyMistakeOfACalendarHasItsLine() throws {
        let cases: [([String], Int, String)] = [
            (["DTSTART;VALUE=DATE:20260115", "DTEND;VALUE=DATE:20260116", "SUMMARY:ann"], 4, "whole days"),
            (["DTSTART:20260115T090000", "SUMMARY:ann"], 3, "DTEND"), (["DTEND:20260115T090000", "SUMMARY:ann"], 3, "DTSTART"),
            (["DTSTART:20260115T090000", "DTEND:20260115T990000", "SUMMARY:ann"], 5, "20260115T990000"),
            (["DTSTART;TZID=Central Standard Time:20260115T090000", "DTEND:20260115T100000", "SUMMARY:ann"], 4, "America/Chicago"),
            (["DTSTART:20260115T090000", "DTEND:20260115T100000"], 3, "names nobody"),
            (["DTSTART:20260115T090000", "DTEND:20260115T100000", "SUMMARY:ann", "RRULE:FREQ=MONTHLY"], 7, "single events"),
            (["DTSTART:20260115T090000", "DTEND:20260115T100000", "SUMMARY:ann", "RECURRENCE-ID:20260115T090000"], 7, "single events"),
            (["DTSTART:20260115T090000", "DTEND:20260115T100000", "SUMMARY:ann", "RRULE:FREQ=WEEKLY;BYDAY=1MO"], 7, "single events"),
            (["what is this"], 4, "no line of a calendar"), (["END:VTODO"], 4, "ends here"),
        ]
        for (lines, line, words) in cases {
            let text = (["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT"] + lines + ["END:VEVENT", "END:VCALENDAR"]).joined(
                separator: "\n")
            let problem = try read(text).problems.first
            #expect(problem?.line == line && problem?.sentence.contains(words) == true, "\(lines): \(problem as Any)")
        }
        #expect(try read("BEGIN:VCALENDAR\nBEGIN:VEVENT\n").problems.first?.sentence.contains("too early") == true)
    }

    @Test func aFileIsBounded() throws {
        let many = try read(
            event("DTSTART:20260101T090000", "DTEND:20260101T091000", "SUMMARY:ann", "RRULE:FREQ=DAILY")
                + event("DTSTART:20260101T100000", "DTEND:20260101T101000", "SUMMARY:ann", "RRULE:FREQ=DAILY"))
        #expect(many.entries.count == Limits.shiftsPerLibraryMax + 1)
        #expect(try read(String(repeating: "x", count: ShiftsFile.bytesMax + 1)).problems.first?.sentence.contains("512 KiB") == true)
    }
}

/// A list from a file, against the roster and what is planned: whom it means, and what would change.
@Suite struct ShiftsReadingTests {
    private let schedule: Schedule
    private let operators: [Operator]
    private let law: LibraryName
    private let now: Int64

    init() throws {
        law = try #require(LibraryName("law"))
        let week = WeeklyHours(days: Array(repeating: [OpenSpan(opens: 540, closes: 1_020)], count: 7))
        schedule = Schedule(
            hours: LibraryHours(library: law, zone: "America/Chicago", weeks: [week, week, week]), terms: TermCalendar(),
            zone: try #require(ZoneFiles.reader()("America/Chicago")))
        var people: [Operator] = []
        for (name, display, library) in [
            ("ann.law", "Ann Lee", "law"), ("max.law", "Max", "law"), ("may.law", "Max", "law"), ("ann.music", "Ann Lee", "music"),
            ("zoe.music", "Zoe", "music"), ("kim.law", "Kim", "law"), ("jo.law", "kim.law", "law"),
        ] {
            people.append(
                Operator(
                    name: try #require(OperatorName(name)), displayName: display, library: try #require(LibraryName(library)), queues: []))
        }
        operators = people
        now = try ShiftsFileTests.at("2026-01-14T12:00:00Z")
    }

    private func read(_ rows: String, book: ShiftBook? = nil, first: String? = nil, last: String? = nil) -> ShiftsReading {
        read(file: "operator,from,until\n" + rows, book: book, first: first, last: last)
    }

    private func read(file: String, book: ShiftBook? = nil, first: String? = nil, last: String? = nil) -> ShiftsReading {
        let wish = ShiftsReading.Wish(
            library: law, id: RequestID(high: UInt64(file.utf8.count), low: 1), first: first.flatMap { CalendarDay($0) },
            last: last.flatMap { CalendarDay($0) },
            by: .admin)
        return ShiftsReading(
            file, wish, book: book ?? ShiftBook(library: law), operators: operators, schedule, now: now,
            zones: ZoneFiles.reader())
    }

    /// By the name that they sign in with or their own, and of two people of one name the library's; who is not of the library is told with the line.
    @Test func whoIsMeant() throws {
        let good = read("Ann Lee,2026-01-15 09:00,12:00\nMAX.LAW,2026-01-15 12:00,14:00\n")
        #expect(good.problems == [] && good.list.rows.map(\.operatorName.text) == ["ann.law", "max.law"])
        #expect(good.list.rows.map(\.line) == [2, 3])
        let wrong = read(
            "Max,2026-01-15 09:00,12:00\nZoe,2026-01-15 09:00,12:00\nPat,2026-01-15 09:00,12:00\nann.law,2026-01-15 12:00,11:00\n")
        #expect(wrong.problems.map(\.line) == [2, 4])
        #expect(wrong.problems[0].sentence.contains("max.law, may.law"))
        #expect(wrong.problems[1].sentence.contains("Nobody of law is called `Pat`"))
        #expect(read("Zoe,2026-01-15 09:00,12:00\nann.law,2026-01-15 12:00,11:00\n").problems.map(\.line) == [2, 3])
    }

    /// Whom an event invites are asked before its title; of several people nobody is taken for the one.
    @Test func whomAnEventMeans() throws {
        func event(_ lines: String...) -> ShiftsReading {
            let times = ["DTSTART:20260115T090000", "DTEND:20260115T120000"]
            return read(
                file: (["BEGIN:VCALENDAR", "BEGIN:VEVENT"] + times + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n"))
        }
        #expect(event("SUMMARY:Chat", "ATTENDEE;CN=Kim:mailto:kim.law@example.edu").list.rows.map(\.operatorName.text) == ["kim.law"])
        #expect(event("SUMMARY:Chat: Ann Lee").list.rows.map(\.operatorName.text) == ["ann.law"])
        let several = event("SUMMARY:Chat", "ATTENDEE;CN=Ann Lee:mailto:ann.law@example.edu", "ATTENDEE;CN=Kim:mailto:kim.law@example.edu")
        #expect(several.problems.map(\.line) == [2] && several.problems.first?.sentence.contains("ann.law, kim.law") == true)
        // Somebody else is called as one signs in.
        #expect(read("kim.law,2026-01-15 09:00,12:00\n").list.rows.map(\.operatorName.text) == ["kim.law"])
    }

    /// A trainee fills no gap alone.
    @Test func aTraineesShiftIsAGap() throws {
        let reading = read("kim.law,2026-01-15 09:00,17:00\nann.law,2026-01-16 09:00,17:00\n")
        let book = ShiftBook(library: law, change: 1, shifts: reading.list.shifts(in: ShiftBook(library: law)))
        func gaps(isTrainee: Bool) throws -> [Int] {
            var board = ConsortiumState().board()
            board.operators = operators.map { person in
                var person = person
                person.isTrainee = isTrainee && person.name.text == "kim.law"
                return person
            }
            let monday = try #require(CalendarDay("2026-01-12"))
            let entry = HoursEntry(library: law, title: "Law", schedule: schedule)
            return ShiftsReport(book, board, entry, week: monday, for: nil, now: now).days.map(\.gaps.count)
        }
        #expect(try gaps(isTrainee: false) == [1, 1, 1, 0, 0, 1, 1])
        #expect(try gaps(isTrainee: true) == [1, 1, 1, 1, 0, 1, 1])
    }

    /// What is replaced is the days of the file, or those that were named; what stays is known again.
    @Test func whatWouldChange() throws {
        let first = read("ann.law,2026-01-15 09:00,12:00\nmax.law,2026-01-16 09:00,12:00\n")
        let book = ShiftBook(library: law, change: 7, shifts: first.list.shifts(in: ShiftBook(library: law)))
        #expect((first.added, first.kept, first.removed) == (2, 0, 0))
        let again = read("max.law,2026-01-16 09:00,12:00\nann.law,2026-01-16 13:00,14:00\n", book: book)
        #expect((again.added, again.kept, again.removed) == (1, 1, 0) && again.list.change == 7)
        let longer = read("max.law,2026-01-16 09:00,12:00\n", book: book, first: "2026-01-15", last: "2026-01-20")
        #expect((longer.added, longer.kept, longer.removed) == (0, 1, 1))
        #expect(try Int64(longer.list.untilMs / 1_000) == ShiftsFileTests.at("2026-01-21T06:00:00Z"))
        let narrow = read(
            "max.law,2026-01-16 09:00,12:00\nann.law,2026-02-16 09:00,12:00\n", book: book, first: "2026-01-16", last: "2026-01-16")
        #expect(narrow.outside == 1 && narrow.list.rows.count == 1 && narrow.removed == 0)
    }
}
