import ClientProtocol
import Consortium
import Gossip
import History

/// An operator: a person at a desk, and the client that speaks for them.
final class OperatorPerson: Client {
    let account: OperatorName
    private let home: Machine
    private var token: String?
    private var tokens: [ChatID: LogPosition] = [:]
    private(set) var copies: [ChatID: Copy] = [:]
    private var past: [Copy] = []
    private var me: ServerMessage.Me?
    private var board: ServerMessage.BoardState?
    private var saidIn: [ChatID: Int] = [:]
    private var isAway = false
    private var asking: [ChatID] = []
    private var saidCount = 0
    private var activeMs: UInt64 = 0
    private var signedInMs: UInt64 = 0
    /// When the desk was last connected, or signed in.
    private var welcomeMs: UInt64 = 0
    /// For each holding, the number of "may have been lost" in the checker's list of operations.
    private var fears: [ChatID: (token: LogPosition, number: Int)] = [:]

    init(_ cluster: Cluster, index: Int, account: OperatorName, home: Machine, seed: UInt64) {
        self.account = account
        self.home = home
        super.init(cluster, index: index, name: Self.name(of: account), nodes: [home], seed: seed)
    }

    static func name(of account: OperatorName) -> String { "operator \(account)" }

    func arrive() {
        signIn(at: home)
        think()
    }

    // MARK: The client

    override func hello() -> ClientMessage? {
        token.map { .hello(.init(role: .operator, client: "simulated/1", session: $0)) }
    }

    private func signIn(at machine: Machine) {
        guard token == nil else { return }
        cluster.after(delay() + 50, .line, machine.index) { [self] in
            guard machine.isRunning, token == nil, !isOver else { return }
            machine.receive(life: machine.life) { [self] in token = machine.library?.signIn(account) }
            guard token != nil else { return }
            say("signs in at \(machine.name)")
            signedInMs = cluster.nowMs
            welcomeMs = cluster.nowMs
            nodes = [machine]
            connect()
        }
    }

    override func dismissed(_ code: ByeCode) {
        say("is dismissed: \(code.rawValue)")
        forgetDesk()
    }

    private func forgetDesk() {
        token = nil
        tokens = [:]
        for chat in copies.keys.sorted() { if let copy = copies[chat] { past.append(copy) } }
        copies = [:]
        saidIn = [:]
        asking = []
        (me, board) = (nil, nil)
        (fears, notes) = ([:], [:])
        for trainee in trainees { cluster.checker.onMentoringOver(name, of: Self.name(of: trainee)) }
        (trainees, mentoring) = ([], [])
        forgetRequests()
    }

    /// Since when the person is at this desk, by a connection that lasts.
    private(set) var presentSinceMs: UInt64?

    /// Whether the person signed on as this session, and is there.
    func isPresent(as session: SessionID, sinceMs: UInt64) -> Bool {
        guard isWelcome, !isAway, token == "token-\(session)", let presentSinceMs else { return false }
        return presentSinceMs <= sinceMs
    }

    /// Says a lot at once.
    func chatter(_ count: Int) {
        guard isWelcome, !isAway else { return }
        for chat in copies.keys.sorted() {
            guard case .held(let held)? = copies[chat]?.state?.phase, held.mine == true, tokens[chat] != nil else { continue }
            for _ in 0..<count { speak(in: chat) }
            return
        }
    }

    override func welcomed(_ welcome: ServerMessage.Welcome) {
        presentSinceMs = cluster.nowMs
        for chat in copies.keys.sorted() where tokens[chat] != nil {
            copies[chat]?.outbox.sendAllAgain()
            flush(chat)
            let after = copies[chat]?.last ?? .zero
            request(.follow(makeID(), chat, after: after)) { _ in }
        }
        for sender in notes.keys.sorted() { sendNote(sender) }
        repeatRequests()
    }

    /// What was asked or said and is still without an answer, in words.
    var unanswered: String? {
        guard token != nil, !nodes[0].isRetired else { return nil }
        if let oldest = oldestRequest { return "waits since \(oldest.invokedMs) ms for an answer to \(oldest.message)" }
        for chat in copies.keys.sorted() {
            guard let copy = copies[chat], let first = copy.outbox.entries.first else { continue }
            let said = "has said message \(first.sequence) in \(chat) by \(tokens[chat].map { "\($0)" } ?? "no token")"
            let seen = copy.state.map { "\($0.phase)" } ?? "nothing"
            return "\(said) and waits for its answer; it \(isWelcome ? "sees" : "is not connected, and saw") \(seen)"
        }
        return nil
    }

