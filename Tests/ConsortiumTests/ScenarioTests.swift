import Consortium
import FoundationEssentials
import Testing

/// Scenarios are text: commands, `----`, the expected trace (with the command before its part where there are several), an empty line. `CALLSLIP_REWRITE=1 swift test` writes the traces
/// anew; commit a rewritten trace only when its difference is understood.
@Suite struct ScenarioTests {
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Scenarios"

    static var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test func thereAreScenariosForEveryRule() {
        #expect(Self.files.count >= 20)
    }

    @Test(arguments: files) func theTraceIsAsWritten(_ file: String) throws {
        let path = Self.folder + "/" + file
        let written = try String(contentsOfFile: path, encoding: .utf8)
        let played = try Self.play(written)
        #expect(!played.contains("INVARIANT"))
        if ProcessInfo.processInfo.environment["CALLSLIP_REWRITE"] == "1" {
            try played.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(played == written)
    }

    /// Plays every block, and gives the same text with the traces that came of it.
    static func play(_ text: String) throws -> String {
        var stage = Stage()
        var output: [String] = []
        var commands: [String] = []
        var inTrace = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == "----" {
                output.append(line)
                for command in commands {
                    if commands.count > 1 { output.append("> " + command) }
                    output += try stage.run(command)
                }
                commands = []
                inTrace = true
            } else if line.isEmpty {
                inTrace = false
                output.append(line)
            } else if !inTrace {
                if !line.hasPrefix("#") { commands.append(line) }
                output.append(line)
            }
        }
        return output.joined(separator: "\n")
    }
}
