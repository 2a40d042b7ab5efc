/// How a stream's incoming side ended.
public enum StreamEnd: Sendable, Hashable {
    /// The peer has sent everything. This side may still write; it must `close` in the end.
    case eof
    /// The stream failed and is closed.
    case error(LoopError)
    /// What came cannot be trusted: the peer is not who it must be, or was cut off. Says why and what to do; nothing more is read. Of streams over TLS.
    case insecure(String)
    /// `close` was called on this side before the end came.
    case closed
}

/// What became of a write. Only the caller can slow down, so only the caller is told.
public enum WriteResult: Sendable, Hashable {
    /// Accepted, and nothing waits for the peer: it is in the kernel, or will be at the end of this turn. Go on.
    case written
    /// Accepted, but the peer does not keep up. Stop until `onDrain`.
    case queued
    /// Refused as a whole: it would exceed `writeBytesMax`. Nothing of it is sent. Wait for `onDrain`, or close. A single write that is
    /// longer than `writeBytesMax` is never accepted: divide it.
    case overflow
    /// Refused: the stream is closed, failed, or `shutdownWrite` was called.
    case closed
}

/// Bytes both ways, in order: a TCP connection, or TLS over one.
///
/// All calls and callbacks on the stream's loop. A callback is never called from inside a method of the stream.
public protocol ByteStream: AnyObject {
    /// Given what came, at most `Limits.readBufferBytes`. The bytes are valid only during the call. Reading starts when this is
    /// first set, and stops while it is nil.
    var onRead: ((UnsafeRawBufferPointer) -> Void)? { get set }
    /// Called exactly once. An end is seen only while reading, except for `.closed` and write errors.
    var onEnd: ((StreamEnd) -> Void)? { get set }
    /// Called when nothing waits any more, after a write gave `.queued` or `.overflow`.
    var onDrain: (() -> Void)? { get set }

    /// Bytes accepted and not yet in the kernel.
    var queuedBytes: Int { get }
    /// The limit of `queuedBytes`.
    var writeBytesMax: Int { get set }

    /// Sends `bytes`. Small writes of one turn are sent together, at its end.
    @discardableResult func write(_ bytes: [UInt8]) -> WriteResult
    /// Sends the pieces in order, as one write: all of them or none are accepted, and large ones are not copied.
    @discardableResult func write(contentsOf pieces: [[UInt8]]) -> WriteResult

    func pauseReading()
    func resumeReading()
    /// Sends what waits, then tells the peer that no more comes. The incoming side stays open.
    func shutdownWrite()
    /// Ends both ways now. What the kernel does not take at once is dropped: to be sure that the peer gets everything,
    /// `shutdownWrite`, wait for `onEnd`, then `close`. Idempotent.
    func close()

    /// The peer, or nil if it is gone.
    var remoteAddress: SocketAddress? { get }
    /// Small segments are sent at once (TCP_NODELAY). On by default, since writes are already collected by turn.
    func setNoDelay(_ isOn: Bool)
    /// Probes an idle peer after `delaySeconds` (TCP keepalive); nil turns it off.
    func setKeepAlive(delaySeconds: UInt32?)
}
