import CUV
import Glibc

/// What belongs to the loop's thread: libuv's structs, the shared buffers, and what waits for the end of the turn.
///
/// One prepare handle is the whole schedule. libuv calls it just before it polls, whatever happened in the turn (timers, sockets,
/// wakes, close callbacks), so jobs, deferred closures and collected writes are handled there and only there.
final class LoopCore {
    let uvLoop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    let wake = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    /// The one buffer into which every socket of the loop reads.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.readBufferBytes, alignment: 64)
    /// Room for the pieces of one write call.
    let vectors = UnsafeMutablePointer<uv_buf_t>.allocate(capacity: Limits.vectorsMax)

    /// Closures for the end of this turn.
    var deferred: [() -> Void] = []
    /// Streams with collected writes.
    var dirty: [TCPStream] = []
    /// Requests to the thread pool that are not finished.
    var workPending = 0
    private var spareBuffers: [[UInt8]] = []
    private var jobs: [Loop.Job] = []
    private weak var loop: Loop?
    /// Set when `uv_run` has been stopped for good; from then on `drain` turns the loop.
    private var isDraining = false

    deinit {
        uvLoop.deallocate()
        wake.deallocate()
        prepare.deallocate()
        readBuffer.deallocate()
        vectors.deallocate()
    }

    /// On the loop's thread, first of all.
    func open(for loop: Loop) {
        self.loop = loop
        var status = uv_loop_init(uvLoop)
        precondition(status == 0, "\(LoopError(status, "start loop \(loop.name)"))")
        status = uv_async_init(uvLoop, wake, { _ in })
        precondition(status == 0, "\(LoopError(status, "start loop \(loop.name)"))")
        wake.pointee.data = nil
        uv_prepare_init(uvLoop, prepare)
        // Unretained: the thread holds the loop, the loop holds this object, and the thread stops the handle before it lets go.
        prepare.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        uv_prepare_start(prepare) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<LoopCore>.fromOpaque(data).takeUnretainedValue().iterationEnd()
        }
    }

    /// Jobs, then deferred closures, then writes, until nothing is left or the limit of rounds is reached.
    private func iterationEnd() {
        guard let loop else { return }
        for _ in 0..<Limits.iterationRoundsMax {
            if loop.takeJobs(into: &jobs), !isDraining { uv_stop(uvLoop) }
            if jobs.isEmpty && deferred.isEmpty && dirty.isEmpty { return }
            for job in jobs { loop.run(job) }
            jobs.removeAll(keepingCapacity: jobs.count <= 1024)
            runDeferred()
            flushDirty()
        }
        // Still busy: look at the sockets without sleeping, then go on.
        uv_async_send(wake)
    }

    private func runDeferred() {
        guard !deferred.isEmpty else { return }
        let closures = deferred
        deferred = []
        for closure in closures { closure() }
    }

    private func flushDirty() {
        guard !dirty.isEmpty else { return }
        let streams = dirty
        dirty.removeAll(keepingCapacity: streams.count <= 1024)
        for stream in streams { stream.flushAtIterationEnd() }
    }

    // MARK: Buffers

    /// An empty buffer for small writes, with capacity if one is spare.
    func takeBuffer() -> [UInt8] { spareBuffers.popLast() ?? [] }

    func giveBuffer(_ buffer: consuming [UInt8]) {
        guard spareBuffers.count < Limits.spareBuffersMax, buffer.capacity <= 2 * Limits.flushBytesMin else { return }
        buffer.removeAll(keepingCapacity: true)
        spareBuffers.append(buffer)
    }

    // MARK: End

    /// Closes every handle and turns the loop until nothing is alive and `closeIntake` agrees that no job is pending.
    func drain(closeIntake: () -> Bool) {
        isDraining = true
        withUnsafeHandle(of: wake) { uv_unref($0) }
        withUnsafeHandle(of: prepare) { uv_unref($0) }
        for _ in 0..<Limits.shutdownTurnsMax {
            uv_walk(
                uvLoop,
                { handle, _ in
                    // The loop's own two handles carry no `LoopHandle`.
                    guard let handle, handle.pointee.type != UV_PREPARE, let data = handle.pointee.data else { return }
                    Unmanaged<LoopHandle>.fromOpaque(data).takeUnretainedValue().close()
                }, nil)
            iterationEnd()
            if uv_loop_alive(uvLoop) != 0 {
                _ = uv_run(uvLoop, UV_RUN_ONCE)
            } else if deferred.isEmpty, dirty.isEmpty, closeIntake() {
                return
            }
        }
        preconditionFailure("shut down a loop: expected callbacks to stop making handles; close instead of re-opening in onEnd and onClose")
    }

    /// Closes the loop's own handles and the loop. Nothing else is alive here.
    func close() {
        uv_prepare_stop(prepare)
        withUnsafeHandle(of: wake) { uv_close($0, nil) }
        withUnsafeHandle(of: prepare) { uv_close($0, nil) }
        while uv_loop_close(uvLoop) == UV_EBUSY.rawValue { _ = uv_run(uvLoop, UV_RUN_NOWAIT) }
    }

    private func withUnsafeHandle<Handle>(of pointer: UnsafeMutablePointer<Handle>, _ body: (UnsafeMutablePointer<uv_handle_t>) -> Void) {
        body(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self))
    }
}

/// Names the calling thread, as `ps -L` and debuggers show it; the kernel keeps 15 bytes.
func setThreadName(_ name: String) {
    let short = String(decoding: name.utf8.prefix(15), as: UTF8.self)
    pthread_setname_np(pthread_self(), short)
}
