import ClientProtocol
import Consortium
import Gossip
import Seeded

/// The transport of a modelled client, as `shared/connection.js` has it: one connection at a time, back by itself, requests repeated until
/// they are answered.
class Client {
    unowned(unsafe) let cluster: Cluster
    /// For the trace; machines come first.
    let index: Int
    let name: String
    var random: SeededGenerator
    private(set) var line: Line?
    private(set) var isWelcome = false
    /// The device has a network.
    private(set) var isOnline = true
    /// It has connected, or tried to.
    private(set) var hasCome = false
    /// It will not come back.
    private(set) var isOver = false
    /// Machines, in the order in which they are tried.
    var nodes: [Machine]
    private var turn = 0
    private var attempt = 0
    private var heardMs: UInt64 = 0
    /// When it last said something, if only hello.
    private(set) var lastSentMs: UInt64 = 0
    /// When a node last had something from it: later than that when the device, or the node, was away.
    var reachedMs: UInt64 = 0
    private var bye: (code: ByeCode, retryMs: UInt64?)?
    private var isWatching = false

    private struct Pending {
        var message: ClientMessage
        var order: UInt64
        var invokedMs: UInt64
        /// The connection on which it was first asked.
        var line: Line?
        var answer: (Answer) -> Void
    }
    enum Answer {
        case ok(ServerMessage.OK)
        case refused(ServerMessage.Refused)
    }
    /// A connection that was begun before one of these is given up: it would say hello as who the client no longer is.
    private var hangUps = 0
    private var pending: [RequestID: Pending] = [:]
    private var lastOrder: UInt64 = 0

    init(_ cluster: Cluster, index: Int, name: String, nodes: [Machine], seed: UInt64) {
        self.cluster = cluster
        self.index = index
        self.name = name
        self.nodes = nodes
        random = SeededGenerator(seed: seed)
    }

    func delay() -> UInt64 { UInt64.random(in: 1...20, using: &random) }
    func say(_ sentence: @autoclosure () -> String) { cluster.trace.say(cluster.nowMs, name, sentence()) }
    func after(_ ms: UInt64, _ body: @escaping () -> Void) {
        cluster.after(ms, .person, index) { [self] in if !isOver { body() } }
    }

    // MARK: For the kinds of clients

    func hello() -> ClientMessage? { nil }
    func welcomed(_ welcome: ServerMessage.Welcome) {}
    func take(_ message: ServerMessage) {}
    /// The node ended the connection and asks not to come back.
    func dismissed(_ code: ByeCode) {}

    // MARK: Connection

    func connect() {
        guard !isOver, isOnline, line == nil, let hello = hello() else { return }
        hasCome = true
        let machine = nodes[turn % nodes.count]
        turn += 1
        bye = nil
        let dialled = hangUps
        cluster.after(delay() + 1, .line, machine.index) { [self] in
            guard !isOver, isOnline, line == nil, hangUps == dialled else { return }
            guard machine.isUp else { return after(delay()) { [self] in retry() } }
            // A frozen node's system accepts, and nobody answers.
            guard machine.pausedSinceMs == nil else { return after(8_000) { [self] in retry() } }
            machine.receive(life: machine.life) { [self] in line = Line(self, to: machine) }
            guard let line else { return after(delay()) { [self] in retry() } }
            heardMs = cluster.nowMs
            lastSentMs = cluster.nowMs
            line.send(hello)
            watch(line)
        }
    }

    private func retry() {
        guard line == nil, !isOver, isOnline else { return }
        let window = min(ProtocolLimits.reconnectMsMax, ProtocolLimits.reconnectBaseMs << UInt64(min(attempt, 5)))
        attempt += 1
        after((bye?.retryMs ?? 0) + UInt64.random(in: 0...window, using: &random)) { [self] in connect() }
    }

    func lost(_ gone: Line) {
        guard line === gone else { return }
        line = nil
        isWelcome = false
        if let bye, bye.retryMs == nil { return dismissed(bye.code) }
        retry()
    }

    /// Closes the connection; it does not come back by itself.
    func hangUp() {
        hangUps += 1
        line?.close()
        line = nil
        isWelcome = false
    }

