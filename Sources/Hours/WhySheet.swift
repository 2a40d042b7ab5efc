/// Why a queue's button was on or off over some minutes, put together from the queue's own book and the general queue's.
///
/// Pure: the runs were read from the replicated state.

import Consortium

/// Minutes in a row with the same decision.
public struct WhyStretch: Hashable, Sendable {
    public var minutes: Range<LedgerMinute>
    public var decision: RoutingDecision
}

public enum WhySheet {
    /// The stretches of some minutes, in order; what nothing is known of is left out.
    ///
    /// - Parameters:
    ///   - own: the queue's runs, in order; the last goes on.
    ///   - general: the general queue's name and runs; `nil` where it is the one that is asked about.
    public static func stretches(
        _ own: [CauseRun], general: (name: QueueName, runs: [CauseRun])?, in minutes: Range<LedgerMinute>
    ) -> [WhyStretch] {
        let starts = Set((own + (general?.runs ?? [])).map(\.from)).sorted()
        var stretches: [WhyStretch] = []
        for (place, start) in starts.enumerated() {
            let end = starts.indices.contains(place + 1) ? starts[place + 1] : .max
            let part = (start..<end).clamped(to: minutes)
            guard !part.isEmpty, let run = run(of: own, at: start) else { continue }
            let there = general.flatMap { general in self.run(of: general.runs, at: start).map { (general.name, $0) } }
            let decision = Routing.past(run, general: there)
            if let last = stretches.indices.last, stretches[last].decision == decision,
                stretches[last].minutes.upperBound == part.lowerBound
            {
                stretches[last].minutes = stretches[last].minutes.lowerBound..<part.upperBound
            } else {
                stretches.append(WhyStretch(minutes: part, decision: decision))
            }
        }
        return stretches
    }

    private static func run(of runs: [CauseRun], at minute: LedgerMinute) -> CauseRun? { runs.last { $0.from <= minute } }
}
