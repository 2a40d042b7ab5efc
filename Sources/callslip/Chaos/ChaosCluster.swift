/// The nodes of a chaos run: real processes of this very program, each in a network namespace and on a small disk of its own, watched and started
/// again when they end, as a service manager would.

import Chaos
import EventLoop
import Glibc
import Node

@ClusterActor
final class ChaosCluster {
    struct Machine {
        let name: String
        let address: String
        let folder: String
        var control: FaultControl
        var pid: pid_t = 0
        var startAtMs: UInt64?
        var isPaused = false
        /// An exit in this moment is somebody's doing.
        var mayEnd = 0
    }

    static let restartAfterMs: UInt64 = 1_000
    static let diskMegabytes = 96
    static let webPort = 7100

    let coordinators: [String]
    let libraries: [String]
    var names: [String] { coordinators + libraries }
    private(set) var machines: [String: Machine] = [:]
    private let operators: Int
    private let folder: String
    private let program: String
    /// The program of an earlier version, and the nodes that still run it.
    private let previous: String?
    private var notUpdated: [String]
    private let faults: String
    private let machinery: Machinery
    private let tool: Tool
    private let watch = Timer(on: ClusterActor.loop)
    /// Told of every end of a process that nobody asked for: its name, what it was, whether a fault at work may cause it.
    var onExit: ((String, String, Bool) -> Void)?

    init(folder: String, coordinators: Int, libraries: Int, operators: Int, faults: String, machinery: Machinery, previous: String?) throws
    {
        self.folder = folder
        self.coordinators = (1...coordinators).map { "c\($0)" }
        self.libraries = (1...libraries).map { "lib\($0)" }
        self.operators = operators
        self.faults = faults
        self.machinery = machinery
        program = try ownProgram()
        self.previous = previous
        notUpdated = previous == nil ? [] : self.coordinators + self.libraries
        tool = Tool(log: folder + "/tool.log")
    }

    func address(_ name: String) -> String { machines[name]?.address ?? "" }
    func url(_ name: String) -> String { "http://\(address(name)):\(Self.webPort)" }

    /// Where a node keeps its data, as this process sees it.
    func data(of name: String) -> String { "\(folder)/\(name)/data" }

    // MARK: Making

    func prepare() async throws {
        let mode = machinery.configurationMode
        unlink(folder + "/keyring")
        try Files.write(folder + "/keyring", Files.randomHex(bytes: 32) + "\n", mode: mode)
        if hasTLS { try prepareCertificates(mode) }
        for (number, name) in names.enumerated() {
            let home = "\(folder)/\(name)"
            try Files.makeFolder(home)
            try await tool.run(
                "mount", "-t", "tmpfs", "-o", "size=\(Self.diskMegabytes)m,mode=0700,uid=\(machinery.user),gid=\(machinery.user)",
                "callslip-\(name)", home)
            let control = try FaultControl(path: "\(folder)/\(name).faults")
            machines[name] = Machine(name: name, address: Terrain.address(number), folder: home, control: control)
        }
        for name in names {
            unlink("\(folder)/\(name).yaml")
            try Files.write("\(folder)/\(name).yaml", configuration(name), mode: mode)
        }
    }

    /// Whether nodes begin with an earlier version.
    var isMixed: Bool { previous != nil }
    /// An earlier version may not know of TLS.
    private var hasTLS: Bool { !isMixed }

    /// An authority of this run, and what each node shows; the keys as readable as the nodes' other files, since these run as another user.
    private func prepareCertificates(_ mode: mode_t) throws {
        let authority = try AuthorityFolder(folder + "/ca")
        Files.removeFlatFolder(authority.path)
        _ = try authority.make(name: "Chaos", days: 1)
        for name in names {
            _ = try authority.issue(
                name, coordinates: coordinators.contains(name), into: authority.path, days: 1, renew: false)
            guard chmod("\(authority.path)/\(name).key", mode) == 0 else {
                throw LocalClusterError("chmod: \(String(cString: strerror(errno)))")
            }
        }
        // Not the folder's other secret.
        unlink(authority.path + "/ca.key")
        guard chmod(authority.path, mode == 0o600 ? 0o700 : 0o755) == 0 else {
            throw LocalClusterError("chmod: \(String(cString: strerror(errno)))")
        }
    }

