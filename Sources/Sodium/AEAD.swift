import CSodium

/// XChaCha20-Poly1305 (IETF construction, draft-irtf-cfrg-xchacha): authenticated encryption with associated data.
/// Its nonce of 24 bytes is long enough to be drawn at random for every message without counting.
public enum AEAD {
    public static let keyBytes = 32
    public static let nonceBytes = 24
    public static let tagBytes = 16

    /// A new random key.
    public static func makeKey() throws(SodiumError) -> [UInt8] { try Randomness.bytes(keyBytes) }

    /// A new random nonce.
    public static func makeNonce() throws(SodiumError) -> [UInt8] { try Randomness.bytes(nonceBytes) }

    /// Encrypts `plaintext`; the result is ``tagBytes`` longer. `associated` is authenticated and not carried.
    /// One nonce must never be used twice with one key: take ``makeNonce()``.
    public static func seal(
        _ plaintext: [UInt8], associated: [UInt8], nonce: [UInt8], key: [UInt8]
    ) throws(SodiumError) -> [UInt8] {
        try check(associated: associated, nonce: nonce, key: key)
        guard plaintext.count <= SodiumLimits.sealedPlaintextBytesMax else {
            throw .tooLong("plaintext", bytesMax: SodiumLimits.sealedPlaintextBytesMax, bytes: plaintext.count)
        }
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagBytes)
        var sealedCount: UInt64 = 0
        // Fails for no input within the lengths checked above.
        let status = crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed, &sealedCount, plaintext, UInt64(plaintext.count), associated, UInt64(associated.count), nil, nonce, key)
        precondition(
            status == 0 && sealedCount == UInt64(sealed.count), "XChaCha20-Poly1305 sealed \(sealedCount) of \(sealed.count) bytes")
        return sealed
    }

    /// Decrypts what ``seal(_:associated:nonce:key:)`` made.
    /// - Throws: ``SodiumError/forged`` when anything of the four does not belong together; nothing of the plaintext is returned then.
    public static func open(
        _ sealed: [UInt8], associated: [UInt8], nonce: [UInt8], key: [UInt8]
    ) throws(SodiumError) -> [UInt8] {
        try check(associated: associated, nonce: nonce, key: key)
        guard sealed.count <= SodiumLimits.sealedPlaintextBytesMax + tagBytes else {
            throw .tooLong("ciphertext", bytesMax: SodiumLimits.sealedPlaintextBytesMax + tagBytes, bytes: sealed.count)
        }
        guard sealed.count >= tagBytes else { throw .forged }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagBytes)
        var plaintextCount: UInt64 = 0
        let status = crypto_aead_xchacha20poly1305_ietf_decrypt(
            &plaintext, &plaintextCount, nil, sealed, UInt64(sealed.count), associated, UInt64(associated.count), nonce, key)
        guard status == 0 else { throw .forged }
        return plaintext
    }

    private static func check(associated: [UInt8], nonce: [UInt8], key: [UInt8]) throws(SodiumError) {
        guard key.count == keyBytes else { throw .wrongLength("key", expectedBytes: keyBytes, bytes: key.count) }
        guard nonce.count == nonceBytes else { throw .wrongLength("nonce", expectedBytes: nonceBytes, bytes: nonce.count) }
        guard associated.count <= SodiumLimits.associatedBytesMax else {
            throw .tooLong("associated data", bytesMax: SodiumLimits.associatedBytesMax, bytes: associated.count)
        }
        try SodiumLibrary.requireReady()
    }
}
