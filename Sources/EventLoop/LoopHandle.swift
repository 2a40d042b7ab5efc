import CUV

/// What all handles share: memory with a stable address, a life that ends in libuv's close callback, and the loop they belong to.
///
/// Not Sendable: a handle stays in the actor that made it. It keeps itself alive until it is closed.
public class LoopHandle {
    public final let loop: Loop
    /// Called once, on the loop, when the descriptor is gone. For counting what is open.
    public final var onClose: (() -> Void)?
    /// True from the call of `close`, or from an error that closed the handle.
    public private(set) final var isClosed = false
    final let core: LoopCore
    /// The struct of libuv. Valid from `adopt` until the close callback.
    final let memory: UnsafeMutableRawPointer
    private var isAdopted = false

    init(on loop: Loop, type: uv_handle_type) {
        loop.preconditionOnLoop()
        self.loop = loop
        core = loop.core
        let size = uv_handle_size(type)
        memory = .allocate(byteCount: size, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit {
        // A live handle is retained by `adopt`, so this is one that libuv never knew.
        if !isAdopted { memory.deallocate() }
    }

    /// After libuv's init: the struct points to this object, and this object lives until the close callback.
    final func adopt() {
        isAdopted = true
        memory.assumingMemoryBound(to: uv_handle_t.self).pointee.data = Unmanaged.passRetained(self).toOpaque()
        loop.handleOpened()
    }

    /// Closes the handle. Idempotent. Callbacks that tell of it (`onEnd`, `onClose`) come later, on the loop.
    public final func close() {
        loop.assertOnLoop()
        guard !isClosed else { return }
        willClose()
        isClosed = true
        uv_close(memory.assumingMemoryBound(to: uv_handle_t.self)) { handle in
            // `adopt` stored a retained object, and this is the only place that takes it back.
            guard let data = handle?.pointee.data else { return }
            Unmanaged<LoopHandle>.fromOpaque(data).takeRetainedValue().finishClose()
        }
    }

    private func finishClose() {
        memory.deallocate()
        loop.handleClosed()
        didClose()
        let callback = onClose
        onClose = nil
        callback?()
    }

    /// The last moment at which libuv may be called for this handle.
    func willClose() {}

    /// The descriptor is gone: tell the owner and drop the closures, which may hold this object.
    func didClose() {}
}
