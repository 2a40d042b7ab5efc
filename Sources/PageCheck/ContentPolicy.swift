/// What a page's Content-Security-Policy lets in (CSP level 3), as far as our button needs to know.
struct ContentPolicy {
    /// By name, the first of each.
    private var directives: [String: [String]] = [:]

    init(_ text: String) {
        for part in text.prefix(PageCheckLimits.policyBytesMax).split(separator: ";") {
            let words = part.split { $0.isWhitespace }.map(String.init)
            guard let name = words.first?.lowercased(), directives[name] == nil else { continue }
            directives[name] = Array(words.dropFirst())
        }
    }

    /// A header field may carry several policies: all of them hold.
    static func all(_ field: String) -> [ContentPolicy] {
        field.split(separator: ",").prefix(PageCheckLimits.policiesMax).map { ContentPolicy(String($0)) }
    }

    /// No script runs at all.
    var forbidsScripts: Bool {
        directives["sandbox"].map { !$0.contains { $0.lowercased() == "allow-scripts" } } ?? false
    }

    /// Plain `http` is asked for as `https`.
    var upgrades: Bool { directives["upgrade-insecure-requests"] != nil }

    /// What a page loads, and the directives that speak of it, the nearest first.
    enum Kind: CaseIterable {
        case script, style, connection

        var names: [String] {
            switch self {
            case .script: ["script-src-elem", "script-src", "default-src"]
            case .style: ["style-src-elem", "style-src", "default-src"]
            case .connection: ["connect-src", "default-src"]
            }
        }
    }

    /// The directive that forbids it; nil when it is allowed.
    /// - Parameter nonce: of the tag that asks for it.
    func forbids(_ kind: Kind, _ address: WebAddress, nonce: String?, page: WebAddress?) -> String? {
        guard let name = kind.names.first(where: { directives[$0] != nil }), let sources = directives[name] else { return nil }
        if kind == .script {
            let isNamed =
                nonce.map { nonce in
                    !nonce.isEmpty && sources.contains { $0.lowercased().hasPrefix("'nonce-") && $0.dropFirst(7).dropLast() == nonce }
                } ?? false
            // With 'strict-dynamic' hosts do not count, and what a trusted script loads is trusted.
            if sources.contains(where: { $0.lowercased() == "'strict-dynamic'" }) { return isNamed ? nil : name }
            if isNamed, address.path == "/js/callslip.js" || address.path == "/js/libraryh3lp.js" { return nil }
        }
        return sources.contains { Self.matches($0, address, page) } ? nil : name
    }

    private static func matches(_ source: String, _ address: WebAddress, _ page: WebAddress?) -> Bool {
        let source = source.lowercased()
        if source == "'self'" { return page.map { $0.host == address.host && $0.port == address.port } ?? false }
        if source.hasPrefix("'") { return false }
        if source == "*" { return true }
        if source.hasSuffix(":"), !source.contains("/"), !source.contains(".") {
            return scheme(String(source.dropLast()), allows: address.scheme)
        }
        var rest = source[...]
        if let slashes = index(of: "://", in: source) {
            guard scheme(String(source[..<slashes]), allows: address.scheme) else { return false }
            rest = source[source.index(slashes, offsetBy: 3)...]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        let path = rest[slash...]
        var port: Substring?
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            port = authority[authority.index(after: colon)...]
            authority = authority[..<colon]
        }
        guard authority.hasPrefix("*.") ? address.host.hasSuffix(authority.dropFirst()) : address.host == authority else { return false }
        switch port {
        case nil: guard address.port == WebAddress.usualPort(address.scheme) else { return false }
        case "*": break
        case let port?: guard Int(port) == address.port else { return false }
        }
        guard path.count > 1 else { return true }
        return path.hasSuffix("/") ? address.path.lowercased().hasPrefix(path) : address.path.lowercased() == path
    }

    private static func scheme(_ allowed: String, allows given: String) -> Bool {
        allowed == given || (allowed, given) == ("http", "https") || (allowed, given) == ("ws", "wss")
    }

    private static func index(of word: String, in text: String) -> String.Index? {
        var at = text.startIndex
        while at < text.endIndex {
            if text[at...].hasPrefix(word) { return at }
            at = text.index(after: at)
        }
        return nil
    }
}
