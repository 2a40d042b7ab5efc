/// The small HTTP API beside the WebSocket: sign-in, status, import, backup.

import Consortium
import EventLoop
import FoundationEssentials
import Sodium
import Web
import Wire

@WebActor
struct HTTPAPI {
    nonisolated static let cookieName = "callslip_session"
    /// The field that takes the cookie back.
    nonisolated static let noCookie = "\(cookieName)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    /// Shows that a person signed in at this browser before (`SignInBrake`); opens nothing.
    nonisolated static let browserCookieName = "callslip_browser"
    let services: NodeServices

    private struct Credentials: Decodable {
        var `operator`: String
        var password: String
        var code: String?
        var newPassword: String?
    }

    private struct Answer: Encodable {
        var session: String?
        var `operator`: String?
        var display: String?
        var code: String?
        var text: String?
        var retryMs: UInt64?
        /// For the person who signs in.
        var told: String?
    }

    func install(on server: WebServer) {
        server.post("/api/sign-in", bodyBytesMax: 4_096) { request, responder in signIn(request, responder) }
        server.post("/api/sign-out", bodyBytesMax: 1_024) { request, responder in
            if let token = request.cookie(Self.cookieName) { services.signOut(token) }
            var response = Response.json("{}")
            response.setHeader("Set-Cookie", Self.noCookie)
            responder.send(response)
        }
        server.get("/api/me") { request, responder in
            guard let token = request.cookie(Self.cookieName) else {
                return responder.send(json(Answer(code: "signIn", text: "Nobody is signed in here."), 401))
            }
            services.me(token) { session in
                guard let session else {
                    return responder.send(json(Answer(code: "signIn", text: "The sign-in has ended; sign in again."), 401))
                }
                responder.send(json(Answer(session: token, operator: session.operatorName.text, display: session.displayName), 200))
            }
        }
        server.get("/api/status") { _, responder in
            services.status { text in responder.send(.json(text)) }
        }
        server.post("/api/import", bodyBytesMax: WebHost.importBytesMax) { request, responder in importFile(request, responder) }
        server.post("/api/backup", bodyBytesMax: 1_024) { _, responder in backUp(responder) }
        server.get("/api/keyring") { _, responder in
            services.keys { report in
                guard let report else {
                    return responder.send(json(Answer(code: "notNow", text: "The node is starting; try again in a moment."), 503))
                }
                responder.send(json(report, 200))
            }
        }
        server.post("/api/keyring", bodyBytesMax: 1_024) { request, responder in turnKeys(request, responder) }
        server.get("/api/nodes") { _, responder in services.nodes { report in responder.send(json(report, 200)) } }
        server.post("/api/nodes", bodyBytesMax: 4_096) { request, responder in changeNodes(request, responder) }
        server.post("/api/coordinators", bodyBytesMax: 4_096) { request, responder in changeCoordinators(request, responder) }
        if services.demoFrameAncestor != nil { installDemo(server) }
    }

    private func signIn(_ request: Request, _ responder: Responder) {
        // A page of another origin cannot send this type without asking first, and is not allowed.
        guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
            let credentials = try? JSONDecoder().decode(Credentials.self, from: Data(request.body))
        else {
            return responder.send(json(Answer(code: "invalid", text: "Send {\"operator\":…,\"password\":…} as application/json."), 400))
        }
        let isSecure = request.isSecure
        let ask = SignInAsk(
            name: credentials.operator, password: credentials.password, code: credentials.code ?? "",
            newPassword: credentials.newPassword ?? "",
            browser: request.cookie(Self.browserCookieName),
            network: request.network)
        services.signIn(ask) { outcome in
            switch outcome {
            case .signedIn(let token, let browser, let session, let told):
                var answer = Answer(session: token, operator: session.operatorName.text, display: session.displayName)
                answer.told = told.isEmpty ? nil : told
                var response = json(answer, 200)
                response.setHeader("Set-Cookie", cookie(token, isSecure: isSecure))
                let secure = isSecure ? "; Secure" : ""
                response.addHeader(
                    "Set-Cookie",
                    "\(Self.browserCookieName)=\(browser); Path=/api/sign-in; HttpOnly; SameSite=Strict; Max-Age=15552000\(secure)")
                responder.send(response)
            case .wrongPassword:
                responder.send(json(Answer(code: "wrongPassword", text: "That name and password do not belong together."), 401))
            case .badPassword(let text): responder.send(json(Answer(code: "badPassword", text: text), 400))
            case .lacks(let check): responder.send(json(Answer(code: check.name, text: check.sentence), 401))
            case .tooMany(let retryMs):
                let text = "Too many tries; wait a moment and try again."
                responder.send(json(Answer(code: "tooMany", text: text, retryMs: retryMs), 429))
            case .homeUnreachable:
                let text = "Neither your library's node nor its standby answers, so your password cannot be checked. Tell LTG."
                responder.send(json(Answer(code: "homeUnreachable", text: text), 503))
            case .closed(let text): responder.send(json(Answer(code: "removedNode", text: text), 503))
            }
        }
    }

    /// The field by which a browser, or a script, is known from then on.
    func cookie(_ token: String, isSecure: Bool) -> String {
        "\(Self.cookieName)=\(token); Path=/; HttpOnly; SameSite=Strict; Max-Age=43200\(isSecure ? "; Secure" : "")"
    }

