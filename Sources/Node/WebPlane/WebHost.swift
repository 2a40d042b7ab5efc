/// The web plane of a node: clients' connections, the presence API, the clients' files and the small HTTP API, on its own loop.

import ClientProtocol
import Consortium
import EventLoop
import Gateway
import Logging
import PageCheck
import SignIn
import TLS
import Transcripts
import Web
import Wire

/// What the HTTP API asks of the cluster plane. Every answer comes back by a completion on the web plane.
struct NodeServices: Sendable {
    var events: @Sendable ([ClientEvent]) -> Void
    var signIn: @Sendable (SignInAsk, @escaping @Sendable @WebActor (Accounts.SignInOutcome) -> Void) -> Void
    var secondStep: @Sendable (SecondStepWish, @escaping @Sendable @WebActor (SecondStepOutcome) -> Void) -> Void
    /// A first code for somebody, by an admin's token of a sign-in; `nil`: by the node's admin token.
    var firstCode: @Sendable (String, String?, @escaping @Sendable @WebActor (FirstCodeOutcome) -> Void) -> Void
    /// What the button for a sign-in by the campus says; `nil` where the node's file names no service. The two that follow are asked only where there is one.
    var campusTitle: String?
    var beginCampus: @Sendable (@escaping @Sendable @WebActor (Result<CampusDesk.Begun, CampusRefusal>) -> Void) -> Void
    /// With what the browser came back, and what it kept of its beginning.
    var finishCampus: @Sendable (CampusAnswer, String?, @escaping @Sendable @WebActor (CampusDesk.Outcome) -> Void) -> Void
    var signOut: @Sendable (String) -> Void
    var me: @Sendable (String, @escaping @Sendable @WebActor (Accounts.Session?) -> Void) -> Void
    /// Who is signed in under a session's token, if anybody is.
    var person: @Sendable (String, @escaping @Sendable @WebActor (Operator?) -> Void) -> Void
    /// Who is signed in under a session's token, if anybody is, and everybody's sign-ins at this node.
    var sessions: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, [KnownSession]) -> Void) -> Void
    var status: @Sendable (@escaping @Sendable @WebActor (String) -> Void) -> Void
    var importFile: @Sendable (String, ImportOptions, @escaping @Sendable @WebActor (ImportReport) -> Void) -> Void
    /// `nil` before the first board came.
    var names: @Sendable (@escaping @Sendable @WebActor (NamesReport?) -> Void) -> Void
    /// All canned messages, and who is signed in under a session's token, if anybody is.
    var canned: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, [CannedMessage]) -> Void) -> Void
    /// All problems that were reported, and who is signed in under a session's token, if anybody is.
    var tickets: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, [Ticket]) -> Void) -> Void
    /// Keeps a picture for a report to come; for one that was made, says whether it is kept already.
    var keepPicture:
        @Sendable (Picture, TicketID, _ isReported: Bool, _ isStrangers: Bool, @escaping @Sendable @WebActor (PictureKept) -> Void) -> Void
    /// A line of the picture that this node keeps for a report; `nil` where it keeps none.
    var pictureFacts: @Sendable (TicketID, @escaping @Sendable @WebActor (String?) -> Void) -> Void
    /// The picture of a report, from the node that took it.
    var picture: @Sendable (TicketID, NodeName, @escaping @Sendable @WebActor (PictureFound) -> Void) -> Void
    /// Who is signed in under a session's token, if anybody is; the consortium, `nil` before the first board came; and the entries of all registers.
    var registers: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, Board?, [EntryID: RegisterEntry]) -> Void) -> Void
    /// Parts of libraries' ledgers; `nil` where the coordinators cannot be asked now.
    var ledger: @Sendable ([LedgerPart], @escaping @Sendable @WebActor ([LedgerBook]?) -> Void) -> Void
    /// Parts of queues' books of causes; `nil` where the coordinators cannot be asked now.
    var causes: @Sendable ([CausePart], @escaping @Sendable @WebActor ([CauseRuns]?) -> Void) -> Void
    /// Parts of libraries' books of duty; `nil` where the coordinators cannot be asked now, or keep none.
    var duty: @Sendable ([DutyPart], @escaping @Sendable @WebActor ([DutyRuns]?) -> Void) -> Void
    /// What was counted of libraries' chats; `nil` where the coordinators cannot be asked now, or do not count.
    var tally: @Sendable (TallyWish, @escaping @Sendable @WebActor (TallyAnswer?) -> Void) -> Void
    /// The audit log; `nil` where the coordinators cannot be asked now, or keep none.
    var audit: @Sendable (AuditPart, @escaping @Sendable @WebActor (AuditPage?) -> Void) -> Void
    /// Who is signed in under a session's token, if anybody is; the consortium, `nil` before the first board came; and what is wanted of the transcripts of their library, or for
    /// nobody in particular of the libraries whose home this node is: `nil` where the coordinators cannot be asked now, or know of no such thing.
    var wishes: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, Board?, [TranscriptWish]?) -> Void) -> Void
    /// The consortium, `nil` before the first board came; and a library's shifts, `nil` where the coordinators cannot be asked now, or know of no such thing.
    var shifts: @Sendable (LibraryName, @escaping @Sendable @WebActor (Board?, ShiftBook?) -> Void) -> Void
    /// The newest transcripts of some libraries, no word of them; `nil` where none are kept here.
    var kept: @Sendable ([LibraryName], @escaping @Sendable @WebActor ([TranscriptStore.Summary]?) -> Void) -> Void
    /// What was said in a chat, to be shown to nobody before it is in the audit log; `nil` where it cannot be read now.
    var transcripts: @Sendable (ChatID, @escaping @Sendable @WebActor ([Transcript]?) -> Void) -> Void
    /// `nil` before the first one came.
    var board: @Sendable (@escaping @Sendable @WebActor (Board?) -> Void) -> Void
    /// Facts of the chats that began within a time, in Unix milliseconds.
    var conversations:
        @Sendable (Range<UInt64>, @escaping @Sendable @WebActor (Result<[Conversation], ConversationsFailure>) -> Void) -> Void
    /// The chat of a number (`LibraryH3lp`) that whoever is signed in under a session's token holds at this node's desk.
    var held: @Sendable (UInt64, String, @escaping @Sendable @WebActor (HeldChat?) -> Void) -> Void
    /// An admin's command; `nil` when the node stops before it is answered.
    var propose: @Sendable (Command, @escaping @Sendable @WebActor (Verdict?) -> Void) -> Void
    /// Who is signed in under a session's token, if anybody is, and what is known of buttons; `nil` before the first board came.
    var buttons: @Sendable (String?, @escaping @Sendable @WebActor (Operator?, ButtonKnowledge?) -> Void) -> Void
    /// A page told of its button.
    var sawInstall: @Sendable (InstallSighting) -> Void
    /// What pages may name, for the page checker; `nil` before the first board came.
    var pageFacts: @Sendable (@escaping @Sendable @WebActor (PageFacts?) -> Void) -> Void
    /// `nil` before the first board came.
    var settings: @Sendable (@escaping @Sendable @WebActor (SettingsReport?) -> Void) -> Void
    /// Which versions of the desk are open, at all nodes.
    var desks: @Sendable (@escaping @Sendable @WebActor (DesksReport) -> Void) -> Void
    var changeCoordinators: @Sendable (CoordinatorWish, @escaping @Sendable @WebActor (CoordinatorProgress) -> Void) -> Void
    var backUp: @Sendable (@escaping @Sendable @WebActor (BackupOutcome) -> Void) -> Void
    var keys: @Sendable (@escaping @Sendable @WebActor (KeysReport?) -> Void) -> Void
    /// Whether another key is wished for, and whether to go on without nodes that do not follow.
    var turnKeys: @Sendable (Bool, Bool, @escaping @Sendable @WebActor (CoordinatorProgress) -> Void) -> Void
    var nodes: @Sendable (@escaping @Sendable @WebActor (NodesReport) -> Void) -> Void
    var changeNodes: @Sendable (NodeWish, @escaping @Sendable @WebActor (Result<String, NodeRefusal>) -> Void) -> Void
    /// Invites a library's node, for so many hours, to ask at that address.
    var invite:
        @Sendable (LibraryName, Int64, String, @escaping @Sendable @WebActor (Result<JoinDesk.Invited, JoinRefusal>) -> Void) -> Void
    /// What a fresh node asks, and the sealed answer.
    var join: @Sendable ([UInt8], @escaping @Sendable @WebActor (Result<[UInt8], JoinRefusal>) -> Void) -> Void
    var adminToken: String
    var node: NodeName
    /// Set in the demonstration only: who may frame the pages.
    var demoFrameAncestor: String?
}

