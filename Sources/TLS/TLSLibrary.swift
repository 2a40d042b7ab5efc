import COpenSSL

/// OpenSSL as a part of this process.
public enum TLSLibrary {
    /// Leaves it as it is when the process ends. By itself it would be taken down by whichever thread ends the process, while links on others still use it: a crash in place of an end.
    /// Takes effect before anything else of TLS was used.
    public static func stayToTheEnd() { OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }
}
