/// How long nobody is acknowledged when the leader is killed: from the signal to the first safe acknowledgement of a message that was said after it.

import EventLoop
import Glibc
import Measuring

@ClusterActor
struct KillBench {
    static let kills = 10
    static let patrons = 200
    /// A message is said so often, whatever became of those before it.
    static let sayEveryMs: UInt64 = 10
    static let calmMs: UInt64 = 1_500
    /// A restarted coordinator counts as caught up at this distance from the leader, as messages go on.
    static let behindMax: UInt64 = 50

    let folder: String
    let port: UInt16

    func run(into report: inout BenchReport, progress: (String) -> Void) async throws {
        let pauses = try await BenchCluster.with(folder: folder + "/callslip", port: port) { cluster in
            let crowd = PatronCrowd(at: cluster.webURL(BenchCluster.node), queue: try BenchCluster.queue(), messageBytes: 256)
            let failure = Later<String>()
            crowd.onFailure = { failure.value = $0 }
            try await crowd.gather(Self.patrons)
            let timer = Timer(on: ClusterActor.loop)
            timer.start(afterMs: Self.sayEveryMs, repeatMs: Self.sayEveryMs) { _ = crowd.say() }
            defer {
                timer.close()
                crowd.close()
            }
            var pauses: [Double] = []
            for number in 1...Self.kills {
                progress("kill \(number) of \(Self.kills)")
                await Wait.pause(ms: Self.calmMs)
                pauses.append(try await kill(cluster, crowd, failure))
            }
            return pauses
        }
        report.kills = BenchReport.Kills(pausesMs: pauses)
    }

    private func kill(_ cluster: LocalCluster, _ crowd: PatronCrowd, _ failure: Later<String>) async throws -> Double {
        guard let leader = await cluster.leader() else { throw LocalClusterError("nobody leads") }
        let acknowledgedNs = Later<UInt64>()
        let killedNs = Loop.monotonicNs()
        crowd.onAcknowledged = { saidNs in
            if saidNs >= killedNs, acknowledgedNs.value == nil { acknowledgedNs.value = Loop.monotonicNs() }
        }
        try await cluster.kill(leader)
        try await Wait.until("an acknowledgement after the leader's kill", withinMs: 30_000) {
            acknowledgedNs.value != nil || failure.value != nil
        }
        if let failure = failure.value { throw LocalClusterError(failure) }
        try cluster.start(leader)
        try await BenchCluster.ready(cluster, leader)
        try await Wait.until("\(leader) to have caught up", withinMs: 30_000) {
            guard let now = await cluster.leader(), let leading = await cluster.status(now)?.raft,
                let own = await cluster.status(leader)?.raft
            else { return false }
            return now != leader && own.appliedIndex + Self.behindMax >= leading.appliedIndex
        }
        return Double((acknowledgedNs.value ?? killedNs) - killedNs) / 1e6
    }
}
