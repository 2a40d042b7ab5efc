import EventLoop

/// Why a request or a connection of a client failed.
public enum HTTPClientError: Error, Sendable, CustomStringConvertible {
    /// Expected `http://host:port/path` (or `ws:`); `https` and `wss` need `secure`.
    case badURL(String)
    case connection(LoopError)
    /// TLS failed; the sentence says why.
    case insecure(String)
    case timedOut(ms: UInt64)
    case malformedResponse(String)
    case responseTooLong(bytesMax: Int)

    public var description: String {
        switch self {
        case .badURL(let url): "expected http://host:port/path, or ws://, came \"\(url.prefix(200))\""
        case .connection(let error): "\(error)"
        case .insecure(let why): why
        case .timedOut(let ms): "expected an answer within \(ms) ms, none came; is the other side overloaded?"
        case .malformedResponse(let what): "expected an HTTP response: \(what)"
        case .responseTooLong(let max): "expected a response of at most \(max) bytes, a longer one came"
        }
    }
}

/// A URL as our clients need it: no user, no fragment.
struct ClientURL {
    let host: String
    let port: UInt16
    let isSecure: Bool
    /// Path and query.
    let target: String

    /// The value of `Host`.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    init?(_ text: String) {
        guard let colon = text.firstRange(of: "://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        switch text[..<colon.lowerBound].lowercased() {
        case "http", "ws": isSecure = false
        case "https", "wss": isSecure = true
        default: return nil
        }
        let rest = text[colon.upperBound...]
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let tail = rest[slash...].prefix { $0 != "#" }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
        var authority = rest[..<slash]
        var port: UInt16 = isSecure ? 443 : 80
        if let mark = authority.lastIndex(of: ":"), !authority[mark...].contains("]") {
            guard let given = UInt16(authority[authority.index(after: mark)...]) else { return nil }
            port = given
            authority = authority[..<mark]
        }
        if authority.hasPrefix("["), authority.hasSuffix("]") { authority = authority.dropFirst().dropLast() }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        host = String(authority)
        self.port = port
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}

/// One request on a connection of its own: for the terminal client, checks and measurements. Call it on the loop that it is given.
public final class HTTPClient {
    /// Makes the encrypted stream for `https`; the second argument is the host's name.
    public typealias Secure = (TCPStream, String) -> any ByteStream
    public static let responseBytesMax = 8 * 1024 * 1024

    private let loop: Loop
    private let timeoutMs: UInt64
    private let isHead: Bool
    private var parser: HTTPResponseParser
    private var stream: (any ByteStream)?
    private var attempt: ConnectAttempt?
    private let timer: EventLoop.Timer
    private var completion: ((Result<HTTPClientResponse, HTTPClientError>) -> Void)?

    /// Sends a request; `completion` is called exactly once, on the loop, never from inside this call.
    public static func request(
        on loop: Loop, _ method: HTTPMethod = .get, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        timeoutMs: UInt64 = 10_000, secure: Secure? = nil, completion: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        guard let target = ClientURL(url), !target.isSecure || secure != nil else {
            return loop.deferToIterationEnd { completion(.failure(.badURL(url))) }
        }
        let client = HTTPClient(loop, timeoutMs, isHead: method == .head, completion)
        client.start(method, target, headers, body, secure)
    }

    /// POST of JSON.
    public static func postJSON(
        on loop: Loop, _ url: String, _ json: String, headers: [(name: String, value: String)] = [], timeoutMs: UInt64 = 10_000,
        completion: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        request(
            on: loop, .post, url, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8), timeoutMs: timeoutMs,
            completion: completion)
    }

    private init(
        _ loop: Loop, _ timeoutMs: UInt64, isHead: Bool, _ completion: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        self.loop = loop
        self.timeoutMs = timeoutMs
        self.isHead = isHead
        self.completion = completion
        parser = HTTPResponseParser(bytesMax: Self.responseBytesMax, isHead: isHead)
        timer = EventLoop.Timer(on: loop)
    }

    private func start(
        _ method: HTTPMethod, _ url: ClientURL, _ headers: [(name: String, value: String)], _ body: [UInt8], _ secure: Secure?
    ) {
        timer.start(afterMs: timeoutMs) { self.finish(.failure(.timedOut(ms: self.timeoutMs))) }
        var fields = [("Host", url.authority), ("User-Agent", Web.clientAgent), ("Connection", "close")] + headers
        if !body.isEmpty || method == .post || method == .put { fields.append(("Content-Length", String(body.count))) }
        let head = requestHead(method.rawValue, url.target, fields)
        attempt = TCPStream.connect(on: loop, host: url.host, port: url.port, timeoutMs: timeoutMs) { result in
            self.attempt = nil
            switch result {
            case .failure(let error): self.finish(.failure(.connection(error)))
            case .success(let tcp):
                guard self.completion != nil else { return tcp.close() }
                let stream: any ByteStream = url.isSecure ? secure?(tcp, url.host) ?? tcp : tcp
                self.stream = stream
                stream.onEnd = { self.ended($0) }
                stream.onRead = { self.judge(self.parser.receive($0)) }
                stream.write(contentsOf: [head, body])
            }
        }
    }

    private func ended(_ end: StreamEnd) {
        switch end {
        case .eof: judge(parser.receiveEnd())
        case .error(let error): finish(.failure(.connection(error)))
        case .insecure(let why): finish(.failure(.insecure(why)))
        case .closed: finish(.failure(.malformedResponse("the connection was closed here")))
        }
    }

    private func judge(_ outcome: HTTPResponseParser.Outcome) {
        switch outcome {
        case .needMore: break
        case .response(let response): finish(.success(response))
        case .upgraded: finish(.failure(.malformedResponse("101 came to a request that did not ask for it")))
        case .malformed(let what): finish(.failure(.malformedResponse(what)))
        case .tooLong: finish(.failure(.responseTooLong(bytesMax: Self.responseBytesMax)))
        }
    }

    private func finish(_ result: Result<HTTPClientResponse, HTTPClientError>) {
        guard let completion else { return }
        self.completion = nil
        timer.close()
        attempt?.cancel()
        stream?.close()
        stream = nil
        completion(result)
    }
}

/// A request's head. Fields with CR, LF or NUL are left out.
func requestHead(_ method: String, _ target: String, _ fields: [(name: String, value: String)]) -> [UInt8] {
    var text = "\(method) \(target) HTTP/1.1\r\n"
    for (name, value) in fields where !(name + value).utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) {
        text += "\(name): \(value)\r\n"
    }
    return Array((text + "\r\n").utf8)
}
