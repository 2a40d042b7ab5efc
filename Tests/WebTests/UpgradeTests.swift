import EventLoop
import Testing

@testable import Web

/// The opening handshake: RFC 6455 section 4.2.
@Suite @WebActor struct UpgradeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private func answer(_ change: (inout [(String, String)]) -> Void = { _ in }, line: String = "GET /ws HTTP/1.1") -> String {
        let server = WebServer()
        server.webSocket(
            WebSocketRoute(path: "/ws", subprotocols: ["callslip.v1", "callslip.v0"], isSubprotocolRequired: true),
            refuse: { $0.headers["origin"] == "http://evil.example" ? .text("not from there", status: 403) : nil }, onOpen: { _, _ in })
        var fields = [
            ("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", Self.key), ("Sec-WebSocket-Protocol", "callslip.v1"),
        ]
        change(&fields)
        return server.answer("\(line)\r\n\(fields.map { "\($0.0): \($0.1)\r\n" }.joined())\r\n")
    }

    private func set(_ name: String, _ value: String?) -> (inout [(String, String)]) -> Void {
        return { fields in
            fields.removeAll { $0.0 == name }
            if let value { fields.append((name, value)) }
        }
    }

    /// The example of RFC 6455 section 1.3.
    @Test func theExampleOfTheStandardIsAccepted() {
        let expected = """
            HTTP/1.1 101 Switching Protocols
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
            Sec-WebSocket-Protocol: callslip.v1


            """
        #expect(answer() == expected)
    }

    @Test func whatBrowsersVaryIsAccepted() {
        #expect(answer(set("Connection", "keep-alive, Upgrade")).status == 101)
        #expect(answer(set("Upgrade", "WebSocket")).status == 101)
        #expect(answer(set("Sec-WebSocket-Extensions", "permessage-deflate")).status == 101)
        #expect(!answer(set("Sec-WebSocket-Extensions", "permessage-deflate")).contains("Extensions"))
        #expect(answer(set("Sec-WebSocket-Protocol", "other, callslip.v0")).contains("Sec-WebSocket-Protocol: callslip.v0\n"))
        #expect(answer(set("Origin", "http://library.example")).status == 101)
    }

    @Test func everythingElseIsRefusedWithItsReason() {
        #expect(answer(set("Upgrade", nil)).status == 426)
        #expect(answer(set("Connection", "close")).status == 426)
        #expect(answer(set("Upgrade", "h2c")).status == 426)
        #expect(answer(set("Upgrade", nil)).contains("\nUpgrade: websocket\n"))
        for version in ["12", "14", "13, 8", "", nil] {
            let refused = answer(set("Sec-WebSocket-Version", version))
            #expect(refused.status == 426 && refused.contains("\nSec-WebSocket-Version: 13\n"))
        }
        for key in [nil, "", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZWVlZQ=="] {
            #expect(answer(set("Sec-WebSocket-Key", key)).status == 400)
        }
        #expect(answer { $0.append(("Sec-WebSocket-Key", Self.key)) }.status == 400)
        for subprotocol in [nil, "", "other", "callslip", "CALLSLIP.V1"] {
            #expect(answer(set("Sec-WebSocket-Protocol", subprotocol)).status == 400)
        }
        #expect(answer(line: "POST /ws HTTP/1.1").status == 405)
        #expect(answer(line: "GET /ws HTTP/1.0").status == 426)
        #expect(answer(set("Origin", "http://evil.example")).status == 403)
    }

    /// Bytes that came with the handshake are the new protocol's.
    @Test func framesBehindTheHandshakeAreRead() async {
        let server = WebServer()
        var messages: [String] = []
        server.webSocket(WebSocketRoute(path: "/ws")) { socket, _ in socket.onMessage = { messages.append($0.text) } }
        let (stream, connection) = server.connect()
        var frame: [UInt8] = []
        WebSocketFrameWriter.append(WebSocketOpcode.text, Array("early".utf8), mask: 0x0102_0304, to: &frame)
        let head =
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.key)\r\n\r\n"
        stream.send(Array(head.utf8) + frame[..<3])
        await turn()
        stream.send(Array(frame[3...]))
        #expect(messages == ["early"])
        connection.drop()
    }

    /// What waits for a client that does not read is bounded: its owner is told once, says why, and the connection ends.
    @Test func aSlowReaderIsTold() async {
        let server = WebServer()
        var socket: WebSocket?
        var overflows = 0
        var closed: (UInt16, String)?
        server.webSocket(WebSocketRoute(path: "/ws")) { opened, _ in
            socket = opened
            opened.onOverflow = {
                overflows += 1
                opened.close(code: WebSocketConnection.Code.tryAgainLater, reason: "slow", lastText: "you do not read")
            }
            opened.onClose = { closed = ($0, $1) }
        }
        let (stream, connection) = server.connect()
        stream.send(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.key)\r\n\r\n"
        )
        stream.isStuck = true
        _ = stream.takeWritten()
        let text = String(repeating: "x", count: 10_000)
        var sent = 0
        while socket?.sendText(text) == true { sent += 1 }
        #expect(sent == 26)  // 256 KiB
        #expect(socket?.sendText("more") == false)
        await turn()
        await turn()
        #expect(overflows == 1)
        #expect(stream.takeWritten().contains("you do not read"))
        #expect(stream.queuedBytes <= 256 * 1024 + 8 * 1024)
        // It does not even answer the close frame.
        connection.tick(nowMs: WebActor.loop.nowMs + 6_000)
        #expect(stream.isClosed)
        #expect(closed?.0 == WebSocketConnection.Code.abnormal)
        // The server holds the route's handler, and that this.
        socket = nil
    }

    @Test func aQuietClientIsPingedAndThenDropped() {
        let server = WebServer()
        var closed: UInt16?
        server.webSocket(WebSocketRoute(path: "/ws")) { socket, _ in socket.onClose = { code, _ in closed = code } }
        let (stream, connection) = server.connect()
        stream.send(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.key)\r\n\r\n"
        )
        _ = stream.takeWritten()
        let nowMs = WebActor.loop.nowMs
        connection.tick(nowMs: nowMs + 19_000)
        #expect(stream.written.isEmpty)
        connection.tick(nowMs: nowMs + 21_000)
        #expect(stream.written == [0x89, 0x00])
        connection.tick(nowMs: nowMs + 22_000)
        #expect(stream.written.count == 2)
        connection.tick(nowMs: nowMs + 46_000)
        #expect(stream.isClosed && closed == WebSocketConnection.Code.abnormal)
    }

    @Test func aStoppingServerSaysSo() {
        let server = WebServer()
        server.webSocket(WebSocketRoute(path: "/ws")) { _, _ in }
        let (stream, connection) = server.connect()
        stream.send(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.key)\r\n\r\n"
        )
        _ = stream.takeWritten()
        connection.goAway()
        #expect(Array(stream.written.prefix(4)) == [0x88, UInt8(stream.written.count - 2), 0x03, 0xE9])
    }
}
