/// A shift as a sequential object: planned for somebody, handed on, dropped from the plan. What colleagues asked and were told must fit it.

import Consortium

public struct ShiftModel: SequentialModel {
    /// What somebody asked about one shift, with what they were told.
    public enum Act: Hashable, Sendable {
        /// Planned anew.
        case plan(OperatorName)
        /// A list leaves it as whoever imported it saw it.
        case keep(OperatorName)
        /// A list leaves it out, by somebody who saw it so.
        case drop(OperatorName, version: UInt64)
        case hand(from: OperatorName, to: OperatorName, version: UInt64)
        /// Refused, as somebody else has it or it is not planned any more.
        case handRefused(from: OperatorName, to: OperatorName, version: UInt64)
        /// Somebody looks; `nil`: it is not planned.
        case read(Planned?)
    }

    public struct Planned: Hashable, Sendable {
        public var holder: OperatorName
        public var version: UInt64
        public init(holder: OperatorName, version: UInt64) {
            self.holder = holder
            self.version = version
        }
    }

    public struct State: Hashable, Sendable {
        var planned: Planned?
        /// What was dropped does not come back.
        var isDropped = false
    }

    public init() {}
    public var initial: State { State() }

    /// What was done already is harmless to repeat.
    public func states(after act: Act, in state: State) -> [State] {
        switch act {
        case .plan(let holder):
            if state.isDropped { return [] }
            guard let planned = state.planned else { return [State(planned: Planned(holder: holder, version: 1))] }
            return planned.holder == holder ? [state] : []
        case .keep(let holder): return state.planned?.holder == holder ? [state] : []
        case .drop(let holder, let version):
            guard let planned = state.planned else { return state.isDropped ? [state] : [] }
            return planned == Planned(holder: holder, version: version) ? [State(isDropped: true)] : []
        case .hand(let from, let to, let version):
            let after = Planned(holder: to, version: version + 1)
            if state.planned == after { return [state] }
            return state.planned == Planned(holder: from, version: version) ? [State(planned: after)] : []
        case .handRefused(let from, let to, let version):
            let possible = [Planned(holder: from, version: version), Planned(holder: to, version: version + 1)]
            return state.planned.map(possible.contains) ?? false ? [] : [state]
        case .read(let planned): return state.planned == planned ? [state] : []
        }
    }
}
