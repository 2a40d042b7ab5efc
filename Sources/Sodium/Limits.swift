/// Every bound of this module, in one place. Inputs beyond a bound are refused with ``SodiumError/tooLong(_:bytesMax:bytes:)``.
public enum SodiumLimits {
    /// Random bytes handed out by one call.
    public static let randomBytesMax = 64 * 1024
    /// Plaintext that one call of ``AEAD/seal(_:associated:nonce:key:)`` takes: larger than any frame of ours.
    public static let sealedPlaintextBytesMax = 16 * 1024 * 1024
    /// Associated data of one sealed message.
    public static let associatedBytesMax = 4 * 1024
    /// Password length. Argon2id's time does not depend on it, but reading a megabyte from a sign-in form would.
    public static let passwordBytesMax = 1_024
    /// Length of a stored password hash; `crypto_pwhash_STRBYTES` with its terminating zero.
    public static let passwordHashBytesMax = 127
    /// Memory that one password hash may ask for, whatever the settings say: 1 GiB.
    public static let passwordMemoryBytesMax = 1 << 30
    /// Passes that one password hash may ask for, whatever the settings say.
    public static let passwordOpsMax = 64
    /// Keys in one ``Keyring``: the new one, the old one, and room for a rotation that was begun twice.
    public static let keyringKeysMax = 8
    /// Length of the cluster id that a ``Keyring`` binds its packets to.
    public static let clusterIDBytesMax = 64
}
