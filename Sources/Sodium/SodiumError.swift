/// What can go wrong in this module. Each case says what was expected and what came.
public enum SodiumError: Error, Equatable, Sendable {
    /// libsodium could not be initialised: no source of randomness. The process must not go on.
    case initialisationFailed
    /// `what` has a fixed length and came with another.
    case wrongLength(_ what: String, expectedBytes: Int, bytes: Int)
    /// `what` is longer than its limit in ``SodiumLimits``.
    case tooLong(_ what: String, bytesMax: Int, bytes: Int)
    /// The ciphertext, its associated data or its key were altered, or never belonged together.
    case forged
    /// The number `what` lies outside what the function takes.
    case outOfRange(_ what: String, expected: ClosedRange<Int>, value: Int)
    /// Argon2id could not get the memory that its parameters ask for. Lower `memoryBytes`, or give the machine more.
    case outOfMemory(memoryBytes: Int)
}

extension SodiumError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .initialisationFailed: "libsodium could not start: the system gave no randomness"
        case .wrongLength(let what, let expected, let bytes): "\(what): expected \(expected) bytes, got \(bytes)"
        case .tooLong(let what, let max, let bytes): "\(what): at most \(max) bytes, got \(bytes)"
        case .forged: "message does not authenticate: wrong key, wrong associated data, or altered on its way"
        case .outOfRange(let what, let expected, let value):
            "\(what): expected \(expected.lowerBound) to \(expected.upperBound), got \(value)"
        case .outOfMemory(let bytes): "password hashing needs \(bytes) bytes of memory and could not get them"
        }
    }
}
