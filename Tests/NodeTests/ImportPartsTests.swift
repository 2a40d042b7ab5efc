import Consortium
import Testing

@testable import Node

/// A file that is longer than one import comes in in parts: together they say what it says, each of its lines where it stands.
@Suite struct ImportPartsTests {
    private static let rest = """
        consortium: Test
        general: {queue: general, title: Ask}
        libraries:
          - {name: law, title: Law, node: solo, queues: [{name: law, title: Law}]}

        """

    /// Each with days of about 30 bytes.
    private static func past(_ names: [String], days: Int) -> String {
        "past:  # of the former service\n"
            + names.map { name in
                "  \(name):\n"
                    + (0..<days).map { "    2025-0\($0 / 28 + 1)-\($0 % 28 < 9 ? "0" : "")\($0 % 28 + 1): \"15 2 0 1; 16 1\"\n" }.joined()
            }.joined(separator: "\n  # the next one\n")
    }

    private static func hours(_ parts: [ImportPart]) -> [PastHours] {
        parts.flatMap { part in part.file.commands.compactMap { if case .bringPast(let past) = $0 { past } else { nil } } }
    }

    private static func refusal(_ yaml: String, bytesMax: Int) -> String? {
        do throws(ConsortiumFile.Problems) {
            _ = try ImportPart.parts(of: yaml, bytesMax: bytesMax)
            return nil
        } catch { return error.description }
    }

    @Test func aFileThatFitsIsOnePart() throws {
        let yaml = Self.rest + Self.past(["law", "general"], days: 20)
        let parts = try ImportPart.parts(of: yaml)
        #expect(parts.map(\.text) == [yaml] && parts[0].past == [])
    }

    @Test(arguments: [2_400, 3_000, 5_000]) func partsTogetherSayWhatTheFileSays(bytesMax: Int) throws {
        let names = ["a", "b", "c", "d", "e", "general"]
        // The rest may stand before and behind it.
        for yaml in [Self.rest + Self.past(names, days: 50), Self.past(names, days: 50) + Self.rest, Self.past(names, days: 50)] {
            let whole = try ConsortiumFile(yaml: yaml)
            for repeatsRest in [false, true] {
                let parts = try ImportPart.parts(of: yaml, repeatsRest: repeatsRest, bytesMax: bytesMax)
                #expect(parts.count > 2 && parts.allSatisfy { $0.text.utf8.count <= bytesMax })
                #expect(parts.flatMap(\.past) == names)
                #expect(Self.hours(parts) == Self.hours([ImportPart(text: "", file: whole, past: [])]))
                let others = whole.commands.filter { if case .bringPast = $0 { false } else { true } }
                let first = parts[0].file.commands.filter { if case .bringPast = $0 { false } else { true } }
                #expect(first == others)
                // Whatever is refused is told with the line of the whole file.
                let lines = parts.flatMap { part in zip(part.file.commands, part.file.lines).filter { $0.0.isPast }.map(\.1) }
                #expect(lines == zip(whole.commands, whole.lines).filter { $0.0.isPast }.map(\.1))
                #expect(parts[1].file.libraries.count == (repeatsRest ? whole.libraries.count : 0))
            }
        }
    }

    @Test func whatIsWrongInOnePartKeepsAllOut() {
        let yaml = Self.rest + Self.past(["a", "b", "c"], days: 50)
        let line = yaml.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.hasPrefix("  c:") }! + 3
        var lines = yaml.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[line - 1] = "    2025-01-02: \"25 1\""
        let told = Self.refusal(lines.joined(separator: "\n"), bytesMax: 2_400)
        #expect(told?.hasPrefix("line \(line): an hour is such as") == true, "\(told ?? "none")")
    }

    @Test func aLibraryStandsThereOnce() {
        let yaml = Self.past(["a", "b", "a"], days: 50)
        let told = Self.refusal(yaml, bytesMax: 2_400)
        #expect(told?.contains("the past of `a` stands here a second time") == true, "\(told ?? "none")")
    }

    @Test func whatCannotBeDividedIsTold() {
        let long = Self.past(["a"], days: 200)
        #expect(Self.refusal(long, bytesMax: 2_400)?.contains("with the past of a the file has more than 2400 bytes") == true)
        let flow = "past: {a: {\((1...28).map { "2025-01-\($0 < 10 ? "0" : "")\($0): \"1 1\"" }.joined(separator: ", "))}}\n"
        #expect(Self.refusal(flow, bytesMax: 200)?.contains("each library on a line of its own") == true)
        #expect(
            Self.refusal("past:\n" + String(repeating: "# nothing\n", count: 50), bytesMax: 200)?.contains("nothing under `past:`") == true)
        let rest = Self.rest + String(repeating: "# a long word\n", count: 500) + Self.past(["a"], days: 5)
        #expect(Self.refusal(rest, bytesMax: 2_400)?.contains("without its past the file has more than 2400 bytes") == true)
    }
}

extension Command {
    fileprivate var isPast: Bool { if case .bringPast = self { true } else { false } }
}
