import Seeded
import Testing

@testable import Gossip

@Suite struct FixedPointLogarithmTests {
    @Test(arguments: [(1, 0), (2, 65_536), (3, 103_872), (4, 131_072), (10, 217_705), (1_000, 653_117), (1 << 40, 40 * 65_536)])
    func binaryLogarithmIsRightToItsLastDigits(value: Int, expected: Int64) {
        #expect(abs(FixedPointLogarithm.log2(value) - expected) <= 1)
    }

    @Test(arguments: [(1, 0), (10, 1_000), (100, 2_000), (5, 698), (256, 2_408)])
    func decimalLogarithmIsInThousandths(value: Int, expected: Int64) {
        #expect(abs(FixedPointLogarithm.log10Thousandths(value) - expected) <= 1)
    }

    @Test(arguments: [(1, 0), (2, 1), (10, 1), (11, 2), (100, 2), (101, 3)])
    func ceilingCountsDigits(value: Int, expected: Int) { #expect(FixedPointLogarithm.log10Ceiling(value) == expected) }
}

/// Lifeguard §IV.A.
@Suite struct LocalHealthTests {
    /// "LHM is a saturating counter, with a max value S and min value zero, meaning it will not increase above S or decrease below zero."
    @Test func theCounterSaturatesAtBothEnds() {
        var health = LocalHealth(max: 8)
        health.note(.probeSucceeded)
        #expect(health.value == 0)
        for _ in 0..<20 { health.note(.probeFailed) }
        #expect(health.value == 8)
    }

    /// "Successful probe (ping or ping-req with ack): -1; Failed probe +1; Refuting a suspect message about self: +1; Probe with missed
    /// nack: +1"
    @Test(arguments: [(LocalHealth.Event.probeSucceeded, -1), (.probeFailed, 1), (.refuted, 1), (.nackMissed, 1)])
    func eventsCountAsInThePaper(event: LocalHealth.Event, change: Int) {
        var health = LocalHealth(max: 8)
        health.note(.probeFailed)
        health.note(.probeFailed)
        health.note(event)
        #expect(health.value == 2 + change)
    }

    /// "ProbeInterval = BaseProbeInterval · (LHM(S) + 1)"
    @Test func intervalsStretchWithTheCounter() {
        var health = LocalHealth(max: 8)
        #expect(health.scaled(500) == 500)
        health.note(.probeFailed)
        #expect(health.scaled(500) == 1_000)
    }
}

/// Lifeguard §IV.B: "SuspicionTimeout = max(Min, Max − (Max − Min) · log(C + 1) / log(K + 1))".
@Suite struct SuspicionTests {
    private func suspicion(members: Int, configuration: GossipConfiguration = .wan) -> Suspicion {
        Suspicion(startedMs: 0, accuser: "a", members: members, configuration: configuration)
    }

    @Test func theTimeoutFallsFromMaxToMinWithConfirmations() {
        var suspicion = suspicion(members: 10)
        // Min = 5 · log10(10) · 1 s, Max = 6 · Min; C of 3: log 2 / log 4 = 1/2, log 3 / log 4 = 0.792.
        var timeouts = [suspicion.timeoutMs]
        for accuser in ["b", "c", "d"] {
            let counts = suspicion.confirm(by: accuser)
            #expect(counts)
            timeouts.append(suspicion.timeoutMs)
        }
        #expect(timeouts == [30_000, 17_500, 10_188, 5_000])
    }

    /// "independent": one accuser counts once, and the first one not at all.
    @Test func repeatedAccusationsDoNotConfirm() {
        var suspicion = suspicion(members: 10)
        let counted = ["a", "b", "b"].map { suspicion.confirm(by: $0) }
        #expect(counted == [false, true, false])
        #expect(suspicion.confirmations == 1)
    }

    @Test func confirmationsBeyondKDoNotCount() {
        var suspicion = suspicion(members: 10)
        let counted = ["b", "c", "d", "e", "f"].map { suspicion.confirm(by: $0) }
        #expect(counted == [true, true, true, false, false])
    }

