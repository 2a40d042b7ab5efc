/// An address that mail can be sent to, or from (RFC 5321, 4.1.2; without quoted local parts, comments and address literals, which nobody types).

public struct MailAddress: Hashable, Sendable {
    /// `name@host`.
    public let text: String
    public static let bytesMax = 254

    /// Nil for what is no address; nothing that a mail's head could be broken with is one.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isDotted(parts[0], \.isAtom), Self.isDotted(parts[1], \.isHost), parts[1].contains("."),
            parts[0].utf8.count <= 64
        else { return nil }
        self.text = text
    }

    /// The part after the `@`.
    public var host: String { text.split(separator: "@").last.map(String.init) ?? "" }

    private static func isDotted(_ part: Substring, _ isPlain: KeyPath<UInt8, Bool>) -> Bool {
        part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0.utf8.allSatisfy { $0[keyPath: isPlain] }
        }
    }
}

extension UInt8 {
    /// `atext` of RFC 5322.
    fileprivate var isAtom: Bool { isHost || "!#$%&'*+/=?^_`{|}~".utf8.contains(self) }
    fileprivate var isHost: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d: true
        default: false
        }
    }
}
