import EventLoop
import Testing

@testable import Web

/// Routes, and connections as the shell handles them.
@Suite @WebActor struct WebServerTests {
    private func server() -> WebServer {
        let server = WebServer()
        server.get("/") { _, responder in responder.send(.text("root")) }
        server.route([.get, .post], "/both", bodyBytesMax: 4) { request, responder in
            responder.send(.text("\(request.method.rawValue) \(String(decoding: request.body, as: UTF8.self))"))
        }
        server.post("/only-post") { _, responder in responder.send(.text("posted")) }
        server.route([.get], prefix: "/files") { request, responder in
            responder.send(.text("files: \(request.segments.joined(separator: "|"))"))
        }
        server.route([.get], prefix: "/files/special") { _, responder in responder.send(.text("special")) }
        return server
    }

    private func request(_ line: String, _ fields: String = "", _ body: String = "") -> String {
        "\(line) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    @Test func theNearestRouteAnswers() {
        let server = server()
        #expect(server.answer(request("GET /")).hasSuffix("\n\nroot"))
        #expect(server.answer(request("GET /both?x")).hasSuffix("GET "))
        #expect(server.answer(request("GET /files/a/b%2Fc")).hasSuffix("files: files|a|b/c"))
        #expect(server.answer(request("GET /files")).hasSuffix("files: files"))
        #expect(server.answer(request("GET /files/special/x")).hasSuffix("special"))
        #expect(server.answer(request("GET /filesystem")).status == 404)
        #expect(server.answer(request("GET /elsewhere")).status == 404)
    }

    @Test func aMethodThatIsNotTakenIsToldWhichAre() {
        let server = server()
        for line in ["DELETE /both", "PUT /both", "PATCH /both", "OPTIONS /both"] {
            let answer = server.answer(request(line))
            #expect(answer.status == 405)
            #expect(answer.contains("\nAllow: GET, HEAD, POST\n"), "\(answer)")
        }
        #expect(server.answer(request("GET /only-post")).contains("\nAllow: POST\n"))
        #expect(server.answer(request("HEAD /only-post")).status == 405)
    }

    /// A body does not turn what is not there into something too long.
    @Test func aBodyForNoRouteIsStillNoRoute() {
        let server = server()
        #expect(server.answer(request("POST /elsewhere", "Content-Length: 5\r\n", "hello")).status == 404)
        #expect(server.answer(request("POST /", "Content-Length: 5\r\n", "hello")).status == 405)
        #expect(server.answer(request("POST /both", "Content-Length: 4\r\n", "four")).hasSuffix("POST four"))
        #expect(server.answer(request("POST /both", "Content-Length: 5\r\n", "fives")).status == 413)
    }

    @Test func everyAnswerHasTheDefaultFields() {
        let answer = server().answer(request("GET /"))
        #expect(answer.contains("\nX-Content-Type-Options: nosniff\n"))
        #expect(answer.contains("\nReferrer-Policy: no-referrer\n"))
    }

    @Test func anAnswerMayComeLaterOrNever() async {
        let server = WebServer()
        var waiting: [Responder] = []
        server.get("/later") { _, responder in waiting.append(responder) }
        let (stream, connection) = server.connect()
        stream.send(request("GET /later"))
        #expect(waiting.count == 1 && waiting[0].isWanted)
        waiting[0].send(.text("now"))
        waiting[0].send(.text("again"))
        #expect(stream.takeWritten().hasSuffix("\r\n\r\nnow"))
        stream.send(request("GET /later"))
        connection.drop()
        #expect(!waiting[1].isWanted)
        waiting[1].send(.text("nobody is there"))
        #expect(stream.takeWritten().isEmpty && stream.isClosed)
        // The server holds the handler, the handler these, and they their connection.
        waiting = []
    }

    /// A client that has said everything, and is slow to read, gets everything.
    @Test func aHalfClosedSlowReaderGetsTheWholeAnswer() {
        let server = WebServer()
        server.get("/big") { _, responder in responder.send(.text(String(repeating: "x", count: 100_000))) }
        let (stream, _) = server.connect()
        stream.isStuck = true
        stream.send(request("GET /big"))
        stream.end()
        #expect(!stream.isClosed)
        #expect(stream.isShutDown)
        stream.drain()
        #expect(stream.isClosed)
        #expect(stream.takeWritten().count > 100_000)
    }

    @Test func aRefusedConnectionLingersUntilItsPeerCloses() {
        let server = WebServer()
        let (stream, connection) = server.connect()
        stream.send("GARBAGE\n\n")
        #expect(stream.isShutDown && !stream.isClosed)
        stream.send("more, which is thrown away")
        stream.end()
        #expect(stream.isClosed)
        connection.drop()

        let (patient, its) = server.connect()
        patient.send("GARBAGE\n\n")
        its.tick(nowMs: WebActor.loop.nowMs + server.limits.lingerTimeoutMs + 1)
        #expect(patient.isClosed)
    }

