import ClientProtocol
import Consortium

/// A command whose outcome is not known yet.
struct Pending: Sendable {
    enum Purpose: Hashable, Sendable {
        /// `ok` or `refused`.
        case request(RequestID)
        /// A claim or pick-up: `ok` with the token, and the chat joins the desk.
        case hold(RequestID, SessionID, ChatID)
        case transfer(RequestID)
        /// `ack` or `nack`.
        case say(ChatID, SenderID, UInt64)
        /// `ok`, and the patron is shown the chat.
        case take(RequestID, ChatID, AttachID, byCode: Bool)
        case signOn(SessionID)
        case signOff
        case presence(ChatID)
        /// A step of the merge of this node's branch.
        case merge(BranchMerge.Step)
    }
    var command: Command
    var purpose: Purpose
    /// Whether the present sequencer was asked.
    var isAsked = false
    /// Who asked; `nil` for the node itself, and when the client went away.
    var client: ClientID?
    let sinceMs: UInt64
    /// When it is proposed again unless an outcome comes before.
    var repeatAtMs: UInt64
}

/// Rule 14: what gives way first when the table fills.
enum Urgency { case desk, message, opening }

extension GatewayCore {
    /// Proposes on behalf of a client. False: the table is full, and the caller answers `busy`.
    mutating func propose(_ command: Command, _ purpose: Pending.Purpose, for client: ClientID?, _ urgency: Urgency = .desk) -> Bool {
        let limit =
            switch urgency {
            case .desk: GatewayLimits.pendingMax
            case .message: GatewayLimits.pendingForMessagesMax
            case .opening: GatewayLimits.pendingForOpeningMax
            }
        guard pending.count < limit else { return false }
        if let client {
            guard let count = connections[client]?.pendingCount, count < GatewayLimits.pendingPerConnectionMax else { return false }
            connections[client]?.pendingCount = count + 1
        }
        lastCounter += 1
        pending[lastCounter] = Pending(
            command: command, purpose: purpose, client: client, sinceMs: now, repeatAtMs: now + GatewayLimits.repeatMs)
        ask(lastCounter)
        wantTick(atMs: now + GatewayLimits.tickMs)
        return true
    }

    /// Proposes a request that carries `re`, or answers `busy`.
    mutating func request(
        _ client: ClientID, _ re: RequestID, _ command: Command, _ purpose: Pending.Purpose? = nil, _ urgency: Urgency = .desk
    ) {
        if propose(command, purpose ?? .request(re), for: client, urgency) { return }
        refuse(client, re, .busy, "The node has too much under way; try again in a moment.", retryMs: busyRetryMs())
    }

    mutating func busyRetryMs() -> UInt64 {
        GatewayLimits.busyRetryMs + jitter(GatewayLimits.busyRetryMs)
    }

    /// The outcome of a proposal, as the log has it. Reports about unknown counters (repeats) are ignored.
    public mutating func onOutcome(_ counter: UInt64, _ verdict: Verdict, at: LogPosition, now: UInt64) -> [GatewayDirective] {
        advance(now)
        // What was asked of the one sequencer counts as unknown once the other one is asked.
        guard let waiting = pending[counter], sequencer != .preparing,
            BranchBase.isBranch(at) == waiting.purpose.goesToBranch(sequencer)
        else { return take() }
        if case .refused(let refusal) = verdict, refusal.code == .outOfOrder, isOvertaking(counter) {
            proposeSoon(counter)
            return take()
        }
        guard let done = removePending(counter) else { return take() }
        switch verdict {
        case .accepted(let acceptance): accepted(done, acceptance, at)
        case .refused(let refusal): refused(done, refusal, at)
        }
        settleSequencer()
        return take()
    }

