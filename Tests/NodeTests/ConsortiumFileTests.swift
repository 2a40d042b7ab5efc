import Consortium
import Node
import Testing

/// A consortium's file with what a test adds.
private func file(memorial: String = "", services: String = "") -> String {
    """
    general: {queue: general, title: General}
    libraries:
      - name: memorial
        node: memorial
        queues:
          - {name: memorial\(memorial)}
      - name: law
        node: law
        queues:
          - {name: law}
    \(services)
    """
}

private func problems(_ yaml: String) -> [String] {
    do {
        _ = try ConsortiumFile(yaml: yaml)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

private func name(_ text: String) throws -> QueueName { try #require(QueueName(text)) }

@Test func otherNamesAndServicesBecomeAliases() throws {
    let read = try ConsortiumFile(
        yaml: file(memorial: ", aliases: [ask-memorial]", services: "services: [{id: 2571, queues: [law, memorial]}]"))
    let aliases = Dictionary(uniqueKeysWithValues: read.queues.map { ($0.name.text, $0.aliases) })
    #expect(aliases["law"] == [QueueAlias(name: try name("2571"), level: 0)])
    #expect(aliases["memorial"] == [QueueAlias(name: try name("ask-memorial")), QueueAlias(name: try name("2571"), level: 1)])
    #expect(aliases["general"] == [])
}

@Test func anAliasHidesNoQueueAndLeadsToOne() {
    #expect(
        problems(file(memorial: ", aliases: [law]")) == [
            "line 6: `law` is the name of a queue; it cannot be another name of `memorial` too"
        ])
    #expect(
        problems(file(memorial: ", aliases: [\"7\"]", services: "services: [{id: 7, queues: [law]}]")) == [
            "line 11: `7` leads to two queues; list both in one service, the first choice first"
        ])
    #expect(problems(file(services: "services: [{id: 7, queues: [art]}]")) == ["line 11: there is no queue `art` in this file"])
    #expect(
        problems(file(services: "services: [{queues: [law]}]")) == ["line 11: `id` is missing: the service's number, as pages carry it"])
}
