/// One run: the cluster comes up, people chat, assaults come and heal, and at the end everything is compared.

import Chaos
import EventLoop
import Glibc
import History

@ClusterActor
final class ChaosRun {
    /// After an assault has ended, everything must be ready, and a message said since then be safe, within this time.
    static let healMs: UInt64 = 30_000
    /// Everybody's question must have come to its end after the last assault.
    static let resolveMs: UInt64 = 120_000

    private let cluster: ChaosCluster
    private let terrain: Terrain
    private let assailant: Assailant
    private let traffic: Traffic
    /// None where nodes of an earlier version take part, which may not know of all that is decided.
    private let clerks: [Clerk]
    private let plan: Plan
    private let folder: String
    private let seed: UInt64
    private var timeline = Timeline()
    private var beganMs: UInt64 = 0
    private let sampler = EventLoop.Timer(on: ClusterActor.loop)
    private var acknowledgedBefore = 0
    /// What must not be and is not for the judgement of histories to find.
    private var troubles: [String] = []
    private var leaderKilledMs: UInt64?
    private var afterKillsMs: [UInt64] = []
    private var ends = 0
    private var assaults = 0
    var isInterrupted = false

    init(_ cluster: ChaosCluster, _ plan: Plan, folder: String, delayTool: String, habits: Traffic.Habits, seed: UInt64) {
        self.cluster = cluster
        self.plan = plan
        self.folder = folder
        self.seed = seed
        terrain = Terrain(folder: folder, delayTool: delayTool)
        assailant = Assailant(cluster, terrain)
        traffic = Traffic(cluster, habits, seed: seed)
        clerks =
            cluster.isMixed ? [] : cluster.libraries.enumerated().map { Clerk($0.element, cluster, seed: seed &+ UInt64($0.offset) &+ 1) }
    }

    /// - Returns: whether everything held.
    func play() async throws -> Bool {
        try await comeUp()
        beganMs = ClusterActor.loop.nowMs
        watch()
        try traffic.begin()
        for clerk in clerks { clerk.begin() }
        for assault in plan.assaults where !isInterrupted { try await carryOut(assault) }
        try await healAll()
        traffic.stopOpening()
        for clerk in clerks { clerk.stop() }
        await wait("every patron's question to come to an end", withinMs: Self.resolveMs) { [traffic] in traffic.unresolved.isEmpty }
        await wait("every decision to be answered", withinMs: Self.resolveMs) { [clerks] in clerks.allSatisfy(\.hasEnded) }
        sampler.close()
        return try await judge()
    }

    // MARK: Coming up

    private func comeUp() async throws {
        for name in cluster.names { unlink("\(folder)/\(name).log") }
        try await terrain.make(cluster.names)
        try await cluster.prepare()
        cluster.onExit = { [unowned self] name, what, isExcused in
            // In order, when it was told to stop.
            if what == "status 0" { return }
            ends += 1
            timeline.marks.append((now, "\(name): \(what)"))
            say("\(name) ended by itself (\(what))")
            if !isExcused { troubles.append("\(name) ended by itself (\(what)) without a reason; see \(folder)/\(name).log") }
        }
        try cluster.startAll()
        try await Wait.until("all nodes to be ready", withinMs: 60_000) { [cluster] in await Self.allReady(cluster) }
        try await Wait.until("a leader", withinMs: 30_000) { [cluster] in await cluster.leader() != nil }
        try await Wait.until("the nodes to know each other", withinMs: 60_000) { [cluster] in
            let members = await cluster.status(cluster.libraries[0])?.members ?? []
            return members.count { $0.state == "alive" } == cluster.names.count
        }
        let admin = try NodeClient.admin(data: "\(folder)/\(cluster.libraries[0])/data")
        let response = try await NodeClient.importFile(cluster.consortium(), url: admin.url, token: admin.token)
        guard response.status == 200 else { throw LocalClusterError("the import was refused: \(response.text)") }
    }

