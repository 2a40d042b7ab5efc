/// Snapshots and chats' messages, written straight from the domain's values: a state of some hundred thousand messages would otherwise
/// be built a second time, out of generated objects, while the service is busy. The generated code reads them; the tests hold both equal.

import Consortium

extension Memento {
    /// A message's fields may stand in any order and lists may stand in parts (protobuf.dev, "Encoding"), so the parts are written after each other.
    func wireBytes() -> [UInt8] {
        let head = PBStateSnapshot(headOf: self).bytes
        var writer = BulkWriter(capacity: head.count + chats.reduce(0) { $0 + 384 + $1.messages.count * 384 })
        writer.raw(head)
        var entries = BulkWriter(capacity: 64 * 1024)
        for (chat, messages) in chats {
            let chatHead = PBChatSnapshot(headOf: chat).bytes
            entries.removeAll()
            entries.entries(messages[...], field: 31)
            writer.begin(14, length: chatHead.count + entries.bytes.count)
            writer.raw(chatHead)
            writer.raw(entries.bytes)
        }
        return writer.bytes
    }
}

extension BulkWriter {
    /// A list of messages, as `ChatEntry` describes them.
    mutating func entries(_ messages: some Collection<ChatMessage>, field number: UInt64) {
        for message in messages {
            guard case .text(let text, let sender, let sequence) = message.body else {
                // What happened is rare beside what was said.
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
