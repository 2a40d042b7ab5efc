/// Canned messages as the API, the desk and `callslip canned` say them.

import Consortium

/// What a desk shows of canned messages, and what `callslip canned` lists.
public struct CannedReport: Codable, Sendable {
    public struct Message: Codable, Sendable {
        public var id: String
        public var version: UInt64
        /// `consortium`, `library` or `own`.
        public var owner: String
        /// Whose it is, where it is not the consortium's.
        public var name: String?
        public var title: String
        public var keywords: String
        public var text: String

        init(_ message: CannedMessage) {
            id = message.id.text
            version = message.version
            (owner, name) =
                switch message.owner {
                case .consortium: ("consortium", nil)
                case .library(let library): ("library", library.text)
                case .person(let person): ("own", person.text)
                }
            title = message.title
            keywords = message.keywords
            text = message.text
        }
    }
    /// Whether this person may change the library's; for the desk alone.
    public var admin: Bool?
    public var messages: [Message]

    /// Everything.
    init(_ messages: [CannedMessage]) { self.messages = messages.map { Message($0) }.sorted { ($0.title, $0.id) < ($1.title, $1.id) } }

    /// What a person has: the consortium's, the library's, and their own.
    init(_ messages: [CannedMessage], for person: Operator) {
        self.init(
            messages.filter { message in
                switch message.owner {
                case .consortium: true
                case .library(let library): library == person.library
                case .person(let name): name == person.name
                }
            })
        admin = person.isAdmin
    }
}

/// What is asked for: a message as it is to be, or to be deleted.
public struct CannedAsk: Codable, Sendable {
    /// 32 hexadecimal digits, drawn by whoever writes the message first.
    public var id: String
    /// The version that this replaces; 0 for a new one.
    public var version: UInt64
    /// `consortium`, `library` or `own`.
    public var owner: String?
    /// The library, where an admin of the node asks.
    public var library: String?
    public var title: String?
    public var keywords: String?
    public var text: String?
    public var drop: Bool?

    public init(id: String, version: UInt64) {
        self.id = id
        self.version = version
    }
}
