import Consortium
import Coordinator
import Raft
import Wire

/// A coordinator in one process: what `CoordinatorHost`, `RaftHost` and `VoterLinks` put together, over virtual links and disk.
final class CoordinatorPart {
    private unowned(unsafe) let machine: Machine
    private var cluster: Cluster { machine.cluster }
    let voter: UInt64
    private(set) var core: CoordinatorCore
    let replica: RaftReplica
    private var memory: VoterMemory
    private var isMemoryPlanned = false
    private var links: [LinkID: Port] = [:]
    private var lastLink: UInt64 = 0
    /// The other members, as `VoterLinks` has them, and the links on which they are sent to, by raft id.
    private var others: [RaftMember] = []
    /// The feature levels that the others' programs support, by raft id, as they greeted.
    private var levels: [UInt64: UInt32] = [:]
    /// The highest id that the log has told of: who is above came later than this log has yet, and is heard.
    private var highestTold: UInt64 = 0
    private var outgoing: [UInt64: Port] = [:]
    private var incoming: [(voter: UInt64, port: Port)] = []
    private var redialMs: [UInt64: UInt64] = [:]
    /// It began with nothing, to be added: nodes are told of no leader until it has been.
    private var awaitsAddition = false
    private let raftTimer = VirtualTimer()
    private let tickTimer = VirtualTimer()
    private var tickAtMs: UInt64?
    private var isSyncPlanned = false
    private var role: (role: RaftRole, term: UInt64, leader: UInt64?) = (.follower, 0, nil)
    private var knownLeader = KnownLeader(nowMs: 0)
    /// It has read its disk: before that a process hears nobody.
    private var isStarted = false
    private var isFull = false
    private var isRepairing = false
    private var steps: UInt64 = 0
    private var lanes: Lanes

    init?(_ machine: Machine, voter: UInt64, seed: UInt32) {
        self.machine = machine
        self.voter = voter
        memory = machine.voterMemory
        let cluster = machine.cluster
        lanes = Lanes(cluster.scenario.planted)
        var configuration = RaftConfiguration(id: voter, members: cluster.members, seed: seed)
        // As the service sets them.
        configuration.electionTimeoutMs = 300
        configuration.heartbeatMs = 60
        configuration.snapshotThresholdEntries = cluster.scenario.snapshotEveryEntries
        configuration.snapshotTrailingEntries = cluster.scenario.snapshotTrailingEntries
        configuration.snapshotGrowthPercent = 0
        configuration.installSnapshotTimeoutMs = 5_000
        do {
            replica = try RaftReplica(configuration)
        } catch {
            cluster.fail("a replica does not start: \(error)")
            return nil
        }
        var coordinator = CoordinatorConfiguration()
        coordinator.digestEveryEntries = 64
        coordinator.purgeEveryMs = cluster.scenario.purgeEveryMs
        coordinator.supportedLevel = machine.supportedLevel
        cluster.scenario.pressure?.bound(&coordinator)
        core = CoordinatorCore(node: machine.name, boot: machine.boot, configuration: coordinator)
    }

    func start() {
        guard let disk = machine.disk else { return }
        do throws(LogError) {
            let log = try disk.open(trailingEntries: cluster.scenario.snapshotTrailingEntries, mayRepair: machine.isRepairing)
            if let loss = disk.loss { return cluster.fail("\(machine.name): \(loss)") }
            isRepairing = log.repairingSince != nil
            machine.isRepairing = isRepairing
            if isRepairing {
                cluster.say(machine, "repairs its log")
                cluster.count("disk: a damaged log is found, and taken from the others")
            }
            for note in disk.notes { cluster.count("disk: a start \(note)") }
            let told = log.members
            awaitsAddition = log.hasNoEntries && !isRepairing
            others = (told.isEmpty ? machine.listed : told).filter { $0.id != voter }
            highestTold = told.map(\.id).max() ?? 0
            knownLeader = KnownLeader(nowMs: nowMs)
            for other in others { dial(other) }
            isStarted = true
            perform(replica.start(from: log, nowMs: nowMs))
        } catch {
            guard !machine.syncsFail else { return machine.abort("cannot start: \(error)") }
            guard machine.isRepairing, !error.isRepairable else { return cluster.fail("\(machine.name) cannot start: \(error)") }
            // What was damaged is its vote: it would join as a new member.
            machine.isRepairing = false
            return cluster.after(0, .fault, machine.index) { [machine] in machine.retire() }
        }
        core.onDisk(purgedAgoMs: machine.purgedMs.map { cluster.nowMs - $0 }, nowMs: nowMs)
        carryOut(core.onTick(nowMs: nowMs))
    }

