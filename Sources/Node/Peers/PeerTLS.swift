/// What this node shows on peer links, and whom it trusts there: the files that its own file names under `tls`, looked at again and again, so
/// that a renewed certificate is used without a restart. Links that exist keep what they were made with.

import Consortium
import CoreMetrics
import EventLoop
import Logging
import TLS

/// `tls` of a node's file: paths, and whether links without TLS are had as well.
public struct TLSFiles: Hashable, Sendable {
    /// The certificate of the consortium's authority.
    public var authority: String
    /// This node's certificate and its key.
    public var certificate: String
    public var key: String
    /// Links without TLS are taken, and made with nodes that have none: while a running cluster is changed over, and never after that.
    public var plainToo: Bool
    /// At a coordinator that lets nodes join: the certificate and the key of its issuer.
    public var issuer: Issuer?

    public struct Issuer: Hashable, Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    public init(authority: String, certificate: String, key: String, plainToo: Bool = false, issuer: Issuer? = nil) {
        self.issuer = issuer
        self.authority = authority
        self.certificate = certificate
        self.key = key
        self.plainToo = plainToo
    }

    func read(for node: NodeName) throws(PeerTLS.Unusable) -> (TLSCredentials, TLSContext) {
        let credentials = TLSCredentials(
            authority: try text("ca", authority), certificate: try text("certificate", certificate), key: try text("key", key))
        return (credentials, try Self.context(credentials, for: node))
    }

    /// The public half of this node's key, in PEM. Blocks.
    func publicHalf() throws(PeerTLS.Unusable) -> String {
        let pem = try text("key", key)
        do throws(CertificateError) { return try NodeKey(pem: pem).publicHalf } catch { throw PeerTLS.Unusable("`tls: key`: \(error)") }
    }

    /// Writes another certificate for the same key in place of the one that is there, if peers would take it. Blocks.
    func replaceCertificate(by chain: String, for node: NodeName, laterThan present: CertificateFacts) throws(PeerTLS.Unusable) {
        let credentials = TLSCredentials(authority: try text("ca", authority), certificate: chain, key: try text("key", key))
        let context = try Self.context(credentials, for: node)
        let isMore = context.own.coordinates && !present.coordinates
        guard context.own.notAfter > present.notAfter || isMore && context.own.notAfter == present.notAfter else {
            throw PeerTLS.Unusable("it ends no later than the present one; the issuer itself ends soon: `callslip ca issuer --renew`")
        }
        let fault: String?
        do throws(CertificateError) { fault = try TLSContext.fault(of: credentials) } catch { throw PeerTLS.Unusable("\(error)") }
        if let fault { throw PeerTLS.Unusable("this node's peers would not take it: \(fault)") }
        do { try SmallFile.replace(certificate, with: chain) } catch { throw PeerTLS.Unusable("`tls: certificate`: \(error)") }
    }

    private func text(_ field: String, _ path: String) throws(PeerTLS.Unusable) -> String {
        let found: String?
        do { found = try SmallFile.read(path) } catch { throw PeerTLS.Unusable("`tls: \(field)`: \(error)") }
        guard let found else { throw PeerTLS.Unusable("`tls: \(field)`: there is no file \(path); `callslip ca issue` makes it") }
        return found
    }

    private static func context(_ credentials: TLSCredentials, for node: NodeName) throws(PeerTLS.Unusable) -> TLSContext {
        let context: TLSContext
        do { context = try TLSContext(credentials) } catch { throw PeerTLS.Unusable("`tls`: \(error)") }
        guard context.own.nodes == [node.text] else {
            throw PeerTLS.Unusable(
                "`tls: certificate` is the node `\(context.own.nodes.first ?? "")`'s, and this node is `\(node)`: give each node the one that was issued for it"
            )
        }
        return context
    }
}

@ClusterActor
final class PeerTLS {
    /// Why the files are of no use.
    struct Unusable: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    static let lookEveryMs: UInt64 = 5_000
    /// How long before its end a certificate is complained of.
    static let warnBeforeSeconds: Int64 = 30 * 86_400

    let plainToo: Bool
    private(set) var context: TLSContext
    private var credentials: TLSCredentials
    let files: TLSFiles
    private let node: NodeName
    private let logger: Logger
    private let timer = EventLoop.Timer(on: ClusterActor.loop)
    private(set) var isLooking = false
    private var watch = CertificateWatch()
    /// Renewed files are in use, which say what those before did not: that this node may be a coordinator.
    var onCertified: (() -> Void)?

    init(_ files: TLSFiles, node: NodeName, logger: Logger) throws(Unusable) {
        (credentials, context) = try files.read(for: node)
        self.files = files
        self.node = node
        self.logger = logger
        plainToo = files.plainToo
    }

    func start() {
        if plainToo {
            logger.warning("peer links without TLS are had as well; when every node has `tls`, take `plainToo` out of the nodes' files")
        }
        warnOfEnd()
        timer.start(afterMs: Self.lookEveryMs, repeatMs: Self.lookEveryMs) { [self] in look() }
    }

    func stop() { timer.close() }

    /// Reads the files, off the loop, and takes them if they changed.
    func look() {
        guard !isLooking else { return }
        isLooking = true
        warnOfEnd()
        let (files, node, current) = (files, node, credentials)
        Task {
            let result = try? await ClusterActor.loop.work { () -> Result<(TLSCredentials, TLSContext)?, Unusable> in
                Result { () throws(Unusable) in
                    let read = try files.read(for: node)
                    return read.0 == current ? nil : read
                }
            }
            isLooking = false
            switch result {
            case .success(let new?): take(new)
            case .success(nil): watch.isWell()
            case .failure(let trouble): complain(trouble.description)
            // The pool is busy, or the loop stops.
            case nil: break
            }
        }
    }

    private func take(_ new: (TLSCredentials, TLSContext)) {
        let isMore = new.1.own.coordinates && !context.own.coordinates
        (credentials, context) = new
        watch.renewed()
        logger.notice(
            "this node's certificate was renewed",
            metadata: [
                "until": "\(WallClock.text(context.own.notAfter))", "serial": "\(context.own.serial)",
                "coordinates": "\(context.own.coordinates)",
            ])
        warnOfEnd()
        if isMore { onCertified?() }
    }

    private func complain(_ trouble: String) {
        guard watch.isLasting(trouble) else { return }
        logger.error("the certificate's files changed and cannot be used; what was read before is used on", metadata: ["why": "\(trouble)"])
    }

    var secondsLeft: Int64 { context.own.notAfter - Int64(WallClock.nowMs / 1_000) }

    private func warnOfEnd() {
        let left = secondsLeft
        Gauge(label: "callslip_certificate_seconds_left").record(left)
        guard watch.isToWarn(left: left, before: Self.warnBeforeSeconds, nowMs: ClusterActor.loop.nowMs) else { return }
        logger.warning(
            left > 0
                ? "this node's certificate ends soon; renew it with `callslip ca issue --renew`, the node takes it without a restart"
                : "this node's certificate has expired, and no peer takes it; renew it with `callslip ca issue --renew`, the node takes it without a restart",
            metadata: ["until": "\(WallClock.text(context.own.notAfter))"])
    }
}
