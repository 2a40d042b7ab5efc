/// Every limit of the web plane, in one place, with what happens there.
public struct WebLimits: Sendable {
    /// The first line of a request. Beyond: 414.
    public var requestLineBytesMax = 8 * 1024
    /// The request line and all header fields. Beyond: 431.
    public var headBytesMax = 16 * 1024
    /// Header fields. Beyond: 431.
    public var headerFieldsMax = 100
    /// A request's body, where its route says nothing else. Beyond: 413.
    public var bodyBytesMax = 64 * 1024
    /// The line that begins a chunk, with its extensions. Beyond: 400.
    public var chunkLineBytesMax = 256
    /// Trailer fields, all together. Beyond: 431.
    public var trailerBytesMax = 4 * 1024
    /// Unparsed bytes held while a request waits for its response. At the limit the connection is not read until it is answered.
    public var pipelinedBytesMax = 16 * 1024
    /// Response bytes that may wait for one client. At the limit no further request of that client is parsed until half of them have left.
    public var responseQueueBytesMax = 256 * 1024
    /// From the first byte of a request (or of the connection) to the end of its head. Then: 408, or a silent close where nothing came.
    public var headTimeoutMs: UInt64 = 10_000
    /// For the whole body. Then: 408.
    public var bodyTimeoutMs: UInt64 = 30_000
    /// Between requests. Then the connection is closed.
    public var idleTimeoutMs: UInt64 = 75_000
    /// For a handler to answer. Then: 503, and the connection is closed.
    public var responseTimeoutMs: UInt64 = 60_000
    /// For a client to take what was written for it, while none of it leaves. Then the connection is dropped.
    public var writeTimeoutMs: UInt64 = 30_000
    /// For a client to close after we have said that we do. Then the connection is dropped.
    public var lingerTimeoutMs: UInt64 = 2_000
    /// Connections of all kinds. At the limit nothing is accepted until one ends.
    public var connectionsMax = 8_000
    /// Connections from one remote address, the proxies' excepted. Beyond: 429 to its first request, then it is closed; many of those at a time: closed at once.
    public var connectionsPerAddressMax = 512
    /// The same for one network (`AddressPrefix`): a campus may stand behind one address, and somebody with many addresses has them in few networks.
    public var connectionsPerNetworkMax = 1_024
    /// Connections beyond those limits that are told so at a time.
    public var refusalsMax = 32
    /// Networks and sign-ins remembered at a time; more than connections. At the limit those that owe nothing are forgotten, then sign-ins, then networks without a connection.
    public var clientsMax = 8_192
    /// What one network may ask of the cluster plane: units a second in the long run, and at once. What costs how much is the owner's to say. Beyond: 429.
    public var workPerSecond: UInt64 = 100
    public var workBurst: UInt64 = 3_000
    /// The same for one sign-in, wherever it comes from.
    public var signedWorkPerSecond: UInt64 = 50
    public var signedWorkBurst: UInt64 = 1_000
    /// Chats that one network may begin at once, and one more after each of these times.
    public var chatsBurst: UInt64 = 120
    public var chatEveryMs: UInt64 = 2_000
    /// How often deadlines are looked at: the timeouts above are kept to this precision.
    public var sweepMs: UInt64 = 500
    /// WebSocket limits where a route says nothing else.
    public var webSocket = WebSocketLimits()

    public init() {}
}

/// Limits of one WebSocket connection.
public struct WebSocketLimits: Sendable {
    /// A whole message, all its fragments together. Beyond: close 1009.
    public var messageBytesMax = 16 * 1024
    /// What may wait to be sent. Beyond: the owner's `onOverflow`, then nothing more is queued but a close frame.
    public var queueBytesMax = 256 * 1024
    /// Fragments of one message. Beyond: close 1008. Keeps a message of empty fragments from lasting for ever.
    public var fragmentsMax = 100_000
    /// For the peer to answer a close frame. Then the connection is dropped.
    public var closeTimeoutMs: UInt64 = 5_000
    /// How often a quiet peer is pinged; 0: never.
    public var pingIntervalMs: UInt64 = 20_000
    /// For a peer to send anything at all, a pong for example. Then the connection is dropped and its owner told 1006.
    public var silenceTimeoutMs: UInt64 = 45_000

    public init() {}
}
