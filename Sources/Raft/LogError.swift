import Glibc

/// What went wrong with the disk, for the person who can act. None of these but `noSpace` is ever retried, and none is skipped.
public enum LogError: Error, Sendable, Hashable {
    /// A call failed while writing. The store is closed to writes from then on: step down, stop, and start again from what is durable.
    case io(FileFault)
    /// The disk had no room for a new segment or a snapshot. Nothing was written, what is there is whole, and the store goes on: the same call can be
    /// made again. The one error that may be waited out.
    case noSpace(FileFault)
    /// Another process (or another store of this one) has the folder.
    case locked(folder: String)
    case wrongVersion(file: String, expected: UInt32, found: UInt32)
    case wrongCluster(file: String, expected: [UInt8], found: [UInt8])
    case wrongMember(file: String, expected: UInt64, found: UInt64)
    /// What was acknowledged is no longer as it was written.
    case damaged(file: String, offset: Int, expected: String, found: String, advice: String)
    /// A file that must be there is not.
    case missing(file: String, expected: String, advice: String)
    /// An earlier call failed.
    case failed
    case snapshotTooLarge(expectedMax: Int, found: Int)
    /// Entries must follow each other; this is a fault of the caller.
    case gap(expected: UInt64, found: UInt64)

    /// Bytes are not as they were written, or not there: no later start, and no other version, will read them.
    public var isDamage: Bool {
        switch self {
        case .damaged, .missing: true
        default: false
        }
    }

    static let rejoin =
        "this member may have acknowledged what is lost: do not let it vote. Restore the file from the same disk's copy, or remove the folder and "
        + "join the cluster again as a new member; where there is no other member, begin again from a backup (callslip restore)"
}

/// What recovery found and did, for the log of the program.
public struct RecoveryReport: Sendable, Hashable {
    public enum Note: Sendable, Hashable {
        /// Bytes after the last whole record, never acknowledged, were cut off.
        case tornTail(file: String, offset: Int)
        /// A file of an interrupted write or of a log that a snapshot replaced was removed.
        case leftover(file: String)
        /// One of two slots was unreadable; the other one was used.
        case tornSlot(file: String, offset: Int)
        /// A snapshot was unreadable; an older one and a longer log were used.
        case olderSnapshot(unreadable: String)
        /// A leader's snapshot was durable, but the log that it replaces was still there; now it is gone.
        case installFinished(index: UInt64)
    }
    public var notes: [Note] = []
    public var lastIndex: UInt64 = 0
    /// The folder held nothing: a new member, or one that lost everything (see `VoterMemory`).
    public var isFresh = false
    /// What was damaged, when a repair begins with this start.
    public var damage: LogError?
}

extension FileFault {
    /// Room was missing, and nothing else is wrong.
    var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }
}
