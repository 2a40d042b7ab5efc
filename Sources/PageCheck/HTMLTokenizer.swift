/// Tags, comments and raw text out of HTML, as the HTML standard's tokenizer (section 13.2.5) finds them: what is a comment, where a script ends, and what belongs to an
/// attribute. It builds no tree. Any bytes are HTML; what a browser drops is dropped.

/// A start tag.
struct HTMLTag {
    /// In lower case.
    var name: String
    /// Names in lower case, the first of each, values with character references resolved.
    var attributes: [(name: String, value: String)]
    var line: Int

    subscript(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
    func has(_ name: String) -> Bool { attributes.contains { $0.name == name } }
}

enum HTMLToken {
    case start(HTMLTag)
    case end(name: String)
    case comment(Range<Int>, line: Int)
    /// Between tags; not resolved.
    case text(Range<Int>, line: Int)
    /// What stands in an element that holds no tags (a script's body), with that element's tag before it.
    case raw(of: String, Range<Int>, line: Int)
    /// The page ends within a tag that began here.
    case unfinished(line: Int)
}

struct HTMLTokenizer {
    /// Elements whose content is text up to their end tag, with scripting on.
    private static let rawNames: Set<String> = ["script", "style", "textarea", "title", "iframe", "noembed", "noframes", "noscript", "xmp"]

    let bytes: [UInt8]
    /// One past the last byte that is read.
    private let end: Int
    private var at: Int
    private var line: Int
    /// Up to where `line` has counted.
    private var counted: Int
    /// The start tag whose raw text comes next.
    private var rawOf: String?
    /// How many drawings and formulas are open.
    private var foreign = 0

    /// - Parameter range: the part to read: the whole, or what a comment holds.
    /// - Parameter line: the line of its first byte.
    init(_ bytes: [UInt8], _ range: Range<Int>? = nil, line: Int = 1) {
        self.bytes = bytes
        at = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
        counted = at
        self.line = line
    }

    /// - Returns: `nil` at the end. What a browser skips is skipped in a loop: strangers paste pages of nothing else.
    mutating func next() -> HTMLToken? {
        while at < end {
            if let token = piece() { return token }
        }
        return nil
    }

    /// What stands here, taken; `nil` where that is nothing at all.
    private mutating func piece() -> HTMLToken? {
        let start = at
        if let name = rawOf {
            rawOf = nil
            at = endOfRaw(name)
            return at > start ? .raw(of: name, start..<at, line: count(to: start)) : nil
        }
        guard byte(at) == UInt8(ascii: "<") else { return text() }
        switch byte(at + 1) {
        case let letter? where isLetter(letter): return startTag()
        case UInt8(ascii: "/"):
            if let letter = byte(at + 2), isLetter(letter) { return endTag() }
            if byte(at + 2) == UInt8(ascii: ">") {
                at += 3
                return nil
            }
            return byte(at + 2) == nil ? text() : bogusComment(start, from: at + 2)
        case UInt8(ascii: "!"):
            return byte(at + 2) == UInt8(ascii: "-") && byte(at + 3) == UInt8(ascii: "-") ? comment() : bogusComment(start, from: at + 2)
        case UInt8(ascii: "?"): return bogusComment(start, from: at + 1)
        default: return text()
        }
    }

    // MARK: Pieces

    private func byte(_ place: Int) -> UInt8? { place < end ? bytes[place] : nil }

    private mutating func count(to place: Int) -> Int {
        while counted < place {
            if bytes[counted] == UInt8(ascii: "\n") { line += 1 }
            counted += 1
        }
        return line
    }

    private mutating func text() -> HTMLToken {
        let start = at
        at += 1
        while let next = byte(at), next != UInt8(ascii: "<") { at += 1 }
        return .text(start..<at, line: count(to: start))
    }

    private mutating func bogusComment(_ start: Int, from: Int) -> HTMLToken {
        at = from
        while let next = byte(at), next != UInt8(ascii: ">") { at += 1 }
        let body = min(from, end)..<at
        if at < end { at += 1 }
        return .comment(body, line: count(to: start))
    }

