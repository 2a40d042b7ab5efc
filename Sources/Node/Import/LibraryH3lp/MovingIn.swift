/// A LibraryH3lp account's exports, made into the consortium's file: what LTG looks at, and then imports as every other.
///
/// Pure. What the vendor does not know (which library a queue belongs to, and which node serves it) LTG writes into `libraries.csv` beside the exports. Everything that is wrong is
/// found in one run, each with file and line, and then nothing is made. What does not follow the naming conventions is given a name that does (`ImportedNames`).

import Consortium

public struct MovingIn: Sendable {
    public struct File: Sendable {
        public var name: String
        public var text: String
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// The files that are read, `.csv` or `.json`; of `naming` the consortium's own YAML.
    public static let names = ["libraries", "queues", "users", "operators", "canned", "conversations"]
    public static let namingName = "naming.yaml"

    public private(set) var problems: [VendorProblem] = []
    /// What is worth knowing and wrong in nothing, a sentence each.
    public private(set) var notes: [String] = []
    /// The consortium's file; empty where there is a problem.
    public private(set) var yaml = ""
    public private(set) var history: VendorHistory?
    public private(set) var libraries = 0
    public private(set) var queues = 0
    public private(set) var operators = 0
    public private(set) var canned = 0
    /// What `libraries.csv` could say, where there is none.
    public private(set) var proposal: String?

    private var tables: [String: VendorTable] = [:]
    private var writer = OriginWriter()
    /// The library of each queue; `nil` within for the general queue.
    private var homes: [QueueName: LibraryName?] = [:]
    /// In the order of `libraries.csv`.
    private var order: [LibraryName] = []
    private static let problemsMax = 100

    /// - Parameter reported: which chats of the past go into the reports; `nil` for none.
    public init(_ files: [File], reported: VendorHistory.Reported? = nil) {
        read(files)
        guard problems.isEmpty else { return }
        guard let queueTable = tables["queues"] else {
            fail("queues.csv", 1, "it is missing: the list of queues, with a column `name`")
            return
        }
        let queueNames = names(in: queueTable, "queue") as [(name: QueueName, record: VendorTable.Record)]
        guard let libraryTable = tables["libraries"] else {
            proposal = Self.proposal(queueNames.map(\.name))
            fail(
                "libraries.csv", 1, "it is missing: which queues are whose, and which node serves them; what it could say is shown below")
            return
        }
        if let naming = files.first(where: { $0.name == Self.namingName }) { writer.append(naming.text, file: naming.name) }
        writeCanned(libraryTable)
        let people = peopleByLibrary(libraryTable, queueNames)
        writeLibraries(libraryTable, queueNames, people)
        readHistory(reported)
        judge()
        if !problems.isEmpty { yaml = "" }
    }

    private mutating func fail(_ file: String, _ line: Int, _ sentence: String) {
        guard problems.count < Self.problemsMax else { return }
        problems.append(VendorProblem(file: file, line: line, sentence: sentence))
    }

    // MARK: Reading

    private mutating func read(_ files: [File]) {
        for file in files.sorted(by: { $0.name < $1.name }) {
            let parts = file.name.split(separator: ".", omittingEmptySubsequences: false)
            guard file.name != Self.namingName else { continue }
            guard parts.count == 2, let name = parts.first.map(String.init), Self.names.contains(name), ["csv", "json"].contains(parts[1])
            else {
                notes.append(
                    "\(file.name) is not read; the files are \(Self.names.joined(separator: ", ")), as .csv or .json, and \(Self.namingName)"
                )
                continue
            }
            guard tables[name] == nil else {
                fail(file.name, 1, "`\(name)` is there as .csv and as .json; keep one of them")
                continue
            }
            do throws(VendorProblem) {
                let table = try VendorTable(file.name, file.text)
                tables[name] = table
                let unread = table.columns.filter { !(Self.columns[name] ?? []).contains($0) && !$0.isEmpty }
                if !unread.isEmpty { notes.append("\(file.name): these columns are not read: \(unread.joined(separator: ", "))") }
            } catch { fail(error.file, error.line, error.sentence) }
        }
    }

