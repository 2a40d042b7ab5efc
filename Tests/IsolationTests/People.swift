import ClientProtocol
import Consortium
import History
import Testing

@testable import Gateway

/// A patron's page on a node, as the protocol asks of a client.
final class TestPatron {
    let net: Net
    let chat: ChatID
    let secret: ChatSecret
    var copy: Copy
    private(set) var node: TestNode
    private(set) var client: ClientID
    private(set) var attach: AttachID
    private var seen = 0
    private(set) var refusals: [RefusalCode] = []
    private(set) var service: [ServerMessage.ServiceState] = []
    private(set) var isFenced = false

    init(_ net: Net, at node: TestNode, queue: String) throws {
        self.net = net
        self.node = node
        chat = net.new(ChatID.self)
        secret = net.new(ChatSecret.self)
        attach = net.new(AttachID.self)
        client = net.client()
        copy = Copy(chat: chat, sender: net.new(SenderID.self), reader: "patron")
        hello()
        tell(
            .open(
                .init(
                    re: net.new(RequestID.self), chat: chat, secret: secret, attach: attach, queue: try #require(QueueName(queue)),
                    referralAgreed: true)))
    }

    private func hello() {
        node.perform(node.gateway.onConnected(client, now: net.now), net.now)
        tell(.hello(.init(role: .patron, client: "test")))
    }

    func tell(_ message: ClientMessage) { node.perform(node.gateway.onMessage(client, message, now: net.now), net.now) }

    func say(_ text: String) throws {
        let sequence = copy.outbox.add(text)
        _ = try #require(sequence)
        flush()
    }

    private func flush() {
        for entry in copy.outbox.takeDue() {
            tell(.say(.init(chat: chat, sender: copy.sender, sequence: entry.sequence, text: entry.text)))
        }
    }

    /// The page is gone, and comes up again at a node: in a new tab with a new attach, or as the same page.
    func move(to node: TestNode, newTab: Bool) {
        self.node.perform(self.node.gateway.onDisconnected(client, now: net.now), net.now)
        self.node = node
        client = net.client()
        seen = 0
        if newTab { attach = net.new(AttachID.self) }
        hello()
        tell(.resume(.init(re: net.new(RequestID.self), chat: chat, secret: secret, attach: attach, after: copy.last)))
        copy.outbox.sendAllAgain()
        flush()
    }

    /// Takes in what the node sent.
    func read() {
        let sent = node.sent[client] ?? []
        for message in sent.dropFirst(seen) {
            switch message {
            case .ack(let ack) where ack.sender == copy.sender: copy.receive(ack)
            case .chat(let state):
                copy.receive(state)
                flush()
            case .messages(_, let messages, _): _ = copy.receive(messages)
            case .refused(let refused): refusals.append(refused.code)
            case .nack(let nack):
                refusals.append(nack.code)
                if nack.code != .busy { copy.outbox.refused(from: nack.sequence) }
            case .service(let state, _): service.append(state)
            case .fenced: isFenced = true
            default: break
            }
        }
        seen = sent.count
    }

    var texts: [String] { copy.transcript.lines.map(\.text) }
    var heldTexts: [String] {
        copy.held.compactMap { if case .text(let text, _, _) = $0.body { text } else { nil } }
    }
}

/// An operator's desk on a node.
final class TestDesk {
    let net: Net
    let node: TestNode
    let name: OperatorName
    let session: SessionID
    private(set) var client: ClientID
    private(set) var copies: [ChatID: Copy] = [:]
    private(set) var tokens: [ChatID: LogPosition] = [:]
    private(set) var board: ServerMessage.BoardState?
    private(set) var refusals: [RefusalCode] = []
    private(set) var notices: [String] = []
    private var seen = 0

