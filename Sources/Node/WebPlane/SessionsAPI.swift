/// Sign-ins over HTTP: `/api/sessions` lists those of this node and ends one. A person's own, for a library's admin those of its people, for LTG all.
///
/// A sign-in lives at the node where it was made, and is listed and ended there. No address and no browser is kept of it.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct SessionsAPI {
    let api: HTTPAPI

    private struct Ask: Decodable {
        /// The `id` of a sign-in as the list has it.
        var end: String
    }

    func install(on server: WebServer) {
        server.get("/api/sessions") { request, responder in
            who(request, responder) { person, sessions in
                let own = request.cookie(HTTPAPI.cookieName)
                let lines = sessions.filter { $0.isFor(person) }.map { SessionsReport.Line($0, isHere: person != nil && $0.token == own) }
                responder.send(api.json(SessionsReport(node: api.services.node.text, sessions: lines), 200))
            }
        }
        server.post("/api/sessions", bodyBytesMax: 1_024) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body))
            else { return say(responder, "invalid", "Send {\"end\":ID} as application/json, with the id of a sign-in in the list.", 400) }
            who(request, responder) { person, sessions in
                // Whoever may not see it is told the same as where it is gone.
                guard let found = sessions.first(where: { $0.id == ask.end }), found.isFor(person) else {
                    return say(responder, "unknown", "That sign-in has ended already, or is at another node.", 404)
                }
                api.services.signOut(found.token)
                say(responder, "done", "\(found.displayName) is signed out there.", 200)
            }
        }
    }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    /// Goes on with the person who is signed in at this browser, or `nil` for the node's admin, and all sign-ins of this node.
    private func who(
        _ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator?, [KnownSession]) -> Void
    ) {
        let isToken = api.carriesToken(request)
        api.services.sessions(isToken ? nil : request.cookie(HTTPAPI.cookieName) ?? "") { person, sessions in
            // The sign-in may have ended since the gate asked.
            guard isToken || person != nil else { return say(responder, "signIn", "The sign-in has ended; sign in again.", 401) }
            body(isToken ? nil : person, sessions)
        }
    }
}

/// A sign-in with what the consortium knows of the person.
struct KnownSession: Sendable {
    var token: String
    var id: String
    var operatorName: OperatorName
    var displayName: String
    /// `nil` when the person is in the roster no more.
    var library: LibraryName?
    /// Unix milliseconds.
    var beganMs: UInt64
    var endsMs: UInt64

    /// - Parameter person: who asks; `nil`: the node's admin.
    func isFor(_ person: Operator?) -> Bool {
        guard let person, person.committee != .ltg else { return true }
        return operatorName == person.name || (person.isAdmin && library == person.library)
    }
}

/// What `/api/sessions` answers.
public struct SessionsReport: Codable, Sendable {
    public struct Line: Codable, Sendable {
        public var id: String
        public var `operator`: String
        public var display: String
        /// Missing when the person is in the roster no more.
        public var library: String?
        /// Unix milliseconds.
        public var beganMs: UInt64
        /// When it ends by itself, in Unix milliseconds.
        public var endsMs: UInt64
        /// Whether it is the one that asks.
        public var here: Bool

        init(_ session: KnownSession, isHere: Bool) {
            id = session.id
            `operator` = session.operatorName.text
            display = session.displayName
            library = session.library?.text
            beganMs = session.beganMs
            endsMs = session.endsMs
            here = isHere
        }
    }

    /// Whose sign-ins these are.
    public var node: String
    public var sessions: [Line]
}
