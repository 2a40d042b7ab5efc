/// Snapshots and chats' messages, written straight from the domain's values: a state of some hundred thousand messages would otherwise
/// be built a second time, out of generated objects, while the service is busy. The tests hold this and the generated code equal.

import Consortium

extension Memento {
    /// A message's fields may stand in any order and lists may stand in parts (protobuf.dev, "Encoding"), so the parts are written after each other.
    func wireBytes() -> [UInt8] {
        let head = PBStateSnapshot(headOf: self).bytes
        var writer = BulkWriter(capacity: head.count + chats.reduce(0) { $0 + 384 + $1.messages.count * 384 })
        writer.raw(head)
        for book in ledger { writer.field(60, PBLedgerEntry(book).bytes) }
        for book in causeBooks { writer.field(160, PBCauseBookEntry(book).bytes) }
        for book in dutyBooks { writer.field(240, PBDutyBookEntry(book).bytes) }
        for book in tally { writer.field(63, PBTallyEntry(book).bytes) }
        var entries = BulkWriter(capacity: 64 * 1024)
        for (chat, messages) in chats {
            let chatHead = PBChatSnapshot(headOf: chat).bytes
            entries.removeAll()
            entries.entries(messages[...], field: 31)
            writer.begin(14, length: chatHead.count + entries.bytes.count)
            writer.raw(chatHead)
            writer.raw(entries.bytes)
        }
        writer.outbox(self, field: 16)
        return writer.bytes
    }
}

extension ChatUpdate {
    init(bulk bytes: [UInt8]) throws(WireError) {
        var reader = BulkReader(bytes)
        var meta: ChatMeta?
        var messages: [ChatMessage] = []
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.bytes):
                let piece = try reader.piece()
                meta = try PBChatMetaMessage.parsed(Array(bytes[piece]), bytesMax: ConsortiumWireLimits.chatUpdateBytesMax).decoded()
            case (2, BulkReader.WireType.bytes):
                guard messages.count < Limits.messagesPerChatMax else {
                    throw .invalidField("update.messages", expected: "\(Limits.messagesPerChatMax) entries at most")
                }
                messages.append(try ChatMessage(reader, entry: try reader.piece()))
            default: try reader.skip(tag)
            }
        }
        guard let meta else { throw .invalidField("update.meta", expected: "the chat's state") }
        self.init(meta: meta, messages: messages)
    }
}

extension ChatMessage {
    /// What was said is read here; what happened, and notes, by the generated code.
    fileprivate init(_ message: BulkReader, entry: Range<Int>) throws(WireError) {
        var reader = message.message(entry)
        var numbers = (epoch: UInt64(0), n: UInt64(0), author: UInt64(0), wallMs: UInt64(0), sequence: UInt64(0))
        var (isLate, isSupplied, isBranch, sender) = (false, false, false, (UInt64(0), UInt64(0)))
        var (operatorName, displayName, library, text) = ("", "", "", "")
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.varint): numbers.epoch = try reader.varint()
            case (2, BulkReader.WireType.varint): numbers.n = try reader.varint()
            case (3, BulkReader.WireType.varint): numbers.author = try reader.varint()
            case (4, BulkReader.WireType.bytes): operatorName = try reader.text(try reader.piece())
            case (5, BulkReader.WireType.bytes): displayName = try reader.text(try reader.piece())
            case (6, BulkReader.WireType.bytes): library = try reader.text(try reader.piece())
            case (7, BulkReader.WireType.varint): numbers.wallMs = try reader.varint()
            case (8, BulkReader.WireType.varint): isLate = try reader.varint() != 0
            case (9, BulkReader.WireType.varint): isSupplied = try reader.varint() != 0
            case (10, BulkReader.WireType.bytes): text = try reader.text(try reader.piece())
            case (11, BulkReader.WireType.fixed64): sender.0 = try reader.fixed64()
            case (12, BulkReader.WireType.fixed64): sender.1 = try reader.fixed64()
            case (13, BulkReader.WireType.varint): numbers.sequence = try reader.varint()
            case (15, BulkReader.WireType.varint): isBranch = try reader.varint() != 0
            case (14, BulkReader.WireType.bytes), (20, BulkReader.WireType.bytes):
                self = try PBChatEntry.parsed(Array(message.bytes[entry]), bytesMax: ConsortiumWireLimits.chatUpdateBytesMax).decoded()
                return
            default: try reader.skip(tag)
            }
        }
        let author: ChatMessage.Author
        switch numbers.author {
        case 0: author = .patron
        case 1:
            author = .staff(
                try Field.name(operatorName, "message.operator"), displayName: displayName,
                library: try Field.name(library, "message.library"))
        case 2: author = .service
        default: throw .unknownKind("message.author \(numbers.author)")
        }
        self.init(
            position: Position(epoch: UInt32(truncatingIfNeeded: numbers.epoch), n: UInt32(truncatingIfNeeded: numbers.n)), author: author,
            body: .text(text, sender: SenderID(high: sender.0, low: sender.1), sequence: numbers.sequence), wallMs: numbers.wallMs,
            late: isLate, patronSupplied: isSupplied, branch: isBranch)
    }
}

extension BulkWriter {
    /// A list of messages, as `ChatEntry` describes them.
    mutating func entries(_ messages: some Collection<ChatMessage>, field number: UInt64) {
        for message in messages {
            guard case .text(let text, let sender, let sequence) = message.body else {
                // What happened, and notes, are rare beside what was said.
                long(number, PBChatEntry(message).bytes)
                continue
            }
            let author = EntryAuthor(message.author)
            begin(number, length: author.length + Self.length(of: message, text, sender, sequence))
            field(1, UInt64(message.position.epoch))
            field(2, UInt64(message.position.n))
            field(3, author.kind)
            field(4, author.operatorName)
            field(5, author.displayName)
            field(6, author.library)
            field(7, message.wallMs)
            field(8, message.late ? 1 : 0)
            field(9, message.patronSupplied ? 1 : 0)
            field(10, text)
            field(11, fixed: sender.high)
            field(12, fixed: sender.low)
            field(13, sequence)
            field(15, message.branch ? 1 : 0)
        }
    }

    /// As `field`, also when it is empty: an element of a list is never left out.
    private mutating func long(_ number: UInt64, _ encoded: [UInt8]) {
        begin(number, length: encoded.count)
        raw(encoded)
    }

    private static func length(of message: ChatMessage, _ text: String, _ sender: SenderID, _ sequence: UInt64) -> Int {
        var total = length(ofField: UInt64(message.position.epoch)) + length(ofField: UInt64(message.position.n))
        total += length(ofField: message.wallMs) + (message.late ? 2 : 0) + (message.patronSupplied ? 2 : 0)
        total += message.branch ? 2 : 0
        total += length(ofField: text) + length(ofFixed: sender.high) + length(ofFixed: sender.low)
        return total + length(ofField: sequence)
    }
}

private struct EntryAuthor {
    var kind: UInt64 = 0
    var operatorName = ""
    var displayName = ""
    var library = ""

    init(_ author: ChatMessage.Author) {
        switch author {
        case .patron: break
        case .staff(let name, let displayName, let library):
            (kind, operatorName, self.displayName, self.library) = (1, name.text, displayName, library.text)
        case .service: kind = 2
        }
    }

    var length: Int {
        BulkWriter.length(ofField: kind) + BulkWriter.length(ofField: operatorName) + BulkWriter.length(ofField: displayName)
            + BulkWriter.length(ofField: library)
    }
}
