import ClientProtocol
import Consortium
import Gateway

/// Directives as lines that a person can judge.
struct Trace {
    let names: Names
    let clients: [ClientID: String]

    /// Nil for what no scenario is about: when the next tick is due.
    func line(_ directive: GatewayDirective) -> String? {
        switch directive {
        case .send(let client, let message): return "\(self.client(client)) < \(text(message))"
        case .end(let client, let code, let text, let retryMs):
            return "\(self.client(client)) ended, \(code.rawValue)\(retryMs == nil ? ", not to come back" : ""): \(text)"
        case .propose(let counter, let command): return "propose \(counter): \(text(command))"
        case .find(let counter, _): return "find \(counter)"
        case .follow(let chat, let after): return "follow \(names.name(of: chat)) after \(text(after))"
        case .unfollow(let chat): return "unfollow \(names.name(of: chat))"
        case .typing(let chat, let who): return "relay typing of \(who.rawValue) in \(names.name(of: chat))"
        case .renewLeases(let sessions): return "renew \(sessions.map { names.name(of: $0) }.sorted().joined(separator: " "))"
        case .sessionOver(let session): return "forget the sign-in of \(names.name(of: session))"
        case .scheduleTick: return nil
        case .beginBranch(let base): return "begin a branch of \(base.parts.count) chats"
        case .useBranch: return "ask the branch"
        case .useCoordinators: return "ask the coordinators"
        case .sealBranch: return "seal the branch"
        case .branchMerged(let lost):
            let losses = lost.sorted { $0.key < $1.key }.map { ", \($0.value) of \(names.name(of: $0.key)) lost" }
            return "the branch is merged" + losses.joined()
        case .sessionRenewed(let old, let new): return "\(names.name(of: old)) goes on as \(names.name(of: new))"
        }
    }

    func client(_ id: ClientID) -> String { clients[id] ?? "client \(id.number)" }
    func text(_ position: Position) -> String { "\(position.epoch):\(position.n)" }
    func text(_ token: LogPosition) -> String { "\(token.index).\(token.ordinal)" }

    // MARK: Messages

    func text(_ message: ServerMessage) -> String {
        switch message {
        case .welcome(let welcome): return "welcome to \(welcome.node), \(welcome.nodes.joined(separator: " ")), now \(welcome.nowMs)"
        case .service(let state, let text): return text.isEmpty ? "service \(state)" : "service \(state): \(text)"
        case .ok(let ok):
            let extras = [ok.token.map { "token \(text($0))" }, ok.offer.map { "offer \(text($0))" }, ok.chat.map { names.name(of: $0) }]
            return (["ok \(names.name(of: ok.re))"] + extras.compactMap { $0 }).joined(separator: ", ")
        case .refused(let refused):
            let again = refused.retryMs == nil ? "" : " (again later)"
            return "refused \(refused.re.map { names.name(of: $0) } ?? "-"), \(refused.code.rawValue)\(again): \(refused.text)"
        case .ack(let ack):
            return "ack \(names.name(of: ack.sender)) \(ack.sequence) at \(text(ack.at))\(ack.level == .held ? ", held" : "")"
        case .nack(let nack):
            let again = nack.retryMs == nil ? "" : " (again later)"
            return "nack \(names.name(of: nack.sender)) \(nack.sequence), \(nack.code.rawValue)\(again): \(nack.text)"
        case .typing(let chat, let who): return "\(who.rawValue) is typing in \(names.name(of: chat))"
        case .fenced(let chat): return "fenced from \(names.name(of: chat))"
        case .chat(let state): return "\(names.name(of: state.chat)) is \(text(state))"
        case .messages(let chat, let messages, let more):
            return "\(names.name(of: chat)): \(messages.map(text).joined(separator: " | "))\(more ? " | …" : "")"
        case .me(let me):
            let leaving = me.leavingSeconds.map { ", leaving in \($0) s" } ?? ""
            return
                "me \(me.name), available for \(list(me.available))\(leaving)\(me.untilMs.map { ", until \($0)" } ?? "")\(me.duty.map { ", on duty for \($0.rawValue)" } ?? "")"
        case .board(let board): return text(board)
        case .room(let lines): return "room: \(lines.map { "\($0.by.name) \(text($0.word))" }.joined(separator: " | "))"
        case .notice(let text): return "notice: \(text)"
        case .bye(let code, _, _): return "bye \(code.rawValue)"
        }
    }

