/// Every limit of the domain, in one place. A command that would pass one is refused with `tooLong`, `tooMany` or `full`.
public enum Limits {
    public static let nameBytesMax = 40
    public static let titleBytesMax = 120
    public static let cardFieldBytesMax = 2_000
    public static let librariesMax = 200
    public static let queuesMax = 500
    public static let operatorsMax = 5_000
    public static let queuesPerOperatorMax = 32
    public static let sessionsMax = 2_000
    /// Chats that are not yet tombstones.
    public static let chatsLiveMax = 5_000
    /// Tombstones beyond this are dropped, oldest first, before their time.
    public static let tombstonesMax = 20_000
    public static let waitingPerQueueMax = 200
    public static let messageBytesMax = 4_000
    public static let messagesPerChatMax = 2_000
    public static let textPerChatBytesMax = 512 * 1024
    /// Bytes of text in all chats together; a new chat is refused beyond.
    public static let textTotalBytesMax = 256 * 1024 * 1024
    public static let sendersPerChatMax = 32
    public static let attachesPerChatMax = 64
    public static let transfersPerChatMax = 16
    public static let noteBytesMax = 500
    public static let contactBytesMax = 200
    public static let chatsPerOperatorMax = 4
    /// The most that one entry may advance the replicated clock.
    public static let elapsedPerEntryMsMax: UInt64 = 10_000
    public static let commandsPerBatchMax = 512
    public static let questionExcerptBytesMax = 280
}
