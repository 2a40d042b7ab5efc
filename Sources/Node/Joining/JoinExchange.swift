/// What a fresh node asks of a coordinator, and what it is given. Both are sealed with the token's secret, so that they are secret and authentic
/// whatever carries them, HTTP without TLS included; the answer is sealed for a key of this one question as well, so that whoever
/// recorded it and finds the token later reads nothing.

import FoundationEssentials
import SignIn
import Sodium

/// From the fresh node.
struct JoinQuestion: Codable, Hashable, Sendable {
    /// The public half of the node's key, in PEM.
    var publicKey: String
    /// The public half of the key for the answer.
    var answerKey: [UInt8]
    /// Seconds since 1970 by the node's clock.
    var clock: Int64
}

/// What a node needs to be one.
public struct JoinGrant: Codable, Hashable, Sendable {
    public struct Voter: Codable, Hashable, Sendable {
        public var name: String
        public var id: UInt64
        public var peer: String
    }

    public var node: String
    public var library: String
    public var cluster: String
    /// The authority's certificate, and the node's with the issuer's after it, in PEM.
    public var authority: String
    public var certificate: String
    /// The file of gossip keys.
    public var keyring: String
    public var coordinators: [Voter]
    public var seeds: [String]
}

/// The envelope of either, as JSON.
struct JoinEnvelope: Codable, Sendable {
    var invitation: String
    var nonce: String
    var sealed: String

    enum Direction: String {
        case question, answer
    }

    init(_ plaintext: [UInt8], _ direction: Direction, id: [UInt8], secret: [UInt8]) throws(SodiumError) {
        let nonce = try AEAD.makeNonce()
        invitation = Base64URL.text(of: id)
        self.nonce = Base64URL.text(of: nonce)
        sealed = Base64URL.text(of: try AEAD.seal(plaintext, associated: Self.context(direction, id), nonce: nonce, key: secret))
    }

    /// Nil when it is not what the holder of the secret wrote, in that direction.
    func open(_ direction: Direction, id: [UInt8], secret: [UInt8]) -> [UInt8]? {
        guard let nonce = Base64URL.bytes(of: nonce), let sealed = Base64URL.bytes(of: sealed) else { return nil }
        return try? AEAD.open(sealed, associated: Self.context(direction, id), nonce: nonce, key: secret)
    }

    private static func context(_ direction: Direction, _ id: [UInt8]) -> [UInt8] { Array("callslip join \(direction.rawValue)".utf8) + id }
}

/// A fresh node's side of it.
public struct JoinAttempt: Sendable {
    /// What to send to the coordinator, as JSON.
    public let body: [UInt8]
    private let token: JoinToken
    private let publicKey: [UInt8]
    private let secretKey: [UInt8]

    /// - Parameters:
    ///   - publicKey: of the node's key, in PEM.
    ///   - clock: seconds since 1970.
    public init(_ token: JoinToken, publicKey: String, clock: Int64) throws {
        self.token = token
        (self.publicKey, secretKey) = try SealedBox.makePair()
        let question = JoinQuestion(publicKey: publicKey, answerKey: self.publicKey, clock: clock)
        let envelope = try JoinEnvelope([UInt8](try JSONEncoder().encode(question)), .question, id: token.id, secret: token.secret)
        body = [UInt8](try JSONEncoder().encode(envelope))
    }

    /// Nil when the answer is not from the coordinator that made the token.
    public func grant(_ answer: [UInt8]) -> JoinGrant? {
        guard let envelope = try? JSONDecoder().decode(JoinEnvelope.self, from: Data(answer)),
            let boxed = envelope.open(.answer, id: token.id, secret: token.secret),
            let plain = try? SealedBox.open(boxed, publicKey: publicKey, secretKey: secretKey)
        else { return nil }
        return try? JSONDecoder().decode(JoinGrant.self, from: Data(plain))
    }
}
