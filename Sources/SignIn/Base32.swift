/// Base32 (RFC 4648), without padding: how apps for one-time codes want their secrets.
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    public static func text(of bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        var (held, bits) = (0, 0)
        for byte in bytes {
            (held, bits) = (held << 8 | Int(byte), bits + 8)
            while bits >= 5 {
                bits -= 5
                digits.append(alphabet[held >> bits & 31])
            }
            held &= (1 << bits) - 1
        }
        if bits > 0 { digits.append(alphabet[held << (5 - bits) & 31]) }
        return String(decoding: digits, as: UTF8.self)
    }

    /// In either case; `nil` for anything else, bits that are left over included.
    public static func bytes(of text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (held, bits) = (0, 0)
        for character in text.utf8 {
            // Small letters as capitals; what only looks like a letter is none.
            let capital = (0x61...0x7a).contains(character) ? character - 0x20 : character
            guard let digit = alphabet.firstIndex(of: capital) else { return nil }
            (held, bits) = (held << 5 | digit, bits + 5)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(held >> bits))
                held &= (1 << bits) - 1
            }
        }
        return bits < 5 && held == 0 ? bytes : nil
    }

    /// In groups of four, as people read and type.
    public static func grouped(_ text: String, by separator: String) -> String {
        var groups: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            groups.append(String(rest.prefix(4)))
            rest = rest.dropFirst(4)
        }
        return groups.joined(separator: separator)
    }
}
