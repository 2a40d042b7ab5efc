import EventLoop

/// The reverse proxies in front of a node, and what is believed of what they say: who asks, and whether by HTTPS. Whatever the same fields say on a connection from elsewhere counts for nothing.
///
/// One kind of field is believed, as a proxy passes on the kind that it does not write: read both, and a client writes what it likes into the other.
public struct ProxyTrust: Hashable, Sendable {
    public enum Fields: String, CaseIterable, Sendable {
        /// `X-Forwarded-For` and `X-Forwarded-Proto`.
        case xForwarded = "x-forwarded"
        /// `Forwarded` (RFC 7239).
        case forwarded
    }

    public var ranges: [AddressRange]
    public var fields: Fields

    /// Proxies in a row; what lies further back is not looked at.
    static let hopsMax = 8

    public init(ranges: [AddressRange], fields: Fields) {
        self.ranges = ranges
        self.fields = fields
    }

    func trusts(_ address: SocketAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// What a request from a proxy says of its client.
    struct Outside: Hashable {
        /// Nil where the fields do not say, or not in a way that can be read.
        var address: SocketAddress?
        var isSecure: Bool
    }

    func outside(_ headers: Headers) -> Outside {
        switch fields {
        case .xForwarded:
            let names = headers.all("x-forwarded-for").flatMap { $0.split(separator: ",") }.map { String(trimmed($0)) }
            let scheme = headers.all("x-forwarded-proto").last?.split(separator: ",").last.map { trimmed($0).lowercased() }
            return Outside(address: client(names)?.address, isSecure: scheme == "https")
        case .forwarded:
            let elements = headers.all("forwarded").flatMap { ForwardedField.elements($0) }
            guard let found = client(elements.map { $0["for"] ?? "" }) else { return Outside(address: nil, isSecure: false) }
            return Outside(address: found.address, isSecure: elements[found.index]["proto"]?.lowercased() == "https")
        }
    }

    /// The last of the names that is no trusted proxy: each proxy adds, behind the others, the address that it was asked from. What is further in front anybody may have made up.
    private func client(_ names: [String]) -> (address: SocketAddress, index: Int)? {
        for (index, name) in names.enumerated().reversed().prefix(Self.hopsMax) {
            guard let address = Self.address(name) else { return nil }
            if !trusts(address) { return (address, index) }
        }
        return nil
    }

    /// With or without port; `unknown` and made-up names (RFC 7239, 6.3) are no address.
    private static func address(_ text: String) -> SocketAddress? { (try? SocketAddress(host: text, port: 0)) ?? SocketAddress(text) }
}

/// RFC 7239, 4: elements with commas between them, pairs with semicolons, values that may be quoted.
enum ForwardedField {
    /// Nothing of a line that cannot be read.
    static func elements(_ line: String) -> [[String: String]] {
        var elements: [[String: String]] = []
        for element in split(line, at: ",") {
            var pairs: [String: String] = [:]
            for pair in split(element, at: ";") where !trimmed(pair[...]).isEmpty {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let value = value(String(trimmed(parts[1]))) else { return [] }
                pairs[trimmed(parts[0]).lowercased()] = value
            }
            elements.append(pairs)
        }
        return elements
    }

    /// Splits outside of quotes.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && character == "\\" && !isEscaped
            if character == separator, !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    /// Without its quotes; nil where they do not close.
    private static func value(_ text: String) -> String? {
        guard text.hasPrefix("\"") else { return text.contains("\"") ? nil : text }
        guard text.count >= 2, text.hasSuffix("\"") else { return nil }
        var value = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            guard isEscaped || character != "\\" else {
                isEscaped = true
                continue
            }
            value.append(character)
            isEscaped = false
        }
        return isEscaped ? nil : value
    }
}
