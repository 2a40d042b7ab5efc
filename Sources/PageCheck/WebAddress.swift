/// Where something on a page comes from, as far as a checker needs to know.
struct WebAddress: Hashable {
    /// In lower case: `https`, `wss`.
    var scheme: String
    /// In lower case, without port.
    var host: String
    var port: Int
    /// From `/` on, without query.
    var path: String
    /// Without `?`.
    var query: String

    /// `https://host:port`, without a port that goes without saying.
    var origin: String { "\(scheme)://\(authority)" }
    var authority: String { port == Self.usualPort(scheme) ? host : "\(host):\(port)" }

    /// - Parameter base: the page's own address, where it is known.
    init?(_ text: String, base: WebAddress? = nil) {
        let text = String(text.unicodeScalars.filter { $0.value > 0x20 })
        // Browsers take a backslash for a slash.
        let slashed = String(text.map { $0 == "\\" ? "/" : $0 })
        var rest = slashed[...]
        if let scheme = Self.scheme(slashed) {
            self.scheme = scheme
            rest = rest.dropFirst(scheme.count + 1)
            guard rest.hasPrefix("//"), Self.usualPort(scheme) > 0 else { return nil }
        } else if slashed.hasPrefix("//") {
            scheme = base?.scheme ?? "https"
        } else {
            guard let base else { return nil }
            self = base
            let parts = Self.split(rest)
            query = parts.query
            path =
                parts.path.hasPrefix("/")
                ? parts.path : base.path.prefix(through: base.path.lastIndex(of: "/") ?? base.path.startIndex) + parts.path
            return
        }
        rest = rest.dropFirst(2)
        let slash = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<slash]
        if let mark = authority.lastIndex(of: "@") { authority = authority[authority.index(after: mark)...] }
        port = Self.usualPort(scheme)
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.isEmpty || Int(digits).map({ (1...65_535).contains($0) }) ?? false else { return nil }
            if let given = Int(digits) { port = given }
            authority = authority[..<colon]
        }
        guard !authority.isEmpty else { return nil }
        host = authority.lowercased()
        let parts = Self.split(rest[slash...])
        path = parts.path.isEmpty ? "/" : parts.path
        query = parts.query
    }

    /// The same place over another scheme.
    func over(_ scheme: String) -> WebAddress {
        var other = self
        other.scheme = scheme
        if port == Self.usualPort(self.scheme) { other.port = Self.usualPort(scheme) }
        return other
    }

    /// A machine that only itself reaches: nothing between can listen.
    var isLoopback: Bool { host == "localhost" || host.hasPrefix("127.") || host == "[::1]" }

    static func usualPort(_ scheme: String) -> Int {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        default: 0
        }
    }

    private static func scheme(_ text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let name = text[..<colon]
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }), name.first?.isLetter == true else {
            return nil
        }
        return name.lowercased()
    }

    private static func split(_ text: Substring) -> (path: String, query: String) {
        let text = text.prefix { $0 != "#" }
        let path = text.prefix { $0 != "?" }
        return (String(path), String(text[path.endIndex...].dropFirst()))
    }
}
