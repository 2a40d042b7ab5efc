import CHTTPParser

/// One complete head, read by http-parser and then judged by what it does not judge: versions, transfer codings, Host, the target.
enum HeadReader {
    enum Framing {
        case none
        case length(UInt64)
        case chunked
    }

    struct Head {
        let request: Request
        let framing: Framing
        let expectsContinue: Bool
        /// As it stands after the head: a chunked body goes on with it.
        let parser: http_parser
    }

    /// Where the callbacks put what they are told. Lives on the stack for one call.
    private struct Target {
        var base: UnsafePointer<CChar>
        var urlStart = 0
        var urlEnd = 0
        var fields: [Headers.Field] = []
    }

    static func read(_ bytes: [UInt8]) -> Result<Head, HTTPError> {
        precondition(bytes.count <= Int(UInt16.max), "heads are limited to less than 64 KiB")
        guard isRequestLine(bytes.prefix { $0 != 0x0D }) else {
            return .failure(HTTPError(400, "A request line is a method, a target and HTTP/1.1, with one space between."))
        }
        var parser = http_parser()
        http_parser_init(&parser, HTTP_REQUEST)
        var settings = http_parser_settings()
        settings.on_url = { parser, at, length in
            guard let parser, let at else { return 1 }
            let target = parser.pointee.data.assumingMemoryBound(to: Target.self)
            target.pointee.urlStart = at - target.pointee.base
            target.pointee.urlEnd = target.pointee.urlStart + length
            return 0
        }
        settings.on_header_field = { parser, at, length in
            guard let parser, let at else { return 1 }
            let target = parser.pointee.data.assumingMemoryBound(to: Target.self)
            let start = UInt16(truncatingIfNeeded: at - target.pointee.base)
            let end = start &+ UInt16(truncatingIfNeeded: length)
            target.pointee.fields.append(Headers.Field(nameStart: start, nameEnd: end, valueStart: end, valueEnd: end))
            return 0
        }
        settings.on_header_value = { parser, at, length in
            guard let parser, let at else { return 1 }
            let target = parser.pointee.data.assumingMemoryBound(to: Target.self)
            let last = target.pointee.fields.count - 1
            guard last >= 0 else { return 1 }
            let start = UInt16(truncatingIfNeeded: at - target.pointee.base)
            target.pointee.fields[last].valueStart = start
            target.pointee.fields[last].valueEnd = start &+ UInt16(truncatingIfNeeded: length)
            return 0
        }
        let target: Target? = bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            var target = Target(base: base)
            target.fields.reserveCapacity(12)
            withUnsafeMutablePointer(to: &target) { pointer in
                parser.data = UnsafeMutableRawPointer(pointer)
                _ = http_parser_execute(&parser, &settings, base, raw.count)
                parser.data = nil
            }
            return target
        }
        guard let target else { return .failure(HTTPError(400, "The head is empty.")) }
        if parser.http_errno != HPE_OK.rawValue { return .failure(refusal(http_errno(UInt32(parser.http_errno)), bytes)) }
        return judge(parser, bytes, target)
    }

    /// http-parser as it is packaged skips more than one space, and takes other letters for those of `HTTP` (RFC 9112 section 2.3).
    private static func isRequestLine(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.count(where: { $0 == 0x20 }) == 2, line.count > 9 else { return false }
        let version = Array(line.suffix(9))
        return version.starts(with: " HTTP/".utf8) && (0x30...0x39).contains(version[6]) && version[7] == 0x2E
            && (0x30...0x39).contains(version[8])
    }

    private static func refusal(_ code: http_errno, _ bytes: [UInt8]) -> HTTPError {
        switch code {
        case HPE_INVALID_METHOD:
            let method = bytes.prefix(while: { $0 != 0x20 })
            let isToken = !method.isEmpty && method.allSatisfy { ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x2D }
            return isToken && method.count <= 32
                ? HTTPError(501, "This method is not known here.") : HTTPError(400, "The request line does not begin with a method.")
        case HPE_INVALID_VERSION:
            return HTTPError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        case HPE_HEADER_OVERFLOW:
            return HTTPError(431, "The head is too long.")
        case HPE_INVALID_TRANSFER_ENCODING:
            return HTTPError(501, "The only transfer coding understood is: chunked.")
        case HPE_UNEXPECTED_CONTENT_LENGTH, HPE_INVALID_CONTENT_LENGTH:
            return HTTPError(400, "Content-Length must come at most once, as a number, and not beside Transfer-Encoding.")
        default:
            return HTTPError(400, "The request can't be parsed: \(String(cString: http_errno_description(code))).")
        }
    }

    private static func judge(_ parser: http_parser, _ bytes: [UInt8], _ target: Target) -> Result<Head, HTTPError> {
        guard parser.http_major == 1, parser.http_minor <= 1 else {
            return .failure(HTTPError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."))
        }
        let isVersion11 = parser.http_minor == 1
        var fields = target.fields
        for i in fields.indices {
            guard isToken(bytes[Int(fields[i].nameStart)..<Int(fields[i].nameEnd)]) else { return .failure(badName) }
            while fields[i].valueEnd > fields[i].valueStart, isBlank(bytes[Int(fields[i].valueEnd) - 1]) { fields[i].valueEnd -= 1 }
        }
        let headers = Headers(bytes: bytes, fields: fields)
        let hosts = headers.count("host")
        guard hosts == 1 || (hosts == 0 && !isVersion11) else {
            return .failure(HTTPError(400, "Exactly one Host field is expected; \(hosts) came."))
        }
        guard let name = http_method_str(http_method(UInt32(parser.method))), let method = HTTPMethod(rawValue: String(cString: name))
        else {
            return .failure(HTTPError(501, "This method is not known here."))
        }
        let framing: Framing
        switch Self.framing(headers, parser, isVersion11) {
        case .failure(let error): return .failure(error)
        case .success(let found): framing = found
        }
        var expectsContinue = false
        if let expectation = headers["expect"] {
            guard expectation.lowercased() == "100-continue" else {
                return .failure(HTTPError(417, "The only expectation understood is: 100-continue."))
            }
            expectsContinue = isVersion11
        }
        guard let parts = TargetParts(bytes[target.urlStart..<target.urlEnd], method) else {
            return .failure(HTTPError(400, "The request's target is not a path that can be decoded, or has a part that is . or .."))
        }
        let flags = UInt32(parser.flags)
        let keepsAlive =
            isVersion11
            ? flags & F_CONNECTION_CLOSE.rawValue == 0
            : flags & F_CONNECTION_KEEP_ALIVE.rawValue != 0 && flags & F_CONNECTION_CLOSE.rawValue == 0
        let asksForWebSocket =
            flags & F_UPGRADE.rawValue != 0 && headers.lists("connection", "upgrade") && headers.lists("upgrade", "websocket")
        let request = Request(
            method: method, path: parts.path, segments: parts.segments, queryText: parts.query, headers: headers,
            isVersion11: isVersion11, keepsAlive: keepsAlive, asksForWebSocket: asksForWebSocket)
        return .success(Head(request: request, framing: framing, expectsContinue: expectsContinue, parser: parser))
    }

    /// RFC 9112 section 6: one length, in one way, or none.
    private static func framing(_ headers: Headers, _ parser: http_parser, _ isVersion11: Bool) -> Result<Framing, HTTPError> {
        let codings = headers.count("transfer-encoding")
        let lengths = headers.count("content-length")
        guard codings + lengths <= 1 else {
            return .failure(HTTPError(400, "Content-Length must come at most once, as a number, and not beside Transfer-Encoding."))
        }
        if codings == 1 {
            guard isVersion11 else { return .failure(HTTPError(400, "HTTP/1.0 has no transfer codings.")) }
            guard headers["transfer-encoding"]?.lowercased() == "chunked" else {
                return .failure(HTTPError(501, "The only transfer coding understood is: chunked."))
            }
            return .success(.chunked)
        }
        guard lengths == 1 else { return .success(.none) }
        guard let text = headers["content-length"], !text.isEmpty, text.utf8.count <= 18,
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let value = UInt64(text)
        else {
            return .failure(HTTPError(400, "Content-Length must come at most once, as a number, and not beside Transfer-Encoding."))
        }
        return .success(value == 0 ? .none : .length(value))
    }

    /// http-parser as it is packaged lets white space stand in names and before the colon: a proxy that reads `Content-Length :` otherwise
    /// than we do would see another request (RFC 9112 section 5.1).
    static let badName = HTTPError(
        400, "A field's name is empty or holds a character that no name may have, such as a space before the colon.")

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// A request's target, taken apart. Origin form and absolute form (RFC 9112 section 3.2); `*` for OPTIONS alone.
struct TargetParts {
    let path: String
    let segments: [String]
    let query: String?

    init?(_ target: ArraySlice<UInt8>, _ method: HTTPMethod) {
        var target = target
        if target.elementsEqual([0x2A]), method == .options {
            (path, segments, query) = ("*", [], nil)
            return
        }
        for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
            target = target.dropFirst(scheme.utf8.count)
            // The path may be missing: then it is / (RFC 9112 section 3.2.1).
            let end = target.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? target.endIndex
            guard end > target.startIndex else { return nil }
            target = target[end...]
            if target.first != 0x2F { target = ([0x2F] + target)[...] }
        }
        guard target.first == 0x2F, !target.contains(where: { $0 == 0x23 || $0 <= 0x20 || $0 >= 0x7F }) else { return nil }
        let mark = target.firstIndex(of: 0x3F)
        let pathBytes = target[..<(mark ?? target.endIndex)]
        var segments: [String] = []
        for part in pathBytes.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst() {
            guard let text = percentDecoded(part), text != ".", text != ".." else { return nil }
            segments.append(text)
        }
        if segments.last == "" { segments.removeLast() }
        path = String(decoding: pathBytes, as: UTF8.self)
        query = mark.map { String(decoding: target[($0 + 1)...], as: UTF8.self) }
        self.segments = segments
    }
}
