import Consortium
import History
import Testing

/// Shifts that change hands, against the model of one.
@Suite("The judgement of shifts")
struct ShiftTests {
    typealias Act = ShiftModel.Act

    let (ann, max, lea): (OperatorName, OperatorName, OperatorName)

    init() throws {
        (ann, max, lea) = (try #require(OperatorName("ann")), try #require(OperatorName("max")), try #require(OperatorName("lea")))
    }

    func judge(_ acts: [(Act, UInt64, UInt64?)]) -> Linearizability {
        LinearizabilitySearch.judge(acts.map { Operation($0.0, invokedMs: $0.1, completedMs: $0.2) }, by: ShiftModel())
    }
    func isBroken(_ acts: [(Act, UInt64, UInt64?)]) -> Bool { if case .broken = judge(acts) { true } else { false } }
    func read(_ holder: OperatorName, _ version: UInt64) -> Act { .read(.init(holder: holder, version: version)) }

    @Test("hands one after another, the same asked twice, and one of two rivals hold")
    func holds() {
        let there: (Act, UInt64, UInt64?) = (.plan(ann), 0, 1)
        let toMax = Act.hand(from: ann, to: max, version: 1)
        #expect(judge([there, (toMax, 2, 3), (.hand(from: max, to: ann, version: 2), 4, 5), (read(ann, 3), 6, 7)]) == .holds)
        #expect(judge([there, (toMax, 2, 3), (toMax, 4, 5), (read(max, 2), 6, 7)]) == .holds)
        #expect(judge([there, (toMax, 2, 9), (.handRefused(from: ann, to: lea, version: 1), 3, 8), (read(max, 2), 10, 11)]) == .holds)
        #expect(judge([there, (.drop(ann, version: 1), 2, 3), (.read(nil), 4, 5)]) == .holds)
        for seen in [read(ann, 1), read(max, 2)] { #expect(judge([there, (toMax, 2, nil), (seen, 10, 11)]) == .holds) }
    }

    @Test("two who are both told yes, a lost or a doubled hand, an undone one and a refusal without a reason are rejected")
    func rejected() {
        let there: (Act, UInt64, UInt64?) = (.plan(ann), 0, 1)
        let toMax = Act.hand(from: ann, to: max, version: 1)
        #expect(isBroken([there, (toMax, 2, 9), (.hand(from: ann, to: lea, version: 1), 3, 8)]))
        #expect(isBroken([there, (toMax, 2, 3), (read(ann, 1), 4, 5)]))
        #expect(isBroken([there, (toMax, 2, 3), (read(max, 3), 4, 5)]))
        #expect(isBroken([there, (toMax, 2, 3), (.drop(ann, version: 1), 4, 5)]))
        #expect(isBroken([there, (toMax, 2, 3), (.keep(ann), 4, 5)]))
        #expect(isBroken([there, (.handRefused(from: ann, to: max, version: 1), 2, 3)]))
        #expect(isBroken([there, (toMax, 2, 3), (.handRefused(from: ann, to: max, version: 1), 4, 5)]))
        #expect(isBroken([there, (.drop(ann, version: 1), 2, 3), (read(ann, 1), 4, 5)]))
    }
}
