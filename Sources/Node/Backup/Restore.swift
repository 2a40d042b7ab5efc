/// Restoring: a coordinator's data folder as the first one of another cluster, from a backup.
///
/// Done with the same backup at every coordinator of the new cluster before any is started: they begin with one snapshot and one membership, which is
/// that of their own files. Nothing of the former cluster can mix in, as the new one has another name, and so another id in every frame.

import Consortium
import FoundationEssentials
import Raft

public enum Restore {
    public enum Refused: Error, Hashable, Sendable, CustomStringConvertible {
        case noCoordinator
        case sameCluster(String)
        case notEmpty(String)
        case failed(String)

        public var description: String {
            switch self {
            case .noCoordinator: "this node's file does not name it among the coordinators: a backup is restored at each coordinator"
            case .sameCluster(let name):
                "the backup was made of the cluster `\(name)`, and the node's file has the same name: give the new cluster another one, in every node's file, "
                    + "so that nothing of the former one can mix in"
            case .notEmpty(let folder): "there is a log in \(folder) already: restore into a fresh data folder"
            case .failed(let why): why
            }
        }
    }

    /// Writes the beginning of the new cluster's log into the data folder of this node's file.
    /// - Returns: where that log begins.
    @discardableResult
    public static func run(_ backup: BackupFile, into configuration: NodeConfiguration) throws -> UInt64 {
        guard let voter = configuration.voter else { throw Refused.noCoordinator }
        guard configuration.cluster != backup.head.cluster else { throw Refused.sameCluster(backup.head.cluster) }
        var state = try backup.consortium()
        state.beginAnew()
        try SmallFile.makeFolder(configuration.data)
        let folder = configuration.data + "/raft"
        let opened: (store: LogStore, log: RecoveredLog, report: RecoveryReport)
        do {
            opened = try LogStore.open(
                try DiskLayout(folder: folder), LogIdentity(cluster: CallslipNode.clusterID(configuration.cluster), member: voter.id),
                segmentBytes: configuration.logSegmentKiB * 1_024)
        } catch let error as LogError {
            throw Refused.failed("\(folder) cannot be used: \(error)")
        }
        guard opened.report.isFresh else { throw Refused.notEmpty(folder) }
        let members = configuration.coordinators.map { RaftMember(id: $0.id, name: $0.name.text) }
        let index = state.appliedThrough.index
        _ = try opened.store.begin(
            at: SnapshotMeta(index: index, term: backup.head.term + 1, members: members, membersIndex: index), state.wireSnapshot())
        return index
    }
}
