/// A node's connection to the coordinators: it keeps one of them as its server and changes it when the link ends or when it
/// has known no leader for a while. What is asked over it is kept by those who ask, and asked again after each change.

import Consortium
import Coordinator
import EventLoop
import Gateway
import Logging
import Wire

@ClusterActor
final class CoordinatorClient {
    private let network: PeerNetwork
    private let book: CoordinatorBook
    private let connectLocally: (() -> any ServicePort)?
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)
    private let watchdog = Timer(on: ClusterActor.loop)
    private var port: (any ServicePort)?
    private var choice: ServerChoice
    private var stopped = false
    private(set) var server: NodeName?
    private(set) var leaderKnown = false
    private(set) var changes = 0

    var onUp: ((NodeName) -> Void)?
    var onDown: (() -> Void)?
    /// A coordinator says that LTG removed this node, with a sentence.
    var onDismissed: ((String) -> Void)?
    var onFrame: ((PeerFrame) -> Void)?

    /// - Parameter connectLocally: makes a port to the coordinator of this very process, where there is one.
    init(
        network: PeerNetwork, node: NodeName, book: CoordinatorBook, connectLocally: (() -> any ServicePort)?,
        logger: Logger
    ) {
        self.network = network
        self.book = book
        self.connectLocally = connectLocally
        self.logger = logger
        choice = ServerChoice(node: node)
    }

    func start() {
        connect()
        watchdog.start(afterMs: ServerChoice.watchMs, repeatMs: ServerChoice.watchMs) { [self] in watch() }
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
            guard let ownName else { return }
            return take(connectLocally(), from: ownName)
        }
        let coordinators = book.list
        guard !coordinators.isEmpty else { return }
        let coordinator = coordinators[choice.next(of: coordinators.count)]
        network.dial(
            coordinator.peer, purpose: .service, expecting: coordinator.name, judge: { [book] in book.refusal(of: $0.node, $1) },
            onUp: { [self] link in
                guard !stopped else { return link.close() }
                take(link, from: coordinator.name)
            },
            onEnd: { [self] sentence in
                logger.debug("no link to a coordinator", metadata: ["coordinator": "\(coordinator.name)", "why": "\(sentence)"])
                lost(sentence)
            })
    }

    /// The coordinator in this process, when `connectLocally` is given.
    var ownName: NodeName?

    private func take(_ port: any ServicePort, from server: NodeName) {
        self.port = port
        self.server = server
        leaderKnown = false
        choice.onUp(nowMs: ClusterActor.loop.nowMs)
        changes += 1
        port.onFrame = { [self] frame in receive(frame) }
        port.onEnd = { [self] sentence in lost(sentence) }
        onUp?(server)
    }

    private func receive(_ frame: PeerFrame) {
        if case .leaderKnown(let known) = frame {
            leaderKnown = known
            choice.onLeaderKnown(known, nowMs: ClusterActor.loop.nowMs)
        }
        onFrame?(frame)
    }

    private func lost(_ sentence: String) {
        let wasUp = port != nil
        // Of a coordinator alone: one that is none is refused before its link is up.
        if wasUp, let why = Refusal.removal(in: sentence) { onDismissed?(why) }
        port = nil
        server = nil
        leaderKnown = false
        let delayMs = choice.onLost()
        if wasUp { onDown?() }
        guard !stopped else { return }
        timer.start(afterMs: delayMs) { [self] in connect() }
    }

    private func watch() {
        guard connectLocally == nil, choice.shouldLeave(nowMs: ClusterActor.loop.nowMs) else { return }
        port?.close(code: "leaderless", text: "this coordinator knows no leader; trying another")
    }
}
