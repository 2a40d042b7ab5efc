import ClientProtocol
import Consortium
import Gateway
import Testing

/// Rule 20: leases come from the browser's answers and from people's input.
@Suite struct LeaseRenewalTests {
    /// A browser that is never silent is never pinged, so it never answers a ping: its messages are the answer. Operators who wrote
    /// all the time were signed off after a minute.
    @Test func aDeskThatIsNeverSilentKeepsItsLease() throws {
        let secret = try #require(SecretHash(Array(repeating: 0, count: 32)))
        var gateway = GatewayCore(
            node: try #require(NodeName("memorial")), boot: 1, addresses: [], seed: 1, nowMs: 0, wallMs: 0, hash: { _ in secret })
        let (client, session) = (ClientID(1), SessionID(high: 1, low: 1))
        _ = gateway.onLinkUp(now: 0)
        _ = gateway.onServiceState(hasLeader: true, now: 0)
        _ = gateway.onConnected(client, now: 0)
        let hello = gateway.onOperatorHello(client, try #require(OperatorName("mia")), session, version: ProtocolLimits.version, now: 0)
        let counter = try #require(hello.compactMap { if case .propose(let counter, .signOn) = $0 { counter } else { nil } }.first)
        let token = LogPosition(index: 1, ordinal: 0)
        _ = gateway.onOutcome(counter, .accepted(.token(token)), at: token, now: 0)

        var renewedMs: UInt64 = 0
        for now in stride(from: UInt64(500), through: 180_000, by: 500) {
            let directives = (now % 3_000 == 0 ? gateway.onMessage(client, .active, now: now) : []) + gateway.onTick(now: now)
            if directives.contains(.renewLeases([session])) { renewedMs = now }
        }
        #expect(renewedMs > 170_000)
        // A browser that is silent and answers nothing is not vouched for.
        for now in stride(from: UInt64(180_500), through: 400_000, by: 500) {
            if gateway.onTick(now: now).contains(.renewLeases([session])) { renewedMs = now }
        }
        #expect(renewedMs < 240_000)
    }
}
