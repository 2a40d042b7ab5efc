/// Waiting for a condition, with a bound.

import EventLoop

enum Wait {
    struct TimedOut: Error, CustomStringConvertible {
        let what: String
        let withinMs: UInt64
        var description: String { "waited \(withinMs) ms in vain for \(what)" }
    }

    /// Looks every few milliseconds until the condition holds.
    @ClusterActor
    static func until(_ what: String, withinMs: UInt64, _ condition: @ClusterActor () async -> Bool) async throws {
        let deadlineMs = ClusterActor.loop.nowMs + withinMs
        while await !condition() {
            guard ClusterActor.loop.nowMs < deadlineMs else { throw TimedOut(what: what, withinMs: withinMs) }
            await pause(ms: 10)
        }
    }

    /// Gives the loop back for a while.
    @ClusterActor
    static func pause(ms: UInt64) async {
        await withCheckedContinuation { continuation in
            let timer = Timer(on: ClusterActor.loop)
            timer.start(afterMs: ms) {
                timer.close()
                continuation.resume()
            }
        }
    }
}
