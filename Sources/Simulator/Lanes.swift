import Consortium
import Coordinator

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
            return Batch.Item(id: item.id, command: .tick)
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
            default: return "load: something urgent is told to come again"
            }
        }
    }

    func dropsRenewals(nowMs: UInt64) -> Bool {
        guard planted == .renewalsWait, let busyMs else { return false }
        return nowMs < busyMs + 2_000
    }
}
