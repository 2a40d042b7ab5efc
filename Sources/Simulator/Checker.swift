import Consortium
import History
import Raft
import Wire

/// What must hold after every step, whatever fault struck. It applies every committed entry to a state of its own, once and in order, and
/// compares with it all that replicas come to and all that clients are told.
final class Checker {
    unowned(unsafe) let cluster: Cluster
    private(set) var history = History()

    // The log as committed.
    private var entries: [(term: UInt64, digest: UInt64, committedIn: UInt64)] = []
    private var firstIndex: UInt64 = 1
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
    /// The feature level in force.
    private var level = FeatureLevel.first
    /// The session in which each operator is signed on, and since when.
    private var signedOn: [OperatorName: (session: SessionID, sinceMs: UInt64)] = [:]
    private var waits = WaitChecks()
    /// What the outbox held of each life of a chat, newest.
    private var ended: [TranscriptKey: Transcript] = [:]
    private var endedThrough: UInt64 = 0
    /// What libraries deleted, by the log.
    private var deleted: Set<TranscriptKey> = []
    /// What ended, or was deleted, before the level that makes both follow what passed to an heir.
    private var early: Set<TranscriptKey> = []

    /// What operators asked about holders, until it is answered.
    private var operations: [(chat: ChatID, operation: Operation<HoldingModel.Act>)] = []
    /// What ended a holding, and by which token: a repeat is answered as the first was.
    private struct Act: Hashable {
        let chat: ChatID
        let token: LogPosition
        let kind: Character
    }
    private var accepted: Set<Act> = []
    private var apart: Set<ChatID> = []
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

    init(_ cluster: Cluster) { self.cluster = cluster }

