import ClientProtocol
import Consortium
import Testing

@testable import Gateway

/// What happens at the limits that no scenario reaches.
@Suite struct LimitTests {
    private func gateway() throws -> GatewayCore {
        var gateway = GatewayCore(
            node: try Names.name("node-1"), boot: 1, addresses: [], seed: 1, nowMs: 0, wallMs: 0, hash: { Names.secretHash($0) })
        _ = gateway.onLinkUp(now: 0)
        return gateway
    }

    private func patron(_ number: UInt64, _ gateway: inout GatewayCore, now: UInt64 = 0) -> ClientID {
        let client = ClientID(number)
        _ = gateway.onConnected(client, now: now)
        _ = gateway.onMessage(client, .hello(.init(role: .patron, client: "test/1")), now: now)
        return client
    }

    private func say(_ chat: ChatID, _ sequence: UInt64) -> ClientMessage {
        .say(.init(chat: chat, sender: SenderID(high: 1, low: 1), sequence: sequence, text: "x"))
    }

    private func open(_ chat: ChatID, _ number: UInt64) throws -> ClientMessage {
        .open(
            .init(
                re: RequestID(high: 1, low: number), chat: chat, secret: ChatSecret(high: 2, low: number),
                attach: AttachID(high: 3, low: number), queue: try Names.name("memorial-desk"), referralAgreed: true))
    }

    private func nacks(_ directives: [GatewayDirective]) -> [RefusalCode] {
        directives.compactMap { if case .send(_, .nack(let nack)) = $0 { nack.code } else { nil } }
    }

    private func ends(_ directives: [GatewayDirective]) -> [ByeCode] {
        directives.compactMap { if case .end(_, let code, _, _) = $0 { code } else { nil } }
    }

    @Test func saysThatWaitForTheirAttachAreBounded() throws {
        var gateway = try gateway()
        let (client, chat) = (patron(1, &gateway), ChatID(high: 9, low: 9))
        _ = gateway.onMessage(client, try open(chat, 1), now: 0)
        for sequence in 1...UInt64(GatewayLimits.saysHeldMax) {
            #expect(nacks(gateway.onMessage(client, say(chat, sequence), now: 0)).isEmpty)
        }
        #expect(nacks(gateway.onMessage(client, say(chat, 65), now: 0)) == [.busy])
        try gateway.checkInvariants()
    }

    @Test func oneConnectionHasSoManyProposalsUnderWay() throws {
        var gateway = try gateway()
        let (client, chat) = (patron(1, &gateway), ChatID(high: 9, low: 9))
        _ = gateway.onMessage(client, try open(chat, 1), now: 0)
        _ = gateway.onOutcome(1, .accepted(.done), at: LogPosition(index: 1, ordinal: 0), now: 0)
        var refused: [RefusalCode] = []
        for sequence in 1...100 { refused += nacks(gateway.onMessage(client, say(chat, UInt64(sequence)), now: 0)) }
        #expect(refused == Array(repeating: .busy, count: 100 - GatewayLimits.pendingPerConnectionMax))
        try gateway.checkInvariants()
    }

    /// Rule 14: under pressure new chats give way first, then messages.
    @Test func newChatsGiveWayBeforeMessages() throws {
        var gateway = try gateway()
        var number: UInt64 = 0
        var refused: RefusalCode?
        while refused == nil {
            number += 1
            let client = patron(number, &gateway)
            for directive in gateway.onMessage(client, try open(ChatID(high: 5, low: number), number), now: 0) {
                if case .send(_, .refused(let answer)) = directive { refused = answer.code }
            }
        }
        #expect(refused == .busy)
        #expect(number == UInt64(GatewayLimits.pendingForOpeningMax) + 1)
        // Who has a chat can still speak in it.
        _ = gateway.onOutcome(1, .accepted(.done), at: LogPosition(index: 1, ordinal: 0), now: 0)
        let sent = gateway.onMessage(ClientID(1), say(ChatID(high: 5, low: 1), 1), now: 0)
        #expect(sent.contains { if case .propose(_, .say) = $0 { true } else { false } })
        try gateway.checkInvariants()
    }

    @Test func aNodeHasSoManyConnections() throws {
        var gateway = try gateway()
        for number in 1...UInt64(GatewayLimits.connectionsMax) { #expect(gateway.onConnected(ClientID(number), now: 0).count <= 1) }
        #expect(ends(gateway.onConnected(ClientID(99_999), now: 0)) == [.full])
        _ = gateway.onDisconnected(ClientID(7), now: 0)
        #expect(ends(gateway.onConnected(ClientID(100_000), now: 0)).isEmpty)
    }

    @Test func aPersonHasSoManyWindows() throws {
        var gateway = try gateway()
        let (name, session) = (try Names.name("ann") as OperatorName, SessionID(high: 1, low: 1))
        for number in 1...UInt64(GatewayLimits.connectionsPerSessionMax + 1) {
            _ = gateway.onConnected(ClientID(number), now: 0)
            let ended = ends(gateway.onOperatorHello(ClientID(number), name, session, now: 0))
            #expect(ended == (number <= UInt64(GatewayLimits.connectionsPerSessionMax) ? [] : [.full]))
        }
        try gateway.checkInvariants()
    }

    /// Signing in again and again without ever connecting must not use up the desks of the node.
    @Test func signInsWithoutAConnectionAreForgotten() throws {
        var gateway = try gateway()
        let name: OperatorName = try Names.name("ann")
        for number in 1...UInt64(GatewayLimits.sessionsMax) {
            _ = gateway.onSignedIn(name, SessionID(high: 1, low: number), now: 0)
        }
        _ = gateway.onTick(now: GatewayLimits.helloMs + 1)
        let client = ClientID(1)
        _ = gateway.onConnected(client, now: 20_000)
        #expect(ends(gateway.onOperatorHello(client, name, SessionID(high: 2, low: 1), now: 20_000)).isEmpty)
    }
}
