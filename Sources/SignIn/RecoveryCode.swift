/// Codes on paper for the day on which the phone is lost; each is good once.

import Sodium

public enum RecoveryCode {
    public static let count = 10
    /// 80 bits: nobody guesses one, so a plain hash keeps it (passwords need a slow one as people choose them).
    static let bytes = 10
    static let letters = 16
    public static let digestBytes = 16

    /// A new one, as it is shown.
    public static func make() throws(SodiumError) -> String {
        Base32.grouped(Base32.text(of: try Randomness.bytes(bytes)), by: "-")
    }

    /// What is kept of one, or looked up; `nil` for what cannot be one.
    /// - Parameter account: whose it is.
    public static func digest(_ code: String, of account: String) -> [UInt8]? {
        let plain = TypedCode.plain(code).uppercased()
        guard plain.utf8.count == letters, Base32.bytes(of: plain) != nil else { return nil }
        return Array(Hash.sha256(Array("callslip recovery \(account) \(plain)".utf8)).prefix(digestBytes))
    }
}

/// A code as people type it: in groups, with spaces or dashes.
public enum TypedCode {
    /// The longest that is looked at, in bytes.
    public static let bytesMax = 40
    public static func plain(_ text: String) -> String { text.filter { $0 != " " && $0 != "-" && $0 != "\u{a0}" } }
}
