/// Whether a coordinator knows a leader from whom it hears who came since: as long as it does, nobody else is believed to have come.
///
/// By what the leader says, and not by whom raft names: a member that repairs its log, and one that has no vote yet, go on naming a leader that has died, and would
/// otherwise refuse for good whoever leads then.
public struct KnownLeader: Sendable {
    /// So long without a word of a leader is no election: those who lead now may have come while this coordinator was away.
    public static let silentMs: UInt64 = 3_000

    private var heardMs: UInt64
    private var leadsItself = false

    /// A process that has just begun hears of a leader soon.
    public init(nowMs: UInt64) { heardMs = nowMs }

    /// The leader, whom the log or the node's file tells of, said something.
    public mutating func heard(nowMs: UInt64) { heardMs = max(heardMs, nowMs) }

    /// Raft gave this coordinator another role.
    public mutating func took(_ isLeader: Bool, nowMs: UInt64) {
        if leadsItself { heard(nowMs: nowMs) }
        leadsItself = isLeader
    }

    public func isThere(nowMs: UInt64) -> Bool { leadsItself || nowMs < heardMs + Self.silentMs }
}
