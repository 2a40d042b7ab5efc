/// Signing in by the campus over HTTP: `/api/campus` says whether this node can, `/api/campus/begin` leads to the campus's service, and `/api/campus/callback` is where that one sends the browser back to.

import Consortium
import EventLoop
import SignIn
import Web

@WebActor
struct CampusAPI {
    let api: HTTPAPI

    /// `Lax`, as the browser comes back from another site; sent nowhere else, and forgotten then.
    private static let cookieName = "callslip_campus"

    private struct Offer: Encodable {
        /// Missing where there is none.
        var title: String?
    }

    func install(on server: WebServer) {
        server.get("/api/campus") { _, responder in responder.send(api.json(Offer(title: api.services.campusTitle), 200)) }
        server.get("/api/campus/begin") { request, responder in
            guard api.services.campusTitle != nil else { return none(responder) }
            let isSecure = request.isSecure
            api.services.beginCampus { result in
                switch result {
                case .success(let begun):
                    var response = Response.redirect(to: begun.address)
                    response.setHeader("Set-Cookie", cookie(begun.cookie, seconds: CampusBeginning.msMax / 1_000, isSecure))
                    responder.send(quiet(response))
                case .failure(let refusal): refuse(refusal, responder, isSecure)
                }
            }
        }
        server.get("/api/campus/callback") { request, responder in
            guard api.services.campusTitle != nil else { return none(responder) }
            let isSecure = request.isSecure
            let answer = CampusAnswer(
                state: request.query("state"), code: request.query("code"), error: request.query("error"), issuer: request.query("iss"))
            api.services.finishCampus(answer, request.cookie(Self.cookieName)) { outcome in
                switch outcome {
                case .signedIn(let token, _):
                    var response = Response.redirect(to: "/desk")
                    response.setHeader("Set-Cookie", api.cookie(token, isSecure: isSecure))
                    response.addHeader("Set-Cookie", cookie("", seconds: 0, isSecure))
                    responder.send(quiet(response))
                case .refused(let refusal): refuse(refusal, responder, isSecure)
                }
            }
        }
    }

    private func cookie(_ value: String, seconds: UInt64, _ isSecure: Bool) -> String {
        "\(Self.cookieName)=\(value); Path=/api/campus; HttpOnly; SameSite=Lax; Max-Age=\(seconds)\(isSecure ? "; Secure" : "")"
    }

    private func none(_ responder: Responder) {
        let text = "This node signs nobody in by their campus; sign in at the desk with your password."
        responder.send(api.json(HTTPAPI.Said(code: "noCampus", text: text), 409))
    }

    /// A page, as it is a person whose browser came here.
    private func refuse(_ refusal: CampusRefusal, _ responder: Responder, _ isSecure: Bool) {
        let status =
            switch refusal.code {
            case .provider: 502
            case .busy, .closed: 503
            case .denied, .otherBrowser, .badToken, .noAccount, .secondStep: 403
            }
        var response = Response.html(
            """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
            <meta name="color-scheme" content="light dark"><title>Not signed in</title><link rel="icon" href="data:,">
            <link rel="stylesheet" href="/shared/tokens.css"><link rel="stylesheet" href="/patron/hours.css"></head>
            <body data-code="\(refusal.code.rawValue)"><main><h1>You are not signed in</h1><p>\(HTMLText.escaped(refusal.sentence))</p><p><a href="/desk">To the sign-in at the desk</a></p></main></body></html>

            """, status: status)
        response.setHeader("Set-Cookie", cookie("", seconds: 0, isSecure))
        response.setHeader(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        responder.send(quiet(response))
    }

    /// Neither the page's address, which has a code in it, nor the answer is kept or told.
    private func quiet(_ response: Response) -> Response {
        var response = response
        response.setHeader("Cache-Control", "no-store")
        response.setHeader("Referrer-Policy", "no-referrer")
        return response
    }
}
