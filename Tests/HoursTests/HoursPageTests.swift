import Consortium
import Foundation
import Testing

@testable import Hours

/// What patrons, search engines and calendars are told.
@Suite struct HoursPageTests {
    private func entry(title: String = "Memorial Library") throws -> HoursEntry {
        let thanksgiving = HoursException(day: try ScheduleTests.day("2026-11-26"), spans: [], note: "Thanksgiving")
        let winter = Term(
            title: "Winter break", kind: .breakTime, first: try ScheduleTests.day("2026-12-21"), last: try ScheduleTests.day("2027-01-03"))
        let plain = try ScheduleTests.schedule(
            "America/Chicago", [OpenSpan(opens: 540, closes: 1_320)], exceptions: [thanksgiving])
        let schedule = Schedule(hours: plain.hours, terms: TermCalendar(version: 1, terms: [winter]), zone: plain.zone)
        return HoursEntry(library: plain.hours.library, title: title, schedule: schedule)
    }

    @Test(arguments: [
        ("2026-11-25T18:00:00Z", "Open until 10 PM."), ("2026-11-25T14:59:59Z", "Closed. Opens at 9 AM."),
        ("2026-11-26T18:00:00Z", "Closed: Thanksgiving. Opens tomorrow at 9 AM."),
        ("2026-11-26T05:00:00Z", "Closed. Opens Friday at 9 AM."), ("2026-12-24T18:00:00Z", "Closed. Opens January 4, 2027 at 9 AM."),
    ])
    func oneSentenceTellsHowThingsStand(moment: String, sentence: String) throws {
        let schedule = try #require(try entry().schedule)
        #expect(try schedule.sentence(at: ScheduleTests.at(moment)) == sentence)
    }

    @Test func thePageEscapesWhatPeopleWrote() throws {
        let now = try ScheduleTests.at("2026-11-25T18:00:00Z")
        let page = HoursPage.library(try entry(title: "<script>alert('x')</script>"), now: now, address: "https://chat.example.edu")
        #expect(!page.contains("<script>alert"))
        #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)") && page.contains("\\u003cscript\\u003ealert"))
        #expect(page.contains("Open until 10 PM.") && page.contains("Thanksgiving"))
        #expect(HoursPage.all([try entry(title: "A & B")], now: now).contains("A &amp; B"))
        #expect(HoursPage.script(try entry(), now: now).contains("\"Open until 10 PM.\""))
    }

