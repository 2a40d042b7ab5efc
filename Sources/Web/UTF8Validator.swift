/// Whether bytes that come in pieces are UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF). Says no at the first byte that can't be.
struct UTF8Validator {
    private var pending = 0
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    /// True where the bytes so far end with a whole character.
    var isComplete: Bool { pending == 0 }

    mutating func accepts(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var i = 0
        while i < bytes.count {
            if pending == 0 {
                while i + 8 <= bytes.count,
                    UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + i).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    i += 8  // the base address exists: the buffer holds at least eight bytes
                }
                guard i < bytes.count else { return true }
            }
            guard accepts(bytes[i]) else { return false }
            i += 1
        }
        return true
    }

    private mutating func accepts(_ byte: UInt8) -> Bool {
        if pending > 0 {
            guard byte >= lower, byte <= upper else { return false }
            (lower, upper) = (0x80, 0xBF)
            pending -= 1
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: pending = 1
        case 0xE0: (pending, lower) = (2, 0xA0)
        case 0xED: (pending, upper) = (2, 0x9F)
        case 0xE1...0xEF: pending = 2
        case 0xF0: (pending, lower) = (3, 0x90)
        case 0xF1...0xF3: pending = 3
        case 0xF4: (pending, upper) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
