/// Proposals, batches and outcomes, written and read without the generated code's objects: each message of a chat passes here several times.
/// The form is that of `consortium.proto` and `peer.proto`; commands other than `say`, and refusals, go through the generated code.

import Consortium

/// How a list of items lies in its message: batches and proposals differ in two details.
private struct ItemLayout {
    var list: UInt64
    var isCounterFixed: Bool
    static let batch = ItemLayout(list: 4, isCounterFixed: false)
    static let proposals = ItemLayout(list: 1, isCounterFixed: true)
    static let command: UInt64 = 4
    static let say: UInt64 = 12
}

extension Batch {
    func bulkBytes() -> [UInt8] {
        var writer = BulkWriter(capacity: 32 + items.count * 448)
        writer.field(1, elapsedMs)
        writer.field(2, wallMs)
        writer.field(3, term)
        for item in items { writer.item(item, .batch) }
        return writer.bytes
    }

    init(bulk bytes: [UInt8]) throws(WireError) {
        self.init(elapsedMs: 0, wallMs: 0, term: 0, items: [])
        var reader = BulkReader(bytes)
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.varint): elapsedMs = try reader.varint()
            case (2, BulkReader.WireType.varint): wallMs = try reader.varint()
            case (3, BulkReader.WireType.varint): term = try reader.varint()
            case (ItemLayout.batch.list, BulkReader.WireType.bytes):
                guard items.count < Limits.commandsPerBatchMax else {
                    throw .invalidField("batch.items", expected: "\(Limits.commandsPerBatchMax) entries at most")
                }
                items.append(try Item(reader.message(try reader.piece()), .batch))
            default: try reader.skip(tag)
            }
        }
    }
}

enum ProposalsCoding {
    static func bytes(_ items: [Batch.Item], frameField: UInt64) -> [UInt8] {
        var list = BulkWriter(capacity: items.count * 448)
        for item in items { list.item(item, .proposals) }
        var writer = BulkWriter(capacity: list.bytes.count + 8)
        writer.begin(frameField, length: list.bytes.count)
        writer.raw(list.bytes)
        return writer.bytes
    }

    static func items(_ bytes: [UInt8], _ range: Range<Int>) throws(WireError) -> [Batch.Item] {
        var items: [Batch.Item] = []
        var reader = BulkReader(bytes, range)
        while let tag = try reader.tag() {
            guard tag == .init(ItemLayout.proposals.list, BulkReader.WireType.bytes) else {
                try reader.skip(tag)
                continue
            }
            guard items.count < PeerFrame.itemsMax else { throw .tooLarge(expectedMax: PeerFrame.itemsMax, found: items.count + 1) }
            items.append(try Batch.Item(reader.message(try reader.piece()), .proposals))
        }
        return items
    }
}

extension BulkWriter {
    fileprivate mutating func item(_ item: Batch.Item, _ layout: ItemLayout) {
        typealias W = BulkWriter
        let id = item.id
        let counter = layout.isCounterFixed ? W.length(ofFixed: id.counter) : W.length(ofField: id.counter)
        let head = W.length(ofField: id.node.text) + W.length(ofFixed: id.boot) + counter
        var other: [UInt8] = []
        var say: (command: Say, length: Int)?
        if case .say(let command) = item.command, !command.isNote {
            say = (command, W.length(of: command))
        } else {
            other = item.command.wireBytes()
        }
        let length = say.map { 1 + W.length(ofVarint: UInt64($0.length)) + $0.length } ?? other.count
        begin(layout.list, length: head + 1 + W.length(ofVarint: UInt64(length)) + length)
        field(1, id.node.text)
        field(2, fixed: id.boot)
        if layout.isCounterFixed { field(3, fixed: id.counter) } else { field(3, id.counter) }
        begin(ItemLayout.command, length: length)
        guard let say else { return raw(other) }
        begin(ItemLayout.say, length: say.length)
        append(say.command)
    }

    private static func length(of say: Say) -> Int {
        var total = length(ofFixed: say.chat.high) + length(ofFixed: say.chat.low)
        switch say.speaker {
        case .patron(let attach): total += length(ofFixed: attach.high) + length(ofFixed: attach.low)
        case .staff(let token): total += 2 + length(ofField: token.index) + length(ofField: UInt64(token.ordinal))
        }
        total += length(ofFixed: say.sender.high) + length(ofFixed: say.sender.low)
        return total + length(ofField: say.sequence) + length(ofField: say.text)
    }

    private mutating func append(_ say: Say) {
        field(1, fixed: say.chat.high)
        field(2, fixed: say.chat.low)
        switch say.speaker {
        case .patron(let attach):
            field(4, fixed: attach.high)
            field(5, fixed: attach.low)
        case .staff(let token):
            field(3, 1)
            field(6, token.index)
            field(7, UInt64(token.ordinal))
        }
        field(8, fixed: say.sender.high)
        field(9, fixed: say.sender.low)
        field(10, say.sequence)
        field(11, say.text)
    }
}

extension Batch.Item {
    fileprivate init(_ message: BulkReader, _ layout: ItemLayout) throws(WireError) {
        var reader = message
        var (node, boot, counter) = ("", UInt64(0), UInt64(0))
        var content = 0..<0
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.bytes): node = try reader.text(try reader.piece())
            case (2, BulkReader.WireType.fixed64): boot = try reader.fixed64()
            case (3, BulkReader.WireType.fixed64) where layout.isCounterFixed: counter = try reader.fixed64()
            case (3, BulkReader.WireType.varint) where !layout.isCounterFixed: counter = try reader.varint()
            case (ItemLayout.command, BulkReader.WireType.bytes): content = try reader.piece()
            default: try reader.skip(tag)
            }
        }
        let id = ProposalID(node: try Field.name(node, "proposal.node"), boot: boot, counter: counter)
        self.init(id: id, command: try Command(reader.message(content), content))
    }
}

