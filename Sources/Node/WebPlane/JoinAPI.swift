/// `/api/invitations`: a library's node is invited, by whoever has the coordinator's admin token. `/api/join`: a fresh node asks with its token; open to everybody,
/// as what it carries is sealed.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct JoinAPI {
    /// A question has about 600 bytes.
    static let questionBytesMax = 8_192
    let api: HTTPAPI

    private struct Ask: Decodable {
        var library: String
        var hours: Int64
        var url: String
    }

    func install(on server: WebServer) {
        server.post("/api/invitations", bodyBytesMax: 4_096) { request, responder in
            guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)) else {
                let text = "Send {\"library\":NAME,\"hours\":NUMBER,\"url\":ADDRESS}."
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: text), 400))
            }
            guard let library = LibraryName(ask.library) else {
                let text = "`library` has \(LibraryName.rule); found `\(ask.library)`."
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: text), 400))
            }
            api.services.invite(library, ask.hours, ask.url) { result in
                switch result {
                case .success(let invited): responder.send(api.json(invited, 200))
                case .failure(let refusal): refuse(refusal, responder)
                }
            }
        }
        server.post("/api/join", bodyBytesMax: Self.questionBytesMax) { request, responder in
            api.services.join(Array(request.body)) { result in
                switch result {
                case .success(let sealed): responder.send(.json(String(decoding: sealed, as: UTF8.self)))
                case .failure(let refusal): refuse(refusal, responder)
                }
            }
        }
    }

    private func refuse(_ refusal: JoinRefusal, _ responder: Responder) {
        let status =
            switch refusal.code {
            case .invalid, .forged: 400
            case .unknown, .used, .expired: 403
            case .clock, .noIssuer: 409
            case .busy, .trouble: 503
            }
        responder.send(api.json(HTTPAPI.Said(code: refusal.code.rawValue, text: refusal.text), status))
    }
}
