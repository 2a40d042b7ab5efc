/// A load with a fixed number of operations under way: whenever one is done the next begins.

import EventLoop
import Glibc
import Measuring

@ClusterActor
final class ClosedLoop {
    static let warmUpMs: UInt64 = 500
    static let drainMsMax: UInt64 = 20_000

    private let outstanding: Int
    /// Begins one operation; false when none can begin just now, and then a completion will bring the next chance.
    private let issue: () -> Bool
    private var underWay = 0
    private var running = false
    private var recording = false
    private var samples = Samples()
    private var failure: String?

    init(outstanding: Int, issue: @escaping () -> Bool) {
        self.outstanding = outstanding
        self.issue = issue
    }

    /// An operation that began at `startNs` is done.
    func completed(startNs: UInt64) {
        underWay -= 1
        if recording { samples.record(ns: Loop.monotonicNs() - startNs) }
        fill()
    }

    /// The load ends and `run` throws the sentence.
    func failed(_ sentence: String) {
        failure = failure ?? sentence
        running = false
    }

    /// - Parameter servers: the processes under load, whose CPU time is counted.
    func run(seconds: Double, servers: [pid_t]) async throws -> Load {
        running = true
        fill()
        await Wait.pause(ms: Self.warmUpMs)
        let (beganNs, beganCPU) = (Loop.monotonicNs(), ProcessUsage.ownCPUSeconds)
        let serversBegan = try servers.map { try ProcessUsage.cpuSeconds(of: $0) }.reduce(0, +)
        recording = true
        await Wait.pause(ms: UInt64(seconds * 1_000))
        recording = false
        let elapsed = Double(Loop.monotonicNs() - beganNs) / 1e9
        let serverCores = (try servers.map { try ProcessUsage.cpuSeconds(of: $0) }.reduce(0, +) - serversBegan) / elapsed
        let cores = (ProcessUsage.ownCPUSeconds - beganCPU) / elapsed
        running = false
        try await Wait.until("what is under way to be answered", withinMs: Self.drainMsMax) { [self] in underWay == 0 || failure != nil }
        if let failure { throw LocalClusterError(failure) }
        guard samples.isComplete else { throw LocalClusterError("more than \(Samples.countMax) answers; measure for a shorter time") }
        guard let p50Ms = samples.percentileMs(0.5), let p99Ms = samples.percentileMs(0.99) else {
            throw LocalClusterError("nothing was answered within \(seconds) s")
        }
        return Load(perSecond: Double(samples.count) / elapsed, p50Ms: p50Ms, p99Ms: p99Ms, clientCores: cores, serverCores: serverCores)
    }

    private func fill() {
        while running, underWay < outstanding, issue() { underWay += 1 }
    }
}

/// Who may speak next: those who have nothing under way, the one that has been silent longest first.
struct Turns {
    private var waiting: [Int] = []
    private var head = 0

    var count: Int { waiting.count - head }

    mutating func append(_ number: Int) { waiting.append(number) }

    mutating func next() -> Int? {
        guard head < waiting.count else { return nil }
        defer {
            head += 1
            if head > 4_096, head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
        }
        return waiting[head]
    }
}
