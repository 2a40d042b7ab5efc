import Testing

@testable import EventLoop

extension EventLoopTests {
    @Suite(.timeLimit(.minutes(3))) struct ShutdownTests {
        @Test func aShutdownClosesEveryKindOfHandleAndTellsTheOwners() async throws {
            let ends = OrderBox()
            let loop = Loop(name: "full")
            loop.start()
            let connected: Bool = try await loop.wait { done in
                let isServed = Box(false)
                let timer = Timer(on: loop)
                timer.start(afterMs: 3_600_000) {}
                timer.onClose = { ends.add(1) }
                _ = try SignalWatcher(on: loop, signal: 12) {}
                let socket = UDPSocket(on: loop)
                try socket.bind(host: "127.0.0.1", port: 0)
                let (_, port) = try EventLoopTests.TCPTests.serve(loop) { server in
                    server.onRead = { _ in }
                    server.onEnd = { if $0 == .closed { ends.add(2) } }
                    server.write(pattern(3_000_000))
                    if !isServed.value { done(true) }
                    isServed.value = true
                }
                EventLoopTests.TCPTests.connect(loop, port) { _ in }
                // This attempt may still be under way at the shutdown; its completion comes once all the same.
                TCPStream.connect(on: loop, host: "127.0.0.1", port: port, timeoutMs: 3_600_000) { _ in ends.add(3) }
            }
            #expect(connected)
            #expect(loop.liveHandleCount >= 5)
            await loop.shutdown()
            await loop.shutdown()
            #expect(loop.liveHandleCount == 0)
            #expect(ends.all().contains(1) && ends.all().contains(2))
            #expect(ends.all().filter { $0 == 3 }.count == 1)
            #expect(!loop.isOnLoop)
        }

        @Test func aShutdownWaitsForWorkAndForJobsThatPostJobs() async throws {
            let loop = Loop(name: "busy")
            loop.start()
            let order = OrderBox()
            let gate = Gate()
            gate.close()
            let work = Task { try await loop.work { gate.pass() } }
            try await waitUntil { loop.pendingJobCount == 0 }
            try await loop.run {
                @Sendable func next(_ left: Int) {
                    order.add(left)
                    if left > 0 { loop.post { next(left - 1) } }
                }
                loop.post { next(100) }
            }
            let shutdown = Task { await loop.shutdown() }
            gate.open()
            await shutdown.value
            _ = try? await work.value
            #expect(order.all().count == 101)
            #expect(loop.liveHandleCount == 0)
        }

        @Test func aShutdownLeavesNoDescriptor() async throws {
            // The first round makes what is kept for the process: the pipe of libuv's signals.
            try await aShutdownClosesEveryKindOfHandleAndTellsTheOwners()
            // Other tests of this process open and close theirs meanwhile; what is lost here is missing in every round.
            for round in 1...10 {
                let before = openDescriptors()
                #expect(!before.isEmpty)
                for _ in 0..<5 { try await aShutdownClosesEveryKindOfHandleAndTellsTheOwners() }
                try await twoThousandConnectionsComeAndGo()
                if openDescriptors() == before { return }
                if round == 10 { #expect(openDescriptors() == before) }
            }
        }

        @Test func aLoopThatNeverRanShutsDown() async {
            let loop = Loop(name: "idle")
            await loop.shutdown()
            loop.start()
            #expect(loop.liveHandleCount == 0)
            #expect(!loop.accept(.closure {}))
        }

        @Test func twoThousandConnectionsComeAndGo() async throws {
            let total = 2000
            try await withLoop { loop in
                let closed = OrderBox()
                try await loop.run {
                    let listener = Box<TCPListener?>(nil)
                    let (server, port) = try EventLoopTests.TCPTests.serve(loop) { stream in
                        stream.onRead = { [unowned stream] in stream.write(Array($0)) }
                        stream.onEnd = { [unowned stream] _ in stream.close() }
                        stream.onClose = { closed.add(1) }
                    }
                    listener.value = server
                    let started = Box(0)
                    func next() {
                        guard started.value < total else { return }
                        started.value += 1
                        EventLoopTests.TCPTests.connect(loop, port) { result in
                            guard case .success(let client) = result else { return closed.add(-1) }
                            client.onRead = { [unowned client] _ in client.close() }
                            client.onClose = {
                                closed.add(2)
                                next()
                            }
                            client.write([42])
                        }
                    }
                    // A few hundred at a time, since every one needs two descriptors of this process.
                    for _ in 0..<200 { next() }
                }
                try await waitUntil { closed.all().count >= 2 * total }
                #expect(closed.all().filter { $0 == 1 }.count == total)
                #expect(closed.all().filter { $0 == 2 }.count == total)
                // Only the listener is left.
                #expect(loop.liveHandleCount == 1)
            }
        }
    }
}
