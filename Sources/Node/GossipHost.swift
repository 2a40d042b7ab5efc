/// Gossip on the loop: datagrams sealed with the keyring over UDP, whole states over a peer link of its own.

import CoreMetrics
import EventLoop
import Gossip
import Logging
import Sodium
import Wire

@ClusterActor
final class GossipHost {
    static let exchangeMsMax: UInt64 = 3_000
    private static let datagramContext = Array("callslip gossip datagram".utf8)
    private static let exchangeContext = Array("callslip gossip exchange".utf8)

    private(set) var core: GossipCore
    private let keys: KeysHost
    private var seeds: [String] = []
    private let network: PeerNetwork
    private let logger: Logger
    private let socket = UDPSocket(on: ClusterActor.loop)
    private let timer = EventLoop.Timer(on: ClusterActor.loop)
    private var exchanges: [ObjectIdentifier: PeerLink] = [:]
    /// Datagrams that could not be read: of another key, cluster or version, or damaged. Counted, never answered.
    private(set) var refusedDatagrams = 0
    var onChange: (() -> Void)?
    /// A member came, went, or says something else of itself.
    var onMember: (() -> Void)?

    init(me: Member, keys: KeysHost, network: PeerNetwork, logger: Logger) throws {
        core = try GossipCore(
            me: me, configuration: .lan, seed: try Randomness.uint64(), nowMs: Int64(ClusterActor.loop.nowMs))
        self.keys = keys
        self.network = network
        self.logger = logger
    }

    func start(listen: SocketAddress, seeds: [String]) throws {
        try socket.bind(listen)
        socket.onDatagram = { [self] bytes, source in receive([UInt8](bytes), from: "\(source)") }
        network.receive(.gossip) { [self] link in serve(link) }
        self.seeds = seeds
        perform(core.onTick(nowMs: nowMs))
        perform(try core.join(seeds: seeds, nowMs: nowMs))
    }

    /// This node's keys are others: whoever did not open what it sent may do so now.
    func joinAgain() {
        do { perform(try core.join(seeds: seeds, nowMs: nowMs)) } catch {
            logger.warning("gossip was not joined again", metadata: ["why": "\(error)"])
        }
    }

    /// Signs off and lets the word spread a little.
    func leave() { perform(core.leave(nowMs: nowMs)) }

    func close() {
        timer.close()
        socket.close()
        for link in Array(exchanges.values) { link.close() }
    }

    func publish(_ queue: String, session: UInt64, _ availability: Availability) {
        do {
            perform(try core.publish(queue: queue, session: session, availability, nowMs: nowMs))
        } catch {
            logger.warning("an availability record was not published", metadata: ["queue": "\(queue)", "why": "\(error)"])
        }
    }

    func withdraw(_ queue: String) { perform(core.withdraw(queue: queue, nowMs: nowMs)) }

    func hint(_ hint: CoordinatorHint?) {
        guard core.me.coordinatorHint != hint else { return }
        do {
            perform(try core.updateMe(nowMs: nowMs) { $0.coordinatorHint = hint })
        } catch {
            logger.warning("the coordinator hint was not published", metadata: ["why": "\(error)"])
        }
    }

    /// Who is heard no more.
    func exclude(_ names: Set<String>) { perform(core.exclude(names, nowMs: nowMs)) }

    /// What this node uses, so that others see whether they use the same.
    func settings(_ digest: [UInt8]) {
        guard core.me.settingsDigest != digest else { return }
        do {
            perform(try core.updateMe(nowMs: nowMs) { $0.settingsDigest = digest })
        } catch {
            logger.warning("which settings are in use was not published", metadata: ["why": "\(error)"])
        }
    }

    /// Whether this node mails staff, so that another one does where it does not.
    func mails(_ isSo: Bool) {
        guard core.me.roles.contains(.mail) != isSo else { return }
        do {
            perform(
                try core.updateMe(nowMs: nowMs) {
                    if isSo { $0.roles.insert(.mail) } else { $0.roles.remove(.mail) }
                })
        } catch {
            logger.warning("whether this node mails staff was not published", metadata: ["why": "\(error)"])
        }
    }

    var members: [MemberView] { core.members(nowMs: nowMs) }

    func freshest(_ queue: String) -> RecordView? { core.freshest(queue: queue, nowMs: nowMs) }

    private var nowMs: Int64 { Int64(ClusterActor.loop.nowMs) }

