import Consortium

extension Stage {
    /// `room PERSON: TEXT`, `swamped PERSON: TEXT`, `takes-one PERSON AT` (the place of the line that is answered), `volunteer PERSON on|off`.
    func roomCommand(
        _ verb: String, _ person: String, _ arguments: [String], _ options: [String: String], _ text: String
    ) throws -> Command {
        let session = session(person, options)
        let second = arguments.count > 1 ? arguments[1] : ""
        if verb == "volunteer" { return .setVolunteers(session, second == "on") }
        let text = options["bytes"].flatMap(Int.init).map { String(repeating: "x", count: $0) } ?? text
        let word: RoomWord =
            switch verb {
            case "swamped": .swamped(text)
            case "takes-one": .takesOne(of: LogPosition(index: UInt64(second) ?? 0, ordinal: 0))
            default: .said(text)
            }
        return .tellRoom(session, Self.id(options["request"] ?? "\(person) \(verb) \(second) \(text)"), word)
    }

    func showRoom() -> [String] {
        let board = state.board()
        let volunteers = board.signedOn.filter(\.volunteers).map(\.name.text)
        let lines = board.room.map { line in
            switch line.word {
            case .said(let text): "\(line.at.index) \(line.by): \(text)"
            case .swamped(let text): "\(line.at.index) \(line.by) is swamped: \(text)"
            case .takesOne(let call): "\(line.at.index) \(line.by) takes one of \(call.index)"
            }
        }
        return ["volunteers: \(volunteers.isEmpty ? "none" : volunteers.joined(separator: ","))"]
            + (lines.isEmpty ? ["nobody said anything"] : lines)
    }

    /// Who watches what, who learns from whom, and what they are available for.
    func showWatching() -> [String] {
        let board = state.board()
        let trainees = board.operators.filter(\.isTrainee).map(\.name)
        return board.signedOn.map { person in
            let chats = person.watching.compactMap { names[$0.text] }
            let mentor = trainees.contains(person.name) ? ", a trainee of \(person.mentor?.text ?? "nobody")" : ""
            let queues = person.available.isEmpty ? "nothing" : person.available.map(\.text).joined(separator: ",")
            return "\(person.name)\(mentor), available for \(queues), watches \(chats.isEmpty ? "nothing" : chats.joined(separator: ","))"
        }
    }
}
