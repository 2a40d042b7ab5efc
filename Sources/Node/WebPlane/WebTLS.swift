/// The certificate that this node shows to browsers: the files that its own file names under `webTLS`, looked at again and again, so that a renewed one is used
/// without a restart. Connections that exist keep what they were made with.

import CoreMetrics
import EventLoop
import Logging
import TLS

/// `webTLS` of a node's file.
public struct WebTLSFiles: Hashable, Sendable {
    /// The certificate and those between it and an authority that browsers know: certbot's `fullchain.pem`.
    public var certificate: String
    /// certbot's `privkey.pem`.
    public var key: String
    /// Where plain HTTP is answered with the address of HTTPS; port 80 mostly.
    public var redirect: [SocketAddress]
    /// A folder whose files are served there below `/.well-known/acme-challenge/` (RFC 8555, 8.3), for an authority that looks there whose name this is.
    public var challenges: String?
    /// Addresses of loopback where commands and monitoring of this machine come without TLS.
    public var local: [SocketAddress]
    /// For how many days browsers are told to come by HTTPS alone; 0: they are not told.
    public var hstsDays: Int

    public static let hstsDaysUsual = 365
    public static let hstsDaysRange = 0...730

    public init(
        certificate: String, key: String, redirect: [SocketAddress] = [], challenges: String? = nil, local: [SocketAddress] = [],
        hstsDays: Int = hstsDaysUsual
    ) {
        self.certificate = certificate
        self.key = key
        self.redirect = redirect
        self.challenges = challenges
        self.local = local
        self.hstsDays = hstsDays
    }

    func read() throws(WebTLS.Unusable) -> (WebCredentials, WebServerTLS) {
        let credentials = WebCredentials(certificate: try text("certificate", certificate), key: try text("key", key))
        do {
            return (credentials, try WebServerTLS(credentials))
        } catch {
            throw WebTLS.Unusable("`webTLS`: \(error)")
        }
    }

    private func text(_ field: String, _ path: String) throws(WebTLS.Unusable) -> String {
        let found: String?
        do { found = try SmallFile.read(path) } catch { throw WebTLS.Unusable("`webTLS: \(field)`: \(error)") }
        guard let found else { throw WebTLS.Unusable("`webTLS: \(field)`: there is no file \(path)") }
        return found
    }
}

@WebActor
final class WebTLS {
    /// Why the files are of no use.
    struct Unusable: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    static let lookEveryMs: UInt64 = 5_000
    /// How long before its end a certificate is complained of: certbot renews 30 days before.
    static let warnBeforeSeconds: Int64 = 14 * 86_400

    private(set) var server: WebServerTLS
    private var credentials: WebCredentials
    private let files: WebTLSFiles
    private let hosts: [String]
    private let logger: Logger
    private let timer = EventLoop.Timer(on: WebActor.loop)
    private var isLooking = false
    private var watch = CertificateWatch()

    /// - Parameter read: what the files held at the start; their reader has judged them.
    init(_ files: WebTLSFiles, read: (WebCredentials, WebServerTLS), hosts: [String], logger: Logger) {
        (credentials, server) = read
        self.files = files
        self.hosts = hosts
        self.logger = logger
    }

    func start() {
        warn()
        warnOfEnd()
        timer.start(afterMs: Self.lookEveryMs, repeatMs: Self.lookEveryMs) { [weak self] in self?.look() }
    }

    func stop() { timer.close() }

    func stream(over inner: TCPStream) -> TLSStream? { TLSStream.ofWebServer(over: inner, on: WebActor.loop, server) }

    /// Reads the files, off the loop, and takes them if they changed.
    private func look() {
        guard !isLooking else { return }
        isLooking = true
        warnOfEnd()
        let (files, current) = (files, credentials)
        Task { @WebActor in
            let result = try? await WebActor.loop.work { () -> Result<(WebCredentials, WebServerTLS)?, Unusable> in
                Result { () throws(Unusable) in
                    let read = try files.read()
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

    private func take(_ new: (WebCredentials, WebServerTLS)) {
        guard Self.secondsLeft(new.1) > 0 || Self.secondsLeft(server) <= 0 else {
            return complain(
                "`webTLS: certificate`: it has expired already, by this machine's clock; look whether the right file was copied")
        }
        (credentials, server) = new
        watch.renewed()
        logger.notice(
            "the certificate for browsers was renewed",
            metadata: ["until": "\(WallClock.text(server.own.notAfter))", "serial": "\(server.own.serial)"])
        warn()
        warnOfEnd()
    }

    private func complain(_ trouble: String) {
        guard watch.isLasting(trouble) else { return }
        logger.error(
            "the files of the certificate for browsers changed and cannot be used; what was read before is used on",
            metadata: ["why": "\(trouble)"])
    }

    /// What is no error, and keeps browsers out all the same.
    private func warn() {
        if server.lacksChain {
            logger.warning(
                "the certificate for browsers stands alone in its file; give the file with the whole chain (certbot's fullchain.pem)")
        }
        for host in hosts where !server.isFor(host) {
            logger.warning("the certificate for browsers is not for a name in this node's `urls`", metadata: ["name": "\(host)"])
        }
    }

    private static func secondsLeft(_ server: WebServerTLS) -> Int64 { server.own.notAfter - Int64(WallClock.nowMs / 1_000) }

    private func warnOfEnd() {
        let left = Self.secondsLeft(server)
        Gauge(label: "callslip_web_certificate_seconds_left").record(left)
        guard watch.isToWarn(left: left, before: Self.warnBeforeSeconds, nowMs: WebActor.loop.nowMs) else { return }
        logger.warning(
            left > 0
                ? "the certificate for browsers ends soon and was not renewed; look at what renews it (certbot renew), the node takes it without a restart"
                : "the certificate for browsers has expired, and browsers refuse it; renew it (certbot renew), the node takes it without a restart",
            metadata: ["until": "\(WallClock.text(server.own.notAfter))"])
    }
}
