/// Why a link cannot be made, or cannot go on. What was expected, what came, what to do.
public enum TLSError: Error, Hashable, Sendable {
    /// The first byte is no record of TLS.
    case notTLS
    /// This side refused the peer's certificate.
    case certificateRefused(CertificateFault)
    /// The peer showed no certificate.
    case certificateMissing
    /// The peer refused this side, by an alert (RFC 8446, 6.2).
    case refusedByPeer(alert: Int, name: String)
    /// Both sides share no version, or no suite: the peer has no TLS 1.3.
    case nothingInCommon
    /// The peer sent more than a handshake needs before it was over.
    case handshakeTooLong(bytesMax: Int)
    /// The handshake was not over in time.
    case handshakeTooSlow(msMax: UInt64)
    /// The connection ended, and the peer had not said that it would: what it was sending may lack its end.
    case cut(duringHandshake: Bool)
    /// What came was altered, or is not TLS.
    case damaged(String)
    /// Something was to be sent before the handshake was over, or after this side said that no more comes.
    case notOpen
    /// OpenSSL could not do its work.
    case library(String)
}

/// What is wrong with a certificate that a peer showed.
public enum CertificateFault: Hashable, Sendable {
    case expired
    case notYetValid
    /// Not issued by the authority that this side trusts.
    case foreign
    /// Issued for something else than links of nodes.
    case wrongPurpose
    /// OpenSSL's words.
    case other(String)
}

extension CertificateFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .expired: "it has expired; renew it there with `callslip ca issue --renew`, and check both machines' clocks"
        case .notYetValid: "it is not valid yet; check both machines' clocks"
        case .foreign:
            "it was not issued by the authority in this node's `tls: {ca: …}`; both sides need certificates of the one consortium's authority"
        case .wrongPurpose: "it was issued for another purpose; issue one with `callslip ca issue`"
        case .other(let words): words
        }
    }
}

extension TLSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notTLS:
            "the peer does not speak TLS: give its file `tls: {ca, certificate, key}`; while a cluster changes over, the nodes that have it say `plainToo: true`"
        case .certificateRefused(let fault): "the peer's certificate is refused: \(fault)"
        case .certificateMissing: "the peer showed no certificate: only nodes with a certificate of the consortium's authority are heard"
        case .refusedByPeer(let alert, let name):
            "the peer refused this node (\(name)): \(Self.advice(alert))"
        case .nothingInCommon: "the peer has no TLS 1.3, and nodes speak nothing older: update it"
        case .handshakeTooLong(let bytes):
            "the peer sent more than \(bytes) bytes before the handshake was over; it is no node of this service"
        case .handshakeTooSlow(let ms): "the TLS handshake was not over within \(ms) ms; check the peer's load and the network"
        case .cut(duringHandshake: true):
            "the connection was cut during the TLS handshake; the peer's log says why, unless it ended or the network failed"
        case .cut(duringHandshake: false): "the connection was cut: the peer ended without a word, or something between cut it"
        case .damaged(let words): "what came was altered on its way, or is not TLS (\(words)); the connection ends, nothing of it was used"
        case .notOpen: "nothing can be sent before the handshake is over, or after the end"
        case .library(let words): "OpenSSL failed: \(words)"
        }
    }

    private static func advice(_ alert: Int) -> String {
        switch alert {
        case 40, 70: "it has no TLS version or suite in common with this one; update the older node"
        case 44: "this node's certificate was revoked; issue another one"
        case 45: "this node's certificate has expired by its clock; renew it with `callslip ca issue --renew`, and check both clocks"
        case 48: "this node's certificate is not of the authority that it trusts; compare `tls: {ca: …}` of both nodes"
        case 42, 43, 46: "it does not accept this node's certificate; its log says why"
        case 116: "it wants a certificate; give this node's file `tls: {ca, certificate, key}`"
        default: "its log says why"
        }
    }
}