    /// A coordinator did not take it. Without a leader it waits here; when the coordinator is busy, the client is told.
    public mutating func onRefusedProposal(_ counter: UInt64, _ why: ProposalRefusal, now: UInt64) -> [GatewayDirective] {
        advance(now)
        guard let waiting = pending[counter] else { return take() }
        if why == .busy, waiting.client != nil, let done = removePending(counter) {
            refused(done, .busy, "The service has too much under way; try again in a moment.", retryMs: busyRetryMs())
            settleSequencer()
        } else {
            proposeSoon(counter)
        }
        return take()
    }

    private mutating func proposeSoon(_ counter: UInt64) {
        let retryAtMs = now + GatewayLimits.retryBaseMs + jitter(GatewayLimits.retryJitterMs)
        pending[counter]?.repeatAtMs = retryAtMs
        wantTick(atMs: retryAtMs)
    }

    /// Whether this is a say whose sender's earlier one is still under way: it came to the log first (over another coordinator, or tried
    /// again sooner), and is proposed once more behind it. A `nack` would be wrong, as the proposal may still be accepted.
    private func isOvertaking(_ counter: UInt64) -> Bool {
        guard case .say(let chat, let sender, let sequence)? = pending[counter]?.purpose else { return false }
        return pending.values.contains { other in
            if case .say(chat, sender, let earlier) = other.purpose { earlier < sequence } else { false }
        }
    }

    mutating func removePending(_ counter: UInt64) -> Pending? {
        guard let done = pending.removeValue(forKey: counter) else { return nil }
        if let client = done.client { connections[client]?.pendingCount -= 1 }
        return done
    }

    private mutating func accepted(_ done: Pending, _ acceptance: Acceptance, _ at: LogPosition) {
        switch done.purpose {
        case .request(let re): answer(done.client, .init(re: re))
        case .transfer(let re):
            if case .offered(let offer) = acceptance {
                answer(done.client, .init(re: re, offer: offer))
            } else {
                answer(done.client, .init(re: re))
            }
        case .hold(let re, let session, let chat):
            guard case .token(let token) = acceptance else { return }
            answer(done.client, .init(re: re, token: token))
            join(chat, session, at: at)
        case .say(let chat, let sender, let sequence):
            guard case .placed(let position) = acceptance, let client = done.client else { return }
            let level: ServerMessage.AckLevel = BranchBase.isBranch(at) ? .held : .safe
            send(client, .ack(.init(chat: chat, sender: sender, sequence: sequence, level: level, at: position)))
        case .take(let re, let chat, let attach, let byCode):
            guard let client = done.client else { return }
            answer(client, .init(re: re, chat: byCode ? chat : nil))
            admit(client, chat, attach, at: at)
            if !byCode { remember(secretOf: done.command) }
        case .signOn(let session): signedOn(session, at: at)
        case .signOff: break
        case .presence(let chat): presenceTold(chat)
        case .merge(let step): merged(step, acceptance, at)
        }
    }

    private mutating func answer(_ client: ClientID?, _ ok: ServerMessage.OK) {
        if let client { send(client, .ok(ok)) }
    }

    private mutating func refused(_ done: Pending, _ refusal: Refusal, _ at: LogPosition) {
        if case .merge(let step) = done.purpose { return notMerged(step, done.command, refusal, at) }
        if case .say = done.purpose, BranchBase.isBranch(at), refusal.code == .unknownChat || refusal.code == .notHolder {
            // The coordinators may have taken it before they were out of reach: only they can refuse it for good, and free its number.
            let text = "This chat is not with this library while the others are out of reach; the message waits for them."
            return refused(done, .busy, text, retryMs: GatewayLimits.apartRetryMs + jitter(GatewayLimits.apartRetryMs))
        }
        if case .take(_, let chat, let attach, byCode: false) = done.purpose, BranchBase.isBranch(at),
            refusal.code == .unknownChat || refusal.code == .wrongSecret,
            let client = done.client
        {
            // Of a chat that only an operator here takes part in, the branch does not know the secret.
            notAdmitted(client, chat, attach)
            let text = "This library has not that chat while the others are out of reach; another node may go on with it."
            return end(client, .apart, text, retryMs: jitter(GatewayLimits.apartRetryMs))
        }
        refused(done, RefusalCode(refusal.code), refusal.sentence, retryMs: nil)
    }