    private func perform(_ directives: [GossipDirective]) {
        var changed = false
        var memberChanged = false
        for directive in directives {
            switch directive {
            case .send(let message, let address): send(message, to: address)
            case .pushPull(let address, let state): exchange(state, with: address)
            case .scheduleNextTick(let delayMs):
                timer.start(afterMs: UInt64(max(0, delayMs))) { [self] in perform(core.onTick(nowMs: nowMs)) }
            case .memberChanged(let member, let previous):
                changed = true
                memberChanged = true
                if member.state != previous {
                    logger.info(
                        "a member changed", metadata: ["member": "\(member.name)", "state": "\(member.state)", "boot": "\(member.bootID)"])
                }
            case .recordChanged: changed = true
            }
        }
        if memberChanged { onMember?() }
        if changed { onChange?() }
    }

    private func send(_ message: GossipMessage, to text: String) {
        guard let address = SocketAddress(text) else { return }
        do {
            // A datagram that is not sent is a datagram that was lost: the protocol lives with both.
            _ = socket.send(try keys.ring.seal(message.wireBytes(), context: Self.datagramContext), to: address)
        } catch {
            logger.error("a gossip datagram was not sealed", metadata: ["why": "\(error)"])
        }
    }

    private func receive(_ packet: [UInt8], from source: String) {
        do {
            let message = try GossipMessage(wire: try keys.ring.open(packet, context: Self.datagramContext))
            perform(core.onMessage(message, from: source, nowMs: nowMs))
        } catch {
            refusedDatagrams += 1
            Counter(label: "callslip_gossip_datagrams_refused").increment()
            if refusedDatagrams.nonzeroBitCount == 1 {
                logger.warning(
                    "gossip datagrams were refused", metadata: ["count": "\(refusedDatagrams)", "from": "\(source)", "why": "\(error)"])
            }
        }
    }

    // MARK: Whole states

    private func exchange(_ state: PushPullState, with text: String) {
        guard let address = SocketAddress(text), let sealed = seal(state) else {
            return perform(core.onPushPullTimeout(with: text, nowMs: nowMs))
        }
        network.dial(
            address, purpose: .gossip,
            onUp: { [self] link in
                let deadline = hold(link)
                link.onFrame = { [self] frame in
                    guard case .pushPull(let answer) = frame else { return }
                    if let state = open(answer) {
                        perform(core.onPushPullReply(state, from: text, nowMs: nowMs))
                    } else {
                        perform(core.onPushPullTimeout(with: text, nowMs: nowMs))
                    }
                    deadline.close()
                    release(link)
                }
                link.send(.pushPull(sealed))
            },
            onEnd: { [self] _ in perform(core.onPushPullTimeout(with: text, nowMs: nowMs)) })
    }

    /// `nil`, and a line in the log, when the keyring does not take it.
    private func seal(_ state: PushPullState) -> [UInt8]? {
        do {
            return try keys.ring.seal(state.wireBytes(), context: Self.exchangeContext)
        } catch {
            logger.error("a whole state for gossip was not sent, as it cannot be sealed", metadata: ["why": "\(error)"])
            return nil
        }
    }

    private func serve(_ link: PeerLink) {
        let deadline = hold(link)
        link.onFrame = { [self, weak link] frame in
            guard let link, case .pushPull(let request) = frame, let hello = link.remote else { return }
            guard let state = open(request) else {
                return link.close(code: "badGossip", text: "expected a state sealed with this cluster's keyring")
            }
            let (reply, directives) = core.onPushPullRequest(state, from: hello.node.text, nowMs: nowMs)
            perform(directives)
            guard let sealed = seal(reply) else {
                return link.close(code: "noGossip", text: "this node's state cannot be sealed; see its log")
            }
            link.send(.pushPull(sealed))
        }
        link.onEnd = { [self, weak link] _ in
            deadline.close()
            if let link { exchanges[ObjectIdentifier(link)] = nil }
        }
    }

    /// Keeps the link for one exchange, and ends it when that takes too long.
    private func hold(_ link: PeerLink) -> EventLoop.Timer {
        exchanges[ObjectIdentifier(link)] = link
        let deadline = EventLoop.Timer(on: ClusterActor.loop)
        deadline.start(afterMs: Self.exchangeMsMax) { [self, weak link] in
            deadline.close()
            if let link { release(link) }
        }
        return deadline
    }

    private func release(_ link: PeerLink) {
        exchanges[ObjectIdentifier(link)] = nil
        link.close()
    }

    private func open(_ sealed: [UInt8]) -> PushPullState? {
        do {
            return try PushPullState(wire: try keys.ring.open(sealed, context: Self.exchangeContext))
        } catch {
            logger.warning("a gossip exchange was refused", metadata: ["why": "\(error)"])
            return nil
        }
    }
}
