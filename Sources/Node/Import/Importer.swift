/// Brings a consortium's file into the replicated state, and its passwords to the nodes that keep them.

import Consortium
import EventLoop

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
    /// Nodes that did not take the verifiers of their operators: run the import again when they answer.
    public var unreached: [String] = []
    /// What was refused or could not be read, each with its line where there is one. Nothing was changed when the file was bad.
    public var problems: [String] = []
    public init() {}
}

@ClusterActor
struct Importer {
    let library: LibraryHost
    let accounts: Accounts

    func run(yaml: String, completion: @escaping (ImportReport) -> Void) {
        var report = ImportReport()
        let file: ConsortiumFile
        do {
            file = try ConsortiumFile(yaml: yaml)
        } catch {
            report.problems = error.problems.map(\.description)
            return completion(report)
        }
        report.libraries = file.libraries.count
        report.queues = file.queues.count
        report.operators = file.operators.count
        report.hours = file.hours.count
        let named = ImportedNames(file, board: library.board)
        report.renamed = named.notes
        propose(Array(zip(named.commands.map(replacing), file.lines))[...], report) { report in
            guard report.problems.isEmpty else { return completion(report) }
            keep(file.credentials[...], report, completion)
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
                let timer = Timer(on: ClusterActor.loop)
                timer.start(afterMs: Self.levelRetryMs) {
                    timer.close()
                    propose(commands, report, tries: tries + 1, completion)
                }
                return
            case .refused(let refusal)?: report.problems.append("line \(line): \(refusal.sentence)")
            case nil: report.problems.append("the node stopped before the import ended; run it again")
            }
            propose(commands.dropFirst(), report, completion)
        }
    }

    private func keep(
        _ credentials: ArraySlice<ConsortiumFile.Credential>, _ report: ImportReport, _ completion: @escaping (ImportReport) -> Void
    ) {
        guard let credential = credentials.first else { return completion(report) }
        accounts.keep(credential, board: library.board) { unreached in
            var report = report
            report.passwords += 1
            for node in unreached where !report.unreached.contains(node.text) { report.unreached.append(node.text) }
            keep(credentials.dropFirst(), report, completion)
        }
    }
}