    private static func allReady(_ cluster: ChaosCluster) async -> Bool {
        for name in cluster.names where await !cluster.isReady(name) { return false }
        return true
    }

    private func watch() {
        sampler.start(afterMs: Timeline.sampleMs, repeatMs: Timeline.sampleMs) { [unowned self] in
            let total = traffic.recorder.acknowledgedInAll
            timeline.samples.append(
                .init(atMs: now, acknowledged: total - acknowledgedBefore, oldestWaitMs: traffic.recorder.oldestWaitMs))
            acknowledgedBefore = total
        }
        assailant.onLeaderKilled = { [unowned self] in leaderKilledMs = ClusterActor.loop.nowMs }
        traffic.recorder.onAcknowledged = { [unowned self] saidMs in
            lastSafeSaidMs = max(lastSafeSaidMs, saidMs)
            // Said after the kill and safe: the service works again.
            guard let killedMs = leaderKilledMs, saidMs > killedMs else { return }
            afterKillsMs.append(ClusterActor.loop.nowMs - killedMs)
            leaderKilledMs = nil
        }
    }

    private var lastSafeSaidMs: UInt64 = 0
    private var now: UInt64 { ClusterActor.loop.nowMs - beganMs }

    private func say(_ text: String) {
        let seconds = now / 1_000
        Terminal.say("\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60) \(text)")
    }

    // MARK: Assaults

    private func carryOut(_ assault: Assault) async throws {
        // What takes longer than planned (a rolling restart) moves the rest.
        while now < assault.startMs, !isInterrupted { await Wait.pause(ms: 50) }
        var wounds: [(wound: Assailant.Wound, fromMs: UInt64, nemesis: Nemesis)] = []
        let untilMs = now + assault.lengthMs
        let before = traffic.recorder.acknowledgedInAll
        for act in assault.acts {
            let fromMs = now
            wounds.append((try await assailant.begin(act), fromMs, act.nemesis))
        }
        let what = wounds.map(\.wound.what).joined(separator: " + ")
        assaults += 1
        while now < untilMs, !isInterrupted { await Wait.pause(ms: 50) }
        for (wound, fromMs, nemesis) in wounds.reversed() {
            try await wound.undo()
            timeline.spans.append(.init(name: nemesis.rawValue, fromMs: fromMs, toMs: now))
        }
        let healedMs = ClusterActor.loop.nowMs
        let during = traffic.recorder.acknowledgedInAll - before
        await wait("the nodes to be ready after \(what)", withinMs: Self.healMs) { [cluster] in await Self.allReady(cluster) }
        await wait("a message to be safe after \(what)", withinMs: Self.healMs) { [unowned self] in lastSafeSaidMs >= healedMs }
        for wound in wounds { assailant.healed(wound.wound) }
        let wellMs = ClusterActor.loop.nowMs - healedMs
        say("\(what): \(during) acknowledged meanwhile, well \(wellMs) ms after it ended")
        if let name = try await cluster.updateNext() { say("\(name) runs this version now") }
    }

    private func healAll() async throws {
        try await terrain.healAll()
        await wait("all nodes to be ready in the end", withinMs: Self.healMs) { [cluster] in await Self.allReady(cluster) }
    }

    /// What is waited for in vain is written down, and the run goes on.
    private func wait(_ what: String, withinMs: UInt64, _ condition: @ClusterActor () async -> Bool) async {
        do {
            try await Wait.until(what, withinMs: withinMs, condition)
        } catch {
            troubles.append("\(error)")
            say("\(error)")
        }
    }

    // MARK: The end

