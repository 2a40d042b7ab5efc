/// What the state shows to nodes: values that are sent to whoever holds a cursor. Views carry no secret.

/// Why a queue is or is not available; the chain is the answer to "why is this button off?".
public enum Reason: Hashable, Sendable {
    case closed(String)
    case nobodySignedOn
    case nobodyAvailableHere
    /// Who is there has said that they leave, and takes nothing new.
    case everybodyLeaving
    case paused
    case staffed(Int)
    /// Everybody who staffs it holds as many chats as they may: it stays on, and the wait is shown.
    case everybodyBusy
    case fallbackOff
    case fallsBackTo(QueueName)
    case generalUnavailable
    case unknownQueue
}

extension Reason {
    /// The reason for people, the same for the operator's list and the help desk.
    public func sentence(title: (QueueName) -> String) -> String {
        switch self {
        case .closed(let why): "Closed: \(why)."
        case .nobodySignedOn: "Nobody who staffs it is signed on."
        case .nobodyAvailableHere: "Somebody is signed on, but nobody is available for it."
        case .everybodyLeaving: "Whoever staffs it is about to leave, and takes no more chats."
        case .paused: "Nobody picked up twice in a row; it waits for somebody to say that they are back."
        case .staffed(let count): count == 1 ? "One person staffs it." : "\(count) people staff it."
        case .everybodyBusy: "Everybody holds as many chats as they may; the wait is shown."
        case .fallbackOff: "The library does not refer its chats to the general queue."
        case .fallsBackTo(let queue): "New chats go to \(title(queue))."
        case .generalUnavailable: "The general queue cannot answer either."
        case .unknownQueue: "There is no such queue; ask LTG for its present name."
        }
    }
}

/// Whether pressing the button now reaches a person, and whose.
public enum Reach: Hashable, Sendable {
    /// The queue's own operators.
    case own
    /// The operators of the general queue, by the library's fallback policy.
    case referred(to: QueueName)
    /// Nobody: a message can be left.
    case nobody
}

/// The routing decision with its reasons, the same for button, transfer list and help desk.
public struct RoutingDecision: Hashable, Sendable {
    public var reach: Reach
    public var reasons: [Reason]
    /// Whether the queue itself takes transfers now.
    public var takesTransfers: Bool { reach == .own }
    public init(reach: Reach, reasons: [Reason]) {
        self.reach = reach
        self.reasons = reasons
    }
}

public struct QueueStatus: Hashable, Sendable {
    public var queue: Queue
    public var decision: RoutingDecision
    /// Operators signed on, available for it, present, and not about to leave.
    public var staffed: Int
    public var freePlaces: Int
    public var waiting: Int
    public var usualWaitMs: UInt64?
    public var paused: Bool
    public init(
        queue: Queue, decision: RoutingDecision, staffed: Int, freePlaces: Int, waiting: Int, usualWaitMs: UInt64?, paused: Bool
    ) {
        self.queue = queue
        self.decision = decision
        self.staffed = staffed
        self.freePlaces = freePlaces
        self.waiting = waiting
        self.usualWaitMs = usualWaitMs
        self.paused = paused
    }
}

/// A line of the waiting list, or of the list of kept messages.
public struct WaitingChat: Hashable, Sendable {
    public var chat: ChatID
    public var library: LibraryName?
    /// Where it waits, or, for an offer, the target.
    public var queue: QueueName
    /// The queue whose button was pressed: its people may claim the chat wherever it waits.
    public var home: QueueName
    /// The beginning of the first thing the patron wrote; empty when nothing was written yet.
    public var question: String
    /// Replicated clock at the first wait; rank is by this, and survives fallback.
    public var sinceMs: UInt64
    /// Set when this is a transfer on offer rather than a new chat.
    public var offer: LogPosition?
    /// Who offers it, or, of a message, who referred it.
    public var offeredBy: OperatorName?
    public var note: String
    /// Of a message that was referred: by when it is to be answered, on the replicated clock.
    public var dueMs: UInt64?
    /// Until when it is first for those on duty for its queue, on the replicated clock; `nil` where it is everybody's at once.
    public var dutyFirstUntilMs: UInt64?
    /// Of a message that was referred: whom the directory named.
    public var listed: Listed?
    public init(
        chat: ChatID, library: LibraryName?, queue: QueueName, home: QueueName, question: String, sinceMs: UInt64,
        offer: LogPosition? = nil, offeredBy: OperatorName? = nil, note: String = "", dueMs: UInt64? = nil,
        dutyFirstUntilMs: UInt64? = nil, listed: Listed? = nil
    ) {
        self.listed = listed
        self.dutyFirstUntilMs = dutyFirstUntilMs
        self.dueMs = dueMs
        self.chat = chat
        self.library = library
        self.queue = queue
        self.home = home
        self.question = question
        self.sinceMs = sinceMs
        self.offer = offer
        self.offeredBy = offeredBy
        self.note = note
    }
}

