// Sodium: libsodium in Swift.
//
// What it is: the one place that holds libsodium's C pointers. Randomness, hashes, constant-time comparison, authenticated
// encryption, password hashing, and the keyring that seals gossip packets.
//
// What it promises: every length is checked before C sees it; every failure is a typed `SodiumError` or `KeyringError`; nothing
// here keeps global state but libsodium's own initialisation, so that everything can be called from any thread.
//
// What it never does: it invents no cryptography, reads no files, and logs nothing. It does not wipe Swift arrays: copies made by
// the language can't be tracked, so a promise to wipe them would be false.
//
// What its caller owes it: `PasswordHash` takes tens of milliseconds and megabytes by design; never call it on an event loop.

import CSodium

/// libsodium's start, done once. `sodium_init` is safe to call from several threads; a static is initialised once anyway.
enum SodiumLibrary {
    /// Whether the library is usable: `sodium_init` returns 0 for done, 1 for already done, −1 for failed.
    static let isReady = sodium_init() >= 0

    static func requireReady() throws(SodiumError) {
        guard isReady else { throw .initialisationFailed }
    }
}

/// Random bytes from the operating system, through libsodium.
public enum Randomness {
    /// `count` unpredictable bytes, 0 to ``SodiumLimits/randomBytesMax``.
    public static func bytes(_ count: Int) throws(SodiumError) -> [UInt8] {
        guard (0...SodiumLimits.randomBytesMax).contains(count) else {
            throw .outOfRange("random bytes", expected: 0...SodiumLimits.randomBytesMax, value: count)
        }
        try SodiumLibrary.requireReady()
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }

    /// 64 unpredictable bits: boot ids, seeds of the cores' generators.
    public static func uint64() throws(SodiumError) -> UInt64 {
        try bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Hashes of 32 bytes.
public enum Hash {
    /// Length of every digest of this module.
    public static let digestBytes = 32

    /// BLAKE2b-256 (RFC 7693), keyed when `key` is not empty.
    /// - Throws: ``SodiumError/wrongLength(_:expectedBytes:bytes:)`` unless `key` is empty or 32 bytes long.
    public static func blake2b(_ message: [UInt8], key: [UInt8] = []) throws(SodiumError) -> [UInt8] {
        guard key.isEmpty || key.count == digestBytes else {
            throw .wrongLength("hash key", expectedBytes: digestBytes, bytes: key.count)
        }
        try SodiumLibrary.requireReady()
        var digest = [UInt8](repeating: 0, count: digestBytes)
        // Both lengths are checked above and are the only reasons for which this call fails.
        let status = crypto_generichash(&digest, digestBytes, message, UInt64(message.count), key, key.count)
        precondition(status == 0, "crypto_generichash refused a digest of \(digestBytes) and a key of \(key.count) bytes")
        return digest
    }

    /// SHA-256 (FIPS 180-4), for formats that ask for it by name.
    public static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: digestBytes)
        // The function has no failure: it returns 0 for every input.
        _ = crypto_hash_sha256(&digest, message, UInt64(message.count))
        return digest
    }
}

/// Compares secrets in a time that depends on their length only. Different lengths are unequal at once: lengths are no secret here.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return sodium_memcmp(left, right, left.count) == 0
}
