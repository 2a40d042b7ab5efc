/// A consortium as LTG writes it down: a YAML file of libraries, queues, operators and settings.
///
/// Reading it collects every error with its line, so that one run shows all that is to be mended. What it yields are the
/// commands that put the consortium into the replicated state (harmless to repeat) and the passwords that are to become
/// verifiers at the operators' home nodes. Nothing is sent while there is an error.

import Consortium
import FoundationEssentials
import Yams

public struct ConsortiumFile: Sendable {
    public struct Credential: Sendable {
        public var operatorName: OperatorName
        public var password: String
        public var homeNode: NodeName
        public var standbyNode: NodeName?
    }

    /// In the order in which they must be applied: settings, naming, libraries, queues, operators, terms, hours, canned messages, registers, the past. The versions that these
    /// replace are for whoever proposes them.
    public private(set) var commands: [Command] = []
    /// For each command the line where its entry begins.
    public private(set) var lines: [Int] = []
    public private(set) var credentials: [Credential] = []
    public private(set) var libraries: [Library] = []
    public private(set) var queues: [Queue] = []
    public private(set) var operators: [Operator] = []
    /// How the campus calls some of them; empty: not any more.
    private(set) var campusNames: [(operatorName: OperatorName, campus: String)] = []
    /// Libraries that say who their operators are.
    private(set) var librariesWithPeople: Set<LibraryName> = []
    /// `nil` where the file says nothing of them.
    public private(set) var naming: NamingConventions?
    public private(set) var terms: TermCalendar?
    public private(set) var hours: [LibraryHours] = []
    private var aliasLines: [QueueName: Int] = [:]

    /// The largest file that is read, in bytes.
    public static let bytesMax = 4 * 1024 * 1024