    @Test func aClosingAtShortNoticeIsOnThePage() throws {
        let now = try ScheduleTests.at("2026-11-25T18:00:00Z")
        let closure = Closure(
            id: RequestID(high: 1, low: 1), fromMs: UInt64(now - 60) * 1_000, untilMs: UInt64(now + 7_200) * 1_000, note: "Snow & ice")
        let schedule = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)], closures: [closure])
        let entry = HoursEntry(library: schedule.hours.library, title: "Memorial", schedule: schedule)
        let page = HoursPage.library(entry, now: now, address: "")
        #expect(page.contains("<li>Closed until 2 PM (Snow &amp; ice)</li>") && page.contains("Closed: Snow &amp; ice. Opens at 2 PM."))
        #expect(page.contains("<td>9 AM to 11:59 AM, 2 PM to 10 PM <span class=\"note\">posted: 9 AM to 10 PM</span></td>"))
        #expect(
            HoursData.now(entry, now: now)
                == #"{"posted":true,"open":false,"text":"Closed: Snow \u0026 ice. Opens at 2 PM.","postedCloseS":\#(now + 36_000)}"#)
        #expect(
            HoursData.now(entry, now: now + 7_200)
                == #"{"posted":true,"open":true,"text":"Open until 10 PM.","closesInS":28800,"closesAtS":\#(now + 36_000),"postedCloseS":\#(now + 36_000)}"#
        )
        let data = HoursData.json(entry, now: now)
        #expect(data.contains("\"opens\":\"14:00\",\"closes\":\"22:00\",\"validFrom\":\"2026-11-25\",\"validThrough\":\"2026-11-25\""))
        #expect(!HoursPage.library(entry, now: now + 7_200, address: "").contains("Snow"))
    }

    /// Nothing that may be in the state keeps a page from ending.
    @Test func aClosingAtTheEndOfTheCalendarHarmsNothing() throws {
        let day: UInt64 = 86_400_000
        let far = Closure(id: RequestID(high: 1, low: 1), fromMs: .max - 30 * day, untilMs: .max, note: "")
        let near = Closure(id: RequestID(high: 1, low: 2), fromMs: 84_000 * day, untilMs: 84_020 * day, note: "")
        let schedule = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)], closures: [far, near])
        let entry = HoursEntry(library: schedule.hours.library, title: "Memorial", schedule: schedule)
        for now: Int64 in [0, 84_005 * 86_400, 90_000 * 86_400, 1 << 50] as [Int64] {
            #expect(HoursPage.library(entry, now: now, address: "").hasSuffix("</html>\n"))
            #expect(HoursCalendar.text(entry, now: now).hasSuffix("END:VCALENDAR\r\n"))
        }
    }

    @Test func theDataTellsWeeksTermsAndOtherDays() throws {
        let data = HoursData.json(try entry(), now: try ScheduleTests.at("2026-11-25T18:00:00Z"))
        #expect(data.hasPrefix("{\"@context\":\"https://schema.org\",\"@type\":\"Library\",\"name\":\"Memorial Library\""))
        let monday =
            "{\"@type\":\"OpeningHoursSpecification\",\"dayOfWeek\":\"https://schema.org/Monday\",\"opens\":\"09:00\",\"closes\":\"22:00\","
        #expect(data.contains(monday + "\"validFrom\":\"2026-11-25\",\"validThrough\":\"2026-12-20\"}"))
        #expect(data.contains(monday + "\"validFrom\":\"2027-01-04\",\"validThrough\":\"2027-11-25\"}"))
        #expect(
            data.contains(
                "\"opens\":\"00:00\",\"closes\":\"00:00\",\"validFrom\":\"2026-11-26\",\"validThrough\":\"2026-11-26\"}"))
    }

    @Test func theCalendarIsFoldedAndEscaped() throws {
        let now = try ScheduleTests.at("2026-11-25T18:00:00Z")
        let title = "Ütopia, Library; the \\ \"long\" one\nof many words and many more, so that its lines must be folded"
        let text = HoursCalendar.text(try entry(title: title), now: now)
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 75 } && text.hasSuffix("END:VCALENDAR\r\n") && !text.contains("\n\n"))
        let unfolded = text.replacingOccurrences(of: "\r\n ", with: "")
        #expect(unfolded.contains("X-WR-CALNAME:Ütopia\\, Library\\; the \\\\ \"long\" one\\nof many words and many more\\, so that"))
        #expect(unfolded.contains("DTSTART:20261125T150000Z\r\nDTEND:20261126T040000Z"))
        // Thanksgiving, and the change of the clocks in March.
        #expect(!unfolded.contains("DTSTART:20261126T") && unfolded.contains("DTSTART:20260314T") == false)
        #expect(unfolded.contains("DTSTART:20270313T150000Z") && unfolded.contains("DTSTART:20270314T140000Z"))
    }

    @Test func thePagesSpeakSpanishToo() throws {
        let schedule = try ScheduleTests.schedule("America/Chicago", [OpenSpan(opens: 540, closes: 1_320)])
        let now = schedule.second(of: try ScheduleTests.day("2026-11-27"), minute: 600)
        #expect(schedule.sentence(at: now, .spanish) == "Abierto hasta las 22:00.")
        #expect(schedule.sentence(at: now - 7_200, .spanish) == "Cerrado. Abre a las 9:00.")
        #expect(schedule.sentence(at: now + 43_200, .spanish) == "Cerrado. Abre mañana a las 9:00.")
        #expect(schedule.moment(now + 4 * 86_400, from: now, .spanish) == "el martes a las 10:00")
        #expect(schedule.moment(now + 40 * 86_400, from: now, .spanish) == "el 6 de enero de 2027 a las 10:00")
        #expect(schedule.moment(now - 32_400, from: now, .spanish) == "la 1:00")
        let entry = HoursEntry(library: try #require(LibraryName("law")), title: "Law", schedule: schedule)
        let page = HoursPage.library(entry, now: now, address: "", .spanish)
        #expect(page.contains("<html lang=\"es\">") && page.contains("Los próximos siete días") && page.contains("9:00 a 22:00"))
        #expect(page.contains("href=\"/hours/law?lang=en\" lang=\"en\""))
        // What nobody translated shows at once.
        for english in ["Today", "Closed", "Open ", "Hours by", "Chat hours of", "November", ">Monday"] {
            #expect(!page.contains(english), "\(english)")
        }
    }

    @Test(
        arguments: [
            (nil, nil, "en"), ("es", "en", "es"), ("es-MX", nil, "es"), ("fr", "es", "es"), ("", "fr, es;q=0.5, en;q=0.4", "es"),
            (nil, "en;q=0.4, es;q=0.5", "es"), (nil, "es, en", "es"), (nil, "en, es", "en"), (nil, "es;q=0, en;q=0.1", "en"),
            (nil, "es;q=nan, en;q=7", "en"), (nil, "es;q=", "en"), (nil, ";,;;q=1,es;q=1e9", "en"), (nil, "*", "en"),
        ] as [(String?, String?, String)])
    func theReadersLanguageIsTaken(asked: String?, accepted: String?, language: String) {
        #expect(HoursLanguage.wanted(asked, accepted: accepted).rawValue == language)
    }

    @Test func aLibraryWithoutHoursSaysSo() throws {
        let plain = HoursEntry(library: try #require(LibraryName("law")), title: "Law", schedule: nil)
        #expect(HoursPage.library(plain, now: 0, address: "").contains("No hours are posted"))
        #expect(HoursData.json(plain, now: 0) == "null" && HoursCalendar.text(plain, now: 0).contains("BEGIN:VEVENT") == false)
    }
}
