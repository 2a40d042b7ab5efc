import EventLoop
import Glibc
import Testing

@testable import Web

@Suite struct HealthTests {
    /// It was told in nanoseconds once, so that every node took itself for dead.
    @Test func aLoopThatAnswersIsSilentForMillisecondsOnly() async throws {
        let loop = Loop(name: "watched")
        loop.start()
        let watch = LoopWatch(loop)
        usleep(20_000)
        let before = watch.silenceMs()
        #expect(before >= 20 && before < Health.silenceMsMax)
        // Asked again and again it answers: less than before, although time goes on.
        var least = before
        for _ in 0..<5_000 where least >= 20 {
            usleep(1_000)
            least = min(least, watch.silenceMs())
        }
        #expect(least < 20)
        await loop.shutdown()
    }
}