    /// Whether the request carries the node's admin token.
    func carriesToken(_ request: Request) -> Bool {
        // Compared in constant time: how long a refusal takes must not tell how much of a guess was right.
        let given = Array((request.headers["authorization"] ?? "").utf8)
        return constantTimeEqual(given, Array("Bearer \(services.adminToken)".utf8))
    }

    /// Whether the request carries the node's admin token; otherwise it is answered.
    func isAdmin(_ request: Request, _ responder: Responder) -> Bool {
        if carriesToken(request) { return true }
        let text = "This needs the node's admin token: it is in the file `admin` of its data folder."
        responder.send(json(Answer(code: "notAllowed", text: text), 403))
        return false
    }

    /// The backup stays on the node's own disk: who may ask for it can read that, and no text goes over the network.
    private func backUp(_ responder: Responder) {
        services.backUp { outcome in
            switch outcome {
            case .made(let head): responder.send(json(head, 200))
            case .refused(let text): responder.send(json(Answer(code: "notNow", text: text), 503))
            }
        }
    }

    private struct Change: Decodable {
        var add: String?
        var remove: String?
        var id: UInt64?
        var peer: String?

        var wish: CoordinatorWish? {
            if let node = remove.flatMap({ NodeName($0) }) { return .remove(node) }
            guard let node = add.flatMap({ NodeName($0) }), let id, let peer else { return nil }
            return .add(node, id: id, peer: peer)
        }
    }

    /// One step towards other coordinators: asked again and again until it is done.
    private func changeCoordinators(_ request: Request, _ responder: Responder) {
        guard let wish = (try? JSONDecoder().decode(Change.self, from: Data(request.body)))?.wish else {
            let text = "Send {\"add\":NODE,\"id\":RAFT_ID,\"peer\":\"HOST:PORT\"} or {\"remove\":NODE}."
            return responder.send(json(Answer(code: "invalid", text: text), 400))
        }
        services.changeCoordinators(wish) { progress in answer(progress, responder) }
    }

    private func answer(_ progress: CoordinatorProgress, _ responder: Responder) {
        switch progress {
        case .done(let text): responder.send(json(Answer(code: "done", text: text), 200))
        case .working(let text): responder.send(json(Answer(code: "working", text: text), 202))
        case .refused(let text): responder.send(json(Answer(code: "refused", text: text), 409))
        }
    }

    private struct KeysWish: Decodable {
        var begin: Bool
        var hurry: Bool?
    }

    /// One step towards another gossip key: asked again and again until it is done.
    private func turnKeys(_ request: Request, _ responder: Responder) {
        guard let wish = try? JSONDecoder().decode(KeysWish.self, from: Data(request.body)) else {
            let text =
                "Send {\"begin\":true} first, then {\"begin\":false} until it is done; with \"hurry\":true nodes that do not follow are not waited for."
            return responder.send(json(Answer(code: "invalid", text: text), 400))
        }
        services.turnKeys(wish.begin, wish.hurry ?? false) { progress in answer(progress, responder) }
    }

    private struct NodeChange: Decodable {
        var remove: String?
        var admit: String?
        var key: String?

        var wish: NodeWish? {
            if let node = remove.flatMap({ NodeName($0) }) { return .remove(node) }
            guard let node = admit.flatMap({ NodeName($0) }) else { return nil }
            guard let key else { return .admit(node, key: nil) }
            return KeyDigest(hexadecimal: key).map { .admit(node, key: $0) }
        }
    }

    private func changeNodes(_ request: Request, _ responder: Responder) {
        guard let wish = (try? JSONDecoder().decode(NodeChange.self, from: Data(request.body)))?.wish else {
            let text =
                "Send {\"remove\":NODE}, or {\"admit\":NODE,\"key\":DIGEST} with 64 hexadecimal digits, or without `key` for any certificate."
            return responder.send(json(Answer(code: "invalid", text: text), 400))
        }
        services.changeNodes(wish) { outcome in
            switch outcome {
            case .success(let text): responder.send(json(Answer(code: "done", text: text), 200))
            case .failure(let refusal): responder.send(json(Answer(code: "refused", text: refusal.text), 409))
            }
        }
    }

    private func importFile(_ request: Request, _ responder: Responder) {
        let options = ImportOptions(
            closes: request.query("close") == "1", invites: request.query("first-codes") == "1", isDryRun: request.query("dry-run") == "1")
        services.importFile(String(decoding: request.body, as: UTF8.self), options) { report in
            responder.send(json(report, report.problems.isEmpty ? 200 : 422))
        }
    }

    /// The demonstration signs its visitors in by a link. Installed only when the node's file says `demo`.
    private func installDemo(_ server: WebServer) {
        server.get("/demo/enter") { request, responder in
            guard let token = request.query("session"), token.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else {
                return responder.send(.text("No session was given.\n", status: 400))
            }
            var response = Response.redirect(to: "/desk")
            response.setHeader("Set-Cookie", cookie(token, isSecure: false))
            responder.send(response)
        }
    }

    /// - Parameter bytes: JSON, encoded already.
    func json(bytes: [UInt8], _ status: Int) -> Response {
        var response = Response.json(String(decoding: bytes, as: UTF8.self), status: status)
        response.setHeader("Cache-Control", "no-store")
        return response
    }

    func json(_ value: some Encodable, _ status: Int) -> Response {
        do {
            return json(bytes: Array(try JSONEncoder().encode(value)), status)
        } catch {
            return .text("The answer could not be encoded: \(error)\n", status: 500)
        }
    }
}
