/// Brings a consortium's file into the replicated state, and its passwords to the nodes that keep them.

import Consortium
import EventLoop

/// What an import is asked to do beside bringing the file in.
public struct ImportOptions: Sendable {
    /// Whether accounts of the file's libraries that are not in it are closed.
    public var closes: Bool
    /// Whether first codes are made for those of the file who have no password yet.
    public var invites: Bool
    /// Whether it only says what it would do.
    public var isDryRun: Bool
    public init(closes: Bool = false, invites: Bool = false, isDryRun: Bool = false) {
        self.closes = closes
        self.invites = invites
        self.isDryRun = isDryRun
    }
}

/// What became of an import.
public struct ImportReport: Codable, Sendable {
    public var libraries = 0
    public var queues = 0
    public var operators = 0
    public var passwords = 0
    /// Libraries whose posted hours were in the file; `nil` from a node of a version without hours.
    public var hours: Int?
    /// What was given another name, as the one in the file does not follow the conventions; `nil` from a node of a version without them.
    public var renamed: [String]?
    /// Accounts that the consortium did not have, or had closed; `nil` from a node of an earlier version, as the next three.
    public var made: [String]?
    public var closed: [String]?
    /// Accounts of the file's libraries that are not in it, and stay as they are: nobody asked for their closing.
    public var missing: [String]?
    /// For those who have no password yet.
    public var firstCodes: [FirstCodeLine]?
    /// Nodes that did not take the verifiers of their operators: run the import again when they answer.
    public var unreached: [String] = []
    /// What was refused or could not be read, each with its line where there is one: nothing was changed then, unless somebody else changed the same meanwhile.
    public var problems: [String] = []
    /// Hours of a former service, and the chats in them; `nil` from a node of an earlier version.
    public var pastHours: Int?
    public var pastChats: Int?
    /// What else was in the file: terms, canned messages, entries of registers, and naming conventions. `nil` from a node of an earlier version.
    public var terms: Int?
    public var canned: Int?
    public var entries: Int?
    public var naming: Bool?
    public init(problems: [String] = []) { self.problems = problems }

    /// What came in, as it is said to people: of what was not in the file nothing is said.
    public var summary: String {
        func counted(_ count: Int?, _ one: String, _ many: String) -> String? {
            guard let count, count > 0 else { return nil }
            return "\(count) \(count == 1 ? one : many)"
        }
        let parts = [
            counted(libraries, "library", "libraries"), counted(queues, "queue", "queues"), counted(operators, "operator", "operators"),
            counted(passwords, "password", "passwords"), naming == true ? "the naming conventions" : nil, counted(terms, "term", "terms"),
            counted(hours, "library", "libraries").map { "hours of \($0)" }, counted(canned, "canned message", "canned messages"),
            counted(entries, "entry of the registers", "entries of the registers"),
            counted(pastHours, "hour of the former service", "hours of the former service"),
        ].compactMap { $0 }
        guard let last = parts.last else { return "nothing: the file says nothing of libraries, hours, names, messages or registers" }
        return parts.count == 1 ? last : "\(parts.dropLast().joined(separator: ", ")) and \(last)"
    }
}

/// A code with which somebody chooses a password.
public struct FirstCodeLine: Codable, Sendable {
    public var `operator`: String
    public var display: String
    public var code: String
}

@ClusterActor
struct Importer {
    let library: LibraryHost
    let accounts: Accounts

    /// A file with the past in it is long, so it is read off the loop.
    func run(yaml: String, _ options: ImportOptions = ImportOptions(), completion: @escaping (ImportReport) -> Void) {
        Task { @ClusterActor in
            let read = try? await ClusterActor.loop.work { () -> Result<ConsortiumFile, ConsortiumFile.Problems> in
                do throws(ConsortiumFile.Problems) { return .success(try ConsortiumFile(yaml: yaml)) } catch { return .failure(error) }
            }
            switch read {
            case .success(let file)?: run(file, options, completion)
            case .failure(let mistakes)?: completion(ImportReport(problems: mistakes.problems.map(\.description)))
            case nil: completion(ImportReport(problems: [Self.busy]))
            }
        }
    }

    private static let busy = "This node has too much to do just now; run the import again in a moment."

    private func run(_ file: ConsortiumFile, _ options: ImportOptions, _ completion: @escaping (ImportReport) -> Void) {
        var report = ImportReport()
        report.libraries = file.libraries.count
        report.queues = file.queues.count
        report.operators = file.operators.count
        report.hours = file.hours.count
        report.terms = file.terms?.terms.count ?? 0
        report.canned = file.canned.count
        report.entries = file.entries.count
        report.naming = file.naming != nil
        report.pastHours = file.past.reduce(0) { $0 + $1.past.cells.count }
        report.pastChats = file.past.reduce(0) { $0 + $1.past.cells.reduce(0) { $0 + Int($1.cell[.asked]) } }
        rehearse(file) { [report] problems in
            var report = report
            report.problems = problems
            guard problems.isEmpty else { return completion(report) }
            carryOut(file, options, report, completion)
        }
    }

