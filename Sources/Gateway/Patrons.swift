import ClientProtocol
import Consortium

/// A pick-up code whose chat a coordinator is asked for.
struct LookUp: Sendable {
    var client: ClientID
    var re: RequestID
    var code: SecretHash
    var attach: AttachID
    var repeatAtMs: UInt64
}

extension GatewayCore {
    mutating func onPatronMessage(_ client: ClientID, _ message: ClientMessage) {
        switch message {
        case .open(let open):
            let command = Command.open(
                Open(
                    chat: open.chat, secret: hash(Array(open.secret.text.utf8)), queue: directory.queue(called: open.queue),
                    attach: open.attach, node: node,
                    referralAgreed: open.referralAgreed, patronSupplied: open.patronSupplied, awayMs: open.awayMs))
            takePlace(client, open.re, open.chat, open.attach, after: .zero, command, .opening)
        case .resume(let resume):
            let secret = hash(Array(resume.secret.text.utf8))
            let command = Command.attach(Attach(chat: resume.chat, secret: secret, attach: resume.attach, node: node))
            takePlace(client, resume.re, resume.chat, resume.attach, after: resume.after, command, .message)
        case .say(let say): patronSays(client, say)
        case .typing(let chat): typing(client, chat, .patron)
        case .consent(let re, let chat, let offer, let agreed):
            guard let attach = attach(client, re, chat) else { return }
            request(client, re, .consent(chat, attach, offer: offer, agreed: agreed))
        case .leave(let re, let chat):
            guard let attach = attach(client, re, chat) else { return }
            connections[client]?.places[chat]?.leaving = true
            request(client, re, .leave(chat, attach))
        case .rate(let re, let chat, let rating):
            guard let attach = attach(client, re, chat) else { return }
            request(client, re, .rate(chat, attach, rating))
        case .keep(let re, let chat, let code, let contact):
            guard let attach = attach(client, re, chat) else { return }
            request(client, re, .keepMessage(KeepMessage(chat: chat, attach: attach, code: hash(Array(code.utf8)), contact: contact)))
        case .collect(let re, let code, let attach): collect(client, re, hash(Array(code.utf8)), attach)
        default: refuse(client, message.re, .notAllowed, "Only operators may do this; sign in first.")
        }
    }

    /// The attach by which the connection speaks for the patron; else the request is refused.
    private mutating func attach(_ client: ClientID, _ re: RequestID, _ chat: ChatID) -> AttachID? {
        guard let place = connections[client]?.places[chat] else {
            refuse(client, re, .unknownChat, "This connection has not taken the chat up; send open or resume first.")
            return nil
        }
        guard !place.fenced else {
            refuse(client, re, .fenced, "The chat was taken up in a newer page; go on there, or take it up here again.")
            return nil
        }
        return place.attach
    }

    /// `open` and `resume`: the state decides about the attach; then the chat is shown.
    private mutating func takePlace(
        _ client: ClientID, _ re: RequestID, _ chat: ChatID, _ attach: AttachID, after: Position, _ command: Command, _ urgency: Urgency,
        byCode: Bool = false
    ) {
        guard let connection = connections[client] else { return }
        let known = connection.places[chat]
        guard known != nil || connection.places.count < GatewayLimits.chatsPerPatronMax else {
            return refuse(client, re, .tooMany, "A page takes part in \(GatewayLimits.chatsPerPatronMax) chats at most; leave one first.")
        }
        guard propose(command, .take(re, chat, attach, byCode: byCode), for: client, urgency) else {
            return refuse(client, re, .busy, "The node has too much under way; try again in a moment.", retryMs: busyRetryMs())
        }
        if known?.attach != attach || known?.fenced == true {
            if known != nil { leavePlace(client, chat) }
            connections[client]?.places[chat] = Place(attach: attach)
        }
        connections[client]?.places[chat]?.cursor = after
        connections[client]?.places[chat]?.shown = nil
    }

    /// The state accepted the attach.
    mutating func admit(_ client: ClientID, _ chat: ChatID, _ attach: AttachID, at: LogPosition) {
        guard let place = connections[client]?.places[chat], place.attach == attach else { return }
        guard need(chat, asOf: at) else {
            leavePlace(client, chat)
            return end(client, .full, "This node follows as many chats as it can; another one goes on.", retryMs: jitter(2_000))
        }
        connections[client]?.places[chat]?.admitted = max(at, place.admitted ?? at)
        connections[client]?.places[chat]?.held = []
        chats[chat]?.gone = nil
        view(client, chat)
        for say in place.held { patronSays(client, say) }
        settlePresence(chat)
    }

    /// The attach was refused. Says that waited for it are dropped: the client keeps them, and says them again after the next one.
    mutating func notAdmitted(_ client: ClientID, _ chat: ChatID, _ attach: AttachID) {
        guard let place = connections[client]?.places[chat], place.attach == attach, place.admitted == nil else { return }
        leavePlace(client, chat)
    }

