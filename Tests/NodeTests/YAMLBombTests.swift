import Consortium
import Testing

@testable import Node

/// Files that are small and mean more than any memory holds.
@Suite struct YAMLBombTests {
    private func sentences(_ yaml: String) -> [String] {
        do {
            _ = try ConsortiumFile(yaml: yaml)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    /// Each level stands for ten of the one before it; as a key, all of it would be compared.
    private func bomb(_ lead: String, _ lineBreak: String = "\n") -> String {
        (1...30).reduce("a0: \(lead)&a0 [x]") { text, level in
            let repeated = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            return text + "\(lineBreak)a\(level): \(lead)&a\(level) [\(repeated)]"
        } + "\(lineBreak)? *a30\(lineBreak): 1\n"
    }

    @Test(arguments: ["", "!!seq ", "!<tag:yaml.org,2002:seq> "]) func repetitionsThatFillMemoryAreRefused(lead: String) {
        let refusal = "with its repetitions (`*name` for what `&name` marks) written out, the file has more than 200000 parts; repeat less"
        // libyaml ends lines with these, too.
        for lineBreak in ["\n", "\u{85}", "\u{2028}", "\r"] { #expect(sentences(bomb(lead, lineBreak)) == ["line 1: \(refusal)"]) }
        #expect(throws: ConsortiumFile.Problems.self) { try NodeConfiguration(yaml: bomb(lead)) }
        // Marks of parts that go on, within one another.
        let nested = (1...40).reversed().reduce("x") { inner, level in
            "&a\(level) [\(inner), *a\(level + 1), *a\(level + 1), *a\(level + 1)]"
        }
        #expect(sentences("? \(nested.replacing(", *a41, *a41, *a41", with: ""))\n: 1\n") == ["line 1: \(refusal)"])
    }

    @Test func whatIsRepeatedAFewTimesIsRead() {
        let yaml = ImportErrorTests.good.replacing("Ask a Librarian", with: "&title R&D & Law *without* a & sign 5 * 3")
            .replacing("- {name: law}", with: "- {name: law, title: *title}")
        #expect(sentences(yaml) == [])
        #expect(sentences("general: *one\nother: R&D\n").first?.contains("undefined alias") == true)
    }

    @Test func nestingIsBounded() {
        #expect(sentences(String(repeating: "[", count: 100_000)).first?.hasPrefix("line 1: ") == true)
        #expect(sentences(String(repeating: "- ", count: 100_000)).first?.hasPrefix("line 1: ") == true)
    }
}
