/// What can be asked of the consortium's state. Every command is harmless to repeat: it carries the identifiers that
/// let `apply` recognise it, and a repeat is answered as the first was.

public enum Command: Hashable, Sendable {
    // Roster and settings, by LTG's import.
    case setLibrary(Library)
    case setQueue(Queue)
    case setOperator(Operator)
    case setSettings(Settings)
    /// The settings as a document that LTG signed (agreement, 6).
    case setSignedSettings(SignedSettings)

    // Naming conventions, and what follows from them. Conventions name the version that they replace.
    case setNaming(NamingConventions)
    case renameQueue(QueueName, to: QueueName)
    case renameOperator(OperatorName, to: OperatorName)

    // Problems reported to LTG.
    case reportProblem(TicketID, ProblemReport)
    case changeTicket(TicketChange)

    // Buttons on libraries' pages. A release names the one that it replaces.
    case releaseButton(ButtonRelease)
    case sawInstalls([InstallSighting])
    case decideButton(ButtonDecision)

    // Canned messages. What is changed names the version that it replaces.
    case setCanned(CannedMessage, by: Editor)
    case dropCanned(CannedID, version: UInt64, by: Editor)

    // Registers. What is changed names the version that it replaces.
    case setEntry(RegisterEntry, by: Editor)
    case dropEntry(EntryID, version: UInt64, by: Editor)

    // Posted hours. What is set names the version that it replaces.
    case setTerms(TermCalendar)
    case setHours(LibraryHours)
    /// A snow day, by whoever is signed in; nobody is named where it was asked with an admin token, or below the audit log's feature level.
    case closeLibrary(LibraryName, Closure, by: OperatorName? = nil)
    /// Open again from a time on (Unix milliseconds); the closing is named by its identifier.
    case reopenLibrary(LibraryName, RequestID, atMs: UInt64, by: OperatorName? = nil)

    /// "Open now", by somebody at the desk.
    case openNow(LibraryName, SessionID, OpenNow)
    /// By the leader: whether a library is within its opening.
    case setGate(LibraryName, Gate)

    // People at the desk.
    case signOn(SignOn)
    case signOff(SessionID)
    case setAvailability(SessionID, QueueName, Bool)
    /// "Leaving in 10 minutes": no more offers; `nil` takes it back.
    case leaving(SessionID, inMs: UInt64?)
    /// When the operator means to sign off, in Unix milliseconds; `nil`: they did not say. Nobody is signed off by it.
    case setEnd(SessionID, untilMs: UInt64?)
    /// Whom the operator is on duty for, and with that available; `nil`: they do not say.
    case setDuty(SessionID, Duty?)
    /// Hours of the time before Callslip.
    case bringPast(PastHours)
    /// Whether the operator is asked when a colleague is swamped.
    case setVolunteers(SessionID, Bool)
    /// Somebody looks after a trainee, or no longer does.
    case setMentor(SessionID, of: OperatorName, Bool)
    /// The operator says something in the staff room.
    case tellRoom(SessionID, RequestID, RoomWord)
    /// "I'm back": ends the pause that two expired offers in a row put on the queue.
    case back(SessionID, QueueName)

    // A chat's life.
    case open(Open)
    case attach(Attach)
    case say(Say)
    case claim(Claim)
    case offerTransfer(OfferTransfer)
    /// The patron's answer when asked about a transfer.
    case consent(ChatID, AttachID, offer: LogPosition, agreed: Bool)
    case pickUp(ChatID, SessionID, offer: LogPosition)
    case withdrawOffer(ChatID, token: LogPosition, offer: LogPosition)
    /// The holder asks a colleague to watch the chat, or no longer.
    case setWatcher(ChatID, token: LogPosition, OperatorName, Bool)
    case stopWatching(ChatID, SessionID)
    /// A note by somebody who watches.
    case whisper(Whisper)
    /// The mentor of the trainee who holds the chat takes it.
    case takeOver(ChatID, SessionID, RequestID)
    /// The operator gives the chat back to the queue that it came from.
    case release(ChatID, token: LogPosition)
    /// The operator ends the chat, and its patron's browser is told to begin no other for a day (`CloseReason.blocked`).
    case block(ChatID, token: LogPosition)
    /// With what the operator says of it, where they say it; left out below its feature level.
    case close(ChatID, token: LogPosition, ChatEnding? = nil)
    /// The patron ends the chat.
    case leave(ChatID, AttachID)
    /// The patron says, after the end, whether they were helped.
    case rate(ChatID, AttachID, ChatRating)
    /// The patron leaves the question as a message, to be answered later.
    case keepMessage(KeepMessage)