    private static let columns: [String: Set<String>] = [
        "libraries": ["library", "title", "node", "standby", "fallback", "queues"],
        "queues": ["name", "title"],
        "users": ["name", "display", "library", "queues", "admin"],
        "operators": ["queue", "user", "name"],
        "canned": ["title", "name", "text", "message", "keywords", "tags", "library", "pool"],
        "conversations": ["queue", "started", "accepted"],
    ]

    /// The names in a list, each once.
    private mutating func names<Tag>(in table: VendorTable, _ what: String) -> [(name: Name<Tag>, record: VendorTable.Record)] {
        var found: [(name: Name<Tag>, record: VendorTable.Record)] = []
        var seen: [Name<Tag>: Int] = [:]
        for record in table.records {
            guard let name: Name<Tag> = named(record.fields["name"], what, table.file, record.line) else { continue }
            if let line = seen.updateValue(record.line, forKey: name) {
                fail(table.file, record.line, "the \(what) `\(name)` stands in line \(line) already")
                continue
            }
            found.append((name, record))
        }
        return found
    }

    /// `memorial` of `Memorial@chat.example.org`.
    private mutating func named<Tag>(_ text: String?, _ what: String, _ file: String, _ line: Int) -> Name<Tag>? {
        guard let text, !text.isEmpty else {
            fail(file, line, "the \(what)’s name is missing")
            return nil
        }
        let local = LibraryH3lp.localPart(text)
        guard let name = Name<Tag>(local) else {
            fail(file, line, "the \(what) `\(text)` cannot keep that name: it must have \(Name<Tag>.rule); write another one here")
            return nil
        }
        if local != text { notes.append("\(file):\(line): the \(what) `\(text)` is called `\(name)`") }
        return name
    }

    private static func words(_ text: String?) -> [String] { (text ?? "").split { " ,;".contains($0) }.map(String.init) }

    private static func proposal(_ queues: [QueueName]) -> String {
        "library,title,node,queues\ngeneral,Ask a Librarian,,\n" + queues.map { "\($0),\($0),\($0),\($0)\n" }.joined()
    }

    // MARK: Writing

    private mutating func writeLibraries(
        _ table: VendorTable, _ queueNames: [(name: QueueName, record: VendorTable.Record)], _ people: [LibraryName: [Person]]
    ) {
        let byName = Dictionary(queueNames.map { ($0.name, $0.record) }, uniquingKeysWith: { first, _ in first })
        let queueFile = tables["queues"]?.file ?? "queues"
        for record in table.records where record.fields["library"] == ReportsAPI.generalName {
            let own = homes.filter { $0.value == nil }.map(\.key)
            guard own.count == 1 else { continue }
            queues += 1
            writer.line(
                "general: {queue: \(quoted(own[0].text)), title: \(quoted(record.fields["title"] ?? "Ask a Librarian"))}", table.file,
                record.line)
        }
        writer.line("libraries:", table.file, 1)
        for record in table.records {
            guard let text = record.fields["library"], text != ReportsAPI.generalName,
                let library = LibraryName(LibraryH3lp.localPart(text))
            else { continue }
            libraries += 1
            let line = record.line
            writer.line("  - name: \(quoted(library.text))", table.file, line)
            for key in ["title", "node", "standby", "fallback"] {
                if let value = record.fields[key] { writer.line("    \(key): \(quoted(value))", table.file, line) }
            }
            writer.line("    queues:", table.file, line)
            for name in Self.words(record.fields["queues"]).compactMap({ QueueName(LibraryH3lp.localPart($0)) }) {
                guard let queue = byName[name] else { continue }
                queues += 1
                let title = queue.fields["title"] ?? record.fields["title"] ?? library.text
                writer.line("      - {name: \(quoted(name.text)), title: \(quoted(title))}", queueFile, queue.line)
            }
            let theirs = people[library] ?? []
            if !theirs.isEmpty { writer.line("    operators:", table.file, line) }
            for person in theirs {
                operators += 1
                let staffed = person.queues.map { quoted($0.text) }.joined(separator: ", ")
                writer.line(
                    "      - {name: \(quoted(person.name.text)), display: \(quoted(person.display)), queues: [\(staffed)]\(person.isAdmin ? ", admin: true" : "")}",
                    tables["users"]?.file ?? "users", person.line)
            }
        }
    }

