/// `callslip simulate`: whole clusters under one seed each, in virtual time, until one of them breaks a rule.

import ArgumentParser
import Glibc
import Simulator

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run whole clusters in virtual time, with faults, and check that every promise holds.",
        discussion: "A seed decides everything: the same one replays the same run to the byte. The exit status says whether all seeds held."
    )

    @Option(help: "The seeds to run, as 1..500.")
    var seeds = "1..100"

    @Option(help: "One seed only.")
    var seed: UInt64?

    @Flag(help: "Go on after a seed that broke a rule.")
    var keepGoing = false

    @Flag(help: "Print what happens, with the virtual time, on standard output.")
    var trace = false

    @Flag(help: "Print how often each kind of trouble came about.")
    var summary = false

    @Option(help: "Minutes of virtual time during which faults strike, for each seed.")
    var minutes = 3

    @Option(help: "The faults that may strike, with commas between: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var faults: String?

    @Option(help: "Of the planned faults only these, by number (`none` for none): how a shrunk run is replayed.")
    var onlyFaults: String?

    @Option(help: "At most so many patrons.")
    var patrons: Int?

    @Option(help: "At most so many operators in each library.")
    var operators: Int?

    @Flag(
        help:
            "LTG also removes nodes and takes them back, and turns keys; some seeds are known to fail with it."
    )
    var removals = false

    @Flag(help: "Leave out one guard of the design after the other, and print which seed notices: a table.")
    var guards = false

    @Option(
        help: ArgumentHelp(
            "Leave a guard of the design out, to see that the checks notice: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")).",
            visibility: .hidden))
    var planted: String?

    func run() throws {
        let kinds = try chosenFaults()
        let range = try chosenSeeds()
        let bug = try chosenBug()
        if guards { return try printGuards(kinds, range) }
        let reduction = Reduction(faults: try chosenPlaces(), patrons: patrons, operatorsPerLibrary: operators)
        var tally = Tally()
        var broken: [UInt64] = []
        for seed in range {
            var scenario = Scenario(seed: seed, minutes: minutes, kinds: kinds)
            scenario.planted = bug
            scenario.removesNodes = removals
            scenario.reduce(by: reduction)
            Replay.announce(replay(seed, reduction))
            let outcome = Outcome.of(scenario, trace: Trace(write: trace ? { print($0) } : nil))
            tally.add(outcome)
            guard let violation = outcome.violation else { continue }
            print("seed \(seed) broke a rule after \(outcome.virtualMs) ms: \(violation)")
            print("replay: \(replay(seed, reduction)) --trace")
            if reduction == Reduction() { shrink(outcome) }
            broken.append(seed)
            if !keepGoing { throw ExitCode.failure }
        }
        print(tally.line)
        if summary { print(tally.table) }
        if !broken.isEmpty { throw ExitCode.failure }
    }

    private func shrink(_ outcome: Outcome) {
        let (reduction, smaller) = Shrinker.shrink(outcome)
        guard reduction != Reduction(), let violation = smaller.violation else { return }
        print("a smaller run breaks one too, after \(smaller.virtualMs) ms with \(smaller.scenario.faults.count) faults: \(violation)")
        print("replay: \(replay(outcome.scenario.seed, reduction)) --trace")
    }

    private func replay(_ seed: UInt64, _ reduction: Reduction) -> String {
        var command = "callslip simulate --seed \(seed) --minutes \(minutes)"
        if let faults { command += " --faults \(faults)" }
        if let planted { command += " --planted \(planted)" }
        if removals { command += " --removals" }
        if let kept = reduction.faults {
            command += " --only-faults \(kept.isEmpty ? "none" : kept.map(String.init).joined(separator: ","))"
        }
        if let patrons = reduction.patrons { command += " --patrons \(patrons)" }
        if let operators = reduction.operatorsPerLibrary { command += " --operators \(operators)" }
        return command
    }

    /// For each guard the first seed without it that breaks a rule.
    private func printGuards(_ kinds: [FaultKind], _ range: ClosedRange<UInt64>) throws {
        print("| rule | guard left out | seed | what the checks say |")
        print("| --- | --- | --- | --- |")
        var unnoticed = 0
        for bug in planted.flatMap(PlantedBug.init(rawValue:)).map({ [$0] }) ?? PlantedBug.inOrder {
            var noticed: Outcome?
            for seed in range where noticed == nil {
                var scenario = Scenario(seed: seed, minutes: minutes, kinds: kinds)
                scenario.planted = bug
                Replay.announce("callslip simulate --seed \(seed) --minutes \(minutes) --planted \(bug.rawValue)")
                let outcome = Outcome.of(scenario)
                if outcome.violation != nil { noticed = outcome }
            }
            if noticed == nil { unnoticed += 1 }
            print(
                "| \(bug.rule) | \(bug.leftOut) (`\(bug.rawValue)`) | \(noticed.map { "\($0.scenario.seed)" } ?? "none") | \(noticed?.violation ?? "") |"
            )
            fflush(nil)
        }
        if unnoticed > 0 { throw ExitCode.failure }
    }

    private func chosenPlaces() throws -> [Int]? {
        guard let onlyFaults else { return nil }
        if onlyFaults == "none" { return [] }
        return try onlyFaults.split(separator: ",").map { text in
            guard let place = Int(text) else { throw ValidationError("--only-faults: expected numbers as 0,3,7, found `\(onlyFaults)`") }
            return place
        }
    }

    private func chosenSeeds() throws -> ClosedRange<UInt64> {
        if let seed { return seed...seed }
        let ends = seeds.split(separator: ".").compactMap { UInt64($0) }
        guard ends.count == 2, ends[0] <= ends[1] else {
            throw ValidationError("--seeds: expected two numbers as 1..500, found `\(seeds)`")
        }
        return ends[0]...ends[1]
    }

    private func chosenFaults() throws -> [FaultKind] {
        guard let faults else { return FaultKind.allCases }
        return try faults.split(separator: ",").map { name in
            guard let kind = FaultKind(rawValue: String(name)) else {
                throw ValidationError("--faults: `\(name)` is none of \(FaultKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
        }
    }

    private func chosenBug() throws -> PlantedBug? {
        guard let planted else { return nil }
        guard let bug = PlantedBug(rawValue: planted) else {
            throw ValidationError("--planted: `\(planted)` is none of \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return bug
    }
}

/// What a run of many seeds came to.
private struct Tally {
    private var seeds = 0
    private var held = 0
    private var virtualMs: UInt64 = 0
    private var steps: UInt64 = 0
    private var entries: UInt64 = 0
    private var acknowledged = 0
    private var patrons: [String: Int] = [:]
    private var troubles: [String: Int] = [:]
    private let began = clock()

    mutating func add(_ outcome: Outcome) {
        seeds += 1
        if outcome.violation == nil { held += 1 }
        virtualMs += outcome.virtualMs
        steps += outcome.steps
        entries += outcome.entries
        acknowledged += outcome.acknowledged
        patrons.merge(outcome.patrons, uniquingKeysWith: +)
        troubles.merge(outcome.troubles, uniquingKeysWith: +)
    }

    /// Each kind of fault too that never struck.
    var table: String {
        let all = troubles.merging(FaultKind.allCases.map { ("struck: \($0.rawValue)", 0) }, uniquingKeysWith: +)
        return (["| trouble | times |", "| --- | --- |"] + all.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }).joined(
            separator: "\n")
    }

    var line: String {
        let cpuSeconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
        let hours = Double(virtualMs) / 3_600_000
        let people = patrons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return """
            \(seeds) seeds, \(held) held: \(tenths(hours)) cluster-hours in \(tenths(cpuSeconds)) s of CPU (\(Int(hours / max(cpuSeconds, 0.001) * 3_600)) cluster-hours \
            per CPU-hour), \(steps) steps, \(entries) entries, \(acknowledged) messages acknowledged; patrons: \(people)
            """
    }

    private func tenths(_ value: Double) -> String { "\(Double(Int(value * 10)) / 10)" }
}

/// A trap in a core ends the process; the command that replays it is printed all the same.
private enum Replay {
    // Written before a run by the only thread, read by the signal handler of the same thread: they never overlap.
    nonisolated(unsafe) private static var line: [UInt8] = []

    static func announce(_ command: String) {
        line = Array("a core stopped the process; replay: \(command) --trace\n".utf8)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] {
            signal(number) { number in
                fflush(nil)
                _ = Replay.line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
