/// One piece of news. The greater incarnation wins; at one incarnation the greater ``MemberState`` does.
public enum GossipUpdate: Hashable, Sendable {
    /// The member is alive, with all that it says of itself.
    case alive(Member)
    /// `accuser` could not reach it. Different accusers are independent confirmations (Lifeguard §IV.B).
    case suspect(name: String, incarnation: UInt64, accuser: String)
    /// A suspicion of `accuser` ran out ("confirm" in SWIM).
    case dead(name: String, incarnation: UInt64, accuser: String)
    /// The member signed off.
    case left(name: String, incarnation: UInt64)
    case record(AvailabilityRecord)
}

/// One datagram between cores.
public struct GossipMessage: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Answer with an ``ack(sequence:)``; `target` is who is meant, so that a reused address does not vouch for another.
        case ping(sequence: UInt32, target: String)
        case ack(sequence: UInt32)
        /// Ping `target` for me; ack when it answers, nack when it has not after most of the probe's timeout (Lifeguard §IV.A).
        case pingRequest(sequence: UInt32, target: String)
        case nack(sequence: UInt32)
        /// News only.
        case gossip
    }

    public var kind: Kind
    /// Piggy-backed news.
    public var updates: [GossipUpdate]

    public init(_ kind: Kind, updates: [GossipUpdate] = []) {
        self.kind = kind
        self.updates = updates
    }
}

/// All that a member knows, for anti-entropy. It goes over a peer link, whole.
public struct PushPullState: Hashable, Sendable {
    /// Whose state it is.
    public var sender: String
    /// By name, ascending, the sender included.
    public var members: [Member]
    /// By key, ascending; ages as of the moment of sending.
    public var records: [AvailabilityRecord]

    public init(sender: String, members: [Member], records: [AvailabilityRecord]) {
        self.sender = sender
        self.members = members
        self.records = records
    }
}

// Sizes. The core does not know the encoding; it counts with bounds that every encoding of ours keeps: never more than `bytesMax`, never
// less than `bytesMin`. With both, a packet never exceeds its limit and an answer never exceeds its request.

extension Member {
    /// An encoding's upper bound: the variable fields, three bytes of header each, and the integers at their longest.
    public var bytesMax: Int { bytesMin + 3 * (7 + webURLs.count) + 64 }
    /// An encoding's lower bound: the variable fields alone.
    public var bytesMin: Int {
        name.utf8.count + gossipAddress.utf8.count + peerAddress.utf8.count + webURLs.reduce(0) { $0 + $1.utf8.count }
            + settingsDigest.count
            + (coordinatorHint?.leader.utf8.count ?? 0)
    }
}

extension AvailabilityRecord {
    public var bytesMax: Int { bytesMin + 80 }
    public var bytesMin: Int { key.queue.utf8.count + key.writer.utf8.count }
}

extension GossipUpdate {
    public var bytesMax: Int {
        switch self {
        case .alive(let member): member.bytesMax + 6
        case .suspect, .dead, .left: bytesMin + 24
        case .record(let record): record.bytesMax + 6
        }
    }

    public var bytesMin: Int {
        switch self {
        case .alive(let member): member.bytesMin
        case .suspect(let name, _, let accuser), .dead(let name, _, let accuser): name.utf8.count + accuser.utf8.count
        case .left(let name, _): name.utf8.count
        case .record(let record): record.bytesMin
        }
    }
}

extension GossipMessage {
    /// What the fixed part takes at most: kind, sequence and the longest target.
    public static let headBytesMax = GossipLimits.nameBytesMax + 16

    /// An encoding's upper bound.
    public var bytesMax: Int { Self.headBytesMax + updates.reduce(0) { $0 + $1.bytesMax } }

    /// How many bytes of updates an answer to this message may carry so that it is never the longer of the two: an answer's own head is
    /// no longer than the request's, which names its target, so the updates' lower bound is left.
    var answerUpdatesBytesMax: Int { updates.reduce(0) { $0 + $1.bytesMin } }
}
