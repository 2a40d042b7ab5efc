import ClientProtocol
import Consortium

extension GatewayCore {
    mutating func onDeskMessage(_ client: ClientID, _ session: SessionID, _ message: ClientMessage) {
        // Whatever the browser sends shows that it answers: one that is never silent is never pinged.
        desks[session]?.pongMs = now
        // Whatever a person asks shows that they are there; reconnecting does not.
        if case .follow = message {} else { desks[session]?.humanMs = now }
        switch message {
        case .active: break
        case .available(let re, let queue, let on): request(client, re, .setAvailability(session, queue, on))
        case .claim(let re, let chat):
            request(client, re, .claim(Claim(chat: chat, session: session, request: re)), .hold(re, session, chat))
        case .pickUp(let re, let chat, let offer):
            request(client, re, .pickUp(chat, session, offer: offer), .hold(re, session, chat))
        case .transfer(var transfer):
            transfer.token = present(transfer.token, of: transfer.chat, session)
            guard mayUse(transfer.token, of: transfer.chat, client, session, transfer.re) else { return }
            // Before all coordinators know of it, the question goes to the queue without the name.
            let knowsListings = directory.board.map { $0.featureLevel >= FeatureLevel.listings } ?? false
            let command = Command.offerTransfer(
                OfferTransfer(
                    chat: transfer.chat, token: transfer.token, target: transfer.target, request: transfer.re,
                    consentGiven: transfer.consentGiven, note: transfer.note,
                    answerInMs: transfer.answerInSeconds.map { $0 * 1_000 }, listing: knowsListings ? transfer.listing : nil))
            request(client, transfer.re, command, .transfer(transfer.re))
        case .withdraw(let re, let chat, let token, let offer):
            let token = present(token, of: chat, session)
            guard mayUse(token, of: chat, client, session, re) else { return }
            request(client, re, .withdrawOffer(chat, token: token, offer: offer))
        case .release(let re, let chat, let token):
            let token = present(token, of: chat, session)
            guard mayUse(token, of: chat, client, session, re) else { return }
            request(client, re, .release(chat, token: token))
        case .close(let re, let chat, let token, let ending):
            let token = present(token, of: chat, session)
            guard mayUse(token, of: chat, client, session, re) else { return }
            request(client, re, .close(chat, token: token, ending))
        case .block(let re, let chat, let token):
            let token = present(token, of: chat, session)
            guard mayUse(token, of: chat, client, session, re) else { return }
            request(client, re, .block(chat, token: token))
        case .leaving(let re, let seconds): request(client, re, .leaving(session, inMs: seconds.map { $0 * 1_000 }))
        case .until(let re, let seconds):
            request(client, re, .setEnd(session, untilMs: seconds.map { now &+ wallOffsetMs &+ $0 * 1_000 }))
        case .watch(let re, let chat, let token, let name, let on):
            let token = present(token, of: chat, session)
            guard mayUse(token, of: chat, client, session, re) else { return }
            request(client, re, .setWatcher(chat, token: token, name, on))
        case .unwatch(let re, let chat): request(client, re, .stopWatching(chat, session))
        case .takeOver(let re, let chat): request(client, re, .takeOver(chat, session, re), .hold(re, session, chat))
        case .mentor(let re, let name, let on): request(client, re, .setMentor(session, of: name, on))
        case .room(let re, let word): request(client, re, .tellRoom(session, re, word))
        case .volunteer(let re, let on): request(client, re, .setVolunteers(session, on))
        case .duty(let re, let duty): request(client, re, .setDuty(session, duty))
        case .back(let re, let queue): request(client, re, .back(session, queue))
        case .openNow(let re, let queue, let minutes): openNow(client, session, re, queue, minutes)
        case .closeLibrary(let re, let minutes, let note): closeLibrary(client, session, re, minutes, note)
        case .reopenLibrary(let re): reopenLibrary(client, session, re)
        case .follow(let re, let chat, let after): followAgain(client, session, re, chat, after)
        case .say(let say): deskSays(client, session, say)
        case .typing(let chat): typing(client, chat, .staff)
        default: refuse(client, message.re, .notAllowed, "Only a patron's page does this.")
        }
    }

    /// From now on, by this node's wall clock.
    private mutating func openNow(_ client: ClientID, _ session: SessionID, _ re: RequestID, _ queue: QueueName, _ minutes: UInt32) {
        guard let library = directory.library(of: queue) else {
            return refuse(client, re, .unknownQueue, "No library's queue is called \(queue).")
        }
        let fromMs = now &+ wallOffsetMs
        request(client, re, .openNow(library, session, OpenNow(fromMs: fromMs, untilMs: fromMs.addingMinutes(minutes))))
    }

    /// A snow day, from now on. The request's identifier names the closing, so that asking twice closes once.
    private mutating func closeLibrary(_ client: ClientID, _ session: SessionID, _ re: RequestID, _ minutes: UInt32, _ note: String) {
        guard let library = ownLibrary(session) else {
            return refuse(client, re, .busy, "The node is learning who you are.", retryMs: busyRetryMs())
        }
        let fromMs = now &+ wallOffsetMs
        request(
            client, re,
            .closeLibrary(
                library, Closure(id: re, fromMs: fromMs, untilMs: fromMs.addingMinutes(minutes), note: note), by: desks[session]?.name))
    }