public struct OperatorStatus: Hashable, Sendable {
    public var name: OperatorName
    public var displayName: String
    public var library: LibraryName
    public var session: SessionID
    public var node: NodeName
    public var available: [QueueName]
    /// The chats that this session holds, by id.
    public var holdings: [ChatID]
    /// Replicated clock at which the operator said that they leave.
    public var leavingAtMs: UInt64?
    /// When the operator means to sign off, in Unix milliseconds.
    public var untilMs: UInt64?
    /// Whom the operator is on duty for; `nil` where they did not say.
    public var duty: Duty?
    /// Whether the operator is asked when a colleague is swamped.
    public var volunteers = false
    /// Who looks after this trainee.
    public var mentor: OperatorName?
    /// The chats that the operator watches, by id.
    public var watching: [ChatID] = []
    public init(
        name: OperatorName, displayName: String, library: LibraryName, session: SessionID, node: NodeName, available: [QueueName],
        holdings: [ChatID], leavingAtMs: UInt64?, untilMs: UInt64? = nil, duty: Duty? = nil
    ) {
        self.duty = duty
        self.name = name
        self.displayName = displayName
        self.library = library
        self.session = session
        self.node = node
        self.available = available
        self.holdings = holdings
        self.leavingAtMs = leavingAtMs
        self.untilMs = untilMs
    }
}

/// What every node needs of the whole consortium; small, sent whole when it changed.
public struct Board: Hashable, Sendable {
    /// The last applied command that it reflects.
    public var at: LogPosition
    public var clockMs: UInt64
    public var settings: Settings
    public var libraries: [Library]
    public var terms: TermCalendar
    /// Of the libraries that posted some.
    public var hours: [LibraryHours]
    public var naming: NamingConventions
    /// How the ledger stands for each library with posted hours; `nil` where none is kept.
    public var ledger: [LedgerNow]?
    /// Whether chats are counted, so that it is of use to say how one ended.
    public var keepsTally = false
    /// The feature level in force: what people can be offered. 0 from a coordinator that does not tell.
    public var featureLevel: UInt32 = 0
    /// What those who are signed on have referred, and what became of it.
    public var referred: [ReferredChat] = []
    /// The staff room's lines, oldest first.
    public var room: [RoomLine] = []
    /// Whom nobody hears.
    public var removedNodes: [RemovedNode] = []
    /// Which gossip keys are in use.
    public var keys = KeyPlan()
    /// All versions of the signed settings that are kept; only where one came since the reader was sent them, else `nil`.
    public var settingsBook: [SettingsEdition]?
    /// Whether there is an audit log to be asked for.
    public var keepsAudit = false
    /// Counts changes of holds and exports, so that whoever keeps transcripts asks again.
    public var wishChange: UInt64 = 0
    /// Counts changes of shifts, of all libraries, so that whoever is at the desk looks whether one of theirs changed hands.
    public var shiftChange: UInt64 = 0
    /// All canned messages; only where they changed since the reader was sent them, else `nil`.
    public var canned: [CannedMessage]?
    /// Tickets that changed since the reader was told of them; `nil` where none did.
    public var tickets: TicketNews?
    /// What changed about buttons since the reader was told; `nil` where nothing did.
    public var buttons: ButtonNews?
    /// Entries of registers that changed since the reader was told of them; `nil` where none did.
    public var registers: RegisterNews?
    public var queues: [QueueStatus]
    public var operators: [Operator]
    public var signedOn: [OperatorStatus]
    public var waiting: [WaitingChat]
    public var kept: [WaitingChat]
    /// Chats claimed in the last seconds, so that others see who claimed.
    public var claimed: [ClaimedChat]
    public init(
        at: LogPosition, clockMs: UInt64, settings: Settings, libraries: [Library], queues: [QueueStatus], operators: [Operator],
        signedOn: [OperatorStatus], waiting: [WaitingChat], kept: [WaitingChat], claimed: [ClaimedChat],
        terms: TermCalendar = TermCalendar(),
        hours: [LibraryHours] = [], naming: NamingConventions = NamingConventions(), ledger: [LedgerNow]? = nil
    ) {
        self.at = at
        self.clockMs = clockMs
        self.settings = settings
        self.libraries = libraries
        self.terms = terms
        self.hours = hours
        self.naming = naming
        self.ledger = ledger
        self.queues = queues
        self.operators = operators
        self.signedOn = signedOn
        self.waiting = waiting
        self.kept = kept
        self.claimed = claimed
    }
}

