/// One link between two nodes: frames over a byte stream, a hello from each side, and pings, so that a peer which is frozen or
/// unreachable is noticed although TCP says nothing.

import Consortium
import EventLoop
import TLS
import Wire

/// Why a link is not had, for the other side: a word for programs and a sentence for people.
struct Refusal {
    /// The word of a coordinator to one that is none of its cluster's.
    static let notMember = "notMember"
    /// The word of a node that has TLS to one that speaks without.
    static let tlsNeeded = "tlsNeeded"
    /// The word to a node that LTG removed.
    static let removedNode = "removedNode"
    /// The word to one that says it coordinates, whose certificate does not.
    static let notCertified = "notCertified"
    var code = "refused"
    var text: String

    /// How the end of a link by a goodbye is told.
    func told() -> String { "the peer said goodbye: \(code): \(text)" }
    static func wasTold(_ code: String, in sentence: String) -> Bool {
        sentence.hasPrefix(Refusal(code: code, text: "").told())
    }

    /// What a node was told that LTG removed, if that is why its link ended.
    static func removal(in sentence: String) -> String? {
        wasTold(removedNode, in: sentence) ? String(sentence.dropFirst(Refusal(code: removedNode, text: "").told().count)) : nil
    }
}

@ClusterActor
final class PeerLink {
    static let pingEveryMs: UInt64 = 500
    /// Patrons wait for so long when the coordinator that serves their node is cut off or frozen. A link that is given up too soon costs a new one.
    static let silentMsMax: UInt64 = 1_800
    static let helloMsMax: UInt64 = 3_000
    /// Bytes waiting for a peer that does not read; beyond, the link ends and the peer resumes by cursor when it is back.
    static let queuedBytesMax = 32 * 1024 * 1024

    /// What the other side said of itself; set before `onUp`.
    private(set) var remote: PeerHello?
    var onUp: (() -> Void)?
    var onFrame: ((PeerFrame) -> Void)?
    /// Called exactly once, with a sentence.
    var onEnd: ((String) -> Void)?
    /// The same for whoever keeps a table of links; called before `onEnd`.
    var onGone: (() -> Void)?
    /// Whether the link ended for something that a person must mend: files that do not fit each other.
    private(set) var isMisfit = false

    private let stream: any ByteStream
    /// The same, where the link has TLS.
    private let tls: TLSStream?
    private let own: PeerHello
    private let accepts: (PeerHello, CertificateFacts?) -> Refusal?
    private var decoder = FrameDecoder()
    private let timer = Timer(on: ClusterActor.loop)
    private var heardMs = ClusterActor.loop.nowMs
    private var nonce: UInt64 = 0
    private var ended = false

    /// - Parameter accepts: says why the other side's hello is refused, if it is, with the certificate that proves its name, where there is TLS.
    init(stream: any ByteStream, own: PeerHello, accepts: @escaping (PeerHello, CertificateFacts?) -> Refusal?) {
        self.stream = stream
        tls = stream as? TLSStream
        self.own = own
        self.accepts = accepts
        stream.setNoDelay(true)
        stream.writeBytesMax = Self.queuedBytesMax
        stream.onRead = { [self] bytes in read(bytes) }
        stream.onEnd = { [self] reason in ended(reason) }
        timer.start(afterMs: Self.pingEveryMs, repeatMs: Self.pingEveryMs) { [self] in watch() }
        send(.hello(own))
    }

    func send(_ frame: PeerFrame) {
        guard !ended else { return }
        if case .overflow = stream.write(FrameDecoder.framed(frame.wireBytes())) {
            end("the peer does not read: more than \(Self.queuedBytesMax) bytes wait for it")
        }
    }

    func close(code: String = "closing", text: String = "the node closes this link") {
        guard !ended else { return }
        send(.goodbye(code: code, text: text))
        end(text)
    }

    /// Whether the other side proved the name in its hello by a certificate.
    var isProven: Bool { remote != nil && tls != nil }

    /// By which certificate it did; nil where there is no TLS.
    var certificate: CertificateFacts? { remote == nil ? nil : tls?.peer }

    /// The other side was taken for one with TLS, and has none.
    var speaksPlainly: Bool { tls?.failure == .notTLS }

    private func ended(_ reason: StreamEnd) {
        guard case .insecure(let why) = reason else { return end("the connection ended: \(reason)") }
        if case .cut = tls?.failure {} else { isMisfit = true }
        end(why)
    }

    /// What came from the other side. Its maker gives it what it has read from the stream itself.
    func read(_ bytes: UnsafeRawBufferPointer) {
        heardMs = ClusterActor.loop.nowMs
        decoder.append(bytes)
        do {
            while !ended, let body = try decoder.next() {
                take(try PeerFrame(wire: body))
            }
        } catch {
            if let long = error as? FrameDecoder.TooLong, long.isTLS { isMisfit = true }
            close(code: "badFrame", text: "\(error)")
        }
    }

    private func take(_ frame: PeerFrame) {
        switch frame {
        case .ping(let nonce): send(.pong(nonce))
        case .pong: break
        case .goodbye(let code, let text):
            if code == Refusal.tlsNeeded || code == Refusal.notCertified { isMisfit = true }
            end(Refusal(code: code, text: text).told())
        case .hello(let hello):
            guard remote == nil else { return close(code: "badFrame", text: "a second hello") }
            if let refusal = refusal(of: hello) {
                if refusal.code == Refusal.notCertified { isMisfit = true }
                return close(code: refusal.code, text: refusal.text)
            }
            remote = hello
            onUp?()
        default:
            guard remote != nil else { return close(code: "badFrame", text: "the first frame must be a hello") }
            onFrame?(frame)
        }
    }

    private func refusal(of hello: PeerHello) -> Refusal? {
        guard hello.version == own.version else {
            return Refusal(text: "peer protocol \(own.version) expected, \(hello.version) came: update the older node")
        }
        guard hello.cluster == own.cluster else {
            return Refusal(text: "this node belongs to another cluster: check `cluster` in both nodes' files")
        }
        if let tls, tls.peer?.nodes != [hello.node.text] {
            isMisfit = true
            let named = tls.peer?.nodes.map { "`\($0)`" }.joined(separator: ", ") ?? ""
            return Refusal(
                text:
                    "this certificate names \(named.isEmpty ? "no node" : named), and its bearer says that it is `\(hello.node)`: give the node the one that was issued for it"
            )
        }
        return accepts(hello, tls?.peer)
    }

    private func watch() {
        let silentMs = ClusterActor.loop.nowMs - min(heardMs, ClusterActor.loop.nowMs)
        if remote == nil, silentMs > Self.helloMsMax { return end("no hello came within \(Self.helloMsMax) ms") }
        if silentMs > Self.silentMsMax { return end("the peer was silent for \(silentMs) ms") }
        // What would be refused at the door today is not heard on because it came in yesterday. A node that was certified anew comes back at once.
        if let peer = tls?.peer, Int64(WallClock.nowMs / 1_000) > peer.notAfter {
            return close(code: "certificateEnded", text: "the certificate that this link was made with has ended; dial again")
        }
        nonce += 1
        send(.ping(nonce))
    }

    private func end(_ sentence: String) {
        guard !ended else { return }
        ended = true
        timer.close()
        stream.onRead = nil
        stream.close()
        onGone?()
        onGone = nil
        let notify = onEnd
        onEnd = nil
        onFrame = nil
        onUp = nil
        notify?(sentence)
    }
}
