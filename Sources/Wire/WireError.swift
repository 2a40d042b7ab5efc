/// Why bytes from outside were not understood.
public enum WireError: Error, Hashable, Sendable {
    /// The bytes end before the message does, or are no such message.
    case truncated
    case tooLarge(expectedMax: Int, found: Int)
    /// A kind that this version does not know: apply must stop, never skip.
    case unknownKind(String)
    case invalidField(String, expected: String)
}