    /// One closing at a time, the one that lasts longest first.
    private mutating func reopenLibrary(_ client: ClientID, _ session: SessionID, _ re: RequestID) {
        guard let library = ownLibrary(session) else {
            return refuse(client, re, .busy, "The node is learning who you are.", retryMs: busyRetryMs())
        }
        let atMs = now &+ wallOffsetMs
        guard let closing = directory.closing(of: library, atMs: atMs) else {
            return refuse(client, re, .invalid, "Your library is not closed at short notice; its posted hours stand.")
        }
        request(client, re, .reopenLibrary(library, closing.id, atMs: atMs, by: desks[session]?.name))
    }

    private func ownLibrary(_ session: SessionID) -> LibraryName? { desks[session].flatMap { directory.person($0.name) }?.library }

    /// The token that stands for one of a branch that was merged.
    private func present(_ token: LogPosition, of chat: ChatID, _ session: SessionID) -> LogPosition {
        desks[session]?.renewed[.init(chat: chat, token: token)] ?? token
    }

    private enum Tenure { case granted, notYetKnown, never }

    /// Tokens can be guessed, so only those that the session was given go to the state; it decides whether they still hold.
    private func tenure(_ session: SessionID, _ grant: Desk.Grant) -> Tenure {
        guard let desk = desks[session] else { return .never }
        if desk.grants.contains(grant) { return .granted }
        // After a start of this node the desk's holdings are learned again; until then nobody is told "never".
        if !desk.settled { return .notYetKnown }
        return desk.chats[grant.chat] != nil && chats[grant.chat]?.meta == nil ? .notYetKnown : .never
    }

    private mutating func mayUse(_ token: LogPosition, of chat: ChatID, _ client: ClientID, _ session: SessionID, _ re: RequestID) -> Bool {
        switch tenure(session, .init(chat: chat, token: token)) {
        case .granted: return true
        case .notYetKnown: refuse(client, re, .busy, "The node is learning what you hold; try again in a moment.", retryMs: busyRetryMs())
        case .never: refuse(client, re, .notHolder, "You do not hold this chat by this token; claim it first.")
        }
        return false
    }

    private mutating func deskSays(_ client: ClientID, _ session: SessionID, _ say: ClientMessage.Say) {
        if say.isNote, say.token == nil { return whisper(client, session, say) }
        guard let said = say.token else { return nack(client, say, .notHolder, "An operator's message carries the token of the holding.") }
        let token = present(said, of: say.chat, session)
        switch tenure(session, .init(chat: say.chat, token: token)) {
        case .granted: proposeSay(client, say, .staff(token: token))
        case .notYetKnown: nack(client, say, .busy, "The node is learning what you hold; try again in a moment.", retryMs: busyRetryMs())
        // By a token of a branch nobody holds anything any more; the state knows whether the message came into the chat with the merge.
        case .never where BranchBase.isBranch(token) && !isInBranch: proposeSay(client, say, .staff(token: token))
        case .never: nack(client, say, .notHolder, "You do not hold this chat by this token; claim it first.")
        }
    }

    /// A note of somebody who watches: the state knows whether they do.
    private mutating func whisper(_ client: ClientID, _ session: SessionID, _ say: ClientMessage.Say) {
        guard say.text.utf8.count <= Limits.messageBytesMax else {
            return nack(client, say, .tooLong, "A message has \(Limits.messageBytesMax) bytes at most; send it in parts.")
        }
        let command = Command.whisper(
            Whisper(chat: say.chat, session: session, sender: say.sender, sequence: say.sequence, text: say.text))
        if propose(command, .say(say.chat, say.sender, say.sequence), for: client, .message) { return }
        nack(client, say, .busy, "The node has too much under way; try again in a moment.", retryMs: busyRetryMs())
    }

    /// Where the client is with a chat that it holds: the rest is sent (again).
    private mutating func followAgain(_ client: ClientID, _ session: SessionID, _ re: RequestID, _ chat: ChatID, _ after: Position) {
        guard connections[client]?.places[chat] != nil else {
            // It left the chat on a connection that is gone: this one is shown it once more when the branch is merged.
            if isInBranch, let left = farewells[chat]?.values.first, desks[session]?.grants.contains(where: { $0.chat == chat }) ?? false {
                farewells[chat]?[client] = Place(admitted: left.admitted, cursor: after)
            }
            let known = desks[session]?.settled == true
            return refuse(
                client, re, known ? .notHolder : .busy, known ? "You do not hold this chat." : "The node is learning what you hold.",
                retryMs: known ? nil : busyRetryMs())
        }
        connections[client]?.places[chat]?.cursor = after
        connections[client]?.places[chat]?.shown = nil
        send(client, .ok(.init(re: re)))
        serve(client, chat)
    }
}

extension UInt64 {
    /// Stays at the end of time.
    fileprivate func addingMinutes(_ minutes: UInt32) -> UInt64 {
        let (sum, overflows) = addingReportingOverflow(UInt64(minutes) * 60_000)
        return overflows ? .max : sum
    }
}
