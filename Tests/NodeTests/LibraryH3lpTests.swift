import Consortium
import FoundationEssentials
import Hours
import Testing

@testable import Node

/// The shapes of the old vendor's answers by themselves; what a running node says to the vendor's own library: `Tests/ProtocolTests/libraryh3lp.py`.
@Suite struct LibraryH3lpTests {
    private let chat = ChatID(high: 0xFEDC_BA98_7654_3210, low: 1)

    private func message(_ n: UInt32, _ event: ChatEvent, wallMs: UInt64) -> ChatMessage {
        ChatMessage(position: Position(epoch: 1, n: n), author: .service, body: .event(event), wallMs: wallMs)
    }

    private func library(_ text: String) throws -> LibraryName { try #require(LibraryName(text)) }

    @Test func aChatIsToldByWhatHappenedInIt() throws {
        let (queue, law) = (try #require(QueueName("law")), try library("law"))
        let (lea, mia) = (try #require(OperatorName("lea")), try #require(OperatorName("mia")))
        var happened = [
            message(1, .opened(queue), wallMs: 1_000_000), message(2, .claimed(lea, displayName: "Lea", library: law), wallMs: 1_020_999),
            message(3, .pickedUp(mia, displayName: "Mia", library: try library("memorial")), wallMs: 1_100_000),
        ]
        #expect(Conversation(chat, library: law, queue: queue, []) == nil)
        var seen = try #require(Conversation(chat, library: law, queue: queue, happened))
        #expect((seen.startedMs, seen.acceptedMs, seen.endedMs) == (1_000_000, 1_020_999, nil))
        #expect(seen.answeredBy == lea && seen.answeredAt == law)
        happened.append(message(4, .closed(.byOperator), wallMs: 1_300_000))
        seen = try #require(Conversation(chat, library: law, queue: queue, happened))
        #expect(seen.endedMs == 1_300_000)
        // A message that is answered goes on, and ends anew.
        happened.append(message(5, .claimed(mia, displayName: "Mia", library: law), wallMs: 1_400_000))
        #expect(try #require(Conversation(chat, library: law, queue: queue, happened)).endedMs == nil)

        let style = ConversationStyle(clock: LocalClock(nil), host: "ask.example", hasT: false, namesPeople: true)
        let line = style.line(seen)
        #expect(line["started"] == .text("1970-01-01 00:16:40") && line["ended"] == .text("1970-01-01 00:21:40"))
        #expect(line["wait"] == .number(20) && line["duration"] == .number(279) && line["operator"] == .text("lea"))
        #expect(line["guest"] == .text("\(chat)@ask.example") && line["id"] == .number(0xFEDC_BA98_7654_3210 >> 11))
        let other = ConversationStyle(clock: LocalClock(nil), host: "ask.example", hasT: true, namesPeople: false).line(seen)
        #expect(other["started"] == .text("1970-01-01T00:16:40") && other["operator"] == .text("law"))
        let written = try #require(String(data: try JSONEncoder().encode(["a": OldValue.nothing, "b": .flag(false)]), encoding: .utf8))
        #expect(written.contains("\"a\":null"))
    }

    @Test func daysOfAnAddress() throws {
        func days(_ parts: String..., to: String? = nil) -> String {
            do throws(AskMistake) {
                let days = try ConversationDays.days(parts, to: to)
                return "\(days.lowerBound.text) \(days.upperBound.text)"
            } catch { return "no" }
        }
        #expect(days("2026", "2", "3") == "2026-02-03 2026-02-03")
        #expect(days("2026", "02", "03", to: "2026-03-01") == "2026-02-03 2026-03-01")
        #expect(days("2026", "2", "3", to: "2026/03/01") == "2026-02-03 2026-03-01")
        #expect(days("2026", "2", "3", to: "") == "2026-02-03 2026-02-03")
        #expect(days("2024", "2") == "2024-02-01 2024-02-29")
        #expect(days("2026", "12") == "2026-12-01 2026-12-31")
        #expect(days("2026") == "2026-01-01 2026-12-31")
        for wrong in [days(), days("x"), days("2026", "13"), days("2026", "2", "30"), days("2026", "-1"), days("2026", "1", "1", "1")] {
            #expect(wrong == "no")
        }
        #expect(days("2026", "2", "3", to: "2026-02-02") == "no")
        #expect(days("2024", "1", "1", to: "2026-01-01") == "no")
        #expect(days("99999999999999999999999") == "no")
    }

    @Test func tablesCountByTheClocksThere() throws {
        let law = try library("law")
        let cell = try #require(
            TallyCell(
                entries: [.init(.asked, 3), .init(.answered, 2)],
                answeredBy: [
                    TallyShare(library: law, viaGeneral: false, count: 1),
                    TallyShare(library: try library("memorial"), viaGeneral: true, count: 1),
                ], answeredFor: []))
        // Saturday, 31 January 2026, 23:00 UTC.
        let day = try #require(CalendarDay("2026-01-31"))
        let hour = TallyHour(Int(day.number) * 24 + 23)
        let counts = [ConversationCounts(home: law, name: "law", cells: [TallyHourCell(hour: hour, cell: cell)])]
        func table(_ days: ClosedRange<CalendarDay>, _ clock: LocalClock, withUnanswered: Bool = false) -> ConversationTable {
            ConversationTable(clock: clock, days: days, withUnanswered: withUnanswered)
        }
        let two = table(day...day.adding(days: 1), LocalClock(nil))
        let hours = two.text(.hour, counts).split(separator: "\r\n")
        #expect(hours[0] == "hour,Sun,Mon,Tue,Wed,Thu,Fri,Sat" && hours[24] == "23,0,0,0,0,0,0,2" && hours[1] == "0,0,0,0,0,0,0,0")
        #expect(two.text(.month, counts) == "protocol,01/2026,02/2026\r\nweb,2,0\r\n")
        #expect(two.text(.queue, counts) == "queue,01/2026,02/2026\r\nlaw,2,0\r\n")
        #expect(two.text(.profile, counts) == "profile,chats\r\nlaw,2\r\n")
        #expect(two.text(.operators, counts) == "operator,n,mean,median,min,max\r\nlaw,1,,,,\r\nmemorial,1,,,,\r\n")
        #expect(table(day...day, LocalClock(nil), withUnanswered: true).text(.protocols, counts) == "protocol,chats\r\nweb,3\r\n")
        #expect(
            table(day.adding(days: 1)...day.adding(days: 1), LocalClock(nil)).text(.protocols, counts) == "protocol,chats\r\nweb,0\r\n")
        // Two hours further east it is the next month.
        let east = LocalClock(zone: "Somewhere/East", try zone("EET-2"))
        #expect(table(day...day.adding(days: 1), east).text(.month, counts) == "protocol,01/2026,02/2026\r\nweb,0,2\r\n")
        #expect(east.moment(at: Int64(hour) * 3_600) == (day.adding(days: 1), 3_600))
    }

    /// A compiled zone without changes (RFC 8536), which its last line tells.
    private func zone(_ footer: String) throws -> ZoneRules {
        func head() -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + [
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4,
            ]
        }
        let body: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\u{0}".utf8)
        return try ZoneRules(tzif: head() + body + head() + body + Array("\n\(footer)\n".utf8))
    }