    /// A slow reader's queue is bounded: requests behind it are not parsed, the stream is not read, and in the end it is dropped.
    @Test func aSlowReaderIsHeldAndThenDropped() {
        let server = WebServer()
        var asked = 0
        server.get("/big") { _, responder in
            asked += 1
            responder.send(.text(String(repeating: "x", count: 200_000)))
        }
        let (stream, connection) = server.connect()
        stream.isStuck = true
        for _ in 0..<1_000 { stream.send(request("GET /big")) }
        #expect(asked == 2)
        #expect(stream.isPaused)
        #expect(stream.queuedBytes < 2 * 200_000 + 1_000)
        connection.tick(nowMs: WebActor.loop.nowMs)
        connection.tick(nowMs: WebActor.loop.nowMs + server.limits.writeTimeoutMs + 1)
        #expect(stream.isClosed)
    }

    // MARK: Over a real network

    private func status(_ port: UInt16, _ path: String) async -> Result<HTTPClientResponse, HTTPClientError> {
        await withCheckedContinuation { continuation in
            HTTPClient.request(on: WebActor.loop, .get, "http://127.0.0.1:\(port)\(path)") { continuation.resume(returning: $0) }
        }
    }

    /// Connects, and holds the connection open.
    private func dial(_ port: UInt16, into held: Held) {
        _ = TCPStream.connect(on: WebActor.loop, host: "127.0.0.1", port: port, timeoutMs: 5_000) { result in
            if case .success(let stream) = result { held.streams.append(stream) }
        }
    }

    private final class Held {
        var streams: [TCPStream] = []
    }

    private func until(_ condition: @WebActor () -> Bool) async { while !condition() { await turn() } }

    @Test func theConnectionsOfAnAddressAreCounted() async throws {
        var limits = WebLimits()
        limits.connectionsPerAddressMax = 2
        // The silent ones stay, however long a busy machine takes.
        limits.headTimeoutMs = 3_600_000
        let server = WebServer(limits: limits)
        server.get("/") { _, responder in responder.send(.text("here")) }
        let port = try server.listen(host: "127.0.0.1", port: 0).port
        let held = Held()
        for _ in 0..<2 { dial(port, into: held) }
        await until { server.connectionCount == 2 && held.streams.count == 2 }
        let third = try await status(port, "/").get()
        #expect(third.status == 429 && third.text.contains("Your network has as many connections") && third.header("retry-after") == "5")
        #expect(server.stats.refusedConnections == 1)
        held.streams[0].close()
        await until { server.connectionCount == 1 }
        #expect(try await status(port, "/").get().text == "here")
        held.streams[1].close()
        server.close()
    }

    /// So many are told at a time; whoever comes then is not even heard.
    @Test func whoIsToldThatThereIsNoPlaceIsBoundedToo() async throws {
        var limits = WebLimits()
        limits.connectionsPerNetworkMax = 1
        limits.refusalsMax = 1
        limits.headTimeoutMs = 3_600_000
        let server = WebServer(limits: limits)
        let port = try server.listen(host: "127.0.0.1", port: 0).port
        let held = Held()
        for _ in 0..<2 { dial(port, into: held) }
        await until { server.connectionCount == 2 && held.streams.count == 2 }
        guard case .failure = await status(port, "/") else { return #expect(Bool(false), "one more was heard") }
        #expect(server.stats.refusedConnections == 2)
        for stream in held.streams { stream.close() }
        await until { server.connectionCount == 0 }
        #expect(server.clientsRemembered == 0)
        server.close()
    }

    /// 429 in words, when what the network may ask for is used up; what costs nothing is answered on.
    @Test func workIsRefusedWithASentence() throws {
        var limits = WebLimits()
        limits.workBurst = 3
        let server = WebServer(limits: limits)
        server.cost = { ($0.path == "/work" ? 1 : 0, nil) }
        for path in ["/work", "/free"] { server.get(path) { _, responder in responder.send(.text("done")) } }
        for _ in 0..<3 { #expect(server.answer(request("GET /work")).hasSuffix("done")) }
        let refused = server.answer(request("GET /work"))
        #expect(refused.status == 429 && refused.contains("\nRetry-After: 1\n") && refused.contains("wait a moment and try again"))
        #expect(server.answer(request("GET /free")).hasSuffix("done"))
        #expect(server.stats.refusedRequests == 1)
    }

    @Test func atTheLimitOfAllConnectionsTheNextOneWaits() async throws {
        var limits = WebLimits()
        limits.connectionsMax = 2
        limits.headTimeoutMs = 3_600_000
        let server = WebServer(limits: limits)
        server.get("/") { _, responder in responder.send(.text("here")) }
        let port = try server.listen(host: "127.0.0.1", port: 0).port
        let held = Held()
        for _ in 0..<2 { dial(port, into: held) }
        await until { server.connectionCount == 2 && held.streams.count == 2 }
        async let answer = status(port, "/")
        for _ in 0..<20 { await turn() }
        #expect(server.stats.requests == 0 && server.connectionCount == 2)
        held.streams[0].close()
        #expect(try await answer.get().text == "here")
        held.streams[1].close()
        server.close()
    }
}
