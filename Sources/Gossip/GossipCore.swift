import Seeded

/// One member's view of the cluster, and what it does to keep it true. See `Gossip.swift` for promises and duties.
public struct GossipCore: Sendable {
    public let configuration: GossipConfiguration
    /// This member as it presents itself. Its state is ``MemberState/alive`` until ``leave(nowMs:)``.
    public internal(set) var me: Member

    /// What is known of another member.
    struct Peer: Hashable, Sendable {
        var member: Member
        /// When something last came from it, or spoke newly for it.
        var heardMs: Int64
        /// When it took on its state.
        var sinceMs: Int64
        /// Present exactly while it is suspect.
        var suspicion: Suspicion?
        /// When it last came back from the dead without a restart.
        var returnedMs: Int64?

        /// Whether it takes part: probed, gossiped to, counted.
        var isLive: Bool { member.state <= .suspect }
    }

    /// A probe in flight: one at a time.
    struct Probe: Hashable, Sendable {
        let sequence: UInt32
        let target: String
        /// The target's incarnation when the probe began.
        let incarnation: UInt64
        let indirectAtMs: Int64
        let endMs: Int64
        var relays: [String] = []
        var nackedBy: [String] = []
        var isIndirect = false
    }

    /// A ping made for another member.
    struct Relay: Hashable, Sendable {
        let sequence: UInt32
        let requester: String
        let requestSequence: UInt32
        let nackAtMs: Int64
        let endMs: Int64
        var isNacked = false
    }

    var peers: [String: Peer] = [:]
    /// The keys of `peers`, ascending: dictionaries have no order that two runs share.
    var peerNames: [String] = []
    var nameByAddress: [String: String] = [:]
    var generator: SeededGenerator
    var health: LocalHealth
    var order = ProbeOrder()
    var broadcasts = BroadcastQueue()
    var probe: Probe?
    var relays: [Relay] = []
    var lastSequence: UInt32 = 0

    var seeds: [String] = []
    var reachedSeeds: Set<String> = []
    /// Exchanges that the shell has not yet answered, with the time at which they are given up.
    var exchanges: [String: Int64] = [:]
    var retry: (sequence: UInt32, name: String)?
    var retryCursor = 0

    /// Members that are not heard, with the addresses at which they were.
    var excluded: [String: String] = [:]

    var records: [RecordKey: HeldRecord] = [:]
    /// The keys of `records`, ascending.
    var recordKeys: [RecordKey] = []
    /// What this member stands behind, by queue.
    var published: [String: Availability] = [:]

    var nowMs: Int64
    var nextProbeMs: Int64
    var nextGossipMs: Int64
    var nextPushPullMs: Int64
    var nextRetryMs: Int64
    var nextRenewMs: Int64
    var nextStandingMs: Int64
    var nextJoinMs: Int64?
    /// When the shell was last told to call; nil until the first call.
    var announcedMs: Int64?

    /// A core that knows nobody. Call ``join(seeds:nowMs:)``, or only ``onTick(nowMs:)`` for the first node of a cluster.
    /// - Parameters:
    ///   - me: this member; its state is taken as alive. A fresh `bootID` per process start is the caller's duty.
    ///   - seed: of the generator that shuffles; draw it at random in production.
    /// - Throws: what is outside ``GossipLimits`` in `me`, or does not fit in `configuration`.
    public init(me: Member, configuration: GossipConfiguration, seed: UInt64, nowMs: Int64) throws(GossipInputError) {
        if let error = me.invalidField ?? configuration.invalidField { throw error }
        self.configuration = configuration
        self.me = me
        self.me.state = .alive
        self.nowMs = nowMs
        generator = SeededGenerator(seed: seed)
        health = LocalHealth(max: configuration.localHealthMax)
        // Random phases, so that nodes started together do not act together.
        nextProbeMs = nowMs + Int64.random(in: 1...configuration.probeIntervalMs, using: &generator)
        nextPushPullMs = nowMs + Int64.random(in: 1...configuration.pushPullIntervalMs, using: &generator)
        nextRetryMs = nowMs + Int64.random(in: 1...configuration.deadRetryIntervalMs, using: &generator)
        nextRenewMs = nowMs + configuration.recordRenewMs
        nextGossipMs = nowMs
        nextStandingMs = nowMs
    }

    // MARK: Events

    /// Runs what is due. Call first right after ``init(me:configuration:seed:nowMs:)``, then as directed.
    public mutating func onTick(nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        forgiveLateness()
        var out: [GossipDirective] = []
        if me.state == .alive {
            expireSuspicions(&out)
            runRelays(&out)
            runProbe(&out)
            runJoin(&out)
            runRetry(&out)
            runPushPull(&out)
            renewRecords(&out)
        }
        runGossip(&out)
        reviewStandings(&out)
        schedule(&out, always: true)
        return out
    }

