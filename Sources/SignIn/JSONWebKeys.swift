/// The public keys with which a sign-in service signs (a JSON Web Key set, RFC 7517), and whether a signature is one of theirs: RS256 and ES256, and nothing else.

import COpenSSL
import FoundationEssentials

public struct JSONWebKeys: Sendable {
    public static let bytesMax = 256 * 1024
    static let keysMax = 64
    /// RSA keys in bits: shorter ones can be broken, longer ones cost much to check.
    static let rsaBits: ClosedRange<Int32> = 2_048...8_192

    enum Algorithm: String {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    private struct Key: Decodable {
        var kty: String
        var kid: String?
        var use: String?
        var alg: String?
        var crv: String?
        var n: String?
        var e: String?
        var x: String?
        var y: String?

        func isFor(_ algorithm: Algorithm, named id: String?) -> Bool {
            guard use ?? "sig" == "sig", alg ?? algorithm.rawValue == algorithm.rawValue, id == nil || kid == id else { return false }
            switch algorithm {
            case .rs256: return kty == "RSA"
            case .es256: return kty == "EC" && crv == "P-256"
            }
        }
    }

    /// A key of a kind that nobody here knows is passed over.
    private struct Entry: Decodable {
        var key: Key?
        init(from decoder: any Decoder) throws { key = try? Key(from: decoder) }
    }

    private struct Document: Decodable {
        var keys: [Entry]
    }

    private let keys: [Key]

    public init(json bytes: [UInt8]) throws(CampusRefusal) {
        guard bytes.count <= Self.bytesMax, let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else {
            throw .provider("its keys are no JSON Web Key set of at most \(Self.bytesMax) bytes")
        }
        guard document.keys.count <= Self.keysMax else {
            throw .provider("it has \(document.keys.count) keys, and \(Self.keysMax) is the most")
        }
        keys = document.keys.compactMap(\.key)
    }

    /// How many could have made a signature.
    func count(_ algorithm: Algorithm, named id: String?) -> Int { keys.count { $0.isFor(algorithm, named: id) } }

    /// Whether the one key that is meant made the signature. Without a name there must be no choice.
    func verify(_ signature: [UInt8], of message: [UInt8], by algorithm: Algorithm, named id: String?) -> Bool {
        let candidates = keys.filter { $0.isFor(algorithm, named: id) }
        guard candidates.count == 1, let key = candidates.first else { return false }
        switch algorithm {
        case .rs256:
            guard let n = key.n.flatMap({ Base64URL.bytes(of: $0) }), let e = key.e.flatMap({ Base64URL.bytes(of: $0) }), !n.isEmpty,
                n.count <= Int(Self.rsaBits.upperBound) / 8 + 1, (1...8).contains(e.count),
                let made = callslip_rsa_key(n, n.count, e, e.count)
            else { return false }
            defer { EVP_PKEY_free(made) }
            guard Self.rsaBits.contains(EVP_PKEY_get_bits(made)) else { return false }
            return callslip_is_signed(made, message, message.count, signature, signature.count) == 1
        case .es256:
            guard signature.count == 64, let x = key.x.flatMap({ Base64URL.bytes(of: $0) }),
                let y = key.y.flatMap({ Base64URL.bytes(of: $0) }),
                x.count == 32, y.count == 32, let made = callslip_p256_public([4] + x + y, 65)
            else { return false }
            defer { EVP_PKEY_free(made) }
            let integers = Self.integer(signature[..<32]) + Self.integer(signature[32...])
            let der = [0x30, UInt8(integers.count)] + integers
            return callslip_is_signed(made, message, message.count, der, der.count) == 1
        }
    }

    /// A positive number of at most 32 bytes as DER has it.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }
}
