/// Base64 in the alphabet for addresses, without padding (RFC 7515, appendix C), read strictly: each text is one sequence of bytes, and each of those one text.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8: Int] = Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($0.element, $0.offset) })

    package static func text(of bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 4 / 3 + 2)
        var (held, bits) = (0, 0)
        for byte in bytes {
            (held, bits) = (held << 8 | Int(byte), bits + 8)
            while bits >= 6 {
                bits -= 6
                digits.append(alphabet[held >> bits & 63])
            }
            held &= (1 << bits) - 1
        }
        if bits > 0 { digits.append(alphabet[held << (6 - bits) & 63]) }
        return String(decoding: digits, as: UTF8.self)
    }

    package static func bytes(of text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (held, bits) = (0, 0)
        for character in text.utf8 {
            guard let value = values[character] else { return nil }
            (held, bits) = (held << 6 | value, bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(held >> bits))
                held &= (1 << bits) - 1
            }
        }
        return bits < 6 && held == 0 ? bytes : nil
    }
}
