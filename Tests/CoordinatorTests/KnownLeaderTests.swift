import Testing

@testable import Coordinator

/// Who else may say that it leads.
@Suite struct KnownLeaderTests {
    /// Whomever raft goes on naming: a member that repairs its log has no timeout of its own.
    @Test func oneThatIsSilentIsForgotten() {
        var known = KnownLeader(nowMs: 1_000)
        #expect(known.isThere(nowMs: 3_999) && !known.isThere(nowMs: 4_000))
        known.heard(nowMs: 5_000)
        known.took(false, nowMs: 6_000)
        #expect(known.isThere(nowMs: 7_999) && !known.isThere(nowMs: 8_000))
    }

    /// One that leads hears of itself, and for a moment after that.
    @Test func whoLedKnowsForAMoment() {
        var known = KnownLeader(nowMs: 0)
        known.took(true, nowMs: 10_000)
        #expect(known.isThere(nowMs: 60_000))
        known.took(false, nowMs: 60_000)
        #expect(known.isThere(nowMs: 62_999) && !known.isThere(nowMs: 63_000))
    }
}
