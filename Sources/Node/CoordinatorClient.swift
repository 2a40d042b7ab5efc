/// A node's connection to the coordinators: it keeps one of them as its server and changes it when the link ends or when it
/// has known no leader for a while. What is asked over it is kept by those who ask, and asked again after each change.

import Consortium
import Coordinator
import EventLoop
import Logging
import Wire

@ClusterActor
final class CoordinatorClient {
    /// A server that knows no leader for this long may sit in a minority: another one is tried.
    static let leaderlessMsMax: UInt64 = 2_000
    static let redialMs: UInt64 = 100
    static let redialMsMax: UInt64 = 1_000

    private let network: PeerNetwork
    private let coordinators: [NodeConfiguration.Coordinator]
    private let connectLocally: (() -> any ServicePort)?
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)
    private let watchdog = Timer(on: ClusterActor.loop)
    private var port: (any ServicePort)?
    private var next: Int
    private var delayMs = CoordinatorClient.redialMs
    private var leaderlessSinceMs: UInt64?
    private var stopped = false
    private(set) var server: NodeName?
    private(set) var leaderKnown = false
    private(set) var changes = 0

    var onUp: ((NodeName) -> Void)?
    var onDown: (() -> Void)?
    var onFrame: ((PeerFrame) -> Void)?

    /// - Parameter connectLocally: makes a port to the coordinator of this very process, where there is one.
    init(
        network: PeerNetwork, node: NodeName, coordinators: [NodeConfiguration.Coordinator], connectLocally: (() -> any ServicePort)?,
        logger: Logger
    ) {
        self.network = network
        self.coordinators = coordinators
        self.connectLocally = connectLocally
        self.logger = logger
        // Nodes begin at different coordinators, so that the load and a loss are spread.
        next = node.text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff }
    }

    func start() {
        connect()
        watchdog.start(afterMs: 500, repeatMs: 500) { [self] in watch() }
    }

    func stop() {
        stopped = true
        timer.close()
        watchdog.close()
        port?.close(code: "shutdown", text: "this node stops")
        port = nil
    }

    func send(_ frame: PeerFrame) { port?.send(frame) }

    private func connect() {
        guard !stopped else { return }
        if let connectLocally {
            // In a single process the own coordinator is as good as any, and there when the others are not.
            guard let own = coordinators.first(where: { $0.name == ownName }) else { return }
            return take(connectLocally(), from: own.name)
        }
        let coordinator = coordinators[next % coordinators.count]
        next += 1
        network.dial(
            coordinator.peer, purpose: .service, expecting: coordinator.name,
            onUp: { [self] link in
                guard !stopped else { return link.close() }
                take(link, from: coordinator.name)
            },
            onEnd: { [self] sentence in
                logger.debug("no link to a coordinator", metadata: ["coordinator": "\(coordinator.name)", "why": "\(sentence)"])
                lost()
            })
    }

    /// The coordinator in this process, when `connectLocally` is given.
    var ownName: NodeName?

    private func take(_ port: any ServicePort, from server: NodeName) {
        self.port = port
        self.server = server
        delayMs = Self.redialMs
        leaderKnown = false
        leaderlessSinceMs = ClusterActor.loop.nowMs
        changes += 1
        port.onFrame = { [self] frame in receive(frame) }
        port.onEnd = { [self] _ in lost() }
        onUp?(server)
    }

    private func receive(_ frame: PeerFrame) {
        if case .leaderKnown(let known) = frame {
            leaderKnown = known
            leaderlessSinceMs = known ? nil : leaderlessSinceMs ?? ClusterActor.loop.nowMs
        }
        onFrame?(frame)
    }

    private func lost() {
        let wasUp = port != nil
        port = nil
        server = nil
        leaderKnown = false
        leaderlessSinceMs = nil
        if wasUp { onDown?() }
        guard !stopped else { return }
        // The first attempt elsewhere follows at once: a lost coordinator must not be felt.
        timer.start(afterMs: wasUp ? 1 : delayMs) { [self] in connect() }
        if !wasUp { delayMs = min(delayMs * 2, Self.redialMsMax) }
    }

    private func watch() {
        guard connectLocally == nil, coordinators.count > 1, let since = leaderlessSinceMs, port != nil else { return }
        if ClusterActor.loop.nowMs > since + Self.leaderlessMsMax {
            port?.close(code: "leaderless", text: "this coordinator knows no leader; trying another")
        }
    }
}
