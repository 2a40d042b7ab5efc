import COpenSSL

/// From when to when a certificate is valid, in seconds since 1970, both included.
public struct Validity: Hashable, Sendable {
    public var notBefore: Int64
    public var notAfter: Int64

    public init(notBefore: Int64, notAfter: Int64) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// From a day ago, for clocks that are behind, and for `days`.
    public init(now: Int64, days: Int64) { self.init(notBefore: now - 86_400, notAfter: now + days * 86_400) }

    /// No longer than the authority that signs: what outlives it is worth nothing.
    func ending(by authority: CertificateFacts) -> Validity {
        Validity(notBefore: notBefore, notAfter: min(notAfter, authority.notAfter))
    }
}

/// A certificate and its key, in PEM.
public struct Certified: Sendable {
    public var certificate: String
    public var key: String
}

/// The consortium's own authority: whom it certifies, its nodes speak with. It signs nodes' certificates, each for one node and for both ends of a
/// link, and those of issuers, which sign nodes' certificates where its own key is not: no authority below these (path lengths 1 and 0).
public struct CertificateAuthority: Sendable {
    public static let daysUsual: Int64 = 3_650
    public static let nodeDaysUsual: Int64 = 365
    public static let issuerDaysUsual: Int64 = 730
    /// The longest name that X.520 gives an organisation, in characters.
    public static let nameBytesMax = 64

    /// In PEM; what every node is given as `ca`.
    public let certificate: String
    /// What is read from it.
    public let facts: CertificateFacts
    private let signer: X509s
    private let key: PrivateKey

    /// A new authority, and its key.
    public static func make(name: String, _ validity: Validity) throws(CertificateError) -> Certified {
        let key = try PrivateKey()
        let certificate = try build(
            subject: "\(name.prefix(nameBytesMax))", publicKey: key.pointer, validity, issuer: nil, signedWith: key,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:1"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        return Certified(certificate: certificate, key: try key.pem())
    }

    /// An authority below this one, with a key of its own, that certifies nodes and nothing else. Nodes take what it signs with no change to their
    /// files, as they trust the one above it.
    /// - Throws: `noIssuersAllowed` when this one was made to sign nodes' certificates alone.
    public func makeIssuer(name: String, _ validity: Validity) throws(CertificateError) -> Certified {
        // -1: its certificate sets no bound.
        guard X509_get_pathlen(signer.list[0]) != 0 else { throw .noIssuersAllowed }
        let own = try PrivateKey()
        let certificate = try Self.build(
            subject: "\(name.prefix(Self.nameBytesMax))", publicKey: own.pointer, validity.ending(by: facts), issuer: signer.list[0],
            signedWith: key,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
            ])
        return Certified(certificate: certificate, key: try own.pem())
    }

    public init(certificate: String, key: String) throws(CertificateError) {
        self.certificate = certificate
        signer = try X509s(certificate, "the authority's certificate")
        facts = CertificateFacts(signer.list[0])
        self.key = try PrivateKey(key, "the authority's key")
        guard X509_check_ca(signer.list[0]) == 1 else { throw .noAuthority }
        OpenSSLErrors.clear()
        guard X509_check_private_key(signer.list[0], self.key.pointer) == 1 else {
            OpenSSLErrors.clear()
            throw .keyOfAnother
        }
    }

    /// Certifies a node. With `key` (PEM) it is renewed: the key stays, so that one file alone changes.
    /// - Parameter coordinates: whether it says that the node may be a coordinator.
    public func issue(
        node: String, coordinates: Bool = false, _ validity: Validity, key existing: String? = nil
    ) throws(CertificateError) -> Certified {
        let own: PrivateKey
        if let existing { own = try PrivateKey(existing, "the node's key") } else { own = try PrivateKey() }
        return Certified(certificate: try issue(node: node, coordinates, validity, to: own.pointer), key: try own.pem())
    }

    /// Certifies a node whose key stays where it was made: only its public half (PEM, of `NodeKey`) is known here. No longer than this authority is
    /// valid itself.
    public func issue(
        node: String, coordinates: Bool = false, _ validity: Validity, publicKey: String
    ) throws(CertificateError) -> String {
        let its = try PublicKey(publicKey, "the node's public key")
        return try issue(node: node, coordinates, validity.ending(by: facts), to: its.pointer)
    }

    private func issue(
        node: String, _ coordinates: Bool, _ validity: Validity, to publicKey: OpaquePointer
    ) throws(CertificateError) -> String {
        let names = [NodeURI.text(node)] + (coordinates ? [NodeURI.text(node, as: .coordinator)] : [])
        return try Self.build(
            subject: "\(node.prefix(Self.nameBytesMax))", publicKey: publicKey, validity, issuer: signer.list[0], signedWith: key,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth,clientAuth"), (NID_subject_alt_name, names.map { "URI:\($0)" }.joined(separator: ",")),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
            ])
    }

    private static func build(
        subject: String, publicKey: OpaquePointer, _ validity: Validity, issuer: OpaquePointer?, signedWith key: PrivateKey,
        extensions: [(Int32, String)]
    ) throws(CertificateError) -> String {
        func check(_ isDone: Bool, _ operation: String) throws(CertificateError) {
            guard isDone else { throw .library(operation, why: OpenSSLErrors.takeWords()) }
        }
        OpenSSLErrors.clear()
        guard let certificate = X509_new() else { throw .library("make a certificate", why: OpenSSLErrors.takeWords()) }
        defer { X509_free(certificate) }
        // Version 3 is written as 2.
        try check(X509_set_version(certificate, 2) == 1, "set the version")
        try setSerial(of: certificate)
        try check(ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(validity.notBefore)) != nil, "set the begin")
        try check(ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(validity.notAfter)) != nil, "set the end")
        guard let name = X509_get_subject_name(certificate) else { throw .library("set the name", why: OpenSSLErrors.takeWords()) }
        let isNamed = Array(subject.utf8).withUnsafeBufferPointer {
            X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, $0.baseAddress, Int32($0.count), -1, 0) == 1
        }
        try check(isNamed, "set the name")
        let above = issuer ?? certificate
        try check(X509_set_issuer_name(certificate, X509_get_subject_name(above)) == 1, "set the issuer")
        try check(X509_set_pubkey(certificate, publicKey) == 1, "set the key")
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, above, certificate, nil, nil, 0)
        for (kind, value) in extensions {
            guard let made = X509V3_EXT_conf_nid(nil, &context, kind, value) else {
                throw .library("write \(value)", why: OpenSSLErrors.takeWords())
            }
            defer { X509_EXTENSION_free(made) }
            try check(X509_add_ext(certificate, made, -1) == 1, "add \(value)")
        }
        try check(X509_sign(certificate, key.pointer, EVP_sha256()) > 0, "sign")
        return try PEM.text("write a certificate") { PEM_write_bio_X509($0, certificate) }
    }

    /// 128 random bits, the first of which is clear, as serial numbers are positive.
    private static func setSerial(of certificate: OpaquePointer) throws(CertificateError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { throw .library("make a serial number", why: OpenSSLErrors.takeWords()) }
        bytes[0] = bytes[0] & 0x7f | 0x40
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else {
            throw .library("make a serial number", why: OpenSSLErrors.takeWords())
        }
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil else {
            throw .library("set the serial number", why: OpenSSLErrors.takeWords())
        }
    }
}
