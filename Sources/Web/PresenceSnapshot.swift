/// A state, by the names that pages with LibraryH3lp snippets compare with.
public enum PresenceShow: String, Sendable, CaseIterable {
    case available, chat, away, xa, dnd, unavailable
}

/// What is known of one queue or one operator.
public struct PresenceEntry: Sendable, Equatable {
    /// `available` where pressing the button reaches a person: one of the queue's own operators, or, by its library's fallback, one of the
    /// general queue (`isReferred`). Otherwise `unavailable`.
    public var show: PresenceShow
    /// A few words for people; empty mostly.
    public var status: String
    /// The person reached belongs to the general queue. XML and JavaScript then name the resource `referred`, with status `referred`.
    public var isReferred: Bool
    /// The name of the queue itself, where it was asked for by another name of it; its title, and that of the queue that answers; for our
    /// own scripts. Empty where not known.
    public var queue: String
    public var title: String
    public var answers: String
    /// The library that the queue belongs to; empty for the general queue and where not known.
    public var library: String
    /// How long people usually wait; 0 where not known.
    public var usualWaitS: UInt32

    public init(
        show: PresenceShow, status: String = "", isReferred: Bool = false, queue: String = "", title: String = "", answers: String = "",
        library: String = "", usualWaitS: UInt32 = 0
    ) {
        self.show = show
        self.status = status
        self.isReferred = isReferred
        self.queue = queue
        self.title = title
        self.answers = answers
        self.library = library
        self.usualWaitS = usualWaitS
    }

    /// Whom pressing the button reaches, in the words of the client protocol.
    public var reach: String {
        if isReferred { return "referred" }
        return show == .available || show == .chat ? "own" : "nobody"
    }

    static let unknown = PresenceEntry(show: .unavailable)
    var resourceName: String { isReferred ? "referred" : "libraryh3lp" }
    var statusText: String { isReferred ? "referred" : status }
}

/// The availability of all queues and operators at one moment. Immutable: the cluster plane makes one and hands it over; the web plane answers
/// from it without a hop, also when no coordinator can be reached.
public struct PresenceSnapshot: Sendable {
    public let queues: [String: PresenceEntry]
    /// Operators, by name; a queue of the same name comes first.
    public let users: [String: PresenceEntry]
    /// `jabber_client_id` of the JavaScript form.
    public let clientId: String

    public init(queues: [String: PresenceEntry] = [:], users: [String: PresenceEntry] = [:], clientId: String = "") {
        self.queues = queues
        self.users = users
        self.clientId = clientId
    }

    /// Unknown names are unavailable, never missing: pages read the first resource without looking whether there is one.
    public func entry(_ name: String) -> PresenceEntry {
        if let entry = queues[name] ?? users[name] { return entry }
        let lower = name.lowercased()  // names are kept in lower case; the local part of a JID has no case
        return queues[lower] ?? users[lower] ?? .unknown
    }
}
