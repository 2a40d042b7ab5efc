/// A node's peer links: it listens for them, sorts them by purpose, and dials others.

import Consortium
import EventLoop
import Logging
import TLS
import Wire

@ClusterActor
final class PeerNetwork {
    /// Incoming links, of all purposes; a consortium has at most some hundred nodes.
    static let incomingMax = 1_024

    private let cluster: [UInt8]
    private let node: NodeName
    private let boot: UInt64
    private let logger: Logger
    private let listener = TCPListener(on: ClusterActor.loop)
    /// Nil at a node without `tls` in its file.
    private let tls: PeerTLS?
    private(set) var door: PeerDoor?
    private let misfits: Misfits
    private var incoming: [ObjectIdentifier: PeerLink] = [:]
    /// Links that this node made, while they are up.
    private var outgoing: [ObjectIdentifier: PeerLink] = [:]
    private(set) var removed = RemovedPeers()
    private var receivers: [LinkPurpose: (PeerLink) -> Void] = [:]
    private var closed = false
    /// What a voter says of itself in its hello: its raft id, what it holds durably, and since which term it repairs itself. Zeros for all others.
    struct VoterClaim {
        var id: UInt64 = 0
        var term: UInt64 = 0
        var index: UInt64 = 0
        var repairingSince: UInt64 = 0
    }
    var claim: () -> VoterClaim = { VoterClaim() }
    /// Whether a node of the consortium is at that address, as far as is known; asked before anything is known of who is there.
    var knows: (_ host: String) -> Bool = { _ in false }
    /// Says why a peer's hello is refused, if it is; with the certificate that proves its name, where there is TLS.
    var refuse: (PeerHello, CertificateFacts?) -> Refusal? = { _, _ in nil }

    init(cluster: [UInt8], node: NodeName, boot: UInt64, tls: PeerTLS? = nil, logger: Logger) {
        self.tls = tls
        misfits = Misfits(logger: logger)
        self.cluster = cluster
        self.node = node
        self.boot = boot
        self.logger = logger
    }

    func receive(_ purpose: LinkPurpose, _ receiver: @escaping (PeerLink) -> Void) { receivers[purpose] = receiver }

    func listen(_ address: SocketAddress) throws(LoopError) {
        if let tls {
            tls.start()
            door = PeerDoor(
                tls: tls, misfits: misfits, knows: { [self] host in knows(host) },
                welcome: { [self] stream, onEnd in welcome(stream, onEnd: onEnd) })
        }
        try listener.listen(host: address.host, port: address.port) { [self] stream in accept(stream) }
    }

    /// Dials once; expects a node of that name there, a coordinator to have that raft id, and that `judge` finds nothing against its hello. `onUp` follows the hellos; otherwise `onEnd` of the link, or the failure, with a sentence.
    func dial(
        _ address: SocketAddress, purpose: LinkPurpose, expecting name: NodeName? = nil, raftID: UInt64? = nil,
        judge: @escaping (PeerHello, CertificateFacts?) -> Refusal? = { _, _ in nil },
        onUp: @escaping (PeerLink) -> Void,
        onEnd: @escaping (String) -> Void
    ) {
        dial(
            Call(address: address, purpose: purpose, name: name, raftID: raftID, judge: judge, onUp: onUp, onEnd: onEnd),
            isPlain: tls == nil)
    }

    private struct Call {
        let address: SocketAddress
        let purpose: LinkPurpose
        let name: NodeName?
        let raftID: UInt64?
        let judge: (PeerHello, CertificateFacts?) -> Refusal?
        let onUp: (PeerLink) -> Void
        let onEnd: (String) -> Void

        func refusal(of other: PeerHello) -> Refusal? {
            if let name, other.node != name {
                return Refusal(text: "expected the node `\(name)` at \(address), found `\(other.node)`")
            }
            if let raftID, other.raftID != raftID {
                return Refusal(text: "expected the coordinator with raft id \(raftID) at \(address), found \(other.raftID)")
            }
            return nil
        }
    }

    private func dial(_ call: Call, isPlain: Bool) {
        let hello = hello(call.purpose)
        let refuse = self.refuse
        TCPStream.connect(on: ClusterActor.loop, host: call.address.host, port: call.address.port, timeoutMs: 1_000) { [self] result in
            guard !closed else {
                if case .success(let stream) = result { stream.close() }
                return
            }
            switch result {
            case .failure(let error): call.onEnd("\(error)")
            case .success(let tcp):
                let stream: any ByteStream
                do {
                    stream = isPlain ? tcp : try secured(tcp, .client)
                } catch {
                    tcp.close()
                    return call.onEnd("\(error)")
                }
                let link = PeerLink(stream: stream, own: hello) { [self] in
                    call.refusal(of: $0) ?? removed.refusal(of: $0.node, key: $1?.key) ?? refuse($0, $1) ?? call.judge($0, $1)
                }
                link.onUp = { [self, weak link] in
                    guard let link else { return }
                    let key = ObjectIdentifier(link)
                    outgoing[key] = link
                    link.onGone = { [self] in outgoing[key] = nil }
                    call.onUp(link)
                }
                link.onEnd = { [self, weak link] sentence in
                    if let link, link.speaksPlainly, tls?.plainToo == true, !closed { return dial(call, isPlain: true) }
                    if let link, link.isMisfit { misfits.tell("\(call.address)", sentence) }
                    call.onEnd(sentence)
                }
            }
        }
    }

