/// A branch on disk: a log of the coordinators' kind with this node as its only member, so that chained checksums, the mark and the recovery are the
/// ones that are tested there. It begins with a snapshot of what the node knew.

import Consortium
import FoundationEssentials
import Raft
import Wire

struct BranchFolder: Sendable {
    private let data: String
    let path: String
    let identity: LogIdentity
    let node: NodeName

    /// Written when the base is durable; a folder without it is what a crash left of a beginning.
    private var begun: String { path + "/begun" }

    init(data: String, cluster: [UInt8], node: NodeName) {
        self.data = data
        path = data + "/branch"
        identity = LogIdentity(cluster: cluster, member: BranchHost.member)
        self.node = node
    }

    /// What an earlier life left.
    struct Found {
        let store: LogStore
        let log: RecoveredLog
        /// It was begun in another cluster: the one from whose backup this one was restored.
        let isOfFormerCluster: Bool
    }

    /// What an earlier life left, or `nil`. Throws a `LogError`; what is damaged (`LogError.isDamage`) `setAside` takes out of the way.
    func open() throws -> Found? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard FileManager.default.fileExists(atPath: begun) else {
            try remove()
            return nil
        }
        let layout = try DiskLayout(folder: path)
        do {
            let opened = try LogStore.open(layout, identity)
            return Found(store: opened.store, log: opened.log, isOfFormerCluster: false)
        } catch .wrongCluster(_, _, let former) {
            let opened = try LogStore.open(layout, LogIdentity(cluster: former, member: identity.member))
            return Found(store: opened.store, log: opened.log, isOfFormerCluster: true)
        }
    }

    /// Lays out a new branch. Nothing is left of it when this throws, unless it is a `LeftBehind`.
    func create(_ base: BranchBase) throws -> (store: LogStore, log: RecoveredLog) {
        do {
            if FileManager.default.fileExists(atPath: path) { try remove() }
            let opened = try LogStore.open(try DiskLayout(folder: path), identity)
            let meta = SnapshotMeta(
                index: base.index, term: 1, members: [RaftMember(id: BranchHost.member, name: node.text)], membersIndex: base.index)
            let log = try opened.store.begin(at: meta, ConsortiumState(branch: base).wireSnapshot())
            try SmallFile.replace(begun, with: "\(base.index)\n")
            return (opened.store, log)
        } catch {
            do {
                if FileManager.default.fileExists(atPath: path) { try remove() }
            } catch let second {
                throw LeftBehind(path: path, first: error, second: second)
            }
            throw error
        }
    }

    /// A branch could not be laid out, and what there is of it could not be removed. The next branch, or start of the process, tries to remove it again.
    struct LeftBehind: Error, CustomStringConvertible {
        let path: String
        let first: any Error
        let second: any Error

        var description: String { "\(first); and what there is of it at \(path) could not be removed: \(second)" }
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }

    /// Keeps a damaged branch for whoever can read it, as long as text may be kept (`OldCopies`). Answers where.
    func setAside(boot: UInt64) throws -> String {
        let place = data + "/" + OldCopies.damagedBranchPrefix + String(boot, radix: 16)
        try FileManager.default.moveItem(atPath: path, toPath: place)
        // The time for which it is kept counts from now.
        try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: place)
        return place
    }
}
