/// The settings as a register: who wrote last, by the log, is what is read from then on.

import Consortium

public struct SettingsModel: SequentialModel {
    public enum Act: Hashable, Sendable {
        /// The position is nil when no answer came.
        case write(UInt64, at: LogPosition?)
        case read(UInt64)
    }
    public struct State: Hashable, Sendable {
        var value: UInt64
        /// The greatest position of a write that was answered: they go up.
        var last = LogPosition.zero
    }

    public let initial: State

    public init(initial: UInt64) { self.initial = State(value: initial) }

    public func states(after act: Act, in state: State) -> [State] {
        switch act {
        case .read(let value): return value == state.value ? [state] : []
        case .write(let value, nil): return [State(value: value, last: state.last)]
        case .write(let value, let position?): return position > state.last ? [State(value: value, last: position)] : []
        }
    }
}
