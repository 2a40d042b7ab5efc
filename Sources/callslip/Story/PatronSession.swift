/// A patron's side of one chat, as the page does it: opens, says, resumes at whatever node answers.

import ClientProtocol
import Consortium
import EventLoop
import History

@ClusterActor
final class PatronSession {
    let name: String
    private(set) var copy: Copy
    private let secret: ChatSecret
    private var attach: AttachID = .new()
    private let queue: QueueName
    private let referralAgreed: Bool
    private let link: ClientLink
    private let recorder: Recorder?
    /// The node has the chat: what comes after a reconnect is a `resume`.
    private var isOpened: Bool
    /// On this connection, the node answered `open` or `resume`.
    private(set) var isAttached = false
    private var beginning: RequestID = .new()
    private var answered: Set<LogPosition> = []
    /// Everything that this page said, for a service that has lost the chat.
    private var said: [String] = []
    /// The service did not know the chat: it was re-created from what is here.
    private var isSupplied = false
    /// A message was shown as re-created from the patron's own copy.
    private(set) var sawOwn = false

    /// Whether it agrees when asked about a transfer or a referral; `nil` leaves the question open.
    var agrees: Bool? = true
    var onNew: (([ServerMessage.Message]) -> Void)?
    var onState: ((ServerMessage.ChatState) -> Void)?
    var onEnded: ((String) -> Void)? {
        get { link.onEnded }
        set { link.onEnded = newValue }
    }

    /// - Parameter isKnown: the page takes it that the service knows the chat, as one that was restored from the tab's storage does.
    init(_ name: String, nodes: [String], queue: QueueName, referralAgreed: Bool, recorder: Recorder? = nil, isKnown: Bool = false) {
        self.name = name
        self.queue = queue
        self.referralAgreed = referralAgreed
        self.recorder = recorder
        secret = .new()
        isOpened = isKnown
        copy = Copy(chat: .new(), sender: .new(), reader: name)
        link = ClientLink(nodes: nodes, hello: .init(role: .patron, client: "callslip-terminal/1"), roams: true)
        attend()
    }

    /// Another page of the same patron, at another node: it reads the chat from the beginning and fences the page before.
    init(_ name: String, takingOver other: PatronSession, nodes: [String], recorder: Recorder? = nil) {
        self.name = name
        queue = other.queue
        referralAgreed = other.referralAgreed
        self.recorder = recorder
        secret = other.secret
        isOpened = true
        copy = Copy(chat: other.copy.chat, sender: .new(), reader: name)
        link = ClientLink(nodes: nodes, hello: .init(role: .patron, client: "callslip-terminal/1"), roams: true)
        attend()
    }

    var chat: ChatID { copy.chat }
    var phase: ServerMessage.Phase? { copy.state?.phase }
    var node: NodeName? { link.node }
    var ended: String? { link.ended }

    func start() { link.start() }
    func close() {
        recorder?.left(copy.sender)
        link.close()
    }

    /// - Returns: false when too much is not yet safe: it was not taken.
    @discardableResult
    func say(_ text: String) -> Bool {
        guard let sequence = copy.outbox.add(text) else { return false }
        said.append(text)
        recorder?.said(copy.key(sequence), text)
        flush()
        return true
    }

    func leave() async throws { _ = try await link.request(.leave(.new(), chat)) }

    /// Leaves the question as a message; whoever shows the code collects the answer.
    func keep(code: String, contact: String) async throws { _ = try await link.request(.keep(.new(), chat, code: code, contact: contact)) }

    /// Answers what the chat's phase asks now.
    func answer(_ agreed: Bool) async throws {
        guard let offer = question else { throw ClientRefusal(request: "an answer", code: "notAsked", text: "nothing is asked now") }
        answered.insert(offer)
        _ = try await link.request(.consent(.new(), chat, offer: offer, agreed: agreed))
    }

    private func attend() {
        link.onWelcome = { [unowned self] in
            isAttached = false
            copy.outbox.sendAllAgain()
            begin()
        }
        link.onMessage = { [unowned self] message in received(message) }
    }

    private func begin() {
        if isOpened {
            beginning = .new()
            link.send(.resume(.init(re: beginning, chat: chat, secret: secret, attach: attach, after: copy.last)))
        } else {
            link.send(
                .open(
                    .init(
                        re: beginning, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: referralAgreed,
                        patronSupplied: isSupplied)))
        }
    }

    private func flush() {
        guard isAttached else { return }
        for entry in copy.outbox.takeDue() {
            link.send(.say(.init(chat: chat, sender: copy.sender, sequence: entry.sequence, text: entry.text)))
        }
    }

    private func received(_ message: ServerMessage) {
        switch message {
        case .ok(let ok) where ok.re == beginning:
            isOpened = true
            isAttached = true
            link.repeatRequests()
            flush()
        case .refused(let refused) where refused.re == beginning: refusedBeginning(refused)
        case .ack(let ack) where ack.chat == chat && ack.sender == copy.sender:
            copy.receive(ack)
            recorder?.acknowledged(ack, of: copy)
            flush()
        case .nack(let nack) where nack.chat == chat && nack.sender == copy.sender: refusedSay(nack)
        case .chat(let state) where state.chat == chat:
            copy.receive(state)
            flush()
            answerQuestion()
            onState?(state)
        case .messages(let id, let messages, _) where id == chat:
            if messages.contains(where: \.own) { sawOwn = true }
            let new = copy.receive(messages)
            recorder?.received(messages, by: copy)
            if !new.isEmpty { onNew?(new) }
        case .fenced(let id) where id == chat: link.close("another page has taken the chat over")
        default: break
        }
    }

    private func refusedBeginning(_ refused: ServerMessage.Refused) {
        if refused.code == .unknownChat, isOpened { return supply() }
        guard refused.code == .busy else { return link.close("\(refused.code.rawValue): \(refused.text)") }
        link.later(ms: refused.retryMs ?? 500) { [unowned self] in
            if link.isWelcome, !isAttached { begin() }
        }
    }

    /// The service has lost the chat, or never had it: it is opened again, and everything is said again by a sender of its own.
    private func supply() {
        isOpened = false
        isSupplied = true
        copy = Copy(chat: chat, sender: .new(), reader: name)
        for text in said {
            if let sequence = copy.outbox.add(text) { recorder?.said(copy.key(sequence), text) }
        }
        beginning = .new()
        begin()
    }

    private func refusedSay(_ nack: ServerMessage.Nack) {
        guard nack.code == .busy || nack.code == .outOfOrder else {
            for entry in copy.outbox.entries where entry.sequence >= nack.sequence { recorder?.refused(copy.key(entry.sequence)) }
            return copy.outbox.refused(from: nack.sequence)
        }
        link.later(ms: nack.retryMs ?? 250) { [unowned self] in
            copy.outbox.sendAllAgain()
            flush()
        }
    }

    /// The offer that the patron is asked about; zero stands for being answered by the general queue.
    private var question: LogPosition? {
        switch phase {
        case .ask?: .zero
        case .held(let held)?: held.offer.flatMap { $0.asked ? $0.offer : nil }
        default: nil
        }
    }

    private func answerQuestion() {
        guard let agrees, let offer = question, answered.insert(offer).inserted else { return }
        // A refusal means that the question is over; the phase shows it.
        Task { _ = try? await link.request(.consent(.new(), chat, offer: offer, agreed: agrees)) }
    }
}
