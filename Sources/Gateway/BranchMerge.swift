import ClientProtocol
import Consortium

/// Bringing a branch into the consortium: text first, then who gave what out of their hands, then people, and who looks after whom, then who holds what, then what has ended.
///
/// Each step is an ordinary proposal that is repeated until its outcome is known, and harmless to repeat in another life of the
/// process. Text is retried until there is room; everything else may be refused, and the people concerned see where the chat went.
struct BranchMerge: Sendable {
    enum Step: Hashable, Sendable {
        case text(ChatID)
        case attach(ChatID)
        case signOn(SessionID, as: SessionID)
        case release(ChatID)
        case mentor(of: OperatorName)
        case claim(ChatID, SessionID)
        case end(ChatID)
    }
    enum Stage: Sendable { case texts, releases, people, mentors, holders, ends }

    var stage = Stage.texts
    let plan: BranchPlan
    /// By chat: what is yet to be merged of it, and its place in the plan.
    var left: [ChatID: ArraySlice<MergeBranch>] = [:]
    var waiting: ArraySlice<BranchPlan.Part>
    /// Chats whose parts are on their way, or wait for room.
    var underWay: Set<ChatID> = []
    var retryAtMs: [ChatID: UInt64] = [:]
    /// How many messages did not fit into their chats: the consortium's limits are the reason.
    var lost: [ChatID: Int] = [:]

    // What came of it.
    var admitted: [ChatID: LogPosition] = [:]
    var fenced: Set<ChatID> = []
    /// Chats that the coordinators have forgotten meanwhile.
    var forgotten: Set<ChatID> = []
    var sessions: [SessionID: (new: SessionID, at: LogPosition)] = [:]
    var refusedSessions: [SessionID: String] = [:]
    /// The tokens under which desks hold their chats now, and where they were given.
    var tokens: [ChatID: (token: LogPosition, at: LogPosition)] = [:]
    /// What stands for the tokens of the branch, and of before it: each desk's for its own alone.
    var renewed: [Desk.Grant: LogPosition] = [:]
    /// Chats that somebody else holds now, and where the log says so.
    var elsewhere: [ChatID: LogPosition] = [:]
    /// Where the last of a chat's text came into the log.
    var texts: [ChatID: LogPosition] = [:]

    /// Steps that wait for room among those in flight.
    var backlog: [(step: Step, command: Command)] = []
    var inFlight = 0
    var isIdle: Bool { inFlight == 0 && backlog.isEmpty }

    init(_ plan: BranchPlan) {
        self.plan = plan
        waiting = plan.parts[...]
    }
}

extension GatewayCore {
    mutating func beginMerge(_ plan: BranchPlan) {
        merge = BranchMerge(plan)
        advanceMerge()
    }

    /// Proposes what comes next; when nothing is left, the node goes on with the coordinators.
    private mutating func advanceMerge() {
        if merge?.stage == .texts { beginTexts() }
        while proposeSteps(), let merge, merge.isIdle {
            switch merge.stage {
            case .texts:
                guard merge.waiting.isEmpty, merge.underWay.isEmpty else { return }
                self.merge?.stage = .releases
                releaseAgain()
            case .releases:
                self.merge?.stage = .people
                signOnAgain()
            case .people:
                self.merge?.stage = .mentors
                mentorAgain()
            case .mentors:
                self.merge?.stage = .holders
                claimAgain()
            case .holders:
                self.merge?.stage = .ends
                endAgain()
            case .ends: return finishMerge(merge)
            }
        }
    }

    private mutating func step(_ step: BranchMerge.Step, _ command: Command) {
        merge?.backlog.append((step, command))
    }

    /// Proposes as many steps as may be in flight. False when the table of proposals has no room: the next tick tries again.
    private mutating func proposeSteps() -> Bool {
        while let merge, let next = merge.backlog.first, merge.inFlight < GatewayLimits.mergesInFlightMax {
            guard propose(next.command, .merge(next.step), for: nil) else { return false }
            self.merge?.backlog.removeFirst()
            self.merge?.inFlight += 1
        }
        return true
    }

    // MARK: Text

    private mutating func beginTexts() {
        while let part = merge?.waiting.first, let count = merge?.underWay.count, count < GatewayLimits.mergesInFlightMax {
            merge?.waiting.removeFirst()
            merge?.underWay.insert(part.chat)
            merge?.left[part.chat] = part.merges[...]
            mergeNext(part.chat)
        }
    }

    /// One part of a chat at a time, as they must arrive in order.
    private mutating func mergeNext(_ chat: ChatID) {
        if let next = merge?.left[chat]?.first { return step(.text(chat), .mergeBranch(next)) }
        guard let part = merge?.plan.parts.first(where: { $0.chat == chat }), needsAttach(part) else {
            merge?.underWay.remove(chat)
            return
        }
        step(.attach(chat), .attach(Attach(chat: chat, secret: part.secret, attach: part.attach, node: node)))
    }