    @Test func namesAndNumbers() throws {
        #expect(LibraryH3lp.canonical("/2013-07-21/queues") == "/{version}/queues")
        #expect(LibraryH3lp.canonical("/2013-07-2/queues") == "/2013-07-2/queues" && LibraryH3lp.canonical("/2013-07-21") == "/2013-07-21")
        for version in LibraryH3lp.versions {
            #expect(RouteMatrix.row(.get, "/\(version)/conversations", isPrefix: true)?.path == "/{version}/conversations")
        }
        #expect(LibraryH3lp.localPart("Law@chat.example") == "law" && LibraryH3lp.localPart("") == "" && LibraryH3lp.localPart("@x") == "x")
        #expect(LibraryH3lp.host("Ask.Example:7100") == "ask.example" && LibraryH3lp.host("[::1]:80") == "localhost")
        #expect(LibraryH3lp.host(nil) == "localhost" && LibraryH3lp.host("a\"b") == "localhost")
        #expect(LibraryH3lp.number("queue", "law") == LibraryH3lp.number("queue", "law"))
        #expect(LibraryH3lp.number("queue", "law") != LibraryH3lp.number("user", "law"))
        #expect(LibraryH3lp.number("queue", "law") < 1 << 53 && LibraryH3lp.number(of: ChatID(high: .max, low: 0)) < 1 << 53)
    }
}
