import Glibc
import Locking
import Synchronization
import Testing

@testable import EventLoop

@ClusterActor private final class ClusterCounter {
    var count = 0
    func bump() { count += 1 }
    /// A timer's closure is formed in the actor and called by libuv; it touches the actor's state without a hop.
    func waitForTimer() async -> Int {
        await withCheckedContinuation { continuation in
            let timer = Timer(on: ClusterActor.loop)
            timer.start(afterMs: 1) {
                self.bump()
                ClusterActor.assumeIsolated { self.bump() }
                ClusterActor.loop.checkIsolated()
                timer.close()
                continuation.resume(returning: self.count)
            }
        }
    }
}

extension EventLoopTests {
    @Suite(.timeLimit(.minutes(2))) struct LoopTests {
        @Test func aGlobalActorRunsOnItsLoopAndItsCallbacksAreIsolated() async {
            let counter = ClusterCounter()
            await counter.bump()
            #expect(await counter.waitForTimer() == 3)
            let isOnLoop = await { @ClusterActor in ClusterActor.loop.isOnLoop }()
            #expect(isOnLoop)
            #expect(!ClusterActor.loop.isOnLoop)
            let isOnWeb = await { @WebActor in WebActor.loop.isOnLoop && !ClusterActor.loop.isOnLoop }()
            #expect(isOnWeb)
        }

        @Test func hopsBetweenActorsComeBackToTheRightLoop() async {
            let ok = await Task { @ClusterActor in
                for _ in 0..<1000 {
                    guard ClusterActor.loop.isOnLoop else { return false }
                    guard await { @WebActor in WebActor.loop.isOnLoop }() else { return false }
                }
                return ClusterActor.loop.isOnLoop
            }.value
            #expect(ok)
        }

        @Test func postsOfEachThreadRunInItsOrder() async throws {
            let threads = 8
            let posts = 5000
            try await withLoop { loop in
                let seen = Locked([Int](repeating: 0, count: threads))
                let wrong = Atomic<Int>(0)
                let sink = Sink(seen: seen, wrong: wrong)
                await withTaskGroup(of: Void.self) { group in
                    for thread in 0..<threads {
                        group.addTask {
                            for number in 0..<posts { loop.post { sink.take(thread, number) } }
                        }
                    }
                }
                let total = try await loop.run { sink.total() }
                #expect(total == threads * posts)
                #expect(sink.wrong.load(ordering: .relaxed) == 0)
                #expect(loop.pendingJobCount == 0)
            }
        }

        private final class Sink: Sendable {
            let seen: Locked<[Int]>
            let wrong: Atomic<Int>
            init(seen: Locked<[Int]>, wrong: consuming Atomic<Int>) {
                self.seen = seen
                self.wrong = wrong
            }
            func take(_ thread: Int, _ number: Int) {
                seen.withLock { seen in
                    if seen[thread] != number { wrong.add(1, ordering: .relaxed) }
                    seen[thread] += 1
                }
            }
            func total() -> Int { seen.withLock { $0.reduce(0, +) } }
        }

        @Test func postsBeforeTheStartAreRunFirst() async throws {
            let loop = Loop(name: "late")
            let log = OrderBox()
            loop.post { log.add(1) }
            loop.start()
            loop.start()
            try await loop.run { log.add(2) }
            await loop.shutdown()
            #expect(log.all() == [1, 2])
        }

        @Test func deferredClosuresRunAfterTheJobsOfTheTurn() async throws {
            try await withLoop { loop in
                let log = OrderBox()
                let order = try await loop.wait { done in
                    loop.deferToIterationEnd {
                        log.add(3)
                        done(log.all())
                    }
                    loop.post { log.add(2) }
                    log.add(1)
                }
                // The second job was posted during the first round, so it runs in the second one, after the deferred closures of the first.
                #expect(order == [1, 3])
                try await loop.run {}
                #expect(log.all() == [1, 3, 2])
            }
        }

        @Test func aJobThatPostsForEverDoesNotStarveTimers() async throws {
            try await withLoop { loop in
                let flag = Flag()
                let fired = try await loop.wait { done in
                    @Sendable func again() { if !flag.value.load(ordering: .relaxed) { loop.post(again) } }
                    again()
                    let timer = Timer(on: loop)
                    timer.start(afterMs: 5) {
                        flag.value.store(true, ordering: .relaxed)
                        timer.close()
                        done(true)
                    }
                }
                #expect(fired)
            }
        }

        final class Flag: Sendable {
            let value = Atomic(false)
        }

        @Test func timersFireInOrderAndNeverEarly() async throws {
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((order: [Int], early: Bool)) -> Void) in
                    let order = Box<[Int]>([])
                    let early = Box(false)
                    for (index, delay) in [30, 10, 20].enumerated() {
                        let timer = Timer(on: loop)
                        let start = Loop.monotonicNs()
                        timer.start(afterMs: UInt64(delay)) {
                            // libuv rounds the clock down to a millisecond, so one less is its exactness.
                            if (Loop.monotonicNs() - start) / 1_000_000 + 1 < UInt64(delay) { early.value = true }
                            order.value.append(index)
                            timer.close()
                            if order.value.count == 3 { done((order.value, early.value)) }
                        }
                    }
                }
                #expect(result.order == [1, 2, 0])
                #expect(!result.early)
            }
        }

        @Test func aRepeatingTimerStopsWhenTold() async throws {
            try await withLoop { loop in
                let count = try await loop.wait { done in
                    let count = Box(0)
                    let timer = Timer(on: loop)
                    timer.start(afterMs: 1, repeatMs: 1) {
                        count.value += 1
                        guard count.value == 5 else { return }
                        timer.stop()
                        let check = Timer(on: loop)
                        check.start(afterMs: 10) {
                            done(count.value)
                            check.close()
                            timer.close()
                        }
                    }
                }
                #expect(count == 5)
            }
        }

        @Test func aSignalReachesItsWatcher() async throws {
            try await withLoop { loop in
                let seen = try await loop.wait { done in
                    let watcher = Box<SignalWatcher?>(nil)
                    watcher.value = try SignalWatcher(on: loop, signal: SIGUSR1) {
                        watcher.value?.close()
                        watcher.value = nil
                        done(true)
                    }
                    kill(getpid(), SIGUSR1)
                }
                #expect(seen)
            }
        }

        @Test func aWrongSignalIsRefusedWithAReason() async throws {
            try await withLoop { loop in
                await #expect(throws: LoopError(.invalid, "watch signal 9999")) {
                    try await loop.run { _ = try SignalWatcher(on: loop, signal: 9999) {} }
                }
            }
        }
    }
}
