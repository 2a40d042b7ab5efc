/// Canned messages as bytes.

import Consortium

extension PBCannedEntry {
    init(_ message: CannedMessage) {
        self.init()
        id = PBId(message.id)
        version = message.version
        switch message.owner {
        case .consortium: break
        case .library(let name): library = name.text
        case .person(let name): person = name.text
        }
        title = message.title
        keywords = message.keywords
        text = message.text
    }

    func decoded() throws(WireError) -> CannedMessage {
        let owner: CannedOwner
        if let name: OperatorName = try Field.optionalName(person, "canned.person") {
            owner = .person(name)
        } else if let name: LibraryName = try Field.optionalName(library, "canned.library") {
            owner = .library(name)
        } else {
            owner = .consortium
        }
        return CannedMessage(id: id.decoded(), version: version, owner: owner, title: title, keywords: keywords, text: text)
    }
}

extension PBCannedBookEntry {
    init(_ list: [CannedMessage]) {
        self.init()
        messages = list.map { PBCannedEntry($0) }
    }

    func decoded() throws(WireError) -> [CannedMessage] {
        try Field.list(messages, "canned", max: Limits.cannedMax) { e throws(WireError) in try e.decoded() }
    }
}

extension PBSetCannedCommand {
    init(_ message: CannedMessage, _ editor: Editor) {
        self.init()
        self.message = PBCannedEntry(message)
        by = editor.text
    }

    func decoded() throws(WireError) -> Command { .setCanned(try message.decoded(), by: try Editor(text: by)) }
}

extension PBDropCannedCommand {
    init(_ id: CannedID, _ version: UInt64, _ editor: Editor) {
        self.init()
        self.id = PBId(id)
        self.version = version
        by = editor.text
    }

    func decoded() throws(WireError) -> Command { .dropCanned(id.decoded(), version: version, by: try Editor(text: by)) }
}

extension Editor {
    var text: String { if case .person(let name) = self { name.text } else { "" } }

    init(text: String) throws(WireError) {
        let name: OperatorName? = try Field.optionalName(text, "canned.by")
        self = name.map { .person($0) } ?? .admin
    }
}
