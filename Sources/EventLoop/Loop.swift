import CUV
import Glibc
import Locking
import Synchronization

/// One libuv loop on one thread of its own; the executor of a global actor.
///
/// Jobs (actor jobs and posted closures) run in the order in which they came, all of them just before the loop looks at its sockets
/// again. Jobs that come from the loop itself need no system call; jobs from other threads need one for the first of a batch.
/// The job queue alone has no limit, because Swift does not let an executor refuse a job; `pendingJobCount` tells its length.
public final class Loop: SerialExecutor, Sendable {
    enum Job: Sendable {
        case actor(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private enum Phase {
        case idle, running, closing, closed
    }

    /// What every thread may touch, under the lock.
    private struct Intake {
        var phase = Phase.idle
        var jobs: [Job] = []
        var wake: Wake?
        var isWakeSent = false
        var thread: pthread_t = 0
        var isJoined = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var lostJobs = 0
    }

    /// Sendable although it holds a pointer: it is used only for `uv_async_send`, which libuv documents as safe from any thread, only
    /// under the intake's lock, and the lock's owner sets it to nil before the memory goes.
    private struct Wake: @unchecked Sendable {
        let handle: UnsafeMutablePointer<uv_async_t>
    }

    /// The name of the loop and of its thread (the kernel keeps 15 bytes).
    public let name: String
    private let intake = Locked(Intake())
    private let threadId = Atomic<UInt>(0)
    private let live = Atomic<Int>(0)
    /// Not isolated by the compiler, but by the thread: after `init` only code that runs on the loop's thread touches it
    /// (`preconditionOnLoop` in every handle's `init`, and every callback of libuv runs there).
    nonisolated(unsafe) let core = LoopCore()

    /// Makes a loop that does not run yet; it owns no descriptor before `start`.
    public init(name: String) {
        ignoreSIGPIPE()
        self.name = name
    }

    // MARK: Life

    /// Spawns the thread. Idempotent; no effect after `shutdown`. Jobs posted before are run first.
    public func start() {
        intake.withLock { state in
            guard state.phase == .idle else { return }
            state.phase = .running
            let argument = Unmanaged.passRetained(self).toOpaque()
            let status = pthread_create(
                &state.thread, nil,
                { argument in
                    // `start` retained the loop for its thread; a thread's start routine is never called without its argument.
                    guard let argument else { return nil }
                    Unmanaged<Loop>.fromOpaque(argument).takeRetainedValue().threadMain()
                    return nil
                }, argument)
            precondition(status == 0, "start loop \(name): expected a thread, pthread_create gave \(status); raise the limit of processes")
        }
    }

    /// Closes every handle (their `onEnd` and `onClose` are called), runs every job that is pending, waits for the pool's work,
    /// and joins the thread. Afterwards no handle and no descriptor of the loop is left, and jobs that still come are dropped and counted.
    /// Idempotent; must not be called from code isolated to this loop.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            let done = intake.withLock { state in
                switch state.phase {
                case .idle:
                    state.phase = .closed
                    return true
                case .closed:
                    return true
                case .running:
                    state.phase = .closing
                    state.waiters.append(continuation)
                    if let wake = state.wake { uv_async_send(wake.handle) }
                    return false
                case .closing:
                    state.waiters.append(continuation)
                    return false
                }
            }
            if done { continuation.resume() }
        }
        let thread = intake.withLock { state -> pthread_t in
            guard !state.isJoined, state.thread != 0 else { return 0 }
            state.isJoined = true
            return state.thread
        }
        if thread != 0 { pthread_join(thread, nil) }
    }

    private func threadMain() {
        threadId.store(UInt(pthread_self()), ordering: .releasing)
        setThreadName(name)
        core.open(for: self)
        let wake = Wake(handle: core.wake)
        intake.withLock { $0.wake = wake }
        _ = uv_run(core.uvLoop, UV_RUN_DEFAULT)
        core.drain { self.closeIntake() }
        core.close()
        threadId.store(0, ordering: .releasing)
        let waiters = intake.withLock { state in
            state.phase = .closed
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// On the loop: takes no more jobs if none is pending. From here on the wake handle is the loop's alone.
    private func closeIntake() -> Bool {
        intake.withLock { state in
            guard state.jobs.isEmpty else { return false }
            state.phase = .closed
            state.wake = nil
            return true
        }
    }

    /// True from the call of `shutdown`.
    var isShuttingDown: Bool { intake.withLock { $0.phase == .closing || $0.phase == .closed } }

    // MARK: Jobs

    /// Runs `job` on the loop, after everything posted before it. Safe from any thread. Dropped once the loop is shut down.
    public func post(_ job: @escaping @Sendable () -> Void) {
        _ = accept(.closure(job))
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        _ = accept(.actor(UnownedJob(job)))
    }

    /// False if the loop is shut down and the job was dropped.
    func accept(_ job: Job) -> Bool {
        let isLocal = isOnLoop
        return intake.withLock { state in
            guard state.phase != .closed else {
                state.lostJobs += 1
                return false
            }
            state.jobs.append(job)
            // The loop looks at the queue before it sleeps, so its own jobs need no wake.
            guard !isLocal, !state.isWakeSent, let wake = state.wake else { return true }
            state.isWakeSent = true
            uv_async_send(wake.handle)
            return true
        }
    }

    /// On the loop: exchanges the pending jobs for `empty`, and tells whether the loop is asked to stop.
    func takeJobs(into empty: inout [Job]) -> Bool {
        intake.withLock { state in
            state.isWakeSent = false
            swap(&state.jobs, &empty)
            return state.phase == .closing
        }
    }

    func run(_ job: Job) {
        switch job {
        case .actor(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .closure(let body): body()
        }
    }

    /// Jobs that wait for the loop.
    public var pendingJobCount: Int { intake.withLock { $0.jobs.count } }

    /// Jobs that came after the shutdown and were dropped.
    public var lostJobCount: Int { intake.withLock { $0.lostJobs } }

    /// Runs `body` once, on the loop, at the end of the current turn, before the loop sleeps, before collected writes are flushed.
    /// Call it on the loop. A core batches with it: it gathers what many events of one turn ask for and acts once.
    public func deferToIterationEnd(_ body: @escaping () -> Void) {
        preconditionOnLoop()
        core.deferred.append(body)
    }

    // MARK: Isolation

    /// True on the loop's thread.
    public var isOnLoop: Bool { threadId.load(ordering: .acquiring) == UInt(pthread_self()) }

    /// Traps unless called on the loop's thread.
    public func preconditionOnLoop() {
        precondition(isOnLoop, "expected the thread of loop \(name), came another one; use its actor, or Loop.post")
    }

    /// `preconditionOnLoop` in debug builds.
    @inline(__always)
    func assertOnLoop() {
        assert(isOnLoop, "expected the thread of loop \(name), came another one; use its actor, or Loop.post")
    }

    public func checkIsolated() { preconditionOnLoop() }

    public func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    // MARK: Time and counts

    /// Monotonic milliseconds as of the start of this turn (`uv_now`). Call it on the loop; costs nothing.
    public var nowMs: UInt64 {
        preconditionOnLoop()
        return uv_now(core.uvLoop)
    }

    /// Monotonic nanoseconds, now, from any thread (CLOCK_MONOTONIC: the clock that `nowMs` rounds).
    public static func monotonicNs() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Handles created and not yet closed completely, the loop's own two not counted. From any thread.
    public var liveHandleCount: Int { live.load(ordering: .acquiring) }

    func handleOpened() { live.add(1, ordering: .acquiringAndReleasing) }
    func handleClosed() { live.subtract(1, ordering: .acquiringAndReleasing) }
}
