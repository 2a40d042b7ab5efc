/// An operator's side, as the desk does it: signs in over HTTP, is available, holds chats by their tokens.

import ClientProtocol
import Consortium
import EventLoop
import FoundationEssentials
import History
import Web

@ClusterActor
final class DeskSession {
    private struct SignedIn: Decodable {
        var session: String
    }

    /// How often it shows that a person is there.
    static let activeMs: UInt64 = 3_000

    let name: String
    private let url: String
    private let token: String
    private let link: ClientLink
    private let recorder: Recorder?
    private let active = Timer(on: ClusterActor.loop)
    private var tokens: [ChatID: LogPosition] = [:]

    private(set) var copies: [ChatID: Copy] = [:]
    private(set) var me: ServerMessage.Me?
    private(set) var board: ServerMessage.BoardState?

    /// Signs in at the node and connects to it.
    /// - Parameter code: of the account's second step, where it has one.
    static func signIn(
        _ account: String, password: String, code: String = "", at url: String, recorder: Recorder? = nil
    ) async throws -> DeskSession {
        let body = #"{"operator":"\#(account)","password":"\#(password)","code":"\#(code)"}"#
        let response = try await NodeClient.request(
            .post, url + "/api/sign-in", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
        guard response.status == 200, let signedIn = try? JSONDecoder().decode(SignedIn.self, from: Data(response.body)) else {
            throw NodeClient.Failure("\(account) could not sign in at \(url): \(response.status) \(response.text)")
        }
        return DeskSession(account, url, signedIn.session, recorder)
    }

    private init(_ name: String, _ url: String, _ token: String, _ recorder: Recorder?) {
        self.name = name
        self.url = url
        self.token = token
        self.recorder = recorder
        link = ClientLink(
            nodes: [url], hello: .init(role: .operator, client: "callslip-terminal/1", session: token), roams: false)
        link.onWelcome = { [unowned self] in welcome() }
        link.onMessage = { [unowned self] message in received(message) }
        link.start()
        active.start(afterMs: Self.activeMs, repeatMs: Self.activeMs) { [unowned self] in
            if link.isWelcome { link.send(.active) }
        }
    }

    var ended: String? { link.ended }
    var isConnected: Bool { link.isWelcome }
    /// Its chats as it knows them, those that it gave away too.
    var transcripts: [History.Transcript] { copies.values.map(\.transcript) }
    var heldChats: [ChatID] { copies.keys.filter { holds($0) }.sorted() }

    func close() {
        active.close()
        link.close()
        for copy in copies.values { recorder?.left(copy.sender) }
    }

    /// Leaves the desk as a person does.
    func signOut() async throws {
        _ = try await NodeClient.request(.post, url + "/api/sign-out", headers: [("Cookie", "callslip_session=\(token)")])
        close()
    }

    func holds(_ chat: ChatID) -> Bool {
        guard case .held(let held) = copies[chat]?.state?.phase else { return false }
        return held.mine == true && held.token != nil
    }

    func setAvailable(_ queue: QueueName, _ isOn: Bool = true) async throws {
        _ = try await link.request(.available(.new(), queue, isOn))
    }

    func claim(_ chat: ChatID) async throws { try take(chat, try await link.request(.claim(.new(), chat))) }

    func pickUp(_ chat: ChatID, offer: LogPosition) async throws {
        try take(chat, try await link.request(.pickUp(.new(), chat, offer: offer)))
    }

    private func take(_ chat: ChatID, _ ok: ServerMessage.OK) throws {
        guard let token = ok.token else { throw NodeClient.Failure("a chat was given to \(name) without its token") }
        tokens[chat] = token
        recorder?.holds(seat, chat, token, epoch: nil)
    }

    /// This sign-in, for the record of who held what.
    private var seat: String { "\(name) (\(url), session \(token.prefix(8)))" }

    /// - Returns: the offer, by which it can be picked up.
    func transfer(_ chat: ChatID, to target: QueueName, consentGiven: Bool, note: String = "") async throws -> LogPosition {
        let ok = try await link.request(
            .transfer(.init(re: .new(), chat: chat, token: try held(chat), target: target, consentGiven: consentGiven, note: note)))
        guard let offer = ok.offer else { throw NodeClient.Failure("a transfer was taken without an offer") }
        return offer
    }

    func withdraw(_ chat: ChatID, offer: LogPosition) async throws {
        _ = try await link.request(.withdraw(.new(), chat, token: try held(chat), offer: offer))
    }

    func release(_ chat: ChatID) async throws { _ = try await link.request(.release(.new(), chat, token: try held(chat))) }

    func closeChat(_ chat: ChatID) async throws { _ = try await link.request(.close(.new(), chat, token: try held(chat))) }

    private func held(_ chat: ChatID) throws -> LogPosition {
        guard let token = tokens[chat] else { throw NodeClient.Failure("\(name) does not hold the chat") }
        return token
    }

    @discardableResult
    func say(_ chat: ChatID, _ text: String) -> Bool {
        guard holds(chat), let sequence = copies[chat]?.outbox.add(text), let key = copies[chat]?.key(sequence) else { return false }
        recorder?.said(key, text)
        flush(chat)
        return true
    }

    private func welcome() {
        for chat in copies.keys.sorted() where tokens[chat] != nil {
            copies[chat]?.outbox.sendAllAgain()
            flush(chat)
            // A refusal means that it is no longer held here; the chat's state shows it.
            let after = copies[chat]?.last ?? .zero
            Task { _ = try? await link.request(.follow(.new(), chat, after: after)) }
        }
        link.repeatRequests()
    }

    private func flush(_ chat: ChatID) {
        guard link.isWelcome, let token = tokens[chat], let sender = copies[chat]?.sender else { return }
        for entry in copies[chat]?.outbox.takeDue() ?? [] {
            link.send(.say(.init(chat: chat, sender: sender, sequence: entry.sequence, text: entry.text, token: token)))
        }
    }

    private func received(_ message: ServerMessage) {
        switch message {
        case .me(let me): self.me = me
        case .board(let board): self.board = board
        case .chat(let state):
            copies[state.chat, default: Copy(chat: state.chat, sender: .new(), reader: name)].receive(state)
            if case .held(let held) = state.phase, held.mine == true, let token = held.token {
                tokens[state.chat] = token
                // A branch counts epochs of its own: beside the coordinators' they say nothing.
                recorder?.holds(seat, state.chat, token, epoch: state.isHeld ? nil : state.epoch)
            }
            // Also in a chat that is not here any more: the answer tells what became of what was said.
            flush(state.chat)
        case .messages(let chat, let messages, _):
            _ = copies[chat, default: Copy(chat: chat, sender: .new(), reader: name)].receive(messages)
            if let copy = copies[chat] { recorder?.received(messages, by: copy) }
        case .ack(let ack):
            guard let copy = copies[ack.chat], copy.sender == ack.sender else { return }
            copies[ack.chat]?.receive(ack)
            recorder?.acknowledged(ack, of: copy)
            flush(ack.chat)
        case .nack(let nack): refused(nack)
        default: break
        }
    }

    private func refused(_ nack: ServerMessage.Nack) {
        guard let copy = copies[nack.chat], copy.sender == nack.sender else { return }
        guard nack.code == .busy || nack.code == .outOfOrder else {
            for entry in copy.outbox.entries where entry.sequence >= nack.sequence { recorder?.refused(copy.key(entry.sequence)) }
            copies[nack.chat]?.outbox.refused(from: nack.sequence)
            return
        }
        link.later(ms: nack.retryMs ?? 250) { [self] in
            copies[nack.chat]?.outbox.sendAllAgain()
            flush(nack.chat)
        }
    }
}
