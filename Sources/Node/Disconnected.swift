import Synchronization

/// Carries a value that nobody else holds from where it was made to where it is used, once.
final class Disconnected<Value>: Sendable {
    private let value: Mutex<Value?>
    init(_ value: consuming sending Value) { self.value = Mutex(value) }
    func take() -> sending Value? {
        value.withLock { value in
            let taken = value
            value = nil
            return taken
        }
    }
}
