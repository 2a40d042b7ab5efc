import Consortium
import Node
import Testing

private let naming = """
    naming:
      queues: {pattern: "{library}-*", example: law-desk, says: Say the library first.}
      users: {pattern: "*.{library}", example: lea.law, says: Say the library last.}
    """

private let libraries = """
    general: {queue: general}
    libraries:
      - name: law
        node: law
        queues: [{name: desk}, {name: law-maps}, {name: desk-law}]
        operators: [{name: lea, queues: [desk, general]}, {name: leo.law, queues: [desk-law]}]
    """

/// Agreement, 5: names that are imported and do not fit lead to names that do, and are told.
@Suite struct ImportedNamesTests {
    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try ConsortiumFile(yaml: yaml)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func whatDoesNotFitBecomesAFormerName() throws {
        let named = ImportedNames(try ConsortiumFile(yaml: naming + "\n" + libraries), board: nil)
        let queues = named.commands.compactMap { command -> String? in
            guard case .setQueue(let queue) = command else { return nil }
            return ([queue.name] + queue.formerNames).map(\.text).joined(separator: " was ")
        }
        // Two that would be called the same are told apart.
        #expect(queues == ["general", "law-desk was desk", "law-maps", "law-desk-law was desk-law"])
        let people = named.commands.compactMap { command -> String? in
            guard case .setOperator(let person) = command else { return nil }
            return ([person.name] + person.formerNames).map(\.text).joined(separator: " was ")
        }
        #expect(people == ["lea.law was lea", "leo.law"])
        #expect(named.notes.count == 3 && named.notes[0].hasPrefix("line 8: the queue `desk` "), "\(named.notes)")
    }

    /// The state takes it all, knows people and queues by the imported names too, and takes the same file again without a change.
    @Test func theSameFileAgainMeansTheSameThings() throws {
        let file = try ConsortiumFile(yaml: naming + "\n" + libraries)
        var state = ConsortiumState()
        let node = try #require(NodeName("law"))
        func apply(_ commands: [Command]) -> [Verdict] {
            let index = state.appliedThrough.index + 1
            let items = commands.enumerated().map { number, command in
                Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64(number)), command: command)
            }
            return state.apply(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: items), index: index).verdicts
        }
        #expect(apply([.setFeatureLevel(FeatureLevel.supported)]) == [.accepted(.done)])
        #expect(apply(ImportedNames(file, board: state.board()).commands).allSatisfy { $0 == .accepted(.done) })
        let board = state.board()
        #expect(board.misfits.isEmpty && board.formerNames.count == 3)
        let lea = try #require(OperatorName("lea").flatMap { board.person(called: $0) })
        #expect(lea.name.text == "lea.law" && lea.accountName.text == "lea")
        #expect(lea.queues.map(\.text) == ["general", "law-desk"])
        let again = ImportedNames(file, board: board)
        #expect(again.notes.isEmpty)
        #expect(apply(again.commands).allSatisfy { $0 == .accepted(.done) })
        #expect(state.board().queues == board.queues && state.board().operators == board.operators)
        #expect(board.queues(called: try #require(QueueName("desk"))).map(\.queue.name.text) == ["law-desk"])
    }

    @Test func aConventionThatIsNoneIsRefusedWithItsLine() {
        #expect(
            problems("naming: {queues: {pattern: 'A+', example: a, says: x}}") == [
                "line 1: A pattern has small letters, digits, - . _, {library}, * (some characters), ? (one), @ (a letter), # (a digit) and | "
                    + "between alternatives; found `A` in `A+`."
            ])
        #expect(
            problems("naming:\n  users: {pattern: 'a*', example: b, says: x}") == [
                "line 2: the example `b` does not fit the pattern `a*`; mend one of them"
            ])
        #expect(problems("naming: {users: {pattern: 'a*', example: ab}}") == ["line 1: `says` is missing: a sentence for people"])
        #expect(problems("naming: {}").isEmpty)
    }
}
