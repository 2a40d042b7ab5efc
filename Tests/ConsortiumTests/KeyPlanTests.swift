import Seeded
import Testing

@testable import Consortium

/// One gossip key in another's place, among nodes that sleep, hear of steps late, and are removed.
@Suite struct KeyPlanTests {
    /// What the replicated state has, and nodes as their shells are: a ring, and the plan that they heard of last.
    private struct World {
        struct Node {
            var held: [UInt32] = [1]
            var primary: UInt32 = 1
            var heard = KeyPlan()
            var isAwake = true
            var isRemoved = false

            mutating func follow() {
                let orders = heard.orders(held: held, primary: primary)
                if let next = orders.primary { primary = next }
                held.removeAll { orders.dropped.contains($0) }
            }

            var isInStep: Bool { heard.orders(held: held, primary: primary).isNothing }
        }
        var state = ConsortiumState()
        /// The first two are coordinators, who give keys.
        var nodes = Array(repeating: Node(), count: 6)
        var nextKey: UInt32 = 1
        var refusals = 0

        init() throws {
            _ = state.apply(.setFeatureLevel(FeatureLevel.supported), at: .zero)
        }

        static func name(_ node: Int) throws -> NodeName { try Stage.name("n\(node)") }

        mutating func turn(_ turn: KeyTurn) { if case .refused = state.apply(.turnKeys(turn), at: .zero) { refusals += 1 } }

        /// Where every node that is there does as the plan says, LTG's command goes on, as `KeysDesk` does.
        mutating func advance(begins: Bool) throws {
            let plan = state.keys
            guard nodes[0].isAwake, nodes[0].heard == plan, nodes[0].isInStep else { return }
            var missing: [Int] = []
            for node in nodes.indices where nodes[node].isAwake && !nodes[node].isRemoved {
                if !plan.holders.contains(try Self.name(node)) { missing.append(node) }
            }
            switch plan.stage {
            case .settled where begins:
                nextKey += 1
                nodes[0].held.append(nextKey)
                turn(.begin(former: plan.step == 0 ? nodes[0].primary : plan.primary, next: nextKey))
                nodes[0].heard = state.keys
            case .settled: break
            case .handingOut where missing.isEmpty: turn(.seal(after: plan.step))
            case .sealing where missing.isEmpty: turn(.settle(after: plan.step))
            case .handingOut, .sealing: break
            }
        }

        /// The board comes, if it is newer; keys that are lacking come from a coordinator that holds them.
        mutating func hear(_ node: Int) throws {
            guard nodes[node].isAwake, !nodes[node].isRemoved else { return }
            nodes[node].heard = state.keys
            nodes[node].follow()
            for giver in 0..<2 where nodes[giver].isAwake && giver != node {
                let lacking = nodes[node].heard.orders(held: nodes[node].held, primary: nodes[node].primary).lacking
                nodes[node].held += lacking.filter(nodes[giver].held.contains)
            }
            nodes[node].follow()
            if nodes[node].isInStep { _ = state.apply(.keysHeld(by: try Self.name(node), step: nodes[node].heard.step), at: .zero) }
        }

        func hears(_ node: Int, _ other: Int) -> Bool { nodes[node].held.contains(nodes[other].primary) }

        /// Whoever told that it does as the present step or the one before says hears all others who did.
        func check() throws {
            let there = nodes.indices.filter {
                nodes[$0].isAwake && !nodes[$0].isRemoved && nodes[$0].isInStep && nodes[$0].heard.step + 1 >= state.keys.step
            }
            for node in there {
                for other in there { #expect(hears(node, other), "\(nodes[node]) does not hear \(nodes[other]) at \(state.keys)") }
            }
            try state.checkInvariants()
        }
    }

