/// Runs a command of the system to its end.

import EventLoop
import Glibc

struct Tool {
    /// Where what it prints is gathered, and read when it fails.
    let log: String
    static let withinMs: UInt64 = 15_000

    @ClusterActor
    func run(_ words: String...) async throws { try await run(words) }

    @ClusterActor
    func run(_ words: [String]) async throws {
        unlink(log)
        let pid = try Spawn.run(words[0], Array(words.dropFirst()), log: log)
        var status: Int32 = 0
        do {
            try await Wait.until("`\(words.joined(separator: " "))`", withinMs: Self.withinMs) { waitpid(pid, &status, WNOHANG) == pid }
        } catch {
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, &status, 0)
            throw error
        }
        guard status == 0 else {
            throw LocalClusterError("`\(words.joined(separator: " "))` failed (status \(status)): \(Files.read(log) ?? "")")
        }
    }
}