    var committedIndex: UInt64 { UInt64(entries.count) }

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
        let index = UInt64(last) + 1
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
            let known = entries[Int(entry.index) - 1]
            if known.term != entry.term || known.digest != digest {
                cluster.fail("\(machine.name) applies another entry \(entry.index) than others did")
            }
            return
        }
        guard entry.index == committedIndex + 1 else {
            return cluster.fail("\(machine.name) applies \(entry.index), and nobody applied \(committedIndex + 1)")
        }
        entries.append((entry.term, digest, machine.coordinator?.replica.term ?? entry.term))
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
        case (.offerTransfer(let transfer), .accepted(.offered(let offer))):
            if offer.index == index, let target = waits.offered(transfer, as: offer) {
                cluster.fail("entry \(index): \(transfer.chat) is on offer to \(target), which was tried with it before")
            }
        case (.claim(let claim), .accepted(.token(let token))): holds(claim.chat, claim.session, by: token)
        case (.pickUp(let chat, let session, let offer), .accepted(.token(let token))):
            holds(chat, session, by: token)
            waits.pickedUp(offer, in: chat)
        case (.close(let chat, let token), .accepted): acted(Act(chat: chat, token: token, kind: "c"), index, before)
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

    /// What a branch held is in the log, whole and in order (rule 6).
    func checkMerged(_ plan: BranchPlan, lost: Set<ChatID>, at machine: Machine) {
        for part in plan.parts where !lost.contains(part.chat) && state.meta(of: part.chat) != nil {
            var last = Position.zero
            for line in part.merges.flatMap(\.lines) {
                let body = ChatMessage.Body.text(line.text, sender: line.sender, sequence: line.sequence)
                guard let merged = scripts[part.chat]?.first(where: { $0.body == body }) else {
                    return cluster.fail(
                        "message \(line.sequence) of \(line.sender) in \(part.chat) was not merged from the branch of \(machine.name)")
                }
                guard merged.branch else { continue }
                guard merged.position > last else {
                    return cluster.fail("the branch of \(machine.name) was merged into \(part.chat) in another order")
                }
                last = merged.position
            }
        }
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
        case .close(let id, _), .release(let id, _): chat = id
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
        if replica.digest() != digests[Int(index) - 1] { cluster.fail("the state of \(machine.name) differs after entry \(index)") }
    }

    func onRestored(_ replica: ConsortiumState, index: UInt64, at machine: Machine) {
        guard index <= committedIndex else { return cluster.fail("\(machine.name) restores entry \(index), which nobody applied") }
        if replica.digest() != digests[Int(index) - 1] { cluster.fail("\(machine.name)'s snapshot of entry \(index) differs") }
    }

    // MARK: Clients

    func onSaid(_ key: History.Key, _ text: String) { history.say(key, text) }

    /// An acknowledgement is a promise about what is committed and applied: it must be there already.
    func onAcknowledged(_ key: History.Key, at position: Position, by client: String) {
        history.acknowledge(key, at: position)
        cluster.trace.mix(UInt64(position.epoch) << 32 | UInt64(position.n))
        guard let message = message(at: position, in: key.chat) else {
            return cluster.fail("\(client) was told that its message \(key.sequence) is safe at \(position), where nothing is")
        }
        guard case .text(let text, key.sender, key.sequence) = message.body, text == history.said[key] else {
            return cluster.fail("\(client) was told that its message \(key.sequence) is safe at \(position), where something else is")
        }
    }

    func onEntitled(_ reader: String, to chat: ChatID) { history.entitle(reader, to: chat) }
    func beginRead(of chat: ChatID) -> Position { history.beginRead(of: chat) }
    func onRead(_ reader: String, _ chat: ChatID, last: Position, since: Position) {
        history.read(reader, chat, last: last, since: since)
    }

    /// The chat went on in a branch: who holds it is then decided twice, and settled when the branch is merged.
    func wentApart(_ chat: ChatID) { apart.insert(chat) }

    /// Somebody asks something about the holder of a chat; the number is for `completed`. Without an answer it may have happened, or not.
    func asked(_ act: HoldingModel.Act, of chat: ChatID, sinceMs: UInt64? = nil) -> Int {
        operations.append((chat, Operation(act, invokedMs: sinceMs ?? cluster.nowMs, completedMs: nil)))
        return operations.count - 1
    }

    func completed(_ number: Int, as act: HoldingModel.Act) {
        operations[number].operation.act = act
        operations[number].operation.completedMs = cluster.nowMs
    }

    /// It was refused for a reason that says nothing about the holder, or was only feared.
    func neverHappened(_ number: Int, of chat: ChatID) {
        operations[number].operation.act = .claim(by: "nobody", token: nil)
        operations[number].operation.invokedMs = .max
    }

    private func message(at position: Position, in chat: ChatID) -> ChatMessage? {
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

    // MARK: At the end

    /// What was said in each chat that is over lies at one node, once, whole and in order; or a receipt says why it lies nowhere.
    func judge(keptAt machines: [Machine]) {
        var receipts: [TranscriptKey: [TranscriptReceipt]] = [:]
        for receipt in state.transcriptReceipts { receipts[TranscriptKey(receipt), default: []].append(receipt) }
        for (key, transcript) in ended.sorted(by: { $0.key < $1.key }) {
            let copies = machines.compactMap { machine in machine.transcripts.kept[key].map { (machine.name, $0) } }
            let isEarly = early.contains(key) && (deleted.contains(key) || receipts[key]?.contains { $0.isInherited } ?? false)
            if isEarly { continue }
            guard !deleted.contains(key) else {
                if let copy = copies.first { cluster.fail("\(copy.0) keeps the transcript of \(key.chat), which was deleted") }
                let left = state.outbox.values.contains { TranscriptKey($0.transcript) == key }
                if left { cluster.fail("the coordinators have text of \(key.chat), whose transcript was deleted") }
                continue
            }
            guard copies.count <= 1 else {
                return cluster.fail("the transcript of \(key.chat) lies at \(copies.map(\.0.text).joined(separator: " and "))")
            }
            guard let (name, copy) = copies.first else {
                let isWaiting = state.outbox[transcript.number].map { isGone($0.transcript.library, machines) } ?? false
                let isDropped = receipts[key]?.contains { $0.outcome == .expired || $0.outcome == .overQuota } ?? false
                if !isWaiting, !isDropped {
                    cluster.fail("the transcript \(transcript.number) of \(key.chat) is nowhere, and no receipt says why")
                }
                continue
            }
            guard state.libraries[copy.library]?.homeNode == name, copy.library == transcript.library else {
                return cluster.fail("the transcript of \(key.chat), which is for \(transcript.library), lies at \(name)")
            }
            if copy.messages != transcript.messages, !isGone(transcript.library, machines) {
                cluster.fail("\(name) keeps \(copy.messages.count) messages of \(key.chat), which has \(transcript.messages.count)")
            }
        }
        for machine in machines {
            for key in machine.transcripts.kept.keys.sorted() where ended[key] == nil {
                cluster.fail("\(machine.name) keeps a transcript of \(key.chat) that the log does not know")
            }
        }
    }

    /// Whether no text of a chat that is over is in the state.
    var hasForgotten: Bool { state.outbox.isEmpty && scripts.keys.allSatisfy { state.meta(of: $0).map { !$0.isClosed } ?? true } }

    /// A voter's disk holds no word of chats that the state has forgotten.
    func search(_ machine: Machine) {
        guard let files = machine.disk?.files.contents else { return }
        let living = scripts.keys.filter { state.meta(of: $0) != nil }.flatMap { texts(of: $0) }
        for chat in scripts.keys.sorted() where state.meta(of: chat) == nil {
            for text in texts(of: chat) where !living.contains(where: { $0.contains(text) }) {
                let words = Array(text.utf8)
                guard let place = files.first(where: { $0.bytes.holds(words) })?.name else { continue }
                return cluster.fail("\(place) of \(machine.name) still holds `\(text)` of \(chat), which is long over")
            }
        }
    }

    private func texts(of chat: ChatID) -> [String] {
        (scripts[chat] ?? []).compactMap { if case .text(let text, _, _) = $0.body { text } else { nil } }
    }

    /// Whether the library's machine will not come back.
    private func isGone(_ library: LibraryName, _ machines: [Machine]) -> Bool {
        let home = state.libraries[library]?.homeNode
        return machines.first { $0.name == home }?.isRetired ?? true
    }

    /// Libraries for which a transcript waits although their machine is there.
    var untaken: LibraryName? {
        state.libraries.keys.first { state.transcriptsWaiting(for: $0) > 0 && !isGone($0, cluster.machines) }
    }

    /// Every copy against the acknowledgements, and the acknowledgements against the log.
    func judge(_ transcripts: [History.Transcript]) {
        for (chat, script) in scripts.sorted(by: { $0.key < $1.key }) {
            var seen: Set<History.Key> = []
            for message in script {
                guard case .text(let text, let sender, let sequence) = message.body else { continue }
                let key = History.Key(chat: chat, sender: sender, sequence: sequence)
                if !seen.insert(key).inserted { cluster.fail("message \(sequence) of \(sender) is twice in \(chat)") }
                if history.said[key] != text { cluster.fail("message \(sequence) of \(sender) in \(chat) was not said like this") }
            }
            if state.meta(of: chat) != nil, Array(state.messages(of: chat, after: .zero)) != script {
                cluster.fail("what was said in \(chat) changed afterwards")
            }
        }
        for (key, position) in history.acknowledged.sorted(by: { $0.key < $1.key }) where message(at: position, in: key.chat) == nil {
            cluster.fail("message \(key.sequence) of \(key.sender) was acknowledged and is not in the log")
        }
        for (chat, operation) in operations where operation.invokedMs != .max && !apart.contains(chat) { history.note(operation, of: chat) }
        history.transcripts = transcripts
        let judgement = history.judge()
        if let fault = judgement.faults.first { cluster.fail("\(judgement.faults.count) faults in the history, first \(fault)") }
    }
}

extension [UInt8] {
    /// Whether these bytes stand in it anywhere. By hand: the library's way of doing it takes thirty times as long.
    fileprivate func holds(_ words: [UInt8]) -> Bool {
        guard let first = words.first else { return true }
        return withUnsafeBufferPointer { bytes in
            words.withUnsafeBufferPointer { words in
                var at = 0
                while at + words.count <= bytes.count {
                    var same = bytes[at] == first ? 1 : 0
                    while same > 0, same < words.count, bytes[at + same] == words[same] { same += 1 }
                    if same == words.count { return true }
                    at += 1
                }
                return false
            }
        }
    }
}

extension TranscriptReceipt {
    fileprivate var isInherited: Bool { if case .inherited = outcome { true } else { false } }
}

extension ChatMeta {
    fileprivate var isClosed: Bool { if case .closed = phase { true } else { false } }
}

extension Verdict {
    fileprivate var isAccepted: Bool { if case .accepted = self { true } else { false } }
}
