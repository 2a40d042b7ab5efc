/// A patron on another device, who has nothing but the pick-up code of a question that was left.

import ClientProtocol
import Consortium
import EventLoop
import History

@ClusterActor
final class CodeSession {
    let name: String
    /// The chat, once the code was taken.
    private(set) var copy: Copy?
    /// Why the code was not taken.
    private(set) var refusal: ClientRefusal?
    private let link: ClientLink

    init(_ name: String, code: String, node: String) {
        self.name = name
        link = ClientLink(nodes: [node], hello: .init(role: .patron, client: "callslip-terminal/1"), roams: false)
        link.onWelcome = { [unowned self] in link.repeatRequests() }
        link.onMessage = { [unowned self] message in received(message) }
        link.start()
        Task { await collect(code) }
    }

    func close() { link.close() }

    private func collect(_ code: String) async {
        do {
            let ok = try await link.request(.collect(.new(), code: code, attach: .new()))
            if copy == nil, let chat = ok.chat { copy = Copy(chat: chat, sender: .new(), reader: name) }
        } catch {
            refusal = error
        }
    }

    private func received(_ message: ServerMessage) {
        switch message {
        case .chat(let state):
            if copy == nil { copy = Copy(chat: state.chat, sender: .new(), reader: name) }
            copy?.state = state
        case .messages(let chat, let messages, _) where copy?.chat == chat: _ = copy?.receive(messages)
        default: break
        }
    }
}
