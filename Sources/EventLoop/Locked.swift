import Glibc

/// A value that only one thread at a time may touch.
///
/// A pthread mutex and not `Synchronization.Mutex`, because ThreadSanitizer sees the former and reports every use of the latter as a race.
///
/// `@unchecked Sendable`: `state` is touched only in `withLock`, between lock and unlock; the mutex has a constant heap address and is
/// freed in `deinit`, when nobody else can hold it.
final class Locked<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var state: State

    init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Calls `body` with the value. Short, never blocking, and never calling back into the same lock.
    func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
