/// What a node says of itself and of the cluster as it sees it: the answer of `/api/status` and of `callslip status`. No names of people.

public struct NodeStatus: Codable, Sendable {
    public struct Member: Codable, Sendable {
        public var name: String
        public var state: String
        public var incarnation: UInt64
        public var heardAgoMs: Int64
        public var roles: [String]
        public var boot: String
    }
    public struct Raft: Codable, Sendable {
        public var role: String
        public var term: UInt64
        public var commitIndex: UInt64
        public var appliedIndex: UInt64
        public var lastIndex: UInt64
        public var digest: String
        public var halted: String?
        /// The feature level in force: what every version among the coordinators can do.
        public var featureLevel: UInt32?
        /// Why it takes nothing new: its disk has no room.
        public var full: String?
        /// Why it has no vote: its log was damaged, and the others have not given it everything yet.
        public var repairing: String?
    }
    /// A coordinator, as the log tells it.
    public struct Coordinator: Codable, Sendable {
        public var name: String
        public var raftID: UInt64
        public var peer: String
        /// `voter`, or `spare` while it is being added.
        public var duty: String
        /// Whether there is a link to it from here.
        public var connected: Bool
        /// What it has on disk; known to the leader alone.
        public var matchIndex: UInt64?
    }
    public struct QueueLine: Codable, Sendable {
        public var name: String
        public var title: String
        public var library: String?
        public var reach: String
        public var staffed: Int
        public var free: Int
        public var waiting: Int
        public var paused: Bool
        /// Why its button is on or off, in sentences.
        public var why: [String]
    }
    /// A library that has not taken its chats' text from the coordinators.
    public struct Untaken: Codable, Sendable {
        public var library: String
        public var transcripts: Int
    }
    public struct Button: Codable, Sendable {
        /// What is released; absent before the first release.
        public var released: String?
        /// What this node serves: another version where it does not have that one.
        public var serves: String
        /// What it was built with.
        public var own: String
        public var versions: [String]
    }
    /// Of the service's settings.
    public struct SettingsLine: Codable, Sendable {
        /// Of the signed document in use; 0: none.
        public var version: UInt64
        /// Why a later one, which the node was sent, is not in use.
        public var refused: String?
        /// Nodes that are there and have used something else for two minutes.
        public var strays: [String]
    }
    public var node: String
    public var boot: String
    /// For how many days the certificate that this node shows its peers is still valid, below 0 when it has ended; absent without TLS between nodes.
    public var certificateDaysLeft: Int? = nil
    /// The coordinator that serves this node; absent while none does.
    public var servedBy: String?
    public var leader: String?
    public var isolated: Bool
    /// Why this node serves nobody: LTG removed it.
    public var removed: String? = nil
    /// Only at a coordinator.
    public var raft: Raft?
    /// Only at a coordinator.
    public var coordinators: [Coordinator]?
    public var members: [Member]
    public var queues: [QueueLine]
    public var waiting: Int
    public var kept: Int
    public var signedOn: Int
    /// Only at a coordinator.
    public var untaken: [Untaken]?
    /// The log index that this node's board reflects.
    public var boardIndex: UInt64?
    /// Of the button's code; absent while files are read from a directory.
    public var button: Button? = nil
    /// Absent before the first board came.
    public var settings: SettingsLine? = nil
}
