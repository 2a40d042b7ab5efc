/// How a member is seen. The order of the cases is the order of precedence at one incarnation: what is further down overrides
/// (SWIM §4.2). ``left`` comes last because it is the member's own word.
public enum MemberState: UInt8, Comparable, CaseIterable, Sendable {
    case alive = 0
    /// A probe failed; the member has until its suspicion's deadline to refute.
    case suspect = 1
    /// The suspicion ran out. Kept, and retried for ever at a low rate.
    case dead = 2
    /// The member signed off. Kept, and not retried: it comes back by joining.
    case left = 3

    public static func < (left: MemberState, right: MemberState) -> Bool { left.rawValue < right.rawValue }
}

/// What a node does in the cluster. One process can do both. Bits that this version does not know are kept and passed on.
public struct MemberRoles: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Serves button, chats and operators of its libraries.
    public static let library = MemberRoles(rawValue: 1)
    /// A raft voter, or about to become one.
    public static let coordinator = MemberRoles(rawValue: 2)
    /// Mails staff: a mail server takes its letters, and a coordinator that knows a leader serves it. Comes and goes.
    public static let mail = MemberRoles(rawValue: 4)
}

/// Whom a member takes for the coordinators' leader. A hint: where to try first, never proof of leadership.
public struct CoordinatorHint: Hashable, Sendable {
    /// The leader's member name; at most ``GossipLimits/nameBytesMax`` bytes.
    public var leader: String
    /// The raft term in which it leads.
    public var term: UInt64

    public init(leader: String, term: UInt64) {
        self.leader = leader
        self.term = term
    }
}

/// One node as the cluster sees it. Everything but ``state`` is written by the member itself, under its ``incarnation``.
public struct Member: Hashable, Sendable {
    /// Unique in the cluster; 1 to ``GossipLimits/nameBytesMax`` bytes.
    public var name: String
    /// "host:port" for gossip (UDP).
    public var gossipAddress: String
    /// "host:port" for peer links (TCP, mutual TLS).
    public var peerAddress: String
    /// Where patrons and operators reach it; at most ``GossipLimits/webURLsMax``.
    public var webURLs: [String]
    public var roles: MemberRoles
    /// Its id among the raft voters, 0 if none.
    public var raftID: UInt64
    /// Drawn anew at each start of the process.
    public var bootID: UInt64
    /// Digest of the settings in force there; empty if none.
    public var settingsDigest: [UInt8]
    public var coordinatorHint: CoordinatorHint?
    /// Raised by the member alone, to refute a suspicion or to publish a change of these fields (SWIM §4.2).
    public var incarnation: UInt64
    public var state: MemberState

    public init(
        name: String, gossipAddress: String, peerAddress: String, webURLs: [String] = [], roles: MemberRoles = [.library],
        raftID: UInt64 = 0, bootID: UInt64, settingsDigest: [UInt8] = [], coordinatorHint: CoordinatorHint? = nil,
        incarnation: UInt64 = 1, state: MemberState = .alive
    ) {
        self.name = name
        self.gossipAddress = gossipAddress
        self.peerAddress = peerAddress
        self.webURLs = webURLs
        self.roles = roles
        self.raftID = raftID
        self.bootID = bootID
        self.settingsDigest = settingsDigest
        self.coordinatorHint = coordinatorHint
        self.incarnation = incarnation
        self.state = state
    }

    /// The first field that is outside ``GossipLimits``, or nil when all are within.
    public var invalidField: GossipInputError? {
        if !Self.isValidName(name) { return .init(field: "name", expected: "1 to \(GossipLimits.nameBytesMax) bytes") }
        for (field, address) in [("gossipAddress", gossipAddress), ("peerAddress", peerAddress)] where !Self.isValidAddress(address) {
            return .init(field: field, expected: "host:port of at most \(GossipLimits.addressBytesMax) bytes")
        }
        if webURLs.count > GossipLimits.webURLsMax || webURLs.contains(where: { $0.isEmpty || $0.utf8.count > GossipLimits.webURLBytesMax })
        {
            let expected = "at most \(GossipLimits.webURLsMax) addresses of 1 to \(GossipLimits.webURLBytesMax) bytes"
            return .init(field: "webURLs", expected: expected)
        }
        if settingsDigest.count > GossipLimits.settingsDigestBytesMax {
            return .init(field: "settingsDigest", expected: "at most \(GossipLimits.settingsDigestBytesMax) bytes")
        }
        if incarnation > GossipLimits.versionMax { return .init(field: "incarnation", expected: "at most \(GossipLimits.versionMax)") }
        guard let hint = coordinatorHint else { return nil }
        if !Self.isValidName(hint.leader) || hint.term > GossipLimits.versionMax {
            return .init(field: "coordinatorHint", expected: "a member's name and a term of at most \(GossipLimits.versionMax)")
        }
        return nil
    }

    /// Whether `name` can be a member's.
    public static func isValidName(_ name: String) -> Bool { (1...GossipLimits.nameBytesMax).contains(name.utf8.count) }

    /// Whether `address` has the form "host:port" with a port of 1 to 65535. The host is not looked at: resolving it is the shell's.
    public static func isValidAddress(_ address: String) -> Bool {
        guard address.utf8.count <= GossipLimits.addressBytesMax, let colon = address.utf8.lastIndex(of: UInt8(ascii: ":")),
            colon > address.startIndex
        else { return false }
        let digits = address[address.index(after: colon)...]
        guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits) else { return false }
        return (1...65_535).contains(port)
    }
}

/// A value that is outside ``GossipLimits``: which field, and what was expected of it.
public struct GossipInputError: Error, Equatable, Sendable, CustomStringConvertible {
    public let field: String
    public let expected: String

    public init(field: String, expected: String) {
        self.field = field
        self.expected = expected
    }

    public var description: String { "\(field): expected \(expected)" }
}