    /// What a node sequenced in its branch while it was cut off, a part of it.
    case mergeBranch(MergeBranch)

    /// A library's node has a transcript, durably.
    case transcriptTaken(TranscriptTaken)
    /// A library's node has deleted a transcript, at somebody's wish.
    case transcriptDeleted(TranscriptDeleted)

    // By the leader and the nodes, from what they observe.
    /// The operator's lease ran out (rule 20). Names the session, so that a newer one is untouched.
    case lapse(SessionID)
    /// The patron's last connection ended or came back at the node where `AttachID` is attached.
    case patronPresence(ChatID, AttachID, present: Bool)
    /// Something is due: expiries are computed from the replicated clock that the entry carries.
    case tick
    /// The digest that the leader's state had after applying up to `upTo`; a replica that differs halts itself.
    case checkDigest(upTo: LogPosition, digest: UInt64)
    /// Raised only when every voter supports it (rule 11).
    case setFeatureLevel(UInt32)
    /// Somebody is about to read a transcript: it is written down before they do.
    case audit(AuditNote)
    // Holds and exports of transcripts.
    case askWish(TranscriptWish)
    case decideWish(WishDecision)
    // Shifts. What is changed names what whoever asks saw.
    case importShifts(ShiftImport)
    case swapShift(ShiftSwap)
    /// A voter is about to leave: its raft id is never given to another machine (rule 12).
    case retireVoter(UInt64)
    /// By LTG at a coordinator: nobody hears this node any more.
    case removeNode(NodeName)
    /// By a coordinator: the removed node's name is another's now, who shows this key; without one the removal is taken back.
    case admitNode(NodeName, key: KeyDigest?)
    /// By LTG at a coordinator: a step towards another gossip key.
    case turnKeys(KeyTurn)
    /// A node does as that step of the plan of keys says.
    case keysHeld(by: NodeName, step: UInt64)
}

public struct SignOn: Hashable, Sendable {
    public var session: SessionID
    public var operatorName: OperatorName
    public var node: NodeName
    public var boot: UInt64
    /// The queues for which the operator is available from the start.
    public var available: [QueueName]
    /// The sign-on that this one continues after its node was cut off: refused when the operator has signed on elsewhere since.
    public var continues: SessionID?
    public init(
        session: SessionID, operatorName: OperatorName, node: NodeName, boot: UInt64, available: [QueueName], continues: SessionID? = nil
    ) {
        self.session = session
        self.operatorName = operatorName
        self.node = node
        self.boot = boot
        self.available = available
        self.continues = continues
    }
}

public struct Open: Hashable, Sendable {
    public var chat: ChatID
    public var secret: SecretHash
    public var queue: QueueName
    public var attach: AttachID
    /// The node where the patron is attached.
    public var node: NodeName
    /// Whether the patron agreed beforehand to be answered by the general queue where the library is not available.
    public var referralAgreed: Bool
    /// Set when the state did not know the chat and the client's own copy re-creates it.
    public var patronSupplied: Bool
    /// Then also how long ago that client last heard of the chat, in milliseconds by its own clock.
    public var awayMs: UInt64
    public init(
        chat: ChatID, secret: SecretHash, queue: QueueName, attach: AttachID, node: NodeName, referralAgreed: Bool,
        patronSupplied: Bool = false, awayMs: UInt64 = 0
    ) {
        self.chat = chat
        self.secret = secret
        self.queue = queue
        self.attach = attach
        self.node = node
        self.referralAgreed = referralAgreed
        self.patronSupplied = patronSupplied
        self.awayMs = awayMs
    }
}

public struct Attach: Hashable, Sendable {
    public var chat: ChatID
    /// The hash of the chat's secret, or of the pick-up code of a kept message.
    public var secret: SecretHash
    public var attach: AttachID
    public var node: NodeName
    public init(chat: ChatID, secret: SecretHash, attach: AttachID, node: NodeName) {
        self.chat = chat
        self.secret = secret
        self.attach = attach
        self.node = node
    }
}

