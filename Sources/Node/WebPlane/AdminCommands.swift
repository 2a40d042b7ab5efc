/// What an admin asks of the replicated state over HTTP: read into commands, proposed one after the other, answered with a sentence.

import Consortium
import EventLoop
import Web

/// What is wrong with a request, for whoever made it.
struct AskMistake: Error {
    var text: String
}

extension HTTPAPI {
    struct Said: Encodable {
        var code: String
        var text: String
    }

    /// Takes a `POST` of whoever has the node's admin token, as the table of routes has it.
    /// - Parameters:
    ///   - done: what is answered when all commands were accepted.
    ///   - commands: what the request asks for, in order.
    func takeCommands(
        _ path: String, on server: WebServer, bodyBytesMax: Int = 4_096, done: String,
        _ commands: @escaping @WebActor (Request) throws(AskMistake) -> [Command]
    ) {
        server.post(path, bodyBytesMax: bodyBytesMax) { request, responder in
            do throws(AskMistake) {
                propose(try commands(request)[...], done: done, responder)
            } catch {
                responder.send(json(Said(code: "invalid", text: error.text), 400))
            }
        }
    }

    /// One after the other, until one is refused.
    func propose(_ commands: ArraySlice<Command>, done: String, _ responder: Responder) {
        guard let command = commands.first else { return responder.send(json(Said(code: "done", text: done), 200)) }
        services.propose(command) { verdict in
            switch verdict {
            case .accepted?: propose(commands.dropFirst(), done: done, responder)
            case .refused(let refusal)?: responder.send(json(Said(code: refusal.code.rawValue, text: refusal.sentence), 409))
            case nil: responder.send(json(Said(code: "ended", text: "The node stopped before it was done; ask again."), 503))
            }
        }
    }
}

extension String {
    /// Without white space around it.
    var trimmed: String {
        let front = drop { $0.isWhitespace }
        return String(front.reversed().drop { $0.isWhitespace }.reversed())
    }
}
