/// Whether concurrent operations can be put in an order, between invocation and response, that a sequential model allows
/// (Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", 1990). An operation that got no answer may have
/// happened at any time after it was asked, or never.

/// One object as it behaves when only one operation happens at a time.
public protocol SequentialModel {
    associatedtype State: Hashable
    associatedtype Act
    var initial: State { get }
    /// The states in which the act, with the result that was seen, may leave the object; none when it contradicts the state.
    func states(after act: Act, in state: State) -> [State]
}

/// What was asked and what came of it; the result is part of the act.
public struct Operation<Act> {
    public var act: Act
    public var invokedMs: UInt64
    /// Nil when no answer came: it may have happened since, or not.
    public var completedMs: UInt64?

    public init(_ act: Act, invokedMs: UInt64, completedMs: UInt64?) {
        self.act = act
        self.invokedMs = invokedMs
        self.completedMs = completedMs
    }
}

extension Operation: Sendable where Act: Sendable {}

public enum Linearizability: Hashable, Sendable {
    case holds
    /// The longest order that the model allows ends before these operations, by their places in the list.
    case broken(stuckAt: [Int])
    /// The search was given up after `LinearizabilitySearch.stepsMax`: nothing is known.
    case undecided
}

/// Wing and Gong's search, with Lowe's memory of what was visited.
public struct LinearizabilitySearch<Model: SequentialModel> {
    /// Orders tried until the search is given up.
    public static var stepsMax: Int { 200_000 }

    private struct Place: Hashable {
        var done: [UInt64]
        var state: Model.State
    }
    private let model: Model
    private let operations: [Operation<Model.Act>]
    private var visited: Set<Place> = []
    private var steps = 0
    private var deepest = -1
    private var stuckAt: [Int] = []

    public static func judge(_ operations: [Operation<Model.Act>], by model: Model) -> Linearizability {
        var search = LinearizabilitySearch(model: model, operations: operations)
        let done = [UInt64](repeating: 0, count: (operations.count + 63) / 64)
        if search.extend(done, 0, model.initial) { return .holds }
        return search.steps >= stepsMax ? .undecided : .broken(stuckAt: search.stuckAt)
    }

    private init(model: Model, operations: [Operation<Model.Act>]) {
        self.model = model
        self.operations = operations
    }

    private mutating func extend(_ done: [UInt64], _ count: Int, _ state: Model.State) -> Bool {
        steps += 1
        guard steps < Self.stepsMax, visited.insert(Place(done: done, state: state)).inserted else { return false }
        let open = operations.indices.filter { done[$0 / 64] & (1 << UInt64($0 % 64)) == 0 }
        let owed = open.filter { operations[$0].completedMs != nil }
        if owed.isEmpty { return true }
        if count > deepest { (deepest, stuckAt) = (count, owed) }
        // Whatever comes next was asked before the first of the others was answered.
        let firstAnswerMs = owed.compactMap { operations[$0].completedMs }.min() ?? .max
        for place in open where operations[place].invokedMs <= firstAnswerMs {
            var after = done
            after[place / 64] |= 1 << UInt64(place % 64)
            for next in model.states(after: operations[place].act, in: state) where extend(after, count + 1, next) { return true }
        }
        return false
    }
}
