import COpenSSL
import Glibc

/// Why a certificate or a key in a text is of no use.
public enum CertificateError: Error, Hashable, Sendable {
    /// `what` holds no certificate, or no key, in PEM.
    case unreadable(_ what: String, why: String)
    /// The key is locked with a password, which nobody could enter.
    case locked(_ what: String)
    /// Key and certificate do not belong together.
    case keyOfAnother
    /// What signs must be an authority's certificate.
    case noAuthority
    /// The authority was made to sign nodes' certificates alone.
    case noIssuersAllowed
    /// A node's key is of the one kind that this program makes.
    case wrongKind(_ what: String)
    /// The certificate names not exactly one node.
    case nodes([String])
    case library(_ operation: String, why: String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let what, let why): "\(what) cannot be read (\(why)); expected text that begins with -----BEGIN"
        case .locked(let what): "\(what) is locked with a password; a node needs one without (keep the file to its owner, mode 0600)"
        case .keyOfAnother: "the key does not belong to the certificate; give the two files that were made together"
        case .noAuthority: "the certificate is not an authority's; give the ca.pem that `callslip ca init` made"
        case .noIssuersAllowed:
            "this authority was made to certify nodes alone and can have no issuer below it; make a new one with `callslip ca init`, and give each node both in one ca.pem until all have certificates of the new one"
        case .wrongKind(let what):
            "\(what) is of another kind than nodes have; expected one on the curve P-256, as `callslip join` makes it"
        case .nodes(let names):
            "the certificate names \(names.isEmpty ? "no node" : names.joined(separator: ", ")); expected the one node whose it is: make it with `callslip ca issue NODE`"
        case .library(let operation, let why): "\(operation): OpenSSL failed: \(why)"
        }
    }
}

/// What is read from a certificate.
public struct CertificateFacts: Hashable, Sendable {
    /// The nodes that it speaks for (one, in what this program issues).
    public var nodes: [String]
    /// Whether it says that its one node may be a coordinator.
    public var coordinates: Bool
    /// The serial number, in hexadecimal.
    public var serial: String
    /// Seconds since 1970.
    public var notBefore: Int64
    public var notAfter: Int64
    /// The digest (SHA-256) of the public half of its key, as DER has it (RFC 5280, SubjectPublicKeyInfo); empty when it could not be read.
    public var key: [UInt8]

    /// Reads the certificate that comes first in `pem`.
    public init(pem: String) throws(CertificateError) {
        let found = try X509s(pem, "the certificate")
        // The pointer is worth something as long as what owns it.
        self = withExtendedLifetime(found) { CertificateFacts(found.list[0]) }
    }

    init(_ certificate: OpaquePointer) {
        let uris = Self.uris(certificate)
        nodes = uris.compactMap { NodeURI.node(in: $0) }
        coordinates = nodes.count == 1 && uris.compactMap { NodeURI.node(in: $0, as: .coordinator) } == nodes
        serial = Self.serial(of: certificate)
        notBefore = Self.seconds(X509_get0_notBefore(certificate))
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        key = Self.key(of: certificate)
    }

    private static func key(of certificate: OpaquePointer) -> [UInt8] {
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
        guard count > 0, let der else { return [] }
        defer { CRYPTO_free(der, nil, 0) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(der, Int(count), &digest, nil, EVP_sha256(), nil) == 1 else { return [] }
        return digest
    }

    private static func uris(_ certificate: OpaquePointer) -> [String] {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(found)
        defer { GENERAL_NAMES_free(names) }
        return (0..<min(callslip_names_count(names), Int32(TLSLimits.namesMax))).compactMap { index in
            guard let text = callslip_names_uri(names, index), let bytes = ASN1_STRING_get0_data(text) else { return nil }
            return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text))), as: UTF8.self)
        }
    }

    private static func serial(of certificate: OpaquePointer) -> String {
        guard let number = X509_get0_serialNumber(certificate), let bytes = ASN1_STRING_get0_data(number) else { return "" }
        return UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(number)))
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }
}

/// How a certificate names a node: a URI of our own, which no authority but the consortium's would sign, and no web server's certificate has. A second one
/// says that the node may be a coordinator; versions that do not know it read over it.
enum NodeURI {
    enum Role: String {
        case node = "callslip:node:"
        case coordinator = "callslip:coordinator:"
    }

