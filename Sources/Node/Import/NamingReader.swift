/// Reads naming conventions from the consortium's file: `naming: {queues: {pattern, example, says}, users: {…}}`.

import Consortium
import Yams

extension YAMLReader {
    mutating func naming(_ node: Node) -> NamingConventions? {
        guard let map = mapping(node, "naming", keys: ["queues", "users"]) else { return nil }
        var naming = NamingConventions()
        if let node = map["queues"] { naming.queues = namingRule(node, "queues") }
        if let node = map["users"] { naming.users = namingRule(node, "users") }
        return naming
    }

    private mutating func namingRule(_ node: Node, _ what: String) -> NamingRule? {
        guard let map = mapping(node, what, keys: ["pattern", "example", "says"]),
            let patternNode = required(map, "pattern", in: node, "such as {library}-*"),
            let exampleNode = required(map, "example", in: node, "a name that fits"),
            let sentenceNode = required(map, "says", in: node, "a sentence for people"),
            let text = text(patternNode, "pattern"), let example = self.text(exampleNode, "example"),
            let sentence = self.text(sentenceNode, "says")
        else { return nil }
        do {
            let pattern = try NamePattern(text)
            if !pattern.matches(example, library: nil) {
                fail(exampleNode, "the example `\(example)` does not fit the pattern `\(text)`; mend one of them")
            }
        } catch {
            fail(patternNode, error.sentence)
        }
        if sentence.isEmpty || sentence.utf8.count > Limits.namingSentenceBytesMax {
            fail(sentenceNode, "`says` has 1 to \(Limits.namingSentenceBytesMax) bytes")
        }
        return NamingRule(pattern: text, example: example, sentence: sentence)
    }
}
