/// The authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636), as values: the address to which a browser is sent, what it must bring back, and what is then asked of the service.

import FoundationEssentials
import Sodium

/// Who signs people in for a library, and how this node is known there: `oidc` in the node's file.
public struct CampusService: Hashable, Sendable {
    /// As the service calls itself, such as `https://login.campus.example`.
    public var issuer: String
    /// As what this node is registered there.
    public var client: String
    /// Absent for one that is registered without (then PKCE alone holds).
    public var secret: String?
    /// The claim that says who somebody is.
    public var claim: String
    /// Where the browser comes back to; registered there.
    public var redirect: String

    public init(issuer: String, client: String, secret: String?, claim: String, redirect: String) {
        self.issuer = issuer
        self.client = client
        self.secret = secret
        self.claim = claim
        self.redirect = redirect
    }

    /// Where the service describes itself (OpenID Connect Discovery 1.0, 4).
    public var discovery: String { (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration" }

    /// By HTTPS alone, but for a service on this machine.
    public static func isAddress(_ text: String) -> Bool {
        guard text.utf8.count <= 1_000, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) else { return false }
        if text.hasPrefix("https://") { return text.utf8.count > "https://".utf8.count }
        return ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { place in
            text.hasPrefix(place) && (text.utf8.count == place.utf8.count || [":", "/"].contains(text.dropFirst(place.count).prefix(1)))
        }
    }
}

/// What a service says of itself.
public struct CampusDocument: Hashable, Sendable {
    public static let bytesMax = 64 * 1024
    public var authorization: String
    public var token: String
    public var keys: String
    /// Whether it takes the client's secret in the body alone; else it is given as a header.
    public var takesSecretInBody: Bool

    private struct Document: Decodable {
        var issuer: String
        var authorization: String
        var token: String
        var keys: String
        var secretMethods: [String]?
        var challengeMethods: [String]?

        enum CodingKeys: String, CodingKey {
            case issuer
            case authorization = "authorization_endpoint"
            case token = "token_endpoint"
            case keys = "jwks_uri"
            case secretMethods = "token_endpoint_auth_methods_supported"
            case challengeMethods = "code_challenge_methods_supported"
        }
    }

    public init(json bytes: [UInt8], of service: CampusService) throws(CampusRefusal) {
        guard bytes.count <= Self.bytesMax, let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else {
            throw .provider("its discovery document is none")
        }
        guard document.issuer == service.issuer else {
            throw .provider("it calls itself `\(document.issuer.prefix(200))`, and `oidc.issuer` says `\(service.issuer)`")
        }
        for address in [document.authorization, document.token, document.keys] where !CampusService.isAddress(address) {
            throw .provider("its discovery document names the address `\(address.prefix(200))`, which is not https")
        }
        if let methods = document.challengeMethods, !methods.contains("S256") {
            throw .provider("it does not take S256 for PKCE")
        }
        (authorization, token, keys) = (document.authorization, document.token, document.keys)
        let methods = document.secretMethods ?? ["client_secret_basic"]
        takesSecretInBody = !methods.contains("client_secret_basic")
    }
}

/// One sign-in that was begun in one browser: what the browser keeps of it, sealed, until it comes back.
public struct CampusBeginning: Hashable, Sendable {
    public static let msMax: UInt64 = 600_000
    public var state: String
    public var nonce: String
    /// Of PKCE: whoever has the code alone gets nothing for it.
    public var verifier: String
    /// Unix milliseconds.
    public var beganMs: UInt64

    public static func make(nowMs: UInt64) throws(SodiumError) -> CampusBeginning {
        CampusBeginning(state: try random(), nonce: try random(), verifier: try random(), beganMs: nowMs)
    }

    init(state: String, nonce: String, verifier: String, beganMs: UInt64) {
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
        self.beganMs = beganMs
    }

    private static func random() throws(SodiumError) -> String { Base64URL.text(of: try Randomness.bytes(32)) }

    /// Where the browser goes.
    public func address(_ document: CampusDocument, _ service: CampusService, scope: String) -> String {
        let fields = [
            ("response_type", "code"), ("client_id", service.client), ("redirect_uri", service.redirect), ("scope", scope),
            ("state", state),
            ("nonce", nonce), ("code_challenge", Base64URL.text(of: Hash.sha256(Array(verifier.utf8)))), ("code_challenge_method", "S256"),
        ]
        return document.authorization + (document.authorization.contains("?") ? "&" : "?") + FormText.text(fields)
    }

