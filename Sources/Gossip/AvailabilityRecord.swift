/// Which record: the queue that it speaks of, and the member that wrote it. Two writers of one queue never overwrite each other.
public struct RecordKey: Hashable, Comparable, Sendable {
    public var queue: String
    public var writer: String

    public init(queue: String, writer: String) {
        self.queue = queue
        self.writer = writer
    }

    public static func < (left: RecordKey, right: RecordKey) -> Bool {
        (left.queue, left.writer) < (right.queue, right.writer)
    }
}

/// When a record was written, in its writer's own count. The greater one wins.
public struct RecordVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The writer's boot counter, or the raft term for a queue that the leader keeps. Comparable across the writers of one queue.
    public var session: UInt64
    /// Counts the writes within the session.
    public var counter: UInt64

    public init(session: UInt64, counter: UInt64) {
        self.session = session
        self.counter = counter
    }

    public static func < (left: RecordVersion, right: RecordVersion) -> Bool {
        (left.session, left.counter) < (right.session, right.counter)
    }

    public var description: String { "\(session).\(counter)" }
}

/// What one queue says about itself, as its writer says it.
public struct Availability: Hashable, Sendable {
    /// Operators who are signed on, available for this queue and present.
    public var staffed: UInt16
    /// Chats that these could still take. Full is not closed.
    public var freePlaces: UInt16
    /// Patrons who wait.
    public var waiting: UInt16
    /// Within its posted hours, or opened by hand.
    public var postedOpen: Bool
    /// The library's policy: its chats go to the general queue when it is not available.
    public var fallbackEnabled: Bool
    /// The wait that is usual at this hour, in seconds; 0 if unknown.
    public var usualWaitS: UInt32

    public init(
        staffed: UInt16, freePlaces: UInt16, waiting: UInt16, postedOpen: Bool, fallbackEnabled: Bool = true, usualWaitS: UInt32 = 0
    ) {
        self.staffed = staffed
        self.freePlaces = freePlaces
        self.waiting = waiting
        self.postedOpen = postedOpen
        self.fallbackEnabled = fallbackEnabled
        self.usualWaitS = usualWaitS
    }

    /// What a writer publishes when it no longer speaks for a queue.
    public static let withdrawn = Availability(staffed: 0, freePlaces: 0, waiting: 0, postedOpen: false)
}

/// One writer's word on one queue: owner-written, versioned, last version wins.
public struct AvailabilityRecord: Hashable, Sendable {
    public var key: RecordKey
    /// The boot of the writer that wrote it: a later process does not answer for it.
    public var writerBootID: UInt64
    public var version: RecordVersion
    public var availability: Availability
    /// Milliseconds since the writer wrote it, as known to whoever holds or sends it: each adds its own holding time.
    public var ageMs: Int64

    public init(key: RecordKey, writerBootID: UInt64, version: RecordVersion, availability: Availability, ageMs: Int64) {
        self.key = key
        self.writerBootID = writerBootID
        self.version = version
        self.availability = availability
        self.ageMs = ageMs
    }

    /// The first field that is outside ``GossipLimits``, or nil when all are within.
    public var invalidField: GossipInputError? {
        if !(1...GossipLimits.queueNameBytesMax).contains(key.queue.utf8.count) {
            return .init(field: "queue", expected: "1 to \(GossipLimits.queueNameBytesMax) bytes")
        }
        if !Member.isValidName(key.writer) { return .init(field: "writer", expected: "1 to \(GossipLimits.nameBytesMax) bytes") }
        if version.session > GossipLimits.versionMax || version.counter > GossipLimits.versionMax {
            return .init(field: "version", expected: "session and counter of at most \(GossipLimits.versionMax)")
        }
        if !(0...GossipLimits.ageMsMax).contains(ageMs) { return .init(field: "ageMs", expected: "0 to \(GossipLimits.ageMsMax)") }
        if availability.usualWaitS > GossipLimits.usualWaitSMax {
            return .init(field: "usualWaitS", expected: "at most \(GossipLimits.usualWaitSMax)")
        }
        return nil
    }
}

/// Whether a record may be believed now, and why not.
public enum RecordStanding: Hashable, Sendable {
    /// Its writer is in the cluster and stands behind it.
    case current
    /// Its writer came back from the dead without a restart; believed when the hold-down is over.
    case heldDown
    /// Its writer is dead, left, or unknown here.
    case writerGone
    /// Its writer has restarted since, and not yet spoken for this queue.
    case formerBoot
    /// Its writer has not renewed it for too long.
    case stale
}

/// A record as this node sees it.
public struct RecordView: Hashable, Sendable {
    /// The record with its age as of now.
    public let record: AvailabilityRecord
    public let standing: RecordStanding

    /// Whether the button may show staff here. A record that is not ``RecordStanding/current`` shows "leave a message".
    public var isStaffed: Bool { standing == .current && record.availability.staffed > 0 }
}
