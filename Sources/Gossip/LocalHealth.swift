/// Lifeguard §IV.A, "Local Health Multiplier": "LHM is a saturating counter, with a max value S and min value zero, meaning it will not
/// increase above S or decrease below zero." A node whose own messages go missing doubts itself before it doubts others: it probes more
/// slowly and waits longer.
struct LocalHealth: Hashable, Sendable {
    /// The events that change the counter, with the paper's amounts.
    enum Event: Sendable {
        /// "Successful probe (ping or ping-req with ack): -1"
        case probeSucceeded
        /// "Failed probe +1"
        case probeFailed
        /// "Refuting a suspect message about self: +1"
        case refuted
        /// "Probe with missed nack: +1"
        case nackMissed
        /// This process was not run for longer than a probe interval. Not in the paper; the same idea: what it missed is its own fault.
        case ranLate
    }

    /// `S`.
    let max: Int
    private(set) var value = 0

    init(max: Int) { self.max = max }

    mutating func note(_ event: Event) {
        switch event {
        case .probeSucceeded: value = Swift.max(0, value - 1)
        case .probeFailed, .refuted, .nackMissed, .ranLate: value = Swift.min(max, value + 1)
        }
    }

    /// "ProbeInterval = BaseProbeInterval · (LHM(S) + 1)", "ProbeTimeout = BaseProbeTimeout · (LHM(S) + 1)".
    func scaled(_ baseMs: Int64) -> Int64 { baseMs * Int64(value + 1) }
}