    /// What is asked for the code that the browser brought: the body, and the `Authorization` header if there is one.
    public func question(code: String, _ document: CampusDocument, _ service: CampusService) -> (body: String, authorization: String?) {
        var fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", service.redirect), ("client_id", service.client),
            ("code_verifier", verifier),
        ]
        guard let secret = service.secret else { return (FormText.text(fields), nil) }
        guard document.takesSecretInBody else {
            let pair = "\(FormText.escaped(service.client)):\(FormText.escaped(secret))"
            return (FormText.text(fields), "Basic " + Data(pair.utf8).base64EncodedString())
        }
        fields.append(("client_secret", secret))
        return (FormText.text(fields), nil)
    }

    // MARK: In the browser

    /// - Parameter key: of this process alone; a restart ends what was begun.
    public func sealed(key: [UInt8]) throws(SodiumError) -> String {
        let nonceBytes = try AEAD.makeNonce()
        let text = "\(state) \(nonce) \(verifier) \(beganMs)"
        return Base64URL.text(of: nonceBytes + (try AEAD.seal(Array(text.utf8), associated: Self.context, nonce: nonceBytes, key: key)))
    }

    /// What this browser began, where it was here and lately.
    public init?(sealed: String, key: [UInt8], nowMs: UInt64) {
        guard sealed.utf8.count <= 1_024, let bytes = Base64URL.bytes(of: sealed), bytes.count > AEAD.nonceBytes,
            let opened = try? AEAD.open(
                Array(bytes[AEAD.nonceBytes...]), associated: Self.context, nonce: Array(bytes[..<AEAD.nonceBytes]), key: key)
        else { return nil }
        let words = String(decoding: opened, as: UTF8.self).split(separator: " ")
        guard words.count == 4, let beganMs = UInt64(words[3]), nowMs >= beganMs, nowMs - beganMs < Self.msMax else { return nil }
        self.init(state: String(words[0]), nonce: String(words[1]), verifier: String(words[2]), beganMs: beganMs)
    }

    private static let context = Array("callslip campus sign-in".utf8)

    /// The code of an answer that belongs to this beginning.
    public func code(in answer: CampusAnswer, from service: CampusService) throws(CampusRefusal) -> String {
        guard constantTimeEqual(Array((answer.state ?? "").utf8), Array(state.utf8)) else { throw .otherBrowser }
        // RFC 9207: an answer of another service, mixed up with this one's.
        if let issuer = answer.issuer, issuer != service.issuer { throw .badToken("another service answered") }
        if let error = answer.error {
            throw CampusRefusal(
                .denied, "Your campus’s sign-in service did not sign you in. Try again, or sign in with your password.",
                detail: String(error.prefix(80).filter { $0.isASCII && ($0.isLetter || $0 == "_") }))
        }
        guard let code = answer.code, (1...2_048).contains(code.utf8.count) else {
            throw .provider("it sent the browser back without a code")
        }
        return code
    }
}

/// With what a browser comes back.
public struct CampusAnswer: Sendable {
    public var state: String?
    public var code: String?
    public var error: String?
    public var issuer: String?

    public init(state: String?, code: String?, error: String?, issuer: String?) {
        self.state = state
        self.code = code
        self.error = error
        self.issuer = issuer
    }
}

/// What the service gives for a code.
public enum CampusTokens {
    public static let bytesMax = 64 * 1024

    private struct Document: Decodable {
        var idToken: String?

        enum CodingKeys: String, CodingKey { case idToken = "id_token" }
    }

    public static func idToken(json bytes: [UInt8]) throws(CampusRefusal) -> String {
        guard bytes.count <= bytesMax, let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            let token = document.idToken
        else {
            throw .provider("it gave no ID token for the code")
        }
        return token
    }
}

/// Fields as forms send them (`application/x-www-form-urlencoded`, with %20 for a space, which addresses take as well).
enum FormText {
    static func text(_ fields: [(String, String)]) -> String { fields.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&") }

    static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { escaped, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-._~".utf8.contains(byte)
            escaped += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
}
