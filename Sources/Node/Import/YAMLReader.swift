/// Reads YAML nodes into values and collects what is wrong, each with its line.

import Consortium
import Yams

struct YAMLReader {
    private(set) var problems: [ConsortiumFile.Problem] = []
    /// Queues that were named, with the line, to be checked when all are known.
    var references: [(QueueName, Int)] = []
    /// Whether this machine knows a time zone.
    var isZone: (String) -> Bool = { _ in true }
    /// More than this helps nobody.
    private static let problemsMax = 100

    mutating func fail(_ node: Node, _ sentence: String) { fail(line: node.line, sentence) }

    mutating func fail(line: Int, _ sentence: String) {
        guard problems.count < Self.problemsMax else { return }
        problems.append(ConsortiumFile.Problem(line: line, sentence: sentence))
    }

    /// A mapping whose keys are all among `keys`.
    /// - Parameter elsewhere: where something belongs that does not stand here, as a sentence without its end; `nil` where it belongs nowhere.
    mutating func mapping(
        _ node: Node, _ what: String, keys: [String], elsewhere: (String) -> String? = { _ in nil }
    ) -> [String: Node]? {
        guard let mapping = node.mapping else {
            fail(node, "\(what) must be a mapping with some of: \(keys.joined(separator: ", "))")
            return nil
        }
        var result: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "?"
            if keys.contains(name) {
                result[name] = value
            } else {
                let place = elsewhere(name).map { "; \($0)" } ?? ""
                fail(key, "\(what) has no `\(name)`\(place); it may have: \(keys.joined(separator: ", "))")
            }
        }
        return result
    }

    mutating func required(_ map: [String: Node], _ key: String, in node: Node, _ meaning: String) -> Node? {
        if let value = map[key] { return value }
        fail(node, "`\(key)` is missing: \(meaning)")
        return nil
    }

    mutating func sequence(_ node: Node, _ what: String, max: Int = 1_000) -> [Node] {
        if let sequence = node.sequence {
            if sequence.count > max { fail(node, "`\(what)` has \(sequence.count) entries; \(max) is the most") }
            return Array(sequence.prefix(max))
        }
        if node.null == nil { fail(node, "`\(what)` must be a list (lines that begin with `-`)") }
        return []
    }

    mutating func text(_ node: Node?, _ what: String) -> String? {
        guard let node else { return nil }
        guard let text = node.scalar?.string else {
            fail(node, "`\(what)` must be a text")
            return nil
        }
        return text
    }

    /// A text that is shown in a line: neither empty nor long.
    mutating func title(_ node: Node?, _ what: String) -> String? {
        guard let node, let title = text(node, what) else { return nil }
        if node.null != nil || title.isEmpty { fail(node, "`\(what)` is empty; write something, or leave the line out") }
        if title.utf8.count > Limits.titleBytesMax { fail(node, "`\(what)` has more than \(Limits.titleBytesMax) bytes") }
        return title
    }

    mutating func integer(_ node: Node, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = node.int, range.contains(value) else {
            fail(node, "`\(what)` must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    mutating func flag(_ node: Node, _ what: String) -> Bool? {
        guard let value = node.bool else {
            fail(node, "`\(what)` must be true or false")
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
