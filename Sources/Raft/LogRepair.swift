import Glibc

extension LogError {
    /// Whether the member may get what is damaged from the others under its own id: its log, snapshots or mark, but not its vote.
    public var isRepairable: Bool {
        let file: String
        switch self {
        case .damaged(let path, _, _, _, _), .missing(let path, _, _): file = path
        default: return false
        }
        let name = file.split(separator: "/").last ?? ""
        return name == "mark" || name.hasPrefix("log-") || name.hasPrefix("snapshot-")
    }
}

extension LogStore {
    /// Prepares a folder that `open` found damaged (`LogError.isRepairable`) for being filled by the others: notes since which term, puts everything but
    /// the vote aside, under names that begin with `damaged-`, and leaves an empty log. To be called again should it be interrupted. Then `open`
    /// gives a log with `RecoveredLog.repairingSince`. Only a member of a cluster of several may do this: see `ReplicaRepair.swift`.
    ///
    /// Throws when the vote cannot be read either: such a member joins again as a new one.
    public static func beginRepair(_ layout: DiskLayout, _ identity: LogIdentity, files: any FileOperations = SystemFiles())
        throws(LogError)
    {
        let vote = try SlotFile(layout.vote, .vote, identity, files)
        guard let term = vote.value?[0], term > 0 else {
            throw .missing(file: layout.vote, expected: "the vote beside a log", advice: LogError.rejoin)
        }
        let repair = try SlotFile(layout.repair, .repair, identity, files)
        do {
            try vote.rewrite()
            try repair.writeBoth([max(term, repair.value?[0] ?? 0)])
            try files.syncFolder(layout.folder)
            // The mark last: without it the rest is never taken for a whole log.
            let names = try files.list(layout.folder).filter { $0.hasPrefix("log-") || $0.hasPrefix("snapshot") }
            for name in names.sorted() + ["mark"] where try files.list(layout.folder).contains(name) {
                try files.rename("\(layout.folder)/\(name)", to: layout.putAside(name))
            }
            try files.syncFolder(layout.folder)
        } catch {
            throw .io(error)
        }
        let mark = try SlotFile(layout.mark, .mark, identity, files)
        do {
            try mark.writeBoth([1, 0, 0])
            try files.syncFolder(layout.folder)
        } catch {
            throw .io(error)
        }
    }

    /// As `open`; but what can be repaired is put aside and told in the report, and the log is empty then.
    public static func openOrBeginRepair(
        _ layout: DiskLayout, _ identity: LogIdentity, files: any FileOperations = SystemFiles(), segmentBytes: Int = 8 << 20
    ) throws(LogError) -> (store: LogStore, log: RecoveredLog, report: RecoveryReport) {
        let damage: LogError
        do throws(LogError) {
            return try open(layout, identity, files: files, segmentBytes: segmentBytes)
        } catch {
            guard error.isRepairable else { throw error }
            damage = error
        }
        try beginRepair(layout, identity, files: files)
        var opened = try open(layout, identity, files: files, segmentBytes: segmentBytes)
        opened.report.damage = damage
        return opened
    }

    /// What was damaged is there again: what was put aside goes.
    public func endRepair() throws(LogError) {
        do {
            // First the word that there is anything to repair, so that a repair which is over is not begun anew.
            try files.remove(layout.repair)
            try files.syncFolder(layout.folder)
            for name in try files.list(layout.folder) where name.hasPrefix(DiskLayout.damagedPrefix) {
                try files.remove("\(layout.folder)/\(name)")
            }
            try files.syncFolder(layout.folder)
        } catch {
            throw .io(error)
        }
    }
}