    private var nowMs: UInt64 { machine.nowMs }

    func flush() {
        carryOut(core.flush(nowMs: nowMs, wallMs: machine.wallMs))
        if replica.role == .leader { perform(replica.announceCommit(nowMs: nowMs)) }
    }

    // MARK: Other coordinators

    private func dial(_ other: RaftMember) {
        guard let there = cluster.machine(of: other) else { return }
        let life = machine.life
        let remembered = memory
        var hello: Hello?
        cluster.network.dial(
            machine, there,
            accept: { [self] port in
                guard let part = there.coordinator, part.isStarted, part.voter == other.id else { return false }
                hello = part.hello
                return part.accept(port, RaftMember(id: voter, name: machine.name.text), self.hello)
            },
            onUp: { [self] port in
                guard others.contains(other), let hello, !hasForgotten(other, hello, remembered) else {
                    port.close()
                    return redial(other, life)
                }
                note(hello, of: other.id)
                outgoing[other.id] = port
                redialMs[other.id] = nil
                port.onFrame = hears(other.id, hello, remembered)
                port.onEnd = { [self] in
                    if outgoing[other.id] === port { outgoing[other.id] = nil }
                    redial(other, life)
                }
            }, onFailed: { [self] in redial(other, life) })
    }

    private func redial(_ other: RaftMember, _ life: Int) {
        guard others.contains(other) else { return }
        let delayMs = redialMs[other.id] ?? 50
        redialMs[other.id] = min(delayMs * 2, 1_000)
        cluster.after(delayMs, .dial, machine.index) { [self] in
            if machine.life == life { machine.receive(life: life) { [self] in if others.contains(other) { dial(other) } } }
        }
    }

    /// The membership changed: as `VoterLinks.update` and `CoordinatorHost.take`.
    private func take(_ members: [RaftMember]) {
        if members.contains(where: { $0.id == voter }), awaitsAddition {
            awaitsAddition = false
            tellRole()
        }
        defer { reckonSupport() }
        // A member is one whatever its duty.
        func isAmong(_ member: RaftMember, _ list: [RaftMember]) -> Bool { list.contains { $0.id == member.id } }
        highestTold = max(highestTold, members.map(\.id).max() ?? 0)
        let next = members.filter { $0.id != voter } + others.filter { $0.id > highestTold && !isAmong($0, members) }
        let (gone, new) = (others.filter { !isAmong($0, next) }, next.filter { !isAmong($0, others) })
        guard !gone.isEmpty || !new.isEmpty else { return }
        let knewLeader = leaderName != nil
        others = others.filter { isAmong($0, next) } + new
        // The leader may be one that came since: now it has a name.
        if !knewLeader, leaderName != nil { tellRole() }
        for other in gone {
            outgoing.removeValue(forKey: other.id)?.close()
            redialMs[other.id] = nil
            memory.forget(other.id)
            planMemory()
            levels[other.id] = nil
            for link in incoming where link.voter == other.id { link.port.close() }
        }
        for other in new { dial(other) }
    }

    /// The next step towards another membership, where this one leads.
    func advance(towards wish: MembershipWish) -> MembershipProgress {
        guard replica.knowsMembers else { return .working("it reads first who the others are") }
        switch wish {
        case .add(let member):
            let isPresent = replica.appliedMembers.contains { $0.id == member.id }
            if !isPresent, let refusal = core.refusal(ofNewVoter: member.id) { return .refused(refusal) }
        case .remove(let id):
            let isPresent = replica.appliedMembers.contains { $0.id == id }
            if isPresent, !core.hasRetired(voter: id, nowMs: nowMs) { return .working("its raft id is being noted") }
        }
        let (progress, directives) = replica.advance(towards: wish, connected: Set(outgoing.keys), nowMs: nowMs)
        perform(directives)
        return progress
    }

    /// What both sides of a link between voters tell first.
    private struct Hello {
        let held: VoterMemory.Position
        let repairingSince: UInt64?
        let level: UInt32
    }
    private var hello: Hello { Hello(held: replica.claimed, repairingSince: replica.repairingSince, level: machine.supportedLevel) }

