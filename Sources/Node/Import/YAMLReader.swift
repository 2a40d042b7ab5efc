/// Reads YAML nodes into values and collects what is wrong, each with its line.

import Consortium
import Yams

struct YAMLReader {
    private(set) var problems: [ConsortiumFile.Problem] = []
    /// Queues that were named, with the line, to be checked when all are known.
    var references: [(QueueName, Int)] = []
    /// More than this helps nobody.
    private static let problemsMax = 100

    mutating func fail(_ node: Node, _ sentence: String) { fail(line: node.line, sentence) }

    mutating func fail(line: Int, _ sentence: String) {
        guard problems.count < Self.problemsMax else { return }
        problems.append(ConsortiumFile.Problem(line: line, sentence: sentence))
    }

    /// A mapping whose keys are all among `keys`.
    mutating func mapping(_ node: Node, _ what: String, keys: [String]) -> [String: Node]? {
        guard let mapping = node.mapping else {
            fail(node, "\(what) must be a mapping with some of: \(keys.joined(separator: ", "))")
            return nil
        }
        var result: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? "?"
            if !keys.contains(name) {
                fail(key, "\(what) has no `\(name)`; it may have: \(keys.joined(separator: ", "))")
            } else if result.updateValue(value, forKey: name) != nil {
                fail(key, "\(what) has `\(name)` twice")
            }
        }
        return result
    }

    mutating func required(_ map: [String: Node], _ key: String, in node: Node, _ meaning: String) -> Node? {
        if let value = map[key] { return value }
        fail(node, "`\(key)` is missing: \(meaning)")
        return nil
    }

    mutating func sequence(_ node: Node, _ what: String) -> [Node] {
        if let sequence = node.sequence { return Array(sequence) }
        if node.null == nil { fail(node, "`\(what)` must be a list (lines that begin with `-`)") }
        return []
    }

    mutating func text(_ node: Node?, _ what: String) -> String? {
        guard let node else { return nil }
        guard let text = node.scalar?.string else {
            fail(node, "`\(what)` must be a text")
            return nil
        }
        if what == "title" || what == "display", text.utf8.count > Limits.titleBytesMax {
            fail(node, "`\(what)` has more than \(Limits.titleBytesMax) bytes")
        }
        return text
    }

    mutating func integer(_ node: Node, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = node.int, range.contains(value) else {
            fail(node, "`\(what)` must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    mutating func name<Tag>(_ node: Node, _ what: String) -> Name<Tag>? {
        guard let text = node.scalar?.string, let name = Name<Tag>(text) else {
            fail(node, "\(what) must have \(Name<Tag>.rule); found `\(node.scalar?.string ?? "something else")`")
            return nil
        }
        return name
    }
}

extension Node {
    /// The line on which the node begins, from 1.
    var line: Int { mark?.line ?? 1 }
}
