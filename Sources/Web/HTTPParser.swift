import CHTTPParser

/// HTTP/1.1 requests out of bytes: the one type that knows http-parser, which is at its end of life upstream and will be replaced by llhttp.
///
/// Pure: bytes in through `receive`, events out through `next`. It is stricter than the C parser where that is lenient: see `HeadScanner`,
/// `HeadReader` and `ChunkedBody`. After `.refused` it stays refused.
public struct HTTPParser {
    public enum Event {
        /// A request with a body begins. Set `bodyBytesMax` for its route, then call `next` again. The request's body is still empty.
        case head(Request, expectsContinue: Bool)
        case request(Request)
        case refused(HTTPError)
    }

    enum Phase {
        case head
        case fixedBody(Request, byteCount: Int)
        case chunkedBody(Request, ChunkedBody)
        case refused(HTTPError)
    }

    /// The most that the body of the current request may have. Set at `.head`; back to the default with each request.
    public var bodyBytesMax: Int
    let limits: WebLimits
    private var input: [UInt8] = []
    private var start = 0
    private var scanner = HeadScanner()
    private var hasSkippedEmptyLine = false
    private(set) var phase = Phase.head
    /// The last head without a body, and what it meant: pollers repeat their requests byte for byte on a kept-alive connection.
    private var lastHead: [UInt8] = []
    private var lastRequest: Request?

    public init(limits: WebLimits = WebLimits()) {
        self.limits = limits
        bodyBytesMax = limits.bodyBytesMax
    }

    /// Bytes that have come and are not parsed yet.
    public var pendingBytes: Int { input.count - start }

    public var isInBody: Bool {
        switch phase {
        case .fixedBody, .chunkedBody: true
        case .head, .refused: false
        }
    }

    public mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        if case .refused = phase { return }
        if start == input.count {
            input.removeAll(keepingCapacity: input.capacity <= 16 * 1024)
            start = 0
        } else if start > 64 * 1024 {
            input.removeFirst(start)
            start = 0
        }
        input.append(contentsOf: bytes)
    }

    /// What is left unparsed, for the protocol that the connection is upgraded to. Ends this parser's use.
    public mutating func takePending() -> [UInt8] {
        defer {
            input = []
            start = 0
        }
        return Array(input[start...])
    }

    /// The next event, or nil when more bytes are needed.
    public mutating func next() -> Event? {
        switch phase {
        case .refused(let error):
            return .refused(error)
        case .head:
            return nextHead()
        case .fixedBody(var request, let byteCount):
            guard byteCount <= bodyBytesMax else { return refuse(bodyTooLong) }
            guard pendingBytes >= byteCount else { return nil }
            request.body = Array(input[start..<start + byteCount])
            start += byteCount
            return finish(request)
        case .chunkedBody(var request, var body):
            phase = .head  // so that the body's bytes have one owner while they grow
            let outcome = input.withUnsafeBufferPointer { all in
                body.consume(UnsafeBufferPointer(rebasing: all[start...]), bodyBytesMax: bodyBytesMax, limits: limits)
            }
            switch outcome {
            case .consumed(let count, let isComplete):
                start += count
                guard isComplete else {
                    phase = .chunkedBody(request, body)
                    return nil
                }
                request.body = body.bytes
                return finish(request)
            case .refused(let error):
                return refuse(error)
            }
        }
    }

    private var bodyTooLong: HTTPError { HTTPError(413, "The body is longer than \(bodyBytesMax) bytes.") }

    private mutating func refuse(_ error: HTTPError) -> Event {
        phase = .refused(error)
        input = []
        start = 0
        return .refused(error)
    }

    private mutating func finish(_ request: Request) -> Event {
        phase = .head
        bodyBytesMax = limits.bodyBytesMax
        return .request(request)
    }

    private mutating func nextHead() -> Event? {
        if let repeated = repeatedRequest() { return .request(repeated) }
        guard skipEmptyLine(), start < input.count else { return nil }
        let outcome = input.withUnsafeBufferPointer { scanner.scan(UnsafeBufferPointer(rebasing: $0[start...]), limits: limits) }
        switch outcome {
        case .incomplete: return nil
        case .refused(let error): return refuse(error)
        case .complete(let byteCount):
            scanner = HeadScanner()
            hasSkippedEmptyLine = false
            let bytes = Array(input[start..<start + byteCount])
            start += byteCount
            switch HeadReader.read(bytes) {
            case .failure(let error): return refuse(error)
            case .success(let head): return begin(head, bytes)
            }
        }
    }

    private mutating func begin(_ head: HeadReader.Head, _ bytes: [UInt8]) -> Event {
        switch head.framing {
        case .none:
            if bytes.count <= 2 * 1024 {
                lastHead = bytes
                lastRequest = head.request
            }
            return finish(head.request)
        case .length(let byteCount):
            guard let count = Int(exactly: byteCount) else { return refuse(bodyTooLong) }
            phase = .fixedBody(head.request, byteCount: count)
        case .chunked:
            phase = .chunkedBody(head.request, ChunkedBody(after: head.parser))
        }
        return .head(head.request, expectsContinue: head.expectsContinue)
    }

    private mutating func repeatedRequest() -> Request? {
        guard let lastRequest, pendingBytes >= lastHead.count else { return nil }
        let isSame = input.withUnsafeBufferPointer { all in
            lastHead.withUnsafeBufferPointer { last in all[start..<start + last.count].elementsEqual(last) }
        }
        guard isSame else { return nil }
        start += lastHead.count
        scanner = HeadScanner()
        hasSkippedEmptyLine = false
        return lastRequest
    }

    /// RFC 9112 section 2.2: one empty line before a request line is to be ignored.
    /// - Returns: false while it is not known whether one is there.
    private mutating func skipEmptyLine() -> Bool {
        guard !hasSkippedEmptyLine, scanner.isAtStart, start < input.count, input[start] == 0x0D else { return true }
        guard pendingBytes >= 2 else { return false }
        if input[start + 1] == 0x0A {
            start += 2
            hasSkippedEmptyLine = true
        }
        return true
    }
}
