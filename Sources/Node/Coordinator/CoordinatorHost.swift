/// A coordinator on the loop: the core between raft and the nodes that it serves.

import Consortium
import Coordinator
import CoreMetrics
import EventLoop
import Logging
import Raft
import Wire

@ClusterActor
final class CoordinatorHost {
    static let nodesMax = 512

    private(set) var core: CoordinatorCore
    let raft: RaftHost
    private let links: any CoordinatorPeers
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)
    private let handOver = Timer(on: ClusterActor.loop)
    private var ports: [LinkID: any ServicePort] = [:]
    private var lastLink: UInt64 = 0
    private var scheduled = false
    var onRole: (() -> Void)?
    /// Something was applied.
    var onAdvanced: (() -> Void)?
    /// Why this coordinator is not to be used, or nil when it is.
    var onLacking: ((String?) -> Void)?
    /// Where the members are that the log tells; for a branch nobody.
    var places: ([RaftMember]) -> [NodeConfiguration.Coordinator] = { _ in [] }
    /// What the log has told of this coordinator's own membership. One that is being added may first be told an older one, without it.
    private enum Standing { case unknown, member, removed }
    private var standing = Standing.unknown
    /// It began with nothing, to be added to a cluster that runs.
    var awaitsAddition = false
    private var raftRole: (role: RaftRole, term: UInt64, leader: UInt64?) = (.follower, 0, nil)
    private var knownLeader = KnownLeader(nowMs: ClusterActor.loop.nowMs)

    init(core: CoordinatorCore, raft: RaftHost, links: any CoordinatorPeers, logger: Logger) {
        self.core = core
        self.raft = raft
        self.links = links
        self.logger = logger
    }

    func start(_ store: sending LogStore, from log: RecoveredLog) throws(LogError) {
        links.onFrame = { [self] frame in receive(frame) }
        raft.onApply = { [self] batch, index in
            perform(core.onApplied(batch, index: index, nowMs: nowMs))
            onAdvanced?()
        }
        raft.onUnappliable = { [self] reason in perform(core.onUnappliable(reason)) }
        raft.onRestore = { [self] state in
            core.onRestored(state, nowMs: nowMs)
            schedule()
        }
        raft.onRole = { [self] role, term, leader in
            knownLeader.took(role == .leader, nowMs: nowMs)
            raftRole = (role, term, leader)
            tellRole()
        }
        raft.onFull = { [self] in
            onLacking?(lacking)
            tellRole()
        }
        links.onDisowned = { [self] in reconsider() }
        raft.onHeard = { [self] voter in
            if voter == raftRole.leader, leaderName != nil { knownLeader.heard(nowMs: nowMs) }
        }
        links.knowsLeader = { [self] in knownLeader.isThere(nowMs: nowMs) }
        raft.onMembers = { [self] members in take(members) }
        raft.onRepaired = { [self] in reconsider() }
        raft.snapshotState = { [self] in core.halted == nil ? core.state : nil }
        awaitsAddition = log.hasNoEntries && log.repairingSince == nil
        let told = log.members
        if !told.isEmpty { links.update(places(told)) }
        links.start()
        try raft.start(store, from: log)
        core.onDisk(purgedAgoMs: raft.purgeRecord?.ageMs(wallMs: WallClock.nowMs), nowMs: nowMs)
        perform(core.onTick(nowMs: nowMs))
    }

    private func take(_ members: [RaftMember]) {
        let knewLeader = leaderName != nil
        links.update(places(members))
        reckonSupport()
        // The leader may be one that came since: now it has a name.
        if !knewLeader, leaderName != nil { tellRole() }
        let isMember = members.contains { $0.id == raft.replica.configuration.id }
        let next: Standing = isMember ? .member : standing == .unknown ? .unknown : .removed
        guard next != standing else { return }
        standing = next
        awaitsAddition = false
        if next == .removed { logger.notice("this coordinator has been removed from the cluster; it can be ended") }
        reconsider()
    }

    /// Whether this coordinator is to be used may have changed. Nodes leave at once one that is none any more.
    private func reconsider() {
        onLacking?(lacking)
        tellRole()
        if let dismissed { for port in Array(ports.values) { port.close(code: "removed", text: dismissed) } }
    }

    /// Why this coordinator is none any more, or nil.
    private var dismissed: String? {
        if standing == .removed { return "this coordinator was removed from the cluster: end it" }
        return links.isDisowned && !awaitsAddition
            ? "the others say that this coordinator is none of theirs: if it was removed, end it" : nil
    }

    /// Why this coordinator is not to be used now, or nil: its disk has no room, or it has not everything yet, or it is none any more.
    var lacking: String? {
        if let dismissed { return dismissed }
        if awaitsAddition { return "this coordinator waits until it is added: callslip coordinators add" }
        return raft.full ?? repairing
    }

    var repairing: String? {
        raft.replica.repairingSince.map { term in
            "its log was damaged in term \(term): it takes everything from the other coordinators, and has no vote until it has it; a majority of them must run"
        }
    }

    /// A coordinator that repairs itself has nothing to serve, and one whose disk is full neither leads nor knows a leader, as far as nodes are concerned: they turn to another one, and where all are
    /// full they tell their people that what they write waits.
    private var leaderName: NodeName? { raftRole.leader.flatMap { links.name(of: $0) } }

    private func tellRole() {
        let stepsBack = lacking != nil
        let view = CoordinatorCore.RaftRoleView(
            isLeader: raftRole.role == .leader && !stepsBack, term: raftRole.term,
            leader: stepsBack ? nil : leaderName)
        perform(core.onRole(view, nowMs: nowMs))
        if core.halted != nil, raftRole.role == .leader { giveWay() }
        onRole?()
    }

    func stop() async {
        timer.close()
        handOver.close()
        for port in Array(ports.values) { port.close(code: "shutdown", text: "this coordinator stops") }
        links.stop()
        await raft.stop()
    }

    /// Serves a library node over this port until it ends.
    func serve(_ port: any ServicePort, node: NodeName) {
        guard ports.count < Self.nodesMax else {
            return port.close(code: "full", text: "this coordinator serves \(Self.nodesMax) nodes already")
        }
        if let reason = core.halted ?? dismissed {
            // After this turn, when the node's side of the port is listening.
            return ClusterActor.loop.deferToIterationEnd { port.close(code: "halted", text: reason) }
        }
        lastLink += 1
        let link = LinkID(lastLink)
        ports[link] = port
        port.onFrame = { [self] frame in receive(frame, from: link) }
        port.onEnd = { [self] _ in
            ports[link] = nil
            core.onNodeDown(link)
        }
        perform(core.onNodeUp(link, node: node, nowMs: nowMs))
    }

    /// The next step towards other coordinators, where this one leads.
    func advance(towards wish: CoordinatorWish) -> CoordinatorProgress {
        guard raft.replica.knowsMembers else {
            return .working("The leader has just begun to lead, and reads first who the others are.")
        }
        let members = raft.replica.appliedMembers
        func present(_ node: NodeName) -> RaftMember? { members.first { $0.nodeName == node } }
        let progress: MembershipProgress
        let name: NodeName
        switch wish {
        case .add(let node, let id, let peer):
            name = node
            guard let address = SocketAddress(peer) else {
                return .refused("`\(peer)` is not an address; write it as 192.0.2.1:7200 or [2001:db8::1]:7200.")
            }
            let member = RaftMember(id: id, name: NodeConfiguration.Coordinator(name: node, id: id, peer: address).memberName)
            if let other = present(node), other.id != id {
                return .refused("`\(node)` is a coordinator already, with raft id \(other.id): remove that one first.")
            }
            if present(node) == nil, let refusal = core.refusal(ofNewVoter: id) { return .refused(refusal) }
            // With a vote it may lead, and be one whom a coordinator that was away must hear (`VoterLinks`). By the log it knows that it is one, and asks for proof.
            progress = raft.advance(towards: .add(member), obstacle: links.lacksProof(id) ? Self.proofNeeded(node) : nil)
        case .remove(let node):
            name = node
            guard let member = present(node) else { return .done("`\(node)` is no coordinator.") }
            guard core.hasRetired(voter: member.id, nowMs: nowMs) else {
                schedule()
                return .working("Its raft id is being noted as one that is never used again.")
            }
            progress = raft.advance(towards: .remove(member.id))
        }
        switch progress {
        case .done: return .done("`\(name)` is a coordinator, with a vote.")
        case .working(let text): return .working(text)
        case .refused(let text): return .refused(text)
        }
    }

    private static func proofNeeded(_ node: NodeName) -> String {
        """
        The certificate of `\(node)` does not say that it may be a coordinator, so it is given no vote. Where a coordinator holds an issuer, it has another one in a minute; \
        else make it one: callslip ca issue \(node) --coordinator --renew
        """
    }

    /// Whether a node is a coordinator, with a vote or to be given one, as the log tells.
    func isMember(_ node: NodeName) -> Bool { raft.replica.appliedMembers.contains { $0.nodeName == node } }

    /// Whether this one is; one that is being given the log may not have heard yet that what tells so is committed.
    var isOne: Bool { raft.replica.membersConcerned.contains { $0.id == raft.replica.configuration.id } }

    /// Whether the log here is known to be as new as a leader's.
    var knowsLeader: Bool { leaderName != nil }

    /// Who the others are, or what their versions support, may have changed.
    func reckonSupport() {
        core.onVoters(raft.replica.appliedMembers.map(\.id).filter { $0 != raft.replica.configuration.id }, levels: links.levels)
    }

    private var nowMs: UInt64 { ClusterActor.loop.nowMs }

    private func receive(_ frame: PeerFrame, from link: LinkID) {
        switch frame {
        case .propose(let items): perform(core.onPropose(link, items, nowMs: nowMs))
        case .follow(let chat, let after): core.onFollow(link, chat: chat, after: after)
        case .unfollow(let chat): core.onUnfollow(link, chat: chat)
        case .collect(let library, let after): core.onCollect(link, library: library, after: after)
        case .find(let counter, let code): ports[link]?.send(.found(counter: counter, core.state.chat(keptUnder: code)))
        case .askLedger(let counter, let library, let minutes):
            ports[link]?.send(.ledger(counter: counter, core.state.ledger(of: library, in: minutes)))
        case .askCauses(let counter, let queue, let minutes):
            ports[link]?.send(.causes(counter: counter, core.state.causes(of: queue, in: minutes)))
        case .askDuty(let counter, let library, let minutes):
            ports[link]?.send(.duty(counter: counter, core.state.duty(of: library, in: minutes)))
        case .askTally(let counter, let place, let hours):
            ports[link]?.send(.tally(counter: counter, core.state.tally(of: place, in: hours)))
        case .askWishes(let counter, let library): ports[link]?.send(.wishes(counter: counter, core.state.wishes(of: library)))
        case .askShifts(let counter, let library): ports[link]?.send(.shifts(counter: counter, core.state.shifts(of: library)))
        case .askAudit(let counter, let after): ports[link]?.send(.audit(counter: counter, core.state.audit(after: after)))
        case .typing(let chat, let side): perform(core.onTyping(from: link, chat: chat, side: side))
        case .renewals(let sessions): perform(core.onRenewals(sessions, nowMs: nowMs))
        default: ports[link]?.close(code: "badFrame", text: "not a frame that a node sends to its coordinator")
        }
        schedule()
    }

    private func receive(_ frame: PeerFrame) {
        switch frame {
        case .forward(let items): core.onForwarded(items)
        case .renewals(let sessions): perform(core.onRenewals(sessions, nowMs: nowMs))
        case .typing(let chat, let side): perform(core.onTyping(from: nil, chat: chat, side: side))
        default: logger.warning("a coordinator sent a frame that is not for coordinators")
        }
        schedule()
    }

    private func perform(_ directives: [CoordinatorDirective]) {
        carryOut(directives)
        schedule()
    }

    private func carryOut(_ directives: [CoordinatorDirective]) {
        for directive in directives {
            switch directive {
            case .propose(let batch):
                if !raft.propose(batch) { core.onProposeFailed(batch, nowMs: nowMs) }
            case .forward(let items, let leader): links.send(.forward(items), to: leader)
            case .outcome(let link, let counter, let verdict, let at): ports[link]?.send(.outcome(counter: counter, verdict, at: at))
            case .busy(let link, let counter, let retryMs): ports[link]?.send(.busy(counter: counter, retryMs: retryMs))
            case .board(let link, let board): ports[link]?.send(.board(board))
            case .chat(let link, let update): ports[link]?.send(.chat(update))
            case .transcript(let link, let transcript): ports[link]?.send(.transcript(transcript))
            case .typing(let link, let chat, let side): ports[link]?.send(.typing(chat, side))
            case .relayTyping(let chat, let side): links.broadcast(.typing(chat, side))
            case .forwardRenewals(let sessions, let leader): links.send(.renewals(sessions), to: leader)
            case .leaderKnown(let link, let known): ports[link]?.send(.leaderKnown(known))
            case .purge: raft.purge()
            case .textDropped(let receipt): tell(receipt)
            case .readZone(let zone): readZone(zone)
            case .scheduleTick(let atMs): scheduleTick(atMs)
            case .halt(let reason):
                logger.critical("this replica goes on replicating and stops applying", metadata: ["why": "\(reason)"])
                for port in Array(ports.values) { port.close(code: "halted", text: reason) }
                if core.role.isLeader { giveWay() }
            }
        }
    }

    /// Off the loop, once in the life of a process.
    private func readZone(_ zone: String) {
        Task { @ClusterActor [self] in
            let result = await ZoneFiles.read(zone)
            if case .failure(let error) = result {
                logger.error(
                    "posted hours of this time zone open and close no queue while this coordinator leads",
                    metadata: ["zone": "\(zone)", "why": "\(error)"])
            }
            core.onZone(zone, try? result.get())
            schedule()
        }
    }

    /// Every coordinator says so: whoever looks after one of them learns of it.
    private func tell(_ receipt: TranscriptReceipt) {
        Counter(label: "callslip_transcripts_dropped").increment()
        logger.warning(
            "the text of a chat is gone, and no library has it",
            metadata: ["chat": "\(receipt.chat)", "library": "\(receipt.home?.text ?? "none")", "why": "\(receipt.outcome.sentence)"])
    }

    /// One that does not apply cannot lead: another one takes over. Should all have stopped, they do not chase each other.
    private func giveWay() {
        handOver.start(afterMs: 500) { [self] in
            if core.halted != nil, core.role.isLeader { raft.handOver() }
        }
    }

    private var tickAtMs: UInt64 = .max

    /// One timer; the earliest time asked for counts.
    private func scheduleTick(_ atMs: UInt64) {
        guard atMs < tickAtMs || !timer.isActive else { return }
        tickAtMs = atMs
        let now = nowMs
        timer.start(afterMs: atMs > now ? atMs - now : 0) { [self] in
            tickAtMs = .max
            perform(core.onTick(nowMs: nowMs))
        }
    }

    private func schedule() {
        guard !scheduled else { return }
        scheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            scheduled = false
            carryOut(core.flush(nowMs: nowMs, wallMs: WallClock.nowMs))
        }
    }
}

extension TranscriptReceipt.Outcome {
    /// What became of the text, and what to do.
    fileprivate var sentence: String {
        switch self {
        case .kept: "the library has it"
        case .deleted: "the library has deleted it"
        case .inherited(let heir): "it has passed to \(heir)"
        case .expired: "nobody took it until the deadline: see to the library's node, or name an heir in the consortium's file"
        case .overQuota: "the library takes nothing and has no more room here: see to its node, or name an heir in the consortium's file"
        case .noHome: "it was a chat of the general queue that nobody answered"
        }
    }
}
