/// What this coordinator remembers of the others (rule 12), across its own restarts: `voters` in its data folder.
///
/// Written some seconds after it changed, beside the loop: what a crash takes of it is the newest part of a warning, and the disks that it warns of were
/// restored from images, or lost, and lack far more than that.

import EventLoop
import Logging
import Raft

@ClusterActor
final class VoterMemoryFile {
    private static let delayMs: UInt64 = 5_000
    private let path: String
    private let cluster: [UInt8]
    private let logger: Logger
    private let disk = Worker(name: "voters", pendingMax: 2)
    private let timer = Timer(on: ClusterActor.loop)
    /// What is remembered now.
    var memory: () -> VoterMemory = { VoterMemory() }
    private var isStopped = false

    /// - Parameter cluster: the cluster's id. What was remembered in another one, from which this one was restored, says nothing here.
    init(folder: String, cluster: [UInt8], logger: Logger) {
        path = folder + "/voters"
        self.cluster = cluster
        self.logger = logger
    }

    /// What an earlier life remembered. A file that is damaged loses the warning, and no more.
    func read() -> VoterMemory {
        do {
            guard let bytes = try SmallFile.readBytes(path) else { return VoterMemory() }
            if let memory = Self.decoded(bytes, cluster: cluster) { return memory }
            logger.warning(
                "what this coordinator remembered of the others is damaged or of another cluster; it begins to remember anew",
                metadata: ["file": "\(path)"])
        } catch {
            logger.warning(
                "what this coordinator remembered of the others cannot be read; it begins to remember anew", metadata: ["why": "\(error)"])
        }
        return VoterMemory()
    }

    nonisolated private static func decoded(_ bytes: [UInt8], cluster: [UInt8]) -> VoterMemory? {
        guard bytes.starts(with: cluster) else { return nil }
        return VoterMemory(Array(bytes.dropFirst(cluster.count)))
    }

    /// There is something new to remember.
    func changed() {
        guard !isStopped, !timer.isActive else { return }
        timer.start(afterMs: Self.delayMs) { [self] in write() }
    }

    private func write() {
        let (path, bytes, logger) = (path, cluster + memory().encoded(), logger)
        let isTaken = disk.submit {
            do { try SmallFile.replace(path, with: bytes) } catch {
                logger.warning("what this coordinator remembers of the others is not on disk", metadata: ["why": "\(error)"])
            }
        }
        // The disk has not answered for as long: what is written next is newer.
        if !isTaken { changed() }
    }

    /// Writes what is new, and ends.
    func stop() async {
        if timer.isActive { write() }
        isStopped = true
        timer.close()
        await disk.shutdown()
    }
}
