import ClientProtocol
import Consortium

/// An operator's sign-on at this node, with all its connections: they show the same desk.
struct Desk: Sendable {
    struct Grant: Hashable, Sendable {
        var chat: ChatID
        var token: LogPosition
    }
    var name: OperatorName
    var clients: [ClientID] = []
    /// Where the state accepted the sign-on; `nil` before.
    var signedOnAt: LogPosition?
    var signOnPending = false
    /// A board as new as the sign-on was seen: what the desk holds is known.
    var settled = false
    /// The chats that it holds, each with the position as of which this is known.
    var chats: [ChatID: LogPosition] = [:]
    /// Tokens that this session was given, newest last. Tokens can be guessed: only these are passed on.
    var grants: [Grant] = []
    /// What stands for tokens of a branch that was merged: clients may still carry those.
    var renewed: [Grant: LogPosition] = [:]
    var pongMs: UInt64
    var humanMs: UInt64
    /// The gap of each library of which this desk was told, by its first minute.
    var gapsTold: [LibraryName: LedgerMinute] = [:]

    static let grantsMax = 128

    init(name: OperatorName, nowMs: UInt64) {
        self.name = name
        pongMs = nowMs
        humanMs = nowMs
    }

    /// Whoever decides now does not know the sign-on: what the desk holds is unknown until that is accepted once more.
    mutating func signsOnAnew() {
        signedOnAt = nil
        settled = false
    }
}

extension GatewayCore {
    /// Somebody signed in over HTTP; the sign-on follows with the first connection.
    public mutating func onSignedIn(_ name: OperatorName, _ session: SessionID, now: UInt64) -> [GatewayDirective] {
        advance(now)
        if desks[session] == nil, desks.count < GatewayLimits.sessionsMax { desks[session] = Desk(name: name, nowMs: self.now) }
        return take()
    }

    /// Somebody signed out.
    public mutating func onSignedOut(_ session: SessionID, now: UInt64) -> [GatewayDirective] {
        advance(now)
        _ = propose(.signOff(session), .signOff, for: nil)
        closeDesk(session, .signedOut, "You have signed out.")
        return take()
    }

    mutating func takeDesk(_ client: ClientID, _ name: OperatorName, _ session: SessionID) {
        if desks[session] == nil {
            guard desks.count < GatewayLimits.sessionsMax else {
                return end(client, .full, "This node serves as many operators as it can.", retryMs: 5_000 + jitter(5_000))
            }
            desks[session] = Desk(name: name, nowMs: now)
        }
        guard let desk = desks[session], desk.name == name, desk.clients.count < GatewayLimits.connectionsPerSessionMax else {
            let text = "You have \(GatewayLimits.connectionsPerSessionMax) connections already; close a window."
            return end(client, .full, text, retryMs: nil)
        }
        connections[client]?.role = .desk(session)
        desks[session]?.clients.append(client)
        desks[session]?.pongMs = now
        welcome(client)
        if desk.signedOnAt == nil {
            signOn(session)
        } else {
            showDesk(client, session)
        }
    }

    /// Level: a sign-on that is repeated is answered as the first was.
    mutating func signOn(_ session: SessionID) {
        guard let desk = desks[session], desk.signedOnAt == nil, !desk.signOnPending, !desk.clients.isEmpty else { return }
        let command = Command.signOn(SignOn(session: session, operatorName: desk.name, node: node, boot: boot, available: []))
        let proposed = propose(command, .signOn(session), for: nil)
        desks[session]?.signOnPending = proposed
    }

    mutating func signedOn(_ session: SessionID, at: LogPosition) {
        desks[session]?.signOnPending = false
        desks[session]?.signedOnAt = at
        settleDesk(session)
        for client in desks[session]?.clients ?? [] { showDesk(client, session) }
    }

    mutating func notSignedOn(_ session: SessionID, _ text: String) {
        guard desks[session] != nil else { return }
        closeDesk(session, .signIn, text)
        emit(.sessionOver(session))
    }

    mutating func closeDesk(_ session: SessionID, _ code: ByeCode, _ text: String) {
        for client in desks[session]?.clients ?? [] { end(client, code, text, retryMs: nil) }
        desks[session] = nil
    }

