/// Incoming connections at a node that has TLS, until they have shown who they are. Whoever is on the network may be here: what they may keep
/// busy is bounded, in number and in time.

import CoreMetrics
import EventLoop
import Logging
import TLS
import Wire

@ClusterActor
final class PeerDoor {
    /// Connections that are not yet links. One more, and the oldest goes: a node's handshake takes milliseconds, and those who wait for longer are none.
    /// Each can cost the loop a millisecond, once.
    static let waitingMax = 64

    private struct Visitor {
        let stream: any ByteStream
        let deadline: EventLoop.Timer
    }

    private let tls: PeerTLS
    private let misfits: Misfits
    private let knows: (_ host: String) -> Bool
    private let welcome: (_ stream: any ByteStream, _ onEnd: @escaping () -> Void) -> PeerLink
    private var visitors: [UInt64: Visitor] = [:]
    /// Of machines where no node is known to be.
    var strangers = HandshakeBudget()
    private var nodes = HandshakeBudget()
    private var oldest: UInt64 = 1
    private var last: UInt64 = 0

    /// - Parameters:
    ///   - knows: whether a node of the consortium is at that address, as far as is known.
    ///   - welcome: makes a link of a stream that speaks as it must, and tells when it ends before it is up.
    init(
        tls: PeerTLS, misfits: Misfits, knows: @escaping (_ host: String) -> Bool,
        welcome: @escaping (_ stream: any ByteStream, _ onEnd: @escaping () -> Void) -> PeerLink
    ) {
        self.knows = knows
        self.tls = tls
        self.misfits = misfits
        self.welcome = welcome
    }

    var waitingCount: Int { visitors.count }

    func take(_ stream: TCPStream) {
        if visitors.count >= Self.waitingMax { sendOldestAway() }
        last += 1
        let number = last
        let deadline = EventLoop.Timer(on: ClusterActor.loop)
        visitors[number] = Visitor(stream: stream, deadline: deadline)
        deadline.start(afterMs: TLSLimits.handshakeMsMax) { [self] in
            stream.close()
            forget(number)
        }
        stream.onEnd = { [self] _ in
            stream.close()
            forget(number)
        }
        stream.onRead = { [self] bytes in hear(bytes, from: stream, number) }
    }

    func close() {
        for number in Array(visitors.keys) {
            visitors[number]?.stream.close()
            forget(number)
        }
    }

    /// The first bytes tell TLS from a peer frame, whose length begins with a zero.
    private func hear(_ bytes: UnsafeRawBufferPointer, from stream: TCPStream, _ number: UInt64) {
        guard bytes.first != 0 else { return hearPlain(bytes, from: stream, number) }
        // Before OpenSSL does anything for it. The address is not told: at this rate it is nobody's that one could look after.
        guard mayBegin(stream) else {
            misfits.tell(
                "too many at once",
                "more than \(HandshakeBudget.perSecond) TLS handshakes a second were asked of this node, and the rest sent away; if that goes on, keep strangers from its port for peers"
            )
            stream.close()
            return forget(number)
        }
        let secured: TLSStream
        do throws(TLSError) {
            secured = try TLSStream(over: stream, on: ClusterActor.loop, tls.context, .server)
        } catch {
            misfits.tell("this node", error.description)
            stream.close()
            return forget(number)
        }
        // From here on the stream has a deadline of its own.
        visitors[number]?.deadline.close()
        visitors[number] = visitors[number].map { Visitor(stream: secured, deadline: $0.deadline) }
        secured.onOpen = { [self] in forget(number) }
        _ = welcome(secured) { [self] in forget(number) }
        secured.received(bytes)
    }

    private func hearPlain(_ bytes: UnsafeRawBufferPointer, from stream: TCPStream, _ number: UInt64) {
        if tls.plainToo {
            forget(number)
            return welcome(stream) {}.read(bytes)
        }
        let sentence = "this node takes no links without TLS: give the other node's file `tls: {ca, certificate, key}`"
        misfits.tell(stream.remoteAddress?.host ?? "a peer that is gone", sentence)
        stream.onRead = { _ in }
        stream.write(FrameDecoder.framed(PeerFrame.goodbye(code: Refusal.tlsNeeded, text: sentence).wireBytes()))
        stream.shutdownWrite()
    }

    /// Machines where nodes are have a budget of their own, which strangers cannot use up.
    private func mayBegin(_ stream: TCPStream) -> Bool {
        let nowMs = ClusterActor.loop.nowMs
        if let host = stream.remoteAddress?.host, knows(host) { return nodes.take(nowMs: nowMs) }
        return strangers.take(nowMs: nowMs)
    }

    private func sendOldestAway() {
        while oldest <= last, visitors[oldest] == nil { oldest += 1 }
        visitors[oldest]?.stream.close()
        forget(oldest)
    }

    private func forget(_ number: UInt64) {
        visitors.removeValue(forKey: number)?.deadline.close()
    }
}

/// Tells in the log, now and then, of peers whose files do not fit this node's; they try again every second.
@ClusterActor
final class Misfits {
    static let againAfterMs: UInt64 = 60_000
    /// Peers remembered at a time; beyond, all are told of again.
    static let peersMax = 256

    private let logger: Logger
    private var told: [String: (sentence: String, atMs: UInt64)] = [:]

    init(logger: Logger) { self.logger = logger }

    func tell(_ peer: String, _ sentence: String) {
        Counter(label: "callslip_peer_links_refused").increment()
        let nowMs = ClusterActor.loop.nowMs
        if let last = told[peer], last.sentence == sentence, nowMs - last.atMs < Self.againAfterMs { return }
        if told.count >= Self.peersMax { told = [:] }
        told[peer] = (sentence, nowMs)
        logger.warning("no peer link", metadata: ["peer": "\(peer)", "why": "\(sentence)"])
    }
}
