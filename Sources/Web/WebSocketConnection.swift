/// What came whole, fragments put together.
public struct WebSocketMessage: Sendable, Equatable {
    /// True: `bytes` are valid UTF-8.
    public let isText: Bool
    public let bytes: [UInt8]

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// One WebSocket connection (RFC 6455) after its handshake, either side of it. Pure: bytes in through `receive`, events out through `next`,
/// frames to send through `takeOutput`.
///
/// Pings are answered here. A protocol failure sends a close frame with its code and ends with `.closed`; nothing that comes later is looked at.
public struct WebSocketConnection: ~Copyable {
    public enum Event: Equatable {
        case message(WebSocketMessage)
        case pong([UInt8])
        /// The last event. Write the output, then end the stream.
        case closed(code: UInt16, reason: String)
    }

    public enum Role: Sendable {
        case server
        case client
    }

    /// Close codes of RFC 6455 section 7.4.1 that are used here.
    public enum Code {
        public static let normal: UInt16 = 1000
        public static let goingAway: UInt16 = 1001
        public static let protocolError: UInt16 = 1002
        /// Never sent: the peer's close frame had none.
        public static let none: UInt16 = 1005
        /// Never sent: the stream ended without a close frame.
        public static let abnormal: UInt16 = 1006
        public static let invalidText: UInt16 = 1007
        public static let policy: UInt16 = 1008
        public static let tooBig: UInt16 = 1009
        public static let tryAgainLater: UInt16 = 1013
    }

    let role: Role
    let limits: WebSocketLimits
    private let makeMask: () -> UInt32
    private let reader = WebSocketFrameReader()
    private var events: [Event] = []
    private var nextEvent = 0
    private var output: [UInt8] = []
    private var streamQueuedBytes = 0
    public private(set) var isCloseSent = false
    private var isEnded = false
    public private(set) var hasOverflowed = false
    private var closeSentMs: UInt64 = 0

    private var message: [UInt8] = []
    private var messageOpcode: UInt8?
    private var fragments = 0
    private var validator = UTF8Validator()
    private var control: [UInt8] = []
    private var frameRemaining: UInt64 = 0
    private var isInFrame = false

    /// - Parameter makeMask: fresh random bits for each frame of a client (RFC 6455 section 10.3); not called for a server.
    public init(role: Role, limits: WebSocketLimits, makeMask: @escaping () -> UInt32 = { 0 }) {
        self.role = role
        self.limits = limits
        self.makeMask = makeMask
    }

    /// False once a close frame was sent or the connection has ended: nothing more can be sent.
    public var isOpen: Bool { !isCloseSent && !isEnded }

    public mutating func next() -> Event? {
        guard nextEvent < events.count else {
            events.removeAll(keepingCapacity: events.capacity <= 8)
            nextEvent = 0
            return nil
        }
        defer { nextEvent += 1 }
        return events[nextEvent]
    }