    /// The patron sits here, or did something as a patron in the branch.
    private func needsAttach(_ part: BranchPlan.Part) -> Bool {
        switch part.outcome {
        case .left, .kept: true
        case .goesOn, .closed, .nothing:
            connections.values.contains { $0.places[part.chat].map { $0.attach == part.attach && !$0.fenced } ?? false }
        }
    }

    // MARK: People, holders, ends

    /// Everybody at a desk here signs on anew: sign-ons may have lapsed meanwhile. Whoever signed on elsewhere stays there.
    private mutating func signOnAgain() {
        guard let plan = merge?.plan else { return }
        for (session, available) in plan.sessions.sorted(by: { $0.key < $1.key }) {
            guard let desk = desks[session] else { continue }
            let new = SessionID(using: &generator)
            step(
                .signOn(session, as: new),
                .signOn(
                    SignOn(session: new, operatorName: desk.name, node: node, boot: boot, available: available, continues: session)))
        }
    }

    /// Where the consortium still has the former holder, whoever took over in the branch could not claim the chat. Before people sign on anew, as
    /// that gives their chats new tokens.
    private mutating func releaseAgain() {
        for part in merge?.plan.parts ?? [] {
            if let token = part.released { step(.release(part.chat), .release(part.chat, token: token)) }
        }
    }

    /// Without a mentor at hand a trainee claims nothing, not even what they hold already: the link went with the sign-ons that lapsed.
    private mutating func mentorAgain() {
        guard let merge else { return }
        for (trainee, mentor) in merge.plan.mentors.sorted(by: { $0.key < $1.key }) {
            guard let session = merge.sessions[mentor]?.new else { continue }
            step(.mentor(of: trainee), .setMentor(session, of: trainee, true))
        }
    }

    private mutating func claimAgain() {
        guard let merge else { return }
        for part in merge.plan.parts {
            switch part.outcome {
            case .goesOn(let holder?), .closed(by: let holder):
                guard let session = merge.sessions[holder] else { continue }
                let request = RequestID(using: &generator)
                step(.claim(part.chat, holder), .claim(Claim(chat: part.chat, session: session.new, request: request)))
            case .goesOn(nil), .left, .kept, .nothing: continue
            }
        }
    }

    private mutating func endAgain() {
        guard let merge else { return }
        for part in merge.plan.parts {
            switch part.outcome {
            case .closed:
                if let held = merge.tokens[part.chat] { step(.end(part.chat), .close(part.chat, token: held.token)) }
            case .left where !merge.fenced.contains(part.chat): step(.end(part.chat), .leave(part.chat, part.attach))
            case .kept(let code, let contact) where !merge.fenced.contains(part.chat):
                let message = KeepMessage(chat: part.chat, attach: part.attach, code: code, contact: contact)
                step(.end(part.chat), .keepMessage(message))
            case .goesOn, .left, .kept, .nothing: continue
            }
        }
    }

    // MARK: Outcomes

    mutating func merged(_ step: BranchMerge.Step, _ acceptance: Acceptance, _ at: LogPosition) {
        merge?.inFlight -= 1
        switch step {
        case .text(let chat):
            merge?.left[chat]?.removeFirst()
            merge?.texts[chat] = at
            mergeNext(chat)
        case .attach(let chat):
            merge?.admitted[chat] = at
            merge?.underWay.remove(chat)
        case .signOn(let old, let new): merge?.sessions[old] = (new, at)
        case .claim(let chat, let session):
            guard case .token(let token) = acceptance else { break }
            merge?.tokens[chat] = (token, at)
            for grant in desks[session]?.grants ?? [] where grant.chat == chat { merge?.renewed[grant] = token }
        case .release, .mentor, .end: break
        }
        advanceMerge()
    }

    mutating func notMerged(_ step: BranchMerge.Step, _ command: Command, _ refusal: Refusal, _ at: LogPosition) {
        merge?.inFlight -= 1
        switch step {
        case .text(let chat):
            guard refusal.code != .full else {
                merge?.retryAtMs[chat] = now + GatewayLimits.mergeRetryMs
                wantTick(atMs: now + GatewayLimits.mergeRetryMs)
                return
            }
            if let part = merge?.left[chat]?.popFirst() { merge?.lost[chat, default: 0] += part.lines.count }
            mergeNext(chat)
        case .attach(let chat):
            if refusal.code == .unknownChat { merge?.forgotten.insert(chat) } else { merge?.fenced.insert(chat) }
            merge?.underWay.remove(chat)
        case .signOn(let old, _): merge?.refusedSessions[old] = refusal.sentence
        case .claim(let chat, _):
            if refusal.code == .unknownChat { merge?.forgotten.insert(chat) }
            merge?.elsewhere[chat] = at
        // The chat is in other hands already, or over; the trainee has another mentor.
        case .release, .mentor, .end: break
        }
        advanceMerge()
    }