    override var owesAnswer: Bool { super.owesAnswer || copies.values.contains { !$0.outbox.entries.isEmpty } }

    private func flush(_ chat: ChatID) {
        guard isWelcome, let token = tokens[chat], let sender = copies[chat]?.sender else { return }
        for entry in copies[chat]?.outbox.takeDue() ?? [] {
            send(.say(.init(chat: chat, sender: sender, sequence: entry.sequence, text: entry.text, token: token)))
        }
    }

    private func ensureCopy(_ chat: ChatID) {
        if copies[chat] == nil { copies[chat] = Copy(chat: chat, sender: makeID(), reader: name) }
    }

    override func take(_ message: ServerMessage) {
        switch message {
        case .me(let me): self.me = me
        case .board(let board):
            self.board = board
            noteTrainees(of: board)
        case .chat(let state):
            ensureCopy(state.chat)
            copies[state.chat]?.receive(state)
            if state.isHeld { cluster.checker.wentApart(state.chat) }
            if case .held(let held) = state.phase, held.mine == true, let token = held.token {
                hold(state.chat, by: token, sinceMs: signedInMs)
            } else if let fear = fears.removeValue(forKey: state.chat) {
                cluster.checker.completed(fear.number, as: .lose(token: fear.token))
            }
            // Also in a chat that is not here any more: the answer tells what became of what was said.
            flush(state.chat)
        case .messages(let chat, let messages, _):
            ensureCopy(chat)
            _ = copies[chat]?.receive(messages)
        case .ack(let ack):
            if let note = notes[ack.sender] {
                notes[ack.sender] = nil
                guard ack.level == .safe else { return }
                cluster.count("trainees: a note is safe")
                return cluster.checker.onNoted(note.text, sender: ack.sender, in: ack.chat, at: ack.at, by: name)
            }
            guard let copy = copies[ack.chat], copy.sender == ack.sender else { return }
            copies[ack.chat]?.receive(ack)
            if ack.level == .safe { cluster.checker.onAcknowledged(copy.key(ack.sequence), at: ack.at, by: name) }
            flush(ack.chat)
        case .nack(let nack): sayRefused(nack)
        default: break
        }
    }

    private func sayRefused(_ nack: ServerMessage.Nack) {
        if notes[nack.sender] != nil {
            if nack.code != .busy { notes[nack.sender] = nil }
            return
        }
        guard let copy = copies[nack.chat], copy.sender == nack.sender else { return }
        guard nack.code == .busy || nack.code == .outOfOrder else {
            copies[nack.chat]?.outbox.refused(from: nack.sequence)
            return
        }
        after(nack.retryMs ?? 250) { [self] in
            copies[nack.chat]?.outbox.sendAllAgain()
            flush(nack.chat)
        }
    }

    // MARK: The person

    private func think() {
        after(UInt64.random(in: 300...4_000, using: &random)) { [self] in
            cluster.checker.checkLease(of: account, lastSignMs: max(lastSentMs, reachedMs))
            cluster.checker.checkServed(self)
            act()
            think()
        }
    }

    private func act() {
        guard !isAway, isOnline, !cluster.isResting else { return }
        if !cluster.isSettling, random.chance(2) { return goAway() }
        if token == nil { return signIn(at: home.isRunning && random.chance(80) ? home : cluster.anyLibrary(&random)) }
        guard isWelcome else {
            // The node does not come back: at another one the chats are found again.
            if cluster.nowMs >= welcomeMs + 30_000 { goElsewhere() }
            return
        }
        welcomeMs = cluster.nowMs
        if cluster.nowMs >= activeMs + 5_000 {
            activeMs = cluster.nowMs
            send(.active)
        }
        guard let me, let board else { return }
        // Whoever learns tries it now and then all the same.
        let mayTake = !me.isTrainee || me.mentor != nil || random.chance(10)
        for queue in me.queues where mayTake && !me.available.contains(queue.name) && random.chance(50) {
            request(.available(makeID(), queue.name, true)) { _ in }
        }
        for queue in board.queues where queue.paused && me.queues.contains(queue.queue) && random.chance(40) {
            request(.back(makeID(), queue.queue.name)) { _ in }
        }
        lookAfter(board, me)
        takeSomething(board)
        for chat in copies.keys.sorted() { tend(chat, board) }
        if !cluster.isSettling { wayward(me) }
    }

