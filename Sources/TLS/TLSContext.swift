import COpenSSL

/// What a node shows, and whom it trusts: texts in PEM.
public struct TLSCredentials: Hashable, Sendable {
    /// The authority's certificate; what it did not issue is refused.
    public var authority: String
    /// This node's certificate, then any between it and the authority's.
    public var certificate: String
    public var key: String

    public init(authority: String, certificate: String, key: String) {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }
}

/// What all links made with the same credentials share. Links keep theirs when the credentials are replaced.
///
/// `@unchecked Sendable`: an SSL_CTX is not changed after `init`, and OpenSSL counts its references atomically.
public final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// This node's own certificate.
    public let own: CertificateFacts

    public init(_ credentials: TLSCredentials) throws(CertificateError) {
        let authorities = try X509s(credentials.authority, "the authority's certificate")
        let chain = try X509s(credentials.certificate, "the certificate")
        let key = try PrivateKey(credentials.key, "the key")
        own = CertificateFacts(chain.list[0])
        guard own.nodes.count == 1 else { throw .nodes(own.nodes) }
        OpenSSLErrors.clear()
        guard let context = SSL_CTX_new(TLS_method()) else { throw .library("start TLS", why: OpenSSLErrors.takeWords()) }
        do throws(CertificateError) {
            try Self.configure(context)
            try Self.trust(authorities, context)
            try Self.show(chain, key, context)
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        pointer = context
    }

    deinit { SSL_CTX_free(pointer) }

    /// Why peers that trust the same authority would not take these credentials now; nil if they would.
    public static func fault(of credentials: TLSCredentials) throws(CertificateError) -> String? {
        let context = try TLSContext(credentials)
        OpenSSLErrors.clear()
        return callslip_ctx_is_trusted(context.pointer) == 1 ? nil : OpenSSLErrors.takeWords()
    }

    private static func configure(_ context: OpaquePointer) throws(CertificateError) {
        guard callslip_ctx_tls13_only(context) == 1, callslip_ctx_groups(context) == 1, SSL_CTX_set_num_tickets(context, 0) == 1 else {
            throw .library("allow TLS 1.3 alone", why: OpenSSLErrors.takeWords())
        }
        callslip_ctx_no_resumption(context)
        callslip_ctx_release_buffers(context)
        callslip_ctx_max_cert_list(context, TLSLimits.chainBytesMax)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_verify_depth(context, TLSLimits.depthMax)
    }

    /// The consortium's authority alone: the system's own list is not asked.
    private static func trust(_ authorities: X509s, _ context: OpaquePointer) throws(CertificateError) {
        let store = SSL_CTX_get_cert_store(context)
        for authority in authorities.list {
            guard X509_check_ca(authority) == 1 else { throw .noAuthority }
            guard X509_STORE_add_cert(store, authority) == 1 else { throw .library("trust the authority", why: OpenSSLErrors.takeWords()) }
        }
    }

    static func show(_ chain: X509s, _ key: PrivateKey, _ context: OpaquePointer) throws(CertificateError) {
        guard SSL_CTX_use_certificate(context, chain.list[0]) == 1 else {
            throw .library("use the certificate", why: OpenSSLErrors.takeWords())
        }
        guard X509_check_private_key(chain.list[0], key.pointer) == 1, SSL_CTX_use_PrivateKey(context, key.pointer) == 1 else {
            OpenSSLErrors.clear()
            throw .keyOfAnother
        }
        for between in chain.list.dropFirst() {
            X509_up_ref(between)
            guard callslip_ctx_add_chain(context, between) == 1 else {
                X509_free(between)
                throw .library("use the chain", why: OpenSSLErrors.takeWords())
            }
        }
    }
}