    /// Asks again for what there was no room for.
    mutating func tendMerge() {
        guard let merge else { return }
        for (chat, atMs) in merge.retryAtMs.sorted(by: { $0.key < $1.key }) {
            guard atMs <= now else {
                wantTick(atMs: atMs)
                continue
            }
            self.merge?.retryAtMs[chat] = nil
            mergeNext(chat)
        }
        advanceMerge()
    }

    // MARK: The end

    /// The node goes on with the coordinators. What was held is shown anew, from the last safe message on.
    private mutating func finishMerge(_ merge: BranchMerge) {
        self.merge = nil
        sequencer = .coordinators
        emit(.branchMerged(lost: merge.lost))
        renewPending(merge)
        bringBackFarewells(merge)
        returnChats(merge)
        directory.takeAny()
        if let (board, holdings) = boardAfterMerge { _ = directory.take(board, holdings: holdings, nowMs: now) }
        boardAfterMerge = nil
        returnDesks(merge)
        for id in chats.keys.sorted() { follow(id) }
        proposeAllAgain()
        lastRenewMs = 0
        renewLeases()
        tellEverybodyService()
        sendBoards()
        tellLosses(merge.lost)
        endForgotten(merge)
    }

    /// The coordinators say nothing of a chat that they do not know: whoever takes part in one asks for it anew, and is told.
    private mutating func endForgotten(_ merge: BranchMerge) {
        guard !merge.forgotten.isEmpty else { return }
        for client in connections.keys.sorted() {
            guard let places = connections[client]?.places, places.keys.contains(where: { merge.forgotten.contains($0) }) else { continue }
            let text = "A chat of this page is not known to the other libraries any more."
            end(client, .apart, text, retryMs: jitter(GatewayLimits.apartRetryMs))
        }
    }

    /// People at the desks here can still tell those whom it concerns, or write it down; everybody is told, as whoever held the chat may have left it.
    private mutating func tellLosses(_ lost: [ChatID: Int]) {
        let count = lost.values.reduce(0, +)
        guard count > 0 else { return }
        let messages = count == 1 ? "1 message" : "\(count) messages"
        let chats = lost.count == 1 ? "a chat that is" : "\(lost.count) chats that are"
        let text =
            "\(messages) of \(chats) as long as a chat may be could not be added, and will not reach the other side. "
            + "This was written while the other libraries were out of reach; start a new chat for what is still open."
        for client in connections.keys.sorted() {
            if case .desk? = connections[client]?.role { send(client, .notice(text: text)) }
        }
    }

    /// Desks that left a chat in the branch see it once more: that it is over there, and that what was held is safe.
    private mutating func bringBackFarewells(_ merge: BranchMerge) {
        for (id, places) in farewells.sorted(by: { $0.key < $1.key }) where need(id, asOf: .zero) {
            for (client, place) in places.sorted(by: { $0.key < $1.key }) where connections[client].map({ $0.places[id] == nil }) ?? false {
                var place = place
                // A chat that this node has not kept meanwhile is shown whole.
                if chats[id]?.safe == nil { (place.cursor, place.admitted) = (.zero, merge.texts[id] ?? .zero) }
                connections[client]?.places[id] = place
                chats[id]?.viewers.append(client)
                chats[id]?.unneededSinceMs = nil
            }
        }
        farewells = [:]
    }

    mutating func returnChats(_ merge: BranchMerge) {
        for id in chats.keys.sorted() {
            guard let safe = chats[id]?.safe else { continue }
            chats[id]?.messages.removeAll { $0.position > safe }
            chats[id]?.safe = nil
            chats[id]?.meta = nil
            chats[id]?.presencePending = false
            for client in chats[id]?.viewers ?? [] {
                guard var place = connections[client]?.places[id] else { continue }
                place.cursor = min(place.cursor, safe)
                place.shown = nil
                place.admitted =
                    (place.attach == nil ? merge.tokens[id]?.at ?? merge.elsewhere[id] ?? merge.texts[id] : merge.admitted[id]) ?? .zero
                connections[client]?.places[id] = place
                if place.attach != nil, merge.fenced.contains(id) { fence(client, id) }
            }
        }
    }