    private func takeSomething(_ board: ServerMessage.BoardState) {
        guard random.chance(cluster.isSettling ? 90 : 60) else { return }
        let lines = board.waiting.filter { $0.mayClaim && !asking.contains($0.chat) }
        if let first = lines.first {
            if let offer = first.offer {
                hold(first.chat, .pickUp(makeID(), first.chat, offer: offer))
            } else {
                hold(first.chat, .claim(makeID(), first.chat))
            }
        } else if random.chance(15), let kept = board.kept.first(where: { $0.mayClaim && !asking.contains($0.chat) }) {
            hold(kept.chat, .claim(makeID(), kept.chat))
        }
    }

    private func hold(_ chat: ChatID, _ message: ClientMessage) {
        asking.append(chat)
        let by = desk
        let askedMs = cluster.nowMs
        var isTakenOver = false
        if case .takeOver = message { isTakenOver = true }
        let number = cluster.checker.asked(
            isTakenOver ? .pickUp(by: by, offer: .zero, token: nil) : .claim(by: by, token: nil), of: chat)
        request(message) { [self] answer in
            asking.removeAll { $0 == chat }
            switch answer {
            case .ok(let ok):
                guard let token = ok.token else { return cluster.fail("\(name) was given \(chat) without its token") }
                cluster.checker.onHolding(chat, token: token, account: account, by: name)
                if case .pickUp(_, _, let offer) = message {
                    cluster.checker.completed(number, as: .pickUp(by: by, offer: offer, token: token))
                } else if isTakenOver {
                    cluster.count("trainees: a chat is taken over")
                    cluster.checker.completed(number, as: .pickUp(by: by, offer: .zero, token: token))
                } else {
                    cluster.checker.completed(number, as: .claim(by: by, token: token))
                }
                if tokens[chat] ?? .zero < token { note(chat, token, sinceMs: askedMs) }
                say("holds \(chat) by \(token.index).\(token.ordinal)")
            case .refused(let refused):
                // Granted, and over before the answer came: in a branch, whose log the checker does not read, as well. What was shown of it meanwhile was for this desk.
                if refused.code == .notHolder { cluster.checker.onEntitled(name, to: chat) }
                if refused.code == .alreadyClaimed {
                    cluster.checker.completed(number, as: .claimRefused(by: by))
                } else {
                    cluster.checker.neverHappened(number, of: chat)
                }
            }
        }
    }

    /// This sign-in, as the model of holdings names holders.
    private var desk: String { "\(account) by \(token ?? "nothing")" }

    /// The node shows a holding: known already, or come from a former sign-in, or the answer to a claim is still on its way.
    private func hold(_ chat: ChatID, by token: LogPosition, sinceMs: UInt64) {
        guard tokens[chat] != token else { return }
        if !asking.contains(chat) {
            let number = cluster.checker.asked(.claim(by: desk, token: token), of: chat, sinceMs: sinceMs)
            cluster.checker.completed(number, as: .claim(by: desk, token: token))
        }
        note(chat, token, sinceMs: sinceMs)
    }

    /// - Parameter sinceMs: when the holding was asked for: an answer that waited for the device to be back tells of one that may be over already.
    private func note(_ chat: ChatID, _ token: LogPosition, sinceMs: UInt64) {
        tokens[chat] = token
        ensureCopy(chat)
        cluster.checker.onEntitled(name, to: chat)
        fears[chat] = (token, cluster.checker.asked(.lose(token: token), of: chat, sinceMs: sinceMs))
    }