    /// Min = α · log10(n) · ProbeInterval.
    @Test func theMinimumGrowsWithTheLogarithmOfTheCluster() {
        #expect(suspicion(members: 100).minMs == 10_000)
        #expect(suspicion(members: 4).minMs == 5_000)
    }

    @Test func whereTooFewCouldConfirmTheTimeoutIsMin() {
        #expect(suspicion(members: 4).timeoutMs == suspicion(members: 4).minMs)
        #expect(suspicion(members: 5).timeoutMs == suspicion(members: 5).maxMs)
    }

    @Test func clustersOfThreeHaveAFloor() {
        #expect(suspicion(members: 3, configuration: .lan).timeoutMs == 5_000)
        #expect(suspicion(members: 4, configuration: .lan).timeoutMs == 2_500)
        var lower = GossipConfiguration.lan
        lower.smallClusterSuspicionMsMin = 3_000
        #expect(suspicion(members: 2, configuration: lower).timeoutMs == 3_000)
    }
}

/// SWIM §4.3: "the time between successive probes of one member is bounded by 2n − 1 protocol periods" when the list is shuffled after
/// each pass and members are probed in its order.
@Suite struct ProbeOrderTests {
    @Test func everyMemberIsProbedWithinTwoPasses() {
        var generator = SeededGenerator(seed: 7)
        var order = ProbeOrder()
        let names = (0..<9).map { "n\($0)" }
        for name in names { order.insert(name, using: &generator) }
        let probed = (0..<500).compactMap { _ in order.next(using: &generator) { _ in true } }
        for name in names {
            let turns = probed.indices.filter { probed[$0] == name }
            let gaps = zip(turns.dropFirst(), turns).map { $0 - $1 }
            #expect(gaps.allSatisfy { $0 <= 2 * names.count - 1 })
            #expect(turns.count >= 500 / 9)
        }
    }

    @Test func membersThatComeAndGoKeepTheOrderWhole() {
        var generator = SeededGenerator(seed: 8)
        var order = ProbeOrder()
        let ofNone = order.next(using: &generator) { _ in true }
        #expect(ofNone == nil)
        for index in 0..<20 {
            order.insert("n\(index)", using: &generator)
            _ = order.next(using: &generator) { _ in true }
            if index % 3 == 0 { order.remove("n\(index / 2)") }
        }
        #expect(Set(order.sortedNames).count == order.count)
        let wanted = order.next(using: &generator) { $0 == "n19" }
        let unwanted = order.next(using: &generator) { _ in false }
        #expect(wanted == "n19")
        #expect(unwanted == nil)
    }
}

/// SWIM §4.1.
@Suite struct BroadcastQueueTests {
    /// "each update is piggybacked at most λ log n times"
    @Test func anUpdateIsForgottenAfterItsTransmissions() {
        var queue = BroadcastQueue()
        queue.add(.member("a"))
        for _ in 0..<3 { queue.sent(.member("a"), transmissionsMax: 4) }
        #expect(!queue.isEmpty)
        queue.sent(.member("a"), transmissionsMax: 4)
        #expect(queue.isEmpty)
    }

    /// "the protocol prefers … those that have been gossiped fewer times"
    @Test func theLeastSentGoFirstAndAmongThemTheNewest() {
        var queue = BroadcastQueue()
        for name in ["a", "b", "c"] { queue.add(.member(name)) }
        queue.sent(.member("c"), transmissionsMax: 9)
        #expect(queue.inOrder.map(\.subject) == [.member("b"), .member("a"), .member("c")])
    }

    @Test func newsReplacesOlderNewsOfTheSameSubject() {
        var queue = BroadcastQueue()
        queue.add(.member("a"), accuser: "x")
        queue.sent(.member("a"), transmissionsMax: 9)
        queue.add(.member("a"), accuser: "y")
        #expect(queue.inOrder.map(\.accuser) == ["y"])
        #expect(queue.inOrder.map(\.transmissions) == [0])
    }
}