    private func judge() async throws -> Bool {
        let unresolved = traffic.unresolved
        for visitor in unresolved.prefix(10) {
            troubles.append(
                "\(visitor.session.name) (chat \(visitor.session.chat)) does not know how it ended: "
                    + "\(visitor.session.phase.map { "\($0)" } ?? "no state"), \(visitor.session.copy.outbox.entries.count) not yet safe, "
                    + "\(visitor.session.isAttached ? "attached" : "not attached") at \(visitor.session.node.map { "\($0)" } ?? "no node")")
        }
        for visitor in traffic.visitors {
            if let outcome = visitor.outcome, outcome.hasPrefix("ended") { troubles.append("\(visitor.session.name) \(outcome)") }
        }
        let witness = await traffic.witness()
        troubles += witness.unread.prefix(10)
        await compareReplicas()
        await compareDecisions()
        let judgement = traffic.recorder.judge(traffic.transcripts + witness.transcripts)
        let holders = traffic.recorder.holders
        traffic.end()
        for fault in judgement.faults.prefix(20) { Terminal.complain("\(fault)\n") }
        for fault in holders.faults.prefix(20) { Terminal.complain("\(fault)\n") }
        for trouble in troubles { Terminal.complain("\(trouble)\n") }
        let held = judgement.held && holders.faults.isEmpty && troubles.isEmpty && unresolved.isEmpty && !isInterrupted
        let figures = figures(judgement, holders, unresolved.count)
        let title = "callslip chaos, seed \(seed): \(held ? "held" : "did not hold")"
        try Files.write(folder + "/timeline.svg", Picture.svg(timeline, title: title, figures: figures), mode: 0o644)
        Terminal.say("\(figures.joined(separator: ", "))\n\(held ? "held" : "DID NOT HOLD"); the picture is \(folder)/timeline.svg")
        return held
    }

    /// Coordinators that have applied the same must be the same.
    private func compareReplicas() async {
        await wait("the coordinators to agree", withinMs: Self.healMs) { [cluster] in
            var states: Set<String> = []
            for name in cluster.coordinators {
                guard let raft = await cluster.status(name)?.raft else { return false }
                if let halted = raft.halted {
                    troubles.append("\(name) has stopped applying: \(halted)")
                    return true
                }
                states.insert("\(raft.appliedIndex) \(raft.digest)")
            }
            return states.count == 1
        }
    }

    /// What was answered as done must be so at every library's node.
    private func compareDecisions() async {
        troubles += clerks.flatMap { $0.faults.prefix(10) }
        troubles += clerks.filter { $0.done == 0 }.map { "\($0.library): its clerk was told of nothing that it was done" }
        var differences: [String] = []
        await wait("all nodes to know what was decided", withinMs: Self.healMs) { [clerks, cluster] in
            differences = []
            for clerk in clerks {
                for node in cluster.libraries {
                    if let difference = await clerk.difference(at: node) { differences.append(difference) }
                }
            }
            return differences.isEmpty
        }
        troubles += differences.prefix(10)
    }

    private func figures(_ judgement: Judgement, _ holders: Holders, _ unresolved: Int) -> [String] {
        let (lost, doubled) = (judgement.count(.lost), judgement.count(.doubled))
        var parts = [
            "chats \(traffic.visitors.count)", "acknowledged \(judgement.acknowledged)", "lost \(lost)", "doubled \(doubled)",
            "other faults \(judgement.faults.count - lost - doubled)", "double holders \(holders.faults.count)", "unresolved \(unresolved)",
            "decisions \(clerks.reduce(0) { $0 + $1.done }), asked again \(clerks.reduce(0) { $0 + $1.repeats })",
            "longest pause \(traffic.recorder.longestMs) ms",
            "held first \(traffic.recorder.mergedInAll), safe after \(traffic.recorder.longestHeldMs) ms at most", "assaults \(assaults)",
            "processes that ended by themselves \(ends)",
        ]
        let after = Distribution(afterKillsMs)
        if let median = after.median, let worst = after.worst {
            parts.append("next safe after \(after.count) leader kills: median \(median) ms, worst \(worst) ms")
        }
        return parts
    }
}