/// Somebody wants to sign in.
struct SignInAsk: Sendable {
    var name: String
    var password: String
    /// Of the second step; empty: none was given.
    var code = ""
    /// In the place of a first code; empty: none was chosen.
    var newPassword = ""
    /// What an earlier sign-in gave the browser to keep.
    var browser: String?
    var network: AddressPrefix
    /// No desk follows.
    var isScript = false
}

/// A backup was written into the data folder, or why not.
enum BackupOutcome: Sendable {
    case made(BackupFile.Head)
    case refused(String)
}

@WebActor
final class WebHost {
    static let importBytesMax = 4 * 1024 * 1024

    let server: WebServer
    let presence = Presence()
    let hours = HoursWeb()
    /// `nil` while files are read from a directory.
    private let button: ButtonWeb?
    private let services: NodeServices
    private let health: Health
    private let logger: Logger
    private var sockets: [ClientID: WebSocket] = [:]
    /// The chats that a connection opened last.
    private var opened: [ClientID: [ChatID]] = [:]
    private static let openedMax = 8
    private var lastClient: UInt64 = 0
    private var events: [ClientEvent] = []
    private var scheduled = false
    private let readiness: Readiness
    /// On which pages whose chat may stand.
    var places = PagePlaces()
    private var tls: WebTLS?
    private var redirect: RedirectHost?

