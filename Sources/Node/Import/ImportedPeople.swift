/// Who comes, comes back or has left, by a consortium's file: a library's people are those of the file where that lists any for it.

import Consortium

struct ImportedPeople {
    /// Whom the consortium did not know, or knew as somebody who had left.
    let made: [Operator]
    /// Of the libraries whose people the file lists: who is not among them, by none of their names, and has not left yet.
    let missing: [Operator]
    /// Who is not among them either, and has left already: a keeper that did not answer then may have their account still.
    let left: [Operator]
    /// Those of the file who have no password in it.
    let withoutPassword: [OperatorName]

    /// - Parameters:
    ///   - named: the file's commands, with the names that fit the conventions.
    ///   - board: what the consortium knows; `nil` before the first board came.
    init(_ file: ConsortiumFile, _ named: ImportedNames, board: Board?) {
        let people = named.commands.compactMap { if case .setOperator(let person) = $0 { person } else { nil } }
        made = people.filter { person in
            guard let known = board?.person(called: person.name) else { return true }
            return known.isClosed && !person.isClosed
        }
        let names = Set(people.flatMap { [$0.name] + $0.formerNames })
        let absent = (board?.operators ?? []).filter { known in
            file.librariesWithPeople.contains(known.library) && !names.contains(known.name)
                && !known.formerNames.contains { names.contains($0) }
        }
        missing = absent.filter { !$0.isClosed }
        left = absent.filter(\.isClosed)
        let passwords = Set(file.credentials.map(\.operatorName))
        withoutPassword = people.filter { person in
            !passwords.contains(person.name) && !person.formerNames.contains { passwords.contains($0) }
        }.map(\.name)
    }
}
