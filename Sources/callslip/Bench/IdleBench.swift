/// What a node costs that has nothing to do, and what a thousand patrons cost that have nothing to say.

import EventLoop
import Glibc
import Measuring

@ClusterActor
struct IdleBench {
    static let sockets = 1_000
    static let settleMs: UInt64 = 3_000

    let folder: String
    let port: UInt16
    let seconds: Double

    func run(into report: inout BenchReport) async throws {
        report.idle = try await BenchCluster.with(folder: folder + "/callslip", port: port) { cluster in
            await Wait.pause(ms: Self.settleMs)
            guard let leader = await cluster.leader(), let node = cluster.processes[BenchCluster.node]?.pid,
                let leading = cluster.processes[leader]?.pid
            else { throw LocalClusterError("nobody leads") }
            let nodeCores = try await cores(node, leading)
            let (nodeMB, leaderMB) = (try ProcessUsage.residentMB(of: node), try ProcessUsage.residentMB(of: leading))
            let crowd = PatronCrowd(at: cluster.webURL(BenchCluster.node), queue: nil, messageBytes: 0)
            defer { crowd.close() }
            try await crowd.gather(Self.sockets)
            await Wait.pause(ms: Self.settleMs)
            return BenchReport.Idle(
                nodeMB: nodeMB, nodeCores: nodeCores.node, leaderMB: leaderMB, leaderCores: nodeCores.leader, sockets: Self.sockets,
                socketsMB: try ProcessUsage.residentMB(of: node) - nodeMB)
        }
    }

    private func cores(_ node: pid_t, _ leader: pid_t) async throws -> (node: Double, leader: Double) {
        let before = (try ProcessUsage.cpuSeconds(of: node), try ProcessUsage.cpuSeconds(of: leader), Loop.monotonicNs())
        await Wait.pause(ms: UInt64(seconds * 1_000))
        let elapsed = Double(Loop.monotonicNs() - before.2) / 1e9
        return (
            (try ProcessUsage.cpuSeconds(of: node) - before.0) / elapsed, (try ProcessUsage.cpuSeconds(of: leader) - before.1) / elapsed
        )
    }
}
