/// Every limit and time of the gateway, in one place.
enum GatewayLimits {
    // Clients.
    static let connectionsMax = 20_000
    static let connectionsPerSessionMax = 8
    static let sessionsMax = 2_000
    /// Chats that one patron's connection takes part in.
    static let chatsPerPatronMax = 4
    static let helloMs: UInt64 = 10_000
    /// A patron's connection without a chat is ended after this silence.
    static let idleMs: UInt64 = 600_000
    static let framesPerSecond: UInt64 = 40
    /// `framesPerSecond` for five seconds: what a burst may have.
    static let framesBurst: UInt64 = 200
    static let collectsPerMinute = 5
    static let typingMs: UInt64 = 2_500
    /// Says of one connection that wait for its `open` or `resume` to be answered.
    static let saysHeldMax = 64

    // Proposals. Rule 14: under pressure new chats give way first, then messages, then claims.
    static let pendingMax = 4_096
    static let pendingForMessagesMax = 3_584
    static let pendingForOpeningMax = 3_072
    static let pendingPerConnectionMax = 96
    /// A proposal without an outcome is proposed again, with the same number, after this silence.
    static let repeatMs: UInt64 = 3_000
    static let retryBaseMs: UInt64 = 200
    static let retryJitterMs: UInt64 = 400
    static let busyRetryMs: UInt64 = 500
    /// When a message for a chat that this node's branch has not is offered again: at the earliest, and spread over as much again.
    static let apartRetryMs: UInt64 = 2_000
    /// A proposal whose client is gone is given up after this time.
    static let orphanMs: UInt64 = 60_000

    // Chats.
    static let chatsMax = 5_000
    /// How long a chat that nobody here needs is still followed.
    static let unneededMs: UInt64 = 15_000
    /// An awaited update that does not come is asked for again after this time.
    static let refollowMs: UInt64 = 1_000
    /// Between two asks for a chat of which something in between is missing.
    static let followAgainMs: UInt64 = 50
    static let framePayloadBytesMax = 48 * 1024
    /// Cards may be long: a board's libraries are sent apart from its lists, and no list is longer than this.
    static let boardLinesMax = 100

    // Presence, desks, service.
    static let patronGraceMs: UInt64 = 5_000
    static let boardMs: UInt64 = 200
    static let renewMs: UInt64 = 5_000
    static let pongMs: UInt64 = 45_000
    static let isolatedAfterMs: UInt64 = 3_000
    /// `isolatedAfterMs` doubles with each isolation in a row, up to this.
    static let isolatedAfterMsMax: UInt64 = 60_000
    /// After this long without an isolation the next one counts as the first again.
    static let calmMs: UInt64 = 300_000
    /// Chats whose parts of a branch are on their way at once.
    static let mergesInFlightMax = 64
    /// A part for which there was no room is asked for again after this time.
    static let mergeRetryMs: UInt64 = 1_000
    static let wellAfterMs: UInt64 = 2_000
    static let tickMs: UInt64 = 500
}
