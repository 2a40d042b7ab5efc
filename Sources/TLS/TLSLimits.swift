/// Every limit of the module, in one place.
public enum TLSLimits {
    /// What a peer may send before the handshake is over, in bytes: two certificates of usual size need less than a tenth.
    public static let handshakeBytesMax = 64 * 1024
    /// The longest chain of certificates that a peer may send, in bytes.
    static let chainBytesMax = 32 * 1024
    /// Certificates between a peer's own and the authority that is trusted.
    static let depthMax: Int32 = 2
    /// Bytes of the network that one engine holds undecrypted: two of the longest records (RFC 8446, 5.2: 5 + 16,384 + 256).
    static let undecryptedBytesMax = 2 * 16_645
    /// The longest piece of plaintext that is read at a time: one record.
    static let plaintextBytesMax = 16 * 1024
    /// Bytes encrypted by one call of OpenSSL, whose buffer keeps the size of its largest content.
    static let encryptBytesMax = 64 * 1024
    /// Plaintext that a stream has collected is encrypted at once, and not only at the end of the turn, from this many bytes on.
    static let flushBytesMin = 64 * 1024
    /// How long a handshake may take, in milliseconds.
    public static let handshakeMsMax: UInt64 = 3_000
    /// The same for people, whose telephones are slower than nodes.
    public static let webHandshakeMsMax: UInt64 = 10_000
    /// The longest text of certificates or of a key that is read, in bytes.
    public static let pemBytesMax = 256 * 1024
    /// Certificates read from one text.
    static let certificatesMax = 16
    /// Names read from one certificate.
    static let namesMax = 16
}
