import Glibc
import Synchronization
import Testing

@testable import EventLoop

extension EventLoopTests {
    @Suite(.timeLimit(.minutes(2))) struct TCPTests {
        /// Listens on a free port of 127.0.0.1 and tells the port. Call on the loop.
        static func serve(_ loop: Loop, _ onConnection: @escaping (TCPStream) -> Void) throws -> (TCPListener, UInt16) {
            let listener = TCPListener(on: loop)
            try listener.listen(host: "127.0.0.1", port: 0, onConnection: onConnection)
            let address = try #require(listener.localAddress)
            return (listener, address.port)
        }

        static func connect(_ loop: Loop, _ port: UInt16, _ body: @escaping (Result<TCPStream, LoopError>) -> Void) {
            TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 10_000, completion: body)
        }

        /// Sends back what comes; when it must queue it stops reading until the queue is empty.
        static func echo(_ stream: TCPStream, pauses: Box<Int>) {
            stream.writeBytesMax = 256 * 1024
            stream.onRead = { [unowned stream] bytes in
                let result = stream.write(Array(bytes))
                if result == .queued {
                    pauses.value += 1
                    stream.pauseReading()
                }
                precondition(result == .written || result == .queued)
                stream.checkInvariants()
            }
            stream.onDrain = { [unowned stream] in stream.resumeReading() }
            stream.onEnd = { [unowned stream] _ in
                stream.shutdownWrite()
                stream.onClose = {}
                stream.onDrain = { [unowned stream] in stream.close() }
            }
        }