    /// How often a file is rehearsed of which something would be refused: what was imported elsewhere a moment ago may be on its way to this node. A feature level
    /// that is not in force yet is waited for as long as in earnest (`levelTriesMax`).
    private static let rehearsalsMax = 4

    /// All or nothing: a file of which something would be refused changes nothing. What the rehearsal lets pass and the state refuses, somebody else has changed meanwhile.
    /// - Parameter completion: given what would be refused, with its lines.
    private func rehearse(_ file: ConsortiumFile, tries: Int = 1, _ completion: @escaping ([String]) -> Void) {
        guard !file.past.isEmpty else { return rehearse(file, [], tries, completion) }
        // Whether there is room depends on everything that was counted.
        let homes = (library.board?.libraries ?? []).map { Optional($0.name) } + [nil]
        library.books.readTally(TallyWish(homes: homes, hours: 0..<TallyHour.max)) { answer in
            guard let answer else {
                guard tries < Self.levelTriesMax else {
                    return completion(["What was counted until now cannot be read from the coordinators; run the import again in a moment."]
                    )
                }
                return later { rehearse(file, tries: tries + 1, completion) }
            }
            rehearse(file, answer.books.map { ($0.part.place, $0.entries) }, tries, completion)
        }
    }

    private func rehearse(
        _ file: ConsortiumFile, _ tally: [(place: TallyPlace, cells: [TallyHourCell])], _ tries: Int,
        _ completion: @escaping ([String]) -> Void
    ) {
        // A node that was sent no board yet knows nothing to rehearse with.
        guard let board = library.board else { return completion([]) }
        let commands = Array(zip(ImportedNames(file, board: board).commands.map(replacing), file.lines))
        let (canned, entries, node, wallMs) = (library.canned, Array(library.entries.values), library.node, WallClock.nowMs)
        let editions = library.settings.book
        Task { @ClusterActor in
            let found = try? await ClusterActor.loop.work { () -> [(line: Int, refusal: Consortium.Refusal)] in
                var rehearsal = Rehearsal(
                    board, canned: canned, entries: entries, editions: editions, tally: tally, node: node, wallMs: wallMs)
                return commands.compactMap { command, line in rehearsal.refusal(of: command).map { (line: line, refusal: $0) } }
            }
            guard let found else { return completion([Self.busy]) }
            let triesMax = found.contains { $0.refusal.code == .notAvailable } ? Self.levelTriesMax : Self.rehearsalsMax
            guard !found.isEmpty, tries < triesMax else {
                return completion(found.map { "line \($0.line): \($0.refusal.sentence)" })
            }
            later { rehearse(file, tries: tries + 1, completion) }
        }
    }

    private func carryOut(
        _ file: ConsortiumFile, _ options: ImportOptions, _ begun: ImportReport, _ completion: @escaping (ImportReport) -> Void
    ) {
        var report = begun
        let named = ImportedNames(file, board: library.board)
        report.renamed = named.notes
        let people = ImportedPeople(file, named, board: library.board)
        report.made = people.made.map(\.name.text)
        report.closed = options.closes ? people.missing.map(\.name.text) : []
        report.missing = options.closes ? [] : people.missing.map(\.name.text)
        guard !options.isDryRun else { return completion(report) }
        propose(Array(zip(named.commands.map(replacing), file.lines))[...], report) { report in
            guard report.problems.isEmpty else { return completion(report) }
            keep(file.credentials[...], report) { report in
                close(options.closes ? (people.missing + people.left)[...] : [], report) { report in
                    known(file.campusNames.map(\.operatorName)) { _ in
                        note(file.campusNames[...], report) { report in
                            invite(options.invites ? people.withoutPassword : [], report, completion)
                        }
                    }
                }
            }
        }
    }

    // MARK: Accounts

    /// One after the other: their account and sign-ins first, then what they staff, and the sign-on that the state has.
    private func close(_ people: ArraySlice<Operator>, _ report: ImportReport, _ completion: @escaping (ImportReport) -> Void) {
        guard let person = people.first else { return completion(report) }
        accounts.close(person, library.board) { unreached in
            var report = report
            report.add(unreached)
            guard !person.isClosed else { return close(people.dropFirst(), report, completion) }
            var closed = person
            (closed.queues, closed.isAdmin, closed.isDirector, closed.committee) = ([], false, false, nil)
            let sessions = library.board?.signedOn.filter { $0.name == person.name }.map(\.session) ?? []
            let commands = [Command.setOperator(closed)] + sessions.map { Command.signOff($0) }
            propose(commands.map { ($0, 0) }[...], report) { close(people.dropFirst(), $0, completion) }
        }
    }

