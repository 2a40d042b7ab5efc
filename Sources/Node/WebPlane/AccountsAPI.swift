/// Accounts over HTTP: `/api/accounts/first-code` makes a code with which somebody chooses a password, for whoever looks after them.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct AccountsAPI {
    let api: HTTPAPI

    private struct Ask: Decodable {
        var `operator`: String
    }

    private struct Made: Encodable {
        var code: String
        var text: String
        var untilMs: UInt64
    }

    func install(on server: WebServer) {
        server.post("/api/accounts/first-code", bodyBytesMax: 1_024) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body))
            else {
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: #"Send {"operator":NAME} as application/json."#), 400))
            }
            let token = api.carriesToken(request) ? nil : request.cookie(HTTPAPI.cookieName) ?? ""
            api.services.firstCode(ask.operator, token) { outcome in
                switch outcome {
                case .made(let code, let display, let untilMs, let unreached):
                    let silent =
                        unreached.isEmpty ? "" : " \(unreached.map(\.text).joined(separator: ", ")) did not take it, and does not know it."
                    let text =
                        "Give this code to \(display), and nobody else: typed as the password, once within \(FirstCode.days) days, it lets them choose one.\(silent)"
                    responder.send(api.json(Made(code: code, text: text, untilMs: untilMs), 200))
                case .refused(let code, let text, let status): responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
                }
            }
        }
    }
}
