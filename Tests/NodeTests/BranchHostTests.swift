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

    /// A branch that could not be read holds text: it lies about no longer than the coordinators keep text.
    @Test func aDamagedBranchThatWasPutAsideAgesOut() throws {
        let data = FileManager.default.temporaryDirectory.path + "/callslip-branch-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: data + "/branch", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: data) }
        try Data("what was said".utf8).write(to: URL(fileURLWithPath: data + "/branch/log"))
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: data + "/branch")
        for name in ["branch-other", "backup", "backup-mine"] { try Data("text".utf8).write(to: URL(fileURLWithPath: data + "/" + name)) }
        let node = try #require(NodeName("memorial"))
        let startMs = WallClock.nowMs
        _ = try BranchFolder(data: data, cluster: [UInt8](repeating: 7, count: 16), node: node).setAside(boot: 0xab)

        let copies = OldCopies(data: data)
        let (dayMs, deadlineMs): (UInt64, UInt64) = (86_400_000, 14 * 86_400_000)
        #expect(try copies.remove(olderThan: deadlineMs, wallMs: startMs + deadlineMs - dayMs).removed == [])
        #expect(try copies.remove(olderThan: deadlineMs, wallMs: startMs - dayMs).removed == [], "a clock that was set back")
        let last = try copies.remove(olderThan: deadlineMs, wallMs: WallClock.nowMs + deadlineMs)
        #expect(last.removed == ["backup", "branch-damaged-ab"])
        #expect(last.failures == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: data).sorted() == ["backup-mine", "branch-other"])
    }
}
