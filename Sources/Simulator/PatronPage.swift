import ClientProtocol
import Consortium
import Gossip
import History
import Seeded

/// One page of a patron, as `patron/session.js` has it: it opens or takes up the chat, says what it is told, and keeps a copy.
final class PatronPage: Client {
    let secret: ChatSecret
    private let queue: QueueName
    private(set) var attach: AttachID
    private(set) var copy: Copy
    private(set) var isOpened: Bool
    private(set) var isAttached = false
    private(set) var isFenced = false
    private var beginning: RequestID
    private var readSince = Position.zero
    private var isReading = false
    private var outOfOrder = 0
    private static let outOfOrderMax = 2
    /// The chat's phase came, or something was said by the staff.
    var onNews: (() -> Void)?
    /// The chat is not known any more.
    var onForgotten: (() -> Void)?
    var onFenced: (() -> Void)?
    private(set) var wasAnswered = false

    init(
        _ cluster: Cluster, index: Int, name: String, nodes: [Machine], queue: QueueName, chat: ChatID, secret: ChatSecret, isOpened: Bool,
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        self.queue = queue
        self.secret = secret
        self.isOpened = isOpened
        attach = AttachID(using: &generator)
        beginning = RequestID(using: &generator)
        copy = Copy(chat: chat, sender: SenderID(using: &generator), reader: name)
        super.init(cluster, index: index, name: name, nodes: nodes, seed: generator.next())
        cluster.checker.onEntitled(name, to: chat)
    }

    /// The same tab, loaded anew: a new attach, the whole chat again, and what was not safe once more by the same sender.
    convenience init(reloading old: PatronPage, name: String, nodes: [Machine], seed: UInt64) {
        self.init(
            old.cluster, index: old.index, name: name, nodes: nodes, queue: old.queue, chat: old.chat, secret: old.secret,
            isOpened: old.isOpened, seed: seed)
        var fresh = Copy(chat: old.chat, sender: old.copy.sender, reader: name)
        fresh.outbox = old.copy.outbox
        copy = fresh
    }

    /// The same chat in another tab of the same browser: another sender.
    convenience init(beside old: PatronPage, name: String, nodes: [Machine], seed: UInt64) {
        self.init(
            old.cluster, index: old.index, name: name, nodes: nodes, queue: old.queue, chat: old.chat, secret: old.secret,
            isOpened: old.isOpened, seed: seed)
    }

    var chat: ChatID { copy.chat }
    var phase: ServerMessage.Phase? { copy.state?.phase }

    override func hello() -> ClientMessage? { .hello(.init(role: .patron, client: "simulated/1")) }

    override func welcomed(_ welcome: ServerMessage.Welcome) {
        isAttached = false
        copy.outbox.sendAllAgain()
        begin()
    }

    override var mayAsk: Bool { isWelcome && isAttached }
    override var owesAnswer: Bool { super.owesAnswer || (!isFenced && (!isAttached || !copy.outbox.entries.isEmpty)) }

    private func begin() {
        guard !isFenced else { return }
        if isOpened {
            beginning = makeID()
            readSince = cluster.checker.beginRead(of: chat)
            var after = copy.last
            if cluster.scenario.planted == .resumeTooFar, after > .zero { after = Position(epoch: after.epoch, n: after.n + 1) }
            send(.resume(.init(re: beginning, chat: chat, secret: secret, attach: attach, after: after)))
        } else {
            send(.open(.init(re: beginning, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: true)))
        }
    }

    func speak(_ text: String) {
        guard let sequence = copy.outbox.add(text) else { return }
        cluster.checker.onSaid(copy.key(sequence), text)
        flush()
    }

    /// After a newer page took the chat over: here again, by a fresh attach.
    func takeUpAgain() {
        isFenced = false
        attach = makeID()
        isAttached = false
        if isWelcome { begin() }
    }

    private func flush() {
        guard isAttached, !isFenced else { return }
        for entry in copy.outbox.takeDue() {
            send(.say(.init(chat: chat, sender: copy.sender, sequence: entry.sequence, text: entry.text)))
        }
    }

    override func take(_ message: ServerMessage) {
        switch message {
        case .ok(let ok) where ok.re == beginning:
            isOpened = true
            isAttached = true
            isReading = readSince > .zero
            repeatRequests()
            flush()
        case .refused(let refused) where refused.re == beginning: beginningRefused(refused)
        case .ack(let ack) where ack.chat == chat && ack.sender == copy.sender:
            copy.receive(ack)
            outOfOrder = 0
            if ack.level == .safe { cluster.checker.onAcknowledged(copy.key(ack.sequence), at: ack.at, by: name) }
            flush()
        case .nack(let nack) where nack.chat == chat && nack.sender == copy.sender: sayRefused(nack)
        case .chat(let state) where state.chat == chat:
            copy.receive(state)
            flush()
            if isReading {
                isReading = false
                // A node that is cut off shows what it knows, and says so.
                if !state.isHeld { cluster.checker.onRead(name, chat, last: state.last, since: readSince) }
            }
            onNews?()
        case .messages(let id, let messages, _) where id == chat:
            if messages.contains(where: { if case .note = $0.body { true } else { false } }) {
                cluster.fail("\(name) is shown a note among staff")
            }
            for message in copy.receive(messages) where message.by == .staff { wasAnswered = true }
            onNews?()
        case .fenced(let id) where id == chat: fence()
        default: break
        }
    }

    /// As the pages do: when the service has forgotten this sender's earlier numbers, the rest goes on under a new name.
    private func disordered() {
        outOfOrder += 1
        guard outOfOrder >= Self.outOfOrderMax else { return }
        outOfOrder = 0
        copy.rename(to: makeID())
        for entry in copy.outbox.entries { cluster.checker.onSaid(copy.key(entry.sequence), entry.text) }
    }

    private func fence() {
        isFenced = true
        isAttached = false
        forgetRequests()
        onFenced?()
    }

    private func beginningRefused(_ refused: ServerMessage.Refused) {
        switch refused.code {
        case .busy, .full: after(refused.retryMs ?? 1_000) { [self] in if isWelcome, !isAttached { begin() } }
        case .unknownChat: onForgotten?()
        case .fenced, .tooMany: fence()
        default: cluster.fail("\(name) was refused at the door: \(refused.code): \(refused.text)")
        }
    }

    private func sayRefused(_ nack: ServerMessage.Nack) {
        if nack.code == .outOfOrder, nack.sequence == copy.outbox.entries.first?.sequence { disordered() }
        switch nack.code {
        case .busy, .outOfOrder, .unknownChat:
            after(nack.retryMs ?? 250) { [self] in
                copy.outbox.sendAllAgain()
                flush()
            }
        // It waits for the page to take the chat up again.
        case .fenced: copy.outbox.sendAllAgain()
        default: copy.outbox.refused(from: nack.sequence)
        }
    }
}
