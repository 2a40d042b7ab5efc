import CUV
import Glibc

/// Accepts TCP connections.
///
/// Pausing uses libuv's own rule: a connection that is announced but not taken with `uv_accept` stops the polling of the listener.
/// So while paused at most one connection is accepted by the kernel and held, the rest wait in the kernel's queue (`backlog`), and
/// `resume` takes the held one, which starts the polling again. Nothing is refused or closed.
public final class TCPListener: LoopHandle {
    private var onConnection: ((TCPStream) -> Void)?
    /// Told when a connection could not be taken (too many open files, for example). The listener goes on.
    public var onError: ((LoopError) -> Void)?
    public private(set) var isPaused = false
    private var isHolding = false

    public init(on loop: Loop) {
        super.init(on: loop, type: UV_TCP)
        // Without a family no socket is made here, so there is no error.
        uv_tcp_init(core.uvLoop, tcp)
        adopt()
    }

    private var tcp: UnsafeMutablePointer<uv_tcp_t> { memory.assumingMemoryBound(to: uv_tcp_t.self) }
    private var stream: UnsafeMutablePointer<uv_stream_t> { memory.assumingMemoryBound(to: uv_stream_t.self) }

    /// Binds a numeric host and listens; port 0 lets the kernel choose (see `localAddress`). SO_REUSEADDR is always set (libuv does);
    /// `reusePort` lets several listeners of one user share the port. `onConnection` owns the stream it is given: set its callbacks, or close it.
    public func listen(
        host: String, port: UInt16, backlog: Int = Limits.backlogDefault, reusePort: Bool = false,
        onConnection: @escaping (TCPStream) -> Void
    ) throws(LoopError) {
        loop.assertOnLoop()
        let address = try SocketAddress(host: host, port: port)
        let operation = "listen on \(address)"
        guard !isClosed else { throw LoopError(.badDescriptor, operation) }
        if reusePort { try shareable(address, operation) }
        try check(address.withSockaddr { uv_tcp_bind(tcp, $0, 0) }, operation)
        self.onConnection = onConnection
        let status = uv_listen(stream, Int32(clamping: backlog)) { server, status in
            guard let data = server?.pointee.data else { return }
            Unmanaged<TCPListener>.fromOpaque(data).takeUnretainedValue().announced(status)
        }
        try check(status, operation)
    }

    /// libuv 1.44 has no flag for SO_REUSEPORT, so the socket is made first and gets the option before it is bound.
    private func shareable(_ address: SocketAddress, _ operation: String) throws(LoopError) {
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw LoopError(-errno, operation) }
        var one: Int32 = 1
        guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            let status = -errno
            Glibc.close(descriptor)
            throw LoopError(status, operation)
        }
        let status = uv_tcp_open(tcp, descriptor)
        guard status == 0 else {
            Glibc.close(descriptor)
            throw LoopError(status, operation)
        }
    }

    private func check(_ status: Int32, _ operation: String) throws(LoopError) {
        guard status == 0 else { throw LoopError(status, operation) }
    }

    /// The bound address, with the port that the kernel chose.
    public var localAddress: SocketAddress? {
        isClosed ? nil : SocketAddress { uv_tcp_getsockname(tcp, $0, $1) }
    }

    /// Takes no more connections until `resume`: for a limit on connections. May be called from `onConnection`. Idempotent.
    public func pause() {
        loop.assertOnLoop()
        isPaused = true
    }

    /// Takes connections again, first the one that was held. Idempotent. May call `onConnection` at the end of this turn.
    public func resume() {
        loop.assertOnLoop()
        guard isPaused else { return }
        isPaused = false
        guard isHolding else { return }
        loop.deferToIterationEnd { self.takeHeld() }
    }

    private func takeHeld() {
        guard isHolding, !isPaused, !isClosed else { return }
        isHolding = false
        take()
    }

    private func announced(_ status: Int32) {
        // With an error there is nothing to take: libuv has closed what it could not accept.
        guard status == 0 else {
            onError?(LoopError(status, "accept on \(addressText)"))
            return
        }
        guard !isPaused else {
            isHolding = true
            return
        }
        take()
    }

    /// Always takes the announced connection, for otherwise the listener would stop.
    private func take() {
        let connection = TCPStream(on: loop)
        let status = connection.accept(from: stream)
        guard status == 0 else {
            connection.close()
            onError?(LoopError(status, "accept on \(addressText)"))
            return
        }
        guard let onConnection else { return connection.close() }
        onConnection(connection)
    }

    private var addressText: String { localAddress?.description ?? "a closed listener" }

    override func didClose() {
        onConnection = nil
        onError = nil
    }
}
