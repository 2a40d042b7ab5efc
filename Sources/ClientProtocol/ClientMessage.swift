/// The client protocol, version 1 (PROTOCOL.md), as types: what clients and nodes say to each other over a WebSocket.
///
/// It promises: what one side writes the other reads to an equal value; identifiers, names and lengths are checked when
/// read; bytes from outside give a message or a typed error, never a trap.
/// It never keeps state, and knows nothing of sockets. Its caller bounds frames before handing them over.
import Consortium

public enum SecretTag {}
/// Known to the patron's page alone; a node hashes it and forgets it.
public typealias ChatSecret = Identifier<SecretTag>

/// What a client sends.
public enum ClientMessage: Hashable, Sendable {
    case hello(Hello)
    case active

    // Patron.
    case open(Open)
    case resume(Resume)
    /// Answers a question in the chat's phase: about a transfer (its offer), or about a referral (`offer` is zero).
    case consent(RequestID, ChatID, offer: LogPosition, agreed: Bool)
    case leave(RequestID, ChatID)
    case keep(RequestID, ChatID, code: String, contact: String)
    /// After the end: whether the patron was helped.
    case rate(RequestID, ChatID, ChatRating)
    case collect(RequestID, code: String, attach: AttachID)

    // Both.
    case say(Say)
    case typing(ChatID)

    // Operator.
    case available(RequestID, QueueName, Bool)
    case claim(RequestID, ChatID)
    case pickUp(RequestID, ChatID, offer: LogPosition)
    case transfer(Transfer)
    case withdraw(RequestID, ChatID, token: LogPosition, offer: LogPosition)
    case release(RequestID, ChatID, token: LogPosition)
    /// Ends the chat, and asks the patron's browser for a pause.
    case block(RequestID, ChatID, token: LogPosition)
    /// With what the operator says of it, where they say it.
    case close(RequestID, ChatID, token: LogPosition, ChatEnding? = nil)
    /// `nil` takes it back.
    case leaving(RequestID, inSeconds: UInt64?)
    case back(RequestID, QueueName)
    /// How much longer the person means to be there; `nil`: they do not say.
    case until(RequestID, inSeconds: UInt64?)
    /// The holder asks a colleague to watch the chat, or no longer.
    case watch(RequestID, ChatID, token: LogPosition, OperatorName, Bool)
    /// Whoever watches looks away.
    case unwatch(RequestID, ChatID)
    /// The mentor takes the chat of a trainee.
    case takeOver(RequestID, ChatID)
    /// The person looks after a trainee, or no longer.
    case mentor(RequestID, OperatorName, Bool)
    /// Something for the staff room.
    case room(RequestID, RoomWord)
    /// Whether the person is asked when a colleague is swamped.
    case volunteer(RequestID, Bool)
    /// Whom the person is on duty for; `nil`: they do not say.
    case duty(RequestID, Duty?)
    /// Opens the queue's library beyond its posted hours.
    case openNow(RequestID, QueueName, minutes: UInt32)
    /// Closes the person's own library at once.
    case closeLibrary(RequestID, minutes: UInt32, note: String)
    /// Takes the closing back that is in force.
    case reopenLibrary(RequestID)
    case follow(RequestID, ChatID, after: Position)

    public struct Hello: Hashable, Sendable {
        public enum Role: String, Hashable, Sendable, CaseIterable { case patron, `operator` }
        public var version: Int
        public var role: Role
        /// Name and version of the client's code, for reports.
        public var client: String
        /// The sign-in token, only where no cookie can be sent.
        public var session: String?
        public init(version: Int = ProtocolLimits.version, role: Role, client: String, session: String? = nil) {
            self.version = version
            self.role = role
            self.client = client
            self.session = session
        }
    }

