/// Every limit of the module, in one place.
public enum Limits {
    /// Size of the one read buffer that each loop has; also the longest piece that `onRead` is given, in bytes.
    public static let readBufferBytes = 64 * 1024
    /// Default of `ByteStream.writeBytesMax`: what may wait to be sent on one stream, in bytes. Beyond: `.overflow`.
    public static let writeBytesMax = 4 * 1024 * 1024
    /// A write below this many bytes is copied into the stream's collecting buffer; others are queued by reference.
    public static let coalesceBytesMax = 16 * 1024
    /// A stream that has collected this many bytes is flushed at once and not only at the end of the turn.
    public static let flushBytesMin = 64 * 1024
    /// Pieces handed to the kernel with one system call.
    public static let vectorsMax = 16
    /// Bytes copied for one queued `uv_write` when the socket is full; the rest waits in the stream's own queue.
    public static let inFlightBytesMax = 256 * 1024
    /// Collecting buffers that a loop keeps for reuse. More are freed.
    public static let spareBuffersMax = 64
    /// Rounds of jobs, deferred closures and flushes at the end of one turn; what is left waits for the next turn, after I/O.
    public static let iterationRoundsMax = 16
    /// Jobs given to libuv's thread pool by one loop and not yet finished, name look-ups included. Beyond: `.busy`.
    public static let workPendingMax = 1024
    /// Default of `Worker`'s queue, in jobs. Beyond: `submit` returns false.
    public static let workerPendingMax = 4096
    /// Bytes that may wait in one UDP socket. Beyond: `.overflow`.
    public static let udpQueueBytesMax = 1024 * 1024
    /// The longest UDP payload over IPv4, in bytes.
    public static let udpPayloadBytesMax = 65_507
    /// Default length of the kernel's accept queue, in connections.
    public static let backlogDefault = 1024
    /// The longest host name that is looked up (RFC 1035, 2.3.4), in bytes.
    public static let hostNameBytesMax = 255
    /// Addresses kept of one look-up, and so tried by one `connect`.
    public static let resolvedAddressesMax = 16
    /// Turns that a shutdown may take while callbacks go on making new handles.
    static let shutdownTurnsMax = 1_000_000
}
