/// Text that lies in the data folder beside what the service itself works with: branches that could not be read and were put aside, and a backup
/// that nobody fetched. Nobody needs them for longer than the coordinators keep text, so then they go.

import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging

struct OldCopies: Sendable {
    /// What a damaged branch is called that was put aside, before its number.
    static let damagedBranchPrefix = "branch-damaged-"
    private static let backups: Set<String> = ["backup", "backup.new"]
    let data: String

    /// Deletes what was last changed `ageMs` or longer before `wallMs` (Unix milliseconds), and says what that was. What cannot be looked at or deleted is
    /// left for the next time, and told in `failures`.
    func remove(olderThan ageMs: UInt64, wallMs: UInt64) throws -> (removed: [String], failures: [String]) {
        var (removed, failures) = ([String](), [String]())
        for name in try FileManager.default.contentsOfDirectory(atPath: data).sorted()
        where name.hasPrefix(Self.damagedBranchPrefix) || Self.backups.contains(name) {
            do {
                // A clock that was set back says nothing.
                guard let changedMs = try Self.changedMs(data + "/" + name), changedMs <= wallMs, wallMs - changedMs >= ageMs else {
                    continue
                }
                try FileManager.default.removeItem(atPath: data + "/" + name)
                removed.append(name)
            } catch {
                failures.append("\(name): \(error)")
            }
        }
        return (removed, failures)
    }

    /// Of the file, or of the folder itself; `nil` when it is gone meanwhile.
    private static func changedMs(_ path: String) throws -> UInt64? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw AccountStore.Failure.file(path: path, operation: "lstat", code: errno)
        }
        return UInt64(max(0, status.st_mtim.tv_sec)) * 1_000 + UInt64(max(0, status.st_mtim.tv_nsec)) / 1_000_000
    }
}

/// Looks for old copies when the node starts and once a day.
@ClusterActor
final class OldCopiesHost {
    private static let everyMs: UInt64 = 86_400_000
    private let copies: OldCopies
    private let logger: Logger
    private let timer = Timer(on: ClusterActor.loop)

    init(data: String, logger: Logger) {
        copies = OldCopies(data: data)
        self.logger = logger
    }

    /// - Parameter ageMs: how long copies may lie, asked anew each time.
    func start(ageMs: @escaping () -> UInt64) {
        // Not at once: by then the settings have come from a coordinator, if one is there.
        timer.start(afterMs: 30_000, repeatMs: Self.everyMs) { [self] in sweep(ageMs: ageMs()) }
    }

    func stop() { timer.close() }

    private func sweep(ageMs: UInt64) {
        let (copies, logger, wallMs) = (copies, logger, WallClock.nowMs)
        Task {
            do {
                let (removed, failures) = try await ClusterActor.loop.work {
                    Result { try copies.remove(olderThan: ageMs, wallMs: wallMs) }
                }.get()
                for name in removed {
                    logger.notice("a copy of text was deleted, as it is older than text may be", metadata: ["what": "\(name)"])
                }
                for failure in failures { logger.error("an old copy of text was not deleted; delete it", metadata: ["why": "\(failure)"]) }
            } catch {
                logger.error("the data folder was not looked through for old copies of text", metadata: ["why": "\(error)"])
            }
        }
    }
}
