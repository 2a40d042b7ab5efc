/// `callslip serve`: runs a node until it is told to stop.

import ArgumentParser
import EventLoop
import Glibc
import Logging
import Metrics
import Node
import TLS
import Web

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a node. Without a configuration: one process, both roles, one sample library, on loopback.")

    @Option(help: "The node's own file (YAML): addresses, paths, keys, roles.")
    var config: String?

    @Option(help: "Without --config: the data folder.")
    var data = "callslip-data"

    @Option(help: "Without --config: the port for browsers; the two ports above it are used too.")
    var port: UInt16 = 7100

    @Option(help: "Serve the clients' files from this directory instead of the built-in ones (development).")
    var assets: String?

    @Option(help: .hidden)
    var parent: Int32?

    func run() async throws {
        TLSLibrary.stayToTheEnd()
        let configuration = try read()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let policy = [(name: "Content-Security-Policy", value: PagePolicy.text(frameAncestor: configuration.demoFrameAncestor))]
        let files = assets.map { Assets(directory: $0, pageHeaders: policy) } ?? Assets(pageHeaders: policy)
        try await Self.serve(configuration, files, metrics, parent: parent, isEmbedded: config == nil)
    }

    private func read() throws -> NodeConfiguration {
        guard let config else {
            return try NodeConfiguration.embedded(data: data, webPort: port, peerPort: port + 1, gossipPort: port + 2)
        }
        let text = try Files.text(of: config)
        do {
            return try NodeConfiguration(yaml: text)
        } catch {
            throw ValidationError("\(config):\n\(error)")
        }
    }

    @ClusterActor
    private static func serve(
        _ configuration: NodeConfiguration, _ assets: Assets, _ metrics: PrometheusMetrics, parent: Int32?, isEmbedded: Bool
    ) async throws {
        let node = try await CallslipNode.make(configuration, assets: assets, metrics: metrics)
        let ending = Ending()
        node.onFatal = { sentence in
            Terminal.complain("callslip: \(sentence)\n")
            ending.end(with: 70)
        }
        let signals = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(on: ClusterActor.loop, signal: signal) { ending.end(with: 0) }
        }
        // A child of the demonstration ends with it, however the demonstration ended.
        let watch = EventLoop.Timer(on: ClusterActor.loop)
        if let parent {
            watch.start(afterMs: 1_000, repeatMs: 1_000) { if getppid() != parent { ending.end(with: 0) } }
        }
        try await node.start()
        if isEmbedded { try await importSample(into: node, configuration) }
        let status = await ending.wait()
        watch.close()
        for signal in signals { signal.close() }
        await node.stop()
        if status != 0 { throw ExitCode(status) }
    }

    @ClusterActor
    private static func importSample(into node: CallslipNode, _ configuration: NodeConfiguration) async throws {
        try await Wait.until("the first board", withinMs: 30_000) { node.hasBoard }
        if !node.hasRoster {
            let report = await node.importFile(SampleLibrary.yaml)
            guard report.problems.isEmpty else { throw ValidationError(report.problems.joined(separator: "\n")) }
        }
        let url = configuration.webURLs.first ?? ""
        Terminal.say(
            """
            Callslip serves the sample library.
              For patrons:   \(url)/chat/\(SampleLibrary.queue)@chat.local
              For operators: \(url)/desk   (sign in as \(SampleLibrary.operatorName), password \(SampleLibrary.password))
            Ctrl-C stops it. The data is in \(configuration.data).
            """)
    }
}

/// What `serve` without a configuration serves.
enum SampleLibrary {
    static let queue = "library"
    static let operatorName = "librarian"
    static let password = "please-change-me"
    static let yaml = """
        general: {queue: general, title: Ask a Librarian}
        libraries:
          - name: library
            title: Sample Library
            node: local
            card: {hours: "Monday to Friday 9-17", policies: "This is a sample. Import your own consortium with callslip import FILE."}
            queues:
              - {name: \(queue), title: Sample Library}
            operators:
              - {name: \(operatorName), display: Librarian, password: \(password), queues: [\(queue), general]}
        """
}

/// Waits for the end of a program, whoever calls for it first.
@ClusterActor
final class Ending {
    private var status: Int32?
    private var waiting: CheckedContinuation<Int32, Never>?

    nonisolated init() {}

    nonisolated func end(with status: Int32) {
        ClusterActor.loop.post { ClusterActor.assumeIsolated { self.finish(status) } }
    }

    private func finish(_ status: Int32) {
        guard self.status == nil else { return }
        self.status = status
        waiting?.resume(returning: status)
        waiting = nil
    }

    func wait() async -> Int32 {
        if let status { return status }
        return await withCheckedContinuation { waiting = $0 }
    }
}

/// Text for the person at the terminal, unbuffered, so that it is there whatever happens next.
enum Terminal {
    static func say(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func complain(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A terminal that is gone leaves nobody to tell.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
