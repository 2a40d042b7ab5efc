import Consortium
import History
import Raft
import Wire

/// What must hold after every step, whatever fault struck. It applies every committed entry to a state of its own, once and in order, and
/// compares with it all that replicas come to and all that clients are told.
final class Checker {
    unowned(unsafe) let cluster: Cluster
    var history = History()

    // The log as committed.
    /// What other branches hold, or held, of each chat.
    private var otherwiseMerged: [ChatID: Set<MergeBranch.Line>] = [:]
    private var entries: [(term: UInt64, digest: UInt64, committedIn: UInt64)] = []
    /// What came before: of a log that was begun from a backup, the entry that it is as of.
    private var base: (index: UInt64, digest: UInt64) = (0, 0)
    private var leaders: [UInt64: UInt64] = [:]
    private var checkedLeaders: [UInt64: UInt64] = [:]
    /// The state's digest after each entry.
    private var digests: [UInt64] = []
    private(set) var state = ConsortiumState()

    // Chats as the log made them.
    private struct Epoch: Hashable {
        let chat: ChatID
        let epoch: UInt32
    }
    private struct Holding: Hashable {
        let chat: ChatID
        let token: LogPosition
    }
    private(set) var scripts: [ChatID: [ChatMessage]] = [:]
    private var holders: [Epoch: LogPosition] = [:]
    private var accounts: [Holding: OperatorName] = [:]
    private var sessions: [SessionID: OperatorName] = [:]
    private(set) var commands = 0
    /// Entries.
    private(set) var applied: UInt64 = 0
    /// The feature level in force.
    private var level = FeatureLevel.first
    /// The session in which each operator is signed on, and since when.
    private var signedOn: [OperatorName: (session: SessionID, sinceMs: UInt64)] = [:]
    private var waits = WaitChecks()
    private(set) var books = BookChecks()
    /// Which chats each reader was ever given, and who ever asked to look after them.
    private var given: [String: Set<ChatID>] = [:]
    private var mentors: [String: Set<String>] = [:]
    /// What the outbox held of each life of a chat, newest.
    private(set) var ended: [TranscriptKey: Transcript] = [:]
    private var endedThrough: UInt64 = 0
    /// What libraries deleted, by the log.
    private(set) var deleted: Set<TranscriptKey> = []
    /// What ended, or was deleted, before the level that makes both follow what passed to an heir.
    private(set) var early: Set<TranscriptKey> = []

    /// What operators asked about holders, until it is answered.
    private(set) var operations: [(chat: ChatID, operation: Operation<HoldingModel.Act>)] = []
    /// What ended a holding, and by which token: a repeat is answered as the first was.
    private struct Act: Hashable {
        let chat: ChatID
        let token: LogPosition
        let kind: Character
    }
    private var accepted: Set<Act> = []
    private(set) var apart: Set<ChatID> = []
    /// How a command's chat stands before its entry.
    private struct Standing {
        var token: LogPosition?
        var isClosed = false
        var attach: AttachID?
        var last = Position.zero
    }
    /// Attaches within the present entry, as far as it is looked at.
    private var newestAttach: [ChatID: AttachID] = [:]
    /// Where the last message of each chat stands that was placed within it: a repeat that comes behind is told the same.
    private var lastPlaced: [ChatID: Position] = [:]

    /// What a new cluster that was begun from a backup must not take for its own.
    private(set) var former: FormerCluster?
    private var backup: Checkpoint?

    init(_ cluster: Cluster) { self.cluster = cluster }

    var committedIndex: UInt64 { base.index + UInt64(entries.count) }
    private func place(of index: UInt64) -> Int { Int(index - base.index) - 1 }
    private func digest(after index: UInt64) -> UInt64 { index <= base.index ? base.digest : digests[place(of: index)] }

    // MARK: Raft (figure 3.2 of the thesis)

    /// Election safety: at most one leader in a term.
    func onRole(_ role: RaftRole, term: UInt64, voter: UInt64) {
        cluster.noteDisturbance()
        guard role == .leader else { return }
        if let other = leaders[term], other != voter { cluster.fail("term \(term) has the leaders \(other) and \(voter)") }
        leaders[term] = voter
    }

