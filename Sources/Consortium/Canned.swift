/// Canned messages: texts that operators insert and send as their own, after reading them. The consortium's are for everybody, a library's for its people,
/// and one's own for oneself.
///
/// Whoever changes one names the version that they read: two people who edit the same message see the conflict, and nobody's edit is lost.

public enum CannedTag {}
/// Made by whoever writes the message first, so that asking twice makes it once.
public typealias CannedID = Identifier<CannedTag>

public enum CannedOwner: Hashable, Sendable {
    case consortium
    case library(LibraryName)
    case person(OperatorName)

    var isPerson: Bool { if case .person = self { true } else { false } }
    var library: LibraryName? { if case .library(let name) = self { name } else { nil } }
}

public struct CannedMessage: Hashable, Sendable {
    public var id: CannedID
    /// Counts its changes; what is set names the version that it replaces. 0: it is new.
    public var version: UInt64
    public var owner: CannedOwner
    public var title: String
    /// Words by which it is found beside those of title and text.
    public var keywords: String
    public var text: String
    public init(id: CannedID, version: UInt64 = 0, owner: CannedOwner, title: String, keywords: String = "", text: String) {
        self.id = id
        self.version = version
        self.owner = owner
        self.title = title
        self.keywords = keywords
        self.text = text
    }

    /// Whether both say the same, whatever their versions.
    func says(_ other: CannedMessage) -> Bool {
        id == other.id && owner == other.owner && title == other.title && keywords == other.keywords && text == other.text
    }

    var bytes: Int { title.utf8.count + keywords.utf8.count + text.utf8.count }
}

extension ConsortiumState {
    mutating func setCanned(_ message: CannedMessage, by editor: Editor) throws(Refusal) {
        let former = canned[message.id]
        try check(editor, mayEdit: message.owner)
        // What belongs to somebody else is not taken over by writing it under another owner.
        if let former { try check(editor, mayEdit: former.owner) }
        try check(message)
        if let former, former.says(message) { return }
        guard message.version == former?.version ?? 0 else { throw .changedMeanwhile(message.title, former) }
        if former?.owner != message.owner { try checkRoom(of: message.owner) }
        guard canned.contains(message.id) || canned.count < Limits.cannedMax else {
            throw Refusal(.tooMany, "There are \(Limits.cannedMax) canned messages, which is the most; delete some first.")
        }
        let bytes = index.cannedBytes - (former?.bytes ?? 0) + message.bytes
        guard bytes <= Limits.cannedBytesMax else {
            throw Refusal(.full, "All canned messages together have \(Limits.cannedBytesMax) bytes at most; shorten or delete some.")
        }
        var set = message
        set.version = (former?.version ?? 0) + 1
        canned[message.id] = set
        index.cannedBytes = bytes
        touched.canned = true
    }

    /// A message that is gone already is gone: deleting twice deletes once.
    mutating func dropCanned(_ id: CannedID, version: UInt64, by editor: Editor) throws(Refusal) {
        guard let former = canned[id] else { return }
        try check(editor, mayEdit: former.owner)
        guard version == former.version else { throw .changedMeanwhile(former.title, former) }
        canned.remove(id)
        index.cannedBytes -= former.bytes
        touched.canned = true
    }

    private func check(_ editor: Editor, mayEdit owner: CannedOwner) throws(Refusal) {
        switch (editor, owner) {
        case (.admin, .consortium): return
        case (.admin, .library(let library)):
            guard libraries.contains(library) else { throw .unknownLibrary(library) }
        case (.admin, .person(let name)):
            throw Refusal(.notAllowed, "\(name)'s own messages are for \(name) to write, at the desk.")
        case (.person(let name), .person(let whose)):
            guard operators.contains(name) else { throw .unknownOperator(name) }
            guard name == whose else { throw Refusal(.notAllowed, "This message belongs to \(whose); write one of your own.") }
        case (.person(let name), .library(let library)):
            guard let person = operators[name] else { throw .unknownOperator(name) }
            guard person.isAdmin, person.library == library else {
                throw Refusal(.notAllowed, "The messages of \(library) are for its admin to change; write one of your own, or ask them.")
            }
        case (.person, .consortium):
            throw Refusal(.notAllowed, "The consortium's messages are for LTG to change; write one of your own, or ask them.")
        }
    }

    private func check(_ message: CannedMessage) throws(Refusal) {
        guard !message.title.isEmpty, message.title.utf8.count <= Limits.cannedTitleBytesMax else {
            throw Refusal(.tooLong, "A title has 1 to \(Limits.cannedTitleBytesMax) bytes, not \(message.title.utf8.count).")
        }
        guard !message.text.isEmpty, message.text.utf8.count <= Limits.cannedTextBytesMax else {
            throw Refusal(.tooLong, "A canned message has 1 to \(Limits.cannedTextBytesMax) bytes, not \(message.text.utf8.count).")
        }
        guard message.keywords.utf8.count <= Limits.cannedKeywordsBytesMax else {
            throw Refusal(.tooLong, "Keywords have \(Limits.cannedKeywordsBytesMax) bytes at most, not \(message.keywords.utf8.count).")
        }
    }

    private func checkRoom(of owner: CannedOwner) throws(Refusal) {
        let most = if case .person = owner { Limits.cannedPerPersonMax } else { Limits.cannedPerLibraryMax }
        guard canned.values.count(where: { $0.owner == owner }) < most else {
            throw Refusal(.tooMany, "There are \(most) messages here, which is the most; delete one first.")
        }
    }

    /// The person is called otherwise now.
    mutating func renameCanned(of old: OperatorName, to new: OperatorName) {
        for (id, message) in canned where message.owner == .person(old) {
            canned.change(id) { $0.owner = .person(new) }
            touched.canned = true
        }
    }

    func checkCanned() throws(InvariantViolation) {
        try hold(canned.count <= Limits.cannedMax, "There are too many canned messages.")
        try hold(index.cannedBytes == countedCannedBytes, "The canned messages are miscounted.")
        for (id, message) in canned {
            try hold(id == message.id && message.version > 0, "Canned message \(id) is misfiled.")
            switch message.owner {
            case .consortium: break
            case .library(let library): try hold(libraries.contains(library), "Canned message \(id) is of no library.")
            case .person(let name): try hold(operators.contains(name), "Canned message \(id) is nobody's.")
            }
        }
        guard featureLevel < FeatureLevel.canned else { return }
        try hold(
            canned.isEmpty && (isBranch || !operators.values.contains(where: \.isAdmin)),
            "There are canned messages below their feature level.")
    }

    var countedCannedBytes: Int { canned.values.reduce(0) { $0 + $1.bytes } }

    /// All of them, in the order of the identifier.
    public var cannedMessages: [CannedMessage] { canned.values }
}

extension Refusal {
    fileprivate static func changedMeanwhile(_ title: String, _ former: CannedMessage?) -> Refusal {
        guard let former else {
            return Refusal(
                .outOfOrder, "Somebody deleted `\(title)` meanwhile. What you wrote is still here: save it as a new one, or leave it.")
        }
        return Refusal(
            .outOfOrder,
            "`\(former.title)` was changed meanwhile: version \(former.version) is in force. Compare, and save again what is to stand.")
    }
}
