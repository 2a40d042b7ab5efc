/// Keeps this node's certificate from ending: at two thirds of its life another one is asked for, of a coordinator that holds an issuer, over a link with TLS
/// that the present one is good for. The key stays, so that one file alone is replaced. A coordinator whose certificate does not say that it may be one asks at once.

import Consortium
import EventLoop
import Logging
import TLS

/// When to ask. Pure.
enum RenewalTimes {
    /// Seconds since 1970: two thirds of the certificate's life are over.
    static func due(_ facts: CertificateFacts) -> Int64 {
        let life = max(0, facts.notAfter - facts.notBefore)
        return facts.notBefore + life / 3 * 2 + life % 3 * 2 / 3
    }

    /// Seconds from one try to the next: a fiftieth of what is left, at most an hour, at least 5 s. A coordinator that is down for a day costs nothing.
    static func again(_ facts: CertificateFacts, now: Int64) -> Int64 { min(3_600, max(5, (facts.notAfter - now) / 50)) }
}

@ClusterActor
final class CertificateRenewal {
    static let lookEveryMs: UInt64 = 5_000

    private let tls: PeerTLS
    private let node: NodeName
    private let logger: Logger
    private let now: () -> Int64
    private let timer = EventLoop.Timer(on: ClusterActor.loop)
    private(set) var isAsking = false
    private var nextTry = Int64.min
    /// A coordinator that asks for the word that it may be one waits for so long before it asks again: whoever adds it waits as well.
    static let wordAgainSeconds: Int64 = 30
    /// Whether the certificate that is asked for is of use only with that word, as the present one is good for long.
    private var needsWord = false
    private var told = ""
    /// Whether the log says that this node is a coordinator.
    var coordinates: () -> Bool = { false }
    /// Whom to ask, in turn.
    var coordinators: () -> [NodeName] = { [] }
    /// Asks one of them with the public half of this node's key; `nil` when it does not answer.
    var ask: (NodeName, String, @escaping (PeerCertificate?) -> Void) -> Void = { $2(nil) }

    /// What a coordinator says to a node that asks.
    typealias PeerCertificate = Result<String, JoinRefusal>

    init(_ tls: PeerTLS, node: NodeName, logger: Logger, now: @escaping () -> Int64 = { Int64(WallClock.nowMs / 1_000) }) {
        self.tls = tls
        self.node = node
        self.logger = logger
        self.now = now
    }

    func start() { timer.start(afterMs: Self.lookEveryMs, repeatMs: Self.lookEveryMs) { [self] in look() } }

    func stop() { timer.close() }

    func look() {
        let (facts, now) = (tls.context.own, now())
        let isDue = now >= RenewalTimes.due(facts)
        guard !isAsking, isDue || !facts.coordinates && coordinates(), now >= nextTry else { return }
        isAsking = true
        needsWord = !isDue || coordinates() && facts.notAfter - now > PeerTLS.warnBeforeSeconds
        nextTry = now + min(RenewalTimes.again(facts, now: now), isDue ? .max : Self.wordAgainSeconds)
        let files = tls.files
        Task {
            let key = try? await ClusterActor.loop.work { Result { () throws(PeerTLS.Unusable) in try files.publicHalf() } }
            switch key {
            case .success(let key)?: askNext(coordinators()[...], key, why: "no coordinator is known")
            case .failure(let trouble)?: over("this node's certificate was not renewed", why: trouble.description)
            // The loop stops, or its pool is busy.
            case nil: isAsking = false
            }
        }
    }

    /// One after the other, until one certifies this node.
    private func askNext(_ rest: ArraySlice<NodeName>, _ key: String, why: String) {
        guard let coordinator = rest.first else {
            let what =
                needsWord
                ? "no coordinator gives this one a certificate that says it may be one: callslip ca issue \(node) --coordinator --renew"
                : "this node's certificate was not renewed; it is tried again"
            return over(what, why: why)
        }
        ask(coordinator, key) { [self] answer in
            switch answer {
            case .success(let chain)? where needsWord && !Self.coordinates(chain):
                let why = "\(coordinator) would certify it as any node: it is of an earlier version, or has not heard that it coordinates"
                askNext(rest.dropFirst(), key, why: why)
            case .success(let chain)?: take(chain, from: coordinator)
            case .failure(let refusal)?: askNext(rest.dropFirst(), key, why: "\(coordinator): \(refusal.text)")
            case nil: askNext(rest.dropFirst(), key, why: "\(coordinator) does not answer")
            }
        }
    }

    private static func coordinates(_ chain: String) -> Bool { (try? CertificateFacts(pem: chain))?.coordinates ?? false }

    private func take(_ chain: String, from coordinator: NodeName) {
        let (files, node, before) = (tls.files, node, tls.context.own)
        Task {
            let written = try? await ClusterActor.loop.work {
                Result { () throws(PeerTLS.Unusable) in try files.replaceCertificate(by: chain, for: node, laterThan: before) }
            }
            switch written {
            case .success?:
                isAsking = false
                logger.notice("this node's certificate was renewed by a coordinator", metadata: ["coordinator": "\(coordinator)"])
                tls.look()
            case .failure(let trouble)?:
                over("the renewed certificate is not used", why: "\(coordinator): \(trouble)")
            case nil: isAsking = false
            }
        }
    }

    private func over(_ what: String, why: String) {
        isAsking = false
        // What is asked for every half minute is told once.
        let isNews = why != told
        told = why
        logger.log(level: needsWord && !isNews ? .debug : .warning, "\(what)", metadata: ["why": "\(why)"])
    }
}
