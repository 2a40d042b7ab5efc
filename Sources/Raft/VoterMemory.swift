/// What this member remembers of its peers: the highest (term, index) that each has ever acknowledged as durable. A voter that comes back with
/// less has lost acknowledged entries, whatever its own checksums say, and must not vote: it joins again as a new member (another id).
///
/// Ask `judge` when a peer says hello, before any raft message of it is taken. Keep the bytes across restarts; losing them only loses the warning.
public struct VoterMemory: Sendable, Hashable {
    public struct Position: Sendable, Hashable, Comparable {
        public var term: UInt64
        public var index: UInt64

        public init(term: UInt64, index: UInt64) {
            self.term = term
            self.index = index
        }

        /// The order of logs in an election (thesis 3.6.1): the later term, then the longer log.
        public static func < (a: Position, b: Position) -> Bool { (a.term, a.index) < (b.term, b.index) }
    }

    public enum Judgement: Sendable, Hashable {
        case welcome
        /// The peer must not vote. What it had acknowledged, and what it has now.
        case hasForgotten(remembered: Position, claimed: Position)
    }

    private var highest: [UInt64: Position] = [:]

    public init() {}

    /// `peer` has acknowledged as durable: its log ends at `index`, with an entry of `term`. A term is the *entry's*, not the current one. A log may
    /// rightly become shorter when a later leader overwrites it, but then its last term rises.
    /// - Returns: whether that is more than was remembered.
    @discardableResult
    public mutating func acknowledged(by peer: UInt64, term: UInt64, index: UInt64) -> Bool {
        let position = Position(term: term, index: index)
        if let remembered = highest[peer] {
            guard remembered < position else { return false }
        } else {
            guard highest.count < RaftLimits.membersMax else { return false }
        }
        highest[peer] = position
        return true
    }

    /// A message of a peer came: an accepted append says that it holds the leader's log up to there. The entry's own term is for this member's log
    /// to say (`termOfEntry`); what it does not hold itself it cannot remember of others.
    /// - Returns: whether that is more than was remembered.
    @discardableResult
    public mutating func heard(_ message: RaftMessage, from peer: UInt64, termOfEntry: (UInt64) -> UInt64?) -> Bool {
        guard case .appendEntriesResult(let result) = message, result.rejected == 0, let term = termOfEntry(result.lastLogIndex) else {
            return false
        }
        return acknowledged(by: peer, term: term, index: result.lastLogIndex)
    }

    public func judge(_ peer: UInt64, lastTerm: UInt64, lastIndex: UInt64) -> Judgement {
        let claimed = Position(term: lastTerm, index: lastIndex)
        guard let remembered = highest[peer], claimed < remembered else { return .welcome }
        return .hasForgotten(remembered: remembered, claimed: claimed)
    }

    /// The peer has left the cluster.
    public mutating func forget(_ peer: UInt64) { highest[peer] = nil }

    public func remembered(of peer: UInt64) -> Position? { highest[peer] }

    /// Little-endian, by id, with a checksum at the end.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(UInt64(highest.count))
        for (peer, position) in highest.sorted(by: { $0.key < $1.key }) {
            writer.put(peer)
            writer.put(position.term)
            writer.put(position.index)
        }
        writer.put(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil when the bytes are not what `encoded` gave.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, (bytes.count - 12) % 24 == 0 else { return nil }
        let decoded: [UInt64: Position]? = bytes.withUnsafeBytes { raw in
            var reader = ByteReader(bytes: raw)
            let count = reader.take(UInt64.self)
            guard count <= UInt64(RaftLimits.membersMax), raw.count == 12 + 24 * Int(count) else { return nil }
            var highest: [UInt64: Position] = [:]
            for _ in 0..<count {
                let peer = reader.take(UInt64.self)
                highest[peer] = Position(term: reader.take(UInt64.self), index: reader.take(UInt64.self))
            }
            let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - 4)]))
            return reader.take(UInt32.self) == sum ? highest : nil
        }
        guard let decoded else { return nil }
        highest = decoded
    }
}
