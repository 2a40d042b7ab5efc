/// A response, before it is written. `Content-Length`, `Date` and `Connection` are added by the connection; don't give them.
public struct Response: Sendable {
    public var status: Int
    /// Names and values must be free of CR, LF and NUL: a field that is not is left out rather than sent.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// `text/plain; charset=utf-8`.
    public static func text(_ text: String, status: Int = 200) -> Response {
        Response(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    /// `application/json`; the text must be JSON already.
    public static func json(_ text: String, status: Int = 200) -> Response {
        Response(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    public static func html(_ text: String, status: Int = 200) -> Response {
        Response(status: status, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(text.utf8))
    }

    /// 303 for what comes after a form; 302, 307 or 308 otherwise.
    public static func redirect(to location: String, status: Int = 303) -> Response {
        Response(status: status, headers: [("Location", location)])
    }

    static func error(_ error: HTTPError) -> Response { .text(error.reason + "\n", status: error.status) }

    public mutating func setHeader(_ name: String, _ value: String) {
        headers.removeAll { $0.name.lowercased() == name.lowercased() }
        headers.append((name, value))
    }

    /// Beside those of the same name.
    public mutating func addHeader(_ name: String, _ value: String) { headers.append((name, value)) }

    public func hasHeader(_ name: String) -> Bool {
        headers.contains { $0.name.lowercased() == name.lowercased() }
    }

    /// The same with each of `defaults` that it lacks.
    public func adding(_ defaults: [(name: String, value: String)]) -> Response {
        var response = self
        for field in defaults where !hasHeader(field.name) { response.headers.append(field) }
        return response
    }
}

/// A response as bytes, to be sent any number of times without being put together again: for what is asked often.
public final class PreparedResponse: Sendable {
    public let status: Int
    /// `HTTP/1.1 200 OK CRLF`; the connection puts `Date` and, where needed, `Connection` behind it.
    let statusLine: [UInt8]
    /// The other fields, the empty line, the body.
    let rest: [UInt8]
    let bodyStart: Int

    public init(_ response: Response) {
        status = response.status
        statusLine = Array("HTTP/1.1 \(response.status) \(HTTPStatus.phrase(response.status))\r\n".utf8)
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        var rest: [UInt8] = []
        rest.reserveCapacity(response.body.count + 256)
        for (name, value) in response.headers where isSafe(name) && isSafe(value) {
            rest.append(contentsOf: "\(name): \(value)\r\n".utf8)
        }
        if hasBody { rest.append(contentsOf: "Content-Length: \(response.body.count)\r\n".utf8) }
        rest.append(contentsOf: [0x0D, 0x0A])
        bodyStart = rest.count
        if hasBody { rest.append(contentsOf: response.body) }
        self.rest = rest
    }

    /// - Parameter extra: whole field lines beside its own.
    func write(to output: inout [UInt8], date: HTTPDate, withBody: Bool, connection: StaticString?, extra: [UInt8]) {
        output.append(contentsOf: statusLine)
        output.append(contentsOf: date.line)
        if let connection { connection.withUTF8Buffer { output.append(contentsOf: $0) } }
        output.append(contentsOf: extra)
        output.append(contentsOf: withBody ? rest[...] : rest[..<bodyStart])
    }
}

private func isSafe(_ text: String) -> Bool { !text.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 } }

public enum HTTPStatus {
    /// The reason phrase of RFC 9110; the number's class for those not in use here.
    public static func phrase(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default:
            status < 200 ? "Informational" : status < 300 ? "Success" : status < 400 ? "Redirection" : status < 500 ? "Refused" : "Failed"
        }
    }
}

/// A `Date` field, put together once a second (RFC 9110 section 5.6.7, IMF-fixdate).
public struct HTTPDate: Sendable {
    /// `Date: Tue, 24 Nov 2026 00:10:18 GMT CRLF`.
    let line: [UInt8]

    public init(unixSeconds: Int64) {
        line = Array("Date: \(Self.text(unixSeconds: unixSeconds))\r\n".utf8)
    }

    /// Days to civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", for years from 1970 on.
    public static func text(unixSeconds: Int64) -> String {
        let days = unixSeconds / 86_400
        let second = unixSeconds % 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayName = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(days % 7)]
        let monthName = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Int(month - 1)]
        return "\(dayName), \(two(day)) \(monthName) \(year) \(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