    /// Who is a member, and rule 12, as `VoterLinks.refusal` has it.
    private func accept(_ port: Port, _ other: RaftMember, _ hello: Hello) -> Bool {
        guard isHeard(other), !hasForgotten(other, hello, memory) else { return false }
        note(hello, of: other.id)
        return serveVoter(port, other, hello)
    }

    /// As `VoterLinks` has it; whoever dials here is a coordinator's machine, and can prove it.
    private func isHeard(_ other: RaftMember) -> Bool {
        others.contains { $0.id == other.id && $0.name == other.name }
            || other.id > highestTold && !knownLeader.isThere(nowMs: nowMs)
    }

    private func hasForgotten(_ other: RaftMember, _ hello: Hello, _ memory: VoterMemory) -> Bool {
        guard let forgotten = Self.forgotten(other.id, hello, memory) else { return false }
        guard cluster.machine(of: other)?.hasOldImage == true else {
            cluster.fail("voter \(other.id) is refused by \(machine.name), and lost nothing: \(forgotten)")
            return true
        }
        return cluster.scenario.planted != .believeOldImage
    }

    /// What a voter once acknowledged and comes back without, in words.
    private static func forgotten(_ voter: UInt64, _ hello: Hello, _ memory: VoterMemory) -> String? {
        // What it lost it knows itself, and it does not vote until it has it again.
        guard hello.repairingSince == nil,
            case .hasForgotten(let remembered, let claimed) = memory.judge(voter, lastTerm: hello.held.term, lastIndex: hello.held.index)
        else { return nil }
        return "remembered \(remembered), claimed \(claimed)"
    }

    /// Rule 12: a voter that came back with less than this one remembers is not heard.
    private func hears(_ voter: UInt64, _ hello: Hello, _ memory: VoterMemory) -> (PeerFrame) -> Void {
        let forgotten = Self.forgotten(voter, hello, memory)
        return { [self] frame in
            if let forgotten { return cluster.fail("voter \(voter) had forgotten and is heard by \(machine.name): \(forgotten)") }
            hear(frame, from: voter)
        }
    }

    private func note(_ hello: Hello, of voter: UInt64) {
        levels[voter] = hello.level
        reckonSupport()
        guard let since = hello.repairingSince else { return }
        perform(replica.onRepairing(voter, since: since, index: hello.held.index, nowMs: nowMs))
    }

    /// As `CoordinatorHost` does.
    private func reckonSupport() {
        if cluster.scenario.planted == .raiseTooEarly { return core.onVoters([], levels: [:]) }
        core.onVoters(replica.appliedMembers.map(\.id).filter { $0 != voter }, levels: levels)
    }

    private func serveVoter(_ port: Port, _ other: RaftMember, _ hello: Hello) -> Bool {
        incoming.append((other.id, port))
        port.onEnd = { [self] in
            incoming.removeAll { $0.port === port }
            perform(replica.onConnectionLost(from: other.id, nowMs: nowMs))
        }
        let hear = hears(other.id, hello, memory)
        port.onFrame = { [self] frame in if isHeard(other) { hear(frame) } }
        return true
    }

    private func hear(_ frame: PeerFrame, from voter: UInt64) {
        switch frame {
        case .raft(let message):
            guard takes(message) else { return }
            if memory.heard(message, from: voter, termOfEntry: { replica.term(at: $0) }) { planMemory() }
            perform(replica.receive(message, from: voter, nowMs: nowMs))
            if voter == role.leader, leaderName != nil { knownLeader.heard(nowMs: nowMs) }
        case .forward(let items): core.onForwarded(lanes.hide(items))
        case .renewals(let sessions): carryOut(core.onRenewals(sessions, nowMs: nowMs))
        case .typing(let chat, let side): carryOut(core.onTyping(from: nil, chat: chat, side: side))
        default: cluster.fail("a coordinator sent a frame that is not for coordinators: \(frame)")
        }
    }

