import Consortium

/// What came of one seed.
package struct Outcome: Sendable {
    package let scenario: Scenario
    /// The rule that was broken, in words; nil when all held.
    package let violation: String?
    package let virtualMs: UInt64
    package let steps: UInt64
    package let digest: UInt64
    package let entries: UInt64
    package let acknowledged: Int
    package let patrons: [String: Int]
    /// How often each kind of trouble came about: what was struck with, and what came of it.
    package let troubles: [String: Int]

    /// Runs a scenario from its first start to the judgement.
    package static func of(_ scenario: Scenario, trace: Trace = Trace()) -> Outcome {
        let cluster = Cluster(scenario, trace: trace)
        cluster.run()
        return Outcome(
            scenario: scenario, violation: cluster.violation, virtualMs: cluster.nowMs, steps: trace.steps, digest: trace.digest,
            entries: cluster.checker.applied, acknowledged: cluster.checker.history.acknowledged.count,
            patrons: cluster.patrons.reduce(into: [:]) { $0[$1.outcome?.rawValue ?? "waiting", default: 0] += 1 }, troubles: cluster.counts)
    }
}
