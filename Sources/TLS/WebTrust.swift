import COpenSSL
import EventLoop

/// Whom this machine trusts to name servers of the web: the system's authorities (Debian's `ca-certificates`), TLS 1.2 and later. For programs that fetch a page;
/// links between nodes have nothing to do with it (`TLSContext`).
///
/// `@unchecked Sendable`: an SSL_CTX is not changed after `init`, and OpenSSL counts its references atomically.
public final class WebTrust: @unchecked Sendable {
    let pointer: OpaquePointer

    public init() throws(TLSError) {
        OpenSSLErrors.clear()
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .library(OpenSSLErrors.takeWords()) }
        guard callslip_ctx_tls12_or_later(context) == 1, SSL_CTX_set_default_verify_paths(context) == 1 else {
            SSL_CTX_free(context)
            throw .library(OpenSSLErrors.takeWords())
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        callslip_ctx_no_resumption(context)
        pointer = context
    }

    deinit { SSL_CTX_free(pointer) }
}

extension TLSStream {
    /// A client's stream to a server of the web, whose certificate must be for `host`; nil, with the inner stream closed, when OpenSSL cannot begin.
    public static func toWebServer(over inner: any ByteStream, on loop: Loop, _ trust: WebTrust, host: String) -> TLSStream? {
        guard let engine = try? TLSEngine(trust, host: host), let stream = try? TLSStream(over: inner, on: loop, engine) else {
            inner.close()
            return nil
        }
        return stream
    }
}
