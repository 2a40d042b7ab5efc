/// Asks the table of routes and roles before any handler runs.

import Consortium
import EventLoop
import Web

@WebActor
struct RouteGate {
    let api: HTTPAPI

    /// Every route of the server passes here when it is installed.
    /// - Returns: the handler that stands behind the table's word.
    func admit(_ methods: Set<HTTPMethod>, _ path: String, isPrefix: Bool, _ handler: @escaping RequestHandler) -> RequestHandler {
        var rows: [HTTPMethod: RouteRow] = [:]
        for method in methods {
            guard let row = RouteMatrix.row(method, path, isPrefix: isPrefix) else {
                let sentence = "\(method.rawValue) \(path) has no row in RouteMatrix.swift: say there who may ask it."
                assertionFailure(sentence)
                return { _, responder in refuse(responder, "notAllowed", sentence, 403) }
            }
            rows[method] = row
        }
        if rows.values.allSatisfy(\.isForEverybody) { return handler }
        return { request, responder in
            guard let row = rows[request.method] ?? rows[.get] else {
                return refuse(responder, "notAllowed", "This address does not take that method.", 405)
            }
            judge(row, request, responder) { handler(request, responder) }
        }
    }

    private func judge(_ row: RouteRow, _ request: Request, _ responder: Responder, _ pass: @escaping @Sendable @WebActor () -> Void) {
        if row.isForEverybody { return pass() }
        guard request.headers["authorization"] == nil else {
            guard api.isAdmin(request, responder) else { return }
            guard row.reach(.token) != .no else {
                let text = "The node's admin token is nobody in particular, and this is for a person: sign in at the desk."
                return refuse(responder, "notAllowed", text, 403)
            }
            return pass()
        }
        guard row.isForPeople else {
            // Without that field it is not there, which is said.
            _ = api.isAdmin(request, responder)
            return
        }
        guard let cookie = request.cookie(HTTPAPI.cookieName) else { return nobody(row, responder) }
        api.services.person(cookie) { person in
            guard let person else { return nobody(row, responder) }
            guard row.admits(person) else {
                return refuse(responder, "notAllowed", "This is for people of these roles: \(row.readers). Ask one of them.", 403)
            }
            pass()
        }
    }

    private func nobody(_ row: RouteRow, _ responder: Responder) {
        let orToken = row.reach(.token) == .no ? "" : ", or give the node's admin token"
        refuse(responder, "signIn", "Nobody is signed in here, or no longer. Sign in at the desk\(orToken); then ask again.", 401)
    }

    private func refuse(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }
}
