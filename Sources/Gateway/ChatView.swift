import ClientProtocol
import Consortium

/// How the replicated state's values look to clients: with titles, and times relative to now.
extension GatewayCore {
    func chatState(_ id: ChatID, _ chat: CachedChat, _ meta: ChatMeta, for role: Connection.Role) -> ServerMessage.ChatState {
        let isPatron = role == .patron
        return ServerMessage.ChatState(
            chat: id, epoch: meta.epoch, last: meta.last, attach: isPatron ? meta.attach : nil,
            library: meta.library.map(directory.library),
            queue: directory.queue(meta.queue), phase: phase(meta, chat, for: role), patronPresent: meta.patronPresent,
            openedMs: wallMs(ofClockMs: meta.openedMs, meta, chat), usualWaitSeconds: meta.usualWaitMs.map { $0 / 1_000 },
            marks: meta.senders, isHeld: chat.safe != nil)
    }

    private func phase(_ meta: ChatMeta, _ chat: CachedChat, for role: Connection.Role) -> ServerMessage.Phase {
        switch meta.phase {
        case .waiting(let queue, let ahead): return .waiting(directory.queue(queue), ahead: ahead)
        case .ask(let queue): return .ask(referral: directory.queue(queue))
        case .unattended: return .unattended
        case .kept: return .kept
        case .closed(let reason): return .closed(reason)
        case .held(let holder, let offer):
            var held = ServerMessage.Held(
                by: PersonRef(name: holder.operatorName, display: holder.displayName, library: directory.library(holder.library)))
            if case .desk(let session) = role {
                held.mine = holder.session == session
                if held.mine == true { held.token = holder.token }
                held.watchers = meta.watchers.map(directory.reference)
                held.isWatching = desks[session].map { meta.watchers.contains($0.name) } ?? false
            }
            held.offer = offer.map { offer in
                let clockMs = meta.clockMs + (now - chat.metaMs)
                return ServerMessage.Offer(
                    offer: offer.offer, target: QueueRef(name: offer.target, title: offer.targetTitle), asked: offer.awaitingConsent,
                    untilSeconds: offer.deadlineMs > clockMs ? (offer.deadlineMs - clockMs) / 1_000 : 0,
                    answerInSeconds: offer.answerInMs.map { $0 / 1_000 })
            }
            return .held(held)
        }
    }

    /// The wall time of a moment of the replicated clock, as far as this node can tell.
    private func wallMs(ofClockMs momentMs: UInt64, _ meta: ChatMeta, _ chat: CachedChat) -> UInt64 {
        if let known = chat.openedWallMs { return known }
        let ageMs = (meta.clockMs > momentMs ? meta.clockMs - momentMs : 0) + (now - chat.metaMs)
        let wallMs = now &+ wallOffsetMs
        return wallMs > ageMs ? wallMs - ageMs : 0
    }
}

extension ServerMessage.ChatState {
    /// Without what changes with every message or with time: clients get that from `msgs` and their own clocks.
    var comparable: ServerMessage.ChatState {
        var state = self
        state.last = .zero
        state.marks = []
        state.openedMs = 0
        if case .held(var held) = phase {
            held.offer?.untilSeconds = 0
            state.phase = .held(held)
        }
        return state
    }
}

extension Directory {
    /// - Parameter held: only this node has it so far.
    func show(_ message: ChatMessage, held: Bool) -> ServerMessage.Message {
        var shown: ServerMessage.Message
        let body: ServerMessage.Message.Body =
            switch message.body {
            case .text(let text, let sender, let sequence): .text(text, sender: sender, sequence: sequence)
            case .event(let event): .event(show(event))
            case .note(let text, let sender, let sequence): .note(text, sender: sender, sequence: sequence)
            }
        switch message.author {
        case .patron: shown = .init(at: message.position, by: .patron, wallMs: message.wallMs, body: body)
        case .service: shown = .init(at: message.position, by: .service, wallMs: message.wallMs, body: body)
        case .staff(_, let display, let home):
            shown = .init(
                at: message.position, by: .staff, name: display, library: library(home), wallMs: message.wallMs, body: body)
        }
        shown.late = message.late
        shown.own = message.patronSupplied
        shown.held = held
        shown.branch = message.branch && !held
        return shown
    }

    private func show(_ event: ChatEvent) -> ServerMessage.Event {
        func person(_ name: OperatorName, _ display: String, _ home: LibraryName) -> PersonRef {
            PersonRef(name: name, display: display, library: library(home))
        }
        switch event {
        case .opened(let name): return .opened(queue(name))
        case .referred(let name): return .referred(queue(name))
        case .claimed(let name, let display, let home): return .claimed(person(name, display, home))
        case .transferAsked(let name): return .transferAsked(queue(name))
        case .transferDeclined(let name): return .transferDeclined(queue(name))
        case .offered(let name): return .offered(queue(name))
        case .pickedUp(let name, let display, let home): return .pickedUp(person(name, display, home))
        case .returned(let name, let reason): return .returned(queue(name), reason)
        case .requeued(let name, let reason): return .requeued(queue(name), reason)
        case .nobodyThere: return .nobodyThere
        case .kept: return .kept
        case .closed(let reason): return .closed(reason)
        }
    }
}
