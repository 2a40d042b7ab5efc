import CUV

/// Calls a closure on the loop when the process gets a signal (SIGTERM, SIGHUP …).
public final class SignalWatcher: LoopHandle {
    private var callback: (() -> Void)?

    /// Starts to watch `signal` at once. Several watchers may watch one signal. Throws if libuv refuses the number or has no descriptor.
    public init(on loop: Loop, signal: Int32, _ body: @escaping () -> Void) throws(LoopError) {
        super.init(on: loop, type: UV_SIGNAL)
        let handle = memory.assumingMemoryBound(to: uv_signal_t.self)
        var status = uv_signal_init(core.uvLoop, handle)
        guard status == 0 else { throw LoopError(status, "watch signal \(signal)") }
        adopt()
        callback = body
        status = uv_signal_start(
            handle,
            { handle, _ in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().callback?()
            }, signal)
        guard status == 0 else {
            close()
            throw LoopError(status, "watch signal \(signal)")
        }
    }

    override func didClose() { callback = nil }
}
