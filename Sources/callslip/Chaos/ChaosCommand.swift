/// `callslip chaos`: hurts a real cluster while people chat, and judges what they saw. Started by `cluster/chaos`, which makes the namespaces.

import ArgumentParser
import Chaos
import EventLoop
import Glibc

struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Hurt a real cluster while people chat, and judge what they saw. Run it through cluster/chaos.",
        discussion: "Nemeses: " + Nemesis.allCases.map(\.rawValue).joined(separator: ", "))

    @Option(help: "How long, in minutes.")
    var minutes = 2.0

    @Option(help: "The same seed gives the same plan.")
    var seed: UInt64 = 1

    @Option(help: "Which nemeses come in turns, as a,b+c: b and c come together. Without: any one, and any two.")
    var faults: String?

    @Option(help: "3 or 5.")
    var coordinators = 3

    @Option(help: "1 to 9.")
    var libraries = 5

    @Option(help: "Patrons at the same time, 1 to 30.")
    var patrons = 14

    @Option(help: "What each patron says, 1 to 2000 messages. Without: 5 to 60.")
    var messages: Int?

    @Option(help: "Milliseconds between two messages of a patron, 50 to 60000.")
    var every = Visitor.sayEveryMs

    @Option(help: "Operators at each library, 1 to 8.")
    var operators = 2

    @Option(help: "How long each assault lasts, in seconds, 1 to 3600. Without: 5 to 12, as the seed has it.")
    var length: Int?

    @Option(help: "The program of an earlier version, with which all nodes begin: one is updated after each assault. With --namespaces.")
    var previous: String?

    @Option(help: "Folder for logs and the picture. Data are on disks of their own in there.")
    var directory = "run/chaos"

    @Option(help: "The library made from cluster/chaos-faults.c.")
    var faultsLibrary: String

    @Option(help: "The program made from cluster/chaos-delay.c.")
    var delayTool: String

    @Flag(help: "Each node in a container (images of docker/build) instead of a plain process.")
    var containers = false

    @Flag(help: "Each node as a plain process in a network namespace. The default.")
    var namespaces = false

    @Flag(help: "Only print the plan.")
    var plan = false

    func run() async throws {
        var groups: [[Nemesis]] = []
        if let faults {
            guard let parsed = Nemesis.parse(faults) else {
                throw ValidationError(
                    "--faults: expected names of nemeses, as a,b+c; they are \(Nemesis.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            groups = parsed
        }
        guard minutes > 0, minutes <= Double(Plan.minutesMax) else { throw ValidationError("--minutes: expected up to \(Plan.minutesMax)") }
        guard coordinators == 3 || coordinators == 5 else { throw ValidationError("--coordinators: expected 3 or 5") }
        guard (1...9).contains(libraries) else { throw ValidationError("--libraries: expected 1 to 9") }
        guard !(containers && namespaces) else { throw ValidationError("--containers or --namespaces, not both") }
        guard (1...30).contains(patrons) else { throw ValidationError("--patrons: expected 1 to 30") }
        guard (1...2_000).contains(messages ?? 1) else { throw ValidationError("--messages: expected 1 to 2000") }
        guard (50...60_000).contains(every) else { throw ValidationError("--every: expected 50 to 60000 milliseconds") }
        guard (1...8).contains(operators) else { throw ValidationError("--operators: expected 1 to 8") }
        guard (1...3_600).contains(length ?? 1) else { throw ValidationError("--length: expected 1 to 3600 seconds") }
        guard previous == nil || !containers else { throw ValidationError("--previous: only with --namespaces") }
        guard plan || Terrain.isOwn() else {
            throw ValidationError("this runs in namespaces of its own (network, mounts, processes); start it with cluster/chaos")
        }
        let directory = try Demo.absolute(directory)
        try Files.makeFolder(directory)
        let held = try await Self.play(self, directory, groups)
        guard held else { throw ExitCode.failure }
    }

    @ClusterActor
    private static func play(_ options: ChaosCommand, _ directory: String, _ groups: [[Nemesis]]) async throws -> Bool {
        let cluster = try ChaosCluster(
            folder: directory, coordinators: options.coordinators, libraries: options.libraries,
            operators: options.operators, faults: try Demo.absolute(options.faultsLibrary),
            machinery: options.containers ? .containers : .namespaces,
            previous: try options.previous.map(Demo.absolute))
        let plan = Plan(
            seed: options.seed, lengthMs: UInt64(options.minutes * 60_000), groups: groups, coordinators: cluster.coordinators,
            libraries: cluster.libraries, assaultMs: options.length.map { UInt64($0) * 1_000 })
        if options.plan {
            for assault in plan.assaults {
                Terminal.say(
                    "\(assault.startMs) ms, for \(assault.lengthMs) ms: \(assault.acts.map(\.description).joined(separator: ", "))")
            }
            return true
        }
        let run = ChaosRun(
            cluster, plan, folder: directory, delayTool: try Demo.absolute(options.delayTool),
            habits: .init(patronsAtOnce: options.patrons, messages: options.messages, everyMs: options.every), seed: options.seed)
        let signals = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(on: ClusterActor.loop, signal: signal) { run.isInterrupted = true }
        }
        defer { for signal in signals { signal.close() } }
        do {
            let held = try await run.play()
            await cluster.stopAll()
            return held
        } catch {
            await cluster.stopAll()
            throw error
        }
    }
}
