import Consortium
import Node
import Testing

private let usualHours = "{zone: Etc/UTC, semester: {monday to friday: '8:00-12:00, 13:00-1:00'}, intersession: closed, break: closed}"

/// A consortium's file with what a test adds.
private func file(memorial: String = "", services: String = "", hours: String = "", terms: String = "") -> String {
    """
    general: {queue: general, title: General}
    libraries:
      - name: memorial
        node: memorial
        hours: \(hours.isEmpty ? usualHours : hours)
        queues:
          - {name: memorial\(memorial)}
      - name: law
        node: law
        queues:
          - {name: law}
    \(services)
    \(terms)
    """
}

private func problems(_ yaml: String) -> [String] {
    do {
        _ = try ConsortiumFile(yaml: yaml)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

private func name(_ text: String) throws -> QueueName { try #require(QueueName(text)) }

@Test func otherNamesAndServicesBecomeAliases() throws {
    let read = try ConsortiumFile(
        yaml: file(memorial: ", aliases: [ask-memorial]", services: "services: [{id: 2571, queues: [law, memorial]}]"))
    let aliases = Dictionary(uniqueKeysWithValues: read.queues.map { ($0.name.text, $0.aliases) })
    #expect(aliases["law"] == [QueueAlias(name: try name("2571"), level: 0)])
    #expect(aliases["memorial"] == [QueueAlias(name: try name("ask-memorial")), QueueAlias(name: try name("2571"), level: 1)])
    #expect(aliases["general"] == [])
}

@Test func anAliasHidesNoQueueAndLeadsToOne() {
    #expect(
        problems(file(memorial: ", aliases: [law]")) == [
            "line 7: `law` is the name of a queue; it cannot be another name of `memorial` too"
        ])
    #expect(
        problems(file(memorial: ", aliases: [\"7\"]", services: "services: [{id: 7, queues: [law]}]")) == [
            "line 12: `7` leads to two queues; list both in one service, the first choice first"
        ])
    #expect(problems(file(services: "services: [{id: 7, queues: [art]}]")) == ["line 12: there is no queue `art` in this file"])
    #expect(
        problems(file(services: "services: [{queues: [law]}]")) == ["line 12: `id` is missing: the service's number, as pages carry it"])
}

/// Agreement, 3: "…chat hours be posted … and include hours for the regular semester, intersessions, and breaks."
@Test func postedHoursAreReadWithTheTermsTheyNeed() throws {
    let read = try ConsortiumFile(
        yaml: file(
            terms: "terms: [{title: Spring, kind: semester, first: 2027-01-19, last: 2027-05-07}, "
                + "{title: Winter, kind: break, first: 2026-12-19, last: 2027-01-18}]"))
    #expect(read.terms?.terms.map(\.title) == ["Winter", "Spring"])
    let posted = try #require(read.hours.first)
    #expect(posted.zone == "Etc/UTC" && read.hours.count == 1)
    #expect(posted.week(.semester).days[4] == [OpenSpan(opens: 480, closes: 720), OpenSpan(opens: 780, closes: 1_500)])
    #expect(posted.week(.semester).days[5].isEmpty && posted.week(.breakTime) == .closed)
    let terms = try #require(read.terms)
    #expect(read.commands.count == read.lines.count && read.commands.suffix(2) == [.setTerms(terms), .setHours(posted)])
    #expect(read.lines.last == 5)
}

@Test(arguments: [
    ("{zone: Etc/UTC, semester: closed, break: closed}", "`intersession` is missing: posted hours include the regular semester"),
    ("{zone: Mars/Olympus, semester: closed, intersession: closed, break: closed}", "this machine knows no time zone `Mars/Olympus`"),
    ("{zone: Etc/UTC, semester: {funday: closed}, intersession: closed, break: closed}", "a day is `monday` to `sunday`"),
    ("{zone: Etc/UTC, semester: {monday: '9-25'}, intersession: closed, break: closed}", "times are `closed` or from 0:00 to 24:00"),
    ("{zone: Etc/UTC, semester: {monday: '9-12, 11-13'}, intersession: closed, break: closed}", "the times of a day stand in order"),
    (
        "{zone: Etc/UTC, semester: {monday: '9-12', monday to friday: '9-12'}, intersession: closed, break: closed}",
        "monday stands in this week twice"
    ),
    (
        "{zone: Etc/UTC, semester: closed, intersession: closed, break: closed, exceptions: [{day: 2026-02-29, hours: closed}]}",
        "`day` must be a day such as 2026-11-26; found `2026-02-29`"
    ),
])
func hoursThatDoNotFitAreNamedWithTheirLine(hours: String, sentence: String) {
    let found = problems(file(hours: hours))
    #expect(found.count == 1 && found.first?.hasPrefix("line 5: \(sentence)") == true, "\(found)")
}

/// LTG's terms and a library's hours may come by themselves, and change nothing else.
@Test func aFileOfHoursAloneNeedsNoRoster() throws {
    let read = try ConsortiumFile(yaml: "terms: []\nhours:\n  law: \(usualHours)\n")
    let posted = try #require(read.hours.first)
    #expect(read.commands == [.setTerms(TermCalendar()), .setHours(posted)] && read.lines == [1, 3])
    #expect(problems("hours: [law]") == ["line 1: `hours` is a mapping of libraries' names to their hours"])
    #expect(problems(file(terms: "hours: {memorial: \(usualHours)}")) == ["line 5: the hours of `memorial` stand here a second time"])
}

@Test func aDirectorIsAnAdminAsWell() throws {
    let file = try ConsortiumFile(
        yaml: """
            general: {queue: general, title: General}
            libraries:
              - name: law
                node: law
                queues: [{name: law}]
                operators:
                  - {name: dee, director: true}
                  - {name: ann, admin: true}
                  - {name: max, director: false}
            """)
    #expect(file.operators.map(\.isDirector) == [true, false, false])
    #expect(file.operators.map(\.isAdmin) == [true, true, false])
}
