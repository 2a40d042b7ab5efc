/// Queues, people, and who staffs what, as scripts for the old vendor read them.

import Consortium
import Web

struct OldRoster: Sendable {
    let board: Board
    let presence: PresenceSnapshot

    // MARK: Queues

    var queues: [OldObject] { board.queues.map { line($0.queue) } }

    /// By its number, or by any of its names.
    func queue(_ text: String) -> Queue? {
        if let number = UInt64(text), let found = board.queues.first(where: { Self.number($0.queue) == number }) { return found.queue }
        return QueueName(LibraryH3lp.localPart(text)).flatMap { board.queues(called: $0).first?.queue }
    }

    func line(_ queue: Queue) -> OldObject {
        thing("queue", Self.number(queue), queue.name.text, presence.entry(queue.name.text)).merging(
            ["title": .text(queue.title), "avatar": .text(""), "transcripts": .text("")], uniquingKeysWith: { first, _ in first })
    }

    /// Who may staff it, and whether they do now.
    func operators(of queue: Queue) -> [OldObject] {
        board.operators.filter { $0.queues.contains(queue.name) }.map { assignment($0, queue.name, number: Self.number($0), $0.name.text) }
    }

    // MARK: People

    var users: [OldObject] { board.operators.map(line) }

    /// By their number, or by any of their names.
    func person(_ text: String) -> Operator? {
        if let number = UInt64(text), let found = board.operators.first(where: { Self.number($0) == number }) { return found }
        return OperatorName(LibraryH3lp.localPart(text)).flatMap { board.person(called: $0) }
    }

    func line(_ person: Operator) -> OldObject {
        thing("user", Self.number(person), person.name.text, entry(person)).merging(
            ["display": .text(person.displayName)], uniquingKeysWith: { first, _ in first })
    }

    /// What they may staff, and whether they do now.
    func assignments(of person: Operator) -> [OldObject] {
        person.queues.map { assignment(person, $0, number: LibraryH3lp.number("queue", $0.text), $0.text) }
    }

    // MARK: Parts

    private static func number(_ queue: Queue) -> UInt64 { LibraryH3lp.number("queue", queue.name.text) }
    private static func number(_ person: Operator) -> UInt64 { LibraryH3lp.number("user", person.name.text) }

    /// No e-mail address is kept of anybody.
    private func thing(_ type: String, _ number: UInt64, _ name: String, _ entry: PresenceEntry?) -> OldObject {
        [
            "id": .number(number), "name": .text(name), "type": .text(type), "show": .text((entry?.show ?? .unavailable).rawValue),
            "status": .text(entry?.status ?? ""), "email": .text(""),
        ]
    }

    private func entry(_ person: Operator) -> PresenceEntry? { presence.users[person.name.text] }

    private func assignment(_ person: Operator, _ queue: QueueName, number: UInt64, _ name: String) -> OldObject {
        let isOn = board.signedOn.contains { $0.name == person.name && $0.available.contains(queue) }
        return [
            "id": .number(number), "name": .text(name), "user": .text(person.name.text), "queue": .text(queue.text), "enabled": .flag(isOn),
            "show": .text((entry(person)?.show ?? .unavailable).rawValue), "status": .text(""),
        ]
    }

    // MARK: Transfers

    /// Where a chat that this person holds may go now.
    func targets(besides queue: QueueName?, host: String) -> [String] {
        board.queues.filter { $0.decision.takesTransfers && $0.queue.name != queue }.map {
            LibraryH3lp.address(of: $0.queue.name, host: host)
        }
    }

    /// The queue that a script means: of several that carry one name, the first that takes transfers.
    func target(_ jid: String) -> QueueName? {
        guard let name = QueueName(LibraryH3lp.localPart(jid)) else { return nil }
        let found = board.queues(called: name)
        return (found.first { $0.decision.takesTransfers } ?? found.first)?.queue.name
    }
}
