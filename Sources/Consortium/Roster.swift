/// What the consortium knows of its libraries, queues and people: the roster, imported by LTG.

/// What happens to a library's new chats when nobody there is available.
public enum FallbackPolicy: Hashable, Sendable {
    /// They go to the general queue at once.
    case immediately
    /// They ring at the library first, for 40 to 90 seconds; but never wait when nobody is on.
    case ringFirst(ms: UInt64)
    /// They are not referred: the patron is offered to leave a message. Allowed, and shown as such.
    case off
}

/// A library or department that has joined.
public struct Library: Hashable, Sendable {
    public var name: LibraryName
    public var title: String
    /// The node that serves this library; it keeps its operators' password verifiers.
    public var homeNode: NodeName
    /// Keeps the same verifiers, for the time when the home node is gone.
    public var standbyNode: NodeName?
    public var fallback: FallbackPolicy
    public var card: LibraryCard
    /// Its checklist (`Register.onboarding`) says that it is not live yet: its queues take no chats. Kept by the state.
    public package(set) var isSettingUp = false
    /// Who is given this library's transcripts when its own node has taken none for half of `Settings.transcriptDeadlineMs`.
    public var heir: LibraryName?

    /// Whether that node is this library's own or stands by for it.
    public func isServed(by node: NodeName) -> Bool { homeNode == node || standbyNode == node }

    public init(
        name: LibraryName, title: String, homeNode: NodeName, standbyNode: NodeName? = nil,
        fallback: FallbackPolicy = .immediately, card: LibraryCard = LibraryCard(), heir: LibraryName? = nil
    ) {
        self.name = name
        self.title = title
        self.homeNode = homeNode
        self.standbyNode = standbyNode
        self.fallback = fallback
        self.card = card
        self.heir = heir
    }
}

/// What an operator elsewhere needs to answer for this library.
public struct LibraryCard: Hashable, Sendable {
    /// Posted hours, in words.
    public var hours: String
    public var website: String
    public var phone: String
    public var email: String
    /// Local policies worth knowing (loans, fines, rooms), in words.
    public var policies: String
    /// When somebody last checked the card, as the library wrote it.
    public var lastChecked: String
    /// The library's wording for a referral to it.
    public var wording: String

    public init(
        hours: String = "", website: String = "", phone: String = "", email: String = "", policies: String = "",
        lastChecked: String = "", wording: String = ""
    ) {
        self.hours = hours
        self.website = website
        self.phone = phone
        self.email = email
        self.policies = policies
        self.lastChecked = lastChecked
        self.wording = wording
    }
}

/// When a queue's posted hours let it be available. Weekly hours come with the terms; until then they are stated.
public enum Opening: Hashable, Sendable {
    case open
    case closed(reason: String)
}

/// Another name by which pages call a queue: one that it had before, or the number of an old service that led to it. Several queues
/// may share one name: of these the first, by `level`, that is available is meant.
public struct QueueAlias: Hashable, Sendable {
    public var name: QueueName
    /// 0 comes first.
    public var level: UInt32

    public init(name: QueueName, level: UInt32 = 0) {
        self.name = name
        self.level = level
    }
}

/// A queue of a library, or the general queue (which has no library).
public struct Queue: Hashable, Sendable {
    public var name: QueueName
    public var title: String
    /// `nil` for the general queue, which all libraries staff together. There is exactly one such queue.
    public var library: LibraryName?
    public var opening: Opening
    /// At most `Limits.aliasesPerQueueMax`.
    public var aliases: [QueueAlias]
    /// What it was called before, the first name first: kept by the state, and at most `Limits.formerNamesMax`. The present one is among them where the
    /// queue is called again as before.
    public var formerNames: [QueueName]

    /// By which pages may call it, beside its name.
    public var otherNames: [QueueAlias] { formerNames.map { QueueAlias(name: $0) } + aliases }

    public init(
        name: QueueName, title: String, library: LibraryName?, opening: Opening = .open, aliases: [QueueAlias] = [],
        formerNames: [QueueName] = []
    ) {
        self.name = name
        self.title = title
        self.library = library
        self.opening = opening
        self.aliases = aliases
        self.formerNames = formerNames
    }
}

