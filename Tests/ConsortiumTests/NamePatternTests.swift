import Consortium
import Seeded
import Testing

/// Agreement, 5: patterns for the names of queues and users.
@Suite struct NamePatternTests {
    private func memorial() throws -> LibraryName { try #require(LibraryName("memorial")) }

    @Test(arguments: [
        ("{library}-*", "memorial-maps", true), ("{library}-*", "memorial-", false), ("{library}-*", "law-maps", false),
        ("{library}|{library}-*", "memorial", true), ("*.{library}", "ann.memorial", true), ("*.{library}", ".memorial", false),
        ("@@#", "ab1", true), ("@@#", "ab", false), ("@@#", "a11", false), ("?", "-", true), ("?", "ab", false), ("*-*", "a-b-c", true),
        ("a*a", "aa", false), ("a*a", "aba", true),
    ])
    func aNameFitsOrNot(pattern: String, name: String, fits: Bool) throws {
        #expect(try NamePattern(pattern).matches(name, library: try memorial()) == fits)
    }

    @Test(arguments: ["", "A", "a b", "a|", "|", "[a]", "(a)+", "{librar}", "a\\d", String(repeating: "a", count: 81), "a|b|c|d|e|f|g|h|i"])
    func whatIsNoPatternIsRefusedWithASentence(text: String) {
        let mistake = #expect(throws: NamePattern.Mistake.self) { try NamePattern(text) }
        #expect(mistake.map { $0.sentence.hasSuffix(".") } ?? false)
    }

    @Test func aSuggestionFitsAndSaysTheLibraryOnce() throws {
        let library = try memorial()
        let pattern = try NamePattern("{library}|{library}-*")
        #expect(pattern.suggestion(for: "maps", library: library) { _ in false } == "memorial-maps")
        #expect(pattern.suggestion(for: "maps.memorial", library: library) { _ in false } == "memorial-maps")
        #expect(pattern.suggestion(for: "maps", library: library) { $0 == "memorial-maps" } == "memorial")
        #expect(try NamePattern("##").suggestion(for: "maps", library: library) { _ in false } == nil)
        #expect(pattern.suggestion(for: String(repeating: "x", count: 40), library: library) { _ in false } == "memorial")
    }

    /// The same as the plain definition, tried every way; and a pattern that makes others go back for ages is answered at once.
    @Test(arguments: 0..<2_000) func theMatcherIsTheDefinition(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func draw(_ letters: String, _ most: UInt64) -> String {
            let all = Array(letters)
            return String((0...generator.next() % most).map { _ in all[Int(generator.next() % UInt64(all.count))] })
        }
        let text = draw("ab1*?@#", 6)
        let name = draw("ab1-", 8)
        #expect(try NamePattern(text).matches(name, library: nil) == defines(Array(text.utf8)[...], Array(name.utf8)[...]))
    }

    private func defines(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let piece = pattern.first else { return name.isEmpty }
        guard let byte = name.first else { return false }
        let rest = name.dropFirst()
        switch piece {
        case UInt8(ascii: "*"): return defines(pattern.dropFirst(), rest) || defines(pattern, rest)
        case UInt8(ascii: "?"): return defines(pattern.dropFirst(), rest)
        case UInt8(ascii: "@"): return (0x61...0x7a).contains(byte) && defines(pattern.dropFirst(), rest)
        case UInt8(ascii: "#"): return (0x30...0x39).contains(byte) && defines(pattern.dropFirst(), rest)
        default: return byte == piece && defines(pattern.dropFirst(), rest)
        }
    }

    @Test func noPatternBlowsUp() throws {
        let pattern = try NamePattern(String(repeating: "*a", count: 39) + "*b")
        #expect(!pattern.matches(String(repeating: "a", count: Limits.nameBytesMax), library: nil))
    }
}
