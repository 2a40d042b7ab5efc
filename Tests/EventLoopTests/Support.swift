import Glibc
import Synchronization

@testable import EventLoop

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

/// Descriptors that the process has open.
func openDescriptorCount() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
