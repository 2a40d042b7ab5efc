/// A state as another cluster begins with it, restored from a backup of a former one (rule 18).
///
/// What was acknowledged after the backup was made is not in it, while nodes, desks and pages out there have seen it. So nothing that they carry
/// may be mistaken for what the new cluster gives: its log begins far beyond the former one's, every chat is in an epoch far beyond those it had,
/// nobody is signed on, and transcripts are numbered anew from far above.

extension ConsortiumState {
    /// How far beyond the backup a restored log, and the numbers of its transcripts, begin: more than a cluster could have added since.
    public static let restoreLeap: UInt64 = 1 << 32
    /// The same for a chat's epochs; room is left for a thousand restores.
    package static let restoredEpochs: UInt32 = 1 << 20

    /// Where a log restored from this state begins.
    public var restoredIndex: UInt64 { appliedThrough.index + Self.restoreLeap }

    /// Makes this the first state of another cluster, as of `restoredIndex`. Chats that somebody held wait again; patrons go on with their chat's secret.
    public mutating func beginAnew() {
        let index = restoredIndex
        noteRestore()
        // First, so that what follows is noted where nothing stood before; also of chats that are over, as late words are appended to them.
        for id in chats.keys {
            guard var chat = chats[id] else { continue }
            chat.epoch = chat.epoch > .max - Self.restoredEpochs ? .max : chat.epoch + Self.restoredEpochs
            store(chat)
        }
        // Each is there, so that its end is never refused.
        for session in sessions.keys { try? end(session) }
        settleAvailability()
        outboxNumber += Self.restoreLeap
        appliedThrough = LogPosition(index: index, ordinal: 0)
        // The voters of another cluster, with another id in every frame and file, are none of those.
        retiredVoter = 0
        // Each node has the keys that its file holds, which a backup may be behind of.
        keyPlan = KeyPlan()
        digestMarks = []
        touched = Touched()
    }
}