    /// One thing wrong in the file, with the line where it stands.
    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        public var line: Int
        public var sentence: String
        public var description: String { "line \(line): \(sentence)" }
    }

    public struct Problems: Error, Sendable, CustomStringConvertible {
        public var problems: [Problem]
        public var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// Reads the text of a file.
    /// - Parameter isZone: whether this machine knows a time zone.
    public init(
        yaml: String, isZone: @escaping (String) -> Bool = { FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/\($0)") }
    ) throws(Problems) {
        let root = try YAMLText.compose(yaml, bytesMax: Self.bytesMax)
        var reader = YAMLReader()
        reader.isZone = isZone
        read(root, &reader)
        guard reader.problems.isEmpty else {
            throw Problems(problems: reader.problems.sorted { ($0.line, $0.sentence) < ($1.line, $1.sentence) })
        }
        commands += libraries.map { .setLibrary($0) } + queues.map { .setQueue($0) } + operators.map { .setOperator($0) }
        lines += libraryLines + queueLines + operatorLines
        if let terms {
            commands.append(.setTerms(terms))
            lines.append(termsLine)
        }
        commands += hours.map { .setHours($0) }
        lines += hoursLines
        commands += canned.map { .setCanned($0.message, by: .admin) }
        lines += canned.map(\.line)
        commands += entries.map { .setEntry($0.entry, by: .admin) }
        lines += entries.map(\.line)
        commands += past.map { .bringPast($0.past) }
        lines += past.map(\.line)
    }

    private(set) var canned: [(message: CannedMessage, line: Int)] = []
    private(set) var entries: [(entry: RegisterEntry, line: Int)] = []
    /// Hours of a former service.
    private(set) var past: [(past: PastHours, line: Int)] = []
    private var libraryLines: [Int] = []
    private var heirLines: [(heir: LibraryName, line: Int)] = []
    private var queueLines: [Int] = []
    private var termsLine = 1
    private var hoursLines: [Int] = []
    private var operatorLines: [Int] = []

    private mutating func read(_ root: Node?, _ reader: inout YAMLReader) {
        guard let root, root.null == nil else {
            return reader.fail(line: 1, "the file is empty; it must have `general` and `libraries`")
        }
        guard
            let top = reader.mapping(
                root, "the file",
                keys: [
                    "consortium", "settings", "naming", "canned", "general", "terms", "hours", "libraries", "services", "registers", "past",
                ])
        else {
            return
        }
        readSettings(top["settings"], &reader)
        if let node = top["naming"], let naming = reader.naming(node) {
            self.naming = naming
            commands.append(.setNaming(naming))
            lines.append(node.line)
        }
        if let node = top["terms"] {
            terms = reader.terms(node)
            termsLine = node.line
        }
        if let node = top["hours"] { findHours(node, &reader) }
        if let node = top["canned"] { canned = reader.canned(node) }
        if let node = top["registers"] { entries = reader.registers(node) }
        if let node = top["past"] { past = reader.past(node) }
        // A file of naming, canned messages, registers, terms, hours and the past alone changes nothing else.
        let others = ["naming", "canned", "terms", "hours", "registers", "past"]
        if top["general"] == nil, top["libraries"] == nil, others.contains(where: { top[$0] != nil }) { return }
        guard let general = reader.required(top, "general", in: root, "the queue that all libraries staff together") else { return }
        readGeneral(general, &reader)
        guard let list = reader.required(top, "libraries", in: root, "a list of libraries") else { return }
        for node in reader.sequence(list, "libraries", max: Limits.librariesMax) { readLibrary(node, &reader) }
        if let services = top["services"] {
            for node in reader.sequence(services, "services") { readService(node, &reader) }
        }
        checkReferences(&reader)
        checkAliases(&reader)
    }

    /// What may stand under `settings`.
    static let settingKeys = [
        "pickUpSeconds", "patronDeadlineSeconds", "consentSeconds", "operatorLeaseSeconds", "patronGoneSeconds", "tombstoneSeconds",
        "transcriptDeadlineHours", "transcriptKeptHours", "keptMessageDays",
        "chatsPerOperator", "passwordMemoryMiB", "passwordPasses",
    ]

    private mutating func readSettings(_ node: Node?, _ reader: inout YAMLReader) {
        guard let node else { return }
        var settings = Settings()
        guard let map = reader.mapping(node, "settings", keys: Self.settingKeys) else { return }
        func seconds(_ key: String, _ range: ClosedRange<Int>, _ current: UInt64) -> UInt64 {
            guard let node = map[key], let value = reader.integer(node, key, range) else { return current }
            return UInt64(value) * 1_000
        }
        func hours(_ key: String, _ range: ClosedRange<Int>, _ current: UInt64) -> UInt64 { seconds(key, range, current / 3_600) * 3_600 }
        settings.pickUpMs = seconds("pickUpSeconds", 2...600, settings.pickUpMs)
        settings.patronDeadlineMs = seconds("patronDeadlineSeconds", 5...7_200, settings.patronDeadlineMs)
        settings.consentMs = seconds("consentSeconds", 5...600, settings.consentMs)
        settings.operatorLeaseMs = seconds("operatorLeaseSeconds", 5...600, settings.operatorLeaseMs)
        settings.patronGoneMs = seconds("patronGoneSeconds", 5...3_600, settings.patronGoneMs)
        settings.tombstoneMs = seconds("tombstoneSeconds", 60...86_400, settings.tombstoneMs)
        // 31 days at most, as any time in the settings.
        settings.transcriptDeadlineMs = hours("transcriptDeadlineHours", 1...744, settings.transcriptDeadlineMs)
        settings.transcriptKeptMs = hours("transcriptKeptHours", 1...744, settings.transcriptKeptMs)
        if let node = map["keptMessageDays"], let days = reader.integer(node, "keptMessageDays", 1...366) {
            settings.keptMessageMs = UInt64(days) * 86_400_000
        }
        if let node = map["chatsPerOperator"],
            let value = reader.integer(node, "chatsPerOperator", 1...Int(Limits.chatsPerOperatorMax))
        {
            settings.chatsPerOperatorMax = UInt32(value)
        }
        func cost(_ key: String, _ range: ClosedRange<UInt32>, _ current: UInt32) -> UInt32 {
            map[key].flatMap { reader.integer($0, key, Int(range.lowerBound)...Int(range.upperBound)) }.map { UInt32(clamping: $0) }
                ?? current
        }
        settings.passwordMemoryMiB = cost("passwordMemoryMiB", Limits.passwordMemoryMiBRange, settings.passwordMemoryMiB)
        settings.passwordPasses = cost("passwordPasses", Limits.passwordPassesRange, settings.passwordPasses)
        commands.append(.setSettings(settings))
        lines.append(node.line)
    }

    private mutating func readGeneral(_ node: Node, _ reader: inout YAMLReader) {
        guard let map = reader.mapping(node, "general", keys: ["queue", "title"]),
            let nameNode = reader.required(map, "queue", in: node, "the general queue's name"),
            let name: QueueName = reader.name(nameNode, "the general queue's name")
        else { return }
        queues.append(Queue(name: name, title: reader.title(map["title"], "title") ?? name.text, library: nil))
        queueLines.append(node.line)
    }

    private mutating func readLibrary(_ node: Node, _ reader: inout YAMLReader) {
        let keys = ["name", "title", "node", "standby", "heir", "fallback", "card", "hours", "queues", "operators"]
        guard let map = reader.mapping(node, "a library", keys: keys),
            let nameNode = reader.required(map, "name", in: node, "the library's name"),
            let name: LibraryName = reader.name(nameNode, "a library's name"),
            let homeNode = reader.required(map, "node", in: node, "the node that serves the library"),
            let home: NodeName = reader.name(homeNode, "a node's name")
        else { return }
        if libraries.contains(where: { $0.name == name }) { reader.fail(nameNode, "the library `\(name)` stands here a second time") }
        var library = Library(name: name, title: reader.title(map["title"], "title") ?? name.text, homeNode: home)
        if let standby = map["standby"] {
            library.standbyNode = reader.name(standby, "a node's name")
            if library.standbyNode == home { reader.fail(standby, "the standby is the library's own node; name another, or leave it out") }
        }
        if let heirNode = map["heir"] {
            library.heir = reader.name(heirNode, "a library's name")
            if let heir = library.heir { heirLines.append((heir, heirNode.line)) }
            if library.heir == name { reader.fail(heirNode, "a library is not its own heir; name another, or leave it out") }
        }
        if let fallback = map["fallback"] { library.fallback = readFallback(fallback, &reader) }
        if let card = map["card"] { library.card = readCard(card, &reader) }
        if let hours = map["hours"] { readHours(hours, of: name, &reader) }
        libraries.append(library)
        libraryLines.append(node.line)
        if let list = map["queues"] {
            for queue in reader.sequence(list, "queues", max: Limits.queuesMax) { readQueue(queue, of: library, &reader) }
        }
        if let list = map["operators"] {
            librariesWithPeople.insert(name)
            for person in reader.sequence(list, "operators", max: Limits.operatorsMax) { readOperator(person, of: library, &reader) }
        }
    }

    /// Hours by the libraries' names, beside the list of libraries or without it.
    private mutating func findHours(_ node: Node, _ reader: inout YAMLReader) {
        guard let mapping = node.mapping else { return reader.fail(node, "`hours` is a mapping of libraries' names to their hours") }
        for (key, value) in mapping {
            guard let name: LibraryName = reader.name(key, "a library's name") else { continue }
            readHours(value, of: name, &reader)
        }
    }

    private mutating func readHours(_ node: Node, of library: LibraryName, _ reader: inout YAMLReader) {
        if hours.contains(where: { $0.library == library }) { reader.fail(node, "the hours of `\(library)` stand here a second time") }
        guard let posted = reader.hours(node, of: library) else { return }
        hours.append(posted)
        hoursLines.append(node.line)
    }

    private func readFallback(_ node: Node, _ reader: inout YAMLReader) -> FallbackPolicy {
        guard let text = reader.text(node, "fallback") else { return .immediately }
        switch text {
        case "immediately": return .immediately
        case "off": return .off
        default:
            let words = text.split(separator: " ")
            if words.count == 4, words[0] == "ring", words[1] == "first", words[3] == "s", let seconds = UInt64(words[2]),
                (40...90).contains(seconds)
            {
                return .ringFirst(ms: seconds * 1_000)
            }
            reader.fail(node, "fallback is `immediately`, `ring first N s` with N from 40 to 90, or `off`; found `\(text)`")
            return .immediately
        }
    }

    private func readCard(_ node: Node, _ reader: inout YAMLReader) -> LibraryCard {
        let keys = ["hours", "website", "phone", "email", "policies", "lastChecked", "wording"]
        guard let map = reader.mapping(node, "card", keys: keys) else { return LibraryCard() }
        func field(_ key: String) -> String {
            let text = reader.text(map[key], key) ?? ""
            if text.utf8.count > Limits.cardFieldBytesMax, let node = map[key] {
                reader.fail(node, "`\(key)` has more than \(Limits.cardFieldBytesMax) bytes")
            }
            return text
        }
        return LibraryCard(
            hours: field("hours"), website: field("website"), phone: field("phone"), email: field("email"), policies: field("policies"),
            lastChecked: field("lastChecked"), wording: field("wording"))
    }

    private mutating func readQueue(_ node: Node, of library: Library, _ reader: inout YAMLReader) {
        guard let map = reader.mapping(node, "a queue", keys: ["name", "title", "closed", "aliases"]),
            let nameNode = reader.required(map, "name", in: node, "the queue's name"),
            let name: QueueName = reader.name(nameNode, "a queue's name")
        else { return }
        if queues.contains(where: { $0.name == name }) { reader.fail(nameNode, "the queue `\(name)` stands here a second time") }
        var queue = Queue(name: name, title: reader.title(map["title"], "title") ?? library.title, library: library.name)
        if let reason = reader.title(map["closed"], "closed") { queue.opening = .closed(reason: reason) }
        if let list = map["aliases"] {
            for node in reader.sequence(list, "aliases") {
                guard let alias: QueueName = reader.name(node, "a queue's other name") else { continue }
                aliasLines[alias] = node.line
                queue.aliases.append(QueueAlias(name: alias))
            }
        }
        queues.append(queue)
        queueLines.append(node.line)
    }

    /// A service of the old vendor's, whose number pages carry: its queues in the order of its levels.
    private mutating func readService(_ node: Node, _ reader: inout YAMLReader) {
        guard let map = reader.mapping(node, "a service", keys: ["id", "queues"]),
            let idNode = reader.required(map, "id", in: node, "the service's number, as pages carry it"),
            let id: QueueName = reader.name(idNode, "a service's number"),
            let list = reader.required(map, "queues", in: node, "the queues that it leads to, the first choice first")
        else { return }
        aliasLines[id] = idNode.line
        for (level, queueNode) in reader.sequence(list, "queues").enumerated() {
            guard let name: QueueName = reader.name(queueNode, "a queue's name") else { continue }
            guard let index = queues.firstIndex(where: { $0.name == name }) else {
                reader.fail(queueNode, "there is no queue `\(name)` in this file")
                continue
            }
            queues[index].aliases.append(QueueAlias(name: id, level: UInt32(level)))
        }
    }

    /// One name at one level leads to one queue, and no other name hides a queue.
    private func checkAliases(_ reader: inout YAMLReader) {
        var seen: Set<QueueAlias> = []
        for queue in queues {
            if queue.aliases.count > Limits.aliasesPerQueueMax {
                reader.fail(line: 1, "the queue `\(queue.name)` has more than \(Limits.aliasesPerQueueMax) other names")
            }
            for alias in queue.aliases {
                let line = aliasLines[alias.name] ?? 1
                if queues.contains(where: { $0.name == alias.name }) {
                    reader.fail(line: line, "`\(alias.name)` is the name of a queue; it cannot be another name of `\(queue.name)` too")
                } else if !seen.insert(alias).inserted {
                    reader.fail(line: line, "`\(alias.name)` leads to two queues; list both in one service, the first choice first")
                }
            }
        }
    }

    private func readCommittee(_ node: Node, _ reader: inout YAMLReader) -> Committee? {
        let text = reader.text(node, "committee")
        if let committee = Committee.allCases.first(where: { $0.text == text }) { return committee }
        reader.fail(node, "`committee` is `chatwog`, `rmt` or `ltg`")
        return nil
    }

    private mutating func readOperator(_ node: Node, of library: Library, _ reader: inout YAMLReader) {
        guard
            let map = reader.mapping(
                node, "an operator", keys: ["name", "display", "password", "queues", "admin", "director", "committee", "trainee", "campus"]),
            let nameNode = reader.required(map, "name", in: node, "the operator's name"),
            let name: OperatorName = reader.name(nameNode, "an operator's name")
        else { return }
        if operators.contains(where: { $0.name == name }) { reader.fail(nameNode, "the operator `\(name)` stands here a second time") }
        var staffed: [QueueName] = []
        if let list = map["queues"] {
            for queue in reader.sequence(list, "queues", max: Limits.queuesPerOperatorMax) {
                guard let queueName: QueueName = reader.name(queue, "a queue's name") else { continue }
                reader.references.append((queueName, queue.line))
                staffed.append(queueName)
            }
        }
        let isDirector = map["director"].flatMap { reader.flag($0, "director") } ?? false
        var person = Operator(
            name: name, displayName: reader.title(map["display"], "display") ?? name.text, library: library.name,
            queues: staffed.sorted(), isAdmin: isDirector || map["admin"].flatMap { reader.flag($0, "admin") } ?? false,
            isDirector: isDirector, committee: map["committee"].flatMap { readCommittee($0, &reader) })
        person.isTrainee = map["trainee"].flatMap { reader.flag($0, "trainee") } ?? false
        operators.append(person)
        operatorLines.append(node.line)
        if let campusNode = map["campus"], let campus = reader.text(campusNode, "campus") {
            if campus.isEmpty || AccountNotes.isCampusName(campus) {
                campusNames.append((name, campus))
            } else {
                reader.fail(campusNode, "how the campus calls somebody is one line of at most \(AccountNotes.campusBytesMax) bytes")
            }
        }
        guard let passwordNode = map["password"], let password = reader.text(passwordNode, "password") else { return }
        guard (8...256).contains(password.utf8.count) else {
            reader.fail(passwordNode, "a password has 8 to 256 bytes")
            return
        }
        credentials.append(
            Credential(operatorName: name, password: password, homeNode: library.homeNode, standbyNode: library.standbyNode))
    }

    private func checkReferences(_ reader: inout YAMLReader) {
        let known = Set(queues.map(\.name))
        for (queue, line) in reader.references where !known.contains(queue) {
            reader.fail(
                line: line,
                "there is no queue `\(queue)` in this file; the queues are \(known.sorted().map(\.text).joined(separator: ", "))")
        }
        for (heir, line) in heirLines where !libraries.contains(where: { $0.name == heir }) {
            reader.fail(line: line, "there is no library `\(heir)` in this file that could be an heir")
        }
        if queues.count > Limits.queuesMax { reader.fail(line: 1, "more than \(Limits.queuesMax) queues") }
        if operators.count > Limits.operatorsMax { reader.fail(line: 1, "more than \(Limits.operatorsMax) operators") }
    }
}
