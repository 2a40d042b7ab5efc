/// Plays a library node at a coordinator's peer link: it opens chats and says things in them as a node proposes what its patrons say,
/// with no web plane before it.

import Consortium
import Coordinator
import EventLoop
import Measuring
import Sodium
import TLS
import Wire

@ClusterActor
final class PeerSpeaker {
    private struct Chat {
        let id: ChatID = .new()
        let attach: AttachID = .new()
        let sender: SenderID = .new()
        var sequence: UInt64 = 0
    }

    private let stream: any ByteStream
    private let node: NodeName
    private let boot: UInt64 = .random(in: 1...(.max))
    private let text: String
    private var decoder = FrameDecoder()
    private var chats: [Chat] = []
    private var silent = Turns()
    private var underWay: [UInt64: (chat: Int, sinceNs: UInt64)] = [:]
    private var counter: UInt64 = 0
    private var items: [Batch.Item] = []
    private var isScheduled = false
    private var isWelcome = false
    private var isClosed = false
    private var failure: String?

    /// Called with the time at which the command was handed to the link; commands of one turn travel in one frame.
    var onAcknowledged: ((UInt64) -> Void)?
    var onFailure: ((String) -> Void)?

    /// The node that it plays.
    static let nodeText = "bench"

    /// - Parameter credentials: what it shows where peer links have TLS; nil for links without.
    static func connect(port: UInt16, cluster: String, messageBytes: Int, credentials: TLSCredentials?) async throws -> PeerSpeaker {
        guard let node = NodeName(nodeText) else { throw LocalClusterError(NodeName.rule) }
        let tcp = try await TCPStream.local(port: port)
        let stream: any ByteStream =
            try credentials.map { try TLSStream(over: tcp, on: ClusterActor.loop, TLSContext($0), .client) } ?? tcp
        let speaker = PeerSpeaker(stream, node, messageBytes)
        let id = Array(try Hash.blake2b(Array(cluster.utf8)).prefix(16))
        speaker.send(.hello(PeerHello(cluster: id, node: node, boot: speaker.boot, purpose: .service)))
        try await Wait.until("a coordinator to say hello", withinMs: 5_000) { speaker.isWelcome || speaker.failure != nil }
        if let failure = speaker.failure { throw LocalClusterError(failure) }
        return speaker
    }

    /// At the leader's peer link, with so many chats open.
    static func atLeader(of cluster: LocalCluster, chats: Int, messageBytes: Int) async throws -> PeerSpeaker {
        guard let leader = await cluster.leader() else { throw LocalClusterError("nobody leads") }
        let speaker = try await connect(
            port: cluster.peerPort(leader), cluster: LocalCluster.name, messageBytes: messageBytes,
            credentials: try cluster.credentials(for: nodeText))
        try await speaker.open(chats, in: try BenchCluster.queue())
        return speaker
    }

    /// Says something whenever something is acknowledged.
    func load(outstanding: Int, seconds: Double, at cluster: LocalCluster) async throws -> Load {
        let loop = ClosedLoop(outstanding: outstanding) { [self] in say() }
        onAcknowledged = { loop.completed(startNs: $0) }
        onFailure = { loop.failed($0) }
        return try await loop.run(seconds: seconds, servers: cluster.processes.values.map(\.pid).filter { $0 > 0 })
    }

    private init(_ stream: any ByteStream, _ node: NodeName, _ messageBytes: Int) {
        self.stream = stream
        self.node = node
        text = String(repeating: "x", count: messageBytes)
        stream.onRead = { [weak self] bytes in self?.read(bytes) }
        stream.onEnd = { [weak self] end in self?.fail("the coordinator ended the link: \(end)") }
    }

    func open(_ count: Int, in queue: QueueName) async throws {
        chats = (0..<count).map { _ in Chat() }
        guard let secret = SecretHash([UInt8](repeating: 7, count: 32)) else { throw LocalClusterError("a secret's hash has 32 bytes") }
        for number in chats.indices {
            let chat = chats[number]
            let open = Open(chat: chat.id, secret: secret, queue: queue, attach: chat.attach, node: node, referralAgreed: true)
            propose(.open(open), of: number)
        }
        try await Wait.until("\(count) chats to be open", withinMs: 20_000) { [self] in silent.count == count || failure != nil }
        if let failure { throw LocalClusterError(failure) }
    }

    /// Says something in the chat that has been silent longest. False when every chat waits for an outcome.
    func say() -> Bool {
        guard let number = silent.next() else { return false }
        chats[number].sequence += 1
        let chat = chats[number]
        let say = Say(chat: chat.id, speaker: .patron(chat.attach), sender: chat.sender, sequence: chat.sequence, text: text)
        propose(.say(say), of: number)
        return true
    }

    func close() {
        isClosed = true
        stream.close()
        (onAcknowledged, onFailure) = (nil, nil)
    }

    private func propose(_ command: Command, of chat: Int) {
        counter += 1
        underWay[counter] = (chat, Loop.monotonicNs())
        items.append(Batch.Item(id: ProposalID(node: node, boot: boot, counter: counter), command: command))
        guard !isScheduled else { return }
        isScheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            isScheduled = false
            let gathered = items
            items.removeAll(keepingCapacity: true)
            send(.propose(gathered))
        }
    }

    private func send(_ frame: PeerFrame) {
        guard !isClosed else { return }
        _ = stream.write(FrameDecoder.framed(frame.wireBytes()))
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        decoder.append(bytes)
        do {
            while let body = try decoder.next() { take(try PeerFrame(wire: body)) }
        } catch {
            fail("\(error)")
        }
    }

    private func take(_ frame: PeerFrame) {
        switch frame {
        case .hello: isWelcome = true
        case .ping(let nonce): send(.pong(nonce))
        case .outcome(let counter, .accepted, _):
            guard let done = underWay.removeValue(forKey: counter) else { return }
            silent.append(done.chat)
            onAcknowledged?(done.sinceNs)
        case .outcome(_, .refused(let refusal), _): fail("a command was refused: \(refusal.sentence)")
        case .busy: fail("the coordinator is busy")
        case .goodbye(let code, let text): fail("the coordinator said goodbye: \(code): \(text)")
        default: break
        }
    }

    private func fail(_ sentence: String) {
        guard !isClosed else { return }
        failure = failure ?? sentence
        onFailure?(sentence)
    }
}
