import Consortium
import Coordinator
import Wire

/// What becomes of proposals on their way into a coordinator's core: nothing, but for bugs that are planted there.
struct Lanes {
    private let planted: PlantedBug?
    /// What is kept from a core that would know by it how urgent it is.
    private var hidden: [ProposalID: Command] = [:]
    private var busyMs: UInt64?

    init(_ planted: PlantedBug?) { self.planted = planted }

    mutating func hide(_ items: [Batch.Item]) -> [Batch.Item] {
        guard planted == .oneLane else { return items }
        return items.map { item in
            hidden[item.id] = item.command
            // As urgent as can be, and something that a node may ask.
            return Batch.Item(id: item.id, command: .signOff(SessionID(high: 0, low: 0)))
        }
    }

    func show(_ items: [Batch.Item]) -> [Batch.Item] {
        guard planted == .oneLane else { return items }
        return items.map { Batch.Item(id: $0.id, command: hidden[$0.id] ?? $0.command) }
    }

    /// What was told to come again, for people.
    mutating func note(_ directives: [CoordinatorDirective], of items: [Batch.Item], nowMs: UInt64) -> [String] {
        directives.compactMap { directive in
            guard case .busy(_, let counter, _) = directive else { return nil }
            busyMs = nowMs
            switch items.first(where: { $0.id.counter == counter })?.command {
            case .say, .mergeBranch: return "load: a message is told to come again"
            case .open: return "load: a new chat is told to come again"
            case .rate, .reportProblem, .sawInstalls: return "load: what can wait is told to come again"
            default: return "load: something urgent is told to come again"
            }
        }
    }

    func dropsRenewals(nowMs: UInt64) -> Bool {
        guard planted == .renewalsWait, let busyMs else { return false }
        return nowMs < busyMs + 2_000
    }

    /// The verdicts that apply would give now, before anything is in the log.
    func promises(_ items: [Batch.Item], _ state: ConsortiumState) -> [PeerFrame] {
        guard planted == .acknowledgeEarly else { return [] }
        var state = state
        return items.compactMap { item in
            guard case .say = item.command else { return nil }
            let at = LogPosition(index: state.appliedThrough.index + 1, ordinal: 0)
            return .outcome(counter: item.id.counter, state.apply(item.command, at: at), at: at)
        }
    }
}

extension Batch {
    /// Whether apply refuses anything in it.
    func isRefused(by state: ConsortiumState, at index: UInt64) -> Bool {
        var trial = state
        return trial.apply(self, index: index).verdicts.contains { if case .refused = $0 { true } else { false } }
    }
}
