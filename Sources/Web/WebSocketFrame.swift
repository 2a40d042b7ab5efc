import CWslay

enum WebSocketOpcode {
    static let continuation: UInt8 = 0x0
    static let text: UInt8 = 0x1
    static let binary: UInt8 = 0x2
    static let close: UInt8 = 0x8
    static let ping: UInt8 = 0x9
    static let pong: UInt8 = 0xA
}

/// WebSocket frames out of bytes, by libwslay; the one type that knows that library.
///
/// libwslay's context holds a buffer of 4 KiB, so it is made for the first bytes of a frame and freed where a frame ends with the bytes:
/// an idle connection holds none. Pure but for that memory.
final class WebSocketFrameReader {
    /// Part of a frame's payload, unmasked; `data` is valid until the next call.
    struct Part {
        let isFinal: Bool
        let reservedBits: UInt8
        let opcode: UInt8
        let isMasked: Bool
        let payloadBytes: UInt64
        let data: UnsafeBufferPointer<UInt8>
    }

    enum Outcome {
        case part(Part)
        case needMore
        case malformed
    }

    /// What libwslay's callback reads from.
    private struct Source {
        var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var at = 0
        /// Bytes that libwslay took and that belong to no part given so far.
        var heldBytes = 0
    }

    private var context: wslay_frame_context_ptr?
    private let source: UnsafeMutablePointer<Source>

    init() {
        source = .allocate(capacity: 1)
        source.initialize(to: Source())
    }

    deinit {
        release()
        source.deallocate()
    }

    /// Gives `part` every part in the bytes until it returns false.
    /// - Returns: false where the frames are malformed.
    func read(_ bytes: UnsafeBufferPointer<UInt8>, part: (Part) -> Bool) -> Bool {
        source.pointee = Source(bytes: bytes, heldBytes: source.pointee.heldBytes)
        defer { source.pointee.bytes = UnsafeBufferPointer(start: nil, count: 0) }
        while true {
            switch next() {
            case .malformed: return false
            case .needMore:
                if source.pointee.heldBytes == 0, frameRemaining == 0 { release() }
                return true
            case .part(let found):
                account(found)
                guard part(found) else { return true }
            }
        }
    }

    /// Payload of the current frame that has not been given yet.
    private var frameRemaining: UInt64 = 0

    /// libwslay reads ahead: what it holds beyond the parts that it gave is the header of the next frame, and must not be freed.
    private func account(_ part: Part) {
        if frameRemaining == 0 {
            let lengthBytes = part.payloadBytes < 126 ? 0 : part.payloadBytes <= 0xFFFF ? 2 : 8
            source.pointee.heldBytes -= 2 + lengthBytes + (part.isMasked ? 4 : 0)
            frameRemaining = part.payloadBytes
        }
        source.pointee.heldBytes -= part.data.count
        frameRemaining -= UInt64(part.data.count)
    }

    private func next() -> Outcome {
        if context == nil {
            guard source.pointee.at < source.pointee.bytes.count else { return .needMore }
            var callbacks = wslay_frame_callbacks()
            callbacks.recv_callback = { buffer, count, _, data in
                guard let buffer, let source = data?.assumingMemoryBound(to: Source.self) else { return -1 }
                let available = source.pointee.bytes.count - source.pointee.at
                let taken = min(count, available)
                guard taken > 0, let base = source.pointee.bytes.baseAddress else { return -1 }
                buffer.update(from: base + source.pointee.at, count: taken)
                source.pointee.at += taken
                source.pointee.heldBytes += taken
                return taken
            }
            guard wslay_frame_context_init(&context, &callbacks, source) == 0 else { return .malformed }
        }
        var frame = wslay_frame_iocb()
        let result = wslay_frame_recv(context, &frame)
        if result == Int(WSLAY_ERR_WANT_READ.rawValue) { return .needMore }
        guard result >= 0 else { return .malformed }
        return .part(
            Part(
                isFinal: frame.fin != 0, reservedBits: frame.rsv, opcode: frame.opcode, isMasked: frame.mask != 0,
                payloadBytes: frame.payload_length, data: UnsafeBufferPointer(start: frame.data, count: frame.data_length)))
    }

    private func release() {
        if let context { wslay_frame_context_free(context) }
        context = nil
    }
}

/// Frames into bytes (RFC 6455 section 5.2).
enum WebSocketFrameWriter {
    /// - Parameter mask: for clients; servers send unmasked.
    static func append(_ opcode: UInt8, _ payload: some Collection<UInt8>, mask: UInt32?, isFinal: Bool = true, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + payload.count + 14)
        output.append((isFinal ? 0x80 : 0) | opcode)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case 0...125: output.append(maskBit | UInt8(payload.count))
        case 126...0xFFFF:
            output.append(maskBit | 126)
            for shift in [8, 0] { output.append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        default:
            output.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) { output.append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        }
        guard let mask else {
            output.append(contentsOf: payload)
            return
        }
        let key = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mask >> UInt32($0)) }
        output.append(contentsOf: key)
        var i = 0
        for byte in payload {
            output.append(byte ^ key[i & 3])
            i += 1
        }
    }
}