    private func tend(_ chat: ChatID, _ board: ServerMessage.BoardState) {
        guard let copy = copies[chat], case .held(let held)? = copy.state?.phase, held.mine == true, let token = tokens[chat] else {
            return
        }
        let said = saidIn[chat] ?? 0
        if let offer = held.offer {
            if random.chance(5) { ask(chat, .withdraw(makeID(), chat, token: token, offer: offer.offer), .withdraw(token: token)) }
            return
        }
        if said == 0 || (said < 6 && random.chance(40)) { return speak(in: chat) }
        if random.chance(10) { send(.typing(chat)) }
        guard copy.outbox.entries.isEmpty, !asking.contains(chat) else { return }
        if random.chance(12), !cluster.isSettling {
            let targets = board.queues.filter { $0.takesTransfers }
            guard !targets.isEmpty else { return }
            let target = targets[Int.random(in: 0..<targets.count, using: &random)].queue.name
            return ask(
                chat, .transfer(.init(re: makeID(), chat: chat, token: token, target: target, consentGiven: random.chance(50), note: "n")),
                .offer(token: token, offer: nil))
        }
        if random.chance(4), !cluster.isSettling, !board.queues.isEmpty {
            // A tracked referral: whether anybody is there does not matter.
            let target = board.queues[Int.random(in: 0..<board.queues.count, using: &random)].queue.name
            let seconds = UInt64.random(in: 3_600...864_000, using: &random)
            return ask(
                chat,
                .transfer(
                    .init(
                        re: makeID(), chat: chat, token: token, target: target, consentGiven: false, note: "", answerInSeconds: seconds)),
                .offer(token: token, offer: nil))
        }
        if random.chance(1) { return ask(chat, .block(makeID(), chat, token: token), .close(token: token)) }
        if random.chance(2), !cluster.isSettling { return ask(chat, .release(makeID(), chat, token: token), .release(token: token)) }
        if said >= 3 || copy.state?.patronPresent == false || cluster.isSettling, random.chance(cluster.isSettling ? 40 : 12) {
            ask(chat, .close(makeID(), chat, token: token, Self.endings[saidCount % Self.endings.count]), .close(token: token))
        }
    }

    /// What is said of a chat that ends: of some nothing.
    private static let endings: [ChatEnding?] = [nil] + ChatEnding.allCases

    private func ask(_ chat: ChatID, _ message: ClientMessage, _ act: HoldingModel.Act) {
        guard let token = tokens[chat] else { return }
        asking.append(chat)
        let number = cluster.checker.asked(act, of: chat)
        request(message) { [self] answer in
            asking.removeAll { $0 == chat }
            switch answer {
            case .ok(let ok):
                if case .offer = act {
                    cluster.checker.completed(number, as: .offer(token: token, offer: ok.offer))
                } else {
                    cluster.checker.completed(number, as: act)
                }
            case .refused(let refused) where refused.code == .notHolder || refused.code == .closed:
                cluster.checker.completed(number, as: .actRefused(token: token))
            case .refused: cluster.checker.neverHappened(number, of: chat)
            }
        }
    }

    private func speak(in chat: ChatID) {
        saidCount += 1
        let text = "\(name) says \(saidCount)"
        guard let sequence = copies[chat]?.outbox.add(text), let key = copies[chat]?.key(sequence) else { return }
        saidIn[chat, default: 0] += 1
        cluster.checker.onSaid(key, text)
        flush(chat)
    }

    /// What people do beside answering.
    private func wayward(_ me: ServerMessage.Me) {
        switch Int.random(in: 0..<400, using: &random) {
        case 0:
            say("signs out")
            if let token { signOut(token) }
        case 1:
            // At another desk, without signing out here.
            goElsewhere()
        case 2: request(.leaving(makeID(), inSeconds: random.chance(70) ? 20 : nil)) { _ in }
        case 5: request(.room(makeID(), random.chance(30) ? .swamped("") : .said("\(name) is here"))) { _ in }
        case 13: request(.until(makeID(), inSeconds: random.chance(70) ? 3_600 : nil)) { _ in }
        case 6: request(.volunteer(makeID(), random.chance(70))) { _ in }
        case 7...12: askColleague()
        case 4: request(.duty(makeID(), random.chance(20) ? nil : Duty.allCases.randomElement(using: &random))) { _ in }
        case 3: if let queue = me.available.first { request(.available(makeID(), queue, false)) { _ in } }
        default: break
        }
    }

    // MARK: Trainees, and who watches

    /// Notes under way, by the sender that each has for itself.
    private var notes: [SenderID: (chat: ChatID, text: String)] = [:]

    private func sendNote(_ sender: SenderID) {
        guard isWelcome, let note = notes[sender] else { return }
        send(.say(.init(chat: note.chat, sender: sender, sequence: 1, text: note.text, isNote: true)))
    }

