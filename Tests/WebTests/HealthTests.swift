import EventLoop
import Glibc
import Synchronization
import Testing

@testable import Web

@Suite struct HealthTests {
    private final class Gate: Sendable {
        let isShut = Atomic(true)
        let isReached = Atomic(false)
    }

    /// It was told in nanoseconds once, so that every node took itself for dead.
    @Test func aLoopThatAnswersIsSilentForMillisecondsOnly() async throws {
        let loop = Loop(name: "watched")
        loop.start()
        let began = ContinuousClock.now
        let watch = LoopWatch(loop)
        let gate = Gate()
        loop.post {
            gate.isReached.store(true, ordering: .releasing)
            while gate.isShut.load(ordering: .acquiring) { sched_yield() }
        }
        while !gate.isReached.load(ordering: .acquiring) { sched_yield() }
        // While the loop is held up its silence grows with the clock, and is told in the clock's milliseconds.
        var silence = watch.silenceMs()
        while silence < 20 {
            silence = watch.silenceMs()
            #expect(Duration.milliseconds(silence) <= ContinuousClock.now - began)
        }
        #expect((ContinuousClock.now - began) >= .milliseconds(20) && silence < Health.silenceMsMax)
        // Let go, it answers: less than before, although time goes on.
        gate.isShut.store(false, ordering: .releasing)
        let deadline = ContinuousClock.now + .seconds(5)
        while watch.silenceMs() >= 20, ContinuousClock.now < deadline { sched_yield() }
        #expect(ContinuousClock.now < deadline, "the loop was not heard again")
        await loop.shutdown()
    }
}
