/// A chat's holder as a sequential object: claimed, offered, picked up, given back, closed. What operators asked and were told must fit it.

import ClientProtocol
import Consortium

public struct HoldingModel: SequentialModel {
    /// What somebody asked about one chat, with what they were told. `by` names an operator's sign-in.
    public enum Act: Hashable, Sendable {
        /// The token is nil when no answer came.
        case claim(by: String, token: LogPosition?)
        /// Refused because somebody else holds it.
        case claimRefused(by: String)
        case offer(token: LogPosition, offer: LogPosition?)
        case withdraw(token: LogPosition)
        case pickUp(by: String, offer: LogPosition, token: LogPosition?)
        case release(token: LogPosition)
        case close(token: LogPosition)
        /// Refused because the token holds nothing any more.
        case actRefused(token: LogPosition)
        /// The holder was told that the holding is over, or may be gone without knowing: its sign-on ended, or its chat went to another desk.
        case lose(token: LogPosition)
        /// The patron ended the chat, or may have.
        case leave
    }

    public struct State: Hashable, Sendable {
        enum Stage: Hashable, Sendable {
            case free
            /// The token is nil while nobody was told it.
            case held(by: String, token: LogPosition?)
            case over
        }
        var stage = Stage.free
        var offer: LogPosition?
        /// The greatest token so far: they go up.
        var last = LogPosition.zero
        var past: Set<LogPosition> = []
    }

    public init() {}
    public var initial: State { State() }

    public func states(after act: Act, in state: State) -> [State] {
        switch act {
        case .claim(let by, let token): claim(by, token, state)
        case .claimRefused(let by): if case .held(let holder, _) = state.stage, holder != by { [state] } else { [] }
        case .offer(let token, let offer): whileHeld(token, state) { $0.offer = offer ?? token }
        case .withdraw(let token): whileHeld(token, state) { $0.offer = nil }
        case .pickUp(let by, _, let token): pickUp(by, token, state)
        case .release(let token): ended(token, state) { $0.stage = .free }
        case .close(let token): ended(token, state) { $0.stage = .over }
        case .actRefused(let token): holds(token, state) ? [] : [state]
        case .lose(let token): lose(token, state)
        case .leave: over(state)
        }
    }

    private func claim(_ by: String, _ token: LogPosition?, _ state: State) -> [State] {
        switch state.stage {
        case .free: return take(by, token, state)
        case .held(by, let known):
            // Asked twice, answered as the first time.
            guard let token, let known, token != known else {
                var same = state
                if let token { same = named(token, by, state) }
                return [same]
            }
            return []
        // Whoever never heard that they hold the chat does not hear either that they lost it.
        case .held(_, nil): return take(by, token, state)
        case .held, .over: return []
        }
    }

    private func pickUp(_ by: String, _ token: LogPosition?, _ state: State) -> [State] {
        if case .held(by, let known) = state.stage, known == token || token == nil { return [state] }
        // An offer may have been made without its maker hearing of it; whether it ran is the log's to say.
        guard state.stage != .over else { return [] }
        return take(by, token, state)
    }

    private func take(_ by: String, _ token: LogPosition?, _ state: State) -> [State] {
        var next = state
        if case .held(_, let former?) = state.stage { next.past.insert(former) }
        next.offer = nil
        guard let token else {
            next.stage = .held(by: by, token: nil)
            return [next]
        }
        guard token > state.last else { return [] }
        return [named(token, by, next)]
    }

    private func named(_ token: LogPosition, _ by: String, _ state: State) -> State {
        var next = state
        next.stage = .held(by: by, token: token)
        next.last = max(next.last, token)
        return next
    }

    private func holds(_ token: LogPosition, _ state: State) -> Bool {
        if case .held(_, token?) = state.stage { true } else { false }
    }

    private func whileHeld(_ token: LogPosition, _ state: State, _ change: (inout State) -> Void) -> [State] {
        guard holds(token, state) else { return state.past.contains(token) ? [state] : [] }
        var next = state
        change(&next)
        return [next]
    }

    /// A repeat of what took effect is answered as the first time.
    private func ended(_ token: LogPosition, _ state: State, _ change: (inout State) -> Void) -> [State] {
        guard holds(token, state) else { return state.past.contains(token) ? [state] : [] }
        var next = state
        next.past.insert(token)
        next.offer = nil
        change(&next)
        return [next]
    }

    private func lose(_ token: LogPosition, _ state: State) -> [State] {
        guard holds(token, state) else { return [state] }
        var next = state
        next.past.insert(token)
        next.stage = .free
        return [next]
    }

    private func over(_ state: State) -> [State] {
        var next = state
        if case .held(_, let former?) = state.stage { next.past.insert(former) }
        next.stage = .over
        return [next]
    }
}
