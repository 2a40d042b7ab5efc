/// Links between coordinators: each dials every other and sends on its own link; what comes in is taken from theirs.

import Consortium
import EventLoop
import Logging
import Raft
import TLS
import Wire

@ClusterActor
final class VoterLinks {
    private let network: PeerNetwork
    private let own: NodeConfiguration.Coordinator
    /// The other members, as the log tells them; before it tells any, as the node's file does.
    private(set) var others: [NodeConfiguration.Coordinator]
    private let logger: Logger
    private var outgoing: [UInt64: Redialer] = [:]
    private var incoming: [ObjectIdentifier: PeerLink] = [:]
    private var isStarted = false
    /// The highest raft id that the log has told of. Ids only rise: one that is above came later than what this log has yet, and must be heard, or a
    /// coordinator that was away for long would refuse those who could tell it (thesis 4.1: whoever sends is served), unless it cannot prove that it may be one
    /// (`CoordinatorProof`). One that is below and no member has left.
    private var highestTold: UInt64 = 0
    /// Whether a leader is known (`KnownLeader`). While one is, the log tells who came: any node could say that it did, and depose the leader with a greater term.
    var knowsLeader: () -> Bool = { false }
    private(set) var memory: VoterMemory
    /// There may be something new to remember.
    var onRemembered: (() -> Void)?
    /// The feature level that each voter said it supports.
    private(set) var levels: [UInt64: UInt32] = [:]
    var onLevel: (() -> Void)?
    /// The others that said of this coordinator that it is none of theirs, when they were asked last.
    private var disowning: Set<UInt64> = []
    var onDisowned: (() -> Void)?
    /// Whether most of the others do: it was removed, and may not have been told by the log.
    var isDisowned: Bool { disowning.intersection(others.map(\.id)).count > others.count / 2 }
    /// The term of an entry that this voter holds itself.
    var termOfEntry: (UInt64) -> UInt64? = { _ in nil }
    var onMessage: ((RaftMessage, UInt64) -> Void)?
    /// A voter says that its log was damaged: since which term it takes everything from the others, and how far it has come.
    var onRepairing: ((_ voter: UInt64, _ since: UInt64, _ index: UInt64) -> Void)?
    /// The link on which a voter sends was ended.
    var onLost: ((UInt64) -> Void)?
    /// Proposals, renewals and typing that another coordinator hands over.
    var onFrame: ((PeerFrame) -> Void)?

    /// - Parameter memory: what an earlier life of this process remembered of the others.
    init(
        network: PeerNetwork, own: NodeConfiguration.Coordinator, all: [NodeConfiguration.Coordinator], memory: VoterMemory = VoterMemory(),
        logger: Logger
    ) {
        self.network = network
        self.own = own
        others = all.filter { $0.id != own.id }
        self.logger = logger
        self.memory = memory
    }

    func start() {
        network.receive(.raft) { [self] link in take(link) }
        isStarted = true
        for other in others { dial(other) }
    }

    private func dial(_ other: NodeConfiguration.Coordinator) {
        // A machine that has taken its own place goes by another id: what is for the old one is not for it, nor does it count as there.
        let redialer = Redialer(network: network, address: other.peer, purpose: .raft, expecting: other.name, raftID: other.id)
        redialer.onDown = { [self] sentence in
            let isDisowned = Refusal.wasTold(Refusal.notMember, in: sentence)
            guard isDisowned != disowning.contains(other.id) else { return }
            if isDisowned { disowning.insert(other.id) } else { disowning.remove(other.id) }
            onDisowned?()
        }
        // By what it had acknowledged before it was dialled: what it acknowledges while hellos travel, its hello may not tell.
        redialer.judge = { [self] in { [memory] hello, _ in Self.forgetting(hello, memory) } }
        redialer.onUp = { [self] link in
            if let hello = link.remote { note(hello) }
            link.onFrame = { [self] frame in hear(frame, from: other.id) }
        }
        outgoing[other.id] = redialer
        redialer.start()
    }

    /// The membership changed: who came is dialled, who went is no longer heard.
    func update(_ members: [NodeConfiguration.Coordinator]) {
        highestTold = max(highestTold, members.map(\.id).max() ?? 0)
        let told = members.filter { $0.id != own.id }
        let next = told + others.filter { other in other.id > highestTold && !told.contains { $0.id == other.id } }
        guard next != others else { return }
        let (gone, new) = (others.filter { !next.contains($0) }, next.filter { !others.contains($0) })
        others = next
        guard isStarted else { return }
        for other in gone {
            logger.notice("a coordinator has left", metadata: ["coordinator": "\(other.name)", "raftID": "\(other.id)"])
            outgoing.removeValue(forKey: other.id)?.stop()
            memory.forget(other.id)
            onRemembered?()
            levels[other.id] = nil
            for link in Array(incoming.values) where link.remote?.raftID == other.id {
                link.close(code: "removed", text: "`\(other.name)` is not among this cluster's coordinators any more")
            }
        }
        for other in new {
            logger.notice("a coordinator has come", metadata: ["coordinator": "\(other.name)", "raftID": "\(other.id)"])
            dial(other)
        }
    }

