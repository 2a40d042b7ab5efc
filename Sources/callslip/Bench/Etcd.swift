/// Debian's etcd, three members on loopback with their data beside ours, and the load on it.

import EventLoop
import FoundationEssentials
import Glibc
import Measuring
import Web

@ClusterActor
final class Etcd {
    private static let members = 3
    private let tools: Tools
    private let folder: String
    private let port: UInt16
    private var pids: [pid_t] = []

    /// - Parameter port: the first of six: three for clients, three for peers.
    init(program: String, tools: Tools, folder: String, port: UInt16) throws {
        self.tools = tools
        self.folder = folder
        self.port = port
        try Files.makeFolder(folder)
        let cluster = (0..<Self.members).map { "m\($0)=\(peer($0))" }.joined(separator: ",")
        for number in 0..<Self.members {
            Files.removeFlatFolder("\(folder)/m\(number)", depth: 4)
            let arguments = [
                "--name", "m\(number)", "--data-dir", "\(folder)/m\(number)", "--logger=zap", "--log-level=error", "--log-outputs=stderr",
                "--listen-client-urls", client(number), "--advertise-client-urls", client(number), "--listen-peer-urls", peer(number),
                "--initial-advertise-peer-urls", peer(number), "--initial-cluster", cluster, "--initial-cluster-state", "new",
                "--quota-backend-bytes", "8589934592",
            ]
            pids.append(try tools.start(program, arguments, log: "\(folder)/m\(number).log"))
        }
    }

    func stop() {
        for pid in pids { tools.end(pid, SIGKILL) }
        for number in 0..<Self.members { Files.removeFlatFolder("\(folder)/m\(number)", depth: 4) }
    }

    /// Waits for a leader; its number.
    func leader() async throws -> Int {
        let found = Later<Int>()
        try await Wait.until("etcd to have a leader", withinMs: 30_000) { [self] in
            for number in 0..<Self.members {
                guard let status = await status(number), status.leader == status.header.memberID else { continue }
                found.value = number
            }
            return found.value != nil
        }
        guard let found = found.value else { throw LocalClusterError("etcd has no leader") }
        return found
    }

    /// One load at the leader, over one connection; the store's revision shows that all of it was applied.
    func load(_ connection: EtcdPuts, outstanding: Int, seconds: Double) async throws -> Load {
        let leader = try await leader()
        let before = try await revision(leader)
        let answered = connection.answered
        let loop = ClosedLoop(outstanding: outstanding) { connection.put() }
        connection.onAnswer = { loop.completed(startNs: $0) }
        connection.onFailure = { loop.failed($0) }
        let load = try await loop.run(seconds: seconds, servers: pids)
        let applied = try await revision(leader) - before
        guard applied == connection.answered - answered else {
            throw LocalClusterError("etcd answered \(connection.answered - answered) puts and applied \(applied)")
        }
        return load
    }

    func connect(messageBytes: Int) async throws -> EtcdPuts {
        try await EtcdPuts.connect(port: port + UInt16(try await leader()), messageBytes: messageBytes)
    }

    private func client(_ number: Int) -> String { "http://127.0.0.1:\(port + UInt16(number))" }
    private func peer(_ number: Int) -> String { "http://127.0.0.1:\(port + 3 + UInt16(number))" }

    private struct Status: Decodable {
        struct Header: Decodable {
            var memberID: String
            var revision: String?
            enum CodingKeys: String, CodingKey {
                case memberID = "member_id"
                case revision
            }
        }
        var header: Header
        var leader: String?
    }

    private func status(_ number: Int) async -> Status? {
        let url = client(number) + "/v3/maintenance/status"
        guard let response = try? await NodeClient.request(.post, url, body: Array("{}".utf8), timeoutMs: 1_000) else { return nil }
        return try? JSONDecoder().decode(Status.self, from: Data(response.body))
    }

    private func revision(_ number: Int) async throws -> Int {
        guard let text = await status(number)?.header.revision, let revision = Int(text) else {
            throw LocalClusterError("etcd did not tell its revision; see \(folder)/m\(number).log")
        }
        return revision
    }
}

/// One connection of puts.
@ClusterActor
final class EtcdPuts {
    private let stream: TCPStream
    private var puts: PutStream
    private var out: [UInt8] = []
    private var isScheduled = false
    private var begunNs: [UInt32: UInt64] = [:]
    private(set) var answered = 0
    var onAnswer: ((UInt64) -> Void)?
    var onFailure: ((String) -> Void)?

    static func connect(port: UInt16, messageBytes: Int) async throws -> EtcdPuts {
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: messageBytes)
        let puts = PutStream(authority: "127.0.0.1:\(port)", key: Array("k".utf8), value: value)
        return EtcdPuts(try await TCPStream.local(port: port), puts)
    }

    private init(_ stream: TCPStream, _ puts: PutStream) {
        self.stream = stream
        self.puts = puts
        stream.onRead = { [weak self] bytes in self?.read(bytes) }
        stream.onEnd = { [weak self] _ in self?.onFailure?("etcd ended the connection") }
        stream.write(puts.opening())
    }

    /// Begins a put; false while etcd's window is full.
    func put() -> Bool {
        guard let call = puts.put(into: &out) else { return false }
        begunNs[call] = Loop.monotonicNs()
        schedule()
        return true
    }

    func close() {
        (onAnswer, onFailure) = (nil, nil)
        stream.close()
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            isScheduled = false
            _ = stream.write(out)
            out.removeAll(keepingCapacity: true)
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        do {
            for answer in try puts.receive(bytes, reply: &out) {
                guard answer.isGood, let sinceNs = begunNs.removeValue(forKey: answer.call) else {
                    onFailure?("etcd refused a put")
                    return
                }
                answered += 1
                onAnswer?(sinceNs)
            }
        } catch {
            onFailure?("\(error)")
        }
        if !out.isEmpty { schedule() }
    }
}
