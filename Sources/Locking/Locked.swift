import Glibc

/// A value that only one thread at a time may touch.
///
/// A pthread mutex and not `Synchronization.Mutex`, because ThreadSanitizer sees the former and reports every use of the latter as a race. It costs
/// some 40 ns where the other costs 10, which a request that counts a handful of numbers does not feel.
///
/// `@unchecked Sendable`: `state` is touched only in `withLock`, between lock and unlock; the mutex has a constant heap address and is
/// freed in `deinit`, when nobody else can hold it.
package final class Locked<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Calls `body` with the value. Short, never blocking, and never calling back into the same lock.
    package func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
