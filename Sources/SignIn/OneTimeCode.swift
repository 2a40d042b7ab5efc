/// Codes of six digits that an app on somebody's phone makes from a secret and the time (TOTP, RFC 6238), on HMAC-SHA-1 as every such app has it.

import COpenSSL
import Sodium

public enum OneTimeCode {
    public static let digits = 6
    public static let stepS: UInt64 = 30
    /// The length that RFC 4226 recommends, in bytes.
    public static let secretBytes = 20
    /// How many steps a phone's clock may be off, to either side.
    static let drift: UInt64 = 1

    /// The step that a time (Unix milliseconds) is in.
    public static func step(atMs ms: UInt64) -> UInt64 { ms / (stepS * 1_000) }

    /// The code of a step (RFC 4226, 5.3).
    public static func code(_ secret: [UInt8], step: UInt64, digits: Int = digits) -> String {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * UInt64($0))) }
        let mac = sha1(message, key: secret)
        let at = Int(mac[19] & 15)
        let number = mac[at..<at + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt64(1)) { product, _ in product * 10 }
        let text = String(UInt64(number) % modulus)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The step whose code this is: of the present one and those beside it, the first that is later than the last one used.
    /// - Parameter after: the last step whose code was used; a code is good once.
    public static func step(of code: String, _ secret: [UInt8], after: UInt64, nowMs: UInt64) -> UInt64? {
        let now = step(atMs: nowMs)
        let given = Array(code.utf8)
        var found: UInt64?
        // Each is compared, whichever is right.
        for step in (now - min(now, drift))...(now + drift) where constantTimeEqual(given, Array(Self.code(secret, step: step).utf8)) {
            if step > after, found == nil { found = step }
        }
        return found
    }

    /// The link that an app takes, by its code of squares or by a tap.
    public static func link(_ secret: [UInt8], account: String, issuer: String) -> String {
        let (account, issuer) = (FormText.escaped(account), FormText.escaped(issuer))
        return "otpauth://totp/\(issuer):\(account)?secret=\(Base32.text(of: secret))&issuer=\(issuer)"
    }

    static func sha1(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var mac = [UInt8](repeating: 0, count: 20)
        var count: UInt32 = 0
        // Fails without memory, or where OpenSSL was built without SHA-1, with which no certificate of an older web could be read either.
        let made = HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, &mac, &count)
        precondition(made != nil && count == 20, "OpenSSL made no HMAC-SHA-1")
        return mac
    }
}
