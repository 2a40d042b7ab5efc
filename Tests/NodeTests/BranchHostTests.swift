import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import Node

@Suite struct BranchHostTests {
    /// Found by a chaos run: a node that was started again with such a branch waited for its plan for ever, and people at it with it.
    @ClusterActor
    @Test func aBranchThatEndsWithItsSnapshotIsReadyAfterItWasFound() async throws {
        let data = FileManager.default.temporaryDirectory.path + "/callslip-branch-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: data) }
        let (node, cluster) = (try #require(NodeName("memorial")), [UInt8](repeating: 7, count: 16))
        let base = BranchBase(
            node: node, boot: 1, board: ConsortiumState().board(), clockMs: 0, parts: [], index: BranchBase.logIndex(random: 5))
        _ = try BranchFolder(data: data, cluster: cluster, node: node).create(base)
        let host = BranchHost(data: data, cluster: cluster, node: node, boot: 2, logger: Logger(label: "test"))
        var steps: [String] = []
        await withCheckedContinuation { continuation in
            do {
                let isFound = try host.recover {
                    steps.append("ready")
                    continuation.resume()
                }
                steps.append(isFound ? "found" : "nothing")
            } catch {
                Issue.record(error)
                continuation.resume()
            }
        }
        #expect(steps == ["found", "ready"])
        #expect(host.isRunning)
        await host.stop()
    }
}
