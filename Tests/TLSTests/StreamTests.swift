import EventLoop
import Testing

@testable import TLS

/// Streams over loopback.
@Suite struct StreamTests {
    /// What became of one link, seen from both ends.
    private struct Seen: Sendable {
        var heard: [UInt8] = []
        var end = ""
        var peer: [String] = []
    }

    /// Connects two streams, gives them to `begin`, and waits until the server's side has ended.
    private func link(
        _ client: TLSContext, _ server: TLSContext, begin: @escaping @Sendable (_ client: TLSStream, _ server: TLSStream) -> Void
    ) async throws -> Seen {
        try await withLoop { loop in
            try await loop.wait { (done: @escaping (Seen) -> Void) in
                let listener = TCPListener(on: loop)
                var other: TLSStream?
                func both(_ near: TLSStream) {
                    guard let far = other else { return }
                    begin(near, far)
                }
                var near: TLSStream?
                try listener.listen(host: "127.0.0.1", port: 0) { tcp in
                    guard let stream = try? TLSStream(over: tcp, on: loop, server, .server, handshakeMsMax: 60_000) else {
                        return tcp.close()
                    }
                    var seen = Seen()
                    other = stream
                    stream.onRead = { seen.heard += $0 }
                    stream.onEnd = { end in
                        seen.end = "\(end)"
                        seen.peer = stream.peer?.nodes ?? []
                        stream.close()
                        done(seen)
                    }
                    if let near { both(near) }
                }
                let port = listener.localAddress?.port ?? 0
                TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 5_000) { result in
                    guard case .success(let tcp) = result,
                        let stream = try? TLSStream(over: tcp, on: loop, client, .client, handshakeMsMax: 60_000)
                    else { return }
                    near = stream
                    stream.onRead = { _ in }
                    both(stream)
                }
            }
        }
    }

    @Test func whatIsWrittenAtOnceWaitsForTheHandshakeAndArrivesWhole() async throws {
        let one = try Consortium.one.get()
        let all = pattern(1_000_000)
        let seen = try await link(one.context("memorial"), one.context("c1")) { client, _ in
            for part in 0..<100 { client.write(Array(all[part * 10_000..<(part + 1) * 10_000])) }
            client.shutdownWrite()
            #expect(client.write([1]) == .closed)
        }
        #expect(seen.heard == all)
        #expect(seen.end == "eof")
        #expect(seen.peer == ["memorial"])
    }

    @Test func aPausedStreamGoesOnWhereItStopped() async throws {
        let one = try Consortium.one.get()
        let all = pattern(1_000_000)
        let seen = try await link(one.context("memorial"), one.context("c1")) { client, server in
            client.writeBytesMax = 2_000_000
            client.write(all)
            client.shutdownWrite()
            let read = server.onRead
            var count = 0
            let timer = Timer(on: server.loop)
            server.onRead = { bytes in
                read?(bytes)
                count += 1
                guard count % 10 == 0 else { return }
                server.pauseReading()
                timer.start(afterMs: 1) { server.resumeReading() }
            }
        }
        #expect(seen.heard == all)
        #expect(seen.end == "eof")
    }

    @Test func aRefusedClientIsToldWhyAlthoughItSpokeAtOnce() async throws {
        let (one, other) = (try Consortium.one.get(), try Consortium.other.get())
        let client = try other.context("memorial", trusting: one)
        let told = Told()
        let seen = try await link(client, one.context("c1")) { client, _ in
            client.write(pattern(10_000))
            client.onEnd = { told.set("\($0)") }
        }
        #expect(seen.heard.isEmpty)
        #expect(seen.end.contains("not issued by the authority"))
        #expect(await told.value().contains("unknown CA"))
    }

    @Test func closingTellsThePeerAndCuttingDoesNot() async throws {
        let one = try Consortium.one.get()
        let closed = try await link(one.context("memorial"), one.context("c1")) { client, _ in
            client.onOpen = {
                client.write([7])
                client.close()
            }
        }
        #expect(closed.heard == [7] && closed.end == "eof")
        let silent = try await withLoop { loop in
            try await loop.wait { (done: @escaping (String) -> Void) in
                let listener = TCPListener(on: loop)
                try listener.listen(host: "127.0.0.1", port: 0) { tcp in
                    guard let context = try? one.context("c1"), let stream = try? TLSStream(over: tcp, on: loop, context, .server) else {
                        return tcp.close()
                    }
                    stream.onRead = { _ in }
                    stream.onEnd = { done("\($0)") }
                }
                let port = listener.localAddress?.port ?? 0
                TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 5_000) { result in
                    guard case .success(let tcp) = result, let context = try? one.context("memorial"),
                        let stream = try? TLSStream(over: tcp, on: loop, context, .client)
                    else { return }
                    stream.onOpen = { tcp.close() }
                }
            }
        }
        #expect(silent.contains("cut"))
    }

    @Test func whoSaysNothingIsLeft() async throws {
        let one = try Consortium.one.get()
        let end = try await withLoop { loop in
            try await loop.wait { (done: @escaping (String) -> Void) in
                let listener = TCPListener(on: loop)
                try listener.listen(host: "127.0.0.1", port: 0) { tcp in
                    guard let context = try? one.context("c1"),
                        let stream = try? TLSStream(over: tcp, on: loop, context, .server, handshakeMsMax: 50)
                    else { return tcp.close() }
                    stream.onEnd = { done("\($0)") }
                }
                let port = listener.localAddress?.port ?? 0
                TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 5_000) { result in
                    if case .success(let tcp) = result { tcp.onRead = { _ in } }
                }
            }
        }
        #expect(end.contains("not over within 50 ms"))
    }

    @Test func moreThanTheLimitIsNotTaken() async throws {
        let one = try Consortium.one.get()
        _ = try await link(one.context("memorial"), one.context("c1")) { client, _ in
            client.writeBytesMax = 10_000
            #expect(client.write([UInt8](repeating: 0, count: 9_000)) == .queued)
            #expect(client.write([UInt8](repeating: 0, count: 1_001)) == .overflow)
            client.onDrain = {
                #expect(client.write([1]) == .written)
                client.close()
            }
        }
    }
}

/// A word that comes later, from another thread.
private actor Word {
    private var waiting: [CheckedContinuation<String, Never>] = []
    private var word: String?
    func set(_ text: String) {
        word = text
        for one in waiting { one.resume(returning: text) }
        waiting = []
    }
    func value() async -> String {
        if let word { return word }
        return await withCheckedContinuation { waiting.append($0) }
    }
}

private struct Told: Sendable {
    private let word = Word()
    func set(_ text: String) { Task { await word.set(text) } }
    func value() async -> String { await word.value() }
}