    private mutating func comment() -> HTMLToken {
        let start = at
        let body = at + 4
        at = body
        // `<!-->` and `<!--->` are whole comments.
        if byte(at) == UInt8(ascii: ">") {
            at += 1
            return .comment(body..<body, line: count(to: start))
        }
        if byte(at) == UInt8(ascii: "-"), byte(at + 1) == UInt8(ascii: ">") {
            at += 2
            return .comment(body..<body, line: count(to: start))
        }
        while at < end {
            if byte(at) == UInt8(ascii: "-"), byte(at + 1) == UInt8(ascii: "-") {
                if byte(at + 2) == UInt8(ascii: ">") { return close(3) }
                if byte(at + 2) == UInt8(ascii: "!"), byte(at + 3) == UInt8(ascii: ">") { return close(4) }
            }
            at += 1
        }
        return .comment(min(body, end)..<end, line: count(to: start))

        func close(_ length: Int) -> HTMLToken {
            let range = body..<at
            at += length
            return .comment(range, line: count(to: start))
        }
    }

    private mutating func endTag() -> HTMLToken {
        let start = at
        at += 2
        let name = tagName()
        _ = attributes()
        if name == "svg" || name == "math", foreign > 0 { foreign -= 1 }
        return byte(at - 1) == UInt8(ascii: ">") ? .end(name: name) : .unfinished(line: count(to: start))
    }

    private mutating func startTag() -> HTMLToken {
        let start = at
        at += 1
        let name = tagName()
        let found = attributes()
        let line = count(to: start)
        guard let found else { return .unfinished(line: line) }
        let closesItself = byte(at - 2) == UInt8(ascii: "/")
        if name == "svg" || name == "math", !closesItself { foreign += 1 }
        // Drawings may hold `<script/>` and the like, which is whole there.
        if Self.rawNames.contains(name), foreign == 0 || !closesItself { rawOf = name }
        // Everything after it is text.
        if name == "plaintext" { at = end }
        return .start(HTMLTag(name: name, attributes: found, line: line))
    }

    private mutating func tagName() -> String {
        let start = at
        while let next = byte(at), !isSpace(next), next != UInt8(ascii: "/"), next != UInt8(ascii: ">") { at += 1 }
        return lowered(start..<at)
    }

    /// Up to and with the tag's `>`; nil when the page ends before it.
    private mutating func attributes() -> [(name: String, value: String)]? {
        var found: [(name: String, value: String)] = []
        var names: Set<String> = []
        while let next = byte(at) {
            if isSpace(next) || next == UInt8(ascii: "/") {
                at += 1
                continue
            }
            if next == UInt8(ascii: ">") {
                at += 1
                return found
            }
            let start = at
            // An equals sign that comes first belongs to the name.
            at += 1
            while let next = byte(at), !isSpace(next), next != UInt8(ascii: "/"), next != UInt8(ascii: ">"), next != UInt8(ascii: "=") {
                at += 1
            }
            let name = start..<at
            skipSpace()
            var value = ""
            if byte(at) == UInt8(ascii: "=") {
                at += 1
                skipSpace()
                guard let given = self.value() else { return nil }
                value = given
            }
            guard found.count < PageCheckLimits.attributesMax, name.count <= PageCheckLimits.nameBytesMax else { continue }
            let text = lowered(name)
            if names.insert(text).inserted { found.append((text, value)) }
        }
        return nil
    }

    private mutating func skipSpace() { while let next = byte(at), isSpace(next) { at += 1 } }

    private mutating func value() -> String? {
        guard let quote = byte(at) else { return nil }
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            let start = at
            while let next = byte(at), !isSpace(next), next != UInt8(ascii: ">") { at += 1 }
            return resolved(start..<at)
        }
        at += 1
        let start = at
        while let next = byte(at), next != quote { at += 1 }
        guard at < end else { return nil }
        at += 1
        return resolved(start..<at - 1)
    }

