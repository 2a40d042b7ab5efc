import COpenSSL
import EventLoop

/// What a server of the web shows: texts in PEM.
public struct WebCredentials: Hashable, Sendable {
    /// Its certificate, then those between it and an authority that browsers know.
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// A server of the web, for whoever comes: TLS 1.2 and later, suites with forward secrecy and authenticated encryption alone, HTTP/1.1 where the client names protocols.
/// Nothing is resumed, so that there is no key of tickets which would open what was recorded; a handshake costs the loop about a millisecond, and connections last.
///
/// Connections keep what they were made with when the files are replaced.
///
/// `@unchecked Sendable`: an SSL_CTX is not changed after `init`, and OpenSSL counts its references atomically.
public final class WebServerTLS: @unchecked Sendable {
    let pointer: OpaquePointer
    public let own: CertificateFacts
    /// The certificate stands alone in its text and is somebody else's to vouch for: browsers that do not know that one by chance refuse it.
    public let lacksChain: Bool

    /// OpenSSL's security level 2: keys and signatures of at least 112 bits, no SHA-1.
    private static let securityLevel: Int32 = 2

    public init(_ credentials: WebCredentials) throws(CertificateError) {
        let chain = try X509s(credentials.certificate, "the certificate")
        let key = try PrivateKey(credentials.key, "the key")
        own = CertificateFacts(chain.list[0])
        lacksChain = chain.list.count == 1 && X509_check_issued(chain.list[0], chain.list[0]) != X509_V_OK
        OpenSSLErrors.clear()
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .library("start TLS", why: OpenSSLErrors.takeWords()) }
        do throws(CertificateError) {
            SSL_CTX_set_security_level(context, Self.securityLevel)
            guard callslip_ctx_tls12_or_later(context) == 1, callslip_ctx_strong_suites(context) == 1 else {
                throw .library("allow strong suites alone", why: OpenSSLErrors.takeWords())
            }
            callslip_ctx_no_resumption(context)
            callslip_ctx_release_buffers(context)
            callslip_ctx_http11_only(context)
            guard SSL_CTX_set_num_tickets(context, 0) == 1 else { throw .library("give no tickets", why: OpenSSLErrors.takeWords()) }
            try TLSContext.show(chain, key, context)
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        pointer = context
    }

    deinit { SSL_CTX_free(pointer) }

    /// Whether browsers take the certificate as that of `host`, a name or a numeric address.
    public func isFor(_ host: String) -> Bool {
        guard let certificate = SSL_CTX_get0_certificate(pointer) else { return false }
        let bytes = Array(host.utf8)
        let isNamed = bytes.withUnsafeBytes { text in
            X509_check_host(certificate, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, 0, nil) == 1
        }
        return isNamed || X509_check_ip_asc(certificate, host, 0) == 1
    }
}

extension TLSStream {
    /// A server's stream over a connection that was accepted; nil, with the inner stream closed, when OpenSSL cannot begin.
    public static func ofWebServer(over inner: any ByteStream, on loop: Loop, _ server: WebServerTLS) -> TLSStream? {
        guard let engine = try? TLSEngine(server),
            let stream = try? TLSStream(over: inner, on: loop, engine, handshakeMsMax: TLSLimits.webHandshakeMsMax)
        else {
            inner.close()
            return nil
        }
        return stream
    }
}
