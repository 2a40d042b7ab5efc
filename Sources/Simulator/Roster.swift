import Consortium

/// The consortium of a scenario: a library on every library node, with a desk and operators, and the general queue.
struct Roster {
    let commands: [Command]
    let firstLibrary: LibraryName
    let lastLibrary: LibraryName
    let desks: [QueueName]
    let operators: [Operator]

    init(_ scenario: Scenario, nodes: [NodeName]) {
        var commands: [Command] = [.setSettings(scenario.settings)]
        let general: QueueName = Self.name("general")
        commands.append(.setQueue(Queue(name: general, title: "General", library: nil)))
        firstLibrary = Self.name("library0")
        lastLibrary = Self.name("library\(nodes.count - 1)")
        var desks: [QueueName] = []
        var operators: [Operator] = []
        for (number, node) in nodes.enumerated() {
            let library: LibraryName = Self.name("library\(number)")
            let fallback: FallbackPolicy = [.immediately, .ringFirst(ms: 40_000), .off][Int(scenario.seed &+ UInt64(number)) % 3]
            let heir: LibraryName? = number % 2 == 0 ? Self.name("library\((number + 1) % nodes.count)") : nil
            commands.append(
                .setLibrary(Library(name: library, title: "Library \(number)", homeNode: node, fallback: fallback, heir: heir)))
            let desk: QueueName = Self.name("desk\(number)")
            desks.append(desk)
            commands.append(.setQueue(Queue(name: desk, title: "Desk \(number)", library: library)))
        }
        for round in 0..<scenario.operatorsPerLibrary {
            for number in nodes.indices {
                let queues = round % 2 == 0 ? [desks[number], general] : [general]
                operators.append(
                    Operator(
                        name: Self.name("op\(round)-\(number)"), displayName: "Operator \(round) of \(number)",
                        library: Self.name("library\(number)"), queues: queues.sorted()))
            }
        }
        self.commands = commands + operators.map { .setOperator($0) }
        self.desks = desks
        self.operators = operators
    }

    /// Of names that are written in this module: all of them keep the rule.
    static func name<Tag>(_ text: String) -> Name<Tag> {
        guard let name = Name<Tag>(text) else { preconditionFailure("\(text) is no name") }
        return name
    }
}
