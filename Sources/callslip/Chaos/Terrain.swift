/// The network of a chaos run: one bridge in this process's own network namespace, and a namespace for each node behind it.
///
/// Everything is made inside of the namespaces that `cluster/chaos` has made for this process (network, mounts, processes):
/// the kernel takes all of it away when this process ends, however it ends, and no address outside can be reached from here.

import EventLoop
import Glibc

@ClusterActor
final class Terrain {
    /// Where this process itself, with all clients, stands.
    static let ownAddress = "10.77.0.1"
    static func address(_ number: Int) -> String { "10.77.0.\(10 + number)" }

    /// Packets from the first to the second.
    struct Way: Hashable {
        var from: String
        var to: String
    }

    private let folder: String
    private let tool: Tool
    /// What each fault at work cuts; two may cut the same.
    private var cuts: [Int: Set<Way>] = [:]
    private var losses: [Int: Int] = [:]
    private var last = 0

    /// The program that holds packets back (`chaos-delay.c`).
    private let delayTool: String
    private static let queueRule = ["FORWARD", "-j", "NFQUEUE", "--queue-num", "0", "--queue-bypass"]

    init(folder: String, delayTool: String) {
        self.folder = folder
        self.delayTool = delayTool
        tool = Tool(log: folder + "/terrain.log")
    }

    /// Whether this process is alone in namespaces of its own: the first of its processes, and with no link but loopback.
    nonisolated static func isOwn() -> Bool {
        let links = (Files.read("/proc/net/dev") ?? "").split(separator: "\n").dropFirst(2)
        return getpid() == 1 && links.allSatisfy { $0.drop { $0 == " " }.hasPrefix("lo:") }
    }

    func make(_ names: [String]) async throws {
        var lines = ["link set lo up", "link add chaos type bridge", "addr add \(Self.ownAddress)/24 dev chaos", "link set chaos up"]
        for (number, name) in names.enumerated() {
            try await tool.run("ip", "netns", "add", name)
            lines.append("link add v\(number) type veth peer name eth0 netns \(name)")
            lines.append("link set v\(number) master chaos up")
        }
        let batch = folder + "/links"
        try Files.write(batch, lines.joined(separator: "\n") + "\n", mode: 0o600)
        try await tool.run("ip", "-batch", batch)
        for (number, name) in names.enumerated() {
            let inside = [
                "link set lo up", "addr add \(Self.address(number))/24 dev eth0", "link set eth0 up",
                "route add default via \(Self.ownAddress)",
            ]
            try Files.write(batch, inside.joined(separator: "\n") + "\n", mode: 0o600)
            try await tool.run("ip", "-netns", name, "-batch", batch)
        }
        try await render()
    }

    /// - Returns: a number by which it can be undone.
    func cut(_ ways: Set<Way>) async throws -> Int {
        last += 1
        cuts[last] = ways
        try await render()
        return last
    }

    func lose(percent: Int) async throws -> Int {
        last += 1
        losses[last] = percent
        try await render()
        return last
    }

    /// Holds all packets between nodes back. Queues of the kernel's need the older tables; only while it lasts do bridged packets pass those.
    /// - Returns: the process that does it, for `endDelay`.
    func delay(baseMs: Int, spreadMs: Int) async throws -> pid_t {
        let pid = try Spawn.run(delayTool, ["\(baseMs)", "\(spreadMs)"], log: folder + "/delay.log")
        do {
            try Files.write("/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n", mode: 0o644)
            try await tool.run(["iptables", "-A"] + Self.queueRule)
        } catch {
            stop(pid)
            throw error
        }
        return pid
    }

    /// What is held back then is lost, and sent again by those who miss it.
    func endDelay(_ pid: pid_t) async throws {
        let hasEnded = waitpid(pid, nil, WNOHANG) == pid
        if !hasEnded { stop(pid) }
        try await tool.run(["iptables", "-D"] + Self.queueRule)
        guard !hasEnded else { throw LocalClusterError("the delay ended before its time: \(Files.read(folder + "/delay.log") ?? "")") }
    }

    private func stop(_ pid: pid_t) {
        _ = kill(pid, SIGKILL)
        _ = waitpid(pid, nil, 0)
    }

    func heal(_ number: Int) async throws {
        cuts[number] = nil
        losses[number] = nil
        try await render()
    }

    func healAll() async throws {
        cuts = [:]
        losses = [:]
        try await render()
    }

    /// The whole table at once, in one transaction: what holds now, and nothing of before.
    private func render() async throws {
        let ways = cuts.values.reduce(into: Set<Way>()) { $0.formUnion($1) }
        let elements = ways.map { "\($0.from) . \($0.to)" }.sorted().joined(separator: ", ")
        let loss = losses.values.max().map { "numgen random mod 100 < \($0) drop" } ?? ""
        let drop = "ip saddr . ip daddr @cut drop"
        let table = """
            table bridge chaos {}
            delete table bridge chaos
            table bridge chaos {
              set cut { type ipv4_addr . ipv4_addr; \(elements.isEmpty ? "" : "elements = { \(elements) }") }
              chain forward { type filter hook forward priority 0; \(drop); ether type ip \(loss.isEmpty ? "accept" : loss); }
              chain input { type filter hook input priority 0; \(drop); }
              chain output { type filter hook output priority 0; \(drop); }
            }

            """
        let file = folder + "/rules"
        try Files.write(file, table, mode: 0o600)
        try await tool.run("nft", "-f", file)
    }
}
