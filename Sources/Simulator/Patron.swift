import ClientProtocol
import Consortium
import Gossip
import History

/// A patron: a person with a question, and the page that speaks for them.
final class Patron: Client {
    enum Outcome: String { case answered, kept, left, gaveUp, forgotten }

    private let queue: QueueName
    private let secret: ChatSecret
    private var attach: AttachID
    private(set) var copy: Copy
    private(set) var copies: [Copy] = []
    private var isOpened = false
    private var isAttached = false
    private var beginning: RequestID
    private var answeredOffers: [LogPosition] = []
    private var wanted: Int
    private var saidCount = 0
    private(set) var outcome: Outcome?
    private var isDeciding = false
    private(set) var wasAnswered = false

    init(_ cluster: Cluster, index: Int, number: Int, nodes: [Machine], queue: QueueName, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.queue = queue
        secret = ChatSecret(using: &generator)
        attach = AttachID(using: &generator)
        beginning = RequestID(using: &generator)
        wanted = Int.random(in: 1...8, using: &generator)
        copy = Copy(chat: ChatID(using: &generator), sender: SenderID(using: &generator), reader: "patron \(number)")
        super.init(cluster, index: index, name: "patron \(number)", nodes: nodes, seed: generator.next())
    }

    var chat: ChatID { copy.chat }
    var phase: ServerMessage.Phase? { copy.state?.phase }

    func arrive() {
        say("arrives at \(queue) with chat \(chat)")
        speak()
        connect()
        think()
    }

    // MARK: The page

    override func hello() -> ClientMessage? { .hello(.init(role: .patron, client: "simulated/1")) }

    override func welcomed(_ welcome: ServerMessage.Welcome) {
        isAttached = false
        copy.outbox.sendAllAgain()
        begin()
    }

    override var mayAsk: Bool { isWelcome && isAttached }
    override var owesAnswer: Bool { super.owesAnswer || !isAttached || !copy.outbox.entries.isEmpty }

    private func begin() {
        if isOpened {
            beginning = makeID()
            send(.resume(.init(re: beginning, chat: chat, secret: secret, attach: attach, after: copy.last)))
        } else {
            send(.open(.init(re: beginning, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: true)))
        }
    }

    private func flush() {
        guard isAttached else { return }
        for entry in copy.outbox.takeDue() {
            send(.say(.init(chat: chat, sender: copy.sender, sequence: entry.sequence, text: entry.text)))
        }
    }

    override func take(_ message: ServerMessage) {
        switch message {
        case .ok(let ok) where ok.re == beginning:
            isOpened = true
            isAttached = true
            repeatRequests()
            flush()
        case .refused(let refused) where refused.re == beginning: beginningRefused(refused)
        case .ack(let ack) where ack.chat == chat && ack.sender == copy.sender:
            copy.outbox.acknowledged(ack.sequence)
            cluster.checker.onAcknowledged(copy.key(ack.sequence), at: ack.at, by: name)
            flush()
        case .nack(let nack) where nack.chat == chat && nack.sender == copy.sender: sayRefused(nack)
        case .chat(let state) where state.chat == chat:
            copy.state = state
            look(state.phase)
        case .messages(let id, let messages, _) where id == chat:
            for message in copy.receive(messages) where message.by == .staff { wasAnswered = true }
        case .fenced(let id) where id == chat: finish(.gaveUp)
        default: break
        }
    }

    private func beginningRefused(_ refused: ServerMessage.Refused) {
        switch refused.code {
        case .busy, .full, .tooMany: after(refused.retryMs ?? 1_000) { [self] in if isWelcome, !isAttached { begin() } }
        case .unknownChat: finish(.forgotten)
        default:
            cluster.fail("\(name) was refused at the door: \(refused.code): \(refused.text)")
        }
    }

    private func sayRefused(_ nack: ServerMessage.Nack) {
        switch nack.code {
        case .busy, .outOfOrder, .unknownChat, .fenced:
            after(nack.retryMs ?? 250) { [self] in
                copy.outbox.sendAllAgain()
                flush()
            }
        default: copy.outbox.refused(from: nack.sequence)
        }
    }

    /// Answers questions as they come, and ends with the chat.
    private func look(_ phase: ServerMessage.Phase) {
        let offer: LogPosition
        switch phase {
        case .closed(let reason): return finish(reason == .byPatron ? .left : reason == .patronGone ? .gaveUp : .answered)
        case .kept: return finish(.kept)
        case .ask: offer = .zero
        case .held(let held):
            guard let asked = held.offer, asked.asked else { return }
            offer = asked.offer
        default: return
        }
        guard !answeredOffers.contains(offer), random.chance(85) else { return }
        answeredOffers.append(offer)
        let agreed = random.chance(80)
        after(UInt64.random(in: 100...6_000, using: &random)) { [self] in
            request(.consent(makeID(), chat, offer: offer, agreed: agreed)) { _ in }
        }
    }

    // MARK: The person

    private func speak() {
        saidCount += 1
        let text = "\(name) says \(saidCount)"
        guard let sequence = copy.outbox.add(text) else { return }
        cluster.checker.onSaid(copy.key(sequence), text)
        flush()
    }

    private func think() {
        after(UInt64.random(in: 400...8_000, using: &random)) { [self] in
            act()
            think()
        }
    }

    private func act() {
        guard !isDeciding else { return }
        let isCalm = cluster.isSettling
        if !isCalm, random.chance(4) { return wander() }
        if !isCalm, random.chance(3) { return reload() }
        guard isAttached else { return }
        switch phase {
        case .waiting, nil:
            if saidCount < wanted, random.chance(20) { speak() }
            if !isCalm, random.chance(2) { leave() }
        case .held:
            if saidCount < wanted, !isCalm || saidCount == 0, random.chance(60) { speak() }
            if random.chance(10) { send(.typing(chat)) }
            if saidCount >= wanted, wasAnswered, random.chance(15) { leave() }
        case .unattended, .ask:
            if isCalm || random.chance(40) { keep() } else if random.chance(5) { leave() }
        case .kept, .closed: break
        }
    }

    private func leave() {
        isDeciding = true
        request(.leave(makeID(), chat)) { [self] answer in
            if case .ok = answer { finish(.left) } else { isDeciding = false }
        }
    }

    private func keep() {
        isDeciding = true
        request(.keep(makeID(), chat, code: PickUpCode.make(using: &random), contact: "")) { [self] answer in
            if case .ok = answer { finish(.kept) } else { isDeciding = false }
        }
    }

    /// Out of the network's reach for a while.
    private func wander() {
        say("is offline")
        setOnline(false)
        after(UInt64.random(in: 500...40_000, using: &random)) { [self] in
            say("is online")
            setOnline(true)
        }
    }

    /// The page is loaded anew, here or at another node: another attach, everything from the beginning, and what was not safe once more.
    private func reload() {
        say("reloads")
        hangUp()
        forgetRequests()
        isDeciding = false
        copies.append(copy)
        var fresh = Copy(chat: chat, sender: copy.sender, reader: "\(name), page \(copies.count + 1)")
        fresh.outbox = copy.outbox
        copy = fresh
        attach = makeID()
        isAttached = false
        if random.chance(50) { nodes.shuffle(using: &random) }
        after(UInt64.random(in: 50...2_000, using: &random)) { [self] in connect() }
    }

    private func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        say("ends: \(outcome.rawValue)")
        self.outcome = outcome
        end()
    }

    /// The copies that this person's pages hold at the end.
    var transcripts: [History.Transcript] {
        (copies + [copy]).map { copy in
            var transcript = copy.transcript
            transcript.isComplete = false
            return transcript
        }
    }
}