    /// Whose chats are for this person as well: trainees of theirs, as their desk shows, and those whom they asked to look after and have no answer yet.
    private var trainees: Set<OperatorName> = []
    private var mentoring: Set<OperatorName> = []

    private func begins(with trainee: OperatorName) {
        guard trainees.insert(trainee).inserted else { return }
        cluster.checker.onMentoring(name, of: Self.name(of: trainee))
    }

    private func noteTrainees(of board: ServerMessage.BoardState) {
        let mine = board.staff.filter { $0.mentor == account }.map(\.person.name)
        for trainee in mine { begins(with: trainee) }
        for trainee in trainees.subtracting(mine).subtracting(mentoring).sorted() {
            trainees.remove(trainee)
            cluster.count("trainees: somebody is looked after no more")
            cluster.checker.onMentoringOver(name, of: Self.name(of: trainee))
        }
    }

    /// Is a trainee's mentor, or no longer; and whispers in what is watched, takes it over, looks away.
    private func lookAfter(_ board: ServerMessage.BoardState, _ me: ServerMessage.Me) {
        guard !cluster.isSettling || random.chance(30) else { return }
        for other in board.staff where other.isTrainee && other.person.name != account {
            if other.mentor == nil, !me.isTrainee, random.chance(40) {
                say("looks after \(other.person.name)")
                mentoring.insert(other.person.name)
                begins(with: other.person.name)
                request(.mentor(makeID(), other.person.name, true)) { [self] answer in
                    mentoring.remove(other.person.name)
                    if case .ok = answer { cluster.count("trainees: somebody looks after one") }
                }
            } else if other.mentor == account, random.chance(2) {
                request(.mentor(makeID(), other.person.name, false)) { _ in }
            }
        }
        guard !cluster.isSettling else { return }
        for chat in copies.keys.sorted() where tokens[chat] == nil && !asking.contains(chat) {
            guard case .held(let held)? = copies[chat]?.state?.phase, held.mine != true,
                held.watchers.contains(where: { $0.name == account })
            else { continue }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<12 where notes.count < 3:
                let sender: SenderID = makeID()
                saidCount += 1
                let text = "\(name) whispers \(saidCount)"
                notes[sender] = (chat, text)
                cluster.checker.onSaid(History.Key(chat: chat, sender: sender, sequence: 1), text)
                sendNote(sender)
            // Who is no mentor is refused.
            case 12..<25: hold(chat, .takeOver(makeID(), chat))
            case 25..<28: request(.unwatch(makeID(), chat)) { _ in }
            default: break
            }
        }
    }

    /// Lets a colleague watch a chat, or no longer: what they are shown of it is judged as what everybody is shown.
    private func askColleague() {
        guard let chat = tokens.keys.sorted().first, let token = tokens[chat], case .held(let held)? = copies[chat]?.state?.phase else {
            return
        }
        let watching = held.watchers.map(\.name)
        guard let other = board?.staff.map(\.person.name).first(where: { $0 != account }) else { return }
        say(watching.contains(other) ? "needs \(other) no more" : "asks \(other) to look")
        // Who is asked may be shown it, also when the answer never comes.
        cluster.checker.onEntitled(Self.name(of: other), to: chat)
        request(.watch(makeID(), chat, token: token, other, !watching.contains(other))) { _ in }
    }

    private func goElsewhere() {
        say("goes to another desk")
        hangUp()
        forgetDesk()
        signIn(at: cluster.anyLibrary(&random))
    }

    private func signOut(_ token: String) {
        let machine = nodes[0]
        machine.receive(life: machine.life) { machine.library?.signOut(token) }
    }

    /// Walks off, or closes the laptop.
    private func goAway() {
        let isLaptop = random.chance(50)
        say(isLaptop ? "closes the laptop" : "walks off")
        isAway = true
        if isLaptop { setOnline(false) }
        after(UInt64.random(in: random.chance(15) ? 120_000...300_000 : 2_000...100_000, using: &random)) { [self] in
            say("is back")
            isAway = false
            presentSinceMs = cluster.nowMs
            setOnline(true)
        }
    }

    var transcripts: [History.Transcript] {
        (past + copies.keys.sorted().compactMap { copies[$0] }).map(\.transcript.partial)
    }
}
