import Consortium

/// Which coordinator serves this node: one of several, kept until its link ends or until it has known no leader for a while, as
/// it may then sit in a minority. A pure value: its owner dials what `next` names and tells it what came of it.
public struct ServerChoice: Sendable {
    /// A server that knows no leader for this long is left for another one.
    public static let leaderlessMsMax: UInt64 = 2_000
    /// How often the owner asks `shouldLeave`.
    public static let watchMs: UInt64 = 500
    static let redialMs: UInt64 = 100
    static let redialMsMax: UInt64 = 1_000

    /// Of coordinators; it changes while a node runs.
    private var count = 1
    private var turn: Int
    private var delayMs = Self.redialMs
    private var isUp = false
    /// It knew a leader: it can serve.
    private var hasServed = false
    private var leaderlessSinceMs: UInt64?

    public init(node: NodeName) {
        // Nodes begin at different coordinators, so that the load and a loss are spread.
        turn = node.text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff }
    }

    /// The place in the list of coordinators of the one to dial now.
    /// - Parameter count: how many there are, at least one.
    public mutating func next(of count: Int) -> Int {
        precondition(count > 0, "a node has at least one coordinator")
        self.count = count
        defer { turn += 1 }
        return turn % count
    }

    public mutating func onUp(nowMs: UInt64) {
        isUp = true
        hasServed = false
        leaderlessSinceMs = nowMs
    }

    public mutating func onLeaderKnown(_ known: Bool, nowMs: UInt64) {
        leaderlessSinceMs = known ? nil : leaderlessSinceMs ?? nowMs
        guard known else { return }
        hasServed = true
        delayMs = Self.redialMs
    }

    /// The link ended, or could not be made. Gives the milliseconds after which to dial the next one: after a loss at once, as a lost
    /// coordinator must not be felt; but not after one that refused to serve, or all that do would be asked without a pause.
    public mutating func onLost() -> UInt64 {
        let wasServed = isUp && hasServed
        isUp = false
        leaderlessSinceMs = nil
        guard !wasServed else { return 1 }
        defer { delayMs = min(delayMs * 2, Self.redialMsMax) }
        return delayMs
    }

    /// Whether another one should be tried: always no where there is no other.
    public func shouldLeave(nowMs: UInt64) -> Bool {
        guard isUp, count > 1, let since = leaderlessSinceMs else { return false }
        return nowMs > since + Self.leaderlessMsMax
    }
}
