import Glibc

/// To whom the files belong; stands in each file's head.
public struct LogIdentity: Sendable, Hashable {
    /// Sixteen bytes.
    public let cluster: [UInt8]
    public let member: UInt64

    public init(cluster: [UInt8], member: UInt64) {
        precondition(cluster.count == 16, "a cluster id has 16 bytes")
        self.cluster = cluster
        self.member = member
    }
}

/// The names within a member's folder, and the lock that keeps a second process out.
///
///     lock                          flock
///     vote                          term and vote, two slots
///     mark                          what has been synced, two slots
///     log-<generation>-<first>      segments
///     snapshot-<term>-<index>       the newest two
///     snapshot.partial              one being written
///     repair                        while what was damaged comes from the others: since which term, two slots
///     damaged-…                     what was put aside for that, until it is there again
public final class DiskLayout: Sendable {
    public let folder: String
    private let lockDescriptor: Int32?

    /// Makes the folder when it is not there, and locks it for as long as this object lives.
    public init(folder: String) throws(LogError) {
        self.folder = folder
        let files = SystemFiles()
        let descriptor: Int32
        do {
            try files.makeDirectory(folder)
            descriptor = try files.open("\(folder)/lock", flags: O_RDWR | O_CREAT)
        } catch {
            throw .io(error)
        }
        lockDescriptor = descriptor
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            if code == EWOULDBLOCK { throw .locked(folder: folder) }
            throw .io(FileFault(call: "flock", file: "\(folder)/lock", errno: code))
        }
    }

    /// For files that no other process sees: nothing is made and nothing locked.
    package init(unlocked folder: String) {
        self.folder = folder
        lockDescriptor = nil
    }

    deinit { if let lockDescriptor { _ = close(lockDescriptor) } }

    /// Gives the folder up before this object goes. Whoever still writes to it then breaks the log.
    func unlock() { if let lockDescriptor { _ = flock(lockDescriptor, LOCK_UN) } }

    var vote: String { "\(folder)/vote" }
    var mark: String { "\(folder)/mark" }
    var partialSnapshot: String { "\(folder)/snapshot.partial" }
    var repair: String { "\(folder)/repair" }
    static let damagedPrefix = "damaged-"
    func putAside(_ name: String) -> String { "\(folder)/\(Self.damagedPrefix)\(name)" }

    func segment(generation: UInt64, first: UInt64) -> String { "\(folder)/log-\(Self.digits(generation))-\(Self.digits(first))" }
    func snapshot(term: UInt64, index: UInt64) -> String { "\(folder)/snapshot-\(Self.digits(term))-\(Self.digits(index))" }

    /// The two numbers of a name like `log-…-…`; nil for names that the store gives to none of its files.
    static func numbers(_ name: String, prefix: String) -> (UInt64, UInt64)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == prefix, let a = UInt64(parts[1]), let b = UInt64(parts[2]),
            a <= RaftLimits.numberMax, (prefix == "log" ? 1 : 0)...RaftLimits.numberMax ~= b
        else { return nil }
        return (a, b)
    }

    /// Twenty digits, so that names sort as numbers do.
    private static func digits(_ value: UInt64) -> String {
        let text = String(value)
        return String(repeating: "0", count: 20 - text.count) + text
    }
}
