import CUV
import Glibc
import Locking

extension Loop {
    /// Runs `body`, which may block, on libuv's thread pool (4 threads for the whole process unless UV_THREADPOOL_SIZE says otherwise).
    /// Throws `.busy` if this loop has `Limits.workPendingMax` jobs there, `.cancelled` if it is shut down. What must not wait
    /// behind others has a `Worker` of its own.
    public func work<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws(LoopError) -> T {
        let result: Result<T, LoopError> = await withCheckedContinuation { continuation in
            let isAccepted = accept(
                .closure {
                    let slot = WorkSlot<T>()
                    self.queueWork({ slot.fill(body()) }) { status in
                        continuation.resume(returning: slot.result(status))
                    }
                })
            if !isAccepted { continuation.resume(returning: .failure(LoopError(.cancelled, "work on loop \(self.name)"))) }
        }
        return try result.get()
    }

    /// On the loop. `done` is called with 0, or with libuv's error if `body` did not run.
    private func queueWork(_ body: @escaping () -> Void, done: @escaping (Int32) -> Void) {
        guard core.workPending < Limits.workPendingMax else { return done(UV_EBUSY.rawValue) }
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(WorkJob(core: core, body: body, done: done)).toOpaque()
        core.workPending += 1
        let status = uv_queue_work(
            core.uvLoop, request,
            { request in
                guard let data = request?.pointee.data else { return }
                Unmanaged<WorkJob>.fromOpaque(data).takeUnretainedValue().body()
            },
            { request, status in
                guard let request, let data = request.pointee.data else { return }
                request.deallocate()
                Unmanaged<WorkJob>.fromOpaque(data).takeRetainedValue().finish(status)
            })
        // uv_queue_work refuses only a missing callback.
        precondition(status == 0, "\(LoopError(status, "work on loop \(name)"))")
    }

    /// The addresses of a host name, from the system's resolver on the thread pool. A numeric host costs no look-up.
    /// At most `Limits.resolvedAddressesMax`, in the order of RFC 6724. Throws the resolver's error, `.busy`, or `.cancelled`.
    public func resolve(host: String, port: UInt16 = 0) async throws(LoopError) -> [SocketAddress] {
        let result: Result<[SocketAddress], LoopError> = await withCheckedContinuation { continuation in
            let isAccepted = accept(.closure { self.resolve(host: host, port: port) { continuation.resume(returning: $0) } })
            if !isAccepted { continuation.resume(returning: .failure(LoopError(.cancelled, "look up \(host)"))) }
        }
        return try result.get()
    }

    /// The same with a callback, for code on the loop. Called exactly once, never from inside this call.
    public func resolve(host: String, port: UInt16, completion: @escaping (Result<[SocketAddress], LoopError>) -> Void) {
        preconditionOnLoop()
        func later(_ result: Result<[SocketAddress], LoopError>) { deferToIterationEnd { completion(result) } }
        if let address = try? SocketAddress(host: host, port: port) { return later(.success([address])) }
        let operation = "look up \"\(host.prefix(Limits.hostNameBytesMax))\""
        guard !host.isEmpty, host.utf8.count <= Limits.hostNameBytesMax, !host.utf8.contains(0) else {
            return later(.failure(LoopError(.nameUnknown, operation)))
        }
        guard core.workPending < Limits.workPendingMax else { return later(.failure(LoopError(.busy, operation))) }
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        let job = LookUp(core: core, port: port, operation: operation, completion: completion)
        request.pointee.data = Unmanaged.passRetained(job).toOpaque()
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        core.workPending += 1
        let status = uv_getaddrinfo(
            core.uvLoop, request,
            { request, status, list in
                guard let request, let data = request.pointee.data else { return }
                request.deallocate()
                Unmanaged<LookUp>.fromOpaque(data).takeRetainedValue().finish(status, list)
                uv_freeaddrinfo(list)
            }, host, nil, &hints)
        guard status != 0 else { return }
        core.workPending -= 1
        request.deallocate()
        Unmanaged.passUnretained(job).release()
        later(.failure(LoopError(status, operation)))
    }
}

/// Carries a result from a thread of the pool to the loop.
private final class WorkSlot<T: Sendable>: Sendable {
    private let value = Locked<T?>(nil)

    func fill(_ result: T) { value.withLock { $0 = result } }

    func result(_ status: Int32) -> Result<T, LoopError> {
        guard let result = value.withLock({ $0 }) else {
            return .failure(LoopError(status == 0 ? UV_ECANCELED.rawValue : status, "work on the thread pool"))
        }
        return .success(result)
    }
}

/// Goes to a thread of the pool and back inside libuv's request, so that only one thread has it at a time.
private final class WorkJob {
    private let core: LoopCore
    let body: () -> Void
    private let done: (Int32) -> Void

    init(core: LoopCore, body: @escaping () -> Void, done: @escaping (Int32) -> Void) {
        self.core = core
        self.body = body
        self.done = done
    }

    func finish(_ status: Int32) {
        core.workPending -= 1
        done(status)
    }
}

private final class LookUp {
    private let core: LoopCore
    private let port: UInt16
    private let operation: String
    private let completion: (Result<[SocketAddress], LoopError>) -> Void

    init(core: LoopCore, port: UInt16, operation: String, completion: @escaping (Result<[SocketAddress], LoopError>) -> Void) {
        self.core = core
        self.port = port
        self.operation = operation
        self.completion = completion
    }

    func finish(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        core.workPending -= 1
        guard status == 0 else { return completion(.failure(LoopError(status, operation))) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next, addresses.count < Limits.resolvedAddressesMax {
            if let address = SocketAddress(entry.pointee.ai_addr)?.with(port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        completion(addresses.isEmpty ? .failure(LoopError(.nameUnknown, operation)) : .success(addresses))
    }
}
