import ClientProtocol
import Consortium
import Seeded

@testable import Gateway

/// A patron's page, as small as the protocol lets it be: it keeps what is not yet safe and offers it again.
struct PatronModel {
    let chat: ChatID
    let queue: QueueName
    let secret: ChatSecret
    let sender: SenderID
    let tab: String
    var client: ClientID?
    private(set) var isFenced = false
    private var attach: AttachID
    private var isOpened = false
    /// The connection's open or resume was answered.
    private var isAdmitted = false
    private var asks: RequestID?
    private var askedBefore = 0
    private var texts: [String] = []
    /// Numbers from here on are not acknowledged.
    private var unsafeFrom = 1
    private var needsOffer = false
    private var offered = 0
    private var seen: [ServerMessage.Message] = []
    private var state: ServerMessage.ChatState?

    init(chat: ChatID, tab: String, queue: QueueName, names: inout Names) {
        self.chat = chat
        self.queue = queue
        self.tab = tab
        secret = names.id("secret of \(chat)")
        sender = names.id("sender \(tab)")
        attach = names.id("attach \(tab)")
    }

    mutating func connected(_ client: ClientID) {
        self.client = client
        isAdmitted = false
        asks = nil
        needsOffer = true
    }

    mutating func write() { if texts.count < 60 { texts.append("\(tab) says \(texts.count + 1)") } }

    /// What it sends now: the request for the chat, or what is not yet safe.
    mutating func due(_ generator: inout SeededGenerator) -> [ClientMessage] {
        guard client != nil, !isFenced else { return [] }
        guard isAdmitted else {
            if asks == nil { return [ask()] }
            return []
        }
        let first = needsOffer ? unsafeFrom : offered + 1
        needsOffer = false
        guard first <= texts.count else { return [] }
        offered = texts.count
        return (first...texts.count).map { number in
            .say(.init(chat: chat, sender: sender, sequence: UInt64(number), text: texts[number - 1]))
        }
    }

    private mutating func ask(supplied: Bool = false) -> ClientMessage {
        askedBefore += 1
        let re = RequestID(high: Names.hash(tab), low: UInt64(askedBefore))
        asks = re
        if isOpened, !supplied {
            return .resume(.init(re: re, chat: chat, secret: secret, attach: attach, after: seen.last?.at ?? .zero))
        }
        return .open(
            .init(re: re, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: true, patronSupplied: supplied))
    }

    mutating func receive(_ message: ServerMessage, _ problems: inout [String]) -> [ClientMessage] {
        switch message {
        case .ok(let ok) where ok.re == asks:
            isOpened = true
            isAdmitted = true
            needsOffer = true
        case .refused(let refused) where refused.re == asks:
            asks = nil
            switch refused.code {
            case .unknownChat: return [ask(supplied: true)]
            case .busy: break
            case .fenced: isFenced = true
            default: problems.append("\(tab) was refused: \(refused.code) \(refused.text)")
            }
        case .ack(let ack):
            guard ack.sender == sender else { return [] }
            unsafeFrom = max(unsafeFrom, Int(ack.sequence) + 1)
        case .nack(let nack):
            guard nack.sender == sender else { return [] }
            needsOffer = true
            if nack.code != .busy, nack.code != .outOfOrder, nack.code != .fenced, nack.code != .unknownChat {
                problems.append("\(tab): nack \(nack.code) \(nack.text)")
            }
        case .fenced: isFenced = true
        case .chat(let state):
            if !isAdmitted { problems.append("\(tab) was shown the chat before it was admitted") }
            self.state = state
        case .messages(_, let messages, _):
            for message in messages {
                if let last = seen.last, message.at <= last.at {
                    // A first open shows everything again; within a connection nothing is shown twice.
                    if seen.contains(message) { continue }
                    problems.append("\(tab) was shown \(message.at) after \(last.at)")
                }
                seen.append(message)
            }
        default: break
        }
        return []
    }

    func judge(_ state: ConsortiumState) -> [String] {
        let all = state.messages(of: chat, after: .zero)
        let mine = all.compactMap { message -> String? in
            if case .text(let text, let sender, _) = message.body, sender == self.sender { text } else { nil }
        }
        var found: [String] = []
        guard Array(texts.prefix(mine.count)) == mine else { return ["\(tab) said \(texts), and \(mine) was kept"] }
        if mine.count < unsafeFrom - 1 { found.append("\(tab): \(unsafeFrom - 1) were acknowledged, \(mine.count) are there") }
        guard !isFenced else { return found }
        if mine.count < texts.count { found.append("\(tab) said \(texts.count), and \(mine.count) are there") }
        if seen.map(\.at) != all.map(\.position) { found.append("\(tab) saw \(seen.map(\.at)), not \(all.map(\.position))") }
        guard let meta = state.meta(of: chat), let shown = self.state else { return found + ["\(tab) has no chat"] }
        if shown.epoch != meta.epoch || shown.patronPresent != meta.patronPresent || !Self.isSame(shown.phase, meta.phase) {
            found.append("\(tab) was shown \(shown), and it is \(meta)")
        }
        if case .closed = meta.phase { return found }
        if !meta.patronPresent { found.append("\(tab) is here, and taken for absent") }
        return found
    }