    private func secured(_ stream: TCPStream, _ role: TLSEngine.Role) throws(TLSError) -> TLSStream {
        guard let tls else { throw .notOpen }
        return try TLSStream(over: stream, on: ClusterActor.loop, tls.context, role)
    }

    func close() {
        closed = true
        listener.close()
        door?.close()
        tls?.stop()
        for link in Array(incoming.values) { link.close() }
    }

    /// Links whose other side has said who it is.
    var linksUp: Int { outgoing.count + incoming.values.count { $0.remote != nil } }

    /// LTG removed nodes, or took some back: their links end at once, and no new one comes about.
    func update(_ removed: RemovedPeers) {
        guard removed != self.removed else { return }
        self.removed = removed
        for link in Array(incoming.values) + Array(outgoing.values) {
            guard let node = link.remote?.node, let refusal = removed.refusal(of: node, key: link.certificate?.key) else { continue }
            logger.notice("the link of a removed node is ended", metadata: ["peer": "\(node)"])
            link.close(code: refusal.code, text: refusal.text)
        }
    }

    /// For how many days this node's certificate is still valid, below 0 when it has ended; nil without TLS.
    var certificateDaysLeft: Int? { tls.map { Int($0.secondsLeft / 86_400) - ($0.secondsLeft < 0 ? 1 : 0) } }

    private func hello(_ purpose: LinkPurpose) -> PeerHello {
        let voter = claim()
        return PeerHello(
            cluster: cluster, node: node, boot: boot, purpose: purpose, raftID: voter.id, featureLevel: FeatureLevel.supported,
            durableTerm: voter.term,
            durableIndex: voter.index,
            repairingSince: voter.repairingSince)
    }

    private func accept(_ stream: TCPStream) {
        guard !closed, incoming.count < Self.incomingMax else { return stream.close() }
        if let door {
            door.take(stream)
        } else {
            _ = welcome(stream)
        }
    }

    /// - Parameter onEnd: called when the link ends before both sides have said hello.
    private func welcome(_ stream: any ByteStream, onEnd: @escaping () -> Void = {}) -> PeerLink {
        let refuse = self.refuse
        let from = stream.remoteAddress?.host ?? "a peer that is gone"
        // The answer's purpose is the dialler's; ours in the hello only names the node.
        let link = PeerLink(stream: stream, own: hello(.service)) { [self] in removed.refusal(of: $0.node, key: $1?.key) ?? refuse($0, $1) }
        let key = ObjectIdentifier(link)
        incoming[key] = link
        link.onEnd = { [self, weak link] sentence in
            incoming[key] = nil
            onEnd()
            if let link, link.isMisfit { misfits.tell(from, sentence) }
            logger.debug("an incoming peer link ended before its hello", metadata: ["why": "\(sentence)"])
        }
        link.onUp = { [self, weak link] in
            guard let link, let hello = link.remote else { return }
            guard let receiver = receivers[hello.purpose] else {
                return link.close(code: "refused", text: "this node serves no links of purpose \(hello.purpose)")
            }
            receiver(link)
            // The receiver's own end handler runs too; this table must forget the link in any case.
            let theirs = link.onEnd
            link.onEnd = { [self] sentence in
                incoming[key] = nil
                theirs?(sentence)
            }
        }
        return link
    }
}

/// Keeps one link to a peer up: dials, and dials again after a bounded, growing delay.
@ClusterActor
final class Redialer {
    static let firstDelayMs: UInt64 = 50
    static let delayMsMax: UInt64 = 1_000

    private let network: PeerNetwork
    private let address: SocketAddress
    private let purpose: LinkPurpose
    private let expecting: NodeName?
    private let raftID: UInt64?
    private let timer = Timer(on: ClusterActor.loop)
    private var delayMs = Redialer.firstDelayMs
    private(set) var link: PeerLink?
    private var upAtMs: UInt64 = 0
    private var stopped = false
    var onUp: ((PeerLink) -> Void)?
    var onDown: ((String) -> Void)?
    /// Asked when it dials, for what is then to be said against the other's hello.
    var judge: () -> (PeerHello, CertificateFacts?) -> Refusal? = { { _, _ in nil } }

    init(network: PeerNetwork, address: SocketAddress, purpose: LinkPurpose, expecting: NodeName?, raftID: UInt64? = nil) {
        self.network = network
        self.address = address
        self.purpose = purpose
        self.expecting = expecting
        self.raftID = raftID
    }

    func start() { dial() }

    func stop() {
        stopped = true
        timer.close()
        link?.close()
        link = nil
    }

    private func dial() {
        guard !stopped else { return }
        network.dial(
            address, purpose: purpose, expecting: expecting, raftID: raftID, judge: judge(),
            onUp: { [self] link in
                guard !stopped else { return link.close() }
                upAtMs = ClusterActor.loop.nowMs
                self.link = link
                onUp?(link)
            },
            onEnd: { [self] sentence in
                let wasUp = link != nil
                link = nil
                // One that is refused as soon as it is made must not be made without a pause.
                if wasUp, ClusterActor.loop.nowMs - upAtMs > Self.delayMsMax { delayMs = Self.firstDelayMs }
                if wasUp { onDown?(sentence) }
                guard !stopped else { return }
                timer.start(afterMs: delayMs) { [self] in dial() }
                delayMs = min(delayMs * 2, Self.delayMsMax)
            })
    }
}