    /// Compares the desk with the board: is the session still in force, and what does it hold?
    mutating func settleDesk(_ session: SessionID) {
        guard let desk = desks[session], let signedOnAt = desk.signedOnAt, let board = directory.board, board.at >= signedOnAt else {
            return
        }
        guard let status = directory.status[desk.name] else {
            closeDesk(session, .signIn, "Your sign-on ran out, as nobody was at the desk for a while; sign in again.")
            return emit(.sessionOver(session))
        }
        guard status.session == session else {
            closeDesk(session, .elsewhere, "You have signed in somewhere else; your chats went there.")
            return emit(.sessionOver(session))
        }
        desks[session]?.settled = true
        let holdings = (directory.holdings[session] ?? []) + status.watching
        // Where a chat went is told with its update. None comes of one that nobody at this desk watched, or that the coordinators no longer have:
        // the board's word, as new as the holding, is enough to give it up.
        for (chat, at) in desk.chats where at <= board.at && !holdings.contains(chat) {
            if chats[chat]?.meta == nil || chats[chat]?.viewers.isEmpty == true { desks[session]?.chats[chat] = nil }
        }
        for chat in holdings where desk.chats[chat] == nil { join(chat, session, at: board.at) }
    }

    /// The desk holds the chat as of `at`: all its connections are shown it.
    mutating func join(_ chat: ChatID, _ session: SessionID, at: LogPosition) {
        guard let desk = desks[session], need(chat, asOf: at) else { return }
        desks[session]?.chats[chat] = max(at, desk.chats[chat] ?? at)
        for client in desk.clients { showChat(chat, to: client, asOf: at) }
        // The last window may have closed while the claim was under way: then nobody here needs the chat.
        if chats[chat]?.viewers.isEmpty == true { chats[chat]?.unneededSinceMs = now }
        noteHolding(chat)
    }

    private mutating func showChat(_ chat: ChatID, to client: ClientID, asOf at: LogPosition) {
        var place = connections[client]?.places[chat] ?? Place()
        place.admitted = max(at, place.admitted ?? at)
        connections[client]?.places[chat] = place
        view(client, chat)
    }

    /// Learns tokens from the state, so that a desk can go on with them after this node was started again.
    mutating func noteHolding(_ chat: ChatID) {
        guard let holder = chats[chat]?.meta?.holder, desks[holder.session] != nil else { return }
        grant(holder.session, .init(chat: chat, token: holder.token))
    }

    mutating func grant(_ session: SessionID, _ grant: Desk.Grant) {
        guard desks[session]?.grants.contains(grant) == false else { return }
        desks[session]?.grants.append(grant)
        if let count = desks[session]?.grants.count, count > Desk.grantsMax { desks[session]?.grants.removeFirst() }
    }

    /// Everything that a new connection of a desk is shown.
    mutating func showDesk(_ client: ClientID, _ session: SessionID) {
        sendMe(client, session)
        // Before the board: what stands there already is news to nobody.
        sendRoom(client, session)
        sendBoard(client, session)
        guard let desk = desks[session] else { return }
        for (chat, at) in desk.chats.sorted(by: { $0.key < $1.key }) where need(chat, asOf: at) { showChat(chat, to: client, asOf: at) }
    }

    mutating func sendMe(_ client: ClientID, _ session: SessionID) {
        guard let desk = desks[session], let me = directory.me(desk.name, session, nowMs: now) else { return }
        var comparable = me.shown
        comparable.leavingSeconds = me.leavingAtMs
        guard connections[client]?.sentMe != comparable else { return }
        connections[client]?.sentMe = comparable
        send(client, .me(me.shown))
    }

    /// Rule 20: sessions whose browser answers and whose person was active lately.
    mutating func renewLeases() {
        guard mayAsk, now - lastRenewMs >= GatewayLimits.renewMs else { return }
        lastRenewMs = now
        var alive: [SessionID] = []
        for (session, desk) in desks where desk.signedOnAt != nil && !desk.clients.isEmpty {
            if now - desk.pongMs < GatewayLimits.pongMs, now - desk.humanMs < configuration.humanInputMs { alive.append(session) }
        }
        if !alive.isEmpty { emit(.renewLeases(alive.sorted())) }
    }

    /// Signed in over HTTP, and nobody connected: the sign-on would follow with the first connection, which makes the desk anew.
    private mutating func forgetEmptyDesks() {
        desks = desks.filter { _, desk in
            !desk.clients.isEmpty || desk.signedOnAt != nil || desk.signOnPending || now - desk.pongMs < GatewayLimits.helloMs
        }
    }

    mutating func tendDesks() {
        forgetEmptyDesks()
        for session in desks.keys.sorted() { signOn(session) }
        renewLeases()
        sendBoards()
    }
}