    /// Leader completeness: what was committed in an earlier term is in the log of every later leader. Looked at once in a term. A leader of an
    /// earlier term than the one in which an entry was committed may be without it, of whatever term the entry itself is.
    func checkLeader(_ replica: RaftReplica) {
        guard replica.role == .leader, checkedLeaders[replica.term] == nil else { return }
        checkedLeaders[replica.term] = replica.configuration.id
        guard let last = entries.lastIndex(where: { $0.committedIn < replica.term }) else { return }
        let index = base.index + UInt64(last) + 1
        guard replica.lastIndex >= index else {
            return cluster.fail("the leader \(replica.configuration.id) ends at \(replica.lastIndex), and \(index) is committed")
        }
        if let term = replica.term(at: index), term != entries[last].term {
            cluster.fail("the leader \(replica.configuration.id) holds another entry \(index) than what is committed")
        }
    }

    /// State machine safety: no two members apply different entries at one index.
    func onCommitted(_ entry: RaftEntry, at machine: Machine) {
        var digest = entry.term << 8 | UInt64(entry.kind.rawValue)
        for byte in entry.payload { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        guard entry.index > committedIndex else {
            guard entry.index > base.index else {
                return cluster.fail("\(machine.name) applies \(entry.index), which is from before the backup")
            }
            let known = entries[place(of: entry.index)]
            if known.term != entry.term || known.digest != digest {
                cluster.fail("\(machine.name) applies another entry \(entry.index) than others did")
            }
            return
        }
        guard entry.index == committedIndex + 1 else {
            return cluster.fail("\(machine.name) applies \(entry.index), and nobody applied \(committedIndex + 1)")
        }
        entries.append((entry.term, digest, machine.coordinator?.replica.term ?? entry.term))
        applied += 1
        cluster.trace.mix(digest)
        applyAsReference(entry)
        digests.append(state.digest())
        cluster.say(machine, "is the first to apply \(entry.index) of term \(entry.term)")
    }

    // MARK: The state

    private func applyAsReference(_ entry: RaftEntry) {
        guard entry.kind == .command else { return }
        do {
            let asked = try Batch(wire: entry.payload)
            if let altered = try cluster.scenario.planted?.alter(state) { state = altered }
            books.prepare(asked, state)
            let standings = asked.items.map { standing(of: $0.command) }
            let batch = cluster.scenario.planted?.alter(asked, for: state, voter: 0) ?? asked
            let applied = state.apply(batch, index: entry.index)
            commands += batch.items.count
            noteLevel()
            (newestAttach, lastPlaced) = ([:], [:])
            for (place, item) in asked.items.enumerated() {
                if applied.verdicts[place].isAccepted { noteAttach(item.command) }
                note(item.command, applied.verdicts[place], entry.index, standings[place])
            }
            if let wrong = books.judge(asked, applied.verdicts, applied.touched, state, index: entry.index) {
                cluster.fail("entry \(entry.index): \(wrong)")
            }
            // The replicated clock counts what leaders saw pass; it may fall behind, and never runs ahead.
            if state.clockMs > cluster.nowMs + cluster.nowMs / 10 + 1_000 {
                cluster.fail("the replicated clock is at \(state.clockMs) ms after \(cluster.nowMs) ms")
            }
            if applied.touched.outbox { noteEnded() }
            if let halted = applied.halted { cluster.fail("the reference halts at \(entry.index): \(halted)") }
            try state.checkInvariants()
            for chat in applied.touched.chats.sorted() { look(at: chat) }
            if let chat = waits.overdue(in: state) { cluster.fail("\(chat) still waits after its patron's deadline") }
        } catch {
            cluster.fail("at entry \(entry.index): \(error)")
        }
    }

    /// A level that not every voter supports would halt one of them, which ends the run.
    private func noteLevel() {
        guard state.featureLevel > level else { return }
        level = state.featureLevel
        cluster.count("versions: level \(level) comes into force")
        cluster.trace.say(cluster.nowMs, "log", "feature level \(level) is in force")
    }

    /// Whoever the log gives the chat may be shown it, also when the answer never came.
    private func holds(_ chat: ChatID, _ session: SessionID, by token: LogPosition) {
        guard let account = sessions[session] else {
            return cluster.fail("\(chat) was given to the session \(session), which never signed on")
        }
        if let former, token.index <= former.lastIndex {
            cluster.fail("\(chat) is held by the token \(token.index).\(token.ordinal), which the former cluster may have given")
        }
        accounts[Holding(chat: chat, token: token)] = account
        onEntitled(OperatorPerson.name(of: account), to: chat)
    }

    /// Who was given which chat. A holding may begin and end within one entry, so that the state after it does not show it.
    private func note(_ command: Command, _ verdict: Verdict, _ index: UInt64, _ before: Standing) {
        switch (command, verdict) {
        case (.signOn(let signOn), .accepted(.token(let token))): signed(signOn, isNew: token.index == index)
        case (.signOff(let session), .accepted), (.lapse(let session), .accepted):
            if case .lapse = command { checkLapse(of: session) }
            if let name = sessions[session], signedOn[name]?.session == session { signedOn[name] = nil }
        case (.offerTransfer(let transfer), .accepted(.offered(let offer))) where transfer.answerInMs == nil:
            if offer.index == index, let target = waits.offered(transfer, as: offer) {
                cluster.fail("entry \(index): \(transfer.chat) is on offer to \(target), which was tried with it before")
            }
        case (.claim(let claim), .accepted(.token(let token))): holds(claim.chat, claim.session, by: token)
        case (.takeOver(let chat, let session, _), .accepted(.token(let token))): holds(chat, session, by: token)
        case (.pickUp(let chat, let session, let offer), .accepted(.token(let token))):
            holds(chat, session, by: token)
            waits.pickedUp(offer, in: chat)
        case (.close(let chat, let token, _), .accepted): acted(Act(chat: chat, token: token, kind: "c"), index, before)
        case (.release(let chat, let token), .accepted): acted(Act(chat: chat, token: token, kind: "r"), index, before)
        case (.transcriptDeleted(let deletion), .accepted):
            deleted.insert(TranscriptKey(deletion))
            if state.featureLevel < FeatureLevel.closedByDeletion { early.insert(TranscriptKey(deletion)) }
        case (.say(let say), .accepted(.placed(let position))): spoke(say, position, index, before)
        default: break
        }
    }

    /// One active session in the whole cluster; whoever signed on elsewhere stays there (rule 19).
    private func signed(_ signOn: SignOn, isNew: Bool) {
        sessions[signOn.session] = signOn.operatorName
        guard isNew else { return }
        if let continues = signOn.continues, let present = signedOn[signOn.operatorName], present.session != continues {
            cluster.fail("\(signOn.operatorName) is signed on at \(signOn.node) again, and had signed on elsewhere meanwhile")
        }
        signedOn[signOn.operatorName] = (signOn.session, cluster.nowMs)
    }

    /// Whoever has not been there for so long is not signed on any more (rule 20). A new leader gives everybody two leases, and clocks differ a little.
    func checkLease(of account: OperatorName, lastSignMs: UInt64) {
        guard let signedOn = signedOn[account], cluster.leader?.isRunning ?? false else { return }
        let leaseMs = cluster.scenario.settings.operatorLeaseMs * 21 / 20
        let leftMs = max(lastSignMs + LibraryPart.humanInputMs + 10_000, signedOn.sinceMs)
        guard cluster.nowMs > max(leftMs + leaseMs, cluster.disturbedMs + 2 * leaseMs) + 15_000 else { return }
        cluster.fail("\(account) is signed on \((cluster.nowMs - lastSignMs) / 1_000) s after the last sign of the person")
    }

    /// What a node is shown to wait is in the order of first waits (rule 14).
    func checkRanks(of board: Board, at machine: Machine) {
        if let chat = waits.outOfRank(board.waiting.map(\.chat)) {
            cluster.fail("\(chat) is shown at \(machine.name) before others that waited longer")
        }
    }

    /// What a branch held is in the log, whole and in order (rule 6). A page that went from one node that was cut off to another offers there what it had
    /// said at the first: words of two branches, whose place is that of whichever was merged first.
    func checkMerged(_ plan: BranchPlan, lost: Set<ChatID>, at machine: Machine) {
        let elsewhere = cluster.machines.filter { $0 !== machine }.compactMap { $0.library?.branchPlan }
        for part in elsewhere.flatMap(\.parts) { otherwiseMerged[part.chat, default: []].formUnion(part.merges.flatMap(\.lines)) }
        defer { for part in plan.parts { otherwiseMerged[part.chat, default: []].formUnion(part.merges.flatMap(\.lines)) } }
        for part in plan.parts where !lost.contains(part.chat) && state.meta(of: part.chat) != nil {
            var last = Position.zero
            for line in part.merges.flatMap(\.lines) {
                guard let merged = scripts[part.chat]?.first(where: { $0.body == line.body }) else {
                    return cluster.fail(
                        "message \(line.sequence) of \(line.sender) in \(part.chat) was not merged from the branch of \(machine.name)")
                }
                guard merged.branch, !isOtherwiseMerged(line, in: part.chat) else { continue }
                guard merged.position > last else {
                    return cluster.fail("the branch of \(machine.name) was merged into \(part.chat) in another order")
                }
                last = merged.position
            }
        }
    }

    private func isOtherwiseMerged(_ line: MergeBranch.Line, in chat: ChatID) -> Bool {
        otherwiseMerged[chat]?.contains { $0.sender == line.sender && $0.sequence == line.sequence } ?? false
    }

    private func noteEnded() {
        for number in endedThrough..<state.outboxNumber {
            guard let item = state.outbox[number + 1] else { continue }
            ended[TranscriptKey(item.transcript)] = item.transcript
            if state.featureLevel < FeatureLevel.closedByDeletion { early.insert(TranscriptKey(item.transcript)) }
        }
        endedThrough = state.outboxNumber
    }

    private func standing(of command: Command) -> Standing {
        let chat: ChatID
        switch command {
        case .close(let id, _, _), .release(let id, _), .block(let id, _): chat = id
        case .say(let say): chat = say.chat
        default: return Standing()
        }
        guard let meta = state.meta(of: chat) else { return Standing() }
        var standing = Standing(attach: meta.attach, last: meta.last)
        switch meta.phase {
        case .held(let holder, _): standing.token = holder.token
        case .closed: standing.isClosed = true
        default: break
        }
        return standing
    }

    private func noteAttach(_ command: Command) {
        switch command {
        case .open(let open): newestAttach[open.chat] = open.attach
        case .attach(let attach): newestAttach[attach.chat] = attach.attach
        default: break
        }
    }

    /// Only the token in force ends a holding (rule 3).
    private func acted(_ act: Act, _ index: UInt64, _ before: Standing) {
        guard accepted.insert(act).inserted, act.token.index != index else { return }
        // What is over already stays so, whoever asks.
        guard before.token == act.token || before.isClosed else {
            return cluster.fail(
                "entry \(index): the token \(act.token.index).\(act.token.ordinal) ended a holding of \(act.chat) that it did not have")
        }
    }

    /// What was said is the word of whoever had the token, and of the patron's newest page alone (rule 3).
    private func spoke(_ say: Say, _ position: Position, _ index: UInt64, _ before: Standing) {
        let isNew = max(before.last, lastPlaced[say.chat] ?? .zero) < position
        if isNew { lastPlaced[say.chat] = position }
        guard let message = state.messages(of: say.chat, after: .zero).first(where: { $0.position == position }) else { return }
        switch say.speaker {
        case .staff(let token):
            guard let account = accounts[Holding(chat: say.chat, token: token)] else { return }
            if case .staff(let name, _, _) = message.author, name != account {
                cluster.fail("entry \(index): \(account) spoke in \(say.chat), and \(name) is shown as its author")
            }
        case .patron(let attach):
            guard isNew, before.attach != attach, newestAttach[say.chat] != attach else { return }
            cluster.fail("entry \(index): a page of the patron spoke in \(say.chat) after a newer one had taken it over")
        }
    }

    /// Scripts only grow; one holder in an epoch; epochs never fall.
    private func look(at chat: ChatID) {
        guard let meta = state.meta(of: chat) else { return waits.forget(chat) }
        let known = scripts[chat]?.count ?? 0
        let messages = state.messages(of: chat, after: scripts[chat]?.last?.position ?? .zero)
        for (offset, message) in messages.enumerated() where Int(message.position.n) != known + offset + 1 {
            cluster.fail("\(chat) goes on at \(message.position) after \(known) messages")
        }
        if let former { former.refuse(messages, in: chat, cluster) }
        scripts[chat, default: []].append(contentsOf: messages)
        waits.saw(meta, messages, clockMs: state.clockMs)
        guard case .held(let holder, _) = meta.phase else { return }
        let epoch = Epoch(chat: chat, epoch: meta.epoch)
        if let before = holders[epoch], before != holder.token {
            cluster.fail("\(chat) has two holders in epoch \(meta.epoch): \(before) and \(holder.token)")
        }
        holders[epoch] = holder.token
    }

    func onApplied(_ replica: ConsortiumState, index: UInt64, at machine: Machine) {
        if replica.digest() != digest(after: index) { cluster.fail("the state of \(machine.name) differs after entry \(index)") }
    }

    func onRestored(_ replica: ConsortiumState, index: UInt64, at machine: Machine) {
        guard index <= committedIndex else { return cluster.fail("\(machine.name) restores entry \(index), which nobody applied") }
        if replica.digest() != digest(after: index) { cluster.fail("\(machine.name)'s snapshot of entry \(index) differs") }
    }

    // MARK: A restore

    /// What the log had come to when a backup was taken.
    struct Checkpoint {
        let state: ConsortiumState
        let scripts: [ChatID: [ChatMessage]]
        let waits: WaitChecks
        let books: BookChecks
        let ended: [TranscriptKey: Transcript]
        let deleted: Set<TranscriptKey>
        let early: Set<TranscriptKey>
        let level: UInt32
    }

    func backedUp() {
        backup = Checkpoint(
            state: state, scripts: scripts, waits: waits, books: books, ended: ended, deleted: deleted, early: early, level: level)
    }

    /// The former cluster is judged as far as it came. What was acknowledged since the backup is not promised any more; everything before is.
    func beginAnew(_ restored: ConsortiumState, copies: [History.Transcript]) {
        guard let backup else { return }
        judge(copies)
        let former = FormerCluster(cluster, scripts: scripts, backup: backup, lastIndex: committedIndex)
        self.former = former
        for chat in backup.scripts.keys.sorted() where restored.meta(of: chat) != nil {
            let known = backup.scripts[chat] ?? []
            if !restored.messages(of: chat, after: .zero).starts(with: known) { cluster.fail("the backup has not all of \(chat)") }
        }
        (state, scripts, waits, books, level) = (restored, backup.scripts, backup.waits, backup.books, backup.level)
        books.beginAnew(restored)
        (ended, deleted, early, endedThrough) = (backup.ended, backup.deleted, backup.early, restored.outboxNumber)
        base = (restored.appliedThrough.index, restored.digest())
        (entries, digests, leaders, checkedLeaders, signedOn) = ([], [], [:], [:], [:])
        for (number, (_, asked)) in operations.enumerated() where asked.completedMs != nil || former.has(asked.act) {
            operations[number].operation.invokedMs = .max
        }
        history.restore(isLost: isLost)
        for chat in restored.memento.chats.map(\.chat.id).sorted() { look(at: chat) }
    }

    /// Whether this stood there in the former cluster alone.
    func isLost(_ key: History.Key, _ position: Position) -> Bool {
        guard let lost = former?.lost[key.chat]?[position], lost.isText(key) else { return false }
        return !(message(at: position, in: key.chat)?.isText(key) ?? false)
    }

    private func isFormer(_ act: HoldingModel.Act) -> Bool { former?.has(act) ?? false }
    /// The entries of which nothing is in the backup.
    var lostIndices: ClosedRange<UInt64> {
        let from = (backup?.state.appliedThrough.index ?? 0) + 1
        return from...max(from, former?.lastIndex ?? 0)
    }

    /// Whether an answer is of the former cluster, and of nothing that is in the backup.
    func isLost(_ position: LogPosition) -> Bool { former != nil && lostIndices.contains(position.index) }

    // MARK: Clients

    func onSaid(_ key: History.Key, _ text: String) { history.say(key, text) }

    /// An acknowledgement is a promise about what is committed and applied: it must be there already.
    func onAcknowledged(_ key: History.Key, at position: Position, by client: String) {
        cluster.trace.mix(UInt64(position.epoch) << 32 | UInt64(position.n))
        // An answer of the former cluster that came late: it was true when it was given.
        guard !isLost(key, position) else { return }
        history.acknowledge(key, at: position)
        guard let message = message(at: position, in: key.chat) else {
            return cluster.fail("\(client) was told that its message \(key.sequence) is safe at \(position), where nothing is")
        }
        guard case .text(let text, key.sender, key.sequence) = message.body, text == history.said[key] else {
            return cluster.fail("\(client) was told that its message \(key.sequence) is safe at \(position), where something else is")
        }
    }

    /// A note is for staff, and stands where its author was told.
    func onNoted(_ text: String, sender: SenderID, in chat: ChatID, at position: Position, by client: String) {
        if former?.lost[chat]?[position] != nil { return }
        guard message(at: position, in: chat)?.body == .note(text, sender: sender, sequence: 1) else {
            return cluster.fail("\(client) was told that a note is safe at \(position) in \(chat), where something else is")
        }
    }

    func onEntitled(_ reader: String, to chat: ChatID) {
        given[reader, default: []].insert(chat)
        for reader in [reader] + (mentors[reader] ?? []) { history.entitle(reader, to: chat) }
    }

    /// Whoever asks to look after somebody is shown what they have from then on, also when the answer never comes.
    func onMentoring(_ mentor: String, of trainee: String) {
        mentors[trainee, default: []].insert(mentor)
        for chat in given[trainee] ?? [] { history.entitle(mentor, to: chat) }
    }
    /// The mentor's desk shows that they look after that person no more: what is given to the trainee from now on is not for them.
    func onMentoringOver(_ mentor: String, of trainee: String) { mentors[trainee]?.remove(mentor) }
    func beginRead(of chat: ChatID) -> Position { history.beginRead(of: chat) }
    func onRead(_ reader: String, _ chat: ChatID, last: Position, since: Position) {
        if former?.lost[chat]?[since] == nil { history.read(reader, chat, last: last, since: since) }
    }

    /// The chat went on in a branch: who holds it is then decided twice, and settled when the branch is merged.
    func wentApart(_ chat: ChatID) { apart.insert(chat) }

    /// Somebody asks something about the holder of a chat; the number is for `completed`. Without an answer it may have happened, or not.
    func asked(_ act: HoldingModel.Act, of chat: ChatID, sinceMs: UInt64? = nil) -> Int {
        operations.append((chat, Operation(act, invokedMs: isFormer(act) ? .max : sinceMs ?? cluster.nowMs, completedMs: nil)))
        return operations.count - 1
    }

    func completed(_ number: Int, as act: HoldingModel.Act) {
        // An answer of the former cluster that came late.
        if isFormer(act) { operations[number].operation.invokedMs = .max }
        operations[number].operation.act = act
        operations[number].operation.completedMs = cluster.nowMs
    }

    /// It was refused for a reason that says nothing about the holder, or was only feared.
    func neverHappened(_ number: Int, of chat: ChatID) {
        operations[number].operation.act = .claim(by: "nobody", token: nil)
        operations[number].operation.invokedMs = .max
    }

    func message(at position: Position, in chat: ChatID) -> ChatMessage? {
        guard let script = scripts[chat], position.n >= 1, Int(position.n) <= script.count else { return nil }
        let message = script[Int(position.n) - 1]
        return message.position == position ? message : nil
    }

    /// Somebody was told that they hold a chat: the log says the same.
    func onHolding(_ chat: ChatID, token: LogPosition, account: OperatorName, by client: String) {
        guard !BranchBase.isBranch(token) else { return wentApart(chat) }
        guard accounts[Holding(chat: chat, token: token)] == account else {
            return cluster.fail("\(client) was told that it holds \(chat) by \(token), and the log does not say so")
        }
    }
}