    public mutating func takeOutput() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &output)
        return taken
    }

    /// How much the stream holds that the peer has not taken.
    public mutating func outputQueued(_ bytes: Int) { streamQueuedBytes = bytes }

    public var queuedBytes: Int { streamQueuedBytes + output.count }

    // MARK: Sending

    /// - Returns: false where nothing was queued: the queue is full (`hasOverflowed` is then true), or the connection is closing.
    @discardableResult
    public mutating func send(_ payload: some Collection<UInt8>, isText: Bool) -> Bool {
        guard isOpen, !hasOverflowed else { return false }
        guard queuedBytes + payload.count + 14 <= limits.queueBytesMax else {
            hasOverflowed = true
            return false
        }
        append(isText ? WebSocketOpcode.text : WebSocketOpcode.binary, payload)
        return true
    }

    /// A text that may pass the queue's bound by 4 KiB: what is said before `close` to a client that does not keep up.
    mutating func sendLast(_ payload: some Collection<UInt8>) {
        guard isOpen, payload.count <= 4 * 1024 else { return }
        append(WebSocketOpcode.text, payload)
    }

    /// At most 125 bytes; more are cut off. Not sent while the queue is full.
    public mutating func ping(_ payload: [UInt8] = []) {
        guard isOpen, queuedBytes <= limits.queueBytesMax else { return }
        append(WebSocketOpcode.ping, payload.prefix(125))
    }

    /// Begins the closing handshake; `reason` is cut to 123 bytes at a character. Idempotent.
    public mutating func close(code: UInt16, reason: String, nowMs: UInt64) {
        guard isOpen else { return }
        var text = Substring(reason)
        while text.utf8.count > 123 { text.removeLast() }
        sendClose([UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)] + Array(text.utf8), nowMs)
    }

    /// True when the peer has not answered our close frame in time: drop the stream.
    public func isCloseOverdue(nowMs: UInt64) -> Bool { isCloseSent && nowMs >= closeSentMs + limits.closeTimeoutMs }

    private mutating func sendClose(_ payload: [UInt8], _ nowMs: UInt64) {
        append(WebSocketOpcode.close, payload)
        isCloseSent = true
        closeSentMs = nowMs
    }

    private mutating func append(_ opcode: UInt8, _ payload: some Collection<UInt8>) {
        WebSocketFrameWriter.append(opcode, payload, mask: role == .client ? makeMask() : nil, to: &output)
    }

    // MARK: Receiving

    public mutating func receive(_ bytes: UnsafeRawBufferPointer, nowMs: UInt64) {
        guard !isEnded else { return }
        // The reader calls back while `self` is borrowed by nobody else: the closure runs inside this call.
        let isWellFormed = withUnsafeMutablePointer(to: &self) { this in
            this.pointee.reader.read(bytes.bindMemory(to: UInt8.self)) { part in
                this.pointee.take(part, nowMs)
                return !this.pointee.isEnded
            }
        }
        if !isWellFormed { fail(Code.protocolError, "A frame is malformed.", nowMs) }
    }

    /// The stream ended.
    public mutating func receiveEnd() { end(Code.abnormal, "") }

    private mutating func end(_ code: UInt16, _ reason: String) {
        guard !isEnded else { return }
        isEnded = true
        message = []
        control = []
        events.append(.closed(code: code, reason: reason))
    }

    private mutating func fail(_ code: UInt16, _ reason: String, _ nowMs: UInt64) {
        close(code: code, reason: reason, nowMs: nowMs)
        end(code, reason)
    }

    private mutating func take(_ part: WebSocketFrameReader.Part, _ nowMs: UInt64) {
        if !isInFrame {
            if let (code, reason) = judge(part) { return fail(code, reason, nowMs) }
            begin(part)
        }
        let isControl = part.opcode & 0x8 != 0
        if isControl {
            control.append(contentsOf: part.data)
        } else {
            if messageOpcode == WebSocketOpcode.text, !validator.accepts(part.data) {
                return fail(Code.invalidText, "A text message is not UTF-8.", nowMs)
            }
            message.append(contentsOf: part.data)
        }
        frameRemaining -= UInt64(part.data.count)
        guard frameRemaining == 0 else { return }
        isInFrame = false
        if isControl { return finishControl(part.opcode, nowMs) }
        if part.isFinal { finishMessage(nowMs) }
    }

    /// What is wrong with a frame's header, if something is.
    private func judge(_ part: WebSocketFrameReader.Part) -> (UInt16, String)? {
        guard part.reservedBits == 0 else { return (Code.protocolError, "A reserved bit is set; no extension was agreed on.") }
        guard part.isMasked == (role == .server) else {
            return (Code.protocolError, role == .server ? "A client must mask its frames." : "A server must not mask its frames.")
        }
        switch part.opcode {
        case WebSocketOpcode.close, WebSocketOpcode.ping, WebSocketOpcode.pong:
            guard part.isFinal, part.payloadBytes <= 125 else {
                return (Code.protocolError, "A control frame is fragmented or longer than 125 bytes.")
            }
            return nil
        case WebSocketOpcode.continuation:
            guard messageOpcode != nil else { return (Code.protocolError, "A continuation came without a message to continue.") }
        case WebSocketOpcode.text, WebSocketOpcode.binary:
            guard messageOpcode == nil else { return (Code.protocolError, "A message began inside another one.") }
        default:
            return (Code.protocolError, "The opcode is not known.")
        }
        guard part.payloadBytes <= UInt64(limits.messageBytesMax), message.count + Int(part.payloadBytes) <= limits.messageBytesMax else {
            return (Code.tooBig, "A message is longer than \(limits.messageBytesMax) bytes.")
        }
        guard fragments < limits.fragmentsMax else { return (Code.policy, "A message has more than \(limits.fragmentsMax) fragments.") }
        return nil
    }

    private mutating func begin(_ part: WebSocketFrameReader.Part) {
        isInFrame = true
        frameRemaining = part.payloadBytes
        if part.opcode & 0x8 != 0 {
            control = []
        } else {
            if part.opcode != WebSocketOpcode.continuation { messageOpcode = part.opcode }
            fragments += 1
        }
    }

    private mutating func finishMessage(_ nowMs: UInt64) {
        let isText = messageOpcode == WebSocketOpcode.text
        guard !isText || validator.isComplete else { return fail(Code.invalidText, "A text message ends inside a character.", nowMs) }
        var bytes: [UInt8] = []
        swap(&bytes, &message)
        messageOpcode = nil
        fragments = 0
        validator = UTF8Validator()
        // After our close frame nothing is delivered: the owner has said that it is done (RFC 6455 section 1.4).
        if !isCloseSent { events.append(.message(WebSocketMessage(isText: isText, bytes: bytes))) }
    }

    private mutating func finishControl(_ opcode: UInt8, _ nowMs: UInt64) {
        switch opcode {
        case WebSocketOpcode.ping:
            // A peer that sends pings and reads nothing gets no more pongs: it may answer the latest only (RFC 6455 section 5.5.3).
            if isOpen, queuedBytes <= limits.queueBytesMax { append(WebSocketOpcode.pong, control) }
        case WebSocketOpcode.pong:
            if !isCloseSent { events.append(.pong(control)) }
        default:
            finishClose(nowMs)
        }
    }

    private mutating func finishClose(_ nowMs: UInt64) {
        guard control.count != 1 else { return fail(Code.protocolError, "A close frame has half a code.", nowMs) }
        guard control.count >= 2 else {
            if isOpen { sendClose([], nowMs) }
            return end(Code.none, "")
        }
        let code = UInt16(control[0]) << 8 | UInt16(control[1])
        guard Self.mayBeSent(code) else { return fail(Code.protocolError, "The close code is not one that may be sent.", nowMs) }
        guard let reason = String(validating: control[2...], as: UTF8.self) else {
            return fail(Code.invalidText, "The reason of a close frame is not UTF-8.", nowMs)
        }
        if isOpen { sendClose(Array(control[..<2]), nowMs) }
        end(code, reason)
    }

    /// RFC 6455 section 7.4 and the IANA registry.
    static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// What always holds; called by tests after every step.
    public func checkInvariants() {
        precondition(message.count <= limits.messageBytesMax, "a message of \(message.count) bytes is held")
        precondition(control.count <= 125, "a control frame of \(control.count) bytes is held")
        precondition(!isEnded || message.isEmpty, "an ended connection holds a message")
        precondition(messageOpcode != nil || fragments == 0, "fragments without a message")
    }
}
