import Consortium

/// What a node tells an operator's desk beyond the chats: who they are, and the board.
extension ServerMessage {
    public struct Me: Hashable, Sendable {
        public var name: OperatorName
        public var display: String
        public var library: LibraryRef
        public var session: SessionID
        public var queues: [QueueRef]
        public var available: [QueueName]
        public var leavingSeconds: UInt64?
        /// When they mean to sign off, in Unix milliseconds.
        public var untilMs: UInt64?
        /// Whom they are on duty for; `nil` before they say so.
        public var duty: Duty?
        /// What they can say of it; empty where it need not be asked.
        public var duties: [Duty]
        /// Whether they are asked when a colleague is swamped; `nil` where there is no staff room yet.
        public var volunteers: Bool?
        /// They learn, and are available with a mentor alone.
        public var isTrainee = false
        /// Who looks after them.
        public var mentor: PersonRef?
        public init(
            name: OperatorName, display: String, library: LibraryRef, session: SessionID, queues: [QueueRef], available: [QueueName],
            leavingSeconds: UInt64?, untilMs: UInt64? = nil, duty: Duty? = nil, duties: [Duty] = []
        ) {
            self.duty = duty
            self.duties = duties
            self.name = name
            self.display = display
            self.library = library
            self.session = session
            self.queues = queues
            self.available = available
            self.leavingSeconds = leavingSeconds
            self.untilMs = untilMs
        }
    }

    public struct BoardState: Hashable, Sendable {
        public var queues: [BoardQueue]
        public var waiting: [BoardChat]
        public var kept: [BoardChat]
        public var claimed: [BoardClaim]
        public var staff: [BoardPerson]
        /// The libraries' cards; `nil` when they are as in the board before on this connection.
        public var libraries: [BoardLibrary]?
        /// Chats are counted: whoever ends one is asked how it ended.
        public var asksEnding: Bool
        /// What the reader referred, the newest first.
        public var referred: [BoardReferral] = []
        /// Counts changes of shifts, of all libraries; 0 before anybody planned one.
        public var shifts: UInt64 = 0
        public init(
            queues: [BoardQueue], waiting: [BoardChat], kept: [BoardChat], claimed: [BoardClaim], staff: [BoardPerson],
            libraries: [BoardLibrary]?, asksEnding: Bool = false
        ) {
            self.queues = queues
            self.waiting = waiting
            self.kept = kept
            self.claimed = claimed
            self.staff = staff
            self.libraries = libraries
            self.asksEnding = asksEnding
        }
    }

    public struct BoardReason: Hashable, Sendable {
        public enum Code: String, Hashable, Sendable, CaseIterable {
            case closed, nobodySignedOn, nobodyAvailableHere, everybodyLeaving, paused, staffed, everybodyBusy, fallbackOff, fallsBackTo
            case generalUnavailable, unknownQueue
        }
        public var code: Code
        /// A sentence for people.
        public var text: String
        public init(_ code: Code, _ text: String) {
            self.code = code
            self.text = text
        }
    }

    public enum BoardReach: String, Hashable, Sendable, CaseIterable { case own, referred, nobody }

    public struct BoardQueue: Hashable, Sendable {
        public var queue: QueueRef
        /// Absent for the general queue.
        public var library: LibraryRef?
        public var reach: BoardReach
        public var takesTransfers: Bool
        public var reasons: [BoardReason]
        public var staffed: Int
        public var free: Int
        public var waiting: Int
        public var usualWaitSeconds: UInt64?
        public var paused: Bool
        /// Its library is outside its posted hours, and nobody has pressed "Open now".
        public var outsideHours: Bool
        public init(
            queue: QueueRef, library: LibraryRef?, reach: BoardReach, takesTransfers: Bool, reasons: [BoardReason], staffed: Int,
            free: Int, waiting: Int, usualWaitSeconds: UInt64?, paused: Bool, outsideHours: Bool
        ) {
            self.queue = queue
            self.library = library
            self.reach = reach
            self.takesTransfers = takesTransfers
            self.reasons = reasons
            self.staffed = staffed
            self.free = free
            self.waiting = waiting
            self.usualWaitSeconds = usualWaitSeconds
            self.paused = paused
            self.outsideHours = outsideHours
        }
    }