    /// Takes a message that was authenticated and decoded.
    /// - Parameter from: the datagram's source, "host:port"; answers go there.
    public mutating func onMessage(_ message: GossipMessage, from: String, nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        guard me.state == .alive, !isExcluded(from) else { return out }
        heard(from: from)
        for update in message.updates.prefix(GossipLimits.updatesPerMessageMax) { apply(update, &out) }
        switch message.kind {
        case .ping(let sequence, let target): onPing(sequence, target: target, message, from: from, &out)
        case .ack(let sequence): onAck(sequence, &out)
        case .pingRequest(let sequence, let target): onPingRequest(sequence, target: target, message, from: from, &out)
        case .nack(let sequence): onNack(sequence, from: from)
        case .gossip: break
        }
        schedule(&out, always: false)
        return out
    }

    /// Signs off: tells everybody at once, and from now on only spreads the sign-off. There is no way back but a new process.
    public mutating func leave(nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        guard me.state == .alive else { return out }
        me.state = .left
        probe = nil
        relays = []
        broadcasts.add(.member(me.name))
        let farewell = GossipMessage(.gossip, updates: [.left(name: me.name, incarnation: me.incarnation)])
        for name in livePeerNames { send(farewell, toMember: name, &out) }
        reviewStandings(&out, isForced: true)
        schedule(&out, always: true)
        return out
    }

    /// Publishes a change of this member's own fields under a new incarnation. Name, boot id, incarnation and state can't be changed here.
    /// - Throws: the field that the change put outside ``GossipLimits``; nothing is changed then.
    public mutating func updateMe(nowMs: Int64, _ change: (inout Member) -> Void) throws(GossipInputError) -> [GossipDirective] {
        advance(to: nowMs)
        var changed = me
        change(&changed)
        (changed.name, changed.bootID, changed.incarnation, changed.state) = (me.name, me.bootID, me.incarnation, me.state)
        if let error = changed.invalidField { throw error }
        var out: [GossipDirective] = []
        guard changed != me, me.state == .alive else { return out }
        me = changed
        raiseIncarnation(above: me.incarnation)
        schedule(&out, always: false)
        return out
    }

    // MARK: Shared by the parts

    var livePeerNames: [String] { peerNames.filter { peers[$0]?.isLive == true } }

    /// No other member takes part.
    var isAlone: Bool { !peers.values.contains { $0.isLive } }

    /// `n` of the formulas: members that take part, this one included.
    var liveCount: Int { 1 + livePeerNames.count }

    mutating func nextSequence() -> UInt32 {
        lastSequence &+= 1
        return lastSequence
    }

    /// Time never goes back; see the caller's first duty.
    mutating func advance(to nowMs: Int64) { self.nowMs = max(self.nowMs, nowMs) }

    mutating func heard(from address: String) {
        guard let name = nameByAddress[address] else { return }
        peers[name]?.heardMs = nowMs
    }

    func send(_ message: GossipMessage, toMember name: String, _ out: inout [GossipDirective]) {
        guard let peer = peers[name] else { return }
        out.append(.send(message, to: peer.member.gossipAddress))
    }

    /// Up to `count` of `names`, at random, in a random order.
    mutating func pick(_ count: Int, from names: [String]) -> [String] {
        Array(names.shuffled(using: &generator).prefix(count))
    }

    /// A process that was frozen has missed answers, not its peers: what it suspects gets that time back, and the probe in flight is void.
    private mutating func forgiveLateness() {
        guard let announcedMs, nowMs - announcedMs > configuration.probeIntervalMs else { return }
        let lateMs = nowMs - announcedMs
        for name in peerNames { peers[name]?.suspicion?.postpone(byMs: lateMs) }
        if probe != nil {
            probe = nil
            nextProbeMs = nowMs
        }
        relays = []
        health.note(.ranLate)
    }

    /// Tells the shell when to call, always after a tick, and otherwise when that has come nearer.
    func dueMs() -> Int64 {
        var due = broadcasts.isEmpty || isAlone ? nowMs + 1_000 : nextGossipMs
        guard me.state == .alive else { return max(due, nowMs) }
        if let probe {
            due = min(due, probe.isIndirect ? probe.endMs : probe.indirectAtMs)
        } else {
            due = min(due, nextProbeMs)
        }
        for relay in relays { due = min(due, relay.isNacked ? relay.endMs : relay.nackAtMs) }
        for peer in peers.values { if let suspicion = peer.suspicion { due = min(due, suspicion.deadlineMs) } }
        due = min(due, nextPushPullMs, nextRetryMs, nextRenewMs, nextJoinMs ?? due)
        return max(due, nowMs)
    }

    mutating func schedule(_ out: inout [GossipDirective], always: Bool) {
        let due = dueMs()
        if !always, let announcedMs, announcedMs <= due { return }
        announcedMs = due
        out.append(.scheduleNextTick(delayMs: due - nowMs))
    }
}
