import ClientProtocol
import Consortium

/// One client's connection.
struct Connection: Sendable {
    enum Role: Hashable, Sendable {
        /// No `hello` yet.
        case unknown
        case patron
        case desk(SessionID)
    }
    var role: Role = .unknown
    let sinceMs: UInt64
    var heardMs: UInt64
    /// A bucket of frames that the client may still send (refilled by `framesPerSecond`), in thousandths.
    var framesMilli: UInt64 = GatewayLimits.framesBurst * 1_000
    /// When the last pick-up codes were tried.
    var collectsMs: [UInt64] = []
    /// The chats that it takes part in.
    var places: [ChatID: Place] = [:]
    var pendingCount = 0
    var toldService: ServerMessage.ServiceState?
    // Of desks.
    var boardVersion: UInt64 = 0
    var boardMs: UInt64?
    var librariesVersion: UInt64 = 0
    var roomVersion: UInt64 = 0
    var sentMe: ServerMessage.Me?

    init(nowMs: UInt64) {
        sinceMs = nowMs
        heardMs = nowMs
    }
}

/// Where a connection stands with a chat: its cursor, and what it was shown.
struct Place: Sendable {
    /// The patron's; `nil` at a desk.
    var attach: AttachID?
    /// The log position at which the state accepted the attach or holding; until then nothing is shown.
    var admitted: LogPosition?
    var fenced = false
    /// The last message sent.
    var cursor: Position = .zero
    /// The last `chat` sent, as `ServerMessage.ChatState.comparable`.
    var shown: ServerMessage.ChatState?
    /// Says that wait until the attach is accepted.
    var held: [ClientMessage.Say] = []
    var typedMs: UInt64?
    /// The patron asked to leave: the connection no longer counts as presence.
    var leaving = false
}

extension GatewayCore {
    public mutating func onConnected(_ client: ClientID, now: UInt64) -> [GatewayDirective] {
        advance(now)
        let isAway = stopping || dismissal != nil
        guard connections.count < GatewayLimits.connectionsMax, !isAway else {
            let retryMs = 1_000 + jitter(4_000)
            let text = dismissal ?? "This node takes no more connections now; try another."
            emit(.end(client, isAway ? .shutdown : .full, text: text, retryMs: retryMs))
            return take()
        }
        connections[client] = Connection(nowMs: self.now)
        wantTick(atMs: self.now + GatewayLimits.tickMs)
        return take()
    }

    public mutating func onDisconnected(_ client: ClientID, now: UInt64) -> [GatewayDirective] {
        advance(now)
        forget(client)
        return take()
    }

    /// The browser answered a ping.
    public mutating func onPong(_ client: ClientID, now: UInt64) {
        advance(now)
        guard case .desk(let session)? = connections[client]?.role else { return }
        desks[session]?.pongMs = self.now
    }

    /// The node is about to stop: clients go elsewhere.
    public mutating func onShutdown(now: UInt64) -> [GatewayDirective] {
        advance(now)
        stopping = true
        for client in connections.keys.sorted() { end(client, .shutdown, "This node stops; another one answers.", retryMs: jitter(1_000)) }
        return take()
    }

    /// LTG removed this node, or took it back (`nil`). Its clients go elsewhere, and it begins no branch: what is asked here, nobody takes.
    public mutating func onDismissal(_ why: String?, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard why != dismissal else { return take() }
        dismissal = why
        guard let why else { return take() }
        for client in connections.keys.sorted() { end(client, .shutdown, why, retryMs: jitter(1_000)) }
        return take()
    }

    /// A frame that is no message of the protocol.
    public mutating func onBadMessage(_ client: ClientID, _ error: ProtocolError, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard countFrame(client) else { return take() }
        switch error {
        case .badJson: end(client, .badJson, error.sentence, retryMs: 5_000)
        case .unknownKind(_, let re): send(client, .refused(.init(re: re, code: .unknownKind, text: error.sentence)))
        case .badField(_, _, _, let code, let re): send(client, .refused(.init(re: re, code: code, text: error.sentence)))
        }
        return take()
    }

