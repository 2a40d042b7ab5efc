/// How many TLS handshakes a node begins for whoever is on the network: each costs the loop about a millisecond of CPU, and heartbeats run on it too. Pure.

struct HandshakeBudget {
    /// Handshakes a second, in the long run: about a twentieth of the loop.
    static let perSecond: UInt64 = 50
    /// At once, after a quiet time: all nodes of a large consortium come back within seconds when a coordinator was started again.
    static let burst: UInt64 = 100
    private static let scale: UInt64 = 1_000

    /// In thousandths of a handshake.
    private var left = burst * scale
    private var lastMs: UInt64?

    /// Whether one more may begin now. Whoever may not is sent away, and a node tries again a second later.
    mutating func take(nowMs: UInt64) -> Bool {
        let passedMs = min(nowMs - min(lastMs ?? nowMs, nowMs), 60_000)
        left = min(left + passedMs * Self.perSecond, Self.burst * Self.scale)
        lastMs = nowMs
        guard left >= Self.scale else { return false }
        left -= Self.scale
        return true
    }
}
