/// Presence requests a second at a node, against nginx serving a static file of the same size, both under wrk.

import EventLoop
import Glibc
import Measuring

@ClusterActor
struct PresenceBench {
    static let connections = 64

    let folder: String
    let port: UInt16
    let tools: Tools
    let seconds: Double
    let rounds: Int

    func run(into report: inout BenchReport) async throws {
        guard let wrk = Tools.find("wrk") else { return report.notes.append("presence: `wrk` is not installed (Debian's wrk)") }
        let nginx = Tools.find("nginx")
        if nginx == nil { report.notes.append("nginx's figures: `nginx` is not installed (Debian's nginx-light)") }
        report.presence = try await BenchCluster.with(folder: folder + "/callslip", port: port) { cluster in
            let ours = "\(cluster.webURL(BenchCluster.node))/presence/jid/\(BenchCluster.queueText)/chat.local/text"
            let body = try await text(ours)
            let server = try nginx.map { try start($0, serving: body) }
            defer { if let server { tools.end(server) } }
            let theirs = "http://127.0.0.1:\(port + 50)/presence.txt"
            if server != nil {
                try await Wait.until("nginx to serve", withinMs: 10_000) { (try? await text(theirs)) == body }
            }
            var rates: (ours: [Double], theirs: [Double]) = ([], [])
            for _ in 0..<rounds {
                rates.ours.append(try await rate(wrk, ours))
                if server != nil { rates.theirs.append(try await rate(wrk, theirs)) }
            }
            return BenchReport.Presence(oursPerSecond: rates.ours.median ?? 0, nginxPerSecond: rates.theirs.median, rounds: rounds)
        }
    }

    private func text(_ url: String) async throws -> String {
        let response = try await NodeClient.request(.get, url, timeoutMs: 2_000)
        guard response.status == 200 else { throw LocalClusterError("\(url) answered \(response.status)") }
        return response.text
    }

    private func rate(_ wrk: String, _ url: String) async throws -> Double {
        let output = try await tools.run(
            wrk, ["-t1", "-c\(Self.connections)", "-d\(max(1, Int(seconds)))s", url], log: folder + "/wrk.log",
            withinMs: UInt64(seconds * 1_000) + 10_000)
        guard !output.contains("Non-2xx"), !output.contains("Socket errors"),
            let line = output.split(separator: "\n").first(where: { $0.contains("Requests/sec:") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw LocalClusterError("wrk at \(url): \(output)") }
        return rate
    }

    /// One worker, the log off and the open file kept: all that favours it.
    private func start(_ program: String, serving body: String) throws -> pid_t {
        let root = folder + "/nginx"
        try Files.makeFolder(root)
        try Files.write(root + "/presence.txt", body, mode: 0o644)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(root)/\($0);" }.joined(separator: " ")
        let user = getuid() == 0 ? "user root; " : ""
        let configuration = """
            \(user)daemon off; worker_processes 1; pid \(root)/pid; error_log \(root)/error.log;
            events { worker_connections 1024; }
            http {
              access_log off; default_type text/plain; keepalive_requests 100000000; open_file_cache max=16; \(temporary)
              server { listen 127.0.0.1:\(port + 50); root \(root); }
            }

            """
        try Files.write(root + "/nginx.conf", configuration, mode: 0o644)
        return try tools.start(program, ["-p", root, "-c", root + "/nginx.conf"], log: root + "/log")
    }
}
