import Consortium
import Hours
import Node
import Testing

private let libraries = """
    library,title,node,standby,fallback,queues
    general,Ask a Librarian,,,,ask-us
    memorial,"Memorial, the Library",memorial,college,ring first 60 s,memorial memorial-maps
    law,Law Library,law,,off,law
    """
private let queues = """
    [
      {"id": 1, "name": "ask-us@chat.libraryh3lp.com", "show": "available"},
      {"id": 2, "name": "memorial"},
      {"id": 3, "name": "memorial-maps", "title": "Maps \\u2014 \\ud83d\\uddfa"},
      {"id": 4, "name": "law", "folder": {"id": 7, "name": "}{]["}}
    ]
    """
private let users = """
    id,name,display,admin,email
    11,mia.memorial,Mia,true,mia@example.edu
    12,Leo.Law,,,

    13,"mo.memorial","Mo ""Maps"" Moe",,
    """
private let operators = """
    queue,user,enabled
    memorial,mia.memorial,true
    ask-us,mia.memorial,true
    memorial-maps,mo.memorial,false
    law,leo.law,true
    """
private let canned = """
    title,text,library
    Hello,"Good morning.
    How can I help?",
    Maps,"They are on floor 4: {see} the ""map"" room # east",memorial
    """
private let conversations = """
    id,queue,started,accepted,ended,operator
    1,memorial,2025-11-27 09:30:00,2025-11-27 09:30:20,2025-11-27 09:40:00,mia
    2,memorial,2025-11-27T10:00:00,2025-11-27T10:01:10.5Z,,mia
    3,memorial-maps,2025-11-27 23:59:50,,,
    4,gone-queue,2025-11-28 08:00:00,2025-11-28 08:00:05,,x
    """

private func files(_ changed: [String: String?] = [:]) -> [MovingIn.File] {
    var files: [String: String?] = [
        "libraries.csv": libraries, "queues.json": queues, "users.csv": users, "operators.csv": operators, "canned.csv": canned,
        "conversations.csv": conversations,
    ]
    for (name, text) in changed { files[name] = text }
    return files.compactMap { name, text in text.map { MovingIn.File(name: name, text: $0) } }
}

