/// A chapter of the story: the consortium's file is imported again by hand, into a service in full use.

import EventLoop
import FoundationEssentials
import Glibc

extension Story {
    func importing(_ yaml: String) async throws {
        try await step("the consortium's file is imported again, and one with mistakes is refused line by line") {
            let good = cluster.folder + "/again.yaml"
            try Files.write(good, yaml, mode: 0o600)
            for _ in 1...2 {
                let again = try await callslip(["import", good, "--data", cluster.folder + "/steenbock"])
                guard again.status == 0 else { throw LocalClusterError("importing again ended with \(again.status): \(again.output)") }
            }
            let bad = cluster.folder + "/mistaken.yaml"
            try Files.write(bad, "general: {queue: general}\nlibraries:\n  - {name: law, node: Steen Bock, fallback: later}\n", mode: 0o600)
            let refused = try await callslip(["import", bad, "--data", cluster.folder + "/steenbock"])
            guard refused.status == 65, refused.output.contains("\(bad):3: ") else {
                throw LocalClusterError("a file with mistakes ended with \(refused.status): \(refused.output)")
            }
            try await allFlow(3)
        }
    }

    /// Runs this very program, and gives its status and output.
    func callslip(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        let log = cluster.folder + "/command.log"
        unlink(log)
        let pid = try Spawn.run(cluster.program, arguments, log: log)
        var status: Int32 = 0
        try await Wait.until("callslip \(arguments.joined(separator: " "))", withinMs: 30_000) { waitpid(pid, &status, WNOHANG) == pid }
        // The status word of a normal end keeps the exit status in its second byte.
        return ((status >> 8) & 0xff, Files.read(log) ?? "")
    }
}