        @Test func tenMegabytesComeBackWholeUnderBackPressure() async throws {
            let sent = pattern(10 * 1024 * 1024)
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((received: [UInt8], pauses: Int, most: Int)) -> Void) in
                    let pauses = Box(0)
                    let (listener, port) = try Self.serve(loop) { Self.echo($0, pauses: pauses) }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return done(([], 0, 0)) }
                        let received = Box<[UInt8]>([])
                        let position = Box(0)
                        let most = Box(0)
                        client.writeBytesMax = 512 * 1024
                        func pump() {
                            while position.value < sent.count {
                                let next = Array(sent[position.value..<min(position.value + 100_000, sent.count)])
                                let result = client.write(next)
                                most.value = max(most.value, client.queuedBytes)
                                if result == .overflow { return }
                                position.value += next.count
                                if result != .written { return }
                            }
                            client.shutdownWrite()
                        }
                        client.onDrain = pump
                        client.onRead = { received.value.append(contentsOf: $0) }
                        client.onEnd = { _ in
                            client.close()
                            listener.close()
                            done((received.value, pauses.value, most.value))
                        }
                        pump()
                    }
                }
                #expect(result.received.count == sent.count)
                #expect(result.received == sent)
                #expect(result.most <= 512 * 1024)
            }
        }

        @Test func aRefusedConnectionIsAnErrorThatSaysSo() async throws {
            try await withLoop { loop in
                // A port that was free a moment ago and that nobody listens on.
                let port = try await loop.run {
                    let (listener, port) = try Self.serve(loop) { $0.close() }
                    listener.close()
                    return port
                }
                let error: LoopError? = try await loop.wait { done in
                    Self.connect(loop, port) { result in
                        if case .failure(let error) = result { done(error) } else { done(nil) }
                    }
                }
                #expect(error?.code == .connectionRefused)
                #expect(error?.name == "ECONNREFUSED")
                #expect(error?.operation == "connect to 127.0.0.1:\(port)")
                #expect(error?.description.contains("connection refused") == true)
                try await waitUntil { loop.liveHandleCount == 0 }
            }
        }

        @Test func aConnectionThatIsNotAnsweredTimesOut() async throws {
            // A full accept queue of a listener that never accepts drops further SYNs, so the last connections wait.
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { Glibc.close(descriptor) }
            let address = try SocketAddress(host: "127.0.0.1", port: 0)
            #expect(address.withSockaddr { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) } == 0)
            #expect(listen(descriptor, 0) == 0)
            let bound = try #require(
                SocketAddress { name, length in
                    var size = socklen_t(length.pointee)
                    return getsockname(descriptor, name, &size)
                })
            try await withLoop { loop in
                let codes = try await loop.wait { (done: @escaping ([LoopError.Code?]) -> Void) in
                    let codes = Box<[LoopError.Code?]>([])
                    for _ in 0..<4 {
                        TCPStream.connect(on: loop, host: "127.0.0.1", port: bound.port, timeoutMs: 100) { result in
                            if case .failure(let error) = result { codes.value.append(error.code) } else { codes.value.append(nil) }
                            if codes.value.count == 4 { done(codes.value) }
                        }
                    }
                }
                #expect(codes.contains(.timedOut))
            }
        }

        @Test func aCancelledAttemptCompletesOnce() async throws {
            try await withLoop { loop in
                let codes = OrderBox()
                try await loop.run {
                    let attempt = TCPStream.connect(on: loop, host: "localhost", port: 1, timeoutMs: 10_000) { result in
                        if case .failure(let error) = result { codes.add(Int(error.code.rawValue)) } else { codes.add(0) }
                    }
                    attempt.cancel()
                    attempt.cancel()
                }
                try await waitUntil { codes.all().count == 1 && loop.liveHandleCount == 0 }
                #expect(codes.all() == [Int(LoopError.Code.cancelled.rawValue)])
            }
        }

        @Test func aBoundAddressIsTheOneThePeerSees() async throws {
            try await withLoop { loop in
                let host = try await loop.wait { (done: @escaping (String?) -> Void) in
                    let (_, port) = try Self.serve(loop) { done($0.remoteAddress?.host) }
                    let local = try SocketAddress(host: "127.0.0.2", port: 0)
                    TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 5000, bindAddress: local) { _ in }
                }
                #expect(host == "127.0.0.2")
            }
        }

        @Test func aTakenPortIsAnErrorThatSaysSo() async throws {
            try await withLoop { loop in
                let error = try await loop.run { () -> LoopError? in
                    let (_, port) = try Self.serve(loop) { $0.close() }
                    let second = TCPListener(on: loop)
                    do throws(LoopError) {
                        try second.listen(host: "127.0.0.1", port: port) { $0.close() }
                        return nil
                    } catch { return error }
                }
                #expect(error?.code == .addressInUse)
                #expect(error?.advice.contains("another port") == true)
            }
        }

        @Test func twoListenersShareAPortWithReusePort() async throws {
            try await withLoop { loop in
                let shared = try await loop.run {
                    let first = TCPListener(on: loop)
                    try first.listen(host: "127.0.0.1", port: 0, reusePort: true) { $0.close() }
                    let second = TCPListener(on: loop)
                    try second.listen(host: "127.0.0.1", port: first.localAddress?.port ?? 0, reusePort: true) { $0.close() }
                    return first.localAddress == second.localAddress && first.localAddress != nil
                }
                #expect(shared)
            }
        }

        @Test func aPausedListenerKeepsConnectionsWaitingAndLosesNone() async throws {
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((most: Int, total: Int)) -> Void) in
                    let limit = 2
                    let total = 20
                    let open = Box(0)
                    let most = Box(0)
                    let accepted = Box(0)
                    let connected = Box(0)
                    let waiting = Box<[TCPStream]>([])
                    let listener = TCPListener(on: loop)
                    try listener.listen(host: "127.0.0.1", port: 0) { stream in
                        accepted.value += 1
                        open.value += 1
                        most.value = max(most.value, open.value)
                        if open.value == limit { listener.pause() }
                        stream.onRead = { _ in }
                        stream.onEnd = { _ in stream.close() }
                        stream.onClose = {
                            open.value -= 1
                            listener.resume()
                            if accepted.value == total && open.value == 0 { done((most.value, accepted.value)) }
                        }
                    }
                    for _ in 0..<total {
                        Self.connect(loop, listener.localAddress?.port ?? 0) { result in
                            guard case .success(let client) = result else { return }
                            connected.value += 1
                            waiting.value.append(client)
                            client.onRead = { _ in }
                            client.onEnd = { _ in client.close() }
                            guard connected.value == total else { return }
                            // The kernel has completed all of them, and only the limit is taken. Now each makes room for the next.
                            precondition(listener.isPaused && accepted.value == limit)
                            for client in waiting.value { client.shutdownWrite() }
                        }
                    }
                }
                #expect(result.most == 2)
                #expect(result.total == 20)
            }
        }

        @Test func halfClosedStreamsStillCarryTheOtherWay() async throws {
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((request: [UInt8], answer: [UInt8], ends: [StreamEnd])) -> Void) in
                    let request = Box<[UInt8]>([])
                    let answer = Box<[UInt8]>([])
                    let ends = Box<[StreamEnd]>([])
                    let (_, port) = try Self.serve(loop) { server in
                        server.onRead = { request.value.append(contentsOf: $0) }
                        server.onEnd = { end in
                            ends.value.append(end)
                            // The client has said all; this side has not.
                            server.write(contentsOf: [[1, 2], pattern(100_000), [3]])
                            server.shutdownWrite()
                            precondition(server.write([4]) == .closed)
                        }
                    }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return }
                        client.onRead = { answer.value.append(contentsOf: $0) }
                        client.onEnd = { end in
                            ends.value.append(end)
                            client.close()
                            done((request.value, answer.value, ends.value))
                        }
                        client.write([9, 8])
                        client.write([7])
                        client.shutdownWrite()
                    }
                }
                #expect(result.request == [9, 8, 7])
                #expect(result.answer == [1, 2] + pattern(100_000) + [3])
                #expect(result.ends == [.eof, .eof])
            }
        }

        @Test func aWriteBeyondTheLimitIsRefusedWholeAndTheStreamGoesOn() async throws {
            try await withLoop { loop in
                let result = try await loop.wait {
                    (done: @escaping ((results: Set<WriteResult>, queued: Int, received: Int, accepted: Int)) -> Void) in
                    let peer = Box<TCPStream?>(nil)
                    let received = Box(0)
                    let (_, port) = try Self.serve(loop) { peer.value = $0 }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return }
                        client.writeBytesMax = 100_000
                        var results = Set<WriteResult>()
                        var accepted = 0
                        // The peer does not read, so the kernel's buffers fill and then ours.
                        while !results.contains(.overflow) {
                            let result = client.write(pattern(30_000))
                            results.insert(result)
                            if result != .overflow { accepted += 30_000 }
                            client.checkInvariants()
                        }
                        let queued = client.queuedBytes
                        let (total, seen) = (accepted, results)
                        client.onDrain = { client.shutdownWrite() }
                        // The peer wakes up; everything that was accepted arrives.
                        func drainPeer() {
                            guard let stream = peer.value else { return loop.deferToIterationEnd(drainPeer) }
                            stream.onRead = { received.value += $0.count }
                            stream.onEnd = { _ in done((seen, queued, received.value, total)) }
                        }
                        drainPeer()
                    }
                }
                #expect(result.results.isSuperset(of: [.queued, .overflow]))
                #expect(result.queued <= 100_000)
                #expect(result.received == result.accepted)
            }
        }

        @Test func endIsToldExactlyOnceWhoeverCloses() async throws {
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((mine: [StreamEnd], closes: Int)) -> Void) in
                    let ends = Box<[StreamEnd]>([])
                    let (_, port) = try Self.serve(loop) { $0.onRead = { _ in } }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return }
                        client.onRead = { _ in }
                        client.onEnd = { ends.value.append($0) }
                        client.onClose = {
                            loop.deferToIterationEnd { done((ends.value, 1)) }
                        }
                        client.close()
                        client.close()
                        precondition(ends.value.isEmpty, "no callback from inside close")
                        precondition(client.write([1]) == .closed)
                        precondition(client.remoteAddress == nil)
                    }
                }
                #expect(result.mine == [.closed])
            }
        }

        @Test func aResetIsAnErrorAndClosesTheStream() async throws {
            try await withLoop { loop in
                let end = try await loop.wait { (done: @escaping (StreamEnd) -> Void) in
                    let (_, port) = try Self.serve(loop) { server in
                        // Closing with unread bytes makes the kernel send a reset.
                        server.onRead = { _ in
                            server.pauseReading()
                            let timer = Timer(on: loop)
                            timer.start(afterMs: 1, repeatMs: 1) {
                                server.resumeReading()
                                server.close()
                                timer.close()
                            }
                        }
                    }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return }
                        client.onRead = { _ in }
                        client.onEnd = { end in
                            precondition(client.isClosed)
                            done(end)
                        }
                        client.write(pattern(3_000_000))
                    }
                }
                guard case .error(let error) = end else {
                    Issue.record("expected an error, came \(end)")
                    return
                }
                #expect(error.code == .connectionReset || error.code == .brokenPipe)
            }
        }

        @Test func smallWritesOfOneTurnArriveTogether() async throws {
            try await withLoop { loop in
                let pieces = try await loop.wait { (done: @escaping ([Int]) -> Void) in
                    let (_, port) = try Self.serve(loop) { server in
                        for byte in 0..<200 { precondition(server.write([UInt8(byte)]) == .written) }
                        precondition(server.queuedBytes == 200)
                        server.shutdownWrite()
                    }
                    Self.connect(loop, port) { result in
                        guard case .success(let client) = result else { return }
                        let sizes = Box<[Int]>([])
                        client.onRead = { sizes.value.append($0.count) }
                        client.onEnd = { _ in done(sizes.value) }
                    }
                }
                #expect(pieces == [200])
            }
        }

        @Test func ipv6Works() async throws {
            try await withLoop { loop in
                let remote = try await loop.wait { (done: @escaping (String?) -> Void) in
                    let listener = TCPListener(on: loop)
                    try listener.listen(host: "::1", port: 0) { done($0.remoteAddress?.host) }
                    TCPStream.connect(on: loop, host: "::1", port: listener.localAddress?.port ?? 0, timeoutMs: 5000) { _ in }
                }
                #expect(remote == "::1")
            }
        }
    }
}
