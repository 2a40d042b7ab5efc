import CUV

/// A TCP connection. Made by a `TCPListener` or by `TCPStream.connect`; TCP_NODELAY is on.
public final class TCPStream: LoopHandle, ByteStream {
    public var onRead: ((UnsafeRawBufferPointer) -> Void)? { didSet { updateReading() } }
    public var onEnd: ((StreamEnd) -> Void)?
    public var onDrain: (() -> Void)?
    public var writeBytesMax = Limits.writeBytesMax

    private var isConnected = false
    private var isPaused = false
    private var isReading = false
    private var isAtEnd = false
    private var hasEnded = false

    var queue = WriteQueue()
    /// The one `uv_write` that waits for the socket, and its bytes.
    private var inFlight: UnsafeMutableRawBufferPointer?
    private var isDirty = false
    private var isShutdownWanted = false
    private var isShutdownSent = false
    private var owesDrain = false
    private var onConnect: ((Int32) -> Void)?

    init(on loop: Loop) {
        super.init(on: loop, type: UV_TCP)
        // Without a family no socket is made here, so there is no error.
        uv_tcp_init(core.uvLoop, tcp)
        adopt()
    }

    private var tcp: UnsafeMutablePointer<uv_tcp_t> { memory.assumingMemoryBound(to: uv_tcp_t.self) }
    private var stream: UnsafeMutablePointer<uv_stream_t> { memory.assumingMemoryBound(to: uv_stream_t.self) }

    private static func from(_ stream: UnsafeMutablePointer<uv_stream_t>?) -> TCPStream? {
        guard let data = stream?.pointee.data else { return nil }
        return Unmanaged<TCPStream>.fromOpaque(data).takeUnretainedValue()
    }

    // MARK: Opening

    /// Takes the connection that waits at `server`.
    func accept(from server: UnsafeMutablePointer<uv_stream_t>) -> Int32 {
        let status = uv_accept(server, stream)
        if status == 0 { opened() }
        return status
    }

    /// Starts to connect; `done` is called later with libuv's status unless the result is an error.
    func connect(to address: SocketAddress, from local: SocketAddress?, done: @escaping (Int32) -> Void) -> Int32 {
        if let local {
            let status = local.withSockaddr { uv_tcp_bind(tcp, $0, 0) }
            guard status == 0 else { return status }
        }
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        let status = address.withSockaddr { address in
            uv_tcp_connect(request, tcp, address) { request, status in
                guard let request else { return }
                // The handle outlives its requests: libuv ends them before it calls the close callback.
                let stream = TCPStream.from(request.pointee.handle)
                request.deallocate()
                stream?.connected(status)
            }
        }
        guard status == 0 else {
            request.deallocate()
            return status
        }
        onConnect = done
        return 0
    }

    private func connected(_ status: Int32) {
        if status == 0 && !isClosed { opened() }
        let done = onConnect
        onConnect = nil
        done?(status)
    }

    private func opened() {
        isConnected = true
        uv_tcp_nodelay(tcp, 1)
        updateReading()
    }

    // MARK: Reading

    public func pauseReading() {
        loop.assertOnLoop()
        isPaused = true
        updateReading()
    }

    public func resumeReading() {
        loop.assertOnLoop()
        isPaused = false
        updateReading()
    }

    private func updateReading() {
        let wants = isConnected && !isClosed && !isPaused && !isAtEnd && onRead != nil
        guard wants != isReading else { return }
        isReading = wants
        guard wants else {
            if !isClosed { uv_read_stop(stream) }
            return
        }
        let status = uv_read_start(
            stream,
            { handle, _, buffer in
                guard let stream = TCPStream.from(UnsafeMutableRawPointer(handle)?.assumingMemoryBound(to: uv_stream_t.self)) else {
                    return
                }
                let shared = stream.core.readBuffer
                buffer?.pointee = uv_buf_init(shared.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(shared.count))
            },
            { handle, count, _ in TCPStream.from(handle)?.received(count) })
        if status != 0 { failLater(status, "read from \(peerText)") }
    }

