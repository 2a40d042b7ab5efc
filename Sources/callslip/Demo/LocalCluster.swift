/// A whole cluster on loopback, as processes of this very program: three coordinators and three library nodes, started,
/// watched, killed and restarted by name. Used by the demonstration, its check, and the benchmark.

import EventLoop
import Glibc
import TLS

/// One process of the cluster.
struct LocalProcess {
    let name: String
    let configPath: String
    let logPath: String
    let webPort: UInt16
    var pid: pid_t = 0
    /// Whether it is meant to run: an exit that nobody asked for is reported.
    var wanted = false
}

struct LocalClusterError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// The path of this very program.
func ownProgram() throws -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    guard length > 0 else { throw LocalClusterError("cannot find this program's own path: \(String(cString: strerror(errno)))") }
    return String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

@ClusterActor
final class LocalCluster {
    /// The cluster's name in the nodes' files.
    static let name = "demo"
    static let coordinators = ["c1", "c2", "c3"]
    static let libraries = ["memorial", "college", "steenbock"]
    /// A coordinator that is not started at first, and can be added.
    static let newcomer = "c4"
    static let newcomerID = 4

    let folder: String
    let basePort: UInt16
    private(set) var processes: [String: LocalProcess] = [:]
    let program: String
    private let frameAncestor: String
    /// A program of an earlier version, and the nodes that begin with it; when they are started again they run this one.
    private let previous: String?
    private var notUpdated: Set<String> = ["c1", "c2", "memorial"]
    /// More words for `serve`.
    private let options: [String]
    /// Whether its peer links have TLS.
    let hasTLS: Bool
    private let authority: AuthorityFolder
    /// Told when a process ended that was meant to run.
    var onUnexpectedExit: ((String, Int32) -> Void)?
    private let reaper = Timer(on: ClusterActor.loop)

    /// - Parameters:
    ///   - folder: for data, configuration and logs; made when missing.
    ///   - basePort: 0…39 above it are used: web, then peers, then gossip.
    ///   - options: more words for `callslip serve`.
    ///   - previous: a program of an earlier version, with which a majority of the coordinators and a library's node begin; without TLS, which
    ///     earlier versions may not know, while the others take links of both kinds.
    ///   - hasTLS: whether peer links have TLS, with an authority of this folder's own.
    init(
        folder: String, basePort: UInt16, frameAncestor: String, options: [String] = [], previous: String? = nil, hasTLS: Bool = true
    ) throws {
        self.folder = folder
        self.hasTLS = hasTLS
        authority = try AuthorityFolder(folder + "/ca")
        self.options = options
        self.previous = previous
        self.basePort = basePort
        self.frameAncestor = frameAncestor
        program = try ownProgram()
    }

    /// Where a process listens for its peers.
    func peerPort(_ name: String) -> UInt16 { (processes[name]?.webPort ?? 0) + 10 }

    func webURL(_ name: String) -> String { "http://127.0.0.1:\(processes[name]?.webPort ?? 0)" }

    // MARK: Files

    /// Writes the configuration of every node. Existing data is kept unless `fresh`.
    func prepare(fresh: Bool) throws {
        if fresh { try removeFolder() }
        try Files.makeFolder(folder)
        let keyringPath = folder + "/keyring"
        if access(keyringPath, F_OK) != 0 {
            try Files.write(keyringPath, Files.randomHex(bytes: 32) + "\n", mode: 0o600)
        }
        if hasTLS { try prepareCertificates() }
        for (offset, name) in (Self.coordinators + Self.libraries + [Self.newcomer]).enumerated() {
            let web = basePort + 1 + UInt16(offset)
            try Files.makeFolder("\(folder)/\(name)")
            let config = "\(folder)/\(name).yaml"
            try writeConfiguration(name)
            processes[name] = LocalProcess(name: name, configPath: config, logPath: "\(folder)/\(name).log", webPort: web)
        }
    }

    private func prepareCertificates() throws {
        if access(authority.path + "/ca.pem", F_OK) != 0 {
            _ = try authority.make(name: "Demonstration", days: CertificateAuthority.daysUsual)
        }
        for name in Self.coordinators + Self.libraries + [Self.newcomer] {
            let (path, coordinates) = ("\(authority.path)/\(name).pem", !Self.libraries.contains(name))
            let isThere = access(path, F_OK) == 0
            // A folder may be of a version whose certificates did not tell coordinators from others.
            if isThere, try CertificateFacts(pem: try Files.text(of: path)).coordinates == coordinates { continue }
            _ = try authority.issue(
                name, coordinates: coordinates, into: authority.path, days: CertificateAuthority.nodeDaysUsual, renew: isThere)
        }
    }

    /// What a process that plays a node shows its peers; nil where links have no TLS.
    func credentials(for node: String) throws -> TLSCredentials? { hasTLS ? try authority.credentials(for: node) : nil }