    private static func isSame(_ shown: ServerMessage.Phase, _ phase: ChatPhase) -> Bool {
        switch (shown, phase) {
        case (.waiting(let queue, let ahead), .waiting(let other, let count)): queue.name == other && ahead == count
        case (.held(let held), .held(let holder, let offer)):
            held.by.name == holder.operatorName && held.offer?.offer == offer?.offer && held.offer?.asked == offer?.awaitingConsent
        case (.unattended, .unattended), (.kept, .kept), (.closed, .closed): true
        default: false
        }
    }
}

/// An operator's window.
struct DeskModel {
    let name: OperatorName
    let queue: QueueName
    let session: SessionID
    let sender: SenderID
    var client: ClientID?
    /// The sign-on is over.
    var isOver = false
    private var board: ServerMessage.BoardState?
    private var held: [ChatID: LogPosition] = [:]
    private var said: [ChatID: UInt64] = [:]
    private var requests: UInt64 = 0

    init(name: OperatorName, queue: QueueName, session: SessionID, sender: SenderID) {
        self.name = name
        self.queue = queue
        self.session = session
        self.sender = sender
    }

    mutating func connected(_ client: ClientID) {
        self.client = client
        held = [:]
    }

    mutating func acts(_ generator: inout SeededGenerator) -> [ClientMessage] {
        requests += 1
        let re = RequestID(high: Names.hash(name.text), low: requests)
        let mine = held.sorted { $0.key < $1.key }
        switch generator.next() % 20 {
        case 0..<3: return [.available(re, queue, generator.next() % 4 > 0)]
        case 3..<9: return board?.waiting.first { $0.mayClaim && $0.offer == nil }.map { [.claim(re, $0.chat)] } ?? []
        case 9..<11:
            guard let line = board?.waiting.first(where: { $0.mayClaim && $0.offer != nil }), let offer = line.offer else { return [] }
            return [.pickUp(re, line.chat, offer: offer)]
        case 11..<16:
            guard let (chat, token) = mine.randomElement(using: &generator) else { return [] }
            said[chat, default: 0] += 1
            return [.say(.init(chat: chat, sender: sender, sequence: said[chat] ?? 1, text: "\(name) answers", token: token))]
        case 16: return mine.first.map { [.release(re, $0.key, token: $0.value)] } ?? []
        case 17:
            guard let first = mine.first, let target = board?.queues.first(where: { $0.takesTransfers && $0.queue.name != queue }) else {
                return []
            }
            let transfer = ClientMessage.Transfer(
                re: re, chat: first.key, token: first.value, target: target.queue.name, consentGiven: true, note: "")
            return [.transfer(transfer)]
        case 18: return generator.next() % 8 == 0 ? mine.last.map { [.close(re, $0.key, token: $0.value)] } ?? [] : []
        default: return [.active]
        }
    }

    mutating func receive(_ message: ServerMessage, _ problems: inout [String]) {
        switch message {
        case .board(let board): self.board = board
        case .nack(let nack):
            // The number is free again.
            said[nack.chat] = min(said[nack.chat] ?? 0, nack.sequence - 1)
        case .chat(let state):
            if case .held(let held) = state.phase, held.mine == true, let token = held.token {
                self.held[state.chat] = token
            } else {
                held[state.chat] = nil
            }
        default: break
        }
    }

    func judge(_ state: ConsortiumState, _ board: Board) -> [String] {
        guard client != nil else { return ["\(name) is not connected in the end"] }
        var found: [String] = []
        let holds = state.chats(heldBy: session)
        if held.keys.sorted() != holds { found.append("\(name) believes to hold \(held.keys.sorted()), and holds \(holds)") }
        guard let shown = self.board else { return found + ["\(name) has no board"] }
        if shown.waiting.map(\.chat) != board.waiting.map(\.chat) { found.append("\(name) sees \(shown.waiting), not \(board.waiting)") }
        let staffed = shown.queues.map { "\($0.queue.name) \($0.staffed)" }
        let real = board.queues.map { "\($0.queue.name) \($0.staffed)" }
        if staffed != real { found.append("\(name) sees staff \(staffed), not \(real)") }
        return found
    }
}