    public struct Open: Hashable, Sendable {
        public var re: RequestID
        public var chat: ChatID
        public var secret: ChatSecret
        public var attach: AttachID
        public var queue: QueueName
        public var referralAgreed: Bool
        /// Set when a node answered `unknownChat` and the client's own copy re-creates the chat.
        public var patronSupplied: Bool
        /// Then also how long ago the client last heard of the chat, in milliseconds.
        public var awayMs: UInt64
        public init(
            re: RequestID, chat: ChatID, secret: ChatSecret, attach: AttachID, queue: QueueName, referralAgreed: Bool,
            patronSupplied: Bool = false, awayMs: UInt64 = 0
        ) {
            self.re = re
            self.chat = chat
            self.secret = secret
            self.attach = attach
            self.queue = queue
            self.referralAgreed = referralAgreed
            self.patronSupplied = patronSupplied
            self.awayMs = awayMs
        }
    }

    public struct Resume: Hashable, Sendable {
        public var re: RequestID
        public var chat: ChatID
        public var secret: ChatSecret
        public var attach: AttachID
        /// The last position that the client has; zero for everything.
        public var after: Position
        public init(re: RequestID, chat: ChatID, secret: ChatSecret, attach: AttachID, after: Position) {
            self.re = re
            self.chat = chat
            self.secret = secret
            self.attach = attach
            self.after = after
        }
    }

    public struct Say: Hashable, Sendable {
        public var chat: ChatID
        public var sender: SenderID
        public var sequence: UInt64
        public var text: String
        /// The operator's token of the holding; patrons have none, nor has whoever watches and writes a note.
        public var token: LogPosition?
        /// Of kind `note`: for colleagues. A kind of its own, which an older node does not take for something to be said to the patron.
        public var isNote: Bool
        public init(
            chat: ChatID, sender: SenderID, sequence: UInt64, text: String, token: LogPosition? = nil, isNote: Bool = false
        ) {
            self.chat = chat
            self.sender = sender
            self.sequence = sequence
            self.text = text
            self.token = token
            self.isNote = isNote
        }
    }

    public struct Transfer: Hashable, Sendable {
        public var re: RequestID
        public var chat: ChatID
        public var token: LogPosition
        public var target: QueueName
        public var consentGiven: Bool
        public var note: String
        /// Of a tracked referral: within how many seconds the target is to answer. `nil`: a transfer.
        public var answerInSeconds: UInt64?
        /// Of a tracked referral: the entry of the directory that it was found by.
        public var listing: EntryID?
        public init(
            re: RequestID, chat: ChatID, token: LogPosition, target: QueueName, consentGiven: Bool, note: String,
            answerInSeconds: UInt64? = nil, listing: EntryID? = nil
        ) {
            self.listing = listing
            self.answerInSeconds = answerInSeconds
            self.re = re
            self.chat = chat
            self.token = token
            self.target = target
            self.consentGiven = consentGiven
            self.note = note
        }
    }

    /// The request identifier of kinds that are answered by `ok` or `refused`.
    public var re: RequestID? {
        switch self {
        case .hello, .active, .say, .typing: nil
        case .open(let open): open.re
        case .resume(let resume): resume.re
        case .transfer(let transfer): transfer.re
        case .consent(let re, _, _, _), .leave(let re, _), .keep(let re, _, _, _), .collect(let re, _, _), .available(let re, _, _),
            .claim(let re, _), .pickUp(let re, _, _), .withdraw(let re, _, _, _), .release(let re, _, _), .block(let re, _, _),
            .close(let re, _, _, _),
            .rate(let re, _, _),
            .leaving(let re, _), .back(let re, _), .until(let re, _), .duty(let re, _), .room(let re, _), .volunteer(let re, _),
            .watch(let re, _, _, _, _),
            .unwatch(let re, _), .takeOver(let re, _), .mentor(let re, _, _),
            .openNow(let re, _, _), .closeLibrary(let re, _, _),
            .reopenLibrary(let re), .follow(let re, _, _):
            re
        }
    }
}
