/// The numbers of the protocol. All times in milliseconds. Start from a profile and change what must differ; ``invalidField`` says
/// what does not fit together. Every node of a cluster should run the same numbers, though different ones do no harm but speed.
public struct GossipConfiguration: Hashable, Sendable {
    /// One member is probed per interval: `BaseProbeInterval` of Lifeguard §IV.A; `T'` of SWIM §3.1.
    public var probeIntervalMs: Int64 = 1_000
    /// How long a direct ping may take before others are asked: `BaseProbeTimeout`. About the 99th percentile of a round trip.
    public var probeTimeoutMs: Int64 = 400
    /// Members that are asked to ping for us: `k` of SWIM §3.1.
    public var indirectProbes: Int = 3
    /// A relay's nack goes out after this share of the probe timeout (Lifeguard §IV.A: 80%).
    public var nackPercent: Int64 = 80
    /// `S`, the saturation of the local health multiplier (Lifeguard §IV.A): intervals stretch to at most `S + 1` times.
    public var localHealthMax: Int = 8
    /// `α` of Lifeguard §IV.B: Min = α · max(1, log10 n) · probe interval.
    public var suspicionAlpha: Int64 = 5
    /// `β` of Lifeguard §IV.B: Max = β · Min.
    public var suspicionBeta: Int64 = 6
    /// `K` of Lifeguard §IV.B: with this many independent confirmations the timeout has come down to Min.
    public var suspicionConfirmations: Int = 3
    /// The least suspicion timeout in a cluster of at most ``smallClusterMembers``: nobody but the accuser can confirm there, and a
    /// pause of one process must not look like its death.
    public var smallClusterSuspicionMsMin: Int64 = 5_000
    public var smallClusterMembers: Int = 3
    /// A round of news per this interval, while there is news.
    public var gossipIntervalMs: Int64 = 200
    /// Members that get each round.
    public var gossipFanout: Int = 3
    /// `λ` of SWIM §4.1: each update is passed on at most λ · ⌈log10(n + 1)⌉ times.
    public var retransmitLambda: Int = 4
    /// Whole states are exchanged with one random live member per this interval.
    public var pushPullIntervalMs: Int64 = 30_000
    /// Seeds are asked again after this while nobody has answered.
    public var joinRetryMs: Int64 = 2_000
    /// One dead member, or one seed that never answered, is tried per this interval, for ever: a long partition heals by itself.
    public var deadRetryIntervalMs: Int64 = 10_000
    /// A member that was dead and is back without a restart has its records held down (``RecordStanding/heldDown``) for this long,
    /// counted from its last return: a link that flaps must not make a button blink. A new boot id is an explicit join and a member that
    /// left comes back by joining too: neither is held down, for both speak anew for their queues.
    public var holdDownMs: Int64 = 10_000
    /// A writer renews each of its records after this, so that the age tells whether it still stands behind it.
    public var recordRenewMs: Int64 = 15_000
    /// A record that was not renewed for this long is ``RecordStanding/stale``.
    public var recordStaleMs: Int64 = 60_000

    public init() {}

    /// Libraries on the open internet.
    public static let wan = GossipConfiguration()

    /// One machine or one campus: for demonstrations and tests.
    public static let lan: GossipConfiguration = {
        var lan = GossipConfiguration()
        lan.probeIntervalMs = 500
        lan.probeTimeoutMs = 200
        lan.gossipIntervalMs = 100
        lan.pushPullIntervalMs = 10_000
        lan.joinRetryMs = 1_000
        lan.deadRetryIntervalMs = 3_000
        return lan
    }()

    /// The first number that is out of range or does not fit the others, or nil.
    public var invalidField: GossipInputError? {
        let hourMs: Int64 = 3_600_000
        let times: [(String, Int64)] = [
            ("probeIntervalMs", probeIntervalMs), ("probeTimeoutMs", probeTimeoutMs), ("gossipIntervalMs", gossipIntervalMs),
            ("pushPullIntervalMs", pushPullIntervalMs), ("joinRetryMs", joinRetryMs), ("deadRetryIntervalMs", deadRetryIntervalMs),
            ("recordRenewMs", recordRenewMs), ("recordStaleMs", recordStaleMs),
        ]
        for (field, value) in times where !(10...hourMs).contains(value) { return .init(field: field, expected: "10 to \(hourMs)") }
        for (field, value) in [("holdDownMs", holdDownMs), ("smallClusterSuspicionMsMin", smallClusterSuspicionMsMin)]
        where !(0...hourMs).contains(value) { return .init(field: field, expected: "0 to \(hourMs)") }
        let counts: [(String, Int, ClosedRange<Int>)] = [
            ("indirectProbes", indirectProbes, 0...8), ("localHealthMax", localHealthMax, 0...16), ("gossipFanout", gossipFanout, 1...16),
            ("suspicionConfirmations", suspicionConfirmations, 0...8), ("retransmitLambda", retransmitLambda, 1...16),
            ("smallClusterMembers", smallClusterMembers, 0...16), ("suspicionAlpha", Int(suspicionAlpha), 1...100),
            ("suspicionBeta", Int(suspicionBeta), 1...100), ("nackPercent", Int(nackPercent), 1...99),
        ]
        for (field, value, range) in counts where !range.contains(value) {
            return .init(field: field, expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        if probeTimeoutMs * 2 > probeIntervalMs {
            return .init(field: "probeTimeoutMs", expected: "at most half of probeIntervalMs: indirect probes need the other half")
        }
        if recordStaleMs < 2 * recordRenewMs { return .init(field: "recordStaleMs", expected: "at least twice recordRenewMs") }
        return nil
    }
}
