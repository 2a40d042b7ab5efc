/// Whether the nodes use the settings that are in force (agreement, 6), by the digests that gossip brings. A pure value: it is shown them now and then, and says whom to ask.
///
/// What is in force comes with the board. A node that no coordinator tells, or one that lags, asks the others, and takes what is signed. Neither has to know who is behind: who asks
/// one that is behind itself is told nothing new.
struct SettingsWatch {
    /// Of a node that is there: one that is away does not use any.
    struct Seen: Hashable {
        var node: String
        /// Never empty.
        var digest: [UInt8]
    }

    static let everyMs: UInt64 = 2_000
    /// A change is on its way for a moment; what differs for longer is asked about.
    static let settleMs: UInt64 = 4_000
    /// What differs for so long does not mend by itself, and LTG is told.
    static let strayMs: UInt64 = 120_000

    private var since: [String: UInt64] = [:]
    private var asked: String?
    private var nowMs: UInt64 = 0

    init() {}

    /// - Parameters:
    ///   - own: the digest of what this node uses.
    ///   - nowMs: monotonic.
    /// - Returns: the node to ask for what it knows; each in its turn.
    mutating func ask(own: [UInt8], _ seen: [Seen], nowMs: UInt64) -> String? {
        self.nowMs = nowMs
        let differs = seen.filter { $0.digest != own }.map(\.node)
        since = since.filter { differs.contains($0.key) }
        for node in differs where since[node] == nil { since[node] = nowMs }
        let due = differs.filter { node in since[node].map { nowMs - min($0, nowMs) >= Self.settleMs } ?? false }.sorted()
        let next = due.first { $0 > asked ?? "" } ?? due.first
        asked = next
        return next
    }

    /// Nodes whose settings differ from this one's for long.
    var strays: [String] { since.filter { nowMs - min($0.value, nowMs) >= Self.strayMs }.keys.sorted() }
}
