import CSodium

/// Messages that only the holder of a secret key can open, from whoever has its public half: X25519 and XSalsa20-Poly1305 with a key of the sender's
/// that is forgotten at once (libsodium's `crypto_box_seal`). Nothing tells who sealed it; authenticate that by other means.
public enum SealedBox {
    public static let publicKeyBytes = 32
    public static let secretKeyBytes = 32
    /// What sealing adds.
    public static let overheadBytes = 48

    /// A new pair of keys.
    public static func makePair() throws(SodiumError) -> (publicKey: [UInt8], secretKey: [UInt8]) {
        try SodiumLibrary.requireReady()
        var publicKey = [UInt8](repeating: 0, count: publicKeyBytes)
        var secretKey = [UInt8](repeating: 0, count: secretKeyBytes)
        // Draws random bytes; fails for no input.
        let status = crypto_box_keypair(&publicKey, &secretKey)
        precondition(status == 0, "libsodium made no pair of keys")
        return (publicKey, secretKey)
    }

    public static func seal(_ plaintext: [UInt8], to publicKey: [UInt8]) throws(SodiumError) -> [UInt8] {
        try SodiumLibrary.requireReady()
        guard publicKey.count == publicKeyBytes else {
            throw .wrongLength("public key", expectedBytes: publicKeyBytes, bytes: publicKey.count)
        }
        guard plaintext.count <= SodiumLimits.sealedPlaintextBytesMax else {
            throw .tooLong("plaintext", bytesMax: SodiumLimits.sealedPlaintextBytesMax, bytes: plaintext.count)
        }
        var sealed = [UInt8](repeating: 0, count: plaintext.count + overheadBytes)
        // Fails for a public key that is no point of use.
        guard crypto_box_seal(&sealed, plaintext, UInt64(plaintext.count), publicKey) == 0 else { throw .forged }
        return sealed
    }

    /// - Throws: ``SodiumError/forged`` when it was altered, or sealed for another.
    public static func open(_ sealed: [UInt8], publicKey: [UInt8], secretKey: [UInt8]) throws(SodiumError) -> [UInt8] {
        try SodiumLibrary.requireReady()
        guard publicKey.count == publicKeyBytes else {
            throw .wrongLength("public key", expectedBytes: publicKeyBytes, bytes: publicKey.count)
        }
        guard secretKey.count == secretKeyBytes else {
            throw .wrongLength("secret key", expectedBytes: secretKeyBytes, bytes: secretKey.count)
        }
        guard sealed.count <= SodiumLimits.sealedPlaintextBytesMax + overheadBytes else {
            throw .tooLong("ciphertext", bytesMax: SodiumLimits.sealedPlaintextBytesMax + overheadBytes, bytes: sealed.count)
        }
        guard sealed.count >= overheadBytes else { throw .forged }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - overheadBytes)
        guard crypto_box_seal_open(&plaintext, sealed, UInt64(sealed.count), publicKey, secretKey) == 0 else { throw .forged }
        return plaintext
    }
}