    private struct Person {
        var name: OperatorName
        var display: String
        var queues: [QueueName]
        var isAdmin: Bool
        var line: Int
    }

    /// Reads whose the queues are, and then whose the people.
    private mutating func peopleByLibrary(
        _ table: VendorTable, _ queueNames: [(name: QueueName, record: VendorTable.Record)]
    ) -> [LibraryName: [Person]] {
        for record in table.records {
            guard let library: LibraryName = named(record.fields["library"], "library", table.file, record.line) else { continue }
            let isGeneral = library.text == ReportsAPI.generalName
            let words = Self.words(record.fields["queues"])
            if isGeneral, words.count != 1 {
                fail(table.file, record.line, "the line `general` names one queue: the one that all libraries staff together")
            }
            if !isGeneral { order.append(library) }
            for word in words {
                guard let queue: QueueName = named(word, "queue", table.file, record.line) else { continue }
                if homes[queue] != nil { fail(table.file, record.line, "the queue `\(queue)` is another line’s already") }
                if !queueNames.contains(where: { $0.name == queue }) {
                    fail(table.file, record.line, "there is no queue `\(queue)` in \(tables["queues"]?.file ?? "the list of queues")")
                }
                homes[queue] = .some(isGeneral ? nil : library)
            }
        }
        for (queue, record) in queueNames where homes[queue] == nil {
            fail(
                tables["queues"]?.file ?? "queues", record.line,
                "the queue `\(queue)` is no library’s: name it in a line of \(table.file), or take this line away")
        }
        if !table.records.contains(where: { $0.fields["library"] == ReportsAPI.generalName }) {
            fail(table.file, 1, "a line is missing whose `library` is `general`, with the queue that all libraries staff together")
        }
        return people()
    }

    private mutating func people() -> [LibraryName: [Person]] {
        guard let table = tables["users"] else { return [:] }
        let assigned = assignments()
        var found: [LibraryName: [Person]] = [:]
        for (person, record) in names(in: table, "user") as [(name: OperatorName, record: VendorTable.Record)] {
            var staffed = assigned[person] ?? []
            for word in Self.words(record.fields["queues"]) {
                guard let queue: QueueName = named(word, "queue", table.file, record.line) else { continue }
                if homes[queue] == nil { fail(table.file, record.line, "there is no queue `\(queue)` among those of the libraries") }
                staffed.insert(queue)
            }
            var library = order.first { library in staffed.contains { homes[$0] == .some(library) } }
            if let text = record.fields["library"] {
                library = named(text, "library", table.file, record.line)
                if let library, !order.contains(library) {
                    fail(table.file, record.line, "there is no library `\(library)` in libraries.csv")
                }
            }
            guard let library else {
                fail(
                    table.file, record.line,
                    "nothing says of which library `\(person)` is: assign them to a queue of it, write a column `library`, or take this line away"
                )
                continue
            }
            found[library, default: []].append(
                Person(
                    name: person, display: record.fields["display"] ?? person.text, queues: staffed.sorted(),
                    isAdmin: ["true", "yes", "1"].contains((record.fields["admin"] ?? "").lowercased()), line: record.line))
        }
        return found
    }

    /// As `queues/ID/operators` and `users/ID/assignments` list them.
    private mutating func assignments() -> [OperatorName: Set<QueueName>] {
        guard let table = tables["operators"] else { return [:] }
        var found: [OperatorName: Set<QueueName>] = [:]
        for record in table.records {
            guard let queue: QueueName = named(record.fields["queue"], "queue", table.file, record.line),
                let person: OperatorName = named(record.fields["user"] ?? record.fields["name"], "user", table.file, record.line)
            else { continue }
            guard homes[queue] != nil else {
                fail(table.file, record.line, "there is no queue `\(queue)` among those of the libraries")
                continue
            }
            found[person, default: []].insert(queue)
        }
        return found
    }

