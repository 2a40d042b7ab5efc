/// Names in an imported file that do not follow the conventions (agreement, 5): the thing is given a name that does, and the imported one goes on leading
/// there. What the consortium knows already keeps its name, and stands on the renaming list.

import Consortium

public struct ImportedNames: Sendable {
    /// The file's commands, with names that follow the conventions where one was at hand; the state refuses the others with its sentence.
    public private(set) var commands: [Command]
    /// One sentence for each name that was changed, with the line of its entry.
    public private(set) var notes: [String] = []
    private let naming: NamingConventions
    private var taken: [NamedKind: Set<String>] = [:]
    private var known: [NamedKind: Set<String>] = [:]

    /// - Parameter board: what the consortium knows; `nil` where only the file is looked at.
    public init(_ file: ConsortiumFile, board: Board?) {
        naming = file.naming ?? board?.naming ?? NamingConventions()
        commands = file.commands
        let queues = board?.queues.map(\.queue) ?? []
        let people = board?.operators ?? []
        known[.queue] = Set(queues.flatMap { [$0.name] + $0.formerNames }.map(\.text))
        known[.user] = Set(people.flatMap { [$0.name] + $0.formerNames }.map(\.text))
        taken[.queue] = Set((queues + file.queues).flatMap { [$0.name] + $0.otherNames.map(\.name) }.map(\.text))
        taken[.user] = Set((people + file.operators).flatMap { [$0.name] + $0.formerNames }.map(\.text))
        for place in commands.indices {
            switch commands[place] {
            case .setQueue(var queue):
                guard let library = queue.library, let name = fit(.queue, queue.name, library, file.lines[place]) else { continue }
                queue.formerNames = [queue.name]
                queue.name = name
                commands[place] = .setQueue(queue)
            case .setOperator(var person):
                guard let name = fit(.user, person.name, person.library, file.lines[place]) else { continue }
                person.formerNames = [person.name]
                person.name = name
                commands[place] = .setOperator(person)
            default: break
            }
        }
    }

    /// `nil` where the name stays as it is.
    private mutating func fit<Tag>(_ kind: NamedKind, _ name: Name<Tag>, _ library: LibraryName, _ line: Int) -> Name<Tag>? {
        guard !naming.allows(kind, name.text, library: library), !(known[kind]?.contains(name.text) ?? false),
            let text = naming.suggestion(kind, for: name.text, library: library, isTaken: { taken[kind]?.contains($0) ?? false }),
            let fitting = Name<Tag>(text)
        else { return nil }
        taken[kind]?.insert(fitting.text)
        notes.append(
            "line \(line): the \(kind.rawValue) `\(name)` does not follow the naming convention, so it is called "
                + "`\(fitting)`; `\(name)` goes on leading there. To call it otherwise: callslip names rename-\(kind.rawValue) \(fitting) NAME"
        )
        return fitting
    }
}
