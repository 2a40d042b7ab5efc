/// When a coordinator's disk was purged last, in a small file: a process that is started often must purge all the same.
struct PurgeRecord: Sendable {
    private let path: String
    /// Unix milliseconds; `nil` when it is not known.
    private let lastMs: UInt64?

    /// - Parameter isFresh: there is nothing on the disk yet that could be purged.
    init(folder: String, isFresh: Bool, wallMs: UInt64) throws {
        path = folder + "/purged"
        let text = try SmallFile.read(path)?.split(separator: "\n").first
        lastMs = isFresh ? wallMs : text.flatMap { UInt64($0) }
        if isFresh { try note(wallMs: wallMs) }
    }

    /// Since the last purge. A clock that was set back tells nothing.
    func ageMs(wallMs: UInt64) -> UInt64? {
        guard let lastMs, lastMs <= wallMs else { return nil }
        return wallMs - lastMs
    }

    func note(wallMs: UInt64) throws { try SmallFile.replace(path, with: "\(wallMs)\n") }
}
