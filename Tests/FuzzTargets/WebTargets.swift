/// What browsers, and whoever is on the network, send to the web plane: requests and WebSocket frames; and the answers that our own clients read.

import Web

extension FuzzTarget {
    // MARK: HTTP

    /// However a stream is cut into reads, the same requests come out of it, within their limits; the fields' names are matched in one way.
    static let httpRequest = FuzzTarget(name: "http-request", inputBytesMax: 24 * 1024) { bytes in
        let (whole, cut) = (requests(in: bytes, readBytes: max(1, bytes.count)), requests(in: bytes, readBytes: 5))
        guard whole == cut else { return "a stream gives other requests when it comes in pieces of 5 bytes" }
        let (limits, given) = (
            webLimits, whole.requests.reduce(0) { $0 + $1.path.utf8.count + ($1.query?.utf8.count ?? 0) + $1.body.count }
        )
        guard given <= bytes.count else { return "there is more in the requests, \(given) bytes, than came: \(bytes.count)" }
        for request in whole.requests {
            guard request.body.count <= limits.bodyBytesMax else { return "a body of \(request.body.count) bytes" }
            guard request.path.utf8.count <= limits.requestLineBytesMax else { return "a path of \(request.path.utf8.count) bytes" }
            guard !request.segments.contains(where: { $0 == "." || $0 == ".." || $0.utf8.contains(0) }) else {
                return "\(request.segments)"
            }
        }
        return nil
    }

    /// Small, so that inputs of the fuzzer's size pass them.
    private static let webLimits: WebLimits = {
        var limits = WebLimits()
        limits.requestLineBytesMax = 1_024
        limits.headBytesMax = 4 * 1024
        limits.headerFieldsMax = 20
        limits.bodyBytesMax = 2 * 1024
        limits.trailerBytesMax = 512
        return limits
    }()

    private struct Seen: Equatable {
        struct One: Equatable {
            var method: HTTPMethod
            var path: String
            var segments: [String]
            var query: String?
            var fields: Int
            var host: [String]
            var cookie: String?
            var value: String?
            var body: [UInt8]
        }
        var requests: [One] = []
        /// Where it stops is compared, and why is not: which of two faults is seen first may depend on what has come.
        var isRefused = false
    }

    private static func requests(in bytes: [UInt8], readBytes: Int) -> Seen {
        var parser = HTTPParser(limits: webLimits)
        var seen = Seen()
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + readBytes)
            bytes[at..<end].withUnsafeBytes { parser.receive($0) }
            at = end
            while let event = parser.next() {
                switch event {
                case .head: break
                case .request(let request):
                    seen.requests.append(
                        Seen.One(
                            method: request.method, path: request.path, segments: request.segments, query: request.queryText,
                            fields: request.headers.count, host: request.headers.all("host"), cookie: request.cookie("a"),
                            value: request.query("a") ?? request.form("a"), body: request.body))
                case .refused:
                    seen.isRefused = true
                    return seen
                }
            }
        }
        return seen
    }

    /// What `callslip` reads from a server that it was pointed at. The first byte says whether HEAD was asked.
    static let httpResponse = FuzzTarget(name: "http-response", inputBytesMax: 16 * 1024) { bytes in
        let isHead = (bytes.first ?? 0) & 1 == 1
        let rest = Array(bytes.dropFirst())
        let (whole, cut) = (response(in: rest, readBytes: max(1, rest.count), isHead), response(in: rest, readBytes: 3, isHead))
        guard whole == cut else { return "a stream gives another response when it comes in pieces of 3 bytes" }
        guard whole.body.count <= responseBytesMax else { return "a body of \(whole.body.count) bytes" }
        return nil
    }

    private static let responseBytesMax = 4 * 1024

    private struct SeenResponse: Equatable {
        var status = 0
        var headers: [String] = []
        var body: [UInt8] = []
        var isRefused = false
    }

    private static func response(in bytes: [UInt8], readBytes: Int, _ isHead: Bool) -> SeenResponse {
        var parser = HTTPResponseParser(bytesMax: responseBytesMax, isHead: isHead)
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + readBytes)
            let outcome = bytes[at..<end].withUnsafeBytes { parser.receive($0) }
            at = end
            if let seen = seen(outcome) { return seen }
        }
        return seen(parser.receiveEnd()) ?? SeenResponse()
    }

    private static func seen(_ outcome: HTTPResponseParser.Outcome) -> SeenResponse? {
        switch outcome {
        case .needMore: nil
        case .response(let found), .upgraded(let found, _):
            SeenResponse(status: found.status, headers: found.headers.map { "\($0.name): \($0.value)" }, body: found.body)
        case .malformed, .tooLong: SeenResponse(isRefused: true)
        }
    }

    // MARK: WebSocket

    /// However a stream of frames is cut, the same messages come out of it, within their limits; said again by the other side, they come again.
    /// The first byte chooses the side that listens.
    static let webSocket = FuzzTarget(name: "websocket", inputBytesMax: 8 * 1024) { bytes in
        let role: WebSocketConnection.Role = (bytes.first ?? 0) & 1 == 0 ? .server : .client
        let rest = Array(bytes.dropFirst())
        let (whole, cut) = (events(in: rest, readBytes: max(1, rest.count), role), events(in: rest, readBytes: 3, role))
        guard whole == cut else { return "frames give other events when they come in pieces of 3 bytes" }
        var messages: [WebSocketMessage] = []
        for case .message(let message) in whole { messages.append(message) }
        guard messages.allSatisfy({ $0.bytes.count <= socketLimits.messageBytesMax }) else { return "a message is longer than its limit" }
        var speaker = WebSocketConnection(role: role == .server ? .client : .server, limits: WebSocketLimits()) { 0x1234_5678 }
        for message in messages where !speaker.send(message.bytes, isText: message.isText) { return "what was heard cannot be said" }
        let again = events(in: speaker.takeOutput(), readBytes: 1_000, role)
        return again == messages.map { .message($0) } ? nil : "what was heard and said again is heard otherwise"
    }

    private static let socketLimits: WebSocketLimits = {
        var limits = WebSocketLimits()
        limits.messageBytesMax = 1_024
        limits.fragmentsMax = 16
        return limits
    }()

    private static func events(in bytes: [UInt8], readBytes: Int, _ role: WebSocketConnection.Role) -> [WebSocketConnection.Event] {
        var connection = WebSocketConnection(role: role, limits: socketLimits) { 0x0102_0304 }
        var events: [WebSocketConnection.Event] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + readBytes)
            bytes[at..<end].withUnsafeBytes { connection.receive($0, nowMs: 0) }
            at = end
            connection.checkInvariants()
            while let event = connection.next() { events.append(event) }
        }
        return events
    }
}