    /// Where the raw text of an element ends: at its end tag, which is not taken.
    private func endOfRaw(_ name: String) -> Int {
        let name = Array(name.utf8)
        let isScript = name == Array("script".utf8)
        var place = at
        // A script that holds `<!--` and then `<script` goes on past the next `</script>` (the standard's "double escaped" state).
        var isEscaped = false
        var isDouble = false
        while place < end {
            let here = bytes[place]
            if isScript, here == UInt8(ascii: "-"), isEscaped, byte(place + 1) == UInt8(ascii: "-"), byte(place + 2) == UInt8(ascii: ">") {
                isEscaped = false
                isDouble = false
                place += 3
                continue
            }
            guard here == UInt8(ascii: "<") else {
                place += 1
                continue
            }
            if isScript, !isEscaped, matches("<!--", place) {
                isEscaped = true
                // The two hyphens may be the end's as well: `<!-->`.
                place += 2
            } else if isScript, isEscaped, !isDouble, isTag(name, at: place + 1) {
                isDouble = true
                place += 1
            } else if byte(place + 1) == UInt8(ascii: "/"), isTag(name, at: place + 2) {
                guard isDouble else { return place }
                isDouble = false
                place += 1
            } else {
                place += 1
            }
        }
        return end
    }

    /// Whether an element's name stands there, and ends there.
    private func isTag(_ name: [UInt8], at place: Int) -> Bool {
        guard place + name.count < end else { return false }
        for (offset, letter) in name.enumerated() where bytes[place + offset] | 0x20 != letter { return false }
        let next = bytes[place + name.count]
        return isSpace(next) || next == UInt8(ascii: "/") || next == UInt8(ascii: ">")
    }

    private func matches(_ text: StaticString, _ place: Int) -> Bool {
        guard place + text.utf8CodeUnitCount <= end else { return false }
        return text.withUTF8Buffer { buffer in buffer.indices.allSatisfy { bytes[place + $0] == buffer[$0] } }
    }

    private func lowered(_ range: Range<Int>) -> String {
        String(decoding: bytes[range].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private func resolved(_ range: Range<Int>) -> String {
        CharacterReferences.resolved(bytes[range.prefix(PageCheckLimits.valueBytesMax)])
    }

    private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D }
}

/// The character references that addresses and names are written with. Others stay as they stand.
enum CharacterReferences {
    private static let named: [(name: String, character: String)] = [
        ("amp;", "&"), ("lt;", "<"), ("gt;", ">"), ("quot;", "\""), ("apos;", "'"), ("sol;", "/"), ("colon;", ":"), ("period;", "."),
        ("commat;", "@"),
        ("quest;", "?"), ("equals;", "="), ("lowbar;", "_"), ("ldquo;", "\u{201C}"), ("rdquo;", "\u{201D}"),
    ]
    private static let digitsMax = 8

    static func resolved(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var out: [UInt8] = []
        var rest = bytes
        while let first = rest.first {
            if first == UInt8(ascii: "&"), let (text, length) = reference(rest.dropFirst()) {
                out += text.utf8
                rest = rest.dropFirst(1 + length)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func reference(_ bytes: ArraySlice<UInt8>) -> (text: String, length: Int)? {
        guard bytes.first == UInt8(ascii: "#") else {
            return named.first { bytes.starts(with: $0.name.utf8) }.map { ($0.character, $0.name.utf8.count) }
        }
        let rest = bytes.dropFirst()
        let isHex = rest.first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        let digits = (isHex ? rest.dropFirst() : rest).prefix(digitsMax).prefix { byte in
            (0x30...0x39).contains(byte) || isHex && (0x61...0x66).contains(byte | 0x20)
        }
        guard let code = UInt32(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 10), let scalar = Unicode.Scalar(code),
            code > 0
        else {
            return nil
        }
        let after = bytes.startIndex + 1 + (isHex ? 1 : 0) + digits.count
        let hasSemicolon = after < bytes.endIndex && bytes[after] == UInt8(ascii: ";")
        return (String(Character(scalar)), after - bytes.startIndex + (hasSemicolon ? 1 : 0))
    }
}
