import COpenSSL

/// One end of one TLS connection, without the connection: bytes that came from the network go in by `feed`; then `shakeHands` until `isOpen`, and
/// from then on what they said comes out by `read`. What is to be said goes in by `send`, and the bytes for the network come out by `takeOutgoing`.
///
/// After an error every call but `takeOutgoing` throws that error again; what is then outgoing is the alert that tells the peer.
public final class TLSEngine {
    public enum Role: Sendable {
        /// The one that made the connection, and speaks first.
        case client
        case server
    }

    /// The handshake is over: the peer has shown a certificate, where it must have one, and the key to it.
    public private(set) var isOpen = false
    /// The peer said that no more comes.
    public private(set) var isPeerDone = false
    /// The peer's certificate; set when the handshake is over.
    public private(set) var peer: CertificateFacts?
    private let ssl: OpaquePointer
    /// Whether the peer must show a certificate: nodes and servers do, browsers do not.
    private let wantsPeer: Bool
    /// Owned by `ssl`.
    private let incoming: OpaquePointer
    private let outbound: OpaquePointer
    private var outgoing: [UInt8] = []
    private var heardBytes = 0
    private var saidDone = false
    private var failure: TLSError?

    public convenience init(_ context: TLSContext, _ role: Role) throws(TLSError) { try self.init(context.pointer, role) { _ in true } }

    /// A server of the web, for whoever comes.
    public convenience init(_ server: WebServerTLS) throws(TLSError) {
        try self.init(server.pointer, .server, wantsPeer: false) { _ in true }
    }

