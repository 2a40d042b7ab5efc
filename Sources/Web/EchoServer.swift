import EventLoop

/// A server that gives back what it is sent, for conformance suites (Autobahn) and measurements: WebSocket at `/`, nine bytes at `/presence.txt`.
@WebActor
public enum EchoServer {
    /// Messages of 16 MiB and more, as the suite's limits cases send.
    public nonisolated static let messageBytesMax = 64 * 1024 * 1024

    /// - Returns: the server, listening at `host:port`.
    public static func start(host: String, port: UInt16) throws(LoopError) -> WebServer {
        let server = WebServer()
        var route = WebSocketRoute(path: "/")
        route.limits.messageBytesMax = messageBytesMax
        route.limits.queueBytesMax = messageBytesMax * 2
        route.limits.fragmentsMax = 10_000_000
        server.webSocket(route) { socket, _ in
            socket.onMessage = { message in
                if message.isText { socket.sendText(utf8: message.bytes) } else { socket.sendBinary(message.bytes) }
            }
        }
        let available = PreparedResponse(.text("available"))
        server.get("/presence.txt") { _, responder in responder.send(available) }
        try server.listen(host: host, port: port)
        return server
    }
}
