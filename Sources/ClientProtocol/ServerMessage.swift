import Consortium

/// What a node sends.
public enum ServerMessage: Hashable, Sendable {
    case welcome(Welcome)
    /// `text` is empty when the state is `ok`.
    case service(ServiceState, text: String)
    case ok(OK)
    case refused(Refused)
    case ack(Ack)
    case nack(Nack)
    case typing(ChatID, Who)
    /// A newer attach took the chat over.
    case fenced(ChatID)
    case chat(ChatState)
    case messages(ChatID, [Message], more: Bool)
    case me(Me)
    case board(BoardState)
    /// The staff room's lines, oldest first: whole, when they changed.
    case room([RoomEntry])
    /// A sentence for the person at the desk, about something that no other message tells.
    case notice(text: String)
    /// Comes before the node closes. `retryMs` nil: do not reconnect.
    case bye(ByeCode, text: String, retryMs: UInt64?)

    public enum Who: String, Hashable, Sendable, CaseIterable { case staff, patron }

    public struct Welcome: Hashable, Sendable {
        public var node: NodeName
        public var boot: String
        public var nodes: [String]
        public var pingSeconds: Int
        public var textBytesMax: Int
        public var frameBytesMax: Int
        /// Unix milliseconds, to show times by.
        public var nowMs: UInt64
        /// To operators alone: the version of the desk that this node serves. An open page of another one is older, and loads it when nobody is disturbed by that.
        public var desk: String?
        public init(
            node: NodeName, boot: String, nodes: [String], pingSeconds: Int, textBytesMax: Int = Limits.messageBytesMax,
            frameBytesMax: Int = ProtocolLimits.clientFrameBytesMax, nowMs: UInt64, desk: String? = nil
        ) {
            self.node = node
            self.boot = boot
            self.nodes = nodes
            self.pingSeconds = pingSeconds
            self.textBytesMax = textBytesMax
            self.frameBytesMax = frameBytesMax
            self.nowMs = nowMs
            self.desk = desk
        }
    }

    public struct OK: Hashable, Sendable {
        public var re: RequestID
        /// Of a claim or pick-up.
        public var token: LogPosition?
        /// Of a transfer.
        public var offer: LogPosition?
        /// Of a collect: the chat that the code opens.
        public var chat: ChatID?
        public init(re: RequestID, token: LogPosition? = nil, offer: LogPosition? = nil, chat: ChatID? = nil) {
            self.re = re
            self.token = token
            self.offer = offer
            self.chat = chat
        }
    }

    public struct Refused: Hashable, Sendable {
        /// Absent when the refused message had no (readable) request identifier.
        public var re: RequestID?
        public var code: RefusalCode
        public var text: String
        /// With `busy` and `tooMany`: when to try again.
        public var retryMs: UInt64?
        public init(re: RequestID?, code: RefusalCode, text: String, retryMs: UInt64? = nil) {
            self.re = re
            self.code = code
            self.text = text
            self.retryMs = retryMs
        }
    }

    public enum ServiceState: Hashable, Sendable, CaseIterable {
        case ok
        /// Isolated; nothing is acknowledged.
        case waiting
        /// Isolated; the node's own people go on, in a branch of its own.
        case answering
    }

    public enum AckLevel: String, Hashable, Sendable, CaseIterable {
        /// Committed by a majority of the coordinators and applied.
        case safe
        /// On this one node's disk, while it is isolated.
        case held
    }

    public struct Ack: Hashable, Sendable {
        public var chat: ChatID
        public var sender: SenderID
        public var sequence: UInt64
        public var level: AckLevel
        public var at: Position
        public init(chat: ChatID, sender: SenderID, sequence: UInt64, level: AckLevel = .safe, at: Position) {
            self.chat = chat
            self.sender = sender
            self.sequence = sequence
            self.level = level
            self.at = at
        }
    }

    public struct Nack: Hashable, Sendable {
        public var chat: ChatID
        public var sender: SenderID
        public var sequence: UInt64
        public var code: RefusalCode
        public var text: String
        /// With `busy`: when to try again.
        public var retryMs: UInt64?
        public init(chat: ChatID, sender: SenderID, sequence: UInt64, code: RefusalCode, text: String, retryMs: UInt64? = nil) {
            self.chat = chat
            self.sender = sender
            self.sequence = sequence
            self.code = code
            self.text = text
            self.retryMs = retryMs
        }
    }
}

public struct LibraryRef: Hashable, Sendable {
    public var name: LibraryName
    public var title: String
    public init(name: LibraryName, title: String) {
        self.name = name
        self.title = title
    }
}

public struct QueueRef: Hashable, Sendable {
    public var name: QueueName
    public var title: String
    public init(name: QueueName, title: String) {
        self.name = name
        self.title = title
    }
}

