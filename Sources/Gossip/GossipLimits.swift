/// Every bound of this module, in one place. Decoders refuse what is beyond; the core ignores it; behaviour at a full table is said here.
public enum GossipLimits {
    /// A member's name: the node's name, as in its certificate.
    public static let nameBytesMax = 64
    /// "host:port".
    public static let addressBytesMax = 128
    /// Public addresses of a node's pages.
    public static let webURLsMax = 2
    public static let webURLBytesMax = 200
    /// A digest of the settings in force.
    public static let settingsDigestBytesMax = 32
    /// A queue's name, from the consortium's naming rules.
    public static let queueNameBytesMax = 64
    /// Members in the table, this one included. When full, a new member takes the place of the one that left or died first; while
    /// nobody has, it is not admitted.
    public static let membersMax = 256
    /// Availability records. When full, a new record takes the place of the oldest record of a dead or departed writer; while there is
    /// none, it is not admitted.
    public static let recordsMax = 2_048
    /// Seed addresses to join through.
    public static let seedsMax = 16
    /// A gossip packet on the network: fits an Ethernet frame under IPv6 and a tunnel, so that it is never fragmented.
    public static let packetBytesMax = 1_400
    /// What the shell's sealing may add to an encoded message (the keyring's packet adds 45).
    public static let sealBytesMax = 56
    /// An encoded ``GossipMessage``.
    public static let messageBytesMax = packetBytesMax - sealBytesMax
    /// Updates in one message; the packet's size is the tighter bound, this one keeps decoding cheap.
    public static let updatesPerMessageMax = 64
    /// An encoded ``PushPullState``: a full table of members and of records, each at its largest.
    public static let pushPullBytesMax = membersMax * 1_100 + recordsMax * 300 + 1_024
    /// Indirect probes run for others at one time. Beyond, a request is not answered, which its sender counts as a missed nack.
    public static let relaysMax = 64
    /// Pushed updates waiting to spread: one per member and one per record, so this is only their sum.
    public static let broadcastsMax = membersMax + recordsMax
    /// Incarnations, terms, sessions and counters stay below this, so that adding one never overflows.
    public static let versionMax: UInt64 = 1 << 62
    /// The age that a record may carry: 30 days. Older is shown as this old.
    public static let ageMsMax: Int64 = 30 * 24 * 3_600 * 1_000
    /// The usual wait that a record may announce: one day.
    public static let usualWaitSMax: UInt32 = 86_400
}
