import COpenSSL

/// A node's key, made where it stays; what others are given of it is its public half.
public struct NodeKey: Sendable {
    /// In PEM; for the node's own disk alone.
    public let secret: String
    /// In PEM; what an authority certifies.
    public let publicHalf: String

    public static func make() throws(CertificateError) -> NodeKey { try NodeKey(PrivateKey()) }

    /// Of a key that is there already.
    public init(pem: String) throws(CertificateError) { try self.init(PrivateKey(pem, "the node's key")) }

    private init(_ key: PrivateKey) throws(CertificateError) {
        secret = try key.pem()
        publicHalf = try PEM.text("write a public key") { PEM_write_bio_PUBKEY($0, key.pointer) }
    }
}

/// The public half of a node's key as it came from elsewhere, freed with this object. It is held to be on the curve P-256: what else there is would
/// cost those who check its signatures more, or be worth less.
///
/// `@unchecked Sendable`: as of `X509s`.
final class PublicKey: @unchecked Sendable {
    static let bits: Int32 = 256
    let pointer: OpaquePointer

    init(_ pem: String, _ what: String) throws(CertificateError) {
        OpenSSLErrors.clear()
        let bio = try PEM.bio(pem, what)
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PUBKEY(bio, nil, nil, nil) else {
            throw .unreadable(what, why: OpenSSLErrors.take()?.words ?? "no key in it")
        }
        guard EVP_PKEY_is_a(key, "EC") == 1, EVP_PKEY_get_bits(key) == Self.bits else {
            EVP_PKEY_free(key)
            throw .wrongKind(what)
        }
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }
}
