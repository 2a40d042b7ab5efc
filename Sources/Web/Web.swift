/// The web plane: HTTP/1.1 and WebSocket for the public, on one event loop of its own.
///
/// What it is made of, from the inside out:
/// - pure parts, without I/O, clock or randomness: `HTTPParser`, `HTTPConnection`, `WebSocketFrameReader`, `WebSocketConnection`;
/// - a thin shell, `WebServer`, which moves bytes between a `ByteStream` and those parts, on `WebActor`;
/// - what is served: `Assets` (the clients' files), `Presence`, `Metrics`.
///
/// Promises
/// 1. Every input has a limit (`WebLimits`), and a defined answer at the limit: a status, a close code, or a connection not accepted.
/// 2. A request is either parsed strictly or refused and its connection closed. What two parsers could read differently (RFC 9112 section 11.2,
///    request smuggling) is refused: bare LF, folded lines, more than one length, length beside transfer coding.
/// 3. Responses leave in the order of their requests, one request at a time; a client that pipelines faster than it is answered is not read.
/// 4. A slow reader costs at most its write queue; then its connection ends.
///
/// It never logs or stores an address, a path, or what people write; remote addresses are counted in memory while connected.
/// It never waits for the cluster plane: what a handler answers at once, it answers from a snapshot.
///
/// What the caller owes it: everything marked `@WebActor` is called there; a handler answers exactly once, soon, and never blocks.
public enum Web {
    /// Sent nowhere; only in `User-Agent` of our own clients.
    static let clientAgent = "callslip"
}
