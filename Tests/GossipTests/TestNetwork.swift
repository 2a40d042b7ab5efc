import Seeded

@testable import Gossip

/// Cores on a network in virtual time: every run of one seed and one list of actions is the same.
final class TestNetwork {
    struct Trace: Equatable {
        let atMs: Int64
        let node: String
        let text: String
    }

    private enum Event {
        case tick(node: String, life: Int, timer: Int)
        case datagram(GossipMessage, from: String, to: String)
        case exchange(PushPullState, from: String, with: String, life: Int)
        case reply(PushPullState, from: String, to: String, life: Int)
        case timeout(with: String, node: String, life: Int)
    }

    private struct Node {
        var core: GossipCore
        var life: Int
        var timer = 0
    }

    private struct Scheduled {
        let atMs: Int64
        let event: Event
    }

    private(set) var nowMs: Int64 = 0
    private var nodes: [String: Node] = [:]
    private var queue: [Scheduled] = []
    private var timers = 0
    private var lives = 0
    private var generator: SeededGenerator
    private(set) var trace: [Trace] = []

    let configuration: GossipConfiguration
    var latencyMs: ClosedRange<Int64> = 1...1
    var lossPercent = 0
    /// Pairs (from, to) that hear nothing.
    var cuts: Set<[String]> = []
    var frozen: Set<String> = []
    var tracesMessages = false
    var datagrams = 0

    init(configuration: GossipConfiguration, seed: UInt64) {
        self.configuration = configuration
        generator = SeededGenerator(seed: seed)
    }

    static func member(_ name: String, bootID: UInt64 = 1) -> Member {
        Member(name: name, gossipAddress: "\(name):7946", peerAddress: "\(name):7947", bootID: bootID)
    }

    var names: [String] { nodes.keys.sorted() }
    func core(_ name: String) -> GossipCore? { nodes[name]?.core }
    func clearTrace() { trace = [] }

    /// Starts a node, or starts it again with a new boot id.
    func start(_ name: String, seeds: [String]) throws {
        lives += 1
        let me = Self.member(name, bootID: UInt64(lives))
        nodes[name] = Node(core: try GossipCore(me: me, configuration: configuration, seed: generator.next(), nowMs: nowMs), life: lives)
        try act(on: name) { core, now in
            let joined = try core.join(seeds: seeds.map { "\($0):7947" }, nowMs: now)
            return joined + core.onTick(nowMs: now)
        }
    }

    /// The process is gone, without a word.
    func crash(_ name: String) { nodes[name] = nil }

    /// Calls the core and performs what it says.
    func act(on name: String, _ call: (inout GossipCore, Int64) throws -> [GossipDirective]) rethrows {
        guard var node = nodes[name] else { return }
        let directives = try call(&node.core, nowMs)
        nodes[name] = node
        perform(directives, by: name)
    }

    func run(forMs durationMs: Int64) {
        let endMs = nowMs + durationMs
        while let next = queue.first, next.atMs <= endMs {
            queue.removeFirst()
            nowMs = max(nowMs, next.atMs)
            handle(next.event)
        }
        nowMs = endMs
    }

    /// Lets a frozen process go on: its timer is overdue.
    func thaw(_ name: String) {
        frozen.remove(name)
        act(on: name) { core, now in core.onTick(nowMs: now) }
    }

    // MARK: Inside

    private func host(_ address: String) -> String { String(address.prefix { $0 != ":" }) }

    private func reaches(_ from: String, _ to: String) -> Bool {
        nodes[from] != nil && nodes[to] != nil && !cuts.contains([from, to]) && !frozen.contains(to)
    }

    private func post(_ event: Event, afterMs: Int64) {
        let entry = Scheduled(atMs: nowMs + afterMs, event: event)
        var place = queue.count
        while place > 0, queue[place - 1].atMs > entry.atMs { place -= 1 }
        queue.insert(entry, at: place)
    }

    private func latency() -> Int64 { Int64.random(in: latencyMs, using: &generator) }

