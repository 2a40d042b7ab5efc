/// HTTP/2's frames (RFC 9113, section 4) as far as `PutStream` needs them.

struct HTTP2Frame {
    enum Kind: UInt8 {
        case data = 0
        case headers = 1
        case resetStream = 3
        case settings = 4
        case ping = 6
        case goAway = 7
        case windowUpdate = 8
        case continuation = 9
    }
    enum Flag {
        static let endStream: UInt8 = 1
        static let ack: UInt8 = 1
        static let endHeaders: UInt8 = 4
    }

    static let headBytes = 9
    /// What a peer may send as long as we have not allowed more.
    static let payloadBytesMax = 16_384

    /// `nil` for kinds that may be ignored.
    var kind: Kind?
    var flags: UInt8
    var stream: UInt32
    var payload: ArraySlice<UInt8>

    static func append(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8], to bytes: inout [UInt8]) {
        for shift in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        bytes.append(kind.rawValue)
        bytes.append(flags)
        bytes += word(stream)
        bytes += payload
    }

    static func word(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) } }

    static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// The first whole frame of `bytes`, or `nil` until more came.
    static func first(of bytes: ArraySlice<UInt8>) throws(PutStream.Failure) -> HTTP2Frame? {
        guard bytes.count >= headBytes else { return nil }
        let start = bytes.startIndex
        let length = bytes[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
        guard length <= payloadBytesMax else { throw .init("a frame of at most \(payloadBytesMax) bytes was expected, came \(length)") }
        guard bytes.count >= headBytes + length else { return nil }
        let payload = bytes[start + headBytes..<start + headBytes + length]
        return HTTP2Frame(
            kind: Kind(rawValue: bytes[start + 3]), flags: bytes[start + 4], stream: word(bytes[(start + 5)...]) & 0x7fff_ffff,
            payload: payload)
    }
}