    private func list<Tag>(_ list: [Name<Tag>]) -> String { list.isEmpty ? "nothing" : list.map(\.text).joined(separator: ",") }

    private func text(_ state: ServerMessage.ChatState) -> String {
        "\(text(state.phase)), epoch \(state.epoch), last \(text(state.last))\(state.patronPresent ? "" : ", patron away")\(state.isHeld ? ", held" : "")"
    }

    private func text(_ phase: ServerMessage.Phase) -> String {
        switch phase {
        case .waiting(let queue, let ahead): return "waiting in \(queue.title), \(ahead) ahead"
        case .held(let held):
            let mine = held.mine == true ? " (mine, token \(held.token.map(text) ?? "none"))" : ""
            let offer = held.offer.map { ", \($0.asked ? "asking about" : "on offer to") \($0.target.title), \($0.untilSeconds) s left" }
            let watchers = held.watchers.isEmpty ? "" : ", watched by \(held.watchers.map(\.name.text).joined(separator: ","))"
            return "held by \(held.by.display)\(mine)\(offer ?? "")\(watchers)\(held.isWatching ? " (me)" : "")"
        case .ask(let referral): return "asking about \(referral.title)"
        case .unattended: return "unattended"
        case .kept: return "kept"
        case .closed(let reason): return "closed \(reason.rawValue)"
        }
    }

    private func text(_ message: ServerMessage.Message) -> String {
        let marks = [(message.late, "late"), (message.own, "own"), (message.held, "held"), (message.branch, "branch")].map {
            $0 ? " (\($1))" : ""
        }.joined()
        switch message.body {
        case .text(let words, _, _): return "\(text(message.at)) \(message.name ?? message.by.rawValue)\(marks): \(words.prefix(30))"
        case .note(let words, _, _):
            return "\(text(message.at)) note by \(message.name ?? message.by.rawValue)\(marks): \(words.prefix(30))"
        case .event(let event): return "\(text(message.at)) [\(text(event))]"
        }
    }

    private func text(_ event: ServerMessage.Event) -> String {
        switch event {
        case .opened(let queue): "opened at \(queue.title)"
        case .referred(let queue): "referred to \(queue.title)"
        case .claimed(let person): "claimed by \(person.display)"
        case .transferAsked(let queue): "asked about \(queue.title)"
        case .transferDeclined(let queue): "declined \(queue.title)"
        case .offered(let queue): "offered to \(queue.title)"
        case .pickedUp(let person): "picked up by \(person.display)"
        case .returned(let queue, let reason): "returned from \(queue.title), \(reason.rawValue)"
        case .requeued(let queue, let reason): "waits again in \(queue.title), \(reason.rawValue)"
        case .nobodyThere: "nobody there"
        case .kept: "kept"
        case .closed(let reason): "closed \(reason.rawValue)"
        }
    }

    private func text(_ board: ServerMessage.BoardState) -> String {
        var parts = ["board"]
        parts += board.queues.filter { $0.staffed > 0 || $0.waiting > 0 }.map {
            "\($0.queue.name) \($0.staffed) staff \($0.waiting) waiting"
        }
        parts += board.waiting.map { "\(names.name(of: $0.chat)) in \($0.queue.name)\($0.mayClaim ? "" : " (not for me)")" }
        parts += board.kept.map { "kept \(names.name(of: $0.chat))" }
        parts += board.referred.map {
            "referred \(names.name(of: $0.chat)) to \($0.queue.name), \($0.standing)\($0.by.map { by in " by \(by.display)" } ?? "")"
        }
        parts += board.claimed.map { "\(names.name(of: $0.chat)) claimed by \($0.by.display)" }
        if let libraries = board.libraries { parts.append("\(libraries.count) libraries") }
        return parts.joined(separator: "; ")
    }

    private func text(_ word: RoomWord) -> String {
        switch word {
        case .said(let words): "says \(words)"
        case .swamped(let words): "is swamped: \(words)"
        case .takesOne(let call): "takes one for \(text(call))"
        }
    }

    // MARK: Commands