    static func text(_ node: String, as role: Role = .node) -> String {
        role.rawValue
            + node.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                    String(UnicodeScalar(byte))
                default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }
            }.joined()
    }

    /// Nil when it is another URI, or is not written as `text` writes it.
    static func node(in uri: String, as role: Role = .node) -> String? {
        guard uri.hasPrefix(role.rawValue) else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(uri.utf8.dropFirst(role.rawValue.utf8.count))[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        let node = String(decoding: bytes, as: UTF8.self)
        return !node.isEmpty && text(node, as: role) == uri ? node : nil
    }
}

/// Certificates read from a text, freed with this object.
///
/// `@unchecked Sendable`: nothing of them is changed after `init`, and what OpenSSL keeps inside of them it guards itself.
final class X509s: @unchecked Sendable {
    let list: [OpaquePointer]

    init(_ pem: String, _ what: String) throws(CertificateError) {
        OpenSSLErrors.clear()
        let bio = try PEM.bio(pem, what)
        defer { BIO_free(bio) }
        var found: [OpaquePointer] = []
        while found.count < TLSLimits.certificatesMax, let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
        let end = OpenSSLErrors.take()
        list = found
        // So `list[0]` exists, always.
        guard found.isEmpty else { return }
        throw .unreadable(what, why: end?.words ?? "no certificate in it")
    }

    deinit { for certificate in list { X509_free(certificate) } }
}

/// A private key, freed with this object.
///
/// `@unchecked Sendable`: as of `X509s`.
final class PrivateKey: @unchecked Sendable {
    let pointer: OpaquePointer

    /// A new key on the curve P-256, whose signatures cost the least where they are made and where they are checked (Ed25519 takes half as long again).
    init() throws(CertificateError) {
        OpenSSLErrors.clear()
        guard let made = callslip_p256_key() else { throw .library("make a key", why: OpenSSLErrors.takeWords()) }
        pointer = made
    }

    init(_ pem: String, _ what: String) throws(CertificateError) {
        OpenSSLErrors.clear()
        let bio = try PEM.bio(pem, what)
        defer { BIO_free(bio) }
        var wasAsked = false
        // Without this OpenSSL would ask for a password at the terminal.
        let key = withUnsafeMutablePointer(to: &wasAsked) { asked in
            PEM_read_bio_PrivateKey(
                bio, nil,
                { _, _, _, asked in
                    asked?.assumingMemoryBound(to: Bool.self).pointee = true
                    return -1
                }, asked)
        }
        let words = OpenSSLErrors.take()?.words
        guard let key else {
            throw wasAsked ? .locked(what) : .unreadable(what, why: words ?? "no key in it")
        }
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }

    func pem() throws(CertificateError) -> String {
        try PEM.text("write a key") { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }
}

enum PEM {
    static func bio(_ text: String, _ what: String) throws(CertificateError) -> OpaquePointer {
        var text = text
        guard text.utf8.count <= TLSLimits.pemBytesMax else {
            throw .unreadable(what, why: "more than \(TLSLimits.pemBytesMax) bytes")
        }
        guard let bio = BIO_new(BIO_s_mem()) else { throw .library("read \(what)", why: OpenSSLErrors.takeWords()) }
        let written = text.withUTF8 { BIO_write(bio, $0.baseAddress, Int32($0.count)) }
        guard written == Int32(text.utf8.count) || text.isEmpty else {
            BIO_free(bio)
            throw .library("read \(what)", why: OpenSSLErrors.takeWords())
        }
        return bio
    }

    static func text(_ operation: String, _ write: (OpaquePointer) -> Int32) throws(CertificateError) -> String {
        OpenSSLErrors.clear()
        guard let bio = BIO_new(BIO_s_mem()) else { throw .library(operation, why: OpenSSLErrors.takeWords()) }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw .library(operation, why: OpenSSLErrors.takeWords()) }
        var bytes = [UInt8](repeating: 0, count: Int(callslip_bio_pending(bio)))
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        guard count == Int32(bytes.count) else { throw .library(operation, why: OpenSSLErrors.takeWords()) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
