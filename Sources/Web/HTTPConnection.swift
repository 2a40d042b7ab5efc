/// One HTTP/1.1 connection as the server sees it: bytes in, requests out, responses in, bytes out. Pure.
///
/// The shell calls `receive`, then `next` until it returns nil, then writes `takeOutput`. One request is out at a time: the next one is
/// parsed when `respond` was called, so responses leave in order and a pipeliner is held to `pipelinedBytesMax`.
public struct HTTPConnection {
    public enum Directive {
        /// A request begins that has a body: set `bodyBytesMax` for its route.
        case head(Request)
        /// Answer it with `respond` or `upgrade`, once, now or later.
        case request(Request)
        /// Write the output, say that we are done, and drop the connection when the peer closes or at `deadlineMs`.
        case close
    }

    public enum Phase: Equatable, Sendable {
        /// Nothing of a request has come.
        case idle
        case head
        case body
        case responding
        /// Everything that comes is thrown away.
        case closing
        case upgraded
    }

    let limits: WebLimits
    private var parser: HTTPParser
    public private(set) var phase = Phase.idle
    private var phaseSinceMs: UInt64
    private var isFirst = true
    private var hasEnded = false
    private var closeIsDue = false
    private var output: [UInt8] = []
    private var queuedBytes = 0
    private var stalledSinceMs: UInt64?
    private var expectsContinue = false
    private var current: (isHead: Bool, isVersion11: Bool, keepsAlive: Bool)?

    /// Field lines for every response, each with its CR LF.
    public var extraFields: [UInt8] = []

    public init(limits: WebLimits, nowMs: UInt64) {
        self.limits = limits
        parser = HTTPParser(limits: limits)
        phaseSinceMs = nowMs
    }

    /// The limit of the body whose `.head` was just given.
    public var bodyBytesMax: Int {
        get { parser.bodyBytesMax }
        set { parser.bodyBytesMax = newValue }
    }

    /// False while the shell should not read: a request waits for its answer and enough of the next ones has come, or responses pile up.
    public var wantsReading: Bool {
        switch phase {
        case .idle, .head: queuedBytes < limits.responseQueueBytesMax || parser.pendingBytes < limits.pipelinedBytesMax
        case .body, .closing, .upgraded: true
        case .responding: parser.pendingBytes < limits.pipelinedBytesMax
        }
    }

    public mutating func receive(_ bytes: UnsafeRawBufferPointer, nowMs: UInt64) {
        guard phase != .closing, phase != .upgraded else { return }
        parser.receive(bytes)
        if phase == .idle, parser.pendingBytes > 0 { enter(.head, nowMs) }
    }

    /// The peer will send nothing more. What it asked is still answered.
    public mutating func receiveEnd(nowMs: UInt64) {
        hasEnded = true
        if phase != .responding { closeSilently(nowMs) }
    }

    /// The next thing to do; nil when bytes, a response or room in the write queue are needed.
    public mutating func next(nowMs: UInt64) -> Directive? {
        if closeIsDue {
            closeIsDue = false
            return .close
        }
        guard phase == .idle || phase == .head || phase == .body, queuedBytes + output.count < limits.responseQueueBytesMax else {
            return nil
        }
        switch parser.next() {
        case nil:
            if hasEnded { closeSilently(nowMs) }
            if expectsContinue, phase == .body {
                expectsContinue = false
                output.append(contentsOf: "HTTP/1.1 100 Continue\r\n\r\n".utf8)
            }
            guard closeIsDue else { return nil }
            closeIsDue = false
            return .close
        case .head(let request, let expectsContinue):
            enter(.body, nowMs)
            self.expectsContinue = expectsContinue
            return .head(request)
        case .request(let request):
            expectsContinue = false
            current = (request.method == .head, request.isVersion11, request.keepsAlive && !hasEnded)
            enter(.responding, nowMs)
            isFirst = false
            return .request(request)
        case .refused(let error):
            refuse(error, nowMs)
            closeIsDue = false
            return .close
        }
    }

    /// Answers the request that is out. Without one (it was timed out, or answered before) nothing happens.
    /// - Parameters:
    ///   - closing: end the connection after this response, though the client would keep it.
    ///   - fields: header lines beside the response's own, each with its CR LF.
    public mutating func respond(
        _ response: PreparedResponse, date: HTTPDate, nowMs: UInt64, closing: Bool = false, fields: [UInt8] = []
    ) {
        self.date = date
        guard phase == .responding, let current else { return }
        self.current = nil
        let keeps = current.keepsAlive && !closing
        let connection: StaticString? = keeps ? (current.isVersion11 ? nil : "Connection: keep-alive\r\n") : "Connection: close\r\n"
        response.write(to: &output, date: date, withBody: !current.isHead, connection: connection, extra: extraFields + fields)
        if keeps {
            enter(parser.pendingBytes > 0 ? .head : .idle, nowMs)
        } else {
            enter(.closing, nowMs)
            closeIsDue = true
        }
    }

