/// Chapters of the story: nodes, leaders and all coordinators are lost in the middle of chats, and come back.

import Consortium
import EventLoop

extension Story {
    func losing(_ cast: Cast) async throws {
        let fallen = patron("patron 7", at: ["memorial"], cast.memorial)
        try await step("a transfer whose target dies and whose sender has left falls back") {
            let max = try await desk("max.memorial", "reading-room-2", at: "memorial")
            let cora = try await desk("cora.college", "open-all-night-1", at: "college")
            try await max.setAvailable(cast.memorial)
            try await cast.mia.setAvailable(cast.memorial, false)
            try await cora.setAvailable(cast.college)
            fallen.begin()
            try await fallen.claimed(by: max)
            try await fallen.flows(5)
            _ = try await transfer(fallen, from: max, to: cast.college)
            try await kill("college")
            fallen.abandoned()
            try await max.signOut()
            cora.close()
            try await fallen.claimed(by: cast.stan)
            try await fallen.flows(5)
            try await restart(["college"])
        }
        let moving = patron("patron 8", at: ["college"], cast.college)
        try await step("the leader is killed in the middle of four chats") {
            moving.begin()
            try await moving.claimed(by: cast.stan)
            try await allFlow(5)
            guard let leader = await cluster.leader() else { throw LocalClusterError("nobody leads") }
            try await kill(leader)
            try await Wait.until("another leader than \(leader)", withinMs: 30_000) { [cluster] in
                let now = await cluster.leader()
                return now != nil && now != leader
            }
            try await allFlow(10)
        }
        try await step("the node of a patron is killed, and the patron goes on at another one") {
            guard moving.patron.node?.text == "college" else { throw LocalClusterError("patron 8 is not served by college") }
            try await kill("college")
            try await Wait.until("patron 8 to be served by another node", withinMs: 20_000) {
                moving.patron.isAttached && moving.patron.node?.text != "college"
            }
            try await allFlow(10)
        }
        try await step("what was killed starts again") {
            try await restart(killed)
            try await allFlow(5)
        }
        try await step("all coordinators are killed in the middle of chats, and start again", outage: true) {
            for name in LocalCluster.coordinators { try await kill(name) }
            // What is said now waits with those who said it.
            await Wait.pause(ms: 1_000)
            try await restart(killed)
            try await allFlow(10)
        }
    }
}