    private mutating func refused(_ done: Pending, _ code: RefusalCode, _ text: String, retryMs: UInt64?) {
        switch done.purpose {
        case .request(let re), .hold(let re, _, _), .transfer(let re):
            if let client = done.client { refuse(client, re, code, text, retryMs: retryMs) }
        case .say(let chat, let sender, let sequence):
            guard let client = done.client else { return }
            send(client, .nack(.init(chat: chat, sender: sender, sequence: sequence, code: code, text: text, retryMs: retryMs)))
        case .take(let re, let chat, let attach, _):
            guard let client = done.client else { return }
            notAdmitted(client, chat, attach)
            refuse(client, re, code, text, retryMs: retryMs)
        case .signOn(let session): notSignedOn(session, text)
        case .signOff, .merge: break
        case .presence(let chat): presenceTold(chat)
        }
    }

    /// Everything that has no outcome yet goes to the coordinator again, in the order of its making and with the same number.
    mutating func proposeAllAgain() {
        for counter in pending.keys.sorted() { ask(counter) }
        guard mayAsk else { return }
        for counter in lookUps.keys.sorted() {
            if let lookUp = lookUps[counter] { emit(.find(counter: counter, code: lookUp.code)) }
        }
    }

    /// Proposes it (again) to whoever sequences now; while that changes, it waits.
    private mutating func ask(_ counter: UInt64) {
        guard let waiting = pending[counter], waiting.purpose.isMerge ? sequencer == .merging : takesProposals else { return }
        pending[counter]?.repeatAtMs = now + GatewayLimits.repeatMs
        pending[counter]?.isAsked = true
        emit(.propose(counter: counter, waiting.command))
    }

    /// What was silent for too long goes out again; what nobody waits for any more is given up.
    mutating func tendProposals() {
        guard !pending.isEmpty else { return }
        var dueMs = UInt64.max
        for counter in pending.keys.sorted() {
            guard let waiting = pending[counter] else { continue }
            if waiting.client == nil, waiting.purpose.isAskedByClient, now - waiting.sinceMs >= GatewayLimits.orphanMs {
                _ = removePending(counter)
                continue
            }
            if answers, waiting.repeatAtMs <= now { ask(counter) }
            // What cannot be asked now, as a merge goes on, is looked at again with the next tick: a time that is past would be due at once, for ever.
            if let repeatAtMs = pending[counter]?.repeatAtMs, repeatAtMs > now { dueMs = min(dueMs, repeatAtMs) }
        }
        if answers, dueMs != .max { wantTick(atMs: dueMs) }
    }

    /// The client went away. What it will offer again itself is not proposed any more; what it asked last (to leave, to keep
    /// the question) still is.
    mutating func abandonProposals(of client: ClientID) {
        for counter in pending.keys.sorted() where pending[counter]?.client == client {
            switch pending[counter]?.purpose {
            case .say, .take: pending[counter] = nil
            default: pending[counter]?.client = nil
            }
        }
        for counter in lookUps.keys.sorted() where lookUps[counter]?.client == client { lookUps[counter] = nil }
    }
}

extension Pending.Purpose {
    fileprivate var isAskedByClient: Bool {
        switch self {
        case .request, .hold, .transfer, .say, .take: true
        case .signOn, .signOff, .presence, .merge: false
        }
    }

    fileprivate var isMerge: Bool {
        if case .merge = self { true } else { false }
    }

    /// Whether its outcome comes from the branch.
    fileprivate func goesToBranch(_ sequencer: Sequencer) -> Bool {
        (sequencer == .branch || sequencer == .sealing) && !isMerge
    }
}
