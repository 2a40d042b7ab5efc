/// The client's side of one HTTP/2 connection that puts the same key and value into etcd again and again, by gRPC
/// (`etcdserverpb.KV/Put`), with as many calls under way as its owner likes. Pure: bytes in, bytes and answers out.
///
/// It promises that a call counts as answered well only when the store sent a response message, not just an end. It decodes no header
/// fields: a call that fails has no message. Its owner compares the store's revision before and after, which shows that every call was applied.
public struct PutStream: Sendable {
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public var description: String
        init(_ description: String) { self.description = description }
    }

    public struct Answer: Hashable, Sendable {
        public var call: UInt32
        public var isGood: Bool
    }

    private let authority: String
    /// The gRPC message: a byte (not compressed), the length, the request.
    private let message: [UInt8]
    private var nextStream: UInt32 = 1
    private var sendWindow = 65_535
    private var received: [UInt8] = []
    private var calls: [UInt32: Bool] = [:]

    public var underWay: Int { calls.count }

    public init(authority: String, key: [UInt8], value: [UInt8]) {
        self.authority = authority
        // PutRequest: field 1 is the key, field 2 the value, both bytes.
        let request = [0x0a] + Self.varint(key.count) + key + [0x12] + Self.varint(value.count) + value
        message = [0] + HTTP2Frame.word(UInt32(request.count)) + request
    }

    /// What goes out first: the preface, our settings (the defaults), and a window for everything that will ever come back.
    public func opening() -> [UInt8] {
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        HTTP2Frame.append(.settings, [], to: &bytes)
        HTTP2Frame.append(.windowUpdate, HTTP2Frame.word(0x7fff_ffff - 65_535), to: &bytes)
        return bytes
    }

    /// Begins a call and appends its frames; `nil` while the store's window has no room for it.
    public mutating func put(into bytes: inout [UInt8]) -> UInt32? {
        guard sendWindow >= message.count else { return nil }
        sendWindow -= message.count
        let stream = nextStream
        HTTP2Frame.append(.headers, flags: HTTP2Frame.Flag.endHeaders, stream: stream, fields(isFirst: stream == 1), to: &bytes)
        HTTP2Frame.append(.data, flags: HTTP2Frame.Flag.endStream, stream: stream, message, to: &bytes)
        nextStream += 2
        calls[stream] = false
        return stream
    }

    /// The request's header fields (RFC 7541). The first request puts its own into the store's table, in this order; the later ones
    /// name them by index: 62 is the newest.
    private func fields(isFirst: Bool) -> [UInt8] {
        let post: UInt8 = 0x83
        let http: UInt8 = 0x86
        guard isFirst else { return [post, http, 0xc1, 0xc0, 0xbf, 0xbe] }
        func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
        let path = [0x44] + text("/etcdserverpb.KV/Put")
        let host = [0x41] + text(authority)
        let type = [0x5f] + text("application/grpc")
        let trailers = [0x40] + text("te") + text("trailers")
        return [post, http] + path + host + type + trailers
    }

    /// Takes bytes of the store; appends what has to be sent back.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, reply: inout [UInt8]) throws(Failure) -> [Answer] {
        received.append(contentsOf: bytes)
        var answers: [Answer] = []
        var rest = received[...]
        while let frame = try HTTP2Frame.first(of: rest) {
            rest = rest[frame.payload.endIndex...]
            if let answer = try take(frame, &reply) { answers.append(answer) }
        }
        received = Array(rest)
        return answers
    }

    private mutating func take(_ frame: HTTP2Frame, _ reply: inout [UInt8]) throws(Failure) -> Answer? {
        switch frame.kind {
        case .settings:
            guard frame.flags & HTTP2Frame.Flag.ack == 0 else { return nil }
            try check(settings: frame.payload)
            HTTP2Frame.append(.settings, flags: HTTP2Frame.Flag.ack, [], to: &reply)
        case .ping:
            guard frame.flags & HTTP2Frame.Flag.ack == 0 else { return nil }
            HTTP2Frame.append(.ping, flags: HTTP2Frame.Flag.ack, Array(frame.payload), to: &reply)
        case .windowUpdate: if frame.stream == 0 { sendWindow += Int(HTTP2Frame.word(frame.payload)) }
        case .data:
            if !frame.payload.isEmpty, calls[frame.stream] != nil { calls[frame.stream] = true }
            if frame.flags & HTTP2Frame.Flag.endStream != 0 { return end(frame.stream) }
        case .headers: if frame.flags & HTTP2Frame.Flag.endStream != 0 { return end(frame.stream) }
        case .resetStream:
            calls[frame.stream] = calls[frame.stream].map { _ in false }
            return end(frame.stream)
        case .goAway: throw Failure("the store ended the connection: \(String(decoding: frame.payload.dropFirst(8), as: UTF8.self))")
        case .continuation, nil: break
        }
        return nil
    }

    private mutating func end(_ stream: UInt32) -> Answer? {
        calls.removeValue(forKey: stream).map { Answer(call: stream, isGood: $0) }
    }

    /// The table of header fields and a call's window are taken to have their default sizes, or more.
    private func check(settings: ArraySlice<UInt8>) throws(Failure) {
        var rest = settings
        while rest.count >= 6 {
            let name = rest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
            let value = HTTP2Frame.word(rest.dropFirst(2))
            rest = rest.dropFirst(6)
            if name == 1, value < 4_096 { throw Failure("the store keeps a header table of \(value) bytes; 4096 were expected") }
            if name == 4, value < UInt32(message.count) {
                throw Failure("the store takes \(value) bytes of a call; \(message.count) are needed")
            }
        }
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
