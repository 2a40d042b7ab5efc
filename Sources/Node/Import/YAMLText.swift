/// From the text of a YAML file to its tree, with every error on its line.

import Yams

enum YAMLText {
    /// The tree of the one document in the text; `nil` for an empty one.
    static func compose(_ text: String, bytesMax: Int) throws(ConsortiumFile.Problems) -> Node? {
        guard text.utf8.count <= bytesMax else { throw problem(1, "the file has more than \(bytesMax) bytes") }
        if let line = lineOfReplacement(in: text) { throw problem(line, "this line is not UTF-8; save the file in that encoding") }
        // Some editors begin a file with U+FEFF, which libyaml takes for content when it comes in a string.
        let content = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        try countRepeated(content)
        return try parsed(content) { $0 }
    }

    /// What `body` makes of the tree: the names of marks in it belong to the parser, and are gone with it.
    private static func parsed<T>(_ text: String, _ body: (Node?) -> T) throws(ConsortiumFile.Problems) -> T {
        do {
            let parser = try Parser(yaml: text)
            let root = try parser.singleRoot()
            return withExtendedLifetime(parser) { body(root) }
        } catch let error as YamlError {
            throw ConsortiumFile.Problems(problems: [translate(error, text)])
        } catch {
            throw problem(1, "not YAML: \(error)")
        }
    }

    /// The most that a file may stand for when its repetitions (`*name` for what `&name` marks) are written out, in scalars, lists and mappings; what is longer in
    /// bytes may have as many of them, as without repetitions there are never more.
    static let nodesMax = 200_000

    /// A few lines of repetitions of repetitions stand for more than any memory holds, and Yams compares keys before anybody may look at them. So the text is first composed
    /// with an underscore for each asterisk, which makes words of repetitions and changes nothing else of its form, and what they would stand for is counted.
    private static func countRepeated(_ text: String) throws(ConsortiumFile.Problems) {
        guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else { return }
        let words = String(decoding: text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
        let most = max(nodesMax, text.utf8.count)
        let (root, count) = try parsed(words) { root in
            var sizes: [String: Int] = [:]
            return (root, root.map { size($0, &sizes, most) } ?? 0)
        }
        guard let root, count > most else { return }
        throw problem(
            root.line,
            "with its repetitions (`*name` for what `&name` marks) written out, the file has more than \(most) parts; repeat less")
    }

    /// What a node stands for, itself included; at most one more than may be.
    private static func size(_ node: Node, _ sizes: inout [String: Int], _ most: Int) -> Int {
        var total = 1
        switch node {
        case .scalar(let scalar):
            if scalar.string.utf8.first == UInt8(ascii: "_"), let repeated = sizes[String(scalar.string.dropFirst())] { total = repeated }
        case .sequence(let sequence):
            for part in sequence { total = min(total + size(part, &sizes, most), most + 1) }
        case .mapping(let mapping):
            for (key, value) in mapping { total = min(total + size(key, &sizes, most) + size(value, &sizes, most), most + 1) }
        case .alias: break
        }
        if let mark = node.anchor { sizes[mark.rawValue] = total }
        return total
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