public struct PersonRef: Hashable, Sendable {
    public var name: OperatorName
    public var display: String
    /// Absent where only the name matters (who claimed).
    public var library: LibraryRef?
    public init(name: OperatorName, display: String, library: LibraryRef?) {
        self.name = name
        self.display = display
        self.library = library
    }
}

extension ServerMessage {
    /// A chat, all but its messages.
    public struct ChatState: Hashable, Sendable {
        public var chat: ChatID
        public var epoch: UInt32
        public var last: Position
        /// The newest attach; sent to the patron only, as it proves who speaks.
        public var attach: AttachID?
        public var library: LibraryRef?
        public var queue: QueueRef
        public var phase: Phase
        public var patronPresent: Bool
        /// Unix milliseconds.
        public var openedMs: UInt64
        public var usualWaitSeconds: UInt64?
        /// The last accepted number of each sender: what is at or below it is safe, or, in a chat that is held, held.
        public var marks: [SenderMark]
        /// Sequenced by this node alone, while it is isolated.
        public var isHeld: Bool
        public init(
            chat: ChatID, epoch: UInt32, last: Position, attach: AttachID?, library: LibraryRef?, queue: QueueRef, phase: Phase,
            patronPresent: Bool, openedMs: UInt64, usualWaitSeconds: UInt64?, marks: [SenderMark], isHeld: Bool = false
        ) {
            self.chat = chat
            self.epoch = epoch
            self.last = last
            self.attach = attach
            self.library = library
            self.queue = queue
            self.phase = phase
            self.patronPresent = patronPresent
            self.openedMs = openedMs
            self.usualWaitSeconds = usualWaitSeconds
            self.marks = marks
            self.isHeld = isHeld
        }
    }

    public enum Phase: Hashable, Sendable {
        case waiting(QueueRef, ahead: Int)
        case held(Held)
        /// The library cannot answer now: does the patron agree to be answered by this queue?
        case ask(referral: QueueRef)
        case unattended
        case kept
        case closed(CloseReason)
    }

    public struct Held: Hashable, Sendable {
        public var by: PersonRef
        /// For the holder only.
        public var token: LogPosition?
        /// Whether the reader holds it; absent for patrons.
        public var mine: Bool?
        public var offer: Offer?
        /// To desks: who watches beside the holder, and whether the reader does.
        public var watchers: [PersonRef] = []
        public var isWatching = false
        public init(by: PersonRef, token: LogPosition? = nil, mine: Bool? = nil, offer: Offer? = nil) {
            self.by = by
            self.token = token
            self.mine = mine
            self.offer = offer
        }
    }

    public struct Offer: Hashable, Sendable {
        public var offer: LogPosition
        public var target: QueueRef
        /// The patron has yet to agree.
        public var asked: Bool
        public var untilSeconds: UInt64
        /// Of a tracked referral: within how many seconds the target answers. The patron says yes with `keep`.
        public var answerInSeconds: UInt64?
        public init(offer: LogPosition, target: QueueRef, asked: Bool, untilSeconds: UInt64, answerInSeconds: UInt64? = nil) {
            self.answerInSeconds = answerInSeconds
            self.offer = offer
            self.target = target
            self.asked = asked
            self.untilSeconds = untilSeconds
        }
    }

    /// One entry of a chat.
    public struct Message: Hashable, Sendable {
        public enum Author: String, Hashable, Sendable, CaseIterable { case patron, staff, service }
        public enum Body: Hashable, Sendable {
            case text(String, sender: SenderID, sequence: UInt64)
            case event(Event)
            /// Among colleagues: desks alone are sent it.
            case note(String, sender: SenderID, sequence: UInt64)
        }
        public var at: Position
        public var by: Author
        /// The operator's display name.
        public var name: String?
        public var library: LibraryRef?
        /// Unix milliseconds, for display.
        public var wallMs: UInt64
        public var body: Body
        public var late: Bool
        /// Re-created from the patron's own copy.
        public var own: Bool
        /// Only this node has it so far; its place may change.
        public var held = false
        /// It was said at a node that was isolated, and merged later.
        public var branch = false
        public init(
            at: Position, by: Author, name: String? = nil, library: LibraryRef? = nil, wallMs: UInt64, body: Body, late: Bool = false,
            own: Bool = false
        ) {
            self.at = at
            self.by = by
            self.name = name
            self.library = library
            self.wallMs = wallMs
            self.body = body
            self.late = late
            self.own = own
        }
    }

    public enum Event: Hashable, Sendable {
        case opened(QueueRef)
        case referred(QueueRef)
        case claimed(PersonRef)
        case transferAsked(QueueRef)
        case transferDeclined(QueueRef)
        case offered(QueueRef)
        case pickedUp(PersonRef)
        case returned(QueueRef, ReturnReason)
        case requeued(QueueRef, RequeueReason)
        case nobodyThere
        case kept
        case closed(CloseReason)
    }
}
