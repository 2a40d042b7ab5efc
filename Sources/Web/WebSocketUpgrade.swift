/// The opening handshake, RFC 6455 section 4.
enum WebSocketUpgrade {
    static func acceptValue(_ key: String) -> String {
        Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    struct Accepted {
        let subprotocol: String?
        /// The whole 101 response.
        let head: [UInt8]
    }

    /// - Parameters:
    ///   - subprotocols: what is spoken here, best first.
    ///   - isRequired: answer 400 where the client lists none of them.
    static func accept(_ request: Request, subprotocols: [String], isRequired: Bool) -> Result<Accepted, Refusal> {
        guard request.method == .get else {
            return .failure(Refusal(response(405, "A WebSocket begins with GET.", [("Allow", "GET")])))
        }
        guard request.asksForWebSocket, request.isVersion11 else {
            return .failure(
                Refusal(
                    response(
                        426, "This address speaks WebSocket; the request did not ask to upgrade to it.",
                        [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")])))
        }
        guard request.headers.all("sec-websocket-version") == ["13"] else {
            return .failure(Refusal(response(426, "Sec-WebSocket-Version 13 is expected.", [("Sec-WebSocket-Version", "13")])))
        }
        let keys = request.headers.all("sec-websocket-key")
        guard keys.count == 1, Base64.isSixteenBytes(keys[0]) else {
            return .failure(Refusal(response(400, "One Sec-WebSocket-Key of 16 bytes in base 64 is expected.", [])))
        }
        let offered = request.headers.all("sec-websocket-protocol").flatMap { $0.split(separator: ",").map { String(trimmed($0)) } }
        let chosen = subprotocols.first { offered.contains($0) }
        guard chosen != nil || !isRequired else {
            return .failure(
                Refusal(response(400, "One of these subprotocols is expected: \(subprotocols.joined(separator: ", ")).", [])))
        }
        var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Accept: \(acceptValue(keys[0]))\r\n"
        if let chosen { text += "Sec-WebSocket-Protocol: \(chosen)\r\n" }
        text += "\r\n"
        return .success(Accepted(subprotocol: chosen, head: Array(text.utf8)))
    }

    struct Refusal: Error {
        let response: Response
        init(_ response: Response) { self.response = response }
    }

    private static func response(_ status: Int, _ reason: String, _ headers: [(name: String, value: String)]) -> Response {
        Response.text(reason + "\n", status: status).adding(headers)
    }
}
