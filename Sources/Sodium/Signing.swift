import CSodium

/// Ed25519 signatures (RFC 8032), as libsodium makes them: whoever has the seed signs, whoever has the public key can tell.
public enum Signing {
    public static let seedBytes = 32
    public static let publicKeyBytes = 32
    public static let signatureBytes = 64

    /// The public key that belongs to a seed of ``seedBytes`` random bytes.
    public static func publicKey(seed: [UInt8]) throws(SodiumError) -> [UInt8] { try keys(seed).publicKey }

    /// The signature of a message. The same seed and message give the same one.
    public static func sign(_ message: [UInt8], seed: [UInt8]) throws(SodiumError) -> [UInt8] {
        let secret = try keys(seed).secretKey
        var signature = [UInt8](repeating: 0, count: signatureBytes)
        // Every length is fixed or given, and the function has no other failure: it returns 0 for every input.
        _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }

    /// Whether a signature is this key's of this message. Keys and signatures of another length, or that are no points of the curve, are nobody's.
    public static func isSigned(_ message: [UInt8], signature: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureBytes, publicKey.count == publicKeyBytes else { return false }
        return crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    private static func keys(_ seed: [UInt8]) throws(SodiumError) -> (publicKey: [UInt8], secretKey: [UInt8]) {
        guard seed.count == seedBytes else { throw .wrongLength("signing seed", expectedBytes: seedBytes, bytes: seed.count) }
        try SodiumLibrary.requireReady()
        var publicKey = [UInt8](repeating: 0, count: publicKeyBytes)
        var secretKey = [UInt8](repeating: 0, count: 64)
        // As above: no failure.
        _ = crypto_sign_ed25519_seed_keypair(&publicKey, &secretKey, seed)
        return (publicKey, secretKey)
    }
}
