import FoundationEssentials

/// Scenarios as text: commands, `----`, the expected trace (with the command before its part where there are several), an empty line.
///
/// `CALLSLIP_REWRITE=1 swift test` writes the traces anew; commit a rewritten trace only when its difference is understood.
public struct ScenarioFolder: Sendable {
    private let path: String

    /// - Parameter testFile: the `#filePath` of the test, beside which the folder lies.
    public init(beside testFile: String, named name: String = "Scenarios") {
        path = String(testFile.prefix(upTo: testFile.lastIndex(of: "/") ?? testFile.endIndex)) + "/\(name)/"
    }

    /// The scenarios' file names, in order; empty where the folder can't be read, which the test that counts them shows.
    public var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".txt") }.sorted()
    }

    /// Plays one file. With `CALLSLIP_REWRITE=1` the file then holds what was played.
    /// - Parameter run: runs one command and gives its trace.
    /// - Returns: what was expected, and what came.
    public func play(_ file: String, run: (String) throws -> [String]) throws -> (written: String, played: String) {
        let written = try String(contentsOfFile: path + file, encoding: .utf8)
        let played = try Self.play(written, run)
        guard ProcessInfo.processInfo.environment["CALLSLIP_REWRITE"] == "1" else { return (written, played) }
        try played.write(toFile: path + file, atomically: true, encoding: .utf8)
        return (played, played)
    }

    private static func play(_ text: String, _ run: (String) throws -> [String]) throws -> String {
        var output: [String] = []
        var commands: [String] = []
        var inTrace = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == "----" {
                output.append(line)
                for command in commands {
                    if commands.count > 1 { output.append("> " + command) }
                    output += try run(command)
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
