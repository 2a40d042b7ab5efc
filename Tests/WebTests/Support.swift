import EventLoop
import Locking
import Seeded

@testable import Web

/// A client's end of a connection, without a network: what the server writes is collected, what the client sends is handed in.
@WebActor
final class FakeStream: ByteStream {
    // ByteStream's members belong to the stream's loop; this one lives on the web plane's, and tests touch it there alone.
    nonisolated(unsafe) var onRead: ((UnsafeRawBufferPointer) -> Void)?
    nonisolated(unsafe) var onEnd: ((StreamEnd) -> Void)?
    nonisolated(unsafe) var onDrain: (() -> Void)?
    nonisolated(unsafe) var queuedBytes = 0
    nonisolated(unsafe) var writeBytesMax = 0
    nonisolated(unsafe) private(set) var written: [UInt8] = []
    nonisolated(unsafe) private(set) var isPaused = false
    nonisolated(unsafe) private(set) var isShutDown = false
    nonisolated(unsafe) private(set) var isClosed = false
    /// Kept as long as its connection, as a process keeps it.
    nonisolated(unsafe) var server: WebServer?
    /// The client does not read: everything written stays in the queue.
    nonisolated(unsafe) var isStuck = false

    /// Those that no end was given yet: a test's open connection is no leak, and what is still there of a closed one is.
    private nonisolated static let open = Locked<[ObjectIdentifier: FakeStream]>([:])

    nonisolated init() { Self.open.withLock { $0[ObjectIdentifier(self)] = self } }

    nonisolated func write(_ bytes: [UInt8]) -> WriteResult {
        guard !isClosed, !isShutDown else { return .closed }
        written += bytes
        if isStuck { queuedBytes += bytes.count }
        return isStuck ? .queued : .written
    }
    nonisolated func write(contentsOf pieces: [[UInt8]]) -> WriteResult { write(pieces.flatMap { $0 }) }
    nonisolated func pauseReading() { isPaused = true }
    nonisolated func resumeReading() { isPaused = false }
    nonisolated func shutdownWrite() { isShutDown = true }
    nonisolated func close() {
        isClosed = true
        (onRead, onEnd, onDrain) = (nil, nil, nil)
        Self.open.withLock { $0[ObjectIdentifier(self)] = nil }
    }
    nonisolated var remoteAddress: SocketAddress? { nil }
    nonisolated func setNoDelay(_ isOn: Bool) {}
    nonisolated func setKeepAlive(delaySeconds: UInt32?) {}

    func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { onRead?($0) } }
    func send(_ text: String) { send(Array(text.utf8)) }
    func end() { onEnd?(.eof) }
    /// The client reads everything that waits.
    func drain() {
        isStuck = false
        queuedBytes = 0
        onDrain?()
    }
    func takeWritten() -> String {
        defer { written = [] }
        return String(decoding: written, as: UTF8.self)
    }
}

extension WebServer {
    /// A connection over a stream that needs no network.
    /// - Parameter isProxy: whether it comes from a proxy that the server trusts.
    func connect(isSecure: Bool = false, isProxy: Bool = false) -> (FakeStream, ServerConnection) {
        let stream = FakeStream()
        stream.server = self
        guard let peer = SocketAddress("192.0.2.1:0") else { preconditionFailure("192.0.2.1 is an address") }
        let connection = ServerConnection(
            server: self, stream: stream, peer: peer, counted: nil, isSecure: isSecure, isProxy: isProxy)
        connection.start()
        return (stream, connection)
    }

    /// What one request gets, without its `Date`, lines ended by LF.
    func answer(_ request: String) -> String {
        let (stream, connection) = connect()
        stream.send(request)
        defer { connection.drop() }
        return stream.takeWritten().withoutDates
    }
}

extension String {
    var withoutDates: String {
        replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
            .joined(separator: "\n")
    }

    /// The number in the status line of a response, 0 where there is none.
    var status: Int { hasPrefix("HTTP/1.1 ") ? Int(dropFirst(9).prefix(3)) ?? 0 : 0 }
}

/// Waits until everything that was put off to the end of the loop's turn is done.
@WebActor
func turn() async {
    await withCheckedContinuation { continuation in WebActor.loop.deferToIterationEnd { continuation.resume() } }
}

extension SeededGenerator {
    /// The bytes in pieces of random length.
    mutating func pieces(_ bytes: [UInt8], lengthMax: Int = 40) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            let length = min(bytes.count - at, 1 + Int(next() % UInt64(lengthMax)))
            pieces.append(Array(bytes[at..<at + length]))
            at += length
        }
        return pieces
    }
}