extension Board {
    /// Which of several is meant depends on who is there, which a node may know better than the board.
    public func queues(called name: QueueName) -> [QueueStatus] { queues.called(name) { $0.queue } }
}

extension Collection {
    /// What a page means by this name of a queue, the first choice first: the one that is called so, else those that carry it as another name.
    func called(_ name: QueueName, _ queue: (Element) -> Queue) -> [Element] {
        if let exact = first(where: { queue($0).name == name }) { return [exact] }
        var found: [(level: UInt32, name: QueueName, element: Element)] = []
        for element in self {
            let one = queue(element)
            if let alias = one.otherNames.first(where: { $0.name == name }) { found.append((alias.level, one.name, element)) }
        }
        return found.sorted { ($0.level, $0.name) < ($1.level, $1.name) }.map(\.element)
    }
}

public struct ClaimedChat: Hashable, Sendable {
    public var chat: ChatID
    public var by: OperatorName
    public init(chat: ChatID, by: OperatorName) {
        self.chat = chat
        self.by = by
    }
}

/// Who holds a chat.
public struct Holder: Hashable, Sendable {
    public var operatorName: OperatorName
    public var displayName: String
    public var library: LibraryName
    public var session: SessionID
    /// Fences every command of the holder.
    public var token: LogPosition
    public init(operatorName: OperatorName, displayName: String, library: LibraryName, session: SessionID, token: LogPosition) {
        self.operatorName = operatorName
        self.displayName = displayName
        self.library = library
        self.session = session
        self.token = token
    }
}

public struct OfferView: Hashable, Sendable {
    public var offer: LogPosition
    public var target: QueueName
    public var targetTitle: String
    /// True while the patron is asked; the pick-up time runs only after they agreed.
    public var awaitingConsent: Bool
    public var deadlineMs: UInt64
    /// Of a tracked referral: within which time the target answers. The patron says yes by leaving the question as a message.
    public var answerInMs: UInt64?
    public init(
        offer: LogPosition, target: QueueName, targetTitle: String, awaitingConsent: Bool, deadlineMs: UInt64, answerInMs: UInt64? = nil
    ) {
        self.answerInMs = answerInMs
        self.offer = offer
        self.target = target
        self.targetTitle = targetTitle
        self.awaitingConsent = awaitingConsent
        self.deadlineMs = deadlineMs
    }
}

public enum ChatPhase: Hashable, Sendable {
    /// In a queue, with the number of chats before it.
    case waiting(queue: QueueName, ahead: Int)
    case held(Holder, offer: OfferView?)
    /// The library cannot answer, or did not in time: the patron is asked whether this queue, the general one, may.
    case ask(QueueName)
    /// Nobody can answer now: the patron is asked whether to leave the question as a message.
    case unattended
    /// Kept as a message, to be answered later.
    case kept
    case closed(CloseReason)
}

public enum CloseReason: String, Hashable, Sendable, CaseIterable {
    case byOperator, byPatron, patronGone, answeredMessage
    /// A question left as a message, which nobody answered within `Settings.keptMessageMs`.
    case notAnswered
    /// The holder ended it and asked for a pause: the patron's own browser remembers that for 24 hours, and begins no chat. Nothing else does: no address,
    /// no name, no mark by which a person or a machine could be known again.
    case blocked
}

