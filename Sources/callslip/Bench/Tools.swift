/// The programs that the benchmark compares with, as child processes: found, run, and ended whatever happens.

import EventLoop
import Glibc

@ClusterActor
final class Tools {
    private var running: Set<pid_t> = []

    /// Where a program is, or `nil` when it is not installed.
    nonisolated static func find(_ name: String) -> String? {
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    func start(_ program: String, _ arguments: [String], log: String) throws -> pid_t {
        let pid = try Spawn.run(program, arguments, log: log)
        running.insert(pid)
        return pid
    }

    /// Runs a program to its end and gives what it wrote.
    func run(_ program: String, _ arguments: [String], log: String, withinMs: UInt64) async throws -> String {
        unlink(log)
        let pid = try start(program, arguments, log: log)
        let ended = Later<Int32>()
        do {
            try await Wait.until("\(program) to end", withinMs: withinMs) {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid { ended.value = status }
                return ended.value != nil
            }
        } catch {
            end(pid, SIGKILL)
            throw error
        }
        running.remove(pid)
        let text = Files.read(log) ?? ""
        guard let status = ended.value, status == 0 else {
            throw LocalClusterError("\(program) failed (status \(ended.value ?? -1)): \(text.suffix(500))")
        }
        return text
    }

    /// Ends a program and waits for it.
    func end(_ pid: pid_t, _ signal: Int32 = SIGTERM) {
        guard running.remove(pid) != nil else { return }
        _ = kill(pid, signal)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    func endAll() {
        for pid in running { end(pid, SIGKILL) }
    }
}

/// A value that a callback brings while somebody waits for it.
@ClusterActor
final class Later<Value> {
    var value: Value?
}

extension TCPStream {
    /// A connection to a port of this machine.
    @ClusterActor
    static func local(port: UInt16) async throws -> TCPStream {
        let result = Later<Result<TCPStream, LoopError>>()
        TCPStream.connect(on: ClusterActor.loop, host: "127.0.0.1", port: port, timeoutMs: 2_000) { result.value = $0 }
        try await Wait.until("a connection to port \(port)", withinMs: 4_000) { result.value != nil }
        guard let stream = try result.value?.get() else { throw LocalClusterError("port \(port) does not answer") }
        return stream
    }
}