    public mutating func onMessage(_ client: ClientID, _ message: ClientMessage, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard countFrame(client), let role = connections[client]?.role else { return take() }
        if case .hello(let hello) = message {
            welcomePatron(client, hello, role)
            return take()
        }
        switch role {
        case .unknown: end(client, .badFrame, "The first message is hello.", retryMs: 5_000)
        case .patron: onPatronMessage(client, message)
        case .desk(let session): onDeskMessage(client, session, message)
        }
        return take()
    }

    /// A `hello` by an operator whose sign-in the shell has resolved. An operator's `hello` that it could not resolve goes to `onMessage`.
    public mutating func onOperatorHello(
        _ client: ClientID, _ name: OperatorName, _ session: SessionID, version: Int = ProtocolLimits.version, now: UInt64
    ) -> [GatewayDirective] {
        advance(now)
        guard countFrame(client), let role = connections[client]?.role, isFirstHello(client, role), isVersion(client, version) else {
            return take()
        }
        takeDesk(client, name, session)
        return take()
    }

    private mutating func welcomePatron(_ client: ClientID, _ hello: ClientMessage.Hello, _ role: Connection.Role) {
        guard isFirstHello(client, role), isVersion(client, hello.version) else { return }
        guard hello.role == .patron else { return end(client, .signIn, "Sign in first, then connect.", retryMs: nil) }
        connections[client]?.role = .patron
        welcome(client)
    }

    private mutating func isFirstHello(_ client: ClientID, _ role: Connection.Role) -> Bool {
        if role == .unknown { return true }
        end(client, .badFrame, "hello comes once.", retryMs: 5_000)
        return false
    }

    private mutating func isVersion(_ client: ClientID, _ version: Int) -> Bool {
        if version == ProtocolLimits.version { return true }
        end(client, .version, "This node speaks version \(ProtocolLimits.version); reload the page.", retryMs: nil)
        return false
    }

    mutating func welcome(_ client: ClientID) {
        var desk: String?
        if case .desk? = connections[client]?.role { desk = servedDesk }
        send(
            client,
            .welcome(
                .init(
                    node: node, boot: String(boot, radix: 16), nodes: addresses, pingSeconds: configuration.pingSeconds,
                    nowMs: now &+ wallOffsetMs, desk: desk)))
        tellService(client, always: true)
    }

    /// A bucket: `framesPerSecond` in the long run, `framesBurst` at once. False when the client is not there (any more).
    private mutating func countFrame(_ client: ClientID) -> Bool {
        guard let connection = connections[client] else { return false }
        let refill = (now - connection.heardMs) * GatewayLimits.framesPerSecond
        let available = min(connection.framesMilli + refill, GatewayLimits.framesBurst * 1_000)
        guard available >= 1_000 else {
            let text = "More than \(GatewayLimits.framesPerSecond) messages a second came for 5 s; send less."
            end(client, .tooFast, text, retryMs: 5_000 + jitter(5_000))
            return false
        }
        connections[client]?.framesMilli = available - 1_000
        connections[client]?.heardMs = now
        return true
    }

    mutating func end(_ client: ClientID, _ code: ByeCode, _ text: String, retryMs: UInt64?) {
        guard connections[client] != nil else { return }
        emit(.end(client, code, text: text, retryMs: retryMs))
        forget(client)
    }

    /// Takes a connection out of everything that knows of it.
    private mutating func forget(_ client: ClientID) {
        guard let connection = connections.removeValue(forKey: client) else { return }
        for (chat, place) in connection.places.sorted(by: { $0.key < $1.key }) { stopViewing(client, chat, place) }
        if case .desk(let session) = connection.role { desks[session]?.clients.removeAll { $0 == client } }
        abandonProposals(of: client)
    }

    mutating func refuse(_ client: ClientID, _ re: RequestID?, _ code: RefusalCode, _ text: String, retryMs: UInt64? = nil) {
        guard connections[client] != nil else { return }
        send(client, .refused(.init(re: re, code: code, text: text, retryMs: retryMs)))
    }
}