    /// A line of the waiting list, or of the kept messages.
    public struct BoardChat: Hashable, Sendable {
        public var chat: ChatID
        public var library: LibraryRef?
        public var queue: QueueRef
        public var question: String
        public var waitedSeconds: UInt64
        public var offer: LogPosition?
        /// Who offers it, or referred it.
        public var by: OperatorName?
        public var note: String?
        public var mayClaim: Bool
        /// Of a message that was referred: in how many seconds its answer is due; 0 when it is overdue.
        public var dueSeconds: UInt64?
        /// Whether the reader is on duty for its queue; `nil` for a reader who did not say, and of messages.
        public var isOnDuty: Bool?
        /// For how many seconds more it is for those on duty for its queue, the reader not among them; `nil` where it is the reader's as well.
        public var firstSeconds: UInt64?
        /// Of a message that was referred: whom the directory named.
        public var listed: String?
        public init(
            chat: ChatID, library: LibraryRef?, queue: QueueRef, question: String, waitedSeconds: UInt64, offer: LogPosition?,
            by: OperatorName?, note: String?, mayClaim: Bool, dueSeconds: UInt64? = nil, isOnDuty: Bool? = nil,
            firstSeconds: UInt64? = nil, listed: String? = nil
        ) {
            self.listed = listed
            self.isOnDuty = isOnDuty
            self.firstSeconds = firstSeconds
            self.dueSeconds = dueSeconds
            self.chat = chat
            self.library = library
            self.queue = queue
            self.question = question
            self.waitedSeconds = waitedSeconds
            self.offer = offer
            self.by = by
            self.note = note
            self.mayClaim = mayClaim
        }
    }

    /// A question that the reader referred, and what became of it; no word of it.
    public struct BoardReferral: Hashable, Sendable {
        public enum Standing: String, Hashable, Sendable, CaseIterable { case waiting, claimed, answered, lapsed, over }
        public var chat: ChatID
        /// The queue to which it was referred, and the one at which it was asked.
        public var queue: QueueRef
        public var home: QueueRef
        public var askedSeconds: UInt64
        /// In how many seconds its answer is due; 0 when it is overdue.
        public var dueSeconds: UInt64
        public var standing: Standing
        /// Who answered.
        public var by: PersonRef?
        /// When it ended, in Unix milliseconds.
        public var endedMs: UInt64?
        public init(
            chat: ChatID, queue: QueueRef, home: QueueRef, askedSeconds: UInt64, dueSeconds: UInt64, standing: Standing,
            by: PersonRef? = nil, endedMs: UInt64? = nil
        ) {
            self.chat = chat
            self.queue = queue
            self.home = home
            self.askedSeconds = askedSeconds
            self.dueSeconds = dueSeconds
            self.standing = standing
            self.by = by
            self.endedMs = endedMs
        }
    }

    public struct BoardClaim: Hashable, Sendable {
        public var chat: ChatID
        public var by: PersonRef
        public init(chat: ChatID, by: PersonRef) {
            self.chat = chat
            self.by = by
        }
    }

    public struct BoardPerson: Hashable, Sendable {
        public var person: PersonRef
        public var available: [QueueName]
        public var chats: Int
        public var leavingSeconds: UInt64?
        /// When they mean to sign off, in Unix milliseconds.
        public var untilMs: UInt64?
        /// Whom they are on duty for; `nil` where they did not say.
        public var duty: Duty?
        /// Whether they are asked when a colleague is swamped.
        public var volunteers = false
        /// They learn, and who looks after them.
        public var isTrainee = false
        public var mentor: OperatorName?
        public init(
            person: PersonRef, available: [QueueName], chats: Int, leavingSeconds: UInt64?, untilMs: UInt64? = nil, duty: Duty? = nil
        ) {
            self.duty = duty
            self.person = person
            self.available = available
            self.chats = chats
            self.leavingSeconds = leavingSeconds
            self.untilMs = untilMs
        }
    }

    /// A line of the staff room.
    public struct RoomEntry: Hashable, Sendable {
        public var at: LogPosition
        public var by: PersonRef
        /// Unix milliseconds.
        public var wallMs: UInt64
        public var word: RoomWord
        public init(at: LogPosition, by: PersonRef, wallMs: UInt64, word: RoomWord) {
            self.at = at
            self.by = by
            self.wallMs = wallMs
            self.word = word
        }
    }

    public enum BoardFallback: String, Hashable, Sendable, CaseIterable { case immediately, ringFirst, off }

    public struct BoardLibrary: Hashable, Sendable {
        public var library: LibraryRef
        public var fallback: BoardFallback
        public var card: LibraryCard
        public init(library: LibraryRef, fallback: BoardFallback, card: LibraryCard) {
            self.library = library
            self.fallback = fallback
            self.card = card
        }
    }
}
