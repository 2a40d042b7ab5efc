import ClientProtocol
import Consortium
import Testing

@testable import Gateway

/// Agreement, 7: an open desk hears what its node serves, and goes on with the protocol that it speaks.
@Suite struct ServedDeskTests {
    private func gateway() throws -> GatewayCore {
        let hash = try #require(SecretHash([UInt8](repeating: 1, count: 32)))
        var gateway = GatewayCore(
            node: try #require(NodeName("memorial")), boot: 1, addresses: ["http://a"], seed: 1, nowMs: 1_000, wallMs: 1_790_000_000_000,
            hash: { _ in hash })
        gateway.onServedDesk("b2")
        return gateway
    }

    private func welcomes(_ directives: [GatewayDirective]) -> [ServerMessage.Welcome] {
        directives.compactMap {
            if case .send(_, .welcome(let welcome)) = $0 { return welcome }
            return nil
        }
    }

    @Test func desksAreToldWhatIsServedAndPatronsAreNot() throws {
        var gateway = try gateway()
        let mia = try #require(OperatorName("mia"))
        _ = gateway.onConnected(ClientID(1), now: 1_000)
        let desk = welcomes(gateway.onOperatorHello(ClientID(1), mia, SessionID(high: 1, low: 1), now: 1_000))
        #expect(desk.map(\.desk) == ["b2"])
        #expect(try ServerMessage(json: ServerMessage.welcome(try #require(desk.first)).json()) == .welcome(try #require(desk.first)))
        _ = gateway.onConnected(ClientID(2), now: 1_000)
        let hello = ClientMessage.Hello(role: .patron, client: "callslip-patron/1")
        let patron = welcomes(gateway.onMessage(ClientID(2), .hello(hello), now: 1_000))
        #expect(patron.count == 1)
        #expect(patron.first?.desk == nil)
        #expect(!String(decoding: ServerMessage.welcome(try #require(patron.first)).json(), as: UTF8.self).contains("desk"))
    }

    @Test func aPageOfAFormerVersionIsServedByItsProtocolAndOneOfAnotherProtocolIsToldWhich() throws {
        var gateway = try gateway()
        let mia = try #require(OperatorName("mia"))
        // As the former desk says it, which knows no versions.
        let former = Array(#"{"t":"hello","v":1,"role":"operator","client":"callslip-desk/1","session":null}"#.utf8)
        guard case .hello(let hello) = try ClientMessage(json: former) else { throw TestProblem() }
        _ = gateway.onConnected(ClientID(1), now: 1_000)
        #expect(
            welcomes(gateway.onOperatorHello(ClientID(1), mia, SessionID(high: 1, low: 1), version: hello.version, now: 1_000)).count == 1)
        _ = gateway.onConnected(ClientID(2), now: 1_000)
        let told = gateway.onOperatorHello(ClientID(2), mia, SessionID(high: 1, low: 1), version: 2, now: 1_000)
        #expect(welcomes(told).isEmpty)
        #expect(told.contains { if case .end(ClientID(2), .version, _, _) = $0 { true } else { false } })
    }

    private struct TestProblem: Error {}
}
