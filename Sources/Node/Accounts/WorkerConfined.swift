/// A value that only one worker thread touches.

import Synchronization

/// Holds a value for the jobs of one worker. The lock is never contended, as the worker runs one job at a time; it is there so
/// that the compiler, and not a comment, proves the absence of races.
final class WorkerConfined<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func with<T: Sendable>(_ body: @Sendable (inout Value) -> T) -> T {
        value.withLock { body(&$0) }
    }
}
