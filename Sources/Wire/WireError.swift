/// Why bytes from a peer were not taken. Decoders check every field against the limits of the module that it is for; what they return
/// needs no second check. The shell counts these and drops the message: a peer that sends them is of another version, or broken.
public enum WireError: Error, Hashable, Sendable {
    /// The bytes end inside a field, or are no message of this kind at all.
    case truncated
    /// The message is longer than its kind may be.
    case tooLarge(expectedMax: Int, found: Int)
    /// A kind that this version doesn't know: from a newer node. Never guessed at.
    case unknownKind(String)
    /// The field `name` does not hold what `expected` says.
    case invalidField(_ name: String, expected: String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated: "message is cut short or no message of this kind"
        case .tooLarge(let max, let bytes): "message of \(bytes) bytes; at most \(max) are taken"
        case .unknownKind(let kind): "message of a kind that this version doesn't know (\(kind)): upgrade this node"
        case .invalidField(let name, let expected): "field \(name): expected \(expected)"
        }
    }
}
