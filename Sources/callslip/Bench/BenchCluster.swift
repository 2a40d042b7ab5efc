/// The cluster that is measured: three coordinators and as many library nodes as the measurement needs, with data of their own.

import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Node

@ClusterActor
enum BenchCluster {
    static let queueText = "bench"
    static let node = "memorial"
    static let account = "op.bench"
    static let password = "measure-me-1"
    /// One library with nobody on duty: chats wait without anybody's help.
    static let consortium = """
        settings: {operatorLeaseSeconds: 600, patronGoneSeconds: 600}
        general: {queue: general, title: General}
        libraries:
          - name: bench
            title: Bench
            node: \(node)
            queues:
              - {name: \(queueText), title: Bench}
            operators:
              - {name: \(account), display: Op, password: \(password), queues: [\(queueText)]}
        """

    static func queue() throws -> QueueName {
        guard let queue = QueueName(queueText) else { throw LocalClusterError(QueueName.rule) }
        return queue
    }

    /// Starts with empty data, and waits until all serve and the consortium is imported.
    static func start(folder: String, port: UInt16, libraries: [String] = [node], hasTLS: Bool = true) async throws -> LocalCluster {
        let cluster = try LocalCluster(folder: folder, basePort: port, frameAncestor: "http://127.0.0.1:\(port)", hasTLS: hasTLS)
        cluster.onUnexpectedExit = { name, status in
            Terminal.complain("\(name) ended by itself (status \(status)); see \(folder)/\(name).log\n")
        }
        do {
            try cluster.prepare(fresh: true)
            let names = LocalCluster.coordinators + libraries
            try cluster.startAll(names)
            for name in names { try await ready(cluster, name) }
            try await Wait.until("a leader", withinMs: 30_000) { await cluster.leader() != nil }
            let admin = try NodeClient.admin(data: "\(folder)/\(node)")
            let response = try await NodeClient.importFile(consortium, url: admin.url, token: admin.token)
            guard response.status == 200 else { throw LocalClusterError("the import was refused: \(response.text)") }
            return cluster
        } catch {
            await cluster.stopAll()
            throw error
        }
    }

    static func ready(_ cluster: LocalCluster, _ name: String) async throws {
        try await Wait.until("\(name) to be ready", withinMs: 30_000) {
            let response = try? await NodeClient.request(.get, cluster.webURL(name) + "/readyz", timeoutMs: 1_000)
            return response?.status == 200
        }
    }

    /// Runs a measurement on a cluster of its own, which is gone afterwards.
    static func with<T>(
        folder: String, port: UInt16, libraries: [String] = [node], hasTLS: Bool = true,
        _ body: @ClusterActor (LocalCluster) async throws -> T
    ) async throws -> T {
        let cluster = try await start(folder: folder, port: port, libraries: libraries, hasTLS: hasTLS)
        do {
            let result = try await body(cluster)
            await cluster.stopAll()
            return result
        } catch {
            await cluster.stopAll()
            throw error
        }
    }
}
