/// Names and random identifiers of the domain.
///
/// Names are chosen by people and compared byte by byte (never by Unicode equivalence, which differs between library
/// versions and would let two replicas disagree). Identifiers are drawn at random by whoever creates a thing, before
/// it is sent anywhere, so that creating it twice is harmless.

/// A 128-bit random identifier. `Tag` keeps identifiers of different things apart at compile time.
public struct Identifier<Tag>: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws one from the generator that the caller injects.
    public init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// Reads the text form: exactly 32 lower-case hexadecimal digits. Anything else gives `nil`.
    @inlinable
    public init?(_ text: some StringProtocol) {
        guard let words = HexWords.read(String(text)) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    /// The text form: 32 lower-case hexadecimal digits.
    public var text: String {
        func hex(_ word: UInt64) -> String {
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return hex(high) + hex(low)
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

/// Not generic, so that other modules need no copy of it for each tag.
@usableFromInline
enum HexWords {
    @usableFromInline
    static func read(_ text: String) -> (high: UInt64, low: UInt64)? {
        guard text.utf8.count == 32 else { return nil }
        var (high, low) = (UInt64(0), UInt64(0))
        for digit in text.utf8 {
            let value: UInt64
            switch digit {
            case 0x30...0x39: value = UInt64(digit - 0x30)
            case 0x61...0x66: value = UInt64(digit - 0x61 + 10)
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | value
        }
        return (high, low)
    }
}

extension Identifier: CustomStringConvertible {
    public var description: String { text }
}

/// A name chosen by people: 1 to 40 bytes of lower-case ASCII, none of space `" & ' / : < > @` and the backquote
/// (the rule that queue names already follow at the libraries).
public struct Name<Tag>: Hashable, Comparable, Sendable {
    public let text: String

    /// `nil` when the text breaks the rule; `Name.rule` says the rule in a sentence for people.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...Limits.nameBytesMax).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    public static var rule: String {
        "1 to 40 characters: lower-case letters, digits and punctuation, but no space and none of \" & ' / : < > @ `"
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x26, 0x27, 0x2f, 0x3a, 0x3c, 0x3e, 0x40, 0x60: false
        case 0x41...0x5a: false
        default: (0x21...0x7e).contains(byte)
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension Name: CustomStringConvertible {
    public var description: String { text }
}

public enum ChatTag {}
public enum SenderTag {}
public enum AttachTag {}
public enum SessionTag {}
public enum RequestTag {}
public enum LibraryTag {}
public enum QueueTag {}
public enum OperatorTag {}
public enum NodeTag {}

/// Made by the patron's page before anything is sent.
public typealias ChatID = Identifier<ChatTag>
/// One per client instance: a duplicated tab is another sender.
public typealias SenderID = Identifier<SenderTag>
/// One per attempt of a patron's page to take up its chat; the newest fences the older ones.
public typealias AttachID = Identifier<AttachTag>
/// One per operator's sign-on.
public typealias SessionID = Identifier<SessionTag>
/// Names one request of a client, so that asking again is harmless.
public typealias RequestID = Identifier<RequestTag>

public typealias LibraryName = Name<LibraryTag>
public typealias QueueName = Name<QueueTag>
public typealias OperatorName = Name<OperatorTag>
public typealias NodeName = Name<NodeTag>

/// A 32-byte hash of a secret (a chat's secret, a pick-up code). The secret itself never enters replicated state.
public struct SecretHash: Hashable, Sendable {
    public let bytes: [UInt8]

    /// `nil` unless there are exactly 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// No known text has this hash, so nobody can show it.
    static let unmatched = SecretHash(unchecked: [UInt8](repeating: 0, count: 32))
}

/// Where a command stands in the replicated log. One log entry carries a batch of commands; `ordinal` counts in it.
/// Also the form of every token (the log position of a claim) and delivery token (that of an offer).
public struct LogPosition: Hashable, Comparable, Sendable {
    public let index: UInt64
    public let ordinal: UInt32

    public init(index: UInt64, ordinal: UInt32) {
        self.index = index
        self.ordinal = ordinal
    }

    public static let zero = LogPosition(index: 0, ordinal: 0)

    public static func < (left: Self, right: Self) -> Bool {
        left.index != right.index ? left.index < right.index : left.ordinal < right.ordinal
    }
}

/// Where a message stands in its chat: numbered by one sequencer per epoch. `n` goes on counting across epochs.
public struct Position: Hashable, Comparable, Sendable {
    public let epoch: UInt32
    public let n: UInt32

    public init(epoch: UInt32, n: UInt32) {
        self.epoch = epoch
        self.n = n
    }

    public static let zero = Position(epoch: 0, n: 0)

    public static func < (left: Self, right: Self) -> Bool {
        left.epoch != right.epoch ? left.epoch < right.epoch : left.n < right.n
    }
}
