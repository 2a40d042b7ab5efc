/// The audit log: who changed what of the consortium's, and who read a transcript. Each entry's hash covers the one before it, so that nothing can be taken out, put in
/// or rewritten without the rest of the chain showing it.
///
/// Kept by apply, from the commands that were accepted and changed something, so that there is no way to change a thing beside it. It holds no text of a chat or a
/// message: what was changed is named, not quoted. The oldest entries give way; the hash of the last of them stays as the anchor from which the chain goes on.

import Sodium

/// Who did it, as the node vouches for it.
public enum AuditActor: Hashable, Sendable {
    /// Whoever has a node's admin token: LTG, by import or a command of `callslip`.
    case admin
    case person(OperatorName)
    /// Somebody at this node's desk or console whom the command does not name, or the node itself.
    case node

    /// `admin`, `node`, or a person's name, which is neither.
    public var text: String {
        switch self {
        case .admin: "admin"
        case .node: "node"
        case .person(let name): "person " + name.text
        }
    }

    public init?(text: String) {
        switch text {
        case "admin": self = .admin
        case "node": self = .node
        default:
            guard text.hasPrefix("person "), let name = OperatorName(String(text.dropFirst(7))) else { return nil }
            self = .person(name)
        }
    }
}

/// What was done. The numbers are in logs, the words in answers and in what is hashed: neither is ever given to anything else.
public enum AuditAct: UInt8, Hashable, Sendable, CaseIterable {
    case setSettings = 1
    case setLibrary = 2
    case setQueue = 3
    case setOperator = 4
    case setNaming = 5
    case renameQueue = 6
    case renameOperator = 7
    case setCanned = 8
    case dropCanned = 9
    case setEntry = 10
    case dropEntry = 11
    case setTerms = 12
    case setHours = 13
    case closeLibrary = 14
    case reopenLibrary = 15
    case openNow = 16
    case changeTicket = 17
    case releaseButton = 18
    case decideButton = 19
    case deleteTranscript = 20
    case readTranscript = 21
    case retireVoter = 22
    case askHold = 23
    case askExport = 24
    case approve = 25
    case decline = 26
    case endHold = 27
    case takeExport = 28
    case restore = 29
    case removeNode = 30
    case admitNode = 31
    case turnKeys = 32
    case importShifts = 33
    case swapShift = 34
    case bringPast = 35

    public var text: String {
        switch self {
        case .setSettings: "settings"
        case .setLibrary: "library"
        case .setQueue: "queue"
        case .setOperator: "person"
        case .setNaming: "naming"
        case .renameQueue: "queue renamed"
        case .renameOperator: "person renamed"
        case .setCanned: "canned message"
        case .dropCanned: "canned message deleted"
        case .setEntry: "register entry"
        case .dropEntry: "register entry deleted"
        case .setTerms: "terms"
        case .setHours: "hours"
        case .closeLibrary: "closed at short notice"
        case .reopenLibrary: "open again"
        case .openNow: "opened now"
        case .changeTicket: "ticket"
        case .releaseButton: "button released"
        case .decideButton: "button decided"
        case .deleteTranscript: "transcript deleted"
        case .readTranscript: "transcript read"
        case .retireVoter: "coordinator retired"
        case .askHold: "hold asked for"
        case .askExport: "export asked for"
        case .approve: "approved"
        case .decline: "declined"
        case .endHold: "ended"
        case .takeExport: "export taken"
        case .restore: "restored from a backup"
        case .removeNode: "node removed"
        case .admitNode: "node admitted"
        case .turnKeys: "gossip keys turned"
        case .importShifts: "shifts imported"
        case .swapShift: "shift swapped"
        case .bringPast: "past brought in"
        }
    }
}

/// Somebody is about to read what the log of commands would not tell.
public struct AuditNote: Hashable, Sendable {
    public var by: AuditActor
    public var chat: ChatID
    /// Which keeps it.
    public var library: LibraryName
    /// Drawn by whoever asks, so that asking twice notes it once.
    public var request: RequestID
    /// The export that is taken away by it, where that is what is done.
    public var export: WishID?
    public init(by: AuditActor, chat: ChatID, library: LibraryName, request: RequestID, export: WishID? = nil) {
        self.by = by
        self.chat = chat
        self.library = library
        self.request = request
        self.export = export
    }
}

public struct AuditEntry: Hashable, Sendable {
    /// From 1, without a gap.
    public var number: UInt64
    /// The leader's wall clock, Unix milliseconds.
    public var wallMs: UInt64
    public var by: AuditActor
    /// At which node it was asked for; empty where it was no node's.
    public var node: String
    public var act: AuditAct
    /// To what: a name, an identifier, or empty. At most `Limits.auditSubjectBytesMax` bytes.
    public var subject: String
    /// Whose it is, so that a library's admin may read it; empty where it is the consortium's.
    public var library: String
    /// SHA-256 over the hash before it and this entry's fields.
    public var hash: [UInt8]

    public init(
        number: UInt64, wallMs: UInt64, by: AuditActor, node: String, act: AuditAct, subject: String, library: String, hash: [UInt8]
    ) {
        self.number = number
        self.wallMs = wallMs
        self.by = by
        self.node = node
        self.act = act
        self.subject = subject
        self.library = library
        self.hash = hash
    }

    /// What `hash` must be after `before`: over that, number and time as eight bytes each (big-endian), and each text as its length in eight bytes and its UTF-8.
    public func hash(after before: [UInt8]) -> [UInt8] {
        var bytes = before
        func add(_ word: UInt64) { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
        add(number)
        add(wallMs)
        for text in [by.text, node, act.text, subject, library] {
            add(UInt64(text.utf8.count))
            bytes += text.utf8
        }
        return Hash.sha256(bytes)
    }
}

/// What is left of the entries that gave way.
public struct AuditAnchor: Hashable, Sendable {
    /// The number of the last of them; 0 where none did.
    public var number: UInt64 = 0
    /// Its hash; 32 zeros before the first.
    public var hash = [UInt8](repeating: 0, count: 32)
    public init() {}
    public init(number: UInt64, hash: [UInt8]) {
        self.number = number
        self.hash = hash
    }

    /// Follows the chain through these entries, which come next.
    /// - Throws: what does not fit, and from where on nothing is vouched for.
    public func following(_ entries: some Sequence<AuditEntry>) throws(AuditFlaw) -> AuditAnchor {
        var last = self
        for entry in entries {
            guard entry.number == last.number &+ 1 else {
                throw AuditFlaw(
                    number: last.number &+ 1, sentence: "entry \(last.number &+ 1) is missing: \(entry.number) follows \(last.number)")
            }
            guard entry.hash == entry.hash(after: last.hash) else {
                throw AuditFlaw(
                    number: entry.number,
                    sentence: "entry \(entry.number) is not what was written: its hash does not follow from it and the one before")
            }
            last = AuditAnchor(number: entry.number, hash: entry.hash)
        }
        return last
    }
}

public struct AuditFlaw: Error, Hashable, Sendable, CustomStringConvertible {
    public var number: UInt64
    public var sentence: String
    public var description: String { sentence }
    public init(number: UInt64, sentence: String) {
        self.number = number
        self.sentence = sentence
    }
}

/// A part of the log, as a node asks for it.
public struct AuditPage: Hashable, Sendable {
    /// Where the log begins now.
    public var anchor: AuditAnchor
    public var entries: [AuditEntry]
    /// The number of the newest entry of all.
    public var last: UInt64
    public init(anchor: AuditAnchor, entries: [AuditEntry], last: UInt64) {
        self.anchor = anchor
        self.entries = entries
        self.last = last
    }
}