    /// Closes the connection, and connects anew a moment later.
    func reconnect() {
        hangUp()
        retry()
    }

    func end() {
        guard !isOver else { return }
        hangUp()
        isOver = true
        pending = [:]
    }

    func setOnline(_ online: Bool) {
        guard isOnline != online else { return }
        isOnline = online
        guard online, !isOver else { return }
        if let line { line.onOnline() } else { retry() }
    }

    /// Somebody who waits for an answer notices silence: 6 s, and 4 s more for a probe.
    private func watch(_ watched: Line) {
        guard !isWatching else { return }
        isWatching = true
        after(10_000) { [self] in
            isWatching = false
            guard let line, isOnline else { return }
            if cluster.nowMs - heardMs >= 10_000, line === watched, owesAnswer {
                hangUp()
                retry()
            } else if owesAnswer {
                watch(line)
            }
        }
    }

    /// Whether something that was sent waits for its answer.
    var owesAnswer: Bool { !isWelcome || !pending.isEmpty }

    func send(_ message: ClientMessage) {
        guard let line else { return }
        lastSentMs = cluster.nowMs
        line.send(message)
        switch message {
        case .active, .typing: break
        default: watch(line)
        }
    }

    func received(_ message: ServerMessage) {
        heardMs = cluster.nowMs
        switch message {
        case .welcome(let welcome):
            isWelcome = true
            attempt = 0
            let here = nodes[(turn + nodes.count - 1) % nodes.count]
            nodes = [here] + nodes.filter { $0 !== here }
            turn = 0
            welcomed(welcome)
        case .bye(let code, _, let retryMs):
            bye = (code, retryMs)
            // As the pages do: the next node is asked first.
            if code == .apart || code == .full { turn = 1 }
        case .ok(let ok):
            if let request = pending.removeValue(forKey: ok.re) { request.answer(.ok(ok)) } else { take(message) }
        case .refused(let refused):
            guard let re = refused.re, let request = pending[re] else { return take(message) }
            if refused.code == .busy {
                return after((refused.retryMs ?? 500) + UInt64.random(in: 0...500, using: &random)) { [self] in
                    if isWelcome, let request = pending[re] { send(request.message) }
                }
            }
            pending[re] = nil
            request.answer(.refused(refused))
        default: take(message)
        }
    }

    // MARK: Requests

    /// Asks until there is an answer, over as many connections as it takes. `answer` comes once, or never when the client ends first.
    func request(_ message: ClientMessage, answer: @escaping (Answer) -> Void) {
        guard let re = message.re, !isOver else { return }
        lastOrder += 1
        pending[re] = Pending(
            message: message, order: lastOrder, invokedMs: cluster.nowMs, line: mayAsk ? line : nil, answer: answer)
        if mayAsk { send(message) }
    }

    /// Whether requests may go out now; a patron's wait until the chat is taken up.
    var mayAsk: Bool { isWelcome }

    func repeatRequests() {
        for request in pending.values.sorted(by: { $0.order < $1.order }) { send(request.message) }
    }

    var hasPending: Bool { !pending.isEmpty }
    /// The oldest request without an answer.
    var oldestRequest: (message: ClientMessage, invokedMs: UInt64)? {
        pending.values.min { $0.order < $1.order }.map { ($0.message, $0.invokedMs) }
    }
    func forgetRequests() { pending = [:] }
    /// The oldest request without an answer that was asked since then, on the connection that is there now; talk among colleagues is none.
    func oldestRequest(sinceMs: UInt64) -> (message: ClientMessage, invokedMs: UInt64)? {
        guard let line, isOnline else { return nil }
        return pending.values.filter { $0.invokedMs >= sinceMs && $0.line === line && !$0.message.isTalk }.min { $0.order < $1.order }.map {
            ($0.message, $0.invokedMs)
        }
    }
    func makeID<Tag>() -> Identifier<Tag> { Identifier(using: &random) }
}

extension ClientMessage {
    /// What gives way to what people do (rule 14), as what is said in chats.
    fileprivate var isTalk: Bool { if case .room = self { true } else { false } }
}
