/// Looks for the end of a head and refuses what http-parser would let pass: bare LF, bare CR, control characters, folded lines (RFC 9112 sections 2.2 and 5.2).
/// It remembers where it stopped, so a head that comes byte by byte is looked at once.
struct HeadScanner {
    /// Where the next look starts, relative to the head's first byte.
    private var next = 0
    private var lineStart = 0
    private var lines = 0

    var isAtStart: Bool { next == 0 }

    enum Outcome: Equatable {
        case incomplete
        /// The head with its empty line, in bytes.
        case complete(byteCount: Int)
        case refused(HTTPError)
    }

    /// - Parameter bytes: all that has come since the head's first byte; at later calls the same bytes and more.
    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, limits: WebLimits) -> Outcome {
        while next < bytes.count {
            let byte = bytes[next]
            if byte == 0x0A {
                guard next > lineStart, bytes[next - 1] == 0x0D else {
                    return .refused(HTTPError(400, "A line ends with LF alone; CR LF is expected."))
                }
                let length = next - 1 - lineStart
                if lines == 0, length > limits.requestLineBytesMax { return lineTooLong(limits) }
                if next + 1 > limits.headBytesMax { return headTooLong(limits) }
                if length == 0, lines > 0 { return .complete(byteCount: next + 1) }
                if length == 0 { return .refused(HTTPError(400, "An empty line came where a request line is expected.")) }
                lines += 1
                if lines - 1 > limits.headerFieldsMax {
                    return .refused(HTTPError(431, "There are more than \(limits.headerFieldsMax) header fields."))
                }
                lineStart = next + 1
            } else if next > lineStart, bytes[next - 1] == 0x0D {
                return .refused(HTTPError(400, "A CR without LF is in the head."))
            } else if next == lineStart, lines > 0, byte == 0x20 || byte == 0x09 {
                return .refused(HTTPError(400, "A header line begins with white space; folded lines are not accepted."))
            } else if (byte < 0x20 && byte != 0x09 && byte != 0x0D) || byte == 0x7F {
                return .refused(HTTPError(400, "A control character is in the head."))
            }
            next += 1
        }
        if lines == 0, bytes.count > limits.requestLineBytesMax + 1 { return lineTooLong(limits) }
        if bytes.count > limits.headBytesMax { return headTooLong(limits) }
        return .incomplete
    }

    private func lineTooLong(_ limits: WebLimits) -> Outcome {
        .refused(HTTPError(414, "The request line is longer than \(limits.requestLineBytesMax) bytes."))
    }

    private func headTooLong(_ limits: WebLimits) -> Outcome {
        .refused(HTTPError(431, "The head is longer than \(limits.headBytesMax) bytes."))
    }
}
