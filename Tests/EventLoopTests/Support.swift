import Glibc
import Locking
import Testing

@testable import EventLoop

/// One test at a time, because some count the descriptors of the process.
@Suite(.serialized) enum EventLoopTests {}

/// A loop for one test, shut down whatever happens.
@discardableResult
func withLoop<T: Sendable>(_ name: String = "test", _ body: (Loop) async throws -> T) async throws -> T {
    let loop = Loop(name: name)
    loop.start()
    do {
        let result = try await body(loop)
        await loop.shutdown()
        return result
    } catch {
        await loop.shutdown()
        throw error
    }
}

extension Loop {
    /// Runs `body` on the loop and waits for its result.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            post { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Starts `body` on the loop and waits until it calls its argument, which may be long after it returned.
    func wait<T: Sendable>(_ body: @escaping @Sendable (@escaping (T) -> Void) throws -> Void) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            post {
                do { try body { continuation.resume(returning: $0) } } catch { continuation.resume(throwing: error) }
            }
        }
    }
}

/// A box for what callbacks on one loop share.
final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// Descriptors that the process has open, with what they lead to.
func openDescriptors() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for descriptor in Int32(0)..<65_536 where fcntl(descriptor, F_GETFD) != -1 {
        var target = [CChar](repeating: 0, count: 256)
        let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
        let name = String(decoding: target.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Swift's runtime makes these for Task.sleep and keeps them; libuv uses none.
        if name != "anon_inode:[timerfd]" { found[descriptor] = name }
    }
    return found
}

/// Bytes that show a loss or a swap.
func pattern(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
        filled = count
    }
}

/// Waits for a condition, at most 20 s, and records an issue if it does not come true.
func waitUntil(_ condition: () -> Bool, _ location: SourceLocation = #_sourceLocation) async throws {
    let deadline = Loop.monotonicNs() + 20_000_000_000
    while !condition() {
        guard Loop.monotonicNs() < deadline else {
            Issue.record("expected the condition within 20 s", sourceLocation: location)
            return
        }
        try await Task.sleep(nanoseconds: 1_000_000)
    }
}

/// A list that several threads may add to.
final class OrderBox: Sendable {
    private let items = Locked<[Int]>([])
    func add(_ item: Int) { items.withLock { $0.append(item) } }
    func all() -> [Int] { items.withLock { $0 } }
}

/// A gate for threads that may block.
final class Gate: Sendable {
    private let isClosed = Locked(false)
    func close() { isClosed.withLock { $0 = true } }
    func open() { isClosed.withLock { $0 = false } }
    func pass() { while isClosed.withLock({ $0 }) { usleep(100) } }
}
