/// From the text of a YAML file to its tree, with every error on its line.

import Yams

enum YAMLText {
    /// The tree of the one document in the text; `nil` for an empty one.
    static func compose(_ text: String, bytesMax: Int) throws(ConsortiumFile.Problems) -> Node? {
        guard text.utf8.count <= bytesMax else { throw problem(1, "the file has more than \(bytesMax) bytes") }
        if let line = lineOfReplacement(in: text) { throw problem(line, "this line is not UTF-8; save the file in that encoding") }
        do {
            // Some editors begin a file with U+FEFF, which libyaml takes for content when it comes in a string.
            return try Yams.compose(yaml: text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text)
        } catch let error as YamlError {
            throw ConsortiumFile.Problems(problems: [translate(error, text)])
        } catch {
            throw problem(1, "not YAML: \(error)")
        }
    }

    private static func problem(_ line: Int, _ sentence: String) -> ConsortiumFile.Problems {
        ConsortiumFile.Problems(problems: [.init(line: line, sentence: sentence)])
    }

    /// Bytes that were no UTF-8 became U+FFFD when the file was read.
    private static func lineOfReplacement(in text: String) -> Int? {
        var line = 1
        for scalar in text.unicodeScalars {
            if scalar == "\n" { line += 1 }
            if scalar == "\u{FFFD}" { return line }
        }
        return nil
    }

    private static func translate(_ error: YamlError, _ text: String) -> ConsortiumFile.Problem {
        switch error {
        case .scanner(let context?, let problem, let mark, _) where problem.contains("end of stream"):
            // What is not ended is mended where it begins, not where the file ends.
            return .init(line: context.mark.line, sentence: "not YAML: \(context.text) that begins here, \(problem) in line \(mark.line)")
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return .init(line: mark.line, sentence: "not YAML: \(problem)")
        case .reader(let problem, let offset, _, _):
            let line = text.utf8.prefix(offset ?? 0).count { $0 == 0x0a } + 1
            return .init(line: line, sentence: "not YAML: \(problem); this line holds a character that YAML does not allow")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "`\($0)`" }.joined(separator: ", ")
            return .init(line: context.mark.line, sentence: "one mapping has \(names) more than once, here first")
        default:
            return .init(line: 1, sentence: "not YAML: \(error)")
        }
    }
}
