/// Durations that were measured, and what is asked of them. Pure: the benchmark's shells read clocks and sockets.

/// Durations in nanoseconds, every one of them kept, so that percentiles are exact.
///
/// Bounded: beyond `countMax` durations are counted and not kept; `isComplete` tells.
public struct Samples: Sendable {
    /// 64 MiB of durations: two minutes at 70,000 a second.
    public static let countMax = 8 * 1024 * 1024

    private var values: [UInt64] = []
    private var isSorted = true
    /// Durations beyond the limit.
    public private(set) var dropped = 0

    public init() {}

    public var count: Int { values.count }
    public var isComplete: Bool { dropped == 0 }

    public mutating func record(ns: UInt64) {
        guard values.count < Self.countMax else {
            dropped += 1
            return
        }
        isSorted = isSorted && ns >= (values.last ?? 0)
        values.append(ns)
    }

    /// The smallest duration that at least this share of all durations does not exceed (nearest rank), in milliseconds; `nil` when
    /// there is none.
    /// - Parameter share: above 0, at most 1.
    public mutating func percentileMs(_ share: Double) -> Double? {
        precondition(share > 0 && share <= 1, "expected a share above 0 and at most 1, found \(share)")
        guard !values.isEmpty else { return nil }
        if !isSorted {
            values.sort()
            isSorted = true
        }
        let rank = Int((share * Double(values.count)).rounded(.up))
        return Double(values[max(rank, 1) - 1]) / 1e6
    }
}

extension Array where Element == Double {
    /// The middle one; of an even number, the mean of the middle two. `nil` of nothing.
    public var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = self.sorted()
        let half = count / 2
        return count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    }
}

/// One load: how much was done in how long, and how long each took.
public struct Load: Sendable {
    public var perSecond: Double
    public var p50Ms: Double
    public var p99Ms: Double
    /// Cores that the measuring process itself used: near 1 it is a limit of its own.
    public var clientCores: Double
    /// Cores that all processes of the measured cluster used together. Of all figures here it depends least on what else the machine does.
    public var serverCores: Double

    public init(perSecond: Double, p50Ms: Double, p99Ms: Double, clientCores: Double, serverCores: Double) {
        self.perSecond = perSecond
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
        self.clientCores = clientCores
        self.serverCores = serverCores
    }

    /// The median of each figure over several rounds; `nil` of no rounds.
    public static func median(of rounds: [Load]) -> Load? {
        guard let perSecond = rounds.map(\.perSecond).median, let p50Ms = rounds.map(\.p50Ms).median,
            let p99Ms = rounds.map(\.p99Ms).median, let clientCores = rounds.map(\.clientCores).median,
            let serverCores = rounds.map(\.serverCores).median
        else { return nil }
        return Load(perSecond: perSecond, p50Ms: p50Ms, p99Ms: p99Ms, clientCores: clientCores, serverCores: serverCores)
    }

    /// The rate of each round to that of the other one at its side, and of that the median: rounds that follow each other have the machine's moods in common.
    /// `nil` of no rounds.
    public static func ratio(of rounds: [Load], to others: [Load]) -> Double? {
        zip(rounds, others).map { $0.perSecond / $1.perSecond }.median
    }
}