    /// As `VoterMemoryFile` writes it.
    private func planMemory() {
        guard !isMemoryPlanned else { return }
        isMemoryPlanned = true
        let life = machine.life
        cluster.after(5_000, .disk, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                isMemoryPlanned = false
                if !machine.syncsFail { machine.voterMemory = memory } else { planMemory() }
            }
        }
    }

    /// To one that has come since what this log tells, on its own link.
    private func way(to voter: UInt64) -> Port? {
        outgoing[voter] ?? (others.contains { $0.id == voter } ? nil : incoming.first { $0.voter == voter }?.port)
    }

    private func send(_ frame: PeerFrame, to name: NodeName) {
        guard let other = others.first(where: { $0.name == name.text }) else { return }
        outgoing[other.id]?.send(frame)
    }

    // MARK: Raft

    private func perform(_ directives: [RaftDirective]) {
        steps += 1
        if steps % 64 == 0 { replica.checkInvariants() }
        for directive in directives {
            if let request = LogRequest(directive) {
                machine.disk?.submit(request)
                planSync()
                if case .endRepair = request { repaired() }
                continue
            }
            switch directive {
            case .persistTermVote, .truncate, .appendEntries, .persistSnapshot, .purge, .repaired: break  // Submitted before.
            case .send(let message, let to):
                guard let port = way(to: to) else { continue }
                let lossPercent = cluster.scenario.voterLossPercent
                if lossPercent > 0 { port.sendLoosely(.raft(message), lossPercent: lossPercent) } else { port.send(.raft(message)) }
            case .apply(let entries):
                apply(entries)
                if entries.last?.kind == .change { take(replica.membersConcerned) }
            case .takeSnapshot(let index, _): takeSnapshot(index)
            case .restoreSnapshot(let meta, let bytes):
                restore(meta, bytes)
                take(replica.membersConcerned)
            case .setTimer(let atMs):
                let now = nowMs
                machine.start(raftTimer, afterMs: atMs > now ? atMs - now : 0) { [self] in perform(replica.tick(nowMs: nowMs)) }
            case .roleChanged(let role, let term, let leader):
                cluster.say(machine, "raft: \(role), term \(term), leader \(leader.map(String.init) ?? "none")")
                cluster.checker.onRole(role, term: term, voter: voter)
                knownLeader.took(role == .leader, nowMs: nowMs)
                self.role = (role, term, leader)
                reckonSupport()
                tellRole()
            case .dropped: break
            case .halted where machine.syncsFail: break
            case .halted(let fault): cluster.fail("the replica of \(machine.name) halted: \(fault)")
            }
        }
        cluster.checker.checkLeader(replica)
    }

    private func planSync(afterMs: UInt64 = 0) {
        guard !isSyncPlanned else { return }
        isSyncPlanned = true
        let life = machine.life
        var lieMs: UInt64 = 0
        if cluster.scenario.planted == .forgetSynced {
            lieMs = 2_000
            cluster.after(1, .disk, machine.index) { [self] in
                machine.receive(life: life) { [self] in perform(replica.onPersisted(machine.disk?.promise() ?? [], nowMs: nowMs)) }
            }
        }
        cluster.after(cluster.diskDelay(machine) + lieMs + afterMs, .disk, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                isSyncPlanned = false
                guard let waiting = machine.disk?.waitingWrites, waiting > 0 else { return }
                // Group commit takes what is there; what came while it ran waits for the next one.
                do throws(LogError) {
                    let (tickets, lacksRoom) = try machine.disk?.sync(cluster.some(of: waiting)) ?? ([], false)
                    setFull(lacksRoom || isFull && machine.disk?.waitingWrites ?? 0 > 0)
                    if machine.disk?.waitingWrites ?? 0 > 0 { planSync(afterMs: isFull ? 500 : 0) }
                    perform(replica.onPersisted(tickets, nowMs: nowMs))
                } catch {
                    cluster.count("disk: a write or sync fails")
                    perform(replica.halt())
                    machine.abort("the log could not be written: \(error)")
                }
            }
        }
    }

    // MARK: A disk without room, or damaged: as `RaftHost` and `CoordinatorHost` have it

    private func setFull(_ isFull: Bool) {
        guard isFull || self.isFull else { return }
        let isNews = isFull != self.isFull
        self.isFull = isFull
        if isNews {
            cluster.say(machine, isFull ? "has no more room on its disk" : "has room again")
            if isFull { cluster.count("disk: a write finds no room") }
            tellRole()
        }
        if isFull, case .success(let directives) = replica.transferLeadership(to: nil, nowMs: nowMs) { perform(directives) }
    }

    private func repaired() {
        isRepairing = false
        machine.isRepairing = false
        cluster.say(machine, "has repaired its log")
        cluster.count("disk: a damaged log is whole again")
        tellRole()
    }

    /// What would have to be written while there is no room is dropped, as if the network had lost it.
    private func takes(_ message: RaftMessage) -> Bool {
        guard isFull else { return true }
        switch message {
        case .appendEntries(let append): return append.entries.isEmpty
        case .installSnapshot: return false
        default: return true
        }
    }

    private var leaderName: NodeName? { role.leader.flatMap { $0 == voter ? machine.name : cluster.name(of: $0, among: others) } }

    private func tellRole() {
        let stepsBack = isFull || isRepairing || awaitsAddition
        let leader = stepsBack ? nil : leaderName
        carryOut(core.onRole(.init(isLeader: role.role == .leader && !stepsBack, term: role.term, leader: leader), nowMs: nowMs))
    }

    private func apply(_ entries: [RaftEntry]) {
        guard !isTrapped else { return }
        for entry in entries {
            cluster.checker.onCommitted(entry, at: machine)
            guard entry.kind == .command else { continue }
            do {
                var batch = try Batch(wire: entry.payload)
                if let planted = cluster.scenario.planted {
                    if let altered = try planted.alter(core.state) { core.onRestored(altered, nowMs: nowMs) }
                    batch = planted.alter(batch, for: core.state, voter: voter)
                }
                if cluster.scenario.planted == .trapInsteadOfRefusal, batch.isRefused(by: core.state, at: entry.index) {
                    isTrapped = true
                    return machine.abort("apply trapped")
                }
                carryOut(core.onApplied(batch, index: entry.index, nowMs: nowMs))
                note()
                cluster.checker.onApplied(core.state, index: entry.index, at: machine)
            } catch {
                return cluster.fail("entry \(entry.index) cannot be read: \(error)")
            }
        }
    }

    /// What the process itself does for the sake of what was applied: library nodes are told by their boards.
    private func note() {
        if removed != core.state.removedNodes {
            removed = core.state.removedNodes
            dropRemoved()
            if machine.library == nil { machine.gossip?.exclude(removed) }
        }
        if machine.library == nil { machine.keys?.take(core.state.keys) }
    }
    private var removed: [RemovedNode] = []

    /// A planted bug: the process has ended amid apply.
    private var isTrapped = false

    private func takeSnapshot(_ index: UInt64) {
        let taken = core.state
        let life = machine.life
        cluster.after(cluster.diskDelay(machine) + 2, .snapshot, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                let planted = cluster.scenario.planted
                let state = planted == .lateSnapshot ? core.state : planted?.inSnapshot(taken) ?? taken
                perform(replica.onSnapshotTaken(index: index, data: state.wireSnapshot(), nowMs: nowMs))
            }
        }
    }

    private func restore(_ meta: SnapshotMeta, _ bytes: [UInt8]) {
        do {
            let state = try ConsortiumState(wireSnapshot: bytes)
            cluster.say(machine, "restores the snapshot of entry \(meta.index)")
            cluster.count("raft: a snapshot is installed")
            cluster.checker.onRestored(state, index: meta.index, at: machine)
            core.onRestored(state, nowMs: nowMs)
            note()
        } catch {
            cluster.fail("the snapshot of entry \(meta.index) cannot be read: \(error)")
        }
    }

    // MARK: LTG at this coordinator

    private static let deskLink = LinkID(.max)
    private static let deskBit: UInt64 = 1 << 61
    private var deskCount: UInt64 = 0
    private var asked: [UInt64: (Verdict, LogPosition) -> Void] = [:]

    /// Asks once, at a process that is no library's node; `told` is told what became of it, or never.
    func ask(_ command: Command, told: @escaping (Verdict, LogPosition) -> Void) {
        machine.receive(life: machine.life) { [self] in
            if deskCount == 0 { carryOut(core.onNodeUp(Self.deskLink, node: machine.name, nowMs: nowMs)) }
            deskCount += 1
            let counter = deskCount | Self.deskBit
            asked[counter] = told
            let item = Batch.Item(id: ProposalID(node: machine.name, boot: machine.boot, counter: counter), command: command)
            carryOut(core.onPropose(Self.deskLink, [item], nowMs: nowMs))
        }
    }

    // MARK: Library nodes

    /// Whether LTG has not removed the node, or it shows the key of the one that has its name since.
    func hears(_ node: Machine) -> Bool {
        core.state.removedNodes.first { $0.node == node.name }?.hears(node.certificateKey.bytes) ?? true
    }

    /// As `PeerNetwork` does when it is told: links of removed nodes are over.
    private func dropRemoved() {
        for link in links.keys.sorted() {
            guard let port = links[link], !hears(port.other) else { continue }
            links[link] = nil
            core.onNodeDown(link)
            port.close()
        }
    }

    func serve(_ port: Port, node: NodeName) {
        lastLink += 1
        let link = LinkID(lastLink)
        links[link] = port
        port.onFrame = { [self] frame in receive(frame, from: link) }
        port.onEnd = { [self] in
            links[link] = nil
            core.onNodeDown(link)
        }
        carryOut(core.onNodeUp(link, node: node, nowMs: nowMs))
    }

    private func receive(_ frame: PeerFrame, from link: LinkID) {
        switch frame {
        case .propose(let items):
            for early in lanes.promises(items, core.state) { links[link]?.send(early) }
            let directives = core.onPropose(link, lanes.hide(items), nowMs: nowMs)
            lanes.note(directives, of: items, nowMs: nowMs).forEach(cluster.count)
            carryOut(directives)
        case .follow(let chat, let after): core.onFollow(link, chat: chat, after: after)
        case .unfollow(let chat): core.onUnfollow(link, chat: chat)
        case .collect(let library, let after): core.onCollect(link, library: library, after: after)
        case .find(let counter, let code): links[link]?.send(.found(counter: counter, core.state.chat(keptUnder: code)))
        case .typing(let chat, let side): carryOut(core.onTyping(from: link, chat: chat, side: side))
        case .renewals(let sessions): if !lanes.dropsRenewals(nowMs: nowMs) { carryOut(core.onRenewals(sessions, nowMs: nowMs)) }
        default: cluster.fail("a node sent a frame that is not for its coordinator: \(frame)")
        }
    }

    private func carryOut(_ directives: [CoordinatorDirective]) {
        for directive in directives {
            switch directive {
            case .propose(var batch):
                batch.items = lanes.show(batch.items)
                if cluster.scenario.planted == .clockFromUptime { batch.elapsedMs = cluster.nowMs - machine.startedMs }
                let (result, following) = replica.propose(payloads: [batch.wireBytes()], nowMs: nowMs)
                perform(following)
                if case .failure = result { core.onProposeFailed(batch, nowMs: nowMs) }
            case .forward(let items, let leader): send(.forward(lanes.show(items)), to: leader)
            case .outcome(Self.deskLink, let counter, let verdict, let at): asked.removeValue(forKey: counter)?(verdict, at)
            case .outcome(let link, let counter, let verdict, let at): links[link]?.send(.outcome(counter: counter, verdict, at: at))
            case .busy(Self.deskLink, let counter, _): asked[counter] = nil
            case .busy(let link, let counter, let retryMs): links[link]?.send(.busy(counter: counter, retryMs: retryMs))
            case .board(let link, let board): links[link]?.send(.board(board))
            case .chat(let link, let update): links[link]?.send(.chat(update))
            case .transcript(let link, let transcript): links[link]?.send(.transcript(transcript))
            case .typing(let link, let chat, let side): links[link]?.send(.typing(chat, side))
            case .relayTyping(let chat, let side): for id in outgoing.keys.sorted() { outgoing[id]?.send(.typing(chat, side)) }
            case .forwardRenewals(let sessions, let leader): send(.renewals(sessions), to: leader)
            case .leaderKnown(let link, let known): links[link]?.send(.leaderKnown(known))
            case .purge:
                machine.purgedMs = cluster.nowMs
                if cluster.scenario.planted != .keepOldLog { perform(replica.purge(nowMs: nowMs)) }
            case .textDropped: break
            case .readZone(let zone): core.onZone(zone, .utc)
            case .scheduleTick(let atMs): scheduleTick(atMs)
            case .halt(let reason): cluster.fail("\(machine.name) stops applying: \(reason)")
            }
        }
    }

    /// One timer; the earliest time asked for counts.
    private func scheduleTick(_ atMs: UInt64) {
        if let tickAtMs, atMs >= tickAtMs { return }
        tickAtMs = atMs
        let now = nowMs
        machine.start(tickTimer, afterMs: atMs > now ? atMs - now : 0) { [self] in
            tickAtMs = nil
            carryOut(core.onTick(nowMs: nowMs))
        }
    }
}
