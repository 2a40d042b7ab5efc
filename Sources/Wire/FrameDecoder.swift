/// Cuts a byte stream into length-prefixed frames. Pure: bytes in, frames out.

public struct FrameDecoder: Sendable {
    public struct TooLong: Error, CustomStringConvertible {
        let bytes: Int
        /// It is the begin of TLS: of a handshake, or of an alert (RFC 8446, 5.1).
        public var isTLS: Bool { [0x1603, 0x1503].contains(bytes >> 16) }
        public var description: String {
            isTLS
                ? "the peer speaks TLS, and this node does not: give this node's file `tls: {ca, certificate, key}`; until then the peer's file needs `plainToo: true` there"
                : "a peer announced a frame of \(bytes) bytes; the most is \(PeerFrame.bytesMax): it speaks something else, or another version"
        }
    }

    private var buffer: [UInt8] = []
    private var start = 0

    public init() {}

    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 256 * 1024)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame, or `nil` until more bytes came.
    public mutating func next() throws(TooLong) -> [UInt8]? {
        guard buffer.count - start >= 4 else { return nil }
        let length = buffer[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= PeerFrame.bytesMax else { throw TooLong(bytes: length) }
        guard buffer.count - start - 4 >= length else {
            // Keep what is unread at the front, so that the buffer never grows beyond one frame and one read.
            if start > 0 {
                buffer.removeSubrange(0..<start)
                start = 0
            }
            return nil
        }
        let frame = Array(buffer[start + 4..<start + 4 + length])
        start += 4 + length
        return frame
    }

    /// The frame's bytes with their length before them.
    public static func framed(_ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 4)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: body.count >> shift)) }
        bytes += body
        return bytes
    }
}
