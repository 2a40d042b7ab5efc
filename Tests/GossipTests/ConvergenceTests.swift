import Seeded
import Testing

@testable import Gossip

/// Random clusters on a random network: whatever happened, once everybody is up and everybody can reach everybody, all views agree.
/// A failing seed replays exactly: it is the test's argument.
@Suite struct ConvergenceTests {
    /// What two nodes must agree on.
    private struct Agreement: Equatable {
        let members: [String]
        let records: [String]
    }

    private func agreement(of core: GossipCore, nowMs: Int64) -> Agreement {
        Agreement(
            members: core.members(nowMs: nowMs).map {
                "\($0.member.name) \($0.member.state) @\($0.member.incarnation) \($0.member.bootID)"
            },
            records: core.records(nowMs: nowMs).map(\.trace))
    }

    @Test(arguments: 1...UInt64(24)) func allViewsAgreeAfterHealing(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let network = TestNetwork(configuration: .lan, seed: seed)
        network.latencyMs = 1...20
        let names = (0..<Int.random(in: 5...9, using: &generator)).map { "n\($0)" }
        for name in names { try network.start(name, seeds: ["n0", "n1"]) }
        network.run(forMs: 5_000)
        for _ in 0..<25 {
            try disturb(network, names, &generator)
            network.run(forMs: Int64.random(in: 100...15_000, using: &generator))
        }
        network.cuts = []
        network.lossPercent = 0
        for name in network.frozen.sorted() { network.thaw(name) }
        // Who signed off has no way back but a new process.
        for name in names where network.core(name)?.me.state != .alive { try network.start(name, seeds: ["n0", "n1"]) }
        try settle(network, names)
    }

    /// Runs until all agree on everything, and until nobody's view of the members changed for half a minute: late refutations may still raise an
    /// incarnation after the first agreement. (Records are renewed all the time, so that a sample may find one on its way.)
    private func settle(_ network: TestNetwork, _ names: [String]) throws {
        let deadlineMs = network.nowMs + 240_000
        var rest: [String]?
        var sinceMs = network.nowMs
        var agreedOnce = false
        while network.nowMs < deadlineMs, !agreedOnce || rest == nil || network.nowMs < sinceMs + 30_000 {
            network.run(forMs: 1_000)
            agreedOnce = agreedOnce || allAgree(network, names)
            let views = names.compactMap { network.core($0) }.map { agreement(of: $0, nowMs: network.nowMs).members }
            let view = views.allSatisfy { $0 == views[0] } ? views[0] : nil
            if view != rest { sinceMs = network.nowMs }
            rest = view
        }
        #expect(agreedOnce, "views differ four minutes after everything was healed")
        #expect(
            rest != nil && network.nowMs >= sinceMs + 30_000, "views did not come to rest within four minutes after everything was healed")
        for name in names {
            let core = try #require(network.core(name))
            #expect(core.members(nowMs: network.nowMs).allSatisfy { $0.member.state == .alive }, "seen by \(name)")
            #expect(core.localHealth == 0, "\(name) doubts itself on a perfect network")
        }
    }

    private func allAgree(_ network: TestNetwork, _ names: [String]) -> Bool {
        let views = names.compactMap { network.core($0) }.map { agreement(of: $0, nowMs: network.nowMs) }
        return views.count == names.count && views.allSatisfy { $0 == views[0] } && views[0].members.count == names.count
            && views[0].members.allSatisfy { $0.contains(" alive ") }
    }

    private func disturb(_ network: TestNetwork, _ names: [String], _ generator: inout SeededGenerator) throws {
        guard let name = names.randomElement(using: &generator), let other = names.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<11, using: &generator) {
        case 0: network.crash(name)
        case 1:
            network.frozen.remove(name)
            try network.start(name, seeds: ["n0", "n1"])
        case 2: network.lossPercent = Int.random(in: 0...40, using: &generator)
        case 3: network.cuts.insert([name, other])
        case 4:
            let left = Set(names.filter { _ in Bool.random(using: &generator) })
            for here in names {
                for there in names where left.contains(here) != left.contains(there) { network.cuts.insert([here, there]) }
            }
        case 5: network.cuts = []
        case 6: network.act(on: name) { core, now in core.leave(nowMs: now) }
        case 7: network.frozen.insert(name)
        case 8: for frozen in network.frozen.sorted() { network.thaw(frozen) }
        default:
            let staffed = UInt16.random(in: 0...3, using: &generator)
            let availability = Availability(staffed: staffed, freePlaces: staffed, waiting: 0, postedOpen: true)
            let queue = "q\(Int.random(in: 0..<3, using: &generator))"
            let session = UInt64.random(in: 1...3, using: &generator)
            try network.act(on: name) { core, now in try core.publish(queue: queue, session: session, availability, nowMs: now) }
        }
    }

    @Test func oneSeedGivesOneHistory() throws {
        func history(_ seed: UInt64) throws -> [TestNetwork.Trace] {
            let network = TestNetwork(configuration: .lan, seed: seed)
            network.latencyMs = 1...30
            network.lossPercent = 20
            network.tracesMessages = true
            for name in ["a", "b", "c", "d", "e"] { try network.start(name, seeds: ["a"]) }
            network.run(forMs: 20_000)
            network.crash("c")
            network.run(forMs: 20_000)
            return network.trace
        }
        #expect(try history(3) == history(3))
        #expect(try history(3) != history(4))
    }

    @Test func aHealthyClusterUnderModerateLossHoldsNobodyForDead() throws {
        let network = TestNetwork(configuration: .lan, seed: 11)
        network.latencyMs = 1...20
        let names = (0..<7).map { "n\($0)" }
        for name in names { try network.start(name, seeds: ["n0"]) }
        network.run(forMs: 5_000)
        network.clearTrace()
        network.lossPercent = 10
        network.run(forMs: 600_000)
        #expect(!network.trace.contains { $0.text.contains("-> dead") })
    }

    @Test func newsReachesEverybodyWithinAFewRounds() throws {
        let network = TestNetwork(configuration: .lan, seed: 12)
        let names = (0..<9).map { "n\($0)" }
        for name in names { try network.start(name, seeds: ["n0"]) }
        network.run(forMs: 10_000)
        let started = network.nowMs
        try network.act(on: "n4") { core, now in
            try core.publish(queue: "law", session: 1, .init(staffed: 1, freePlaces: 1, waiting: 0, postedOpen: true), nowMs: now)
        }
        while !names.allSatisfy({ network.core($0)?.freshest(queue: "law", nowMs: network.nowMs) != nil }), network.nowMs < started + 5_000
        {
            network.run(forMs: 5)
        }
        #expect(network.nowMs - started <= 400)
    }
}
