import Consortium
import Testing

@testable import Node

/// "Every error with its line."
@Suite struct ImportErrorTests {
    static let good = """
        general: {queue: general, title: Ask a Librarian}
        libraries:
          - name: law
            node: steenbock
            queues:
              - {name: law}
            operators:
              - {name: lea.law, password: case-closed-1, queues: [law, general]}
        """

    private func problems(_ yaml: String) -> [ConsortiumFile.Problem] {
        do {
            _ = try ConsortiumFile(yaml: yaml)
            return []
        } catch {
            return error.problems
        }
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        var name: String
        var yaml: String
        var line: Int
        var says: String
        var testDescription: String { name }
    }

    static let bad: [Bad] = [
        Bad(name: "empty", yaml: "", line: 1, says: "empty"),
        Bad(name: "only a comment", yaml: "# nothing\n\n", line: 1, says: "empty"),
        Bad(name: "null", yaml: "~\n", line: 1, says: "empty"),
        Bad(name: "a list", yaml: "- a\n- b\n", line: 1, says: "must be a mapping"),
        Bad(name: "a number", yaml: "7", line: 1, says: "must be a mapping"),
        Bad(name: "a tab", yaml: good.replacing("    node: steenbock", with: "\tnode: steenbock"), line: 4, says: "not YAML"),
        Bad(name: "no end of a quote", yaml: good.replacing("{name: law}", with: "{name: \"law}"), line: 6, says: "not YAML"),
        Bad(name: "a key twice", yaml: good.replacing("    node: steenbock", with: "    node: a\n    node: b"), line: 4, says: "`node`"),
        Bad(name: "an unknown key", yaml: good.replacing("node: steenbock", with: "node: a\n    fallbak: off"), line: 5, says: "`fallbak`"),
        Bad(name: "a missing key", yaml: good.replacing("    node: steenbock\n", with: ""), line: 3, says: "`node` is missing"),
        Bad(name: "a text for a list", yaml: good.replacing("queues: [law, general]", with: "queues: law"), line: 8, says: "list"),
        Bad(name: "a mapping for a text", yaml: good.replacing("title: Ask a Librarian", with: "title: {a: b}"), line: 1, says: "text"),
        Bad(name: "an unknown queue", yaml: good.replacing("[law, general]", with: "[law, maps]"), line: 8, says: "`maps`"),
        Bad(name: "a bad name", yaml: good.replacing("{name: law}", with: "{name: Law Desk}"), line: 6, says: "Law Desk"),
        Bad(name: "a short password", yaml: good.replacing("case-closed-1", with: "short"), line: 8, says: "password"),
        Bad(name: "an empty title", yaml: good.replacing("Ask a Librarian", with: "''"), line: 1, says: "`title` is empty"),
        Bad(name: "a null title", yaml: good.replacing("Ask a Librarian", with: "~"), line: 1, says: "`title` is empty"),
        Bad(
            name: "a long reason", yaml: good.replacing("{name: law}", with: "{name: law, closed: \(String(repeating: "x", count: 200))}"),
            line: 6, says: "`closed`"),
        Bad(
            name: "a wrong fallback", yaml: good.replacing("node: steenbock", with: "node: a\n    fallback: later"), line: 5,
            says: "ring first"),
        Bad(name: "a wrong number", yaml: "settings: {pickUpSeconds: soon}\n" + good, line: 1, says: "whole number"),
        Bad(name: "a number out of range", yaml: "settings:\n  pickUpSeconds: 99999\n" + good, line: 2, says: "600"),
        Bad(name: "an overflow", yaml: "settings:\n  pickUpSeconds: 99999999999999999999\n" + good, line: 2, says: "600"),
        Bad(name: "itself as standby", yaml: good.replacing("node: steenbock", with: "node: a\n    standby: a"), line: 5, says: "standby"),
        Bad(name: "a library twice", yaml: good + "\n  - {name: law, node: a}\n", line: 9, says: "second time"),
        Bad(name: "a queue twice", yaml: good.replacing("{name: law}", with: "{name: general}"), line: 6, says: "second time"),
        Bad(name: "two documents", yaml: good + "\n---\n" + good, line: 9, says: "not YAML"),
        Bad(name: "an unknown alias", yaml: good.replacing("{name: law}", with: "*law"), line: 6, says: "not YAML"),
        Bad(name: "a cycle", yaml: "general: &g {queue: general, title: *g}\nlibraries: []\n", line: 1, says: "not YAML"),
        Bad(name: "not UTF-8", yaml: good.replacing("Ask a", with: "Ask \u{FFFD}"), line: 1, says: "UTF-8"),
        Bad(name: "a control character", yaml: good.replacing("steenbock", with: "steen\u{1}bock"), line: 4, says: "not YAML"),
        Bad(name: "deep", yaml: "general: " + String(repeating: "[", count: 100_000), line: 1, says: "not YAML"),
        Bad(name: "huge", yaml: "# " + String(repeating: "x", count: ConsortiumFile.bytesMax) + "\n" + good, line: 1, says: "bytes"),
        Bad(
            name: "too many queues",
            yaml: good.replacing("[law, general]", with: "[\(Array(repeating: "law", count: 40).joined(separator: ","))]"),
            line: 8, says: "32"),
        Bad(
            name: "aliases of aliases",
            yaml: "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + (1...30).map {
                    "l\($0): &l\($0) [\(Array(repeating: $0 == 1 ? "*a" : "*l\($0 - 1)", count: 9).joined(separator: ","))]\n"
                }.joined()
                + "libraries: *l30\n", line: 1, says: "written out"),
    ]

    @Test(arguments: bad) func everyErrorHasItsLine(_ bad: Bad) {
        let problems = problems(bad.yaml)
        #expect(problems.contains { $0.line == bad.line && $0.sentence.contains(bad.says) }, "\(problems.prefix(3))")
    }

    @Test func aGoodFileIsRead() throws {
        let file = try ConsortiumFile(yaml: Self.good)
        #expect(file.libraries.count == 1 && file.queues.count == 2 && file.operators.count == 1 && file.credentials.count == 1)
        #expect(file.lines == [3, 1, 6, 8])
        #expect(file.commands.count == file.lines.count)
    }

    @Test(arguments: ["\u{FEFF}" + good, good.replacing("\n", with: "\r\n"), good + "\n...\n", "---\n" + good])
    func whatEditorsAddDoesNoHarm(_ yaml: String) throws {
        let file = try ConsortiumFile(yaml: yaml)
        #expect(file.commands == (try ConsortiumFile(yaml: Self.good)).commands)
    }

    @Test func anAliasMayStandForARepeatedPart() throws {
        let yaml = """
            general: {queue: general}
            libraries:
              - {name: law, node: a, card: &card {hours: "9-17"}, queues: [{name: law}]}
              - {name: music, node: b, card: *card, queues: [{name: music}]}
            """
        let file = try ConsortiumFile(yaml: yaml)
        #expect(file.libraries.map(\.card.hours) == ["9-17", "9-17"])
    }

    @Test func allErrorsComeAtOnceAndNoMoreThanHelp() {
        let library = "  - {name: Law, nod: a}\n"
        let yaml = "general: {queue: general}\nlibraries:\n" + String(repeating: library, count: 150)
        let problems = problems(yaml)
        #expect(problems.count == 100)
        #expect(problems.map(\.line) == problems.map(\.line).sorted())
    }
}
