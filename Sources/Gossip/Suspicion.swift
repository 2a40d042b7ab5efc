/// Lifeguard §IV.B, "Local Health Aware Suspicion": the timeout starts high and comes down as others suspect the same member on their own:
///
///     SuspicionTimeout = max(Min, Max − (Max − Min) · log(C + 1) / log(K + 1))
///
/// where C is the number of independent confirmations, K the number that brings it down to Min, Min = α · log10(n) · ProbeInterval and
/// Max = β · Min. As memberlist has it, K is taken as 0, and so Min at once, where fewer than K others could confirm.
struct Suspicion: Hashable, Sendable {
    private(set) var startedMs: Int64
    let minMs: Int64
    let maxMs: Int64
    /// `K`, or 0 where there are too few members to confirm.
    let confirmationsMax: Int
    /// Who suspects, the first one first. Only the others are confirmations.
    private(set) var accusers: [String]

    init(startedMs: Int64, accuser: String, members: Int, configuration: GossipConfiguration) {
        self.startedMs = startedMs
        accusers = [accuser]
        let logarithm = max(1_000, FixedPointLogarithm.log10Thousandths(max(1, members)))
        let scaled = configuration.suspicionAlpha * configuration.probeIntervalMs * logarithm / 1_000
        minMs = members <= configuration.smallClusterMembers ? max(scaled, configuration.smallClusterSuspicionMsMin) : scaled
        maxMs = configuration.suspicionBeta * minMs
        // The suspected member and the accuser can't confirm.
        confirmationsMax = members - 2 < configuration.suspicionConfirmations ? 0 : configuration.suspicionConfirmations
    }

    var confirmations: Int { accusers.count - 1 }

    var timeoutMs: Int64 {
        guard confirmationsMax > 0 else { return minMs }
        let share = (maxMs - minMs) * FixedPointLogarithm.log2(confirmations + 1) / FixedPointLogarithm.log2(confirmationsMax + 1)
        return max(minMs, maxMs - share)
    }

    var deadlineMs: Int64 { startedMs + timeoutMs }

    /// Counts an accusation. True when it is a new confirmation, which is then passed on: "the first K independent suspicions".
    mutating func confirm(by accuser: String) -> Bool {
        guard confirmations < confirmationsMax, !accusers.contains(accuser) else { return false }
        accusers.append(accuser)
        return true
    }

    /// Gives back the time in which this process did not run.
    mutating func postpone(byMs delayMs: Int64) { startedMs += delayMs }
}
