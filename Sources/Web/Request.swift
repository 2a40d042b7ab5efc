/// One request, whole: handlers see it after its body has come.
public struct Request: Sendable {
    public let method: HTTPMethod
    /// The target as it was sent, up to the `?`, not decoded.
    public let path: String
    /// The path's parts, percent-decoded, valid UTF-8, without empty last part: `/presence/jid/a%20b/` is `["presence", "jid", "a b"]`.
    /// A part may hold a decoded `/`; none is `.` or `..`, none holds a NUL: such targets are refused with 400.
    public let segments: [String]
    /// What followed the `?`, not decoded; nil without one.
    public let queryText: String?
    public let headers: Headers
    public internal(set) var body: [UInt8] = []
    /// The network from which it was asked, which a trusted proxy may have told. Held while it is connected and not to be stored or logged.
    public internal(set) var network = AddressPrefix.unknown
    /// Whether the client's connection is encrypted, to here or to a trusted proxy; decides `Secure` on cookies.
    public internal(set) var isSecure = false
    /// HTTP/1.1 rather than 1.0.
    let isVersion11: Bool
    /// Whether the connection stays open after the response, as far as the client is concerned.
    let keepsAlive: Bool
    /// `Connection: upgrade` with `Upgrade: websocket`.
    let asksForWebSocket: Bool

    /// The first value of a query parameter, `+` and percent-decoded; nil where it is missing, empty string where it has no value.
    /// Names and values that can't be decoded count as missing.
    public func query(_ name: String) -> String? {
        guard let queryText else { return nil }
        return FormFields.first(name, in: queryText.utf8)
    }

    /// All values of a query parameter, as of `query`, in order.
    public func queries(_ name: String) -> [String] {
        queryText?.utf8.split(separator: 0x26).compactMap { FormFields.first(name, in: $0) } ?? []
    }

    /// Whether a query parameter is there, though its value may be one that can't be decoded.
    public func hasQuery(_ name: String) -> Bool { queryText.map { FormFields.contains(name, in: $0.utf8) } ?? false }

    /// A field of a body sent as `application/x-www-form-urlencoded`.
    public func form(_ name: String) -> String? {
        FormFields.first(name, in: body)
    }

    /// The value of a cookie; the first where a name comes more than once.
    public func cookie(_ name: String) -> String? {
        for line in headers.all("cookie") {
            for pair in line.split(separator: ";") {
                let pair = trimmed(pair)
                guard let equals = pair.firstIndex(of: "=") else { continue }
                if pair[..<equals] == name { return String(pair[pair.index(after: equals)...]) }
            }
        }
        return nil
    }
}

/// Percent-decoding, RFC 3986 section 2.1. Nil for a `%` without two hexadecimal digits, for invalid UTF-8, and for NUL.
func percentDecoded(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
    if !text.contains(where: { $0 == 0x25 || ($0 == 0x2B && plusIsSpace) || $0 == 0 || $0 >= 0x80 }) {
        return String(decoding: text, as: UTF8.self)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var i = text.startIndex
    while i != text.endIndex {
        var byte = text[i]
        i = text.index(after: i)
        if byte == 0x25 {
            guard i != text.endIndex, let high = hexValue(text[i]) else { return nil }
            i = text.index(after: i)
            guard i != text.endIndex, let low = hexValue(text[i]) else { return nil }
            i = text.index(after: i)
            byte = high << 4 | low
        } else if byte == 0x2B, plusIsSpace {
            byte = 0x20
        }
        guard byte != 0 else { return nil }
        bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self)
}

func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
}

/// `name=value&name=value`, as in a query or a form's body.
enum FormFields {
    static func contains(_ name: String, in text: some Collection<UInt8>) -> Bool {
        text.split(separator: 0x26).contains { percentDecoded($0.prefix { $0 != 0x3D }, plusIsSpace: true) == name }
    }

    static func first(_ name: String, in text: some Collection<UInt8>) -> String? {
        for pair in text.split(separator: 0x26) {
            let parts = pair.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, percentDecoded(first, plusIsSpace: true) == name else { continue }
            guard parts.count == 2 else { return "" }
            return percentDecoded(parts[1], plusIsSpace: true)
        }
        return nil
    }
}