    private mutating func returnDesks(_ merge: BranchMerge) {
        for (old, text) in merge.refusedSessions.sorted(by: { $0.key < $1.key }) {
            closeDesk(old, .elsewhere, text)
            emit(.sessionOver(old))
        }
        for old in desks.keys.sorted() {
            guard let renewed = merge.sessions[old], var desk = desks.removeValue(forKey: old) else {
                desks[old]?.signsOnAnew()
                desks[old]?.signOnPending = false
                continue
            }
            desk.signedOnAt = renewed.at
            desk.signOnPending = false
            desk.settled = false
            for chat in desk.chats.keys { desk.chats[chat] = merge.tokens[chat]?.at ?? merge.elsewhere[chat] ?? renewed.at }
            desks[renewed.new] = desk
            for client in desk.clients {
                connections[client]?.role = .desk(renewed.new)
                connections[client]?.sentMe = nil
            }
            emit(.sessionRenewed(old, as: renewed.new))
            for grant in desk.grants { renew(grant, merge, renewed.new) }
            settleDesk(renewed.new)
            for client in desk.clients { sendMe(client, renewed.new) }
        }
    }

    /// The token by which the desk holds the chat now stands for those that it held it by.
    private mutating func renew(_ grant: Desk.Grant, _ merge: BranchMerge, _ session: SessionID) {
        guard let token = merge.renewed[grant] else { return }
        self.grant(session, .init(chat: grant.chat, token: token))
        guard grant.token != token, let count = desks[session]?.renewed.count, count < Desk.grantsMax else { return }
        desks[session]?.renewed[grant] = token
    }

    /// What clients asked meanwhile was asked under the branch's sessions and tokens.
    private mutating func renewPending(_ merge: BranchMerge) {
        for counter in pending.keys.sorted() {
            guard let waiting = pending[counter] else { continue }
            pending[counter]?.isAsked = false
            switch waiting.purpose {
            case .signOn(let session) where merge.sessions[session] != nil || merge.refusedSessions[session] != nil:
                _ = removePending(counter)
            case .hold(let re, let session, let chat):
                if let new = merge.sessions[session]?.new { pending[counter]?.purpose = .hold(re, new, chat) }
                pending[counter]?.command = waiting.command.renewed(merge)
            default: pending[counter]?.command = waiting.command.renewed(merge)
            }
        }
    }
}

extension Command {
    /// The same under the sessions and tokens that a merge gave in place of the branch's.
    fileprivate func renewed(_ merge: BranchMerge) -> Command {
        func new(_ session: SessionID) -> SessionID { merge.sessions[session]?.new ?? session }
        func new(_ token: LogPosition, of chat: ChatID) -> LogPosition { merge.renewed[.init(chat: chat, token: token)] ?? token }
        switch self {
        case .signOff(let session): return .signOff(new(session))
        case .setAvailability(let session, let queue, let on): return .setAvailability(new(session), queue, on)
        case .setEnd(let session, let untilMs): return .setEnd(new(session), untilMs: untilMs)
        case .setVolunteers(let session, let on): return .setVolunteers(new(session), on)
        case .setMentor(let session, let trainee, let isMentor): return .setMentor(new(session), of: trainee, isMentor)
        case .setWatcher(let chat, let token, let name, let watches):
            return .setWatcher(chat, token: new(token, of: chat), name, watches)
        case .stopWatching(let chat, let session): return .stopWatching(chat, new(session))
        case .takeOver(let chat, let session, let request): return .takeOver(chat, new(session), request)
        case .whisper(var whisper):
            whisper.session = new(whisper.session)
            return .whisper(whisper)
        case .tellRoom(let session, let request, let word): return .tellRoom(new(session), request, word)
        case .setDuty(let session, let duty): return .setDuty(new(session), duty)
        case .leaving(let session, let inMs): return .leaving(new(session), inMs: inMs)
        case .back(let session, let queue): return .back(new(session), queue)
        case .openNow(let library, let session, let opening): return .openNow(library, new(session), opening)
        case .claim(var claim):
            claim.session = new(claim.session)
            return .claim(claim)
        case .pickUp(let chat, let session, let offer): return .pickUp(chat, new(session), offer: offer)
        case .say(var say):
            if case .staff(let token) = say.speaker { say.speaker = .staff(token: new(token, of: say.chat)) }
            return .say(say)
        case .offerTransfer(var offer):
            offer.token = new(offer.token, of: offer.chat)
            return .offerTransfer(offer)
        case .withdrawOffer(let chat, let token, let offer): return .withdrawOffer(chat, token: new(token, of: chat), offer: offer)
        case .release(let chat, let token): return .release(chat, token: new(token, of: chat))
        case .block(let chat, let token): return .block(chat, token: new(token, of: chat))
        case .close(let chat, let token, let ending): return .close(chat, token: new(token, of: chat), ending)
        default: return self
        }
    }
}
