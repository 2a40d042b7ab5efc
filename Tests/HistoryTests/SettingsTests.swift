import Consortium
import History
import Testing

/// Changes of the settings, against the model of a register.
@Suite("The judgement of settings")
struct SettingsTests {
    typealias Act = SettingsModel.Act

    func at(_ index: UInt64) -> LogPosition { LogPosition(index: index, ordinal: 0) }
    func judge(_ acts: [(Act, UInt64, UInt64?)]) -> Linearizability {
        LinearizabilitySearch.judge(acts.map { Operation($0.0, invokedMs: $0.1, completedMs: $0.2) }, by: SettingsModel(initial: 0))
    }
    func isBroken(_ acts: [(Act, UInt64, UInt64?)]) -> Bool { if case .broken = judge(acts) { true } else { false } }

    @Test("changes one after another, and two at once in the order of the log, hold")
    func holds() {
        #expect(judge([(.read(0), 0, 1), (.write(1, at: at(5)), 2, 9), (.read(1), 10, 11)]) == .holds)
        #expect(judge([(.write(1, at: at(6)), 2, 9), (.write(2, at: at(5)), 3, 8), (.read(1), 10, 11)]) == .holds)
    }

    @Test("a change without an answer may have happened, at any time after it was asked, or not")
    func unanswered() {
        for seen in [0, 1] as [UInt64] { #expect(judge([(.write(1, at: nil), 2, nil), (.read(seen), 10, 11)]) == .holds) }
        #expect(judge([(.write(1, at: nil), 2, nil), (.write(2, at: at(5)), 3, 4), (.read(1), 10, 11)]) == .holds)
        #expect(isBroken([(.read(1), 0, 1), (.write(1, at: nil), 2, nil)]))
    }

    @Test("a lost change, a stale read, and an order that time forbids are rejected")
    func rejected() {
        #expect(isBroken([(.write(1, at: at(5)), 2, 9), (.read(0), 10, 11)]))
        #expect(isBroken([(.write(1, at: at(5)), 2, 3), (.write(2, at: at(6)), 4, 5), (.read(1), 10, 11)]))
        #expect(isBroken([(.write(1, at: at(6)), 2, 3), (.write(2, at: at(5)), 4, 5)]))
        #expect(isBroken([(.write(1, at: at(6)), 2, 9), (.write(2, at: at(5)), 3, 8), (.read(2), 10, 11)]))
    }
}