    @Test(arguments: 0..<300) func nobodyWhoIsThereIsStranded(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
        var world = try World()

        for _ in 0..<400 {
            let node = pick(world.nodes.count)
            switch pick(10) {
            case 0: world.nodes[node].isAwake = pick(3) > 0 || node == 0
            case 1...2: try world.advance(begins: pick(4) == 0)
            default: try world.hear(node)
            }
            try world.check()
        }
        // Everybody comes back, and the command is finished: all have the same one key, whatever they slept through.
        for node in world.nodes.indices { world.nodes[node].isAwake = true }
        for _ in 0..<12 {
            for node in world.nodes.indices { try world.hear(node) }
            try world.advance(begins: false)
        }
        for node in world.nodes.indices { try world.hear(node) }
        guard world.state.keys.step > 0 else { return }
        #expect(world.state.keys.stage == .settled && world.refusals == 0)
        for node in world.nodes { #expect(node.held == [world.state.keys.primary] && node.primary == world.state.keys.primary) }
    }

    /// A removed node is given nothing, and after a turn neither hears the others nor is heard.
    @Test func whoWasRemovedIsLeftBehind() throws {
        var world = try World()
        world.nodes[5].isRemoved = true
        try world.advance(begins: true)
        for _ in 0..<4 {
            for node in world.nodes.indices { try world.hear(node) }
            try world.advance(begins: false)
        }
        for node in world.nodes.indices { try world.hear(node) }
        #expect(world.state.keys.stage == .settled && world.state.keys.primary == 2)
        #expect(world.nodes[5].held == [1])
        for node in 0..<5 { #expect(!world.hears(node, 5) && !world.hears(5, node)) }
    }

    /// Each command names where it begins: repeated it is harmless, and late it is refused.
    @Test func stepsAreTakenOnceAndInOrder() throws {
        var state = ConsortiumState()
        func ask(_ turn: KeyTurn) -> Bool { if case .accepted = state.apply(.turnKeys(turn), at: .zero) { true } else { false } }
        #expect(!ask(.begin(former: 1, next: 2)))
        _ = state.apply(.setFeatureLevel(FeatureLevel.supported), at: .zero)
        #expect(!ask(.seal(after: 0)) && !ask(.settle(after: 0)) && !ask(.begin(former: 1, next: 1)))
        #expect(ask(.begin(former: 1, next: 2)) && ask(.begin(former: 1, next: 2)) && state.keys.step == 1)
        // The coordinator that made it is lost: another key takes its place, as nobody seals with it yet.
        #expect(ask(.begin(former: 1, next: 3)) && state.keys.other == 3)
        #expect(!ask(.seal(after: 1)) && ask(.seal(after: 2)) && ask(.seal(after: 2)) && state.keys.primary == 3 && state.keys.other == 1)
        #expect(!ask(.begin(former: 3, next: 4)))
        #expect(ask(.settle(after: 3)) && ask(.settle(after: 3)) && state.keys.other == nil && state.keys.wanted == [3])
        #expect(!ask(.begin(former: 1, next: 5)))
        _ = state.apply(.keysHeld(by: try Stage.name("a"), step: 3), at: .zero)
        #expect(state.keys.holders.isEmpty)
        for _ in 0..<2 { _ = state.apply(.keysHeld(by: try Stage.name("a"), step: 4), at: .zero) }
        #expect(state.keys.holders.count == 1)
        for step: UInt64 in [.max, .max - 1] { #expect(!ask(.seal(after: step)) && !ask(.settle(after: step))) }
    }

    /// A node without a coordinator in reach keeps what it has, until everything has come.
    @Test func nothingIsDroppedBeforeEverythingCame() {
        var plan = KeyPlan()
        (plan.step, plan.primary) = (3, 7)
        #expect(plan.orders(held: [1], primary: 1) == KeyOrders(lacking: [7]))
        #expect(plan.orders(held: [1, 7], primary: 1) == KeyOrders(primary: 7, dropped: [1]))
        #expect(plan.orders(held: [7], primary: 7).isNothing)
        #expect(KeyPlan().orders(held: [1, 2], primary: 2).isNothing)
    }
}
