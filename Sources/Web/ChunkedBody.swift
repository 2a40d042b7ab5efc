import CHTTPParser

/// A chunked body (RFC 9112 section 7.1), fed to http-parser line by line, so that each line can first be held to CR LF and to its length.
struct ChunkedBody {
    enum Outcome {
        /// `count` bytes were used; the rest is the next request's, or an unfinished line.
        case consumed(Int, isComplete: Bool)
        case refused(HTTPError)
    }

    private enum Mode {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailers
    }

    private struct Target {
        var body: [UInt8]
        var chunkBytes: UInt64 = 0
        var isComplete = false
    }

    private(set) var bytes: [UInt8] = []
    private var parser: http_parser
    private var mode = Mode.sizeLine
    private var trailerBytes = 0

    init(after parser: http_parser) {
        self.parser = parser
    }

    mutating func consume(_ input: UnsafeBufferPointer<UInt8>, bodyBytesMax: Int, limits: WebLimits) -> Outcome {
        var at = 0
        while at < input.count {
            let rest = UnsafeBufferPointer(rebasing: input[at...])
            if case .data(let remaining) = mode {
                let count = min(remaining, rest.count)
                if case .failure(let error) = feed(UnsafeBufferPointer(rebasing: rest[..<count])) { return .refused(error) }
                mode = remaining == count ? .dataEnd : .data(remaining: remaining - count)
                at += count
                continue
            }
            let lineMax = lineBytesMax(limits)
            guard let feedAt = rest.prefix(lineMax).firstIndex(of: 0x0A) else {
                guard rest.count < lineMax else { return .refused(lineTooLong(limits)) }
                return .consumed(at, isComplete: false)
            }
            let line = UnsafeBufferPointer(rebasing: rest[...feedAt])
            if let error = lineError(line) { return .refused(error) }
            at += line.count
            switch feed(line) {
            case .failure(let error): return .refused(error)
            case .success(let target):
                if target.isComplete { return .consumed(at, isComplete: true) }
                if let error = advance(target, line.count, bodyBytesMax) { return .refused(error) }
            }
        }
        return .consumed(at, isComplete: false)
    }

    private mutating func advance(_ target: Target, _ lineBytes: Int, _ bodyBytesMax: Int) -> HTTPError? {
        switch mode {
        case .sizeLine:
            guard target.chunkBytes <= UInt64(bodyBytesMax), bytes.count + Int(target.chunkBytes) <= bodyBytesMax else {
                return HTTPError(413, "The body is longer than \(bodyBytesMax) bytes.")
            }
            mode = target.chunkBytes == 0 ? .trailers : .data(remaining: Int(target.chunkBytes))
        case .dataEnd: mode = .sizeLine
        case .trailers: trailerBytes += lineBytes
        case .data: break
        }
        return nil
    }

    private func lineBytesMax(_ limits: WebLimits) -> Int {
        switch mode {
        case .sizeLine: limits.chunkLineBytesMax
        case .dataEnd, .data: 2
        case .trailers: max(2, limits.trailerBytesMax - trailerBytes)
        }
    }

    private func lineTooLong(_ limits: WebLimits) -> HTTPError {
        if case .trailers = mode { return HTTPError(431, "The trailer is longer than \(limits.trailerBytesMax) bytes.") }
        if case .dataEnd = mode { return HTTPError(400, "A chunk is longer than its size line says.") }
        return HTTPError(400, "A chunk's size line is longer than \(limits.chunkLineBytesMax) bytes.")
    }

    private func lineError(_ line: UnsafeBufferPointer<UInt8>) -> HTTPError? {
        let content = line.dropLast(2)
        guard line.count >= 2, line[line.count - 2] == 0x0D, !content.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) else {
            return HTTPError(400, "A line of the chunked body does not end with CR LF, or holds control characters.")
        }
        switch mode {
        case .sizeLine:
            let digits = content.prefix { hexValue($0) != nil }
            guard !digits.isEmpty, digits.count <= 15, digits.count == content.count || content[digits.endIndex] == 0x3B else {
                return HTTPError(400, "A chunk must begin with its size in hexadecimal digits.")
            }
        case .dataEnd:
            guard line.count == 2 else { return HTTPError(400, "A chunk is longer than its size line says.") }
        case .trailers:
            if let first = content.first, first == 0x20 || first == 0x09 {
                return HTTPError(400, "A trailer line begins with white space; folded lines are not accepted.")
            }
            if !content.isEmpty, !isToken(content.prefix { $0 != 0x3A }) { return HeadReader.badName }
        case .data: break
        }
        return nil
    }

    private mutating func feed(_ piece: UnsafeBufferPointer<UInt8>) -> Result<Target, HTTPError> {
        var settings = http_parser_settings()
        settings.on_body = { parser, at, length in
            guard let parser, let at else { return 1 }
            parser.pointee.data.assumingMemoryBound(to: Target.self).pointee.body.append(
                contentsOf: UnsafeRawBufferPointer(start: at, count: length))
            return 0
        }
        settings.on_chunk_header = { parser in
            guard let parser else { return 1 }
            parser.pointee.data.assumingMemoryBound(to: Target.self).pointee.chunkBytes = parser.pointee.content_length
            return 0
        }
        settings.on_message_complete = { parser in
            guard let parser else { return 1 }
            parser.pointee.data.assumingMemoryBound(to: Target.self).pointee.isComplete = true
            return 0
        }
        var target = Target(body: bytes)
        bytes = []  // one owner while it grows
        withUnsafeMutablePointer(to: &target) { pointer in
            parser.data = UnsafeMutableRawPointer(pointer)
            piece.withMemoryRebound(to: CChar.self) { _ = http_parser_execute(&parser, &settings, $0.baseAddress, $0.count) }
            parser.data = nil
        }
        swap(&bytes, &target.body)
        guard parser.http_errno == HPE_OK.rawValue else {
            let reason = String(cString: http_errno_description(http_errno(UInt32(parser.http_errno))))
            return .failure(HTTPError(400, "The chunked body can't be parsed: \(reason)."))
        }
        return .success(target)
    }
}
