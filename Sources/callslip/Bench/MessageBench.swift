/// Durably acknowledged messages a second: ours at a node and at a peer link, and etcd's, in turn, round by round.

import EventLoop
import Measuring

@ClusterActor
struct MessageBench {
    /// A connection may send 40 frames a second for long, and a chat holds 1,800 messages: a load needs many of both.
    nonisolated static let patrons = 1_000

    let folder: String
    let port: UInt16
    let tools: Tools
    let seconds: Double
    let rounds: Int
    let messageBytes: Int
    let paths: [BenchReport.Messages.Path]
    let outstanding: [Int]

    func run(into report: inout BenchReport, progress: (String) -> Void) async throws {
        let etcd = paths.contains(.etcd) ? Tools.find("etcd") : nil
        if etcd == nil, paths.contains(.etcd) { report.notes.append("etcd's figures: `etcd` is not installed (Debian's etcd-server)") }
        for outstanding in outstanding {
            progress("messages, \(outstanding) under way")
            report.messages += try await measure(outstanding, etcd: etcd)
        }
    }

    /// Both clusters begin empty for each number, and stay up side by side: what idles costs next to nothing, and each round meets the same hour.
    private func measure(_ outstanding: Int, etcd program: String?) async throws -> [BenchReport.Messages] {
        let etcd = try program.map { try Etcd(program: $0, tools: tools, folder: folder + "/etcd", port: port + 40) }
        defer { etcd?.stop() }
        return try await BenchCluster.with(folder: folder + "/callslip", port: port) { cluster in
            let puts = try await etcd?.connect(messageBytes: messageBytes)
            let crowd = PatronCrowd(at: cluster.webURL(BenchCluster.node), queue: try BenchCluster.queue(), messageBytes: messageBytes)
            defer {
                puts?.close()
                crowd.close()
            }
            try await crowd.gather(Self.patrons)
            let speaker = try await PeerSpeaker.atLeader(of: cluster, chats: Self.patrons, messageBytes: messageBytes)
            defer { speaker.close() }

            var loads: [BenchReport.Messages.Path: [Load]] = [:]
            for _ in 0..<rounds {
                if let etcd, let puts {
                    loads[.etcd, default: []].append(try await etcd.load(puts, outstanding: outstanding, seconds: seconds))
                }
                if paths.contains(.peerLink) {
                    loads[.peerLink, default: []].append(try await speaker.load(outstanding: outstanding, seconds: seconds, at: cluster))
                }
                if paths.contains(.webSocket) { loads[.webSocket, default: []].append(try await load(crowd, outstanding, cluster)) }
            }
            return [.etcd, .peerLink, .webSocket].compactMap { path in
                Load.median(of: loads[path] ?? []).map { BenchReport.Messages(path, outstanding: outstanding, $0) }
            }
        }
    }

    private func load(_ crowd: PatronCrowd, _ outstanding: Int, _ cluster: LocalCluster) async throws -> Load {
        let loop = ClosedLoop(outstanding: outstanding) { crowd.say() }
        crowd.onAcknowledged = { loop.completed(startNs: $0) }
        crowd.onFailure = { loop.failed($0) }
        return try await loop.run(seconds: seconds, servers: cluster.processes.values.map(\.pid).filter { $0 > 0 })
    }
}