/// An account's exports become the consortium's file, or nothing of them does.
@Suite struct MovingInTests {
    @Test func theExportsBecomeTheConsortiumsFile() throws {
        let moving = MovingIn(files())
        #expect(moving.problems.map(\.description) == [])
        let file = try ConsortiumFile(yaml: moving.yaml)
        #expect(file.libraries.map(\.name.text) == ["memorial", "law"])
        #expect(file.libraries[0].title == "Memorial, the Library" && file.libraries[0].standbyNode?.text == "college")
        #expect(file.libraries.map(\.fallback) == [.ringFirst(ms: 60_000), .off])
        let general = try #require(file.queues.first { $0.library == nil })
        #expect(general.name.text == "ask-us" && general.title == "Ask a Librarian")
        #expect(file.queues.first { $0.name.text == "memorial-maps" }?.title == "Maps \u{2014} \u{1F5FA}")
        let people = file.operators.map { "\($0.name) \($0.displayName) \($0.library) \($0.queues.map(\.text)) \($0.isAdmin)" }
        #expect(
            people == [
                "mia.memorial Mia memorial [\"ask-us\", \"memorial\"] true",
                "mo.memorial Mo \"Maps\" Moe memorial [\"memorial-maps\"] false",
                "leo.law leo.law law [\"law\"] false",
            ])
        let messages = file.commands.compactMap { command -> CannedMessage? in
            if case .setCanned(let message, by: _) = command { message } else { nil }
        }
        #expect(messages.map(\.text) == ["Good morning.\nHow can I help?", "They are on floor 4: {see} the \"map\" room # east"])
        #expect((moving.libraries, moving.queues, moving.operators, moving.canned) == (2, 4, 3, 2))
        #expect(moving.notes.contains("users.csv:3: the user `Leo.Law` is called `leo.law`"))
        #expect(moving.notes.contains("users.csv: these columns are not read: id, email"))
    }

    @Test func theHistoryIsATableInTheReportsColumns() throws {
        let moving = MovingIn(files())
        let lines = try #require(moving.history?.csv).split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("library,day,asked,answered,own,"))
        #expect(moving.history?.chats == 4 && lines.count == 3)
        let memorial = lines[2].split(separator: ",", omittingEmptySubsequences: false)
        #expect(Array(memorial[..<5]) == ["memorial", "2025-11-27", "3", "2", ""])
        let head = lines[0].split(separator: ",", omittingEmptySubsequences: false)
        func cell(_ name: String) throws -> String { String(memorial[try #require(head.firstIndex { $0 == name })]) }
        #expect(
            try [cell("within_30"), cell("within_60"), cell("within_90"), cell("median_s"), cell("p90_s")] == ["1", "1", "2", "20", "70"])
        #expect(lines[1].hasPrefix("gone-queue,2025-11-28,1,1,") && moving.notes.contains { $0.contains("gone-queue") })
    }

    /// The same list with the zone of its times: hours by UTC in the consortium's file, those of the wanted days and of libraries' queues alone.
    @Test func chatsOfThePastGoIntoTheReports() throws {
        let noon = TallyHour(try #require(CalendarDay("2025-11-27")).number) * 24 + 12
        let moving = MovingIn(files(), reported: VendorHistory.Reported(zone: .utc, hours: 0..<TallyHour.max))
        let history = try #require(moving.history)
        #expect(moving.problems.isEmpty && history.chats == 4 && history.reported == 3)
        #expect(moving.notes.contains { $0.contains("1 of 4 chats do not go into the reports") })
        let file = try ConsortiumFile(yaml: moving.yaml)
        let past = file.commands.compactMap { if case .bringPast(let past) = $0 { past } else { nil } }
        #expect(past.map(\.home?.text) == ["memorial"])
        let cells = past.flatMap(\.cells)
        #expect(cells.count == history.hours && cells.allSatisfy { $0.cell.isFormer })
        #expect(cells.reduce(0) { $0 + $1.cell[.asked] } == 3 && cells.reduce(0) { $0 + $1.cell[.answered] } == 2)
        #expect(MovingIn(files(), reported: VendorHistory.Reported(zone: .utc, hours: 0..<noon - 48)).history?.reported == 0)
        // Nothing of it without the zone.
        #expect(!MovingIn(files()).yaml.contains("past:"))
    }

    /// Whatever the hour of the day, the state takes each hour that the list is asked for, also after four weeks in which somebody looks at the file.
    @Test func theHoursOfThePastCanComeInWheneverTheyDo() throws {
        let today: TallyHour = 20_500 * 24
        for now in today..<today + 24 {
            let hours = VendorHistory.Reported(zone: .utc, now: now).hours
            #expect(hours.count == VendorHistory.Reported.daysMax * 24)
            for later in [now, now + 28 * 24] {
                var state = ConsortiumState()
                let node = try #require(NodeName("a"))
                let law = try #require(LibraryName("law"))
                let commands: [Command] =
                    [
                        .setFeatureLevel(FeatureLevel.supported),
                        .setLibrary(Library(name: law, title: "Law", homeNode: node)),
                    ]
                    + [hours.lowerBound, hours.upperBound - 1].compactMap { hour in
                        TallyCell(former: 1, waits: []).map {
                            .bringPast(PastHours(home: law, cells: [TallyHourCell(hour: hour, cell: $0)]))
                        }
                    }
                let items = commands.enumerated().map {
                    Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64($0.offset) + 1), command: $0.element)
                }
                let applied = state.apply(Batch(elapsedMs: 0, wallMs: UInt64(later) * 3_600_000, term: 1, items: items), index: 1)
                #expect(
                    applied.verdicts.count == 4 && applied.verdicts.allSatisfy { $0 == .accepted(.done) }, "\(now): \(applied.verdicts)")
            }
        }
    }

    @Test(arguments: [
        ("15 1 2", "more answered than asked"), ("24 1", "no such hour"), ("15", "nothing asked"), ("15 x", "no number"),
        ("15 2 0 1; 15 1", "the same hour twice"),
    ]) func whatIsNoHourOfThePastIsToldWithItsLine(hours: String, why: String) throws {
        #expect { try ConsortiumFile(yaml: "past:\n  memorial:\n    2025-11-27: \"\(hours)\"") } throws: { error in
            (error as? ConsortiumFile.Problems)?.problems.map(\.line) == [3]
        }
        let good = try ConsortiumFile(yaml: "past:\n  general:\n    2025-11-27: \"15 2 0 1; 16 1\"")
        #expect(good.commands.count == 1)
    }

    @Test(arguments: [
        ("users.csv", "name\nmia.memorial\nmia.memorial", "users.csv:3: the user `mia.memorial` stands in line 2 already"),
        ("users.csv", "name\nnobody.special", "users.csv:2: nothing says of which library"),
        ("users.csv", "name,library\n\nmia me,memorial", "users.csv:3: the user `mia me` cannot keep that name"),
        ("users.csv", "name,library\nmia.memorial,music", "users.csv:2: there is no library `music`"),
        ("users.csv", "name,display\nmia.memorial,\"Mia\nmo.memorial,Mo", "users.csv:2: a quote that begins here is not closed"),
        ("users.csv", "name,display\nmia.memorial", "users.csv:2: there are 1 fields, and 2 columns"),
        ("users.csv", "name,name\na,b", "users.csv:1: the column `name` is there twice"),
        ("users.csv", "", "users.csv:1: the file is empty"),
        ("users.csv", "name\nmia\u{FFFD}", "users.csv:2: this line is not UTF-8"),
        ("operators.csv", "queue,user\nmaps,mia.memorial", "operators.csv:2: there is no queue `maps`"),
        ("queues.json", "[\n{\"name\": \"ask-us\"},\n{\"name\": law}]", "queues.json:3: the object that begins here is not JSON"),
        ("queues.json", "[{\"name\": \"ask-us\"}\n\n{\"name\": \"law\"}]", "queues.json:3: a comma or `]` is missing"),
        ("queues.json", "{\"name\": \"ask-us\"}", "queues.json:1: the file must be a list"),
        ("queues.json", "[\n{\"name\": \"ask-us\"", "queues.json:2: the object that begins here is not ended"),
        (
            "queues.json",
            "[{\"name\": \"ask-us\"}, {\"name\": \"law\"}, {\"name\": \"memorial\"},\n{\"name\": \"memorial-maps\"},\n{\"name\": \"extra\"}]",
            "queues.json:3: the queue `extra` is no library’s"
        ),
        (
            "libraries.csv", "library,node,queues\ngeneral,,ask-us\nlaw,law,law memorial\nmemorial,memorial,memorial memorial-maps",
            "libraries.csv:4: the queue `memorial` is another line’s already"
        ),
        (
            "libraries.csv", "library,node,queues\nlaw,law,law\nmemorial,memorial,memorial memorial-maps ask-us",
            "libraries.csv:1: a line is missing whose `library` is `general`"
        ),
        // What the consortium's file itself would refuse stands where the export says it.
        (
            "libraries.csv", "library,title,node,queues\ngeneral,,,ask-us\nlaw,,law,law\nmemorial,,,memorial memorial-maps",
            "libraries.csv:4: `node` is missing"
        ),
        ("canned.csv", "title,text\nHello,Good morning\nHello,Good evening", "canned.csv:3: the message `Hello` stands here a second time"),
        ("canned.csv", "title,text,pool\nHello,Good morning,music", "canned.csv:2: the message `Hello` is of `music`"),
        ("conversations.csv", "queue,started\nlaw,yesterday", "conversations.csv:2: `started` is a time"),
        ("conversations.csv", "queue,started\nlaw,2025-02-30 09:00:00", "conversations.csv:2: `started` is a time"),
    ])
    func whatIsWrongIsToldWithFileAndLineAndNothingIsMade(_ file: String, _ text: String, _ sentence: String) {
        let moving = MovingIn(files([file: text]))
        let found = moving.problems.map(\.description)
        #expect(found.contains { $0.hasPrefix(sentence) }, "\(found)")
        #expect(moving.yaml.isEmpty)
    }

    @Test func withoutTheListOfLibrariesOneIsProposed() throws {
        let moving = MovingIn(files(["libraries.csv": nil]))
        #expect(moving.problems.map(\.description).first?.hasPrefix("libraries.csv:1: it is missing") ?? false)
        #expect(try #require(moving.proposal).contains("\nmemorial-maps,memorial-maps,memorial-maps,memorial-maps\n"))
        #expect(moving.yaml.isEmpty)
    }

    @Test func namesThatDoNotFollowTheConventionsAreGivenOthers() throws {
        let naming = "naming:\n  users: {pattern: \"*.{library}\", example: mia.memorial, says: The library last.}\n"
        let moving = MovingIn(
            files([
                "naming.yaml": naming, "users.csv": "name\n\nmia.memorial\nleo",
                "operators.csv": "queue,user\nmemorial,mia.memorial\nlaw,leo",
            ]))
        #expect(moving.problems == [])
        #expect(
            moving.notes.contains {
                $0.hasPrefix("users.csv:4: the user `leo` does not follow the naming convention, so it is called `leo.law`")
            }, "\(moving.notes)")
    }

    @Test func spreadsheetsSemicolonsTabsAndMarksAreRead() throws {
        for (mark, comma) in [("\u{FEFF}", ";"), ("", "\t"), ("", ",")] {
            let table = try VendorTable("queues.csv", "\(mark)Name\(comma)Title\r\nlaw\(comma)\"a\(comma)b\"\r\n\r\nmaps\(comma)\r\n")
            #expect(table.columns == ["name", "title"])
            #expect(table.records.map(\.line) == [2, 4])
            #expect(table.records.map(\.fields) == [["name": "law", "title": "a\(comma)b"], ["name": "maps"]])
        }
    }

    @Test func limitsAreToldNotPassed() throws {
        let deep = String(repeating: "[", count: 40)
        #expect(throws: VendorProblem.self) { _ = try VendorTable("a.json", "[{\"x\": \(deep)") }
        let wide = (0...VendorTable.columnsMax).map { "c\($0)" }.joined(separator: ",")
        #expect(throws: VendorProblem.self) { _ = try VendorTable("a.csv", wide) }
    }
}
