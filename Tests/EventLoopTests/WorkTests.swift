import Testing

@testable import EventLoop

extension EventLoopTests {
    @Suite(.timeLimit(.minutes(2))) struct WorkTests {
        @Test func workRunsOffTheLoopAndComesBack() async throws {
            try await withLoop { loop in
                let wasOnLoop = try await loop.work { loop.isOnLoop }
                #expect(!wasOnLoop)
            }
        }

        @Test func workBeyondTheLimitIsRefused() async throws {
            try await withLoop { loop in
                let gate = Gate()
                let (busy, done) = await withTaskGroup(of: Bool.self) { group in
                    gate.close()
                    for _ in 0..<Limits.workPendingMax + 10 {
                        group.addTask {
                            do throws(LoopError) {
                                try await loop.work { gate.pass() }
                                return true
                            } catch {
                                // A refusal lets the others go on.
                                gate.open()
                                return error.code != .busy
                            }
                        }
                    }
                    var counts = (busy: 0, done: 0)
                    for await isDone in group { if isDone { counts.done += 1 } else { counts.busy += 1 } }
                    return counts
                }
                #expect(busy >= 1 && busy + done == Limits.workPendingMax + 10)
                #expect(done >= Limits.workPendingMax)
            }
        }

        @Test func workAfterTheShutdownIsCancelled() async throws {
            let loop = Loop(name: "gone")
            loop.start()
            await loop.shutdown()
            await #expect(throws: LoopError(.cancelled, "work on loop gone")) { try await loop.work { 1 } }
            await #expect(throws: LoopError(.cancelled, "look up localhost")) { try await loop.resolve(host: "localhost") }
            loop.post {}
            #expect(loop.lostJobCount == 3)
        }

        @Test func namesAreResolved() async throws {
            try await withLoop { loop in
                let addresses = try await loop.resolve(host: "localhost", port: 81)
                #expect(!addresses.isEmpty)
                #expect(addresses.allSatisfy { $0.port == 81 && ["127.0.0.1", "::1"].contains($0.host) })
                #expect(try await loop.resolve(host: "::1", port: 5).map(\.description) == ["[::1]:5"])
                await #expect(throws: LoopError(.nameUnknown, "look up \"\"")) { try await loop.resolve(host: "") }
                // No look-up leaves the machine: a label may not be longer than 63 bytes, so the resolver refuses it itself.
                let wrong = String(repeating: "x", count: 70) + ".invalid"
                await #expect(throws: LoopError.self) { try await loop.resolve(host: wrong) }
            }
        }

        @Test func aConnectionByNameTriesTheAddresses() async throws {
            try await withLoop { loop in
                let host = try await loop.wait { (done: @escaping (String?) -> Void) in
                    let (_, port) = try EventLoopTests.TCPTests.serve(loop) { $0.onRead = { _ in } }
                    TCPStream.connect(on: loop, host: "localhost", port: port, timeoutMs: 10_000) { result in
                        if case .success(let stream) = result { done(stream.remoteAddress?.host) } else { done(nil) }
                    }
                }
                #expect(host == "127.0.0.1")
            }
        }

        @Test func aWorkerRunsItsJobsInOrderAndAllBeforeItEnds() async {
            let worker = Worker(name: "orderly")
            let order = OrderBox()
            for number in 0..<1000 { #expect(worker.submit { order.add(number) }) }
            await worker.shutdown()
            await worker.shutdown()
            #expect(order.all() == Array(0..<1000))
            #expect(!worker.submit {})
            #expect(worker.pendingCount == 0)
        }

        @Test func aFullWorkerRefuses() async {
            let worker = Worker(name: "small", pendingMax: 2)
            let gate = Gate()
            gate.close()
            #expect(worker.submit { gate.pass() })
            #expect(worker.submit {})
            #expect(!worker.submit {})
            gate.open()
            await worker.shutdown()
        }
    }
}