/// The consortium's committees whose people see to all libraries.
public enum Committee: UInt8, Hashable, Sendable, CaseIterable {
    /// Is told of posted hours that nobody staffs.
    case chatWog = 1
    /// Reads the reports.
    case rmt = 2
    /// Runs the service; since the registers' feature level.
    case ltg = 3

    /// As the consortium's file has it.
    public var text: String {
        switch self {
        case .chatWog: "chatwog"
        case .rmt: "rmt"
        case .ltg: "ltg"
        }
    }
}

/// A person who answers chats. Passwords are not here: their verifiers stay at the home node and its standby.
public struct Operator: Hashable, Sendable {
    public var name: OperatorName
    public var displayName: String
    public var library: LibraryName
    /// The queues that this person may staff, in the order of the name.
    public var queues: [QueueName]
    /// Whether this person looks after what belongs to the library, such as its canned messages.
    public var isAdmin: Bool
    /// Decides about holds and exports of the library's transcripts; since the audit log's feature level. The consortium's file makes a director an admin as well.
    public var isDirector: Bool
    /// Since the ledger's feature level.
    public var committee: Committee?
    /// As a queue's.
    public var formerNames: [OperatorName]
    /// Learns: is available, and claims, with a mentor at hand.
    public var isTrainee = false

    /// Under which name the password's verifier is kept: the first that the person had, so that no renaming need reach the keepers.
    public var accountName: OperatorName { formerNames.first ?? name }

    public init(
        name: OperatorName, displayName: String, library: LibraryName, queues: [QueueName], isAdmin: Bool = false,
        isDirector: Bool = false, committee: Committee? = nil, formerNames: [OperatorName] = []
    ) {
        self.name = name
        self.displayName = displayName
        self.library = library
        self.queues = queues
        self.isAdmin = isAdmin
        self.isDirector = isDirector
        self.committee = committee
        self.formerNames = formerNames
    }
}

/// The service's settings: one document for the whole consortium.
public struct Settings: Hashable, Sendable {
    /// How long a transfer is offered before it returns to its sender.
    public var pickUpMs: UInt64 = 60_000
    /// How long a patron waits, over all targets, until a message is offered.
    public var patronDeadlineMs: UInt64 = 600_000
    /// How long the patron has to answer when asked about a transfer; no answer means no.
    public var consentMs: UInt64 = 45_000
    /// How long an operator's session lives without a sign of the browser and the person.
    public var operatorLeaseMs: UInt64 = 45_000
    /// How long a patron may be away before the operator is told and a waiting chat becomes a kept message.
    public var patronGoneMs: UInt64 = 120_000
    /// How long a closed chat is remembered, so that late repeats are recognised.
    public var tombstoneMs: UInt64 = 3_600_000
    /// How long the answer to a question left as a message is kept for the patron's pick-up code.
    public var answeredMessageMs: UInt64 = 604_800_000
    /// How long a question that was left as a message waits for an answer at most: 60 days. Then it is over, and its code says so for as long as an
    /// answer would be kept.
    public var keptMessageMs: UInt64 = Settings.keptMessageMsUsual
    /// Chats that one operator holds side by side.
    public var chatsPerOperatorMax: UInt32 = 4
    /// How long after a chat's end the coordinators still have its text at most, taken by its library or not: 14 days.
    public var transcriptDeadlineMs: UInt64 = Settings.transcriptDeadlineMsUsual
    /// How long text stays after its library took it, so that a library restored from a backup can ask again: 48 hours. Longer than the
    /// libraries' backups are apart.
    public var transcriptKeptMs: UInt64 = Settings.transcriptKeptMsUsual

    /// What one password's Argon2id costs (RFC 9106): memory, and passes over it. Verifiers that were made with others are made anew at the next right sign-in.
    public var passwordMemoryMiB: UInt32 = Settings.passwordMemoryMiBUsual
    public var passwordPasses: UInt32 = Settings.passwordPassesUsual

    public static let passwordMemoryMiBUsual: UInt32 = 64
    public static let passwordPassesUsual: UInt32 = 2
    public static let keptMessageMsUsual: UInt64 = 5_184_000_000
    public static let transcriptDeadlineMsUsual: UInt64 = 1_209_600_000
    public static let transcriptKeptMsUsual: UInt64 = 172_800_000

    public init() {}
}