    private func perform(_ directives: [GossipDirective], by name: String) {
        guard let node = nodes[name] else { return }
        node.core.checkInvariants()
        for directive in directives {
            switch directive {
            case .send(let message, let address):
                datagrams += 1
                precondition(message.bytesMax <= GossipLimits.messageBytesMax, "a message of up to \(message.bytesMax) bytes")
                if tracesMessages { note(name, "-> \(host(address)) \(message.trace)") }
                guard Int.random(in: 0..<100, using: &generator) >= lossPercent else { continue }
                post(.datagram(message, from: name, to: host(address)), afterMs: latency())
            case .pushPull(let address, let state):
                if tracesMessages { note(name, "push-pull with \(host(address))") }
                post(.exchange(state, from: name, with: address, life: node.life), afterMs: latency())
            case .scheduleNextTick(let delayMs):
                timers += 1
                nodes[name]?.timer = timers
                post(.tick(node: name, life: node.life, timer: timers), afterMs: delayMs)
            case .memberChanged(let member, let previous):
                note(name, "\(member.name) \(previous.map { "\($0)" } ?? "new") -> \(member.state) @\(member.incarnation)")
            case .recordChanged(let record):
                guard let view = nodes[name]?.core.record(record.key, nowMs: nowMs) else { continue }
                note(name, "record \(view.trace)")
            }
        }
    }

    private func note(_ node: String, _ text: String) { trace.append(Trace(atMs: nowMs, node: node, text: text)) }

    private func handle(_ event: Event) {
        switch event {
        case .tick(let name, let life, let timer):
            guard let node = nodes[name], node.life == life, node.timer == timer, !frozen.contains(name) else { return }
            act(on: name) { core, now in core.onTick(nowMs: now) }
        case .datagram(let message, let from, let to):
            guard reaches(from, to) else { return }
            act(on: to) { core, now in core.onMessage(message, from: "\(from):7946", nowMs: now) }
        case .exchange(let state, let from, let address, let life):
            let to = host(address)
            guard reaches(from, to), reaches(to, from) else { return post(.timeout(with: address, node: from, life: life), afterMs: 1_000) }
            act(on: to) { core, now in
                let (reply, directives) = core.onPushPullRequest(state, from: from, nowMs: now)
                self.post(.reply(reply, from: address, to: from, life: life), afterMs: self.latency())
                return directives
            }
        case .reply(let state, let address, let to, let life):
            guard nodes[to]?.life == life, !frozen.contains(to) else { return }
            act(on: to) { core, now in core.onPushPullReply(state, from: address, nowMs: now) }
        case .timeout(let address, let name, let life):
            guard nodes[name]?.life == life else { return }
            act(on: name) { core, now in core.onPushPullTimeout(with: address, nowMs: now) }
        }
    }
}

extension GossipUpdate {
    var trace: String {
        switch self {
        case .alive(let member): "alive \(member.name)@\(member.incarnation)"
        case .suspect(let name, let incarnation, let accuser): "suspect \(name)@\(incarnation) by \(accuser)"
        case .dead(let name, let incarnation, let accuser): "dead \(name)@\(incarnation) by \(accuser)"
        case .left(let name, let incarnation): "left \(name)@\(incarnation)"
        case .record(let record): "record \(record.key.queue)/\(record.key.writer) \(record.version)"
        }
    }
}

extension GossipMessage {
    var trace: String {
        let head =
            switch kind {
            case .ping(let sequence, let target): "ping #\(sequence) \(target)"
            case .ack(let sequence): "ack #\(sequence)"
            case .pingRequest(let sequence, let target): "ping-req #\(sequence) \(target)"
            case .nack(let sequence): "nack #\(sequence)"
            case .gossip: "gossip"
            }
        return updates.isEmpty ? head : "\(head) [\(updates.map(\.trace).joined(separator: ", "))]"
    }
}

extension RecordView {
    var trace: String {
        let open = record.availability.postedOpen ? "open" : "shut"
        return "\(record.key.queue)/\(record.key.writer) \(record.version) \(open) staffed \(record.availability.staffed) \(standing)"
    }
}