    mutating func fence(_ client: ClientID, _ chat: ChatID) {
        guard let place = connections[client]?.places[chat], !place.fenced else { return }
        connections[client]?.places[chat]?.fenced = true
        stopViewing(client, chat, place)
        send(client, .fenced(chat))
    }

    private mutating func patronSays(_ client: ClientID, _ say: ClientMessage.Say) {
        guard !say.isNote else { return nack(client, say, .notAllowed, "Only operators write notes; sign in first.") }
        guard let place = connections[client]?.places[say.chat], let attach = place.attach else {
            return nack(client, say, .unknownChat, "This connection has not taken the chat up; send open or resume first.")
        }
        guard !place.fenced else { return nack(client, say, .fenced, "The chat was taken up in a newer page; go on there.") }
        guard place.admitted != nil else {
            guard place.held.count < GatewayLimits.saysHeldMax else {
                return nack(client, say, .busy, "Too many messages wait for the chat to be taken up.", retryMs: busyRetryMs())
            }
            connections[client]?.places[say.chat]?.held.append(say)
            return
        }
        proposeSay(client, say, .patron(attach))
    }

    mutating func proposeSay(_ client: ClientID, _ say: ClientMessage.Say, _ speaker: Speaker) {
        let bytes = say.text.utf8.count
        guard bytes <= Limits.messageBytesMax else {
            return nack(
                client, say, .tooLong, "A message has \(Limits.messageBytesMax) bytes at most, this one \(bytes); send it in parts.")
        }
        let command = Command.say(
            Say(chat: say.chat, speaker: speaker, sender: say.sender, sequence: say.sequence, text: say.text, isNote: say.isNote))
        if propose(command, .say(say.chat, say.sender, say.sequence), for: client, .message) { return }
        nack(client, say, .busy, "The node has too much under way; try again in a moment.", retryMs: busyRetryMs())
    }

    mutating func nack(_ client: ClientID, _ say: ClientMessage.Say, _ code: RefusalCode, _ text: String, retryMs: UInt64? = nil) {
        send(client, .nack(.init(chat: say.chat, sender: say.sender, sequence: say.sequence, code: code, text: text, retryMs: retryMs)))
    }

    /// Shown for some seconds and lost without harm: more often than it is shown it is dropped.
    mutating func typing(_ client: ClientID, _ chat: ChatID, _ who: ServerMessage.Who) {
        guard let place = connections[client]?.places[chat], place.admitted != nil, !place.fenced else { return }
        if let typedMs = place.typedMs, now - typedMs < GatewayLimits.typingMs { return }
        connections[client]?.places[chat]?.typedMs = now
        emit(.typing(chat, who))
    }

    // MARK: Pick-up codes

    private mutating func collect(_ client: ClientID, _ re: RequestID, _ code: SecretHash, _ attach: AttachID) {
        guard let connection = connections[client] else { return }
        let recent = connection.collectsMs.filter { now - $0 < 60_000 }
        guard recent.count < GatewayLimits.collectsPerMinute else {
            let retryMs = recent.first.map { $0 + 60_000 - now }
            return refuse(
                client, re, .tooMany, "A code can be tried \(GatewayLimits.collectsPerMinute) times a minute; wait.", retryMs: retryMs)
        }
        connections[client]?.collectsMs = recent + [now]
        lastCounter += 1
        lookUps[lastCounter] = LookUp(client: client, re: re, code: code, attach: attach, repeatAtMs: now + GatewayLimits.repeatMs)
        if mayAsk { emit(.find(counter: lastCounter, code: code)) }
        wantTick(atMs: now + GatewayLimits.tickMs)
    }

    /// The answer to `find`: the chat kept under the code, if there is one.
    public mutating func onFound(_ counter: UInt64, _ chat: ChatID?, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard let lookUp = lookUps.removeValue(forKey: counter) else { return take() }
        guard chat != nil || !isInBranch else {
            let text = "The other libraries are out of reach just now, and the answer may lie with them; try again in a minute."
            refuse(lookUp.client, lookUp.re, .busy, text, retryMs: GatewayLimits.apartRetryMs + jitter(GatewayLimits.apartRetryMs))
            return take()
        }
        guard let chat else {
            refuse(lookUp.client, lookUp.re, .unknownChat, "No question is kept under this code; check it, letter by letter.")
            return take()
        }
        let command = Command.attach(Attach(chat: chat, secret: lookUp.code, attach: lookUp.attach, node: node))
        takePlace(lookUp.client, lookUp.re, chat, lookUp.attach, after: .zero, command, .message, byCode: true)
        return take()
    }

    mutating func tendLookUps() {
        guard mayAsk else { return }
        for counter in lookUps.keys.sorted() {
            guard let lookUp = lookUps[counter], lookUp.repeatAtMs <= now else { continue }
            lookUps[counter]?.repeatAtMs = now + GatewayLimits.repeatMs
            emit(.find(counter: counter, code: lookUp.code))
        }
    }
}