    init(services: NodeServices, assets: Assets, shelf: ButtonShelf, metrics: PrometheusMetrics?, logger: Logger) {
        button = assets.isDirectory ? nil : ButtonWeb(shelf)
        self.services = services
        self.logger = logger
        server = WebServer()
        server.refuse = { OtherSites.refusal(of: $0) }
        server.cost = { RequestCost.of($0) }
        let api = HTTPAPI(services: services)
        let gate = RouteGate(api: api)
        server.admit = { methods, path, isPrefix, handler in gate.admit(methods, path, isPrefix: isPrefix, handler) }
        let readiness = Readiness()
        self.readiness = readiness
        health = Health(loops: [ClusterActor.loop], metrics: metrics, whyNotReady: { readiness.whyNot })
        presence.install(on: server)
        hours.install(on: server)
        presence.opens = { [hours] library in hours.opens(library) }
        health.install(on: server)
        installClients()
        api.install(on: server)
        SessionsAPI(api: api).install(on: server)
        SecondStepAPI(api: api).install(on: server)
        AccountsAPI(api: api).install(on: server)
        CampusAPI(api: api).install(on: server)
        AuditAPI(api: api).install(on: server)
        TranscriptsAPI(api: api).install(on: server)
        HoursAPI(api: api, hours: hours).install(on: server)
        LedgerAPI(api: api, hours: hours).install(on: server)
        ShiftsAPI(api: api, hours: hours).install(on: server)
        WhyAPI(api: api, hours: hours).install(on: server)
        ReportsAPI(api: api, hours: hours).install(on: server)
        NamesAPI(api: api).install(on: server)
        CannedAPI(api: api).install(on: server)
        ProblemsAPI(api: api, node: services.node).install(on: server)
        PicturesAPI(api: api).install(on: server)
        PageCheckAPI(api: api).install(on: server)
        RegistersAPI(api: api, hours: hours, logger: logger).install(on: server)
        SettingsAPI(api: api).install(on: server)
        DesksAPI(api: api).install(on: server)
        ButtonsAPI(api: api, serving: { [button] in button?.serving ?? ButtonServing() }).install(on: server)
        JoinAPI(api: api).install(on: server)
        LibraryH3lpAPI(api: api, hours: hours, presence: presence).install(on: server)
        button?.install(on: server)
        server.get("/") { _, responder in responder.send(.redirect(to: "/desk")) }
        let pages = [
            "/desk": "desk.html", "/practice": "desk.html", "/names": "names.html", "/ledger": "ledger.html", "/why": "why.html",
            "/shifts": "shifts.html", "/pages": "pages.html",
            "/tickets": "tickets.html", "/problem": "problem.html",
            "/check": "check.html", "/reports": "reports.html", "/buttons": "buttons.html",
            "/registers": "registers.html", "/sessions": "sessions.html", "/desks": "desks.html", "/settings": "settings.html",
            "/audit": "audit.html", "/transcripts": "transcripts.html",
        ]
        assets.install(on: server, pages: pages)
        server.route([.get], prefix: "/chat") { [self] request, responder in showChat(assets, request, responder) }
        for path in ["/html/chat-box.html", "/chat.html"] {
            server.get(path) { [self] request, responder in showChat(assets, request, responder) }
        }
    }

