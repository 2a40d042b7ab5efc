/// A chapter of the story: while people chat, a coordinator that leads is replaced by a new machine, and no node's file is changed.

import EventLoop
import FoundationEssentials
import Node

extension Story {
    func replacing(_ cast: Cast) async throws {
        let newcomer = LocalCluster.newcomer
        let late = patron("patron 9", at: ["memorial"], cast.memorial)
        var gone = ""
        try await step("the coordinator that leads is replaced while people chat") {
            late.begin()
            try await late.claimed(by: cast.stan)
            guard let leader = await cluster.leader() else { throw LocalClusterError("nobody leads") }
            gone = leader
            // Asked at another one than that which goes.
            guard let asked = LocalCluster.coordinators.first(where: { $0 != leader }) else { return }
            try cluster.start(newcomer)
            let replaced = try await callslip([
                "coordinators", "replace", leader, newcomer, "--id", "\(LocalCluster.newcomerID)", "--peer",
                "127.0.0.1:\(cluster.peerPort(newcomer))", "--data", "\(cluster.folder)/\(asked)",
            ])
            guard replaced.status == 0 else { throw LocalClusterError("replacing ended with \(replaced.status): \(replaced.output)") }
            try await allFlow(5)
            // It has no vote any more, and is not missed.
            try await kill(leader)
            try await allFlow(5)
        }
        try await step("the new coordinator counts: with one of the others it goes on, and a library's node starts again and finds it") {
            let rest = LocalCluster.coordinators.filter { $0 != gone }
            try await kill(rest[0])
            try await allFlow(5)
            try await restart([rest[0]])
            try await kill(rest[1])
            try await allFlow(5)
            try await kill("college")
            try await restart(["college"])
            try await restart([rest[1]])
            try await allFlow(5)
        }
        try await step("the one that was replaced comes back, and has no say") {
            try cluster.start(gone)
            try await allFlow(5)
            try await Wait.until("\(gone) to know that it is no coordinator", withinMs: 20_000) { [cluster] in
                let response = try? await NodeClient.request(.get, cluster.webURL(gone) + "/readyz", timeoutMs: 1_000)
                return response?.status == 503
            }
            let list = try await callslip(["coordinators", "--data", "\(cluster.folder)/\(newcomer)"])
            guard list.status == 0, list.output.contains(newcomer), !list.output.contains("\(gone) ") else {
                throw LocalClusterError("the coordinators are told as \(list.output)")
            }
        }
    }
}