extension Command {
    /// A `say` that stands alone is read here; everything else by the generated code, which tells unknown commands.
    fileprivate init(_ message: BulkReader, _ content: Range<Int>) throws(WireError) {
        var reader = message
        if try reader.tag() == .init(ItemLayout.say, BulkReader.WireType.bytes), case let piece = try reader.piece(),
            piece.upperBound == content.upperBound
        {
            self = .say(try Say(reader.message(piece)))
        } else {
            self = try Command(wire: Array(message.bytes[content]))
        }
    }
}

extension Say {
    fileprivate init(_ message: BulkReader) throws(WireError) {
        var reader = message
        var (chat, attach, sender) = ((UInt64(0), UInt64(0)), (UInt64(0), UInt64(0)), (UInt64(0), UInt64(0)))
        var (isStaff, index, ordinal, sequence, text) = (false, UInt64(0), UInt64(0), UInt64(0), "")
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.fixed64): chat.0 = try reader.fixed64()
            case (2, BulkReader.WireType.fixed64): chat.1 = try reader.fixed64()
            case (3, BulkReader.WireType.varint): isStaff = try reader.varint() != 0
            case (4, BulkReader.WireType.fixed64): attach.0 = try reader.fixed64()
            case (5, BulkReader.WireType.fixed64): attach.1 = try reader.fixed64()
            case (6, BulkReader.WireType.varint): index = try reader.varint()
            case (7, BulkReader.WireType.varint): ordinal = try reader.varint()
            case (8, BulkReader.WireType.fixed64): sender.0 = try reader.fixed64()
            case (9, BulkReader.WireType.fixed64): sender.1 = try reader.fixed64()
            case (10, BulkReader.WireType.varint): sequence = try reader.varint()
            case (11, BulkReader.WireType.bytes): text = try reader.text(try reader.piece())
            default: try reader.skip(tag)
            }
        }
        self.init(
            chat: ChatID(high: chat.0, low: chat.1),
            speaker: isStaff
                ? .staff(token: LogPosition(index: index, ordinal: UInt32(truncatingIfNeeded: ordinal)))
                : .patron(AttachID(high: attach.0, low: attach.1)),
            sender: SenderID(high: sender.0, low: sender.1), sequence: sequence, text: text)
    }
}

enum OutcomeCoding {
    static let frameField: UInt64 = 9
    private static let placed: UInt64 = 4

    static func bytes(_ counter: UInt64, _ verdict: Verdict, _ at: LogPosition) -> [UInt8] {
        typealias W = BulkWriter
        var content = BulkWriter(capacity: 32)
        if case .accepted(.placed(let position)) = verdict {
            content.begin(placed, length: W.length(ofField: UInt64(position.epoch)) + W.length(ofField: UInt64(position.n)))
            content.field(1, UInt64(position.epoch))
            content.field(2, UInt64(position.n))
        } else {
            content.raw(verdict.wireBytes())
        }
        let head = W.length(ofFixed: counter) + W.length(ofField: at.index) + W.length(ofField: UInt64(at.ordinal))
        var writer = BulkWriter(capacity: head + content.bytes.count + 8)
        writer.begin(frameField, length: head + W.length(ofField: content.bytes))
        writer.field(1, fixed: counter)
        writer.field(2, content.bytes)
        writer.field(3, at.index)
        writer.field(4, UInt64(at.ordinal))
        return writer.bytes
    }

    static func frame(_ bytes: [UInt8], _ range: Range<Int>) throws(WireError) -> PeerFrame {
        var reader = BulkReader(bytes, range)
        var (counter, index, ordinal) = (UInt64(0), UInt64(0), UInt64(0))
        var content = 0..<0
        while let tag = try reader.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.fixed64): counter = try reader.fixed64()
            case (2, BulkReader.WireType.bytes): content = try reader.piece()
            case (3, BulkReader.WireType.varint): index = try reader.varint()
            case (4, BulkReader.WireType.varint): ordinal = try reader.varint()
            default: try reader.skip(tag)
            }
        }
        let at = LogPosition(index: index, ordinal: UInt32(truncatingIfNeeded: ordinal))
        return .outcome(counter: counter, try verdict(reader.message(content), content), at: at)
    }

    private static func verdict(_ message: BulkReader, _ content: Range<Int>) throws(WireError) -> Verdict {
        var reader = message
        guard try reader.tag() == .init(placed, BulkReader.WireType.bytes), case let piece = try reader.piece(),
            piece.upperBound == content.upperBound
        else { return try Verdict(wire: Array(message.bytes[content])) }
        var position = reader.message(piece)
        var (epoch, n) = (UInt64(0), UInt64(0))
        while let tag = try position.tag() {
            switch (tag.number, tag.type) {
            case (1, BulkReader.WireType.varint): epoch = try position.varint()
            case (2, BulkReader.WireType.varint): n = try position.varint()
            default: try position.skip(tag)
            }
        }
        return .accepted(.placed(Position(epoch: UInt32(truncatingIfNeeded: epoch), n: UInt32(truncatingIfNeeded: n))))
    }
}
