/// Reads Protocol Buffers' wire format from a byte array without copying it: for the few messages that every acknowledgement passes through.
/// Every read is bounded by the message that it is in; what is unknown is skipped, as the generated code does.
struct BulkReader {
    enum WireType {
        static let varint: UInt8 = 0
        static let fixed64: UInt8 = 1
        static let bytes: UInt8 = 2
        static let fixed32: UInt8 = 5
    }

    struct Tag: Equatable {
        var number: UInt64
        var type: UInt8
        init(_ number: UInt64, _ type: UInt8) {
            self.number = number
            self.type = type
        }
    }

    let bytes: [UInt8]
    private var at: Int
    private let end: Int

    init(_ bytes: [UInt8]) { self.init(bytes, bytes.startIndex..<bytes.endIndex) }

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// `nil` at the end.
    mutating func tag() throws(WireError) -> Tag? {
        guard at < end else { return nil }
        let value = try varint()
        guard value >> 3 > 0 else { throw .truncated }
        return Tag(value >> 3, UInt8(value & 7))
    }

    mutating func varint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < end, shift < 64 {
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .truncated
    }

    mutating func fixed64() throws(WireError) -> UInt64 {
        guard end - at >= 8 else { throw .truncated }
        defer { at += 8 }
        return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }
    }

    /// Where the bytes, text or message that come next are.
    mutating func piece() throws(WireError) -> Range<Int> {
        let length = try varint()
        guard length <= UInt64(end - at) else { throw .truncated }
        defer { at += Int(length) }
        return at..<at + Int(length)
    }

    mutating func skip(_ tag: Tag) throws(WireError) {
        switch tag.type {
        case WireType.varint: _ = try varint()
        case WireType.fixed64: _ = try fixed64()
        case WireType.bytes: _ = try piece()
        case WireType.fixed32:
            guard end - at >= 4 else { throw .truncated }
            at += 4
        default: throw .truncated
        }
    }

    func text(_ range: Range<Int>) throws(WireError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else { throw .truncated }
        return text
    }

    func message(_ range: Range<Int>) -> BulkReader { BulkReader(bytes, range) }

    /// The content of the one field that the whole message consists of, and its number; `nil` when it is not bytes, or not alone.
    static func only(_ bytes: [UInt8]) -> (number: UInt64, content: Range<Int>)? {
        var reader = BulkReader(bytes)
        guard let tag = try? reader.tag(), tag.type == WireType.bytes, let content = try? reader.piece(),
            content.upperBound == bytes.endIndex
        else { return nil }
        return (tag.number, content)
    }
}
