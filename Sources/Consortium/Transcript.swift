/// Transcripts as values: what is said in a chat that ended, what becomes of it on its way to its library (`Outbox.swift`), and what is left of it.

/// An ended chat, as its library keeps it.
public struct Transcript: Hashable, Sendable {
    /// Its place in the outbox: above those of everything that was put there before.
    public var number: UInt64
    public var chat: ChatID
    /// The replicated clock when the chat was opened. A chat that was forgotten and made anew from its page's copy is another one.
    public var openedMs: UInt64
    /// The queue whose button was pressed.
    public var queue: QueueName
    /// The library whose chat it was. A chat of the general queue belongs to the library of whoever answered it last.
    public var home: LibraryName
    /// Who is to keep it: `home`, or its heir.
    public var library: LibraryName
    /// Where the answer may be sent, when the patron gave it; empty otherwise.
    public var contact: String
    /// All of them, in order; none where it is sealed, or where the library has deleted it.
    public var messages: [ChatMessage]
    /// In the place of messages and contact, once a node took it and sealed them.
    public var sealed: SealedTranscript?

    /// The library has deleted it: whoever still has a copy, from a backup, deletes it too.
    public var isDeletion: Bool { messages.isEmpty && sealed == nil }

    /// How many messages and notes there are, sealed or not.
    public var messageCount: Int { sealed.map { Int($0.messages) } ?? messages.count }

    public init(
        number: UInt64, chat: ChatID, openedMs: UInt64, queue: QueueName, home: LibraryName, library: LibraryName, contact: String,
        messages: [ChatMessage], sealed: SealedTranscript? = nil
    ) {
        self.number = number
        self.chat = chat
        self.openedMs = openedMs
        self.queue = queue
        self.home = home
        self.library = library
        self.contact = contact
        self.messages = messages
        self.sealed = sealed
    }
}

/// A transcript's words as only the node can read them that took it: its own encryption, of which nothing is known here.
public struct SealedTranscript: Hashable, Sendable {
    /// At most `Limits.sealedBytesMax`.
    public var bytes: [UInt8]
    public var messages: UInt32
    public init(bytes: [UInt8], messages: UInt32) {
        self.bytes = bytes
        self.messages = messages
    }
}

/// What a library's node says once a transcript is durable there.
public struct TranscriptTaken: Hashable, Sendable {
    public var number: UInt64
    public var library: LibraryName
    /// Only the library's home node takes its transcripts.
    public var node: NodeName
    /// Its words, sealed by the node for itself, to be kept here in their place; empty where it gives none: then they stay as they are, for as long.
    public var sealed: [UInt8]
    public init(number: UInt64, library: LibraryName, node: NodeName, sealed: [UInt8] = []) {
        self.number = number
        self.library = library
        self.node = node
        self.sealed = sealed
    }
}

/// What a library's node says once a transcript was deleted there, at somebody's wish.
public struct TranscriptDeleted: Hashable, Sendable {
    public var chat: ChatID
    public var openedMs: UInt64
    public var library: LibraryName
    public var node: NodeName
    public init(chat: ChatID, openedMs: UInt64, library: LibraryName, node: NodeName) {
        self.chat = chat
        self.openedMs = openedMs
        self.library = library
        self.node = node
    }
}

/// What is left of a transcript at the coordinators: no word of it.
public struct TranscriptReceipt: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// The library has it.
        case kept
        /// The library did not take it in time; its heir is given it, under another number. Nodes of the library are told by its number, as of a
        /// deletion: they may have an earlier copy, without the last words.
        case inherited(by: LibraryName)
        /// Nobody took it until the deadline, and it is gone.
        case expired
        /// The library took nothing, and had no more room here: it is gone.
        case overQuota
        /// A chat of the general queue that nobody ever answered: no library is to keep it.
        case noHome
        /// The library, which had it, has deleted it. Nodes of the library are told by its number, as if it were a transcript.
        case deleted
    }
    public var number: UInt64
    public var chat: ChatID
    public var openedMs: UInt64
    public var home: LibraryName?
    /// Who deleted it.
    public var keeper: LibraryName?
    public var outcome: Outcome
    /// How many messages and notes there were.
    public var messages: UInt32
    /// The replicated clock when the text went.
    public var atMs: UInt64

    public init(
        number: UInt64, chat: ChatID, openedMs: UInt64, home: LibraryName?, keeper: LibraryName? = nil, outcome: Outcome, messages: UInt32,
        atMs: UInt64
    ) {
        self.number = number
        self.chat = chat
        self.openedMs = openedMs
        self.home = home
        self.keeper = keeper
        self.outcome = outcome
        self.messages = messages
        self.atMs = atMs
    }
}

/// A transcript in the outbox.
package struct OutboxItem: Sendable {
    package var transcript: Transcript
    /// The node that has it; it is asked for no more, unless by that node, restored from an older backup.
    package var takenBy: NodeName?
    /// When the library's heir is given it; `nil` for what has passed to it, or needs no heir.
    package var heirAtMs: UInt64?
    /// When it goes, on the replicated clock.
    package var dropAtMs: UInt64
    package let textBytes: Int
    /// The running digest of its messages.
    package let chain: UInt64

    package init(_ transcript: Transcript, takenBy: NodeName? = nil, heirAtMs: UInt64?, dropAtMs: UInt64) {
        if let sealed = transcript.sealed {
            var digest = Digest()
            digest.add(bytes: sealed.bytes)
            self.init(
                transcript, takenBy: takenBy, heirAtMs: heirAtMs, dropAtMs: dropAtMs, textBytes: sealed.bytes.count, chain: digest.value)
            return
        }
        var script = Script()
        for message in transcript.messages { script.append(message) }
        self.init(
            transcript, takenBy: takenBy, heirAtMs: heirAtMs, dropAtMs: dropAtMs, textBytes: script.textBytes, chain: script.chain)
    }

    init(_ transcript: Transcript, takenBy: NodeName?, heirAtMs: UInt64?, dropAtMs: UInt64, textBytes: Int, chain: UInt64) {
        self.transcript = transcript
        self.takenBy = takenBy
        self.heirAtMs = heirAtMs
        self.dropAtMs = dropAtMs
        self.textBytes = textBytes
        self.chain = chain
    }

    /// The same with sealed bytes in the place of its words.
    func sealed(as bytes: [UInt8]) -> OutboxItem {
        var transcript = transcript
        transcript.sealed = SealedTranscript(bytes: bytes, messages: UInt32(clamping: transcript.messageCount))
        transcript.messages = []
        transcript.contact = ""
        return OutboxItem(transcript, takenBy: takenBy, heirAtMs: heirAtMs, dropAtMs: dropAtMs)
    }

    var due: Due { .transcript(transcript.number, min(heirAtMs ?? dropAtMs, dropAtMs)) }
}

/// What one library has in the outbox.
struct OutboxShare: Equatable, Sendable {
    /// Ascending.
    var numbers: [UInt64] = []
    var textBytes = 0
}
