/// `callslip bench`: what the service does on this machine, beside what etcd, nginx and serf do in the same run.

import ArgumentParser
import EventLoop
import FoundationEssentials
import Glibc
import Measuring

extension BenchReport.Messages.Path: ExpressibleByArgument {}

struct Bench: AsyncParsableCommand {
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case messages, tls, presence, idle, kills, gossip
    }

    static let configuration = CommandConfiguration(
        abstract: "Measure messages, presence, idle cost, leader loss and gossip, side by side with etcd, nginx and serf.",
        discussion: """
            Runs processes of this program, with data folders in --directory, and those of the peers that are installed; `cluster/bench` installs them. \
            Figures change with the machine and the hour: compare the ratios of one run.
            """)

    @Option(help: "Measure only this: \(Part.allCases.map(\.rawValue).joined(separator: ", ")). May be given several times.")
    var only: [Part] = []

    @Option(help: "Of messages, only this way: etcd, peerLink, webSocket. May be given several times.")
    var path: [BenchReport.Messages.Path] = []

    @Option(help: "Messages under way at once. May be given several times; 1, 64 and 512 otherwise.")
    var underWay: [Int] = []

    @Option(help: "Seconds of each load.")
    var seconds = 2.0

    @Option(help: "Rounds of each load, ours and the peer's in turn; the median counts.")
    var rounds = 3

    @Option(help: "Folder for data and logs: on the disk that is to be measured.")
    var directory = "run/bench"

    @Option(help: "The first of eighty ports on loopback.")
    var port: UInt16 = 7_400

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard (0.5...60).contains(seconds) else { throw ValidationError("--seconds is from 0.5 to 60") }
        guard underWay.allSatisfy({ (1...MessageBench.patrons).contains($0) }) else {
            throw ValidationError("--under-way is from 1 to \(MessageBench.patrons)")
        }
        guard (1...20).contains(rounds) else { throw ValidationError("--rounds is from 1 to 20") }
    }

    func run() async throws {
        ProcessUsage.raiseDescriptorLimit()
        try await measure(in: try Demo.absolute(directory))
    }

    @ClusterActor
    private func measure(in folder: String) async throws {
        let tools = Tools()
        // The nodes end with this process by themselves; the peers are to be ended.
        let signals = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(on: ClusterActor.loop, signal: signal) {
                tools.endAll()
                _exit(128 + signal)
            }
        }
        defer {
            tools.endAll()
            for signal in signals { signal.close() }
        }
        try Files.makeFolder(folder)
        let messageBytes = 256
        var report = BenchReport(
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)), syncMs: try ProcessUsage.syncMs(folder: folder, bytes: messageBytes),
            messageBytes: messageBytes)
        for part in Part.allCases where only.isEmpty || only.contains(part) {
            try await measure(part, in: folder, tools, &report)
        }
        Terminal.say(json ? try encoded(report) : report.text)
    }

    @ClusterActor
    private func measure(_ part: Part, in folder: String, _ tools: Tools, _ report: inout BenchReport) async throws {
        progress(part.rawValue)
        switch part {
        case .messages:
            let bench = MessageBench(
                folder: folder, port: port, tools: tools, seconds: seconds, rounds: rounds, messageBytes: report.messageBytes,
                paths: path.isEmpty ? BenchReport.Messages.Path.allCases : path,
                outstanding: underWay.isEmpty ? [1, 64, 512] : underWay)
            try await bench.run(into: &report, progress: progress)
        case .tls:
            let bench = TLSBench(
                folder: folder, port: port, seconds: seconds, rounds: rounds, messageBytes: report.messageBytes,
                outstanding: underWay.isEmpty ? [1, 64, 512] : underWay)
            try await bench.run(into: &report, progress: progress)
        case .presence:
            try await PresenceBench(folder: folder, port: port, tools: tools, seconds: seconds, rounds: rounds).run(into: &report)
        case .idle: try await IdleBench(folder: folder, port: port, seconds: max(5, seconds)).run(into: &report)
        case .kills: try await KillBench(folder: folder, port: port).run(into: &report, progress: progress)
        case .gossip: try await GossipBench(folder: folder, port: port, tools: tools).run(into: &report)
        }
    }

    private func progress(_ what: String) { Terminal.complain("measuring: \(what)\n") }

    private func encoded(_ report: BenchReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