    /// The members to which there is a link now.
    var connected: Set<UInt64> { Set(outgoing.filter { $0.value.link != nil }.keys) }

    func stop() {
        for redialer in outgoing.values { redialer.stop() }
    }

    /// Whether a member could not prove to one that has not heard of it that it may be a coordinator.
    func lacksProof(_ voter: UInt64) -> Bool { outgoing[voter]?.link?.certificate.map { !$0.coordinates } ?? false }

    /// This coordinator's certificate says now that it may be one: links keep what they were made with, so they are made anew.
    func certified() {
        for link in outgoing.values.compactMap(\.link) + Array(incoming.values) {
            link.close(code: "certified", text: "this coordinator's certificate was renewed; dial again")
        }
    }

    /// To one that has come since what this log tells, and whose address is not known therefore, on its own link.
    func send(_ message: RaftMessage, to voter: UInt64) {
        let link = outgoing[voter]?.link ?? (outgoing[voter] == nil ? incoming.values.first { $0.remote?.raftID == voter } : nil)
        link?.send(.raft(message))
    }

    func send(_ frame: PeerFrame, to name: NodeName) {
        guard let voter = others.first(where: { $0.name == name }) else { return }
        outgoing[voter.id]?.link?.send(frame)
    }

    func broadcast(_ frame: PeerFrame) {
        for redialer in outgoing.values { redialer.link?.send(frame) }
    }

    func name(of voter: UInt64) -> NodeName? {
        voter == own.id ? own.name : others.first { $0.id == voter }?.name
    }

    /// Who is no member and may not be one, and rule 12: a voter that comes back with less than it acknowledged has lost its disk, and its votes could undo what is committed.
    /// - Parameter certificate: by which it proved its name; `nil`: the link has no TLS.
    func refusal(of hello: PeerHello, _ certificate: CertificateFacts?) -> Refusal? {
        guard hello.purpose == .raft else { return nil }
        return stranger(hello, certificate) ?? Self.forgetting(hello, memory)
    }

    /// Why it is not heard, if it is not: it is no member that the log tells of, nor one that may have come since.
    private func stranger(_ hello: PeerHello, _ certificate: CertificateFacts?) -> Refusal? {
        if others.contains(where: { $0.id == hello.raftID && $0.name == hello.node }) { return nil }
        guard hello.raftID > highestTold else {
            return Refusal(
                code: Refusal.notMember,
                text: """
                    `\(hello.node)` with raft id \(hello.raftID) is not among this cluster's coordinators; add it with `callslip coordinators add`, \
                    or, if it was removed, end it
                    """)
        }
        // To one that is being added this is no word that it is none: it asks again, and is heard once the log tells of it.
        guard !knowsLeader() else {
            return Refusal(
                text:
                    "raft id \(hello.raftID) (`\(hello.node)`) is not in this coordinator's log yet, and there is a leader who will tell of it"
            )
        }
        // One that has taken its own place has another id, and its name.
        return CoordinatorProof.refusal(of: hello.node, certificate, isKnown: others.contains { $0.name == hello.node })
    }

    private static func forgetting(_ hello: PeerHello, _ memory: VoterMemory) -> Refusal? {
        // What it lost it knows itself, and it does not vote until it has it again.
        if hello.repairingSince > 0 { return nil }
        switch memory.judge(hello.raftID, lastTerm: hello.durableTerm, lastIndex: hello.durableIndex) {
        case .welcome: return nil
        case .hasForgotten(let remembered, let claimed):
            return Refusal(
                text: """
                    `\(hello.node)` once acknowledged entry \(remembered.index) of term \(remembered.term) and now holds \(claimed.index) of term \
                    \(claimed.term): its disk was lost or restored, and it must not vote; empty its data folder, give it a new raft id and \
                    `joins: true`, and let it take its own place: callslip coordinators replace
                    """)
        }
    }

    /// Whoever dials: a voter whose log is from before the others came knows none of them to dial, and is known by its answers.
    private func note(_ hello: PeerHello) {
        levels[hello.raftID] = hello.featureLevel
        onLevel?()
        if hello.repairingSince > 0 { onRepairing?(hello.raftID, hello.repairingSince, hello.durableIndex) }
    }

    private func take(_ link: PeerLink) {
        guard let hello = link.remote, hello.raftID > 0, stranger(hello, link.certificate) == nil else {
            return link.close(code: "refused", text: "raft links are between coordinators")
        }
        let (from, certificate) = (hello.raftID, link.certificate)
        let key = ObjectIdentifier(link)
        incoming[key] = link
        note(hello)
        // One that was heard for want of a leader is not heard on when there is one.
        link.onFrame = { [self] frame in if stranger(hello, certificate) == nil { hear(frame, from: from) } }
        link.onEnd = { [self] sentence in
            incoming[key] = nil
            logger.debug("a coordinator's link ended", metadata: ["coordinator": "\(hello.node)", "why": "\(sentence)"])
            onLost?(from)
        }
    }

    private func hear(_ frame: PeerFrame, from voter: UInt64) {
        if case .raft(let message) = frame {
            if memory.heard(message, from: voter, termOfEntry: termOfEntry) { onRemembered?() }
            onMessage?(message, voter)
        } else {
            onFrame?(frame)
        }
    }
}
