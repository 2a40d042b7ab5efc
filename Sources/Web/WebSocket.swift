import EventLoop

/// One client's WebSocket, for the owner of a route. Set the callbacks in `onOpen`.
@WebActor
public final class WebSocket {
    /// What was agreed on; nil where the client asked for none.
    public let subprotocol: String?
    /// The network it came from. In memory while connected; not to be stored or logged.
    public let network: AddressPrefix
    private let transport: WebSocketTransport

    /// A whole message.
    public var onMessage: (@WebActor (WebSocketMessage) -> Void)?
    /// An answer to a ping: a sign of life of the browser.
    public var onPong: (@WebActor ([UInt8]) -> Void)?
    /// Once, after a send that did not fit in the queue: this client does not keep up. Nothing more is queued; `close` with a reason.
    public var onOverflow: (@WebActor () -> Void)?
    /// Exactly once, last. 1005: the client gave no code. 1006: it vanished.
    public var onClose: (@WebActor (UInt16, String) -> Void)?

    init(transport: WebSocketTransport, subprotocol: String?, network: AddressPrefix) {
        self.transport = transport
        self.subprotocol = subprotocol
        self.network = network
        transport.onMessage = { [unowned self] in self.onMessage?($0) }
        transport.onPong = { [unowned self] in self.onPong?($0) }
        transport.onOverflow = { [unowned self] in self.onOverflow?() }
        transport.onClosed = { [unowned self] code, reason in
            let callback = self.onClose
            (self.onMessage, self.onPong, self.onOverflow, self.onClose) = (nil, nil, nil, nil)
            callback?(code, reason)
        }
    }

    public var isOpen: Bool { transport.isOpen }
    /// Bytes that wait for the client; at most `queueBytesMax` and a close frame.
    public var queuedBytes: Int { transport.queuedBytes }

    /// - Returns: false where it was not queued: overflow, or closing.
    @discardableResult
    public func sendText(_ text: String) -> Bool { transport.send(text.utf8, isText: true, loop: WebActor.loop) }

    /// - Parameter bytes: UTF-8; the client ends the connection where they are not.
    @discardableResult
    public func sendText(utf8 bytes: [UInt8]) -> Bool { transport.send(bytes, isText: true, loop: WebActor.loop) }

    @discardableResult
    public func sendBinary(_ bytes: [UInt8]) -> Bool { transport.send(bytes, isText: false, loop: WebActor.loop) }

    /// At most 125 bytes. The shell pings quiet clients by itself.
    public func ping(_ payload: [UInt8] = []) { transport.ping(payload) }

    /// Begins the closing handshake; `onClose` follows.
    /// - Parameter lastText: one text of at most 4 KiB sent before it, even when the queue is full.
    public func close(code: UInt16 = WebSocketConnection.Code.normal, reason: String = "", lastText: String? = nil) {
        transport.close(code: code, reason: reason, lastText: lastText, nowMs: WebActor.loop.nowMs)
    }

    func received(_ bytes: UnsafeRawBufferPointer) { transport.received(bytes, nowMs: WebActor.loop.nowMs) }
    func streamEnded() { transport.streamEnded(nowMs: WebActor.loop.nowMs) }
    func drained() { transport.drained() }
    func tick(nowMs: UInt64) -> Bool { transport.tick(nowMs: nowMs) }
}

/// Where and how WebSockets are taken.
public struct WebSocketRoute: Sendable {
    public var path: String
    /// What is spoken, best first.
    public var subprotocols: [String]
    /// Whether a client that lists none of them is answered 400.
    public var isSubprotocolRequired: Bool
    public var limits: WebSocketLimits

    public init(path: String, subprotocols: [String] = [], isSubprotocolRequired: Bool = false, limits: WebSocketLimits = WebSocketLimits())
    {
        self.path = path
        self.subprotocols = subprotocols
        self.isSubprotocolRequired = isSubprotocolRequired
        self.limits = limits
    }
}