    /// First codes for those of the file who have no password here and none in it.
    private func invite(_ names: [OperatorName], _ report: ImportReport, _ completion: @escaping (ImportReport) -> Void) {
        known(names) { people in
            guard !people.isEmpty else { return completion(report) }
            accounts.lacking(people, library.board) { lacking, unreached in
                var report = report
                report.add(unreached)
                invite(lacking[...], report, completion)
            }
        }
    }

    /// Those whom the board names; that one comes a moment after the verdict.
    private func known(_ names: [OperatorName], tries: Int = 0, _ completion: @escaping ([Operator]) -> Void) {
        let people = names.compactMap { library.board?.person(called: $0) }
        guard people.count == names.count || tries >= Self.levelTriesMax else {
            return later { known(names, tries: tries + 1, completion) }
        }
        completion(people)
    }

    private func note(
        _ names: ArraySlice<(operatorName: OperatorName, campus: String)>, _ report: ImportReport,
        _ completion: @escaping (ImportReport) -> Void
    ) {
        guard let (name, campus) = names.first else { return completion(report) }
        guard let person = library.board?.person(called: name) else { return note(names.dropFirst(), report, completion) }
        accounts.note(campus: campus, of: person, library.board) { unreached in
            var report = report
            report.add(unreached)
            note(names.dropFirst(), report, completion)
        }
    }

    private func invite(_ people: ArraySlice<Operator>, _ report: ImportReport, _ completion: @escaping (ImportReport) -> Void) {
        guard let person = people.first else { return completion(report) }
        accounts.invite(person, library.board) { code, unreached in
            var report = report
            report.add(unreached)
            if let code, unreached.count < accounts.keepers(of: person, library.board).count {
                let line = FirstCodeLine(operator: person.name.text, display: person.displayName, code: code)
                report.firstCodes = (report.firstCodes ?? []) + [line]
            }
            invite(people.dropFirst(), report, completion)
        }
    }

    /// Naming, terms and hours name the version that this node knows: what somebody else changed meanwhile is refused, not overwritten unseen.
    private func replacing(_ command: Command) -> Command {
        switch command {
        case .setNaming(var naming):
            naming.version = library.board?.naming.version ?? 0
            return .setNaming(naming)
        case .setCanned(var message, let editor):
            message.version = library.canned.first { $0.id == message.id }?.version ?? 0
            return .setCanned(message, by: editor)
        case .setEntry(var entry, let editor):
            // What people wrote at a page has another identifier, and is the same where it names the same.
            if let known = library.entries[entry.id] ?? library.entries.values.first(where: { $0.isSame(as: entry) }) {
                entry = RegisterEntry(id: known.id, register: entry.register, version: known.version, answers: entry.answers)
            }
            return .setEntry(entry, by: editor)
        case .setTerms(var terms):
            terms.version = library.board?.terms.version ?? 0
            return .setTerms(terms)
        case .setHours(var hours):
            hours.version = library.board?.hours.first { $0.library == hours.library }?.version ?? 0
            return .setHours(hours)
        default: return command
        }
    }

    /// How often a command is asked for again that the feature level in force does not have yet: a new cluster's is raised a moment after its start.
    private static let levelTriesMax = 40
    private static let levelRetryMs: UInt64 = 250

    /// One after the other: queues name libraries, operators name queues.
    private func propose(
        _ commands: ArraySlice<(Command, Int)>, _ report: ImportReport, tries: Int = 0, _ completion: @escaping (ImportReport) -> Void
    ) {
        guard let (command, line) = commands.first else { return completion(report) }
        library.propose(command) { verdict in
            var report = report
            switch verdict {
            case .accepted?: break
            case .refused(let refusal)? where refusal.code == .notAvailable && tries < Self.levelTriesMax:
                return later { propose(commands, report, tries: tries + 1, completion) }
            // Whoever was to be signed off is gone.
            case .refused? where command.isSignOff: break
            case .refused(let refusal)?: report.problems.append(line > 0 ? "line \(line): \(refusal.sentence)" : refusal.sentence)
            case nil: report.problems.append("the node stopped before the import ended; run it again")
            }
            propose(commands.dropFirst(), report, completion)
        }
    }

    private func later(_ body: @escaping () -> Void) {
        let timer = Timer(on: ClusterActor.loop)
        timer.start(afterMs: Self.levelRetryMs) {
            timer.close()
            body()
        }
    }

    private func keep(
        _ credentials: ArraySlice<ConsortiumFile.Credential>, _ report: ImportReport, _ completion: @escaping (ImportReport) -> Void
    ) {
        guard let credential = credentials.first else { return completion(report) }
        accounts.keep(credential, board: library.board) { unreached in
            var report = report
            report.passwords += 1
            report.add(unreached)
            keep(credentials.dropFirst(), report, completion)
        }
    }
}

extension ImportReport {
    fileprivate mutating func add(_ nodes: [NodeName]) {
        for node in nodes where !unreached.contains(node.text) { unreached.append(node.text) }
    }
}

extension Command {
    fileprivate var isSignOff: Bool { if case .signOff = self { true } else { false } }
}