    /// Answers the request that is out with `101`; the connection is no longer HTTP.
    /// - Returns: what came behind the request: the first bytes of the new protocol.
    public mutating func upgrade(_ head: [UInt8], nowMs: UInt64) -> [UInt8] {
        precondition(phase == .responding, "only a request that is out can be upgraded")
        output.append(contentsOf: head)
        enter(.upgraded, nowMs)
        return parser.takePending()
    }

    /// To be called about every `sweepMs`. May make `next` return `.close`.
    /// - Returns: true when the connection is to be dropped at once: its peer takes nothing, or does not close.
    public mutating func tick(date: HTTPDate, nowMs: UInt64) -> Bool {
        self.date = date
        if let stalledSinceMs, nowMs >= stalledSinceMs + limits.writeTimeoutMs { return true }
        guard nowMs >= deadlineMs else { return false }
        switch phase {
        case .idle: closeSilently(nowMs)
        case .head:
            if queuedBytes >= limits.responseQueueBytesMax { return false }
            // Only an empty line came: no request has begun.
            if parser.pendingBytes == 0 { closeSilently(nowMs) } else { refuseLateHead(nowMs) }
        case .body: refuse(HTTPError(408, "The request's body did not arrive within \(limits.bodyTimeoutMs) ms."), nowMs)
        case .responding: refuse(HTTPError(503, "No answer was ready within \(limits.responseTimeoutMs) ms."), nowMs)
        case .closing: return true
        case .upgraded: break
        }
        return false
    }

    /// The peer has ended, we have too, and all is sent.
    func isFinished(queuedBytes: Int) -> Bool { phase == .closing && hasEnded && queuedBytes == 0 && output.isEmpty }

    /// When `tick` will have something to do.
    public var deadlineMs: UInt64 {
        switch phase {
        case .idle: phaseSinceMs + (isFirst ? limits.headTimeoutMs : limits.idleTimeoutMs)
        case .head: phaseSinceMs + limits.headTimeoutMs
        case .body: phaseSinceMs + limits.bodyTimeoutMs
        case .responding: phaseSinceMs + limits.responseTimeoutMs
        case .closing: phaseSinceMs + limits.lingerTimeoutMs + (queuedBytes > 0 ? limits.writeTimeoutMs : 0)
        case .upgraded: .max
        }
    }

    /// The bytes to write now. Report with `outputQueued` what of them waits in the stream.
    public mutating func takeOutput() -> [UInt8] {
        guard !output.isEmpty else { return [] }
        var taken: [UInt8] = []
        swap(&taken, &output)
        return taken
    }

    /// How much the stream holds that the peer has not taken.
    public mutating func outputQueued(_ bytes: Int, nowMs: UInt64) {
        if bytes == 0 {
            stalledSinceMs = nil
        } else if stalledSinceMs == nil || bytes < queuedBytes {
            stalledSinceMs = nowMs
        }
        queuedBytes = bytes
    }

    private var date = HTTPDate(unixSeconds: 0)

    /// The date for answers that the connection gives by itself.
    public mutating func setDate(_ date: HTTPDate) { self.date = date }

    private mutating func enter(_ phase: Phase, _ nowMs: UInt64) {
        self.phase = phase
        phaseSinceMs = nowMs
    }

    private mutating func refuse(_ error: HTTPError, _ nowMs: UInt64) {
        PreparedResponse(.error(error))
            .write(to: &output, date: date, withBody: true, connection: "Connection: close\r\n", extra: extraFields)
        current = nil
        enter(.closing, nowMs)
        closeIsDue = true
    }

    private mutating func refuseLateHead(_ nowMs: UInt64) {
        refuse(HTTPError(408, "The request's head did not arrive within \(limits.headTimeoutMs) ms."), nowMs)
    }

    private mutating func closeSilently(_ nowMs: UInt64) {
        guard phase != .closing else { return }
        enter(.closing, nowMs)
        closeIsDue = true
    }

    /// What always holds; called by tests after every step.
    public func checkInvariants() {
        precondition((current != nil) == (phase == .responding), "exactly a request that is out has a current: \(self)")
        precondition(phase != .idle || parser.pendingBytes == 0 || hasEnded, "an idle connection holds no bytes: \(self)")
    }
}
