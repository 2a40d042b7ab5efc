/// Why bytes from outside are not a message.
public enum WireError: Error, Sendable, Hashable {
    /// The bytes end early or are no Protocol Buffers message.
    case truncated
    /// Larger than this version accepts.
    case tooLarge(expectedMax: Int, found: Int)
    /// A kind of message that this version does not know.
    case unknownKind(String)
    /// A field with a value that cannot be.
    case invalidField(String, expected: String)
}