    /// The chat's page may stand in frames: of the pages that the library lists, or of any.
    private func showChat(_ assets: Assets, _ request: Request, _ responder: Responder) {
        let library = presence.snapshot.entry(PagePlaces.queue(of: request)).library
        assets.answer("chat.html", request, responder, fields: places.frameField(of: library))
    }

    /// - Parameter read: what the files of `webTLS` hold.
    func listen(_ configuration: NodeConfiguration, read: (WebCredentials, WebServerTLS)?) throws(LoopError) {
        server.proxies = configuration.proxy
        guard let files = configuration.webTLS, let read else {
            for address in configuration.webListen { try server.listen(host: address.host, port: address.port) }
            return
        }
        let tls = WebTLS(files, read: read, hosts: configuration.webURLs.map { WebAddress.name(of: $0) }, logger: logger)
        let redirect = RedirectHost(urls: configuration.webURLs, challenges: files.challenges)
        (self.tls, self.redirect) = (tls, redirect)
        if files.hstsDays > 0 { server.strictTransportSeconds = Int64(files.hstsDays) * 86_400 }
        for address in configuration.webListen {
            try server.listen(host: address.host, port: address.port) { stream in tls.stream(over: stream) }
        }
        for address in files.local { try server.listen(host: address.host, port: address.port) }
        try redirect.listen(files.redirect)
        tls.start()
    }

    /// - Parameter why: a sentence, or `nil` when the node serves.
    func ready(_ why: String?) { readiness.whyNot = why }

    /// Another version of the button's code is released.
    /// - Returns: what is served now.
    func release(button version: String?) -> ButtonServing {
        button?.release(version)
        return button?.serving ?? ButtonServing()
    }

    func close() {
        health.close()
        tls?.stop()
        redirect?.close()
        server.close()
    }

    // MARK: Clients

    private func installClients() {
        let route = WebSocketRoute(path: "/ws", subprotocols: [ProtocolLimits.subprotocol], isSubprotocolRequired: true)
        server.webSocket(route) { [self] socket, request in opened(socket, request) }
    }

