/// `callslip demo`: a whole cluster on this machine, a page that shows both sides of a chat, and a button that kills the leader.

import ArgumentParser
import EventLoop
import FoundationEssentials
import Glibc
import Node
import Web

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run three coordinators and three library nodes on loopback, to look at.")

    @Option(help: "Folder for data, configuration and logs.")
    var directory = "run/demo"

    @Option(help: "The consortium's file.")
    var consortium = "cluster/sample.yaml"

    @Option(help: "The first of forty ports: the demonstration's page; the nodes follow.")
    var port: UInt16 = 7100

    @Option(help: "Serve the clients' files from this directory instead of the built-in ones (development).")
    var assets: String?

    @Flag(help: "Keep the data of the run before.")
    var keep = false

    @Flag(help: "Play the whole story without a person, compare all copies, and end: status 0 when nothing was lost or doubled.")
    var check = false

    @Option(
        help:
            "With --check: a program of an earlier version, with which two coordinators and a library's node begin; what is started again runs this one."
    )
    var previous: String?

    func run() async throws {
        let yaml = try Files.text(of: consortium)
        if check {
            guard !keep else { throw ValidationError("--check needs fresh data; leave out --keep") }
            return try await Self.check(
                directory: try Self.absolute(directory), yaml: yaml, port: port, previous: try previous.map(Self.absolute))
        }
        guard previous == nil else { throw ValidationError("--previous goes with --check") }
        let options = try assets.map { ["--assets", try Self.absolute($0)] } ?? []
        try await Self.run(directory: try Self.absolute(directory), yaml: yaml, port: port, fresh: !keep, options: options)
    }

    static func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { throw ValidationError("the current folder is gone") }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }

    @ClusterActor
    private static func run(directory: String, yaml: String, port: UInt16, fresh: Bool, options: [String]) async throws {
        let ending = Ending()
        let signals = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(on: ClusterActor.loop, signal: signal) { ending.end(with: 0) }
        }
        let cluster = try LocalCluster(
            folder: directory, basePort: port, frameAncestor: "http://127.0.0.1:\(port)", options: options)
        cluster.onUnexpectedExit = { name, status in
            Terminal.complain("\(name) ended by itself (status \(status)); see \(directory)/\(name).log\n")
        }
        do {
            try cluster.prepare(fresh: fresh)
            try await cluster.bringUp(importing: yaml)
            let page = DemoSite(cluster: cluster, port: port)
            try await page.start()
            Terminal.say(announcement(cluster, port: port))
            _ = await ending.wait()
            await page.stop()
        } catch {
            await cluster.stopAll()
            throw error
        }
        Terminal.say("stopping …")
        await cluster.stopAll()
        for signal in signals { signal.close() }
    }

    /// The story. A signal ends this process, and the nodes end with their parent.
    @ClusterActor
    private static func check(directory: String, yaml: String, port: UInt16, previous: String?) async throws {
        let cluster = try LocalCluster(
            folder: directory, basePort: port, frameAncestor: "http://127.0.0.1:\(port)", previous: previous)
        var unexpected = 0
        cluster.onUnexpectedExit = { name, status in
            unexpected += 1
            Terminal.complain("\(name) ended by itself (status \(status)); see \(directory)/\(name).log\n")
        }
        let story = Story(cluster)
        do {
            try cluster.prepare(fresh: true)
            let short = Story.withShortTimes(yaml)
            try await cluster.bringUp(importing: short)
            let held = try await story.tell(short)
            story.end()
            await cluster.stopAll()
            guard held, unexpected == 0 else { throw ExitCode.failure }
        } catch {
            story.end()
            await cluster.stopAll()
            throw error
        }
    }

    @ClusterActor
    private static func announcement(_ cluster: LocalCluster, port: UInt16) -> String {
        """

        Open   http://127.0.0.1:\(port)/   a library's page and an operator's desk, side by side, and a button that kills the leader

        One by one:
          Memorial Library's page     http://127.0.0.1:\(port)/library/memorial
          the same, with the snippet
          of the old vendor           http://127.0.0.1:\(port)/legacy/memorial
          desks                       \(LocalCluster.libraries.map { cluster.webURL($0) + "/desk" }.joined(separator: "  "))
          accounts                    mia.memorial / reading-room-1   cora.college / open-all-night-1   stan.steenbock / green-fields-1
          status                      callslip status --node \(cluster.webURL("memorial"))
          logs and data               \(cluster.folder)

        Ctrl-C stops all of it.
        """
    }
}

extension LocalCluster {
    /// Starts every process, waits until all serve and a leader is known, and imports the consortium.
    func bringUp(importing yaml: String) async throws {
        try startAll()
        for name in Self.coordinators + Self.libraries {
            try await Wait.until("\(name) to be ready", withinMs: 30_000) { [self] in
                let response = try? await NodeClient.request(.get, webURL(name) + "/readyz", timeoutMs: 1_000)
                return response?.status == 200
            }
        }
        try await Wait.until("a leader", withinMs: 30_000) { [self] in await leader() != nil }
        // Passwords go to their home nodes, which the importing node must have met.
        try await Wait.until("the nodes to know each other", withinMs: 30_000) { [self] in
            let members = await status("memorial")?.members ?? []
            return members.filter { $0.state == "alive" }.count == Self.coordinators.count + Self.libraries.count
        }
        let admin = try NodeClient.admin(data: "\(folder)/memorial")
        let response = try await NodeClient.importFile(yaml, url: admin.url, token: admin.token)
        guard response.status == 200 else { throw LocalClusterError("the import was refused: \(response.text)") }
    }

    func status(_ name: String) async -> NodeStatus? {
        guard let response = try? await NodeClient.request(.get, webURL(name) + "/api/status", timeoutMs: 1_000), response.status == 200
        else {
            return nil
        }
        return NodeStatus.read(response.body)
    }

    /// The coordinator that leads, by its own word.
    func leader() async -> String? {
        for name in Self.coordinators where (processes[name]?.pid ?? 0) > 0 {
            if let raft = await status(name)?.raft, raft.role == "leader" { return name }
        }
        return nil
    }
}