    /// A client of a server of the web. Its certificate must be for `host`: a name, or a numeric address.
    public convenience init(_ trust: WebTrust, host: String) throws(TLSError) {
        try self.init(trust.pointer, .client) { ssl in
            let parameters = SSL_get0_param(ssl)
            if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return true }
            OpenSSLErrors.clear()
            return callslip_set_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1
        }
    }

    private init(
        _ context: OpaquePointer, _ role: Role, wantsPeer: Bool = true, prepare: (OpaquePointer) -> Bool
    ) throws(TLSError) {
        self.wantsPeer = wantsPeer
        OpenSSLErrors.clear()
        guard let ssl = SSL_new(context) else { throw .library(OpenSSLErrors.takeWords()) }
        guard let incoming = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            throw .library(OpenSSLErrors.takeWords())
        }
        guard let outbound = BIO_new(BIO_s_mem()) else {
            BIO_free(incoming)
            SSL_free(ssl)
            throw .library(OpenSSLErrors.takeWords())
        }
        SSL_set_bio(ssl, incoming, outbound)
        self.ssl = ssl
        self.incoming = incoming
        self.outbound = outbound
        guard prepare(ssl) else { throw .library(OpenSSLErrors.takeWords()) }
        switch role {
        case .client:
            SSL_set_connect_state(ssl)
            try shakeHands()
        case .server: SSL_set_accept_state(ssl)
        }
    }

    deinit { SSL_free(ssl) }

    /// Takes bytes that came from the network, as many as the engine holds undecrypted at most. Then `shakeHands`, `read` until it gives 0, and feed the rest.
    /// - Returns: how many were taken; at least 1 of what is not empty, when `read` gave 0 before. What comes after the peer's last word is dropped.
    public func feed(_ bytes: UnsafeRawBufferPointer) throws(TLSError) -> Int {
        if let failure { throw failure }
        guard let first = bytes.first, let base = bytes.baseAddress, !isPeerDone else { return bytes.count }
        // RFC 8446, 5.1: a record begins with one of these. Anything else is another protocol, which is worth a sentence of its own.
        if heardBytes == 0, !(20...23).contains(first) { throw fail(.notTLS) }
        let count = min(bytes.count, TLSLimits.undecryptedBytesMax - Int(callslip_bio_pending(incoming)))
        guard count > 0 else { return 0 }
        heardBytes += count
        if !isOpen, heardBytes > TLSLimits.handshakeBytesMax { throw fail(.handshakeTooLong(bytesMax: TLSLimits.handshakeBytesMax)) }
        OpenSSLErrors.clear()
        guard BIO_write(incoming, base, Int32(count)) == Int32(count) else { throw fail(.library(OpenSSLErrors.takeWords())) }
        return count
    }

    /// What the peer said next, at most one record's worth.
    /// - Returns: the number of bytes put into `buffer`; 0 when more must come from the network, before the handshake is over, and when `isPeerDone`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> Int {
        if let failure { throw failure }
        guard isOpen, !isPeerDone else { return 0 }
        // OpenSSL would only find out that there is nothing, which costs it a fifth of what a short record does.
        guard callslip_bio_pending(incoming) > 0 || SSL_has_pending(ssl) == 1 else {
            drain()
            return 0
        }
        OpenSSLErrors.clear()
        let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return Int(count) }
        let outcome = SSL_get_error(ssl, count)
        // The peer may have asked for new keys, which is answered at once.
        drain()
        switch outcome {
        case SSL_ERROR_WANT_READ: return 0
        case SSL_ERROR_ZERO_RETURN:
            isPeerDone = true
            return 0
        default: throw fail(reason())
        }
    }

    /// Encrypts. Throws `.notOpen` before the handshake is over and after `sayDone`.
    public func send(_ bytes: [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard isOpen, !saidDone else { throw .notOpen }
        let isSent = bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(TLSLimits.encryptBytesMax))
                OpenSSLErrors.clear()
                // Memory takes everything, so there is no partial write.
                guard SSL_write(ssl, piece.baseAddress, Int32(piece.count)) == Int32(piece.count) else { return false }
                drain()
                rest = rest.dropFirst(piece.count)
            }
            return true
        }
        guard isSent else { throw fail(reason()) }
    }

    /// Tells the peer that no more comes (close_notify). Idempotent; nothing before the handshake is over.
    public func sayDone() {
        guard isOpen, !saidDone, failure == nil else { return }
        saidDone = true
        OpenSSLErrors.clear()
        // 0 says that the peer has not answered yet, for which nobody waits.
        _ = SSL_shutdown(ssl)
        OpenSSLErrors.clear()
        drain()
    }

    /// The network's end: right when the peer said so before.
    public func receiveEnd() throws(TLSError) {
        if let failure { throw failure }
        guard isPeerDone else { throw fail(.cut(duringHandshake: !isOpen)) }
    }

    /// Bytes for the network; taken away.
    public func takeOutgoing() -> [UInt8] {
        defer { outgoing = [] }
        return outgoing
    }

    /// Goes on with the handshake as far as what came allows; `isOpen` when it is over, and nothing from then on.
    public func shakeHands() throws(TLSError) {
        if let failure { throw failure }
        guard !isOpen else { return }
        OpenSSLErrors.clear()
        let result = SSL_do_handshake(ssl)
        let outcome = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result)
        let why = outcome == SSL_ERROR_NONE || outcome == SSL_ERROR_WANT_READ ? nil : reason()
        drain()
        if let why { throw fail(why) }
        guard result == 1 else { return }
        if wantsPeer {
            guard let certificate = SSL_get1_peer_certificate(ssl) else { throw fail(.certificateMissing) }
            defer { X509_free(certificate) }
            peer = CertificateFacts(certificate)
        }
        isOpen = true
    }

    /// Moves what OpenSSL has written to where its buffer, which never shrinks, need not hold it.
    private func drain() {
        let count = Int(callslip_bio_pending(outbound))
        guard count > 0 else { return }
        let start = outgoing.count
        outgoing.append(contentsOf: repeatElement(0, count: count))
        outgoing.withUnsafeMutableBytes { all in
            let read = BIO_read(outbound, all.baseAddress?.advanced(by: start), Int32(count))
            precondition(read == Int32(count), "expected \(count) bytes in OpenSSL's buffer, found \(read)")
        }
    }

    private func fail(_ error: TLSError) -> TLSError {
        failure = error
        drain()
        return error
    }

    /// Why the last call failed.
    private func reason() -> TLSError {
        guard let entry = OpenSSLErrors.take() else { return .cut(duringHandshake: !isOpen) }
        guard entry.library == ERR_LIB_SSL else { return .damaged(entry.words) }
        switch entry.reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return .certificateRefused(fault(Int32(SSL_get_verify_result(ssl))))
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .certificateMissing
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_SHARED_CIPHER, SSL_R_VERSION_TOO_LOW, SSL_R_NO_SUITABLE_KEY_SHARE,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_WRONG_SSL_VERSION:
            return .nothingInCommon
        // OpenSSL numbers a peer's alerts from here on.
        case 1_000..<1_256:
            let alert = entry.reason - 1_000
            return .refusedByPeer(alert: Int(alert), name: String(cString: SSL_alert_desc_string_long(alert)))
        default: return .damaged(entry.words)
        }
    }

    private func fault(_ code: Int32) -> CertificateFault {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_SIGNATURE_FAILURE,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            .foreign
        case X509_V_ERR_INVALID_PURPOSE: .wrongPurpose
        default: .other(String(cString: X509_verify_cert_error_string(Int(code))))
        }
    }
}
