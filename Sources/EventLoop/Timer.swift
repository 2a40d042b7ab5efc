import CUV

/// A timer of the loop, in milliseconds of monotonic time.
public final class Timer: LoopHandle {
    private var callback: (() -> Void)?
    private var isRepeating = false

    public init(on loop: Loop) {
        super.init(on: loop, type: UV_TIMER)
        // uv_timer_init only fills the struct; it has no error.
        uv_timer_init(core.uvLoop, timer)
        adopt()
    }

    private var timer: UnsafeMutablePointer<uv_timer_t> { memory.assumingMemoryBound(to: uv_timer_t.self) }

    /// Calls `body` after `afterMs`, and then every `repeatMs` unless that is 0. Replaces an earlier start. No effect once closed.
    public func start(afterMs: UInt64, repeatMs: UInt64 = 0, _ body: @escaping () -> Void) {
        loop.assertOnLoop()
        guard !isClosed else { return }
        callback = body
        isRepeating = repeatMs != 0
        // The loop's time is that of the turn's start; a long turn must not make a timer fire early.
        uv_update_time(core.uvLoop)
        uv_timer_start(
            timer,
            { handle in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<Timer>.fromOpaque(data).takeUnretainedValue().fire()
            }, afterMs, repeatMs)
    }

    /// Stops it; `body` is not called again. Idempotent; it can be started again.
    public func stop() {
        loop.assertOnLoop()
        guard !isClosed else { return }
        uv_timer_stop(timer)
        callback = nil
    }

    /// True between `start` and the last call of its closure.
    public var isActive: Bool { !isClosed && callback != nil }

    private func fire() {
        let body = callback
        if !isRepeating { callback = nil }
        body?()
    }

    override func didClose() { callback = nil }
}