    private mutating func writeCanned(_ libraryTable: VendorTable) {
        guard let table = tables["canned"], !table.records.isEmpty else { return }
        let known = libraryTable.records.compactMap { $0.fields["library"] }.filter { $0 != ReportsAPI.generalName }.map(
            LibraryH3lp.localPart)
        writer.line("canned:", table.file, 1)
        for record in table.records {
            guard let title = record.fields["title"] ?? record.fields["name"] else {
                fail(table.file, record.line, "the message’s `title` is missing, by which it is found")
                continue
            }
            guard let text = record.fields["text"] ?? record.fields["message"] else {
                fail(table.file, record.line, "the message `\(title)` has no `text`")
                continue
            }
            var parts = ["title: \(quoted(title))", "text: \(quoted(text))"]
            if let keywords = record.fields["keywords"] ?? record.fields["tags"] { parts.append("keywords: \(quoted(keywords))") }
            if let owner = record.fields["library"] ?? record.fields["pool"], owner.lowercased() != "consortium" {
                let library = LibraryH3lp.localPart(owner)
                guard known.contains(library) else {
                    fail(
                        table.file, record.line,
                        "the message `\(title)` is of `\(owner)`, which is no library of libraries.csv; write a column `library`, with `consortium` for all"
                    )
                    continue
                }
                parts.append("library: \(quoted(library))")
            }
            canned += 1
            writer.line("  - {\(parts.joined(separator: ", "))}", table.file, record.line)
        }
    }

    // MARK: The end

    private mutating func readHistory(_ reported: VendorHistory.Reported?) {
        guard let table = tables["conversations"] else { return }
        var names: [String: String] = [:]
        for (queue, library) in homes { names[queue.text] = library?.text ?? ReportsAPI.generalName }
        let history = VendorHistory(table, libraries: names, reported)
        for problem in history.problems { fail(problem.file, problem.line, problem.sentence) }
        notes += history.notes
        self.history = history
        for line in history.pastLines { writer.line(line, table.file, 1) }
    }

    /// What was made is read as any consortium's file is; what that finds stands where the exports say it.
    private mutating func judge() {
        guard problems.isEmpty else { return }
        yaml = writer.text
        do throws(ConsortiumFile.Problems) {
            let file = try ConsortiumFile(yaml: yaml)
            for note in ImportedNames(file, board: nil).notes {
                let parts = note.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, let line = Int(parts[0].dropFirst("line ".count)) else { continue }
                let origin = writer.origin(line)
                notes.append("\(origin.file):\(origin.line):\(parts[1])")
            }
        } catch {
            for problem in error.problems {
                let origin = writer.origin(problem.line)
                fail(origin.file, origin.line, problem.sentence)
            }
        }
    }

    private func quoted(_ text: String) -> String { OriginWriter.quoted(text) }
}

/// Lines of YAML, each with the line of the file that it came of.
private struct OriginWriter {
    private var lines: [String] = []
    private var origins: [(file: String, line: Int)] = []

    var text: String { lines.map { $0 + "\n" }.joined() }

    mutating func line(_ text: String, _ file: String, _ line: Int) {
        lines.append(text)
        origins.append((file, line))
    }

    mutating func append(_ text: String, file: String) {
        let parts = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, part) in parts.enumerated() { line(String(part), file, number + 1) }
    }

    func origin(_ line: Int) -> (file: String, line: Int) {
        origins.indices.contains(line - 1) ? origins[line - 1] : origins.last ?? ("libraries.csv", 1)
    }

    /// In double quotes, on one line whatever it holds (YAML 1.1, 5.6).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: quoted += "\\\""
            case 0x5C: quoted += "\\\\"
            case 0x0A: quoted += "\\n"
            case 0x20...0x7E, 0xA1...0x1FFF, 0x2030...0xD7FF, 0x1_0000...0x1_F9FF: quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
            }
        }
        return quoted + "\""
    }
}
