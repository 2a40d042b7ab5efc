/// Reads canned messages from the consortium's file: `canned:`, a list of `{title, text, keywords, library}`; without `library` they are the consortium's.

import Consortium
import Yams

extension YAMLReader {
    /// With the line of each. The identifiers are drawn from owner and title, so that the same entry is the same message in every import.
    mutating func canned(_ node: Node) -> [(message: CannedMessage, line: Int)] {
        var found: [(message: CannedMessage, line: Int)] = []
        for node in sequence(node, "canned") {
            guard let map = mapping(node, "a canned message", keys: ["title", "text", "keywords", "library"]),
                let titleNode = required(map, "title", in: node, "by which it is found"), let title = title(titleNode, "title"),
                let textNode = required(map, "text", in: node, "what is inserted"), let text = text(textNode, "text")
            else { continue }
            var owner = CannedOwner.consortium
            if let libraryNode = map["library"] {
                guard let library: LibraryName = name(libraryNode, "a library's name") else { continue }
                owner = .library(library)
            }
            if title.utf8.count > Limits.cannedTitleBytesMax {
                fail(titleNode, "`title` has more than \(Limits.cannedTitleBytesMax) bytes")
            }
            if text.isEmpty || text.utf8.count > Limits.cannedTextBytesMax {
                fail(textNode, "`text` has 1 to \(Limits.cannedTextBytesMax) bytes")
            }
            let keywords = self.text(map["keywords"], "keywords") ?? ""
            if keywords.utf8.count > Limits.cannedKeywordsBytesMax {
                fail(node, "`keywords` has more than \(Limits.cannedKeywordsBytesMax) bytes")
            }
            let id = CannedID(named: title, of: owner)
            if found.contains(where: { $0.message.id == id }) { fail(titleNode, "the message `\(title)` stands here a second time") }
            found.append((CannedMessage(id: id, owner: owner, title: title, keywords: keywords, text: text), node.line))
        }
        return found
    }
}

extension CannedID {
    /// Two runs of FNV-1a, told apart by their beginnings.
    fileprivate init(named title: String, of owner: CannedOwner) {
        let place = if case .library(let library) = owner { library.text } else { "" }
        func hash(_ seed: UInt64) -> UInt64 {
            "\(place)/\(title)".utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        self.init(high: hash(0xcbf2_9ce4_8422_2325), low: hash(0x6c62_272e_07bb_0142))
    }
}
