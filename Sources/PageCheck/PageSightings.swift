/// What of a page has to do with chat: our tags, the old vendor's, places for buttons, links, and the policies that the page sets itself.
struct PageSightings {
    /// Whether a browser looks at it.
    enum Place: Hashable {
        case live, comment, noscript, template
        /// In a frame whose content the page holds itself (`srcdoc`).
        case frame
    }

    struct Seen {
        var tag: HTMLTag
        var place: Place
    }

    /// Scripts that are fetched, and whose address is ours or the old vendor's by its name.
    var scripts: [Seen] = []
    /// Scripts of the page itself that name one of the two, with their text.
    var inline: [(text: String, line: Int, place: Place)] = []
    /// Places for buttons: `data-callslip`.
    var places: [Seen] = []
    /// The old vendor's blocks, and `.needs-js`.
    var blocks: [Seen] = []
    /// Links and frames that lead to a chat.
    var links: [Seen] = []
    var policies: [String] = []
    /// The `href` of `<base>`.
    var base: String?
    /// Tags that were pasted as text: the line.
    var escapedLine: Int?
    /// The page ends within a tag.
    var unfinishedLine: Int?
    var isCut = false
    private var tokens = 0

    init(_ html: [UInt8]) {
        isCut = html.count > PageCheckLimits.htmlBytesMax
        read(html, 0..<min(html.count, PageCheckLimits.htmlBytesMax), line: 1, .live)
    }

    private mutating func read(_ html: [UInt8], _ range: Range<Int>, line: Int, _ place: Place) {
        var tokenizer = HTMLTokenizer(html, range, line: line)
        var templates = 0
        var isRunning = true
        while let token = tokenizer.next() {
            tokens += 1
            guard tokens <= PageCheckLimits.tokensMax else {
                isCut = true
                return
            }
            switch token {
            case .start(let tag):
                if tag.name == "template" { templates += 1 }
                if tag.name == "script" { isRunning = Self.runs(tag) }
                var placed = tag
                if place == .frame { placed.line = line }
                take(placed, place == .live && templates > 0 ? .template : place)
            case .end(let name): if name == "template", templates > 0 { templates -= 1 }
            case .raw(let name, let body, let its): take(raw: name, html, body, place == .frame ? line : its, place, isRunning)
            case .comment(let body, let line): if place == .live, Self.isOurs(html[body]) { read(html, body, line: line, .comment) }
            case .text(let body, let line):
                if place == .live, escapedLine == nil, Self.contains("&lt;script", html[body]), Self.isOurs(html[body]) {
                    escapedLine = line
                }
            case .unfinished(let line): if place == .live { unfinishedLine = line }
            }
        }
    }

    private mutating func take(raw name: String, _ html: [UInt8], _ body: Range<Int>, _ line: Int, _ place: Place, _ isRunning: Bool) {
        switch name {
        case "noscript": if place == .live { read(html, body, line: line, .noscript) }
        case "script":
            guard isRunning, Self.isOurs(html[body]) else { return }
            Self.add(&inline, &isCut, (String(decoding: html[body].prefix(PageCheckLimits.valueBytesMax), as: UTF8.self), line, place))
        default: return
        }
    }

    private mutating func take(_ tag: HTMLTag, _ place: Place) {
        let seen = Seen(tag: tag, place: place)
        switch tag.name {
        case "script": if let address = tag["src"], Self.isOurs(address.utf8) || Self.names(address) { Self.add(&scripts, &isCut, seen) }
        case "base": if base == nil, place == .live { base = tag["href"] }
        case "meta":
            guard place == .live, tag["http-equiv"]?.lowercased() == "content-security-policy", let content = tag["content"] else { return }
            if policies.count < PageCheckLimits.policiesMax { policies.append(content) }
        case "iframe":
            if let address = tag["src"], address.lowercased().contains("/chat") { Self.add(&links, &isCut, seen) }
            // The frame's own page: its lines are not the page's.
            if place == .live, let page = tag["srcdoc"], Self.isOurs(page.utf8) {
                let bytes = Array(page.utf8)
                read(bytes, 0..<bytes.count, line: tag.line, .frame)
            }
        case "a", "area":
            if let address = tag["href"], address.lowercased().contains("/chat") { Self.add(&links, &isCut, seen) }
        default: break
        }
        if tag.has("data-callslip") { Self.add(&places, &isCut, seen) }
        let classes = tag["class"]?.split { $0.isWhitespace } ?? []
        if classes.contains("libraryh3lp") || classes.contains("needs-js") || tag["id"] == "needs-js" { Self.add(&blocks, &isCut, seen) }
    }

    private static func add<Element>(_ list: inout [Element], _ isCut: inout Bool, _ element: Element) {
        guard list.count < PageCheckLimits.sightingsMax else {
            isCut = true
            return
        }
        list.append(element)
    }

    /// Whether a browser runs what stands in such a tag: data blocks are not run.
    static func runs(_ tag: HTMLTag) -> Bool {
        guard let type = tag["type"]?.lowercased().split(separator: ";").first.map(String.init) else { return true }
        return type.isEmpty || type == "module" || type.hasSuffix("javascript") || type.hasSuffix("ecmascript") || type.hasSuffix("jscript")
    }

    private static func names(_ address: String) -> Bool { address.lowercased().contains("callslip") }

    private static func isOurs(_ bytes: some Collection<UInt8>) -> Bool { contains("callslip", bytes) || contains("libraryh3lp", bytes) }

    /// Without regard to the case of letters. `word` is in lower case.
    private static func contains(_ word: StaticString, _ bytes: some Collection<UInt8>) -> Bool {
        word.withUTF8Buffer { word in
            guard let first = word.first else { return true }
            var at = bytes.startIndex
            while let found = bytes[at...].firstIndex(where: { lowered($0) == first }) {
                var place = found
                var matched = 0
                while matched < word.count, place != bytes.endIndex, lowered(bytes[place]) == word[matched] {
                    bytes.formIndex(after: &place)
                    matched += 1
                }
                if matched == word.count { return true }
                at = bytes.index(after: found)
            }
            return false
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
