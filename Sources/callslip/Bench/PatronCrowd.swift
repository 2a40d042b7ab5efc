/// Many patrons of one process, each with a WebSocket of its own to one node, and a chat unless they are only there to be idle.
/// As thin as an honest client can be: acknowledgements are read in full, what the node shows beside them is only received.

import ClientProtocol
import Consortium
import EventLoop
import Web

@ClusterActor
final class PatronCrowd {
    /// Connections that are being made at once.
    private static let arrivingMax = 64
    /// A node takes so many connections and chats from one network; loopback has many networks.
    private static let perNetwork = 100
    private static let acknowledgement = Array(#"{"t":"ack""#.utf8)

    private final class Patron {
        let chat: ChatID = .new()
        let sender: SenderID = .new()
        let client = WebSocketClient(on: ClusterActor.loop)
        var isReady = false
        var sequence: UInt64 = 0
        var saidNs: UInt64 = 0
    }

    private let url: String
    private let queue: QueueName?
    private let text: String
    private var patrons: [Patron] = []
    /// Those who have nothing under way, the one that has been silent longest first.
    private var silent = Turns()
    private var ready = 0
    private var isClosed = false
    private var failure: String?

    /// Called with the time at which the message was said.
    var onAcknowledged: ((UInt64) -> Void)?
    var onFailure: ((String) -> Void)?

    /// - Parameter queue: where each opens a chat; `nil` for patrons who only say hello.
    init(at url: String, queue: QueueName?, messageBytes: Int) {
        self.url = "ws" + url.dropFirst(4) + "/ws"
        self.queue = queue
        text = String(repeating: "x", count: messageBytes)
    }

    func gather(_ count: Int) async throws {
        patrons = (0..<count).map { _ in Patron() }
        var arriving = 0
        while ready < count, failure == nil {
            while arriving < count, arriving - ready < Self.arrivingMax {
                try connect(arriving)
                arriving += 1
            }
            let before = ready
            try await Wait.until("patrons to be served", withinMs: 20_000) { [self] in ready > before || failure != nil }
        }
        if let failure { throw LocalClusterError(failure) }
    }

    /// The next patron says something. False when everybody waits for an acknowledgement.
    func say() -> Bool {
        guard let number = silent.next() else { return false }
        let patron = patrons[number]
        patron.sequence += 1
        patron.saidNs = Loop.monotonicNs()
        send(patron, .say(.init(chat: patron.chat, sender: patron.sender, sequence: patron.sequence, text: text)))
        return true
    }

    func close() {
        isClosed = true
        for patron in patrons { patron.client.abandon() }
        (onAcknowledged, onFailure) = (nil, nil)
    }

    private func connect(_ number: Int) throws {
        let patron = patrons[number]
        patron.client.onOpen = { [weak self, weak patron] _ in
            if let patron { self?.send(patron, .hello(.init(role: .patron, client: "callslip-bench/1"))) }
        }
        patron.client.onText = { [weak self] text in self?.received(text, number) }
        patron.client.onClose = { [weak self] code, reason in self?.fail("a patron's connection ended (\(code) \(reason))") }
        let address = try SocketAddress(host: "127.0.\(1 + number / Self.perNetwork).1", port: 0)
        patron.client.connect(url, subprotocol: ProtocolLimits.subprotocol, from: address)
    }

    private func send(_ patron: Patron, _ message: ClientMessage) {
        patron.client.sendText(String(decoding: message.json(), as: UTF8.self))
    }

    private func received(_ text: String, _ number: Int) {
        let patron = patrons[number]
        if patron.isReady {
            // Everything else that comes is shown to people; here only acknowledgements and refusals count.
            guard text.utf8.starts(with: Self.acknowledgement) || text.hasPrefix(#"{"t":"nack""#) || text.hasPrefix(#"{"t":"bye""#) else {
                return
            }
        }
        guard let message = try? ServerMessage(json: text.utf8) else { return fail("a node sent what is no message: \(text.prefix(200))") }
        switch message {
        case .welcome:
            guard let queue else { return settled(patron, number) }
            send(
                patron,
                .open(.init(re: .new(), chat: patron.chat, secret: .new(), attach: .new(), queue: queue, referralAgreed: true)))
        case .ok: settled(patron, number)
        case .ack(let ack):
            guard ack.sequence == patron.sequence, ack.sender == patron.sender else { return }
            silent.append(number)
            onAcknowledged?(patron.saidNs)
        case .refused(let refused): fail("a chat was not opened: \(refused.code.rawValue): \(refused.text)")
        case .nack(let nack): fail("a message was refused: \(nack.code.rawValue): \(nack.text)")
        case .bye(let code, let text, _): fail("a node ended a connection: \(code.rawValue): \(text)")
        default: break
        }
    }

    private func settled(_ patron: Patron, _ number: Int) {
        guard !patron.isReady else { return }
        patron.isReady = true
        ready += 1
        silent.append(number)
    }

    private func fail(_ sentence: String) {
        guard !isClosed else { return }
        failure = failure ?? sentence
        onFailure?(sentence)
    }
}
