/// Canned messages over HTTP: `/api/canned` for the operator who is signed in at the desk, `/api/canned/all` for whoever has the node's admin token.

import Consortium
import EventLoop
import FoundationEssentials
import Web

@WebActor
struct CannedAPI {
    let api: HTTPAPI

    private static let form =
        "Send {\"id\":ID,\"version\":N,\"owner\":OWNER,\"title\":TEXT,\"keywords\":TEXT,\"text\":TEXT} or {…,\"drop\":true}."
    private static let bodyBytesMax = 16 * 1_024

    func install(on server: WebServer) {
        server.get("/api/canned") { request, responder in
            whoever(request, responder) { person, messages in
                responder.send(api.json(CannedReport(messages, for: person), 200))
            }
        }
        server.post("/api/canned", bodyBytesMax: Self.bodyBytesMax) { request, responder in
            // A page of another origin cannot send this type without asking first, and is not allowed.
            guard request.headers["content-type"]?.hasPrefix("application/json") ?? false, let ask = Self.ask(request) else {
                return responder.send(api.json(HTTPAPI.Said(code: "invalid", text: Self.form), 400))
            }
            whoever(request, responder) { person, _ in
                do throws(AskMistake) {
                    api.propose([try ask.command(person)], done: "Saved.", responder)
                } catch {
                    responder.send(api.json(HTTPAPI.Said(code: "invalid", text: error.text), 400))
                }
            }
        }
        server.get("/api/canned/all") { _, responder in
            api.services.canned(nil) { _, messages in responder.send(api.json(CannedReport(messages), 200)) }
        }
        api.takeCommands("/api/canned/all", on: server, bodyBytesMax: Self.bodyBytesMax, done: "Done.") { request throws(AskMistake) in
            guard let ask = Self.ask(request) else { throw AskMistake(text: Self.form) }
            return [try ask.command(nil)]
        }
    }

    private static func ask(_ request: Request) -> CannedAsk? { try? JSONDecoder().decode(CannedAsk.self, from: Data(request.body)) }

    /// Goes on with the operator who is signed in at this browser, or says that nobody is.
    private func whoever(
        _ request: Request, _ responder: Responder, _ body: @escaping @Sendable @WebActor (Operator, [CannedMessage]) -> Void
    ) {
        api.services.canned(request.cookie(HTTPAPI.cookieName) ?? "") { person, messages in
            guard let person else {
                return responder.send(api.json(HTTPAPI.Said(code: "signIn", text: "The sign-in has ended; sign in again."), 401))
            }
            body(person, messages)
        }
    }
}

extension CannedAsk {
    /// - Parameter person: who asks at a desk; `nil` for the node's admin.
    func command(_ person: Operator?) throws(AskMistake) -> Command {
        guard let id = CannedID(id) else { throw AskMistake(text: "`id` is 32 hexadecimal digits, drawn at random.") }
        let editor = person.map { Editor.person($0.name) } ?? .admin
        if drop ?? false { return .dropCanned(id, version: version, by: editor) }
        guard let title = title?.trimmed, !title.isEmpty else { throw AskMistake(text: "Give the message a title.") }
        guard let text = text?.trimmed, !text.isEmpty else { throw AskMistake(text: "Write the message's text.") }
        return .setCanned(
            CannedMessage(
                id: id, version: version, owner: try owner(person), title: title, keywords: keywords?.trimmed ?? "", text: text),
            by: editor)
    }

    private func owner(_ person: Operator?) throws(AskMistake) -> CannedOwner {
        switch owner {
        case "own": if let person { return .person(person.name) }
        case "library": if let library = person?.library ?? library.flatMap({ LibraryName($0) }) { return .library(library) }
        case "consortium": return .consortium
        default: break
        }
        throw AskMistake(text: "`owner` is `own` or `library`; for an admin `consortium`, or `library` with a `library`.")
    }
}
