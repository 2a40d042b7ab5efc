/// On which pages a library's chat may stand: the hosts that its admin lists in the register `pages`. A library that lists none has its chat wherever somebody puts it.
///
/// It is for pages that pretend to be the library's: what a browser says of the page (the ancestors of a frame, the origin of a connection) a page cannot choose; a
/// program can say anything, and is no page.
public struct PageHosts: Hashable, Sendable {
    /// In small letters: `www.library.example`, or `*.library.example` for all below it.
    public let hosts: [String]

    public static let hostsMax = 30

    /// From what the form's field holds; nil where `problem(in:)` has something to say.
    public init?(_ text: String) {
        guard Self.problem(in: text) == nil else { return nil }
        hosts = text.commaSeparated
    }

    /// What is wrong with the field; nil when nothing is.
    public static func problem(in text: String) -> String? {
        let hosts = text.commaSeparated
        if let wrong = hosts.first(where: { !isHost($0) }) {
            return
                "expected names of hosts such as www.library.example, or *.library.example for all below it, in small letters and without https://, found `\(wrong.excerpt(bytesMax: Limits.titleBytesMax))`"
        }
        guard (1...hostsMax).contains(hosts.count) else { return "1 to \(hostsMax) hosts are listed, not \(hosts.count)" }
        return nil
    }

    public func contains(_ host: String) -> Bool {
        hosts.contains { listed in
            listed.hasPrefix("*.") ? host.hasSuffix(listed.dropFirst()) && host.utf8.count > listed.utf8.count - 1 : host == listed
        }
    }

    /// What goes into a header field as it is, so nothing but this (RFC 1123, 2.1).
    private static func isHost(_ text: String) -> Bool {
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= Limits.installHostBytesMax, !text.hasPrefix("*.") || labels.count >= 2 else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        }
    }
}