    init(_ net: Net, _ name: String, at node: TestNode, available queues: [String]) throws {
        self.net = net
        self.node = node
        self.name = try #require(OperatorName(name))
        session = net.new(SessionID.self)
        client = net.client()
        node.perform(node.gateway.onConnected(client, now: net.now), net.now)
        node.perform(node.gateway.onOperatorHello(client, self.name, session, now: net.now), net.now)
        net.run(ms: 500)
        for queue in queues { tell(.available(net.new(RequestID.self), try #require(QueueName(queue)), true)) }
        net.run(ms: 500)
    }

    func tell(_ message: ClientMessage) { node.perform(node.gateway.onMessage(client, message, now: net.now), net.now) }

    /// The page's connection breaks, and it connects anew: what is not known to be safe is offered again.
    func reconnect() {
        node.perform(node.gateway.onDisconnected(client, now: net.now), net.now)
        client = net.client()
        seen = 0
        node.perform(node.gateway.onConnected(client, now: net.now), net.now)
        node.perform(node.gateway.onOperatorHello(client, name, session, now: net.now), net.now)
        for chat in tokens.keys.sorted() {
            copies[chat]?.outbox.sendAllAgain()
            tell(.follow(net.new(RequestID.self), chat, after: copies[chat]?.last ?? .zero))
            flush(chat)
        }
    }

    func claim(_ chat: ChatID) { tell(.claim(net.new(RequestID.self), chat)) }

    func close(_ chat: ChatID) throws { tell(.close(net.new(RequestID.self), chat, token: try #require(tokens[chat]))) }

    func say(_ chat: ChatID, _ text: String) throws {
        let sequence = copies[chat]?.outbox.add(text)
        _ = try #require(sequence)
        flush(chat)
    }

    private func flush(_ chat: ChatID) {
        guard let sender = copies[chat]?.sender, let token = tokens[chat] else { return }
        for entry in copies[chat]?.outbox.takeDue() ?? [] {
            tell(.say(.init(chat: chat, sender: sender, sequence: entry.sequence, text: entry.text, token: token)))
        }
    }

    func holds(_ chat: ChatID) -> Bool {
        guard case .held(let held)? = copies[chat]?.state?.phase else { return false }
        return held.mine == true
    }

    func read() {
        let sent = node.sent[client] ?? []
        for message in sent.dropFirst(seen) {
            switch message {
            case .ack(let ack): copies[ack.chat]?.receive(ack)
            case .chat(let state):
                copy(state.chat)
                copies[state.chat]?.receive(state)
                if case .held(let held) = state.phase, held.mine == true, let token = held.token { tokens[state.chat] = token }
                flush(state.chat)
            case .messages(let chat, let messages, _):
                copy(chat)
                _ = copies[chat]?.receive(messages)
            case .board(let board): self.board = board
            case .notice(let text): notices.append(text)
            case .refused(let refused): refusals.append(refused.code)
            case .nack(let nack):
                refusals.append(nack.code)
                if nack.code != .busy { copies[nack.chat]?.outbox.refused(from: nack.sequence) }
            default: break
            }
        }
        seen = sent.count
    }

    private func copy(_ chat: ChatID) {
        if copies[chat] == nil { copies[chat] = Copy(chat: chat, sender: net.new(SenderID.self), reader: name.text) }
    }

    func texts(_ chat: ChatID) -> [String] { copies[chat]?.transcript.lines.map(\.text) ?? [] }
}

extension Net {
    /// Lets time pass and everybody read.
    func pass(ms: UInt64, _ patrons: [TestPatron] = [], _ desks: [TestDesk] = []) {
        run(ms: ms)
        for patron in patrons { patron.read() }
        for desk in desks { desk.read() }
    }

    /// What the consortium has of a chat's text.
    func texts(_ chat: ChatID) -> [String] {
        consortium.core.state.messages(of: chat, after: .zero).compactMap {
            if case .text(let text, _, _) = $0.body { text } else { nil }
        }
    }

    func holder(_ chat: ChatID) -> OperatorName? {
        guard case .held(let holder, _)? = consortium.core.state.meta(of: chat)?.phase else { return nil }
        return holder.operatorName
    }
}
