/// `/api/names`: the naming conventions with what does not follow them (`GET`), and renaming (`POST`). For whoever has the node's admin token.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct NamesAPI {
    let api: HTTPAPI

    private struct Ask: Decodable {
        /// `queue` or `user`.
        var kind: String
        var from: String
        var to: String

        func command() throws(AskMistake) -> Command {
            guard let kind = NamedKind(rawValue: kind) else { throw AskMistake(text: "`kind` is `queue` or `user`, not `\(kind)`.") }
            switch kind {
            case .queue: return .renameQueue(try name(from, "from"), to: try name(to, "to"))
            case .user: return .renameOperator(try name(from, "from"), to: try name(to, "to"))
            }
        }

        private func name<Tag>(_ text: String, _ what: String) throws(AskMistake) -> Name<Tag> {
            guard let name = Name<Tag>(text) else { throw AskMistake(text: "`\(what)` has \(Name<Tag>.rule); found `\(text)`.") }
            return name
        }
    }

    func install(on server: WebServer) {
        server.get("/api/names") { _, responder in
            api.services.names { report in
                guard let report else {
                    let text = "This node has not heard from the coordinators yet; ask again in a moment."
                    return responder.send(api.json(HTTPAPI.Said(code: "notAvailable", text: text), 503))
                }
                responder.send(api.json(report, 200))
            }
        }
        let done = "Renamed. The former name goes on leading there."
        api.takeCommands("/api/names", on: server, done: done) { request throws(AskMistake) in
            guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)) else {
                throw AskMistake(text: "Send {\"kind\":\"queue\" or \"user\",\"from\":NAME,\"to\":NAME}.")
            }
            return [try ask.command()]
        }
    }
}