    private func writeConfiguration(_ name: String) throws {
        // Each has a file of its own, as on machines of their own: a node writes it when keys are turned.
        let keyring = "\(folder)/\(name).keyring"
        if access(keyring, F_OK) != 0 { try Files.write(keyring, try Files.text(of: folder + "/keyring"), mode: 0o600) }
        let text = configuration(name, keyring: keyring)
        try Files.write("\(folder)/\(name).yaml", text, mode: 0o600)
    }

    private func tlsLines(_ name: String) -> [String] {
        guard hasTLS, previous == nil || !notUpdated.contains(name) else { return [] }
        let (path, plainToo) = (authority.path, previous == nil ? "" : ", plainToo: true")
        return ["tls: {ca: \"\(path)/ca.pem\", certificate: \"\(path)/\(name).pem\", key: \"\(path)/\(name).key\"\(plainToo)}"]
    }

    private func configuration(_ name: String, keyring: String) -> String {
        let names = Self.coordinators + Self.libraries + [Self.newcomer]
        let offset = names.firstIndex(of: name) ?? 0
        func port(_ plane: UInt16, _ offset: Int) -> String { "127.0.0.1:\(basePort + plane + UInt16(offset))" }
        let isLibrary = Self.libraries.contains(name)
        // A patron's page knows at least two nodes: this one and the next library's.
        let ring = Self.libraries.firstIndex(of: name).map {
            [Self.libraries[$0], Self.libraries[($0 + 1) % 3], Self.libraries[($0 + 2) % 3]]
        }
        let urls = (ring ?? [name]).compactMap { other in names.firstIndex(of: other).map { "http://\(port(1, $0))" } }
        var lines = [
            "# Written by `callslip demo`; it is written anew at each start.",
            "node: \(name)", "cluster: \(Self.name)", "data: \(folder)/\(name)", "keyring: \(keyring)",
            "roles: [\(isLibrary ? "library" : "coordinator")]", "web: [\"\(port(1, offset))\"]",
            "urls: [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))]", "peer: \"\(port(11, offset))\"",
            "gossip: \"\(port(21, offset))\"",
            "seeds: [\(names.indices.map { "\"\(port(11, $0))\"" }.joined(separator: ", "))]",
            "demo: \"\(frameAncestor)\"",
        ]
        lines += tlsLines(name) + ["coordinators:"]
        for (number, coordinator) in Self.coordinators.enumerated() {
            lines.append("  - {name: \(coordinator), id: \(number + 1), peer: \"\(port(11, number))\"}")
        }
        if name == Self.newcomer {
            lines.append("  - {name: \(name), id: \(Self.newcomerID), peer: \"\(port(11, offset))\"}")
            lines.append("joins: true")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func removeFolder() throws {
        Files.removeFlatFolder(authority.path)
        for name in Self.coordinators + Self.libraries + [Self.newcomer] {
            Files.removeFlatFolder("\(folder)/\(name)")
            unlink("\(folder)/\(name).log")
        }
    }

    // MARK: Processes

    func start(_ name: String) throws {
        guard var process = processes[name], process.pid == 0 else { return }
        let isOld = notUpdated.remove(name) != nil
        // With the new version comes what only that one knows.
        if previous != nil, !isOld { try writeConfiguration(name) }
        process.pid = try Spawn.run(
            isOld ? previous ?? program : program, ["serve", "--config", process.configPath, "--parent", "\(getpid())"] + options,
            log: process.logPath)
        process.wanted = true
        processes[name] = process
    }

    func startAll(_ names: [String] = LocalCluster.coordinators + LocalCluster.libraries) throws {
        for name in names { try start(name) }
        reaper.start(afterMs: 100, repeatMs: 100) { [self] in reap() }
    }

    /// Sends the signal and waits for the end; `SIGKILL` is what a crash looks like.
    func kill(_ name: String, signal: Int32 = SIGKILL) async throws {
        guard var process = processes[name], process.pid > 0 else { return }
        let pid = process.pid
        process.wanted = false
        processes[name] = process
        guard Glibc.kill(pid, signal) == 0 else { throw LocalClusterError("kill \(name): \(String(cString: strerror(errno)))") }
        try await Wait.until("\(name) to end", withinMs: 15_000) { [self] in
            reap()
            return processes[name]?.pid == 0
        }
    }

    /// Ends what is still running, orderly first.
    func stopAll() async {
        for name in processes.keys.sorted() { processes[name]?.wanted = false }
        for process in processes.values where process.pid > 0 { _ = Glibc.kill(process.pid, SIGTERM) }
        do {
            try await Wait.until("the cluster to stop", withinMs: 8_000) { [self] in
                reap()
                return processes.values.allSatisfy { $0.pid == 0 }
            }
        } catch {
            Terminal.complain("\(error); ending it\n")
            for process in processes.values where process.pid > 0 { _ = Glibc.kill(process.pid, SIGKILL) }
            reap()
        }
        reaper.close()
    }

    private func reap() {
        for (name, process) in processes where process.pid > 0 {
            var status: Int32 = 0
            guard waitpid(process.pid, &status, WNOHANG) == process.pid else { continue }
            processes[name]?.pid = 0
            if process.wanted { onUnexpectedExit?(name, status) }
        }
    }
}
