import Consortium

/// Writes one JSON document as UTF-8 bytes, in the order of the calls.
///
/// The caller owes it balance: every `begin` has its `end`. Strings are escaped so that the result is also safe inside
/// an HTML script element (`<` is escaped).
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    init(kind: StaticString, reserving capacity: Int = 160) {
        bytes.reserveCapacity(capacity)
        bytes.append(UInt8(ascii: "{"))
        field("t", kind)
    }

    /// The finished document.
    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func separate() {
        switch bytes.last {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        guard text.utf8.contains(where: Self.isEscaped) else {
            bytes.append(contentsOf: text.utf8)
            return bytes.append(UInt8(ascii: "\""))
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0a: append("\\n")
            case 0..<0x20, UInt8(ascii: "<"), 0x7f:
                append("\\u00")
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "<") || byte == 0x7f
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x61 + value - 10
    }

    mutating func integer(_ value: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func null() {
        separate()
        append("null")
    }

    mutating func object(_ content: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        content(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func field(_ name: StaticString, _ text: StaticString) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        append(text)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func field(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    mutating func field(_ name: StaticString, _ value: some BinaryInteger) {
        key(name)
        integer(value)
    }

    mutating func field(_ name: StaticString, _ value: Bool) {
        key(name)
        append(value ? "true" : "false")
    }

    mutating func field<Tag>(_ name: StaticString, _ value: Identifier<Tag>) {
        key(name)
        identifier(value)
    }

    /// Hexadecimal digits need no escaping and no intermediate strings.
    mutating func identifier<Tag>(_ value: Identifier<Tag>) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for word in [value.high, value.low] {
            var shift: UInt64 = 64
            while shift > 0 {
                shift -= 4
                bytes.append(Self.digit(UInt8(truncatingIfNeeded: word >> shift) & 15))
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func field<Tag>(_ name: StaticString, _ value: Name<Tag>) {
        field(name, value.text)
    }

    mutating func field(_ name: StaticString, _ value: LogPosition) {
        field(name, value.opaqueText)
    }

    mutating func field(_ name: StaticString, _ value: Position) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        integer(value.epoch)
        integer(value.n)
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func field<Element>(_ name: StaticString, list: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        for element in list { write(&self, element) }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func field(_ name: StaticString, object content: (inout JSONWriter) -> Void) {
        key(name)
        object(content)
    }

    mutating func nullField(_ name: StaticString) {
        key(name)
        null()
    }

    /// A member whose name is only known at run time.
    mutating func member(_ name: String, _ value: some BinaryInteger) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        integer(value)
    }
}

extension LogPosition {
    /// The form of tokens and offers in the protocol: opaque to clients.
    public var opaqueText: String { "\(index).\(ordinal)" }

    /// Reads `opaqueText`; anything else gives `nil`.
    public init?(opaqueText: some StringProtocol) {
        let parts = opaqueText.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = UInt64(parts[0]), let ordinal = UInt32(parts[1]) else { return nil }
        self.init(index: index, ordinal: ordinal)
    }
}
