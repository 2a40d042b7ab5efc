/// How fast a change is known everywhere: an operator's availability by our nodes, and, for comparison, a tag by as many serf agents.

import EventLoop
import Glibc
import Measuring

@ClusterActor
struct GossipBench {
    static let changes = 10
    static let calmMs: UInt64 = 700

    let folder: String
    let port: UInt16
    let tools: Tools

    func run(into report: inout BenchReport) async throws {
        let names = LocalCluster.coordinators + LocalCluster.libraries
        var spread = try await BenchCluster.with(folder: folder + "/callslip", port: port, libraries: LocalCluster.libraries) { cluster in
            let urls = names.map { "\(cluster.webURL($0))/presence/jid/\(BenchCluster.queueText)/chat.local/text" }
            let desk = try await DeskSession.signIn(
                BenchCluster.account, password: BenchCluster.password, at: cluster.webURL(BenchCluster.node))
            defer { desk.close() }
            try await Wait.until("the desk", withinMs: 20_000) { desk.me != nil && desk.board != nil }
            var spread = BenchReport.Spread(onMs: [], offMs: [], serfMs: [], nodes: urls.count)
            for _ in 0..<Self.changes {
                spread.onMs.append(try await change(desk, true, until: "available", at: urls))
                spread.offMs.append(try await change(desk, false, until: "unavailable", at: urls))
            }
            return spread
        }
        if let serf = Tools.find("serf") {
            let bench = SerfBench(program: serf, tools: tools, folder: folder + "/serf", port: port + 60, agents: names.count)
            let changes = try await bench.run()
            spread.serfMs = changes.compactMap { $0 }
            let missed = changes.count { $0 == nil }
            if missed > 0 {
                report.notes.append("\(missed) of serf's tags: not known to every agent within \(SerfBench.knownMsMax / 1_000) s")
            }
        } else {
            report.notes.append("serf's figures: `serf` is not installed (Debian's serf)")
        }
        report.spread = spread
    }

    /// From the operator's click until every node's presence API says it.
    private func change(_ desk: DeskSession, _ available: Bool, until state: String, at urls: [String]) async throws -> Double {
        await Wait.pause(ms: Self.calmMs)
        let beganNs = Loop.monotonicNs()
        try await desk.setAvailable(try BenchCluster.queue(), available)
        var waiting = urls
        while let url = waiting.last {
            let response = try? await NodeClient.request(.get, url, timeoutMs: 1_000)
            if response?.text == state {
                waiting.removeLast()
            } else {
                guard Loop.monotonicNs() - beganNs < 30_000_000_000 else {
                    throw LocalClusterError("\(url) did not say `\(state)` within 30 s")
                }
                await Wait.pause(ms: 2)
            }
        }
        return Double(Loop.monotonicNs() - beganNs) / 1e6
    }
}

/// Serf agents on loopback, watched by what they log as their gossip arrives.
@ClusterActor
struct SerfBench {
    let program: String
    let tools: Tools
    let folder: String
    /// The first of twice as many ports as agents: for gossip, then for their own clients.
    let port: UInt16
    let agents: Int

    /// An agent that misses a change learns of it by the exchange of whole states, which happens every 30 s.
    static let knownMsMax: UInt64 = 10_000

    /// Milliseconds of each change; `nil` where it was not known everywhere in time.
    func run() async throws -> [Double?] {
        try Files.makeFolder(folder)
        var pids: [pid_t] = []
        defer { for pid in pids { tools.end(pid, SIGKILL) } }
        for number in 0..<agents {
            var arguments = [
                "agent", "-node=n\(number)", "-bind=127.0.0.1:\(port + UInt16(number))", "-rpc-addr=\(clientAddress(number))",
                "-profile=lan",
                "-log-level=info",
            ]
            if number > 0 { arguments += ["-retry-join=127.0.0.1:\(port)", "-retry-interval=1s"] }
            unlink(log(number))
            pids.append(try tools.start(program, arguments, log: log(number)))
        }
        try await Wait.until("\(agents) serf agents to meet", withinMs: 30_000) {
            (0..<agents).allSatisfy { at in (0..<agents).allSatisfy { seen("EventMemberJoin: n\($0) ", at) >= 1 } }
        }
        var took: [Double?] = []
        for change in 1...GossipBench.changes {
            await Wait.pause(ms: GossipBench.calmMs)
            took.append(try await retag(agent: change % agents, change))
        }
        return took
    }

    /// From when the agent itself knows its new tag until all others do.
    private func retag(agent: Int, _ change: Int) async throws -> Double? {
        let event = "EventMemberUpdate: n\(agent)"
        let before = (0..<agents).map { seen(event, $0) }
        let pid = try tools.start(
            program, ["tags", "-rpc-addr=\(clientAddress(agent))", "-set", "open=v\(change)"], log: folder + "/tags.log")
        defer { tools.end(pid) }
        try await Wait.until("a serf agent to change its tag", withinMs: 10_000) { seen(event, agent) > before[agent] }
        let beganNs = Loop.monotonicNs()
        do {
            try await Wait.until("every serf agent to know a tag", withinMs: Self.knownMsMax) {
                (0..<agents).allSatisfy { seen(event, $0) > before[$0] }
            }
        } catch is Wait.TimedOut {
            return nil
        }
        return Double(Loop.monotonicNs() - beganNs) / 1e6
    }

    private func clientAddress(_ number: Int) -> String { "127.0.0.1:\(Int(port) + agents + number)" }
    private func log(_ number: Int) -> String { "\(folder)/n\(number).log" }

    private func seen(_ event: String, _ agent: Int) -> Int {
        (Files.read(log(agent)) ?? "").split(separator: "\n").count { ($0 + " ").contains(event) }
    }
}