/// A chat as of one applied command: everything but its messages.
public struct ChatMeta: Hashable, Sendable {
    public var chat: ChatID
    public var at: LogPosition
    public var clockMs: UInt64
    public var library: LibraryName?
    /// The queue whose button was pressed.
    public var queue: QueueName
    public var epoch: UInt32
    /// The last message's place.
    public var last: Position
    public var phase: ChatPhase
    public var openedMs: UInt64
    /// The newest attach: older tabs are fenced.
    public var attach: AttachID
    public var patronPresent: Bool
    public var usualWaitMs: UInt64?
    /// Targets already tried with this chat.
    public var tried: [QueueName]
    /// The last accepted sequence number of each sender.
    public var senders: [SenderMark]
    /// Who watches beside the holder.
    public var watchers: [OperatorName] = []
    public init(
        chat: ChatID, at: LogPosition, clockMs: UInt64, library: LibraryName?, queue: QueueName, epoch: UInt32, last: Position,
        phase: ChatPhase, openedMs: UInt64, attach: AttachID, patronPresent: Bool, usualWaitMs: UInt64?, tried: [QueueName],
        senders: [SenderMark]
    ) {
        self.chat = chat
        self.at = at
        self.clockMs = clockMs
        self.library = library
        self.queue = queue
        self.epoch = epoch
        self.last = last
        self.phase = phase
        self.openedMs = openedMs
        self.attach = attach
        self.patronPresent = patronPresent
        self.usualWaitMs = usualWaitMs
        self.tried = tried
        self.senders = senders
    }
}

public struct SenderMark: Hashable, Sendable {
    public var sender: SenderID
    public var sequence: UInt64
    public init(sender: SenderID, sequence: UInt64) {
        self.sender = sender
        self.sequence = sequence
    }
}

/// One entry of a chat: something said, or something that happened.
public struct ChatMessage: Hashable, Sendable {
    public enum Author: Hashable, Sendable {
        case patron
        case staff(OperatorName, displayName: String, library: LibraryName)
        case service
    }
    public enum Body: Hashable, Sendable {
        case text(String, sender: SenderID, sequence: UInt64)
        case event(ChatEvent)
        /// Among colleagues. A case of its own, so that nobody shows it by mistake as something said.
        case note(String, sender: SenderID, sequence: UInt64)

        /// What somebody wrote, whoever it is for; `nil` for what happened.
        public var words: (text: String, sender: SenderID, sequence: UInt64)? {
            switch self {
            case .text(let text, let sender, let sequence), .note(let text, let sender, let sequence): (text, sender, sequence)
            case .event: nil
            }
        }

        public var isNote: Bool {
            if case .note = self { true } else { false }
        }
    }
    public var position: Position
    public var author: Author
    public var body: Body
    /// Leader's wall clock, Unix milliseconds: for display only.
    public var wallMs: UInt64
    /// Said by somebody who no longer held the chat, or after it closed.
    public var late: Bool
    /// Re-created from the patron's own copy.
    public var patronSupplied: Bool
    /// Sequenced by a node that was cut off: held in its branch, or, in the consortium's state, merged from there.
    public var branch: Bool
    public init(
        position: Position, author: Author, body: Body, wallMs: UInt64, late: Bool = false, patronSupplied: Bool = false,
        branch: Bool = false
    ) {
        self.position = position
        self.author = author
        self.body = body
        self.wallMs = wallMs
        self.late = late
        self.patronSupplied = patronSupplied
        self.branch = branch
    }
}

/// What happened to a chat, in the same sequence as what was said, so that both sides see it at the same place.
public enum ChatEvent: Hashable, Sendable {
    case opened(QueueName)
    case referred(to: QueueName)
    case claimed(OperatorName, displayName: String, library: LibraryName)
    case transferAsked(QueueName)
    case transferDeclined(QueueName)
    case offered(QueueName)
    case pickedUp(OperatorName, displayName: String, library: LibraryName)
    /// The offer ended without a pick-up and the chat is with its sender again.
    case returned(from: QueueName, ReturnReason)
    /// The chat has no holder any more and waits again.
    case requeued(QueueName, RequeueReason)
    case nobodyThere
    case kept
    case closed(CloseReason)
}

public enum ReturnReason: String, Hashable, Sendable, CaseIterable {
    case notPickedUp, targetGone, withdrawn
}

public enum RequeueReason: String, Hashable, Sendable, CaseIterable {
    case released, operatorGone, transferFailed
}

/// What a coordinator sends for a chat that a node follows.
public struct ChatUpdate: Hashable, Sendable {
    public var meta: ChatMeta
    /// The messages after the node's cursor, in order.
    public var messages: [ChatMessage]
    public init(meta: ChatMeta, messages: [ChatMessage]) {
        self.meta = meta
        self.messages = messages
    }
}
