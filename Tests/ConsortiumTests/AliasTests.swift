import Testing

@testable import Consortium

/// What a page means by a name: the queue that is called so, else those that carry it, in the order of their levels.
@Test func aliasesLeadToQueuesInTheOrderOfTheirLevels() throws {
    func status(_ name: String, _ aliases: [QueueAlias]) throws -> QueueStatus {
        QueueStatus(
            queue: Queue(name: try Stage.name(name), title: name, library: nil, aliases: aliases),
            decision: RoutingDecision(reach: .nobody, reasons: []), staffed: 0, freePlaces: 0, waiting: 0, usualWaitMs: nil, paused: false)
    }
    let service: QueueName = try Stage.name("2571")
    let board = Board(
        at: .zero, clockMs: 0, settings: Settings(), libraries: [],
        queues: [
            try status("art", [QueueAlias(name: service, level: 2), QueueAlias(name: try Stage.name("law"))]),
            try status("law", [QueueAlias(name: service, level: 0)]), try status("memorial", [QueueAlias(name: service, level: 1)]),
        ], operators: [], signedOn: [], waiting: [], kept: [], claimed: [])
    func called(_ name: String) throws -> [String] { board.queues(called: try Stage.name(name)).map(\.queue.name.text) }
    #expect(try called("2571") == ["law", "memorial", "art"])
    #expect(try called("law") == ["law"], "a queue's own name comes before another's alias")
    #expect(try called("7") == [])
}

@Test func aQueueTakesAsManyAliasesAsTheLimitSays() throws {
    var state = ConsortiumState()
    var queue = Queue(name: try Stage.name("general"), title: "General", library: nil)
    queue.aliases = try (0...Limits.aliasesPerQueueMax).map { QueueAlias(name: try Stage.name("a\($0)")) }
    #expect(throws: Refusal.self) { try state.setQueue(queue) }
    queue.aliases.removeLast()
    let before = state.digest()
    try state.setQueue(queue)
    #expect(state.queues[queue.name]?.queue.aliases.count == Limits.aliasesPerQueueMax)
    let with = state.digest()
    queue.aliases = []
    try state.setQueue(queue)
    #expect(before != with && with != state.digest(), "replicas that differ in an alias differ in their digests")
}