/// Who speaks, with the proof that they may.
public enum Speaker: Hashable, Sendable {
    case patron(AttachID)
    /// The token of the holding: the log position of the claim or pick-up.
    case staff(token: LogPosition)
}

public struct Say: Hashable, Sendable {
    public var chat: ChatID
    public var speaker: Speaker
    public var sender: SenderID
    /// Counts from 1 for each sender, across epochs. Only the last + 1 is accepted; a repeat is acknowledged as before.
    public var sequence: UInt64
    public var text: String
    /// For colleagues: whoever holds the chat now or later, and the library that keeps it. No patron is ever shown it.
    public var isNote: Bool
    public init(chat: ChatID, speaker: Speaker, sender: SenderID, sequence: UInt64, text: String, isNote: Bool = false) {
        self.chat = chat
        self.speaker = speaker
        self.sender = sender
        self.sequence = sequence
        self.text = text
        self.isNote = isNote
    }
}

public struct Claim: Hashable, Sendable {
    public var chat: ChatID
    public var session: SessionID
    public var request: RequestID
    public init(chat: ChatID, session: SessionID, request: RequestID) {
        self.chat = chat
        self.session = session
        self.request = request
    }
}

public struct OfferTransfer: Hashable, Sendable {
    public var chat: ChatID
    public var token: LogPosition
    public var target: QueueName
    public var request: RequestID
    /// True when the patron already agreed in the chat; else the patron is asked first.
    public var consentGiven: Bool
    /// For the colleague who picks up; the patron does not see it.
    public var note: String
    /// A tracked referral: nobody need be there now. The patron, once they agree, leaves the question as a message to the target, to be answered within so many
    /// milliseconds. `nil`: a transfer.
    public var answerInMs: UInt64?
    /// Of a tracked referral: the liaison, or the agreement, that it was found by in the directory. They need no queue of their own: the target is one of their library's.
    public var listing: EntryID?
    public init(
        chat: ChatID, token: LogPosition, target: QueueName, request: RequestID, consentGiven: Bool, note: String,
        answerInMs: UInt64? = nil, listing: EntryID? = nil
    ) {
        self.listing = listing
        self.answerInMs = answerInMs
        self.chat = chat
        self.token = token
        self.target = target
        self.request = request
        self.consentGiven = consentGiven
        self.note = note
    }
}

public struct KeepMessage: Hashable, Sendable {
    public var chat: ChatID
    public var attach: AttachID
    /// The hash of the pick-up code, which the client made (at least 50 bits).
    public var code: SecretHash
    /// Where the answer may be sent, if the patron likes; empty otherwise.
    public var contact: String
    public init(chat: ChatID, attach: AttachID, code: SecretHash, contact: String) {
        self.chat = chat
        self.attach = attach
        self.code = code
        self.contact = contact
    }
}

/// Names a proposal: who made it, in which life of the process, and a counter. A node that asks again after a change of
/// leader uses the same one, and recognises the outcome in the log by it.
public struct ProposalID: Hashable, Sendable {
    public var node: NodeName
    public var boot: UInt64
    public var counter: UInt64
    public init(node: NodeName, boot: UInt64, counter: UInt64) {
        self.node = node
        self.boot = boot
        self.counter = counter
    }
}

/// One log entry's content: the leader's clock, and the commands that it gathered.
public struct Batch: Hashable, Sendable {
    public struct Item: Hashable, Sendable {
        public var id: ProposalID
        public var command: Command
        public init(id: ProposalID, command: Command) {
            self.id = id
            self.command = command
        }
    }
    /// Milliseconds of monotonic time that the leader saw pass since the entry before; apply caps it (rule 8).
    public var elapsedMs: UInt64
    /// The leader's wall clock, Unix milliseconds: for display, for the ledger, and for nothing that is decided but how long text may stay (`TextDeadlines.swift`).
    public var wallMs: UInt64
    /// The term in which the entry was proposed: a new one gives every lease one more lease of grace.
    public var term: UInt64
    public var items: [Item]
    public init(elapsedMs: UInt64, wallMs: UInt64, term: UInt64, items: [Item]) {
        self.elapsedMs = elapsedMs
        self.wallMs = wallMs
        self.term = term
        self.items = items
    }
}
