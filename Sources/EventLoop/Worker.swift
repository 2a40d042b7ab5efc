import Glibc

/// One thread with a queue of its own, for work that blocks and must neither hold up the loop nor wait behind others on the
/// shared pool: log writes, password hashing. Jobs run one at a time, in order. Results go back with `Loop.post`.
///
/// `@unchecked Sendable`: every stored `var` is touched only between `lock` and `unlock` of the one mutex; the pointers are constant and
/// are freed in `deinit`, which cannot run before the thread has ended, because the thread retains the worker.
public final class Worker: @unchecked Sendable {
    public let name: String
    /// Jobs that may wait or run.
    public let pendingMax: Int
    private let niceness: Int32
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [@Sendable () -> Void] = []
    private var pending = 0
    private var isStopping = false
    private var isFinished = false
    private var isJoined = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var thread: pthread_t = 0

    /// Starts the thread. End it with `shutdown`.
    /// - Parameter niceness: 0 to 19; above 0 the thread gives way to others on a busy machine.
    public init(name: String, pendingMax: Int = Limits.workerPendingMax, niceness: Int32 = 0) {
        precondition(pendingMax > 0, "make worker \(name): expected a limit of at least 1, came \(pendingMax)")
        self.name = name
        self.pendingMax = pendingMax
        self.niceness = niceness
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        let status = locked {
            pthread_create(
                &thread, nil,
                { argument in
                    // `init` retained the worker for its thread; a thread's start routine is never called without its argument.
                    guard let argument else { return nil }
                    Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().threadMain()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
        }
        precondition(status == 0, "start worker \(name): expected a thread, pthread_create gave \(status); raise the limit of processes")
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Queues `job`. False, and the job is not run, if `pendingMax` jobs are pending or the worker is shut down. From any thread; never blocks.
    public func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        locked {
            guard !isStopping, pending < pendingMax else { return false }
            pending += 1
            queue.append(job)
            if queue.count == 1 { pthread_cond_signal(condition) }
            return true
        }
    }

    /// Jobs that wait or run.
    public var pendingCount: Int { locked { pending } }

    /// Takes no more jobs, runs those that are pending, ends the thread. Idempotent. Not from a job of the same worker.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            let isDone = locked {
                isStopping = true
                pthread_cond_signal(condition)
                if !isFinished { waiters.append(continuation) }
                return isFinished
            }
            if isDone { continuation.resume() }
        }
        let isJoiner = locked {
            defer { isJoined = true }
            return !isJoined
        }
        if isJoiner { pthread_join(locked { thread }, nil) }
    }

    private func threadMain() {
        setThreadName(name)
        // Linux counts niceness by thread; 0 means the calling one. A refusal costs speed alone.
        if niceness > 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
        while let jobs = nextJobs() {
            for job in jobs {
                job()
                locked { pending -= 1 }
            }
        }
        let waiters = locked {
            isFinished = true
            return self.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Everything that waits; nil when the worker is to end.
    private func nextJobs() -> [@Sendable () -> Void]? {
        locked {
            while queue.isEmpty && !isStopping { pthread_cond_wait(condition, mutex) }
            guard !queue.isEmpty else { return nil }
            let jobs = queue
            queue = []
            return jobs
        }
    }
}
