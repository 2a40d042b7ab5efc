/// What a sign-in service says of who signed in: an ID token (OpenID Connect Core 1.0, 2), verified (3.1.3.7).

import FoundationEssentials
import Sodium

public struct IDToken: Hashable, Sendable {
    /// What it must say.
    public struct Expected: Sendable {
        public var issuer: String
        public var client: String
        public var nonce: String
        /// The claim that tells who it is.
        public var claim: String
        /// Unix seconds.
        public var nowS: Int64

        public init(issuer: String, client: String, nonce: String, claim: String, nowS: Int64) {
            self.issuer = issuer
            self.client = client
            self.nonce = nonce
            self.claim = claim
            self.nowS = nowS
        }
    }

    public static let bytesMax = 16 * 1024
    static let nameBytesMax = 128
    /// How much the clocks of the service and of this node may differ, in seconds.
    static let skewS: Int64 = 120
    /// How old a token may be that is brought at once, in seconds.
    static let ageSMax: Int64 = 600

    /// What the claim says: at most 128 bytes, never empty.
    public let name: String

    /// - Throws: `badToken`, which says what is wrong.
    public init(_ text: String, keys: JSONWebKeys, _ expected: Expected) throws(CampusRefusal) {
        let parts = text.utf8.count <= Self.bytesMax ? text.split(separator: ".", omittingEmptySubsequences: false) : []
        guard parts.count == 3, let head = Self.object(parts[0], as: Header.self),
            let claims = Self.object(parts[1], as: [String: Claim].self),
            let signature = Base64URL.bytes(of: parts[2])
        else { throw .badToken("it is no signed token") }
        guard let algorithm = JSONWebKeys.Algorithm(rawValue: head.alg) else { throw .badToken("it is not signed by RS256 or ES256") }
        // What an extension says there would have to be understood.
        guard head.crit == nil else { throw .badToken("it asks for an extension that nobody here knows") }
        guard keys.count(algorithm, named: head.kid) > 0 else { throw .badToken("it is signed with a key that the service does not show") }
        guard keys.verify(signature, of: Array("\(parts[0]).\(parts[1])".utf8), by: algorithm, named: head.kid) else {
            throw .badToken("its signature is wrong")
        }
        try Self.check(claims, expected)
        guard let name = claims[expected.claim]?.string, !name.isEmpty else { throw .badToken("it does not say `\(expected.claim)`") }
        guard name.utf8.count <= Self.nameBytesMax else { throw .badToken("`\(expected.claim)` is too long") }
        // Some services write it as a text (OpenID Connect Core 1.0, 5.1 says: a boolean).
        if expected.claim == "email", let verified = claims["email_verified"], !verified.isTrue {
            throw .badToken("the e-mail address in it was never verified")
        }
        self.name = name
    }

    /// Whether another set of keys might have what this token is signed with: services change their keys.
    public static func isSignedWithUnknownKey(_ text: String, _ keys: JSONWebKeys) -> Bool {
        guard text.utf8.count <= bytesMax, let head = text.split(separator: ".").first.flatMap({ object($0, as: Header.self) }),
            let algorithm = JSONWebKeys.Algorithm(rawValue: head.alg)
        else { return false }
        return keys.count(algorithm, named: head.kid) == 0
    }

    private static func check(_ claims: [String: Claim], _ expected: Expected) throws(CampusRefusal) {
        guard claims["iss"]?.string == expected.issuer else { throw .badToken("another service issued it") }
        let audience = claims["aud"]?.strings ?? []
        guard audience.contains(expected.client) else { throw .badToken("it is meant for another service than this") }
        if audience.count > 1 || claims["azp"] != nil, claims["azp"]?.string != expected.client {
            throw .badToken("it was given to another service than this")
        }
        guard !(claims["sub"]?.string ?? "").isEmpty else { throw .badToken("it names nobody") }
        guard let nonce = claims["nonce"]?.string, constantTimeEqual(Array(nonce.utf8), Array(expected.nonce.utf8)) else {
            throw .badToken("it answers another sign-in than this")
        }
        guard let end = claims["exp"]?.seconds, let begin = claims["iat"]?.seconds else {
            throw .badToken("it does not say until when it is good")
        }
        guard end > expected.nowS - skewS else { throw .badToken("it has ended") }
        guard (expected.nowS - ageSMax...expected.nowS + skewS).contains(begin) else {
            throw .badToken("it was made at another time; is this node’s clock right?")
        }
        if let notBefore = claims["nbf"] {
            guard let seconds = notBefore.seconds, seconds <= expected.nowS + skewS else { throw .badToken("it is not good yet") }
        }
    }

    private static func object<T: Decodable>(_ part: Substring, as type: T.Type) -> T? {
        Base64URL.bytes(of: part).flatMap { try? JSONDecoder().decode(type, from: Data($0)) }
    }

    private struct Header: Decodable {
        var alg: String
        var kid: String?
        var crit: [String]?
    }
}

/// The value of a claim, as far as any is looked at.
private enum Claim: Decodable {
    case text(String)
    case flag(Bool)
    case number(Double)
    case texts([String])
    case other

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let texts = try? value.decode([String].self) {
            self = .texts(texts)
        } else {
            self = .other
        }
    }

    var isTrue: Bool {
        switch self {
        case .flag(let flag): flag
        case .text(let text): text == "true"
        default: false
        }
    }

    var string: String? { if case .text(let text) = self { text } else { nil } }

    var strings: [String]? {
        switch self {
        case .text(let text): [text]
        case .texts(let texts): texts
        default: nil
        }
    }

    /// Within some millions of years.
    var seconds: Int64? {
        guard case .number(let number) = self, abs(number) < 1e14 else { return nil }
        return Int64(number)
    }
}
