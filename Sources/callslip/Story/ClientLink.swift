/// A client's connection to the service: says hello, comes back after an end, and repeats what was not answered.
/// What is said over it is its owner's.

import ClientProtocol
import Consortium
import EventLoop
import Web

struct ClientRefusal: Error, CustomStringConvertible {
    let request: String
    let code: String
    let text: String
    var description: String { "\(request) was refused (\(code)): \(text)" }
}

@ClusterActor
final class ClientLink {
    private struct Pending {
        let message: ClientMessage
        let order: UInt64
        let answer: CheckedContinuation<Result<ServerMessage.OK, ClientRefusal>, Never>
    }

    private let hello: ClientMessage
    /// Whether other nodes than the first serve as well; an operator's session lives at one node.
    private let roams: Bool
    private(set) var nodes: [String]
    private var index = 0
    private var attempt = 0
    private var client: WebSocketClient?
    private var pending: [RequestID: Pending] = [:]
    private var order: UInt64 = 0
    private let retry = Timer(on: ClusterActor.loop)
    private var isClosed = false
    private var bye: (code: ByeCode, retryMs: UInt64?)?

    private(set) var isWelcome = false
    /// The node that serves now, or did last.
    private(set) var node: NodeName?
    private(set) var welcomes = 0
    /// Why it will not come back.
    private(set) var ended: String?

    var onWelcome: (() -> Void)?
    var onMessage: ((ServerMessage) -> Void)?
    var onEnded: ((String) -> Void)?

    init(nodes: [String], hello: ClientMessage.Hello, roams: Bool) {
        self.nodes = nodes
        self.hello = .hello(hello)
        self.roams = roams
    }

    func start() { connect() }

    /// Ends it for good; whoever waits for an answer gets a refusal.
    func close(_ why: String = "closed here") {
        guard !isClosed else { return }
        isClosed = true
        ended = why
        retry.close()
        client?.close()
        for request in pending.values { request.answer.resume(returning: .failure(.init(request: "a request", code: "ended", text: why))) }
        pending = [:]
        onEnded?(why)
        (onWelcome, onMessage, onEnded) = (nil, nil, nil)
    }

    func send(_ message: ClientMessage) {
        client?.sendText(String(decoding: message.json(), as: UTF8.self))
    }

    /// Asks until there is an answer, over as many connections as it takes.
    func request(_ message: ClientMessage) async throws(ClientRefusal) -> ServerMessage.OK {
        guard let re = message.re, !isClosed else { throw .init(request: "a request", code: "ended", text: ended ?? "not a request") }
        let result = await withCheckedContinuation { continuation in
            order += 1
            pending[re] = Pending(message: message, order: order, answer: continuation)
            if isWelcome { send(message) }
        }
        return try result.get()
    }

    /// Sends what waits for an answer (again). The owner calls it when the node knows it: after `welcome`, or after `resume`.
    func repeatRequests() {
        for request in pending.values.sorted(by: { $0.order < $1.order }) { send(request.message) }
    }

    /// Does something a little later, unless the link was closed meanwhile.
    func later(ms: UInt64, _ body: @escaping @ClusterActor () -> Void) {
        Task {
            await Wait.pause(ms: ms)
            if !isClosed { body() }
        }
    }

    private func connect() {
        let client = WebSocketClient(on: ClusterActor.loop)
        self.client = client
        bye = nil
        client.onOpen = { [unowned self] _ in send(hello) }
        client.onText = { [unowned self] text in received(text) }
        client.onClose = { [self] _, reason in lost(client, reason) }
        let address = nodes[index % nodes.count]
        let isSecure = address.hasPrefix("https://")
        let secure: HTTPClient.Secure?
        do { secure = try NodeClient.secure(for: address) } catch { return close("\(error)") }
        let rest = address.dropFirst(isSecure ? 8 : 7)
        client.connect(
            (isSecure ? "wss://" : "ws://") + rest + "/ws", subprotocol: ProtocolLimits.subprotocol, timeoutMs: 3_000,
            secure: secure)
    }

    private func lost(_ client: WebSocketClient, _ reason: String) {
        guard client === self.client else { return }
        isWelcome = false
        self.client = nil
        guard !isClosed else { return }
        if let bye, bye.retryMs == nil { return close("the node ended it: \(bye.code)") }
        index += 1
        let window = min(ProtocolLimits.reconnectMsMax, ProtocolLimits.reconnectBaseMs << UInt64(min(attempt, 5)))
        attempt += 1
        retry.start(afterMs: (bye?.retryMs ?? 0) + UInt64.random(in: 0...window)) { [unowned self] in connect() }
    }

    private func received(_ text: String) {
        // A kind that this version does not know is ignored, as the protocol asks.
        let message: ServerMessage
        do throws(ProtocolError) {
            message = try ServerMessage(json: text.utf8)
        } catch {
            if case .unknownKind = error { return }
            return close("the node sent what is no message of the protocol: \(error.sentence) \(text.prefix(200))")
        }
        switch message {
        case .welcome(let welcome): self.welcome(welcome)
        case .bye(let code, _, let retryMs): bye = (code, retryMs)
        case .ok(let ok):
            if let request = pending.removeValue(forKey: ok.re) {
                request.answer.resume(returning: .success(ok))
            } else {
                onMessage?(message)
            }
        case .refused(let refused): answer(refused, message)
        default: onMessage?(message)
        }
    }

    private func welcome(_ welcome: ServerMessage.Welcome) {
        isWelcome = true
        attempt = 0
        welcomes += 1
        node = welcome.node
        if roams {
            let current = nodes[index % nodes.count]
            for other in welcome.nodes where !nodes.contains(other) { nodes.append(other) }
            index = nodes.firstIndex(of: current) ?? 0
        }
        onWelcome?()
    }

    private func answer(_ refused: ServerMessage.Refused, _ message: ServerMessage) {
        guard let re = refused.re, let request = pending[re] else {
            onMessage?(message)
            return
        }
        if refused.code == .busy {
            return later(ms: refused.retryMs ?? 500) { [self] in
                if isWelcome, let request = pending[re] { send(request.message) }
            }
        }
        pending[re] = nil
        request.answer.resume(returning: .failure(.init(request: "\(request.message)", code: refused.code.rawValue, text: refused.text)))
    }
}

extension Identifier {
    /// A new one, from the system's cryptographic generator.
    static func new() -> Self {
        var generator = SystemRandomNumberGenerator()
        return Self(using: &generator)
    }
}