    private func opened(_ socket: WebSocket, _ request: Request) {
        lastClient += 1
        let id = ClientID(lastClient)
        sockets[id] = socket
        // A cookie counts only for pages of this very origin: another site's page must not act as a signed-in operator.
        tell(.connected(id, cookie: OtherSites.isForeign(request) ? nil : request.cookie(HTTPAPI.cookieName)))
        // A page of this node's own may begin any chat, and so may a program.
        let origin = OtherSites.isForeign(request) ? request.headers["origin"] ?? "" : nil
        socket.onMessage = { [self] message in
            guard message.isText else { return refuse(id, .badFrame, "Messages are text frames with one JSON object.", nil) }
            do throws(ProtocolError) {
                let message = try ClientMessage(json: message.bytes)
                if case .open(let open) = message, !mayOpen(open, from: origin, socket, id) { return }
                tell(.message(id, message))
            } catch {
                tell(.bad(id, error))
            }
        }
        socket.onPong = { [self] _ in tell(.pong(id)) }
        socket.onOverflow = { [self] in
            refuse(id, .slow, "This connection did not read what was waiting for it; come back and resume.", 1_000)
        }
        socket.onClose = { [self] _, _ in
            opened[id] = nil
            if sockets.removeValue(forKey: id) != nil { tell(.disconnected(id)) }
        }
    }

    /// One network begins so many chats, whatever the number of its connections; an `open` that is said again is one chat.
    private func mayOpen(_ open: ClientMessage.Open, from origin: String?, _ socket: WebSocket, _ id: ClientID) -> Bool {
        if opened[id]?.contains(open.chat) ?? false { return true }
        if let origin, !places.allows(origin: origin, presence.snapshot.entry(open.queue.text).library) {
            let text = "This page is none of those on which this library has its chat; its own website leads there."
            _ = socket.sendText(utf8: ServerMessage.refused(.init(re: open.re, code: .notAllowed, text: text)).json())
            return false
        }
        if let waitMs = server.takeChat(of: socket.network) {
            let text = "Many chats were begun from your network just now; this one is tried again in a moment."
            _ = socket.sendText(utf8: ServerMessage.refused(.init(re: open.re, code: .busy, text: text, retryMs: waitMs)).json())
            return false
        }
        opened[id, default: []].append(open.chat)
        if let count = opened[id]?.count, count > Self.openedMax { opened[id]?.removeFirst() }
        return true
    }

    private func tell(_ event: ClientEvent) {
        events.append(event)
        guard !scheduled else { return }
        scheduled = true
        WebActor.loop.deferToIterationEnd { [self] in
            scheduled = false
            let gathered = events
            events.removeAll(keepingCapacity: true)
            services.events(gathered)
        }
    }

    /// What the cluster plane answers.
    func perform(_ actions: [ClientAction]) {
        for action in actions {
            switch action {
            case .send(let id, let message): _ = sockets[id]?.sendText(utf8: message.json())
            case .end(let id, let code, let text, let retryMs): end(id, code, text, retryMs)
            }
        }
    }

    /// Ended by this plane; the gateway hears of it as of every other end.
    private func refuse(_ id: ClientID, _ code: ByeCode, _ text: String, _ retryMs: UInt64?) {
        end(id, code, text, retryMs)
        tell(.disconnected(id))
    }

    private func end(_ id: ClientID, _ code: ByeCode, _ text: String, _ retryMs: UInt64?) {
        guard let socket = sockets.removeValue(forKey: id) else { return }
        let bye = ServerMessage.bye(code, text: text, retryMs: retryMs).json()
        socket.close(code: code.closeCode, reason: code.rawValue, lastText: String(decoding: bye, as: UTF8.self))
    }
}

@WebActor
private final class Readiness {
    var whyNot: String? = "the node is starting"
}

/// The Content-Security-Policy of the clients' pages.
public enum PagePolicy {
    /// No inline code, nothing from elsewhere but connections to other nodes.
    /// - Parameter frameAncestor: who else may frame the pages; set in the demonstration only.
    public static func text(frameAncestor: String?) -> String {
        let ancestors = frameAncestor.map { "'self' \($0)" } ?? "'self'"
        return "default-src 'self'; connect-src 'self' ws: wss: http: https:; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            + "form-action 'self'; frame-ancestors \(ancestors)"
    }
}
