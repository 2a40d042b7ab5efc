/// JSON (RFC 8259) as this protocol needs it: a strict reader of one document, without Foundation.
///
/// Why not the library's decoder: a node reads tens of thousands of small messages a second, and building the decoder's
/// containers costs several times what reading the bytes does; and one codec for both directions is less code than two.
/// It promises: every valid document is read, everything else is a typed error with its place; depth and size of the
/// work are bounded by the input and `ProtocolLimits.jsonDepthMax`. It never traps, whatever the bytes.
enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits; all numbers of the protocol are such.
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    struct Member: Hashable, Sendable {
        var key: String
        var value: JSON
    }

    /// Reads exactly one value, with white space around it.
    init(parsing bytes: some Sequence<UInt8>) throws(ProtocolError) {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document()
    }
}

struct JSONParser {
    private let bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(ProtocolError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw fault("the end of the document") }
        return value
    }

    private func fault(_ expected: String) -> ProtocolError {
        .badJson(offset: at, expected: expected)
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
    }

    private mutating func take(_ byte: UInt8, _ expected: String) throws(ProtocolError) {
        guard next == byte else { throw fault(expected) }
        at += 1
    }

    private mutating func value(depth: Int) throws(ProtocolError) -> JSON {
        guard depth < ProtocolLimits.jsonDepthMax else { throw fault("at most \(ProtocolLimits.jsonDepthMax) levels") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(ProtocolError) -> JSON {
        let matches = text.withUTF8Buffer { expected in bytes[at...].starts(with: expected) }
        guard matches else { throw fault("a value") }
        at += text.utf8CodeUnitCount
        return value
    }

    private mutating func members(depth: Int) throws(ProtocolError) -> [JSON.Member] {
        at += 1
        var members: [JSON.Member] = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            at += 1
            return members
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("a field's name in quotes") }
            let key = try string()
            skipSpace()
            try take(UInt8(ascii: ":"), "a colon")
            members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
            skipSpace()
            if next == UInt8(ascii: ",") {
                at += 1
                continue
            }
            try take(UInt8(ascii: "}"), "a comma or the end of the object")
            return members
        }
    }

    private mutating func elements(depth: Int) throws(ProtocolError) -> [JSON] {
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            at += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if next == UInt8(ascii: ",") {
                at += 1
                continue
            }
            try take(UInt8(ascii: "]"), "a comma or the end of the list")
            return elements
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(ProtocolError) -> JSON {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        if next == UInt8(ascii: "0") { at += 1 } else { try digits() }
        var whole = true
        if next == UInt8(ascii: ".") {
            whole = false
            at += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            whole = false
            at += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, let integer = Int64(text) { return .integer(integer) }
        guard let real = Double(text) else { throw fault("a number") }
        return .real(real)
    }

    private mutating func digits() throws(ProtocolError) {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        guard at > start else { throw fault("a value") }
    }

    private mutating func string() throws(ProtocolError) -> String {
        at += 1
        let start = at
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
        if next == UInt8(ascii: "\"") {
            // Most strings have no escape: they are taken in one piece.
            let text = try text(bytes[start..<at])
            at += 1
            return text
        }
        var unescaped = Array(bytes[start..<at])
        while let byte = next, byte >= 0x20 {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(unescaped[...])
            case UInt8(ascii: "\\"): try escape(into: &unescaped)
            default: unescaped.append(byte)
            }
        }
        throw fault(next == nil ? "the end of a string" : "control characters to be escaped")
    }

    private func text(_ slice: ArraySlice<UInt8>) throws(ProtocolError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw fault("UTF-8") }
        return text
    }

    private mutating func escape(into text: inout [UInt8]) throws(ProtocolError) {
        guard let byte = next else { throw fault("the end of an escape") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: UTF8.encode(try escapedScalar()) ?? UTF8.encodedReplacementCharacter)
        default: throw fault("one of the escapes of JSON")
        }
    }

    /// A half surrogate pair becomes U+FFFD, as browsers send one when a text was cut in the middle of a pair: refusing it
    /// would make the page offer the same message again for ever.
    private mutating func escapedScalar() throws(ProtocolError) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        let first = try hexWord()
        guard (0xd800...0xdbff).contains(first) else { return Unicode.Scalar(first) ?? replacement }
        guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else { return replacement }
        let before = at
        at += 2
        let second = try hexWord()
        guard (0xdc00...0xdfff).contains(second) else {
            at = before
            return replacement
        }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? replacement
    }

    private mutating func hexWord() throws(ProtocolError) -> UInt32 {
        var word: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw fault("four hexadecimal digits") }
            switch byte {
            case 0x30...0x39: word = word << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: word = word << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: word = word << 4 | UInt32(byte - 0x61 + 10)
            default: throw fault("four hexadecimal digits")
            }
            at += 1
        }
        return word
    }
}
