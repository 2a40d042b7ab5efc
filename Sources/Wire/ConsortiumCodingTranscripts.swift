/// Transcripts, the outbox and its receipts as bytes.

import Consortium
import FoundationEssentials

extension Transcript {
    public init(wire bytes: [UInt8]) throws(WireError) {
        let message = try PBTranscriptMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.transcriptBytesMax)
        self = try message.decoded(with: try message.decodedMessages())
    }

    public func wireBytes() -> [UInt8] {
        var writer = BulkWriter(capacity: 256 + messages.count * 384)
        writer.raw(PBTranscriptMessage(headOf: self).bytes)
        writer.entries(messages, field: 8)
        return writer.bytes
    }
}

extension PBTranscriptMessage {
    /// All but the messages, which are written one by one.
    init(headOf transcript: Transcript) {
        self.init()
        number = transcript.number
        chat = PBId(transcript.chat)
        openedMs = transcript.openedMs
        queue = transcript.queue.text
        home = transcript.home.text
        library = transcript.library.text
        contact = transcript.contact
        if let sealed = transcript.sealed { (self.sealed, sealedMessages) = (Data(sealed.bytes), sealed.messages) }
    }

    /// - Parameter messages: in the place of its own.
    func decoded(with messages: [ChatMessage]) throws(WireError) -> Transcript {
        Transcript(
            number: number, chat: chat.decoded(), openedMs: openedMs, queue: try Field.name(queue, "transcript.queue"),
            home: try Field.name(home, "transcript.home"), library: try Field.name(library, "transcript.library"), contact: contact,
            messages: messages,
            sealed: sealed.isEmpty ? nil : SealedTranscript(bytes: [UInt8](sealed), messages: sealedMessages))
    }

    func decodedMessages() throws(WireError) -> [ChatMessage] {
        try Field.list(messages, "transcript.messages", max: Limits.messagesPerChatMax) { e throws(WireError) in try e.decoded() }
    }
}

extension PBOutboxEntry {
    func decoded(_ scripts: [ScriptKey: [ChatMessage]]) throws(WireError) -> OutboxItem {
        var messages = try transcript.decodedMessages()
        if messages.isEmpty, transcript.sealed.isEmpty {
            messages = scripts[ScriptKey(chat: transcript.chat.decoded(), openedMs: transcript.openedMs)] ?? []
        }
        return OutboxItem(
            try transcript.decoded(with: messages), takenBy: try Field.optionalName(takenBy, "outbox.takenBy"),
            heirAtMs: hasHeirAtMs ? heirAtMs : nil, dropAtMs: dropAtMs)
    }
}

/// One life of a chat.
struct ScriptKey: Hashable {
    var chat: ChatID
    var openedMs: UInt64
}

extension PBTranscriptReceiptEntry {
    init(_ receipt: TranscriptReceipt) {
        self.init()
        number = receipt.number
        chat = PBId(receipt.chat)
        openedMs = receipt.openedMs
        home = receipt.home?.text ?? ""
        switch receipt.outcome {
        case .kept: outcome = "kept"
        case .inherited(let by): (outcome, heir) = ("inherited", by.text)
        case .expired: outcome = "expired"
        case .overQuota: outcome = "overQuota"
        case .noHome: outcome = "noHome"
        case .deleted: outcome = "deleted"
        }
        keeper = receipt.keeper?.text ?? ""
        messages = receipt.messages
        atMs = receipt.atMs
    }

    func decoded() throws(WireError) -> TranscriptReceipt {
        let outcome: TranscriptReceipt.Outcome
        switch self.outcome {
        case "kept": outcome = .kept
        case "inherited": outcome = .inherited(by: try Field.name(heir, "receipt.heir"))
        case "expired": outcome = .expired
        case "overQuota": outcome = .overQuota
        case "noHome": outcome = .noHome
        case "deleted": outcome = .deleted
        default: throw .unknownKind("receipt.outcome \(self.outcome)")
        }
        return TranscriptReceipt(
            number: number, chat: chat.decoded(), openedMs: openedMs, home: try Field.optionalName(home, "receipt.home"),
            keeper: try Field.optionalName(keeper, "receipt.keeper"),
            outcome: outcome, messages: messages, atMs: atMs)
    }
}

extension BulkWriter {
    /// The outbox of a snapshot. What is said in a chat of the same snapshot is not written twice.
    mutating func outbox(_ memento: Memento, field number: UInt64) {
        let scripts = Dictionary(
            memento.chats.map { (ScriptKey(chat: $0.chat.id, openedMs: $0.chat.openedMs), $0.messages.count) },
            uniquingKeysWith: { first, _ in first })
        for item in memento.outbox {
            let transcript = item.transcript
            var inner = BulkWriter(capacity: 256)
            inner.raw(PBTranscriptMessage(headOf: transcript).bytes)
            if scripts[ScriptKey(chat: transcript.chat, openedMs: transcript.openedMs)] != transcript.messages.count {
                inner.entries(transcript.messages, field: 8)
            }
            var rest = PBOutboxEntry()
            rest.takenBy = item.takenBy?.text ?? ""
            if let ms = item.heirAtMs { rest.heirAtMs = ms }
            rest.dropAtMs = item.dropAtMs
            let restBytes = rest.bytes
            begin(number, length: BulkWriter.length(ofField: inner.bytes) + restBytes.count)
            field(1, inner.bytes)
            raw(restBytes)
        }
    }
}
