/// `/api/settings`: the service's settings with their history (`GET`), and a signed document that replaces them (`POST`, as text). Whoever is signed in may read it. Neither LTG's
/// sign-in nor a node's admin token changes anything by itself, as each replica asks for a signature.

import Consortium
import EventLoop
import Web

@WebActor
struct SettingsAPI {
    let api: HTTPAPI

    func install(on server: WebServer) {
        server.get("/api/settings") { _, responder in
            api.services.settings { report in
                guard let report else {
                    let text = "This node has not heard from the coordinators yet; ask again in a moment."
                    return responder.send(api.json(HTTPAPI.Said(code: "notAvailable", text: text), 503))
                }
                responder.send(api.json(report, 200))
            }
        }
        let done = "Done: the settings are in force."
        api.takeCommands("/api/settings", on: server, bodyBytesMax: Limits.settingsTextBytesMax + 300, done: done) {
            request throws(AskMistake) in
            do throws(SettingsDocument.Mistake) {
                let signed = try SignedSettings(file: String(decoding: request.body, as: UTF8.self))
                _ = try SettingsDocument(text: signed.text)
                return [.setSignedSettings(signed)]
            } catch {
                throw AskMistake(text: error.sentence)
            }
        }
    }
}
