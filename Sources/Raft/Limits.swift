/// Every limit of this module that is not a setting.
public enum RaftLimits {
    /// The largest payload of one entry. At the limit: `ProposeRefusal.tooLarge`; a larger one from a peer is dropped with its message.
    public static let payloadBytesMax = 1 << 20
    /// The largest snapshot. At the limit: `onSnapshotTaken` refuses it, a larger one from a peer is dropped.
    public static let snapshotBytesMax = 512 << 20
    /// A snapshot travels in pieces of at most this size.
    public static let snapshotChunkBytesMax = 256 << 10
    /// Pieces sent ahead of the receiver's answer.
    public static let snapshotChunksInFlightMax = 4
    /// Entries in one AppendEntries message. More are sent as several messages.
    public static let messageEntriesMax = 1024
    /// Bytes of entries in one AppendEntries message (one entry always fits).
    public static let messageBytesMax = 1 << 20
    /// Messages held back while a term or a vote is being written. At the limit the newest is dropped: the protocol repeats it.
    public static let heldMessagesMax = 1024
    /// Members of a cluster, of every duty.
    public static let membersMax = 16
    public static let memberNameBytesMax = 255
    /// The encoded membership. Sixteen members fit with room.
    public static let membershipBytesMax = 16 << 10
    /// The highest index, term or generation that is believed of a file: no log comes near it (a branch's begins at 2^62), and one can still be added to it. Beyond, the
    /// file is damaged.
    public static let numberMax = UInt64(Int64.max)
    /// What an entry costs beside its payload.
    public static let entryOverheadBytes = 48
    /// Entries handed out in one `apply`.
    public static let applyEntriesMax = 1024
    /// Requests waiting for the log writer. At the limit `LogWriter.submit` answers false, which is a fault of the caller: the replica
    /// bounds what it has in flight.
    public static let writerQueueMax = 65_536
    /// Bytes gathered for one write to the log.
    public static let writeBatchBytesMax = 4 << 20
    /// Entries that recovery reads into memory at most, and their bytes; beyond it the log should have been trimmed.
    public static let recoveredEntriesMax = 4 << 20
}
