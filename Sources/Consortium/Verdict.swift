/// What `apply` answers to a command. Only an acceptance enters the memory of repeats; a refused command can be sent again.

public enum Verdict: Hashable, Sendable {
    case accepted(Acceptance)
    case refused(Refusal)
}

public enum Acceptance: Hashable, Sendable {
    case done
    /// A sign-on, claim, pick-up: the token that fences what came before.
    case token(LogPosition)
    /// An offer: its delivery token.
    case offered(LogPosition)
    /// A message: its place in the chat.
    case placed(Position)
}

/// Why a command was refused, in a form that programs compare and people read.
public struct Refusal: Hashable, Sendable, Error {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case unknownChat, unknownLibrary, unknownQueue, unknownOperator, unknownSession
        case wrongSecret, fenced, notHolder, alreadyClaimed, notWaiting, closed
        case outOfOrder, tooLong, tooMany, full, notStaffed, notAllowed, triedBefore, offerOver, notAvailable, invalid
    }
    public var code: Code
    /// A sentence for the person who can act: what was expected, what came, what to do.
    public var sentence: String
    public init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }
}

/// What an applied batch touched, so that whoever holds a cursor can be woken.
public struct Touched: Sendable {
    public var chats: Set<ChatID>
    public var board: Bool
    /// Terms, posted hours, closings or gates.
    public var hours = false
    /// Transcripts came or were passed on.
    public var outbox: Bool
    public var canned = false
    public var settings = false
    public var tickets = false
    public var buttons = false
    public var registers = false
    /// Receipts of transcripts that no library has and whose text went in this batch.
    public var dropped: [TranscriptReceipt] = []
    public init(chats: Set<ChatID> = [], board: Bool = false, outbox: Bool = false) {
        self.chats = chats
        self.board = board
        self.outbox = outbox
    }
}