    func text(_ command: Command) -> String {
        switch command {
        case .open(let open): return "open \(names.name(of: open.chat)) at \(open.queue)\(open.patronSupplied ? ", patron-supplied" : "")"
        case .attach(let attach): return "attach \(names.name(of: attach.attach)) to \(names.name(of: attach.chat))"
        case .say(let say):
            let speaker =
                switch say.speaker {
                case .patron(let attach): names.name(of: attach)
                case .staff(let token): "token \(text(token))"
                }
            return
                "\(say.isNote ? "note in" : "say") \(names.name(of: say.chat)) by \(speaker), \(names.name(of: say.sender)) \(say.sequence): \(say.text.prefix(30))"
        case .patronPresence(let chat, let attach, let present):
            return "\(names.name(of: attach)) is \(present ? "here" : "gone") in \(names.name(of: chat))"
        case .signOn(let signOn): return "sign on \(signOn.operatorName)"
        case .signOff(let session): return "sign off \(names.name(of: session))"
        case .setAvailability(let session, let queue, let on): return "\(names.name(of: session)) \(on ? "on" : "off") for \(queue)"
        case .setEnd(let session, let untilMs): return "\(names.name(of: session)) until \(untilMs.map { "\($0)" } ?? "whenever")"
        case .setWatcher(let chat, _, let name, let watches):
            return "\(name) \(watches ? "is asked to watch" : "need not watch") \(names.name(of: chat))"
        case .stopWatching(let chat, let session): return "\(names.name(of: session)) watches \(names.name(of: chat)) no more"
        case .takeOver(let chat, let session, _): return "\(names.name(of: session)) takes \(names.name(of: chat)) over"
        case .setMentor(let session, let trainee, let isMentor):
            return "\(names.name(of: session)) is \(isMentor ? "" : "not ")\(trainee)'s mentor"
        case .whisper(let whisper):
            return "whisper in \(names.name(of: whisper.chat)) by \(names.name(of: whisper.session)), \(whisper.sequence): \(whisper.text)"
        case .tellRoom(let session, _, let word): return "\(names.name(of: session)) in the staff room: \(text(word))"
        case .setVolunteers(let session, let on): return "\(names.name(of: session)) \(on ? "volunteers" : "does not volunteer")"
        case .setDuty(let session, let duty): return "\(names.name(of: session)) on duty for \(duty?.rawValue ?? "whoever")"
        case .leaving(let session, let inMs): return "\(names.name(of: session)) leaves in \(inMs.map { "\($0) ms" } ?? "no time")"
        case .back(let session, let queue): return "\(names.name(of: session)) is back at \(queue)"
        case .openNow(let library, let session, let opening):
            return "\(names.name(of: session)) opens \(library) from \(opening.fromMs) to \(opening.untilMs)"
        case .closeLibrary(let library, let closure, let by):
            return "close \(library) from \(closure.fromMs) to \(closure.untilMs): \(closure.note), by \(by?.text ?? "nobody")"
        case .reopenLibrary(let library, _, let atMs, let by): return "reopen \(library) at \(atMs), by \(by?.text ?? "nobody")"
        case .claim(let claim): return "claim \(names.name(of: claim.chat)) by \(names.name(of: claim.session))"
        case .offerTransfer(let offer): return "offer \(names.name(of: offer.chat)) to \(offer.target), token \(text(offer.token))"
        case .consent(let chat, _, let offer, let agreed): return "\(agreed ? "yes" : "no") to \(text(offer)) in \(names.name(of: chat))"
        case .pickUp(let chat, let session, _): return "pick up \(names.name(of: chat)) by \(names.name(of: session))"
        case .withdrawOffer(let chat, _, let offer): return "withdraw \(text(offer)) of \(names.name(of: chat))"
        case .block(let chat, let token): return "block \(names.name(of: chat)), token \(text(token))"
        case .release(let chat, let token): return "release \(names.name(of: chat)), token \(text(token))"
        case .close(let chat, let token, _): return "close \(names.name(of: chat)), token \(text(token))"
        case .leave(let chat, let attach): return "leave \(names.name(of: chat)) by \(names.name(of: attach))"
        case .mergeBranch(let merge): return "merge \(merge.lines.count) lines into \(names.name(of: merge.chat))"
        case .keepMessage(let keep): return "keep \(names.name(of: keep.chat))"
        default: return "\(command)"
        }
    }
}