    private func configuration(_ name: String) -> String {
        let ring = libraries.firstIndex(of: name).map { at in (0..<min(3, libraries.count)).map { libraries[(at + $0) % libraries.count] } }
        let places = machinery.places(name, in: folder)
        var lines = [
            "node: \(name)", "cluster: chaos", "data: \(places.data)", "keyring: \(places.keyring)",
            "roles: [\(libraries.contains(name) ? "library" : "coordinator")]", "web: [\"\(address(name)):\(Self.webPort)\"]",
            "urls: [\((ring ?? [name]).map { "\"\(url($0))\"" }.joined(separator: ", "))]", "peer: \"\(address(name)):7200\"",
            "gossip: \"\(address(name)):7300\"", "seeds: [\(names.map { "\"\(address($0)):7200\"" }.joined(separator: ", "))]",
            "logSegmentKiB: 128",
        ]
        if hasTLS {
            let path = places.certificates
            lines.append("tls: {ca: \"\(path)/ca.pem\", certificate: \"\(path)/\(name).pem\", key: \"\(path)/\(name).key\"}")
        }
        lines.append("coordinators:")
        for (number, coordinator) in coordinators.enumerated() {
            lines.append("  - {name: \(coordinator), id: \(number + 1), peer: \"\(address(coordinator)):7200\"}")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Libraries with their operators; times are short, so that everything happens within a run.
    func consortium() -> String {
        var lines = [
            "settings: {pickUpSeconds: 4, patronGoneSeconds: 60, operatorLeaseSeconds: 10, patronDeadlineSeconds: 300, chatsPerOperator: 4, tombstoneSeconds: 14400}",
            "general: {queue: general, title: General}", "libraries:",
        ]
        for (number, library) in libraries.enumerated() {
            let standby = libraries[(number + 1) % libraries.count]
            lines.append("  - name: \(library)")
            lines.append("    title: Library \(number + 1)")
            lines.append("    node: \(library)")
            if standby != library { lines.append("    standby: \(standby)") }
            lines.append("    fallback: immediately")
            lines.append("    queues: [{name: \(library), title: Library \(number + 1)}]")
            lines.append("    operators:")
            for account in accounts(of: library) {
                lines.append("      - {name: \(account), display: \(account), password: \(Self.password), queues: [\(library), general]}")
            }
        }
        // Always open; shifts are planned for libraries that posted hours. An earlier version may not know of them.
        if !isMixed {
            lines.append("hours:")
            let week = #"{monday to sunday: "0:00-24:00"}"#
            for library in libraries {
                lines.append("  \(library): {zone: Etc/UTC, semester: \(week), intersession: closed, break: closed}")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static let password = "chaos-and-order"
    private static let people = ["ann", "bob", "cid", "dee", "eve", "fay", "gus", "hal"]
    func accounts(of library: String) -> [String] { Self.people.prefix(operators).map { "\($0).\(library)" } }

    // MARK: Processes

    func start(_ name: String) throws {
        guard var machine = machines[name], machine.pid == 0 else { return }
        machine.startAtMs = nil
        unlink(Machinery.pidFile(name, folder))
        let role = libraries.contains(name) ? "library" : "coordinator"
        let command = machinery.command(
            name, role: role, folder: folder, program: notUpdated.contains(name) ? previous ?? program : program, faults: faults,
            control: machine.control.path)
        machine.pid = try Spawn.run(
            command.words[0], Array(command.words.dropFirst()), log: "\(folder)/\(name).log", environment: command.environment)
        machines[name] = machine
    }

    func startAll() throws {
        for name in names { try start(name) }
        watch.start(afterMs: 20, repeatMs: 20) { [self] in attend() }
    }

    /// Looks who has ended, and starts who is due.
    private func attend() {
        let nowMs = ClusterActor.loop.nowMs
        for name in names {
            reap(name)
            guard let machine = machines[name], machine.pid == 0, let atMs = machine.startAtMs, atMs <= nowMs else {
                continue
            }
            do { try start(name) } catch { Terminal.complain("\(name) cannot be started: \(error)\n") }
        }
    }

    private func reap(_ name: String) {
        guard let machine = machines[name], machine.pid > 0 else { return }
        var status: Int32 = 0
        guard waitpid(machine.pid, &status, WNOHANG) == machine.pid else { return }
        machines[name]?.pid = 0
        machines[name]?.isPaused = false
        machines[name]?.startAtMs = ClusterActor.loop.nowMs + Self.restartAfterMs
        // A container's end by a signal is told as a status of 128 and more.
        let code = (status >> 8) & 0xff
        let signal = machinery == .containers && code > 128 ? code - 128 : status & 0x7f
        // Killed by us: nothing to tell. (A process that has only just begun ends by the signal itself, not in order.)
        if signal == SIGKILL || signal == SIGTERM { return }
        let what = signal == 0 ? "status \(code)" : "signal \(signal)"
        // A crash is nobody's right, whatever was done to it, but for want of memory.
        onExit?(name, what, machine.mayEnd > 0 || status == 0)
    }

    /// Stops the next node that runs the earlier version, in order, and starts it with this one.
    /// - Returns: its name, or nil when all run this version.
    func updateNext() async throws -> String? {
        guard let name = notUpdated.first else { return nil }
        notUpdated.removeFirst()
        try await restart(name)
        return name
    }

    /// In order: it stops, comes back and is ready.
    func restart(_ name: String) async throws {
        let pid = processID(name)
        guard pid > 0 else { return }
        kill(name, signal: SIGTERM)
        try await Wait.until("\(name) to stop and be ready again", withinMs: 40_000) { [self] in
            let now = processID(name)
            guard now > 0, now != pid else { return false }
            return await isReady(name)
        }
    }

    /// Ends what still runs; its namespaces and disks go with this process.
    func stopAll() async {
        watch.close()
        for machine in machines.values where machine.pid > 0 {
            do { if machine.isPaused { try await resume(machine.name) } } catch { Terminal.complain("\(error)\n") }
            kill(machine.name)
            var status: Int32 = 0
            _ = waitpid(machine.pid, &status, 0)
        }
    }

    /// The node's own process: in a container it is not the one that was started here.
    func processID(_ name: String) -> pid_t {
        guard let machine = machines[name], machine.pid > 0 else { return 0 }
        guard machinery == .containers else { return machine.pid }
        let text = Files.read(Machinery.pidFile(name, folder))?.split(separator: "\n").first
        return text.flatMap { pid_t($0) } ?? 0
    }

    // MARK: What is done to them

    func kill(_ name: String, signal: Int32 = SIGKILL) {
        let pid = processID(name)
        if pid > 0 { _ = Glibc.kill(pid, signal) }
    }

    func pause(_ name: String) async throws {
        guard processID(name) > 0 else { return }
        machines[name]?.isPaused = true
        switch machinery {
        case .namespaces: kill(name, signal: SIGSTOP)
        case .containers: try await tool.run(Machinery.podman + ["pause", Machinery.container(name)])
        }
    }

    func resume(_ name: String) async throws {
        // One that was killed meanwhile has begun anew.
        guard machines[name]?.isPaused ?? false else { return }
        machines[name]?.isPaused = false
        switch machinery {
        case .namespaces: kill(name, signal: SIGCONT)
        case .containers: try await tool.run(Machinery.podman + ["unpause", Machinery.container(name)])
        }
    }

    func mayEnd(_ name: String, _ change: Int) { machines[name]?.mayEnd += change }

    func control(_ name: String, _ change: (inout FaultControl) -> Void) throws {
        guard var control = machines[name]?.control else { return }
        change(&control)
        machines[name]?.control = control
        try control.apply()
    }

    /// Sets a limit of the living process; the next one begins without.
    func limit(_ name: String, _ option: String) async throws {
        let pid = processID(name)
        if pid > 0 { try await tool.run(machinery.asUser + ["prlimit", "--pid", "\(pid)", option]) }
    }

    /// Kills a coordinator and alters a byte of what its log holds, which every start reads.
    func damage(_ name: String) throws {
        guard let machine = machines[name] else { return }
        kill(name)
        let folder = "\(machine.folder)/data/raft"
        guard let segment = Files.names(in: folder).filter({ $0.hasPrefix("log-") }).min() else { return }
        let descriptor = open("\(folder)/\(segment)", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw LocalClusterError("cannot open \(segment): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        // Within the first record.
        let offset: off_t = 100
        guard pread(descriptor, &byte, 1, offset) == 1 else { throw LocalClusterError("\(segment) is shorter than a record") }
        byte ^= 0x55
        guard pwrite(descriptor, &byte, 1, offset) == 1 else {
            throw LocalClusterError("cannot alter \(segment): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes all the space that is left on a node's disk, or gives it back.
    func fill(_ name: String, _ isFull: Bool) throws {
        guard let machine = machines[name] else { return }
        let path = machine.folder + "/filler"
        guard isFull else {
            unlink(path)
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LocalClusterError("cannot fill \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var size: off_t = 0
        for step: off_t in [1 << 20, 1 << 12] {
            while size < off_t(Self.diskMegabytes) << 20, posix_fallocate(descriptor, size, step) == 0 { size += step }
        }
    }

    // MARK: Asking

    func status(_ name: String) async -> NodeStatus? {
        guard let machine = machines[name], machine.pid > 0, !machine.isPaused else { return nil }
        guard let response = try? await NodeClient.request(.get, url(name) + "/api/status", timeoutMs: 1_000), response.status == 200 else {
            return nil
        }
        return NodeStatus.read(response.body)
    }

    func isReady(_ name: String) async -> Bool {
        let response = try? await NodeClient.request(.get, url(name) + "/readyz", timeoutMs: 1_000)
        return response?.status == 200
    }

    /// The coordinator that leads with the highest term, by its own word.
    func leader() async -> String? {
        var best: (name: String, term: UInt64)?
        for name in coordinators {
            guard let raft = await status(name)?.raft, raft.role == "leader", raft.term > best?.term ?? 0 else { continue }
            best = (name, raft.term)
        }
        return best?.name
    }
}
