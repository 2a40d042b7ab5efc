import Consortium
import Coordinator
import Seeded

/// Bounds of the coordinators so small that a few talkative people fill them (rule 14).
package struct Pressure: Sendable {
    /// How long a crowd stays: longer than a lease and what it takes to notice that it ran out.
    static let forMs: UInt64 = 36_000
    /// Whoever is at a desk is answered within this time, whatever else is asked: some entries' time, and those of what is as urgent.
    static let servedMs: UInt64 = 3_500

    /// A whole roster fits into seven eighths of it: what is asked in its order is taken in its order.
    private static let pendingMax = 32
    let commandsPerBatchMax: Int
    /// Of coordinators' disks, while a crowd is there.
    let syncMs: ClosedRange<UInt64>

    init(_ random: inout SeededGenerator) {
        commandsPerBatchMax = Int.random(in: 3...4, using: &random)
        let leastMs = UInt64.random(in: 150...250, using: &random)
        syncMs = leastMs...leastMs + 100
    }

    func bound(_ configuration: inout CoordinatorConfiguration) {
        configuration.pendingMax = Self.pendingMax
        configuration.pendingPerLinkMax = Self.pendingMax
        configuration.commandsPerBatchMax = commandsPerBatchMax
        configuration.batchesInFlightMax = 1
    }
}

/// People who all talk at once, and more who come with questions.
final class Crowd {
    static let everyMs: UInt64 = 1_000
    private static let patronsMax = 5
    private static let talkersMax = 5
    private static let messagesMax = 8

    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    /// When it came; nil when it has gone.
    private(set) var sinceMs: UInt64?

    init(_ cluster: Cluster, seed: UInt64) {
        self.cluster = cluster
        random = SeededGenerator(seed: seed)
    }

    func come() {
        sinceMs = cluster.nowMs
        cluster.trace.say(cluster.nowMs, "nemesis", "a crowd comes")
        cluster.count("load: a crowd comes")
        for _ in 0..<Self.patronsMax { cluster.bringPatron(inMs: 1...Pressure.forMs / 2, &random) }
        talk()
    }

    func go() { sinceMs = nil }

    private func talk() {
        guard sinceMs != nil else { return }
        let patrons = cluster.patrons.filter(\.isHere).shuffled(using: &random)
        for patron in patrons.prefix(Self.talkersMax) { patron.chatter(Int.random(in: 1...Self.messagesMax, using: &random)) }
        for person in cluster.operators.shuffled(using: &random).prefix(2) {
            person.chatter(Int.random(in: 1...Self.messagesMax, using: &random))
        }
        cluster.after(Self.everyMs, .person, 901) { [self] in talk() }
    }
}

extension Checker {
    /// What people at desks ask for is answered within a stated time: only messages and new chats wait longer, or are told to come again.
    func checkServed(_ person: OperatorPerson) {
        guard let crowdedSinceMs = cluster.crowdedSinceMs, let part = person.nodes[0].library, !part.isIsolated, !part.isDismissed
        else { return }
        let sinceMs = max(crowdedSinceMs, cluster.disturbedMs) + Pressure.servedMs
        guard let (message, invokedMs) = person.oldestRequest(sinceMs: sinceMs), cluster.nowMs > invokedMs + Pressure.servedMs else {
            return
        }
        cluster.fail("\(person.name) waits for \(cluster.nowMs - invokedMs) ms, while others talk, for an answer to \(message)")
    }

    /// Nobody who is there loses the lease because others talk.
    func checkLapse(of session: SessionID) {
        guard let crowdedSinceMs = cluster.crowdedSinceMs else { return }
        let leaseMs = cluster.scenario.settings.operatorLeaseMs * 21 / 20 + 10_000
        guard cluster.nowMs >= max(crowdedSinceMs, cluster.disturbedMs) + leaseMs,
            let person = cluster.operators.first(where: { $0.isPresent(as: session, sinceMs: cluster.nowMs - leaseMs) })
        else { return }
        cluster.fail("\(person.name) has lost the lease while others talk, and is there")
    }
}
