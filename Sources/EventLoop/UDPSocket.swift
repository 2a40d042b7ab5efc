import CUV

/// What became of a datagram.
public enum SendResult: Sendable, Hashable {
    /// In the kernel.
    case sent
    /// The socket is full; it is sent when there is room.
    case queued
    /// Dropped: more than `Limits.udpQueueBytesMax` would wait.
    case overflow
    /// Refused by the kernel, or the socket is closed.
    case failed(LoopError)
}

/// Sends and receives datagrams.
public final class UDPSocket: LoopHandle {
    /// Given a datagram and its sender. The bytes are valid only during the call. Receiving starts with `bind`.
    public var onDatagram: ((UnsafeRawBufferPointer, SocketAddress) -> Void)?
    /// Told of errors in receiving, and in sending what was queued. The socket goes on.
    public var onError: ((LoopError) -> Void)?
    /// Datagrams that were longer than the buffer and so were dropped.
    public private(set) var truncatedCount = 0

    public init(on loop: Loop) {
        super.init(on: loop, type: UV_UDP)
        // Without a family no socket is made here, so there is no error.
        uv_udp_init(core.uvLoop, udp)
        adopt()
    }

    private var udp: UnsafeMutablePointer<uv_udp_t> { memory.assumingMemoryBound(to: uv_udp_t.self) }

    private static func from(_ data: UnsafeMutableRawPointer?) -> UDPSocket? {
        guard let data else { return nil }
        return Unmanaged<UDPSocket>.fromOpaque(data).takeUnretainedValue()
    }

    /// Binds a numeric host and starts to receive; port 0 lets the kernel choose (see `localAddress`).
    public func bind(host: String, port: UInt16) throws(LoopError) {
        try bind(try SocketAddress(host: host, port: port))
    }

    /// Binds `address` and starts to receive.
    public func bind(_ address: SocketAddress) throws(LoopError) {
        loop.assertOnLoop()
        let operation = "bind UDP \(address)"
        guard !isClosed else { throw LoopError(.badDescriptor, operation) }
        var status = address.withSockaddr { uv_udp_bind(udp, $0, 0) }
        guard status == 0 else { throw LoopError(status, operation) }
        status = uv_udp_recv_start(
            udp,
            { handle, _, buffer in
                guard let socket = UDPSocket.from(handle?.pointee.data) else { return }
                let shared = socket.core.readBuffer
                buffer?.pointee = uv_buf_init(shared.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(shared.count))
            },
            { handle, count, _, address, flags in
                UDPSocket.from(handle?.pointee.data)?.received(count, SocketAddress(address), flags)
            })
        guard status == 0 else { throw LoopError(status, operation) }
    }

    private func received(_ count: Int, _ sender: SocketAddress?, _ flags: UInt32) {
        guard count >= 0 else {
            onError?(LoopError(Int32(count), "receive on UDP \(addressText)"))
            return
        }
        // Nothing and no sender: libuv says that the socket is empty for now.
        guard let sender else { return }
        guard flags & UInt32(UV_UDP_PARTIAL.rawValue) == 0 else {
            truncatedCount += 1
            return
        }
        onDatagram?(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(core.readBuffer)[..<count]), sender)
    }

    /// The bound address, with the port that the kernel chose.
    public var localAddress: SocketAddress? {
        isClosed ? nil : SocketAddress { uv_udp_getsockname(udp, $0, $1) }
    }

    private var addressText: String { localAddress?.description ?? "that is closed" }

    /// Bytes that wait in this socket.
    public var queuedBytes: Int { isClosed ? 0 : uv_udp_get_send_queue_size(udp) }

    /// Sends one datagram: now if the kernel takes it, else later, within the limit.
    @discardableResult
    public func send(_ bytes: [UInt8], to address: SocketAddress) -> SendResult {
        loop.assertOnLoop()
        guard !isClosed else { return .failed(LoopError(.badDescriptor, "send to UDP \(address)")) }
        guard bytes.count <= Limits.udpPayloadBytesMax else { return .failed(LoopError(.messageTooLong, "send to UDP \(address)")) }
        let status = bytes.withUnsafeBytes { raw in
            // libuv takes a mutable pointer for both directions; a send only reads it.
            core.vectors[0] = uv_buf_init(
                UnsafeMutableRawPointer(mutating: raw.baseAddress)?.assumingMemoryBound(to: CChar.self), UInt32(raw.count))
            return address.withSockaddr { uv_udp_try_send(udp, core.vectors, 1, $0) }
        }
        if status >= 0 { return .sent }
        guard status == UV_EAGAIN.rawValue else { return .failed(LoopError(status, "send to UDP \(address)")) }
        guard queuedBytes + bytes.count <= Limits.udpQueueBytesMax else { return .overflow }
        return sendLater(bytes, to: address)
    }

    /// One block holds the request and, behind it, the bytes.
    private func sendLater(_ bytes: [UInt8], to address: SocketAddress) -> SendResult {
        let head = (MemoryLayout<uv_udp_send_t>.size + 15) & ~15
        let block = UnsafeMutableRawPointer.allocate(byteCount: head + bytes.count, alignment: 16)
        (block + head).copyMemory(from: bytes, byteCount: bytes.count)
        let request = block.bindMemory(to: uv_udp_send_t.self, capacity: 1)
        core.vectors[0] = uv_buf_init((block + head).assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
        let status = address.withSockaddr { address in
            uv_udp_send(request, udp, core.vectors, 1, address) { request, status in
                guard let request else { return }
                // The handle outlives its requests: libuv ends them before it calls the close callback.
                let socket = UDPSocket.from(request.pointee.handle?.pointee.data)
                UnsafeMutableRawPointer(request).deallocate()
                guard status < 0, let socket, !socket.isClosed else { return }
                socket.onError?(LoopError(status, "send from UDP \(socket.addressText)"))
            }
        }
        guard status == 0 else {
            block.deallocate()
            return .failed(LoopError(status, "send to UDP \(address)"))
        }
        return .queued
    }

    override func didClose() {
        onDatagram = nil
        onError = nil
    }
}
