import CSodium

/// Argon2id (RFC 9106) password hashes in the self-describing text form `$argon2id$v=19$m=…,t=…,p=1$salt$hash`.
/// Slow and hungry for memory on purpose: call it on a thread of its own. Passwords are compared as UTF-8 bytes; a caller that wants
/// two spellings of one accented letter to be equal normalises first.
public enum PasswordHash {
    /// How much one hash costs. The stored hash carries its own parameters, so these can be raised at any time.
    public struct Parameters: Equatable, Sendable {
        /// Passes over the memory, 1 to ``SodiumLimits/passwordOpsMax``.
        public var operations: Int
        /// Memory in bytes, 8,192 to ``SodiumLimits/passwordMemoryBytesMax``.
        public var memoryBytes: Int

        public init(operations: Int, memoryBytes: Int) {
            self.operations = operations
            self.memoryBytes = memoryBytes
        }

        /// libsodium's interactive setting: 2 passes over 64 MiB, about 0.1 s.
        public static let interactive = Parameters(operations: 2, memoryBytes: 64 << 20)
        /// The least that the algorithm takes: for tests, never for people's passwords.
        public static let fastestForTests = Parameters(operations: 1, memoryBytes: memoryBytesMin)
    }

    static let memoryBytesMin = 8_192

    /// The text to store for `password`, with a fresh random salt.
    public static func hash(_ password: String, parameters: Parameters) throws(SodiumError) -> String {
        try check(password)
        try check(parameters)
        var text = [CChar](repeating: 0, count: SodiumLimits.passwordHashBytesMax + 1)
        let status = crypto_pwhash_str(
            &text, password, UInt64(password.utf8.count), UInt64(parameters.operations), parameters.memoryBytes)
        guard status == 0 else { throw .outOfMemory(memoryBytes: parameters.memoryBytes) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `password` is the one that `stored` was made from. A malformed `stored` verifies nothing, and neither does one whose own
    /// parameters exceed ``SodiumLimits``: a stored text must not be able to exhaust the machine.
    public static func verify(_ password: String, stored: String) throws(SodiumError) -> Bool {
        try check(password)
        guard let asked = parameters(of: stored), (try? check(asked)) != nil else { return false }
        return crypto_pwhash_str_verify(stored, password, UInt64(password.utf8.count)) == 0
    }

    /// Whether `stored` was made with other parameters than `parameters`, or is malformed: hash again at the next successful sign-in.
    public static func needsRehash(_ stored: String, parameters: Parameters) throws(SodiumError) -> Bool {
        try check(parameters)
        guard stored.utf8.count <= SodiumLimits.passwordHashBytesMax, !stored.utf8.contains(0) else { return true }
        return crypto_pwhash_str_needs_rehash(stored, UInt64(parameters.operations), parameters.memoryBytes) != 0
    }

    private static func check(_ password: String) throws(SodiumError) {
        guard password.utf8.count <= SodiumLimits.passwordBytesMax else {
            throw .tooLong("password", bytesMax: SodiumLimits.passwordBytesMax, bytes: password.utf8.count)
        }
        try SodiumLibrary.requireReady()
    }

    private static func check(_ parameters: Parameters) throws(SodiumError) {
        guard (1...SodiumLimits.passwordOpsMax).contains(parameters.operations) else {
            throw .outOfRange("password passes", expected: 1...SodiumLimits.passwordOpsMax, value: parameters.operations)
        }
        let memory = memoryBytesMin...SodiumLimits.passwordMemoryBytesMax
        guard memory.contains(parameters.memoryBytes) else {
            throw .outOfRange("password memory in bytes", expected: memory, value: parameters.memoryBytes)
        }
    }

    /// Reads `m` (KiB) and `t` from `$argon2id$v=19$m=65536,t=2,p=1$…`; nil when the text has another form.
    private static func parameters(of stored: String) -> Parameters? {
        guard stored.utf8.count <= SodiumLimits.passwordHashBytesMax, !stored.utf8.contains(0) else { return nil }
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id" else { return nil }
        var fields: [Substring: Int] = [:]
        for field in parts[3].split(separator: ",") {
            guard let equals = field.firstIndex(of: "="), let value = Int(field[field.index(after: equals)...]) else { return nil }
            fields[field[..<equals]] = value
        }
        guard let kibibytes = fields["m"], let passes = fields["t"], (0...(1 << 40)).contains(kibibytes) else { return nil }
        return Parameters(operations: passes, memoryBytes: kibibytes * 1_024)
    }
}
