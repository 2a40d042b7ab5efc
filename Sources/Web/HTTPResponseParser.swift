import CHTTPParser

/// A response as a client reads it.
public struct HTTPClientResponse: Sendable {
    public let status: Int
    /// Names in lower case, in order.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    public func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// HTTP/1.1 responses out of bytes, for our own clients. Pure. Beside `HTTPParser` the only type that knows http-parser.
package struct HTTPResponseParser {
    package enum Outcome {
        case needMore
        case response(HTTPClientResponse)
        /// 101: what follows the head is the other protocol's.
        case upgraded(HTTPClientResponse, rest: [UInt8])
        case malformed(String)
        case tooLong
    }

    private struct Target {
        var headers: [(name: [UInt8], value: [UInt8])] = []
        var lastWasValue = false
        var body: [UInt8] = []
        var headBytes = 0
        var isComplete = false
    }

    private var parser = http_parser()
    private var target = Target()
    private let bytesMax: Int
    private let isHead: Bool

    package init(bytesMax: Int, isHead: Bool) {
        self.bytesMax = bytesMax
        self.isHead = isHead
        http_parser_init(&parser, HTTP_RESPONSE)
    }

    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let used = execute(bytes)
        if target.body.count + target.headBytes > bytesMax { return .tooLong }
        if parser.upgrade != 0, parser.status_code == 101 { return .upgraded(response, rest: Array(bytes[min(used, bytes.count)...])) }
        // Whatever follows it: the parser pauses there.
        if target.isComplete { return .response(response) }
        if parser.http_errno != HPE_OK.rawValue {
            return .malformed(String(cString: http_errno_description(http_errno(UInt32(parser.http_errno)))))
        }
        return .needMore
    }

    /// The stream ended: for a response without length that is its end.
    package mutating func receiveEnd() -> Outcome {
        _ = execute(UnsafeRawBufferPointer(start: nil, count: 0))
        return target.isComplete ? .response(response) : .malformed("the stream ended inside the response")
    }

    private var response: HTTPClientResponse {
        HTTPClientResponse(
            status: Int(parser.status_code),
            headers: target.headers.map {
                (
                    String(decoding: $0.name, as: UTF8.self).lowercased(),
                    String(trimmed(Substring(String(decoding: $0.value, as: UTF8.self))))
                )
            }, body: target.body)
    }

    private mutating func execute(_ bytes: UnsafeRawBufferPointer) -> Int {
        var settings = http_parser_settings()
        settings.on_header_field = { parser, at, length in
            guard let parser, let at else { return 1 }
            let target = parser.pointee.data.assumingMemoryBound(to: Target.self)
            if target.pointee.headers.isEmpty || target.pointee.lastWasValue { target.pointee.headers.append(([], [])) }
            target.pointee.lastWasValue = false
            target.pointee.headers[target.pointee.headers.count - 1].name.append(
                contentsOf: UnsafeRawBufferPointer(start: at, count: length))
            target.pointee.headBytes += length
            return target.pointee.headers.count > 200 ? 1 : 0
        }
        settings.on_header_value = { parser, at, length in
            guard let parser, let at else { return 1 }
            let target = parser.pointee.data.assumingMemoryBound(to: Target.self)
            guard !target.pointee.headers.isEmpty else { return 1 }
            target.pointee.lastWasValue = true
            target.pointee.headers[target.pointee.headers.count - 1].value.append(
                contentsOf: UnsafeRawBufferPointer(start: at, count: length))
            target.pointee.headBytes += length
            return 0
        }
        settings.on_body = { parser, at, length in
            guard let parser, let at else { return 1 }
            parser.pointee.data.assumingMemoryBound(to: Target.self).pointee.body.append(
                contentsOf: UnsafeRawBufferPointer(start: at, count: length))
            return 0
        }
        settings.on_message_complete = { parser in
            guard let parser else { return 1 }
            parser.pointee.data.assumingMemoryBound(to: Target.self).pointee.isComplete = true
            // Else it would go on with what follows, and put a second response's fields and body to those of the first.
            http_parser_pause(parser, 1)
            return 0
        }
        // 1: no body follows, whatever the head says of its length.
        if isHead {
            settings.on_headers_complete = { _ in 1 }
        } else {
            // RFC 9112, 6.3: 1xx ends with its head.
            settings.on_headers_complete = { parser in parser.map { $0.pointee.status_code / 100 == 1 } == true ? 1 : 0 }
        }
        return withUnsafeMutablePointer(to: &target) { pointer in
            parser.data = UnsafeMutableRawPointer(pointer)
            defer { parser.data = nil }
            return http_parser_execute(&parser, &settings, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }
}
