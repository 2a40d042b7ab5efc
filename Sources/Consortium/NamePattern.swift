/// A pattern for names, as LTG writes it in the settings: "Libraries will adhere to proscribed user and queue naming conventions."
///
/// | in a pattern | stands for |
/// | --- | --- |
/// | a letter, a digit, `-`, `.`, `_` | itself |
/// | `{library}` | the name of the library whose queue or operator it is |
/// | `*` | one or more characters |
/// | `?` | one character |
/// | `@` | one letter |
/// | `#` | one digit |
/// | a bar | between alternatives: a name that fits one of them fits |
///
/// So `{library}` or, behind a bar, `{library}-*` allows `memorial` and `memorial-maps` at Memorial Library.
///
/// The matcher is total and small: it walks the name once and keeps the set of places of the pattern that can be reached, so that no pattern takes more than
/// its length times the name's. There is nothing to go back to, hence nothing that can blow up.
public struct NamePattern: Hashable, Sendable {
    /// Why a text is no pattern, for whoever wrote it.
    public struct Mistake: Error, Hashable, Sendable {
        public var sentence: String
    }

    enum Piece: Hashable, Sendable {
        case byte(UInt8)
        case letter, digit, one, run, library
    }

    public let text: String
    let alternatives: [[Piece]]

    /// Reads a pattern of at most `Limits.patternBytesMax` bytes and `Limits.patternAlternativesMax` alternatives.
    public init(_ text: String) throws(Mistake) {
        guard (1...Limits.patternBytesMax).contains(text.utf8.count) else {
            throw Mistake(sentence: "A pattern has 1 to \(Limits.patternBytesMax) bytes, not \(text.utf8.count).")
        }
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count <= Limits.patternAlternativesMax else {
            throw Mistake(sentence: "A pattern has \(Limits.patternAlternativesMax) alternatives at most, not \(parts.count).")
        }
        var alternatives: [[Piece]] = []
        for part in parts { alternatives.append(try Self.pieces(part)) }
        self.text = text
        self.alternatives = alternatives
    }

    private static let library = Array("{library}".utf8)

    private static func pieces(_ part: Substring) throws(Mistake) -> [Piece] {
        guard !part.isEmpty else { throw Mistake(sentence: "An alternative of the pattern is empty; take the bar away.") }
        var rest = Array(part.utf8)[...]
        var pieces: [Piece] = []
        while let byte = rest.first {
            if rest.starts(with: library) {
                pieces.append(.library)
                rest = rest.dropFirst(library.count)
                continue
            }
            switch byte {
            case UInt8(ascii: "*"): pieces.append(.run)
            case UInt8(ascii: "?"): pieces.append(.one)
            case UInt8(ascii: "@"): pieces.append(.letter)
            case UInt8(ascii: "#"): pieces.append(.digit)
            case 0x61...0x7a, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): pieces.append(.byte(byte))
            default:
                throw Mistake(
                    sentence: "A pattern has small letters, digits, - . _, {library}, * (some characters), ? (one), @ (a letter), "
                        + "# (a digit) and | between alternatives; found `\(String(decoding: rest.prefix(1), as: UTF8.self))` in `\(part)`."
                )
            }
            rest = rest.dropFirst()
        }
        return pieces
    }

    /// Whether a name fits.
    /// - Parameter library: whose it is; `nil` where any library may stand, as in an example.
    public func matches(_ name: String, library: LibraryName?) -> Bool {
        let bytes = Array(name.utf8.prefix(Limits.nameBytesMax + 1))
        return alternatives.contains { Self.fits(bytes, Self.spelled($0, library)) }
    }

    /// With the library's name in its place.
    private static func spelled(_ pieces: [Piece], _ library: LibraryName?) -> [Piece] {
        pieces.flatMap { piece -> [Piece] in
            guard piece == .library else { return [piece] }
            return library.map { $0.text.utf8.map { .byte($0) } } ?? [.run]
        }
    }

    private static func fits(_ bytes: [UInt8], _ pieces: [Piece]) -> Bool {
        // reached[i]: what was read so far fits the first i pieces.
        var reached = Array(repeating: false, count: pieces.count + 1)
        reached[0] = true
        for byte in bytes {
            var next = Array(repeating: false, count: pieces.count + 1)
            for (place, piece) in pieces.enumerated() where reached[place] && piece.takes(byte) {
                next[place + 1] = true
                // One or more: the run may go on.
                if piece == .run { next[place] = true }
            }
            reached = next
        }
        return reached[pieces.count]
    }

    /// A name that fits, made of one that does not; `nil` where none is at hand. What says the library's name already does not say it twice.
    /// - Parameter isTaken: whether something else has the name.
    public func suggestion(for name: String, library: LibraryName, isTaken: (String) -> Bool) -> String? {
        let words = name.split { $0 == "-" || $0 == "." || $0 == "_" }
        let core = words.filter { $0 != library.text }.joined(separator: "-")
        var candidates: [String] = []
        // A fixed spelling comes last: it can be given once.
        var fixed: [String] = []
        for pieces in alternatives {
            switch pieces.count(where: { $0 == .run }) {
            case 0: if let text = Self.written(pieces, library, run: "") { fixed.append(text) }
            case 1: candidates += [core, name].filter { !$0.isEmpty }.compactMap { Self.written(pieces, library, run: $0) }
            default: break
            }
        }
        return (candidates + fixed).first {
            $0 != name && QueueName($0) != nil && matches($0, library: library) && !isTaken($0)
        }
    }

    /// `nil` where a piece leaves open which character is meant.
    private static func written(_ pieces: [Piece], _ library: LibraryName, run: String) -> String? {
        var text = ""
        for piece in pieces {
            switch piece {
            case .byte(let byte): text.unicodeScalars.append(Unicode.Scalar(byte))
            case .library: text += library.text
            case .run: text += run
            case .letter, .digit, .one: return nil
            }
        }
        return text
    }
}

extension NamePattern.Piece {
    fileprivate func takes(_ byte: UInt8) -> Bool {
        switch self {
        case .byte(let own): byte == own
        case .letter: (0x61...0x7a).contains(byte)
        case .digit: (0x30...0x39).contains(byte)
        case .one, .run: true
        // Spelled out before anything is read.
        case .library: false
        }
    }
}
