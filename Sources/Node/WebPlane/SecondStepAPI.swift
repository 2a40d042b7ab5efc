/// The second step of one's sign-in over HTTP: `/api/second-step` shows it, turns it on in two requests (a secret is shown, a first code confirms it), and off; `/api/second-step/off-for` turns off
/// that of a colleague who lost the phone.

import Consortium
import EventLoop
import FoundationEssentials
import Web
import Wire

@WebActor
struct SecondStepAPI {
    let api: HTTPAPI

    private struct Ask: Decodable {
        /// `begin`, `confirm` or `off`.
        var `do`: String
        var password: String?
        var code: String?
    }

    private struct OffFor: Decodable {
        var `operator`: String
    }

    private struct State: Encodable {
        var on: Bool
        var recoveryLeft: Int
        /// Missing unless somebody else turned it off.
        var turnedOffBy: String?
        /// Whether this person may turn off colleagues' ones.
        var admin: Bool
    }

    private struct Begun: Encodable {
        var secret: String
        var link: String
    }

    private struct TurnedOn: Encodable {
        var recovery: [String]
    }

    private struct Refused: Encodable {
        var code: String
        var text: String
        var retryMs: UInt64?
    }

    func install(on server: WebServer) {
        server.get("/api/second-step") { request, responder in
            api.services.secondStep(.state(request.cookie(HTTPAPI.cookieName) ?? "")) { answer($0, responder) }
        }
        server.post("/api/second-step", bodyBytesMax: 4_096) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)), let wish = wish(ask, request)
            else {
                let text =
                    #"Send {"do":"begin","password":…}, {"do":"confirm","code":…} or {"do":"off","password":…,"code":…} as application/json."#
                return refuse(responder, "invalid", text)
            }
            api.services.secondStep(wish) { answer($0, responder) }
        }
        server.post("/api/second-step/off-for", bodyBytesMax: 1_024) { request, responder in
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false,
                let ask = try? JSONDecoder().decode(OffFor.self, from: Data(request.body))
            else { return refuse(responder, "invalid", #"Send {"operator":NAME} as application/json."#) }
            let token = api.carriesToken(request) ? nil : request.cookie(HTTPAPI.cookieName) ?? ""
            api.services.secondStep(.offFor(ask.operator, by: token)) { answer($0, responder) }
        }
    }

    private func wish(_ ask: Ask, _ request: Request) -> SecondStepWish? {
        let token = request.cookie(HTTPAPI.cookieName) ?? ""
        if ask.do == "confirm" { return ask.code.map { .confirm(token, code: $0) } }
        guard let password = ask.password else { return nil }
        let proof = SignInAsk(
            name: "", password: password, code: ask.code ?? "", browser: request.cookie(HTTPAPI.browserCookieName), network: request.network
        )
        switch ask.do {
        case "begin": return .begin(token, proof)
        case "off": return .off(token, proof)
        default: return nil
        }
    }

    private func answer(_ outcome: SecondStepOutcome, _ responder: Responder) {
        switch outcome {
        case .begun(let secret, let link): responder.send(api.json(Begun(secret: secret, link: link), 200))
        case .turnedOn(let recovery): responder.send(api.json(TurnedOn(recovery: recovery), 200))
        case .done(let text): responder.send(api.json(HTTPAPI.Said(code: "done", text: text), 200))
        case .state(let state, let mayHelp):
            let by = state.turnedOffBy.isEmpty ? nil : state.turnedOffBy
            responder.send(api.json(State(on: state.isOn, recoveryLeft: state.recoveryLeft, turnedOffBy: by, admin: mayHelp), 200))
        case .refused(let code, let text, let status, let retryMs):
            responder.send(api.json(Refused(code: code, text: text, retryMs: retryMs), status))
        }
    }

    private func refuse(_ responder: Responder, _ code: String, _ text: String) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), 400))
    }
}

/// What somebody wants of a second step; the first string is the token of their sign-in.
enum SecondStepWish: Sendable {
    case state(String)
    case begin(String, SignInAsk)
    case confirm(String, code: String)
    case off(String, SignInAsk)
    /// Of a colleague; `nil`: by the node's admin token.
    case offFor(String, by: String?)
}
