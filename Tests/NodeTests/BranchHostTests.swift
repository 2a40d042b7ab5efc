import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Raft
import Testing
import Wire

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

    /// Rule 18: the cluster was restored under another name while the node was cut off. What it took meanwhile is merged into the new one.
    @ClusterActor
    @Test func aBranchOfTheFormerClusterIsReadAndGoesWhenItIsMerged() async throws {
        try await withFolder { data in
            let (node, queue) = (try #require(NodeName("memorial")), try #require(QueueName("general")))
            let former = BranchHost(
                data: data, cluster: [UInt8](repeating: 7, count: 16), node: node, boot: 1, logger: Logger(label: "test"))
            var state = ConsortiumState()
            let setQueue = Batch.Item(
                id: ProposalID(node: node, boot: 1, counter: 1),
                command: .setQueue(Queue(name: queue, title: "All", library: nil, opening: .open)))
            _ = state.apply(Batch(elapsedMs: 1, wallMs: 1, term: 1, items: [setQueue]), index: 1)
            let base = BranchBase(node: node, boot: 1, board: state.board(), clockMs: 1, parts: [], index: BranchBase.logIndex(random: 5))
            #expect(await withCheckedContinuation { continuation in former.begin(base) { continuation.resume(returning: $0) } })
            let (chat, attach) = (ChatID(high: 1, low: 1), AttachID(high: 2, low: 2))
            let secret = try #require(SecretHash([UInt8](repeating: 3, count: 32)))
            let commands: [Command] = [
                .open(Open(chat: chat, secret: secret, queue: queue, attach: attach, node: node, referralAgreed: true)),
                .say(Say(chat: chat, speaker: .patron(attach), sender: SenderID(high: 4, low: 4), sequence: 1, text: "anybody there?")),
            ]
            let verdicts: [Verdict] = await withCheckedContinuation { continuation in
                var verdicts: [Verdict] = []
                former.onFrame = { frame in
                    guard case .outcome(_, let verdict, _) = frame else { return }
                    verdicts.append(verdict)
                    if verdicts.count == commands.count { continuation.resume(returning: verdicts) }
                }
                let items = commands.enumerated().map {
                    Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64($0.offset) + 1), command: $0.element)
                }
                former.send(.propose(items))
            }
            for verdict in verdicts { if case .refused(let refusal) = verdict { Issue.record("\(refusal)") } }
            await former.stop()

            let host = host(data, cluster: 8, node)
            try await recover(host)
            #expect(host.plan().parts.flatMap(\.merges).flatMap(\.lines).map(\.text) == ["anybody there?"])
            host.discard()
            while FileManager.default.fileExists(atPath: data + "/branch") { await Task.yield() }
            #expect(!host.isRunning)
            await host.stop()
        }
    }

    /// A branch that cannot be read by this version is no damaged one: nothing is put aside to be deleted, and the node does not start.
    @ClusterActor
    @Test func aBranchThatThisVersionCannotReadIsLeftWhereItIs() async throws {
        try await withFolder { data in
            let (node, cluster) = (try #require(NodeName("memorial")), [UInt8](repeating: 7, count: 16))
            let base = BranchBase(
                node: node, boot: 1, board: ConsortiumState().board(), clockMs: 0, parts: [], index: BranchBase.logIndex(random: 5))
            // Its member's number is another one: it reads well, and is not for this program.
            let alien = try DiskLayout(folder: data + "/branch")
            let opened = try LogStore.open(alien, LogIdentity(cluster: cluster, member: 9))
            let meta = SnapshotMeta(index: base.index, term: 1, members: [RaftMember(id: 9, name: "other")], membersIndex: base.index)
            _ = try opened.store.begin(at: meta, ConsortiumState(branch: base).wireSnapshot())
            try opened.store.close()
            try SmallFile.replace(data + "/branch/begun", with: "1\n")
            let host = BranchHost(data: data, cluster: cluster, node: node, boot: 2, logger: Logger(label: "test"))
            #expect(throws: CallslipNode.StartFailure.self) { try host.recover {} }
            #expect(try FileManager.default.contentsOfDirectory(atPath: data) == ["branch"])
            await host.stop()
        }
    }

    @ClusterActor
    private func host(_ data: String, cluster: UInt8, _ node: NodeName) -> BranchHost {
        BranchHost(data: data, cluster: [UInt8](repeating: cluster, count: 16), node: node, boot: 2, logger: Logger(label: "test"))
    }

    @ClusterActor
    private func recover(_ host: BranchHost) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                let isFound = try host.recover { continuation.resume() }
                if !isFound { continuation.resume(throwing: CallslipNode.StartFailure("there is no branch")) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @ClusterActor
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let data = FileManager.default.temporaryDirectory.path + "/callslip-branch-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: data) }
        try await body(data)
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