    private func received(_ count: Int) {
        guard count != 0 else { return }
        if count > 0 {
            onRead?(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(core.readBuffer)[..<count]))
        } else if count == Int(UV_EOF.rawValue) {
            isAtEnd = true
            updateReading()
            end(.eof)
        } else {
            fail(LoopError(Int32(count), "read from \(peerText)"))
        }
    }

    // MARK: Writing

    public var queuedBytes: Int { queue.count + (inFlight?.count ?? 0) }

    @discardableResult
    public func write(_ bytes: [UInt8]) -> WriteResult {
        accept(bytes.count) { queue.append(bytes, core: core) }
    }

    @discardableResult
    public func write(contentsOf pieces: [[UInt8]]) -> WriteResult {
        accept(pieces.reduce(0) { $0 + $1.count }) {
            for piece in pieces { queue.append(piece, core: core) }
        }
    }

    private func accept(_ count: Int, append: () -> Void) -> WriteResult {
        loop.assertOnLoop()
        guard !isClosed, !isShutdownWanted else { return .closed }
        if queuedBytes + count > writeBytesMax { flush() }
        guard queuedBytes + count <= writeBytesMax else {
            owesDrain = true
            markDirty()
            return .overflow
        }
        append()
        markDirty()
        if queue.count >= Limits.flushBytesMin || count >= Limits.coalesceBytesMax { flush() }
        guard inFlight != nil || !isConnected else { return .written }
        owesDrain = true
        return .queued
    }

    private func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        core.dirty.append(self)
    }

    func flushAtIterationEnd() {
        isDirty = false
        flush()
        settle()
    }

    /// Hands the queue to the kernel as far as it goes, the rest to libuv. Calls nobody back.
    private func flush() {
        guard isConnected, !isClosed, inFlight == nil else { return }
        while !queue.isEmpty {
            var offered = 0
            let sent = queue.withVectors(core.vectors) { count, bytes in
                offered = bytes
                return uv_try_write(stream, core.vectors, count)
            }
            guard sent >= 0 else {
                if sent == UV_EAGAIN.rawValue { break }
                return failLater(sent, "write to \(peerText)")
            }
            queue.consume(Int(sent), core: core)
            if Int(sent) < offered { break }
        }
        if !queue.isEmpty { startWrite() }
    }

    private func startWrite() {
        let bytes = queue.takeCopy(bytesMax: Limits.inFlightBytesMax, core: core)
        let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
        inFlight = bytes
        core.vectors[0] = uv_buf_init(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
        let status = uv_write(request, stream, core.vectors, 1) { request, status in
            guard let request else { return }
            // The handle outlives its requests: libuv ends them before it calls the close callback.
            let stream = TCPStream.from(request.pointee.handle)
            request.deallocate()
            stream?.wrote(status)
        }
        guard status != 0 else { return }
        request.deallocate()
        dropInFlight()
        failLater(status, "write to \(peerText)")
    }

    private func wrote(_ status: Int32) {
        dropInFlight()
        guard !isClosed else { return }
        guard status == 0 else { return fail(LoopError(status, "write to \(peerText)")) }
        flush()
        settle()
    }

    private func dropInFlight() {
        inFlight?.deallocate()
        inFlight = nil
    }

    /// After a flush: what was promised for the moment when nothing waits.
    private func settle() {
        guard !isClosed, isConnected, queuedBytes == 0 else { return }
        if isShutdownWanted && !isShutdownSent { sendShutdown() }
        guard owesDrain else { return }
        owesDrain = false
        onDrain?()
    }

    public func shutdownWrite() {
        loop.assertOnLoop()
        guard !isClosed, !isShutdownWanted else { return }
        isShutdownWanted = true
        markDirty()
    }

    private func sendShutdown() {
        isShutdownSent = true
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        // An error means that the connection is gone; the reading side reports that.
        let status = uv_shutdown(request, stream) { request, _ in request?.deallocate() }
        if status != 0 { request.deallocate() }
    }

    // MARK: Ending

    private func end(_ end: StreamEnd) {
        guard !hasEnded else { return }
        hasEnded = true
        let callback = onEnd
        onEnd = nil
        callback?(end)
    }

    private func fail(_ error: LoopError) {
        guard !isClosed else { return }
        close()
        end(.error(error))
    }

    /// For errors found inside a call of the owner, who must not be called back from within it.
    private func failLater(_ status: Int32, _ operation: String) {
        let error = LoopError(status, operation)
        core.deferred.append { self.fail(error) }
    }

    override func willClose() {
        // The collected writes of this turn get their chance; `startWrite` is not worth it, for libuv would cancel it.
        guard isConnected, inFlight == nil, !queue.isEmpty else { return }
        _ = queue.withVectors(core.vectors) { count, _ in uv_try_write(stream, core.vectors, count) }
    }

    override func didClose() {
        isReading = false
        queue = WriteQueue()
        end(.closed)
        onRead = nil
        onDrain = nil
    }

    // MARK: Facts and options

    public var localAddress: SocketAddress? {
        isClosed ? nil : SocketAddress { uv_tcp_getsockname(tcp, $0, $1) }
    }

    public var remoteAddress: SocketAddress? {
        isClosed ? nil : SocketAddress { uv_tcp_getpeername(tcp, $0, $1) }
    }

    private var peerText: String { remoteAddress?.description ?? "a peer that is gone" }

    public func setNoDelay(_ isOn: Bool) {
        if !isClosed { uv_tcp_nodelay(tcp, isOn ? 1 : 0) }
    }

    public func setKeepAlive(delaySeconds: UInt32?) {
        if !isClosed { uv_tcp_keepalive(tcp, delaySeconds == nil ? 0 : 1, delaySeconds ?? 0) }
    }

    func checkInvariants() {
        queue.checkInvariants()
        precondition(
            inFlight != nil || isDirty || queue.isEmpty || !isConnected || isClosed, "expected waiting bytes to have a flush coming")
        precondition(!isReading || !isAtEnd, "expected no reading after the end")
    }
}
