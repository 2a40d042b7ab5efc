import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Raft
import Testing
import Wire

@testable import Node

/// Links between coordinators, over loopback.
@Suite(.timeLimit(.minutes(2))) struct VoterLinksTests {
    private static let cluster = [UInt8](repeating: 9, count: 16)

    /// A coordinator whose log is from before the others came dials none of them; what it says of itself, it says in its answer to whoever dials it.
    @ClusterActor
    @Test func whoIsDialledTellsOfItsRepairAndLevelToo() async throws {
        let logger = Logger(label: "test")
        let (name, other) = (try #require(NodeName("c4")), try #require(NodeName("c2")))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        let theirs = PeerNetwork(cluster: Self.cluster, node: other, boot: 2, logger: logger)
        theirs.claim = { .init(id: 2, term: 3, index: 7, repairingSince: 5) }
        theirs.receive(.raft) { _ in }
        try theirs.listen(address)
        let ours = PeerNetwork(cluster: Self.cluster, node: name, boot: 1, logger: logger)
        let own = NodeConfiguration.Coordinator(name: name, id: 4, peer: try #require(SocketAddress("127.0.0.1:1")))
        let links = VoterLinks(network: ours, own: own, all: [own, .init(name: other, id: 2, peer: address)], logger: logger)
        let told: (UInt64, UInt64, UInt64) = await withCheckedContinuation { continuation in
            links.onRepairing = {
                // A link that nobody keeps is made anew, and tells it once more.
                links.onRepairing = nil
                continuation.resume(returning: ($0, $1, $2))
            }
            links.start()
        }
        #expect(told == (2, 5, 7))
        #expect(links.levels == [2: FeatureLevel.supported])
        links.stop()
        ours.close()
        theirs.close()
    }

    /// Rule 12, where the one that forgot is dialled: its log may be so old that it dials nobody.
    @ClusterActor
    @Test func whoIsDialledAndHasForgottenIsRefused() async throws {
        let logger = Logger(label: "test")
        let (name, other) = (try #require(NodeName("c4")), try #require(NodeName("c2")))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        let theirs = PeerNetwork(cluster: Self.cluster, node: other, boot: 2, logger: logger)
        var held: UInt64 = 7
        theirs.claim = { .init(id: 2, term: 3, index: held, repairingSince: 0) }
        var onEnd: ((String) -> Void)?
        var first: PeerLink?
        theirs.receive(.raft) { link in
            if first == nil { first = link }
            link.onEnd = { onEnd?($0) }
            link.send(.raft(.appendEntriesResult(AppendEntriesResult(term: 3, rejected: 0, lastLogIndex: 7))))
        }
        try theirs.listen(address)
        let ours = PeerNetwork(cluster: Self.cluster, node: name, boot: 1, logger: logger)
        let own = NodeConfiguration.Coordinator(name: name, id: 4, peer: try #require(SocketAddress("127.0.0.1:1")))
        let links = VoterLinks(network: ours, own: own, all: [own, .init(name: other, id: 2, peer: address)], logger: logger)
        links.termOfEntry = { _ in 3 }
        await withCheckedContinuation { continuation in
            links.onMessage = { _, _ in
                links.onMessage = nil
                continuation.resume()
            }
            links.start()
        }
        #expect(links.connected == [2])
        // It comes back with less: the first link ends, and no other one is made.
        held = 6
        let sentence: String = await withCheckedContinuation { continuation in
            onEnd = { sentence in
                guard sentence.contains("refused") else { return }
                onEnd = nil
                continuation.resume(returning: sentence)
            }
            first?.close()
        }
        #expect(sentence.contains("`c2` once acknowledged entry 7 of term 3 and now holds 6 of term 3"))
        #expect(links.connected == [])
        links.stop()
        ours.close()
        theirs.close()
    }

    /// Any node of the consortium could say that it is a coordinator which came since, and depose the leader with a greater term.
    @ClusterActor
    @Test func whoTheLogDoesNotTellOfIsHeardOnlyWhileThereIsNoLeader() async throws {
        let logger = Logger(label: "test")
        let (name, other, stranger) = (try #require(NodeName("c1")), try #require(NodeName("c2")), try #require(NodeName("college")))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        let nobody = try #require(SocketAddress("127.0.0.1:1"))
        let ours = PeerNetwork(cluster: Self.cluster, node: name, boot: 1, logger: logger)
        let own = NodeConfiguration.Coordinator(name: name, id: 1, peer: nobody)
        let links = VoterLinks(network: ours, own: own, all: [own, .init(name: other, id: 2, peer: nobody)], logger: logger)
        links.update([own, .init(name: other, id: 2, peer: nobody)])
        var (hasLeader, heard): (Bool, [UInt64]) = (false, [])
        links.knowsLeader = { hasLeader }
        ours.refuse = { links.refusal(of: $0, $1) }
        links.start()
        try ours.listen(address)
        let theirs = PeerNetwork(cluster: Self.cluster, node: stranger, boot: 2, logger: logger)
        theirs.claim = { .init(id: 99, term: 0, index: 0, repairingSince: 0) }
        let message = RaftMessage.appendEntriesResult(AppendEntriesResult(term: 1_000, rejected: 0, lastLogIndex: 0))
        var link: PeerLink?
        // While nobody leads, it may be one who came while this one was away.
        await withCheckedContinuation { continuation in
            links.onMessage = { _, from in
                heard.append(from)
                if heard.count == 1 { continuation.resume() }
            }
            theirs.dial(
                address, purpose: .raft,
                onUp: {
                    link = $0
                    $0.send(.raft(message))
                }, onEnd: { _ in })
        }
        #expect(heard == [99])
        // Then the same link is heard no more, and another one is refused, with a word that makes no coordinator take itself for removed.
        hasLeader = true
        let told: String = await withCheckedContinuation { continuation in
            var waits = Optional(continuation)
            func tell(_ outcome: String) {
                waits?.resume(returning: outcome)
                waits = nil
            }
            links.onMessage = { _, from in
                heard.append(from)
                tell("it was heard")
            }
            link?.send(.raft(message))
            theirs.dial(address, purpose: .raft, onUp: { $0.send(.raft(message)) }, onEnd: tell)
        }
        #expect(told.contains("raft id 99 (`college`) is not in this coordinator's log yet"), "\(told)")
        #expect(!Refusal.wasTold(Refusal.notMember, in: told))
        #expect(heard == [99])
        // Once the log tells of it, it is.
        links.update([own, .init(name: other, id: 2, peer: nobody), .init(name: stranger, id: 99, peer: nobody)])
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var waits = Optional(continuation)
            links.onMessage = { _, _ in
                waits?.resume()
                waits = nil
            }
            link?.send(.raft(message))
        }
        links.stop()
        ours.close()
        theirs.close()
    }

    /// A coordinator that was added last, and is given the log from its beginning, reads there who the others were before it: whom its file names beyond that came later.
    @ClusterActor
    @Test func whoCameLaterThanTheLogTellsYetStays() throws {
        let logger = Logger(label: "test")
        let nobody = try #require(SocketAddress("127.0.0.1:1"))
        func coordinator(_ id: UInt64) throws -> NodeConfiguration.Coordinator {
            .init(name: try #require(NodeName("c\(id)")), id: id, peer: nobody)
        }
        let (own, two, three, five, six) = (
            try coordinator(1), try coordinator(2), try coordinator(3), try coordinator(5), try coordinator(6)
        )
        let network = PeerNetwork(cluster: Self.cluster, node: own.name, boot: 1, logger: logger)
        let links = VoterLinks(network: network, own: own, all: [own, two, five], logger: logger)
        links.update([own, two, three])
        #expect(links.others == [two, three, five])
        links.update([own, three])
        #expect(links.others == [three, five])
        // The log has come to where it was added, and tells that it is gone.
        links.update([own, three, six])
        #expect(links.others == [three, six])
        // What it told once it has told: ids are not given again.
        links.update([own, three])
        #expect(links.others == [three])
        network.close()
    }

    /// Rule 12, when the one that remembers was started again meanwhile.
    @ClusterActor
    @Test func whatWasRememberedOutlivesTheProcess() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-voters-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test")
        var memory = VoterMemory()
        memory.acknowledged(by: 2, term: 3, index: 7)
        let first = VoterMemoryFile(folder: folder, cluster: Self.cluster, logger: logger)
        #expect(first.read() == VoterMemory())
        first.memory = { memory }
        first.changed()
        await first.stop()

        let second = VoterMemoryFile(folder: folder, cluster: Self.cluster, logger: logger)
        #expect(second.read() == memory)
        let (name, other) = (try #require(NodeName("c4")), try #require(NodeName("c2")))
        let nobody = try #require(SocketAddress("127.0.0.1:1"))
        let own = NodeConfiguration.Coordinator(name: name, id: 4, peer: nobody)
        let links = VoterLinks(
            network: PeerNetwork(cluster: Self.cluster, node: name, boot: 1, logger: logger), own: own,
            all: [own, .init(name: other, id: 2, peer: nobody)], memory: second.read(), logger: logger)
        func hello(_ index: UInt64) -> PeerHello {
            PeerHello(cluster: Self.cluster, node: other, boot: 2, purpose: .raft, raftID: 2, durableTerm: 3, durableIndex: index)
        }
        #expect(links.refusal(of: hello(7), nil) == nil)
        #expect(links.refusal(of: hello(6), nil)?.text.contains("`c2` once acknowledged entry 7 of term 3") == true)
        await second.stop()

        // A cluster that was restored from a backup counts terms and entries of its own.
        let restored = VoterMemoryFile(folder: folder, cluster: [UInt8](repeating: 8, count: 16), logger: logger)
        #expect(restored.read() == VoterMemory())
        await restored.stop()
        // A file that lost a byte is no reason not to start.
        let bytes = try #require(try SmallFile.readBytes(folder + "/voters"))
        try SmallFile.replace(folder + "/voters", with: Array(bytes.dropLast()))
        let damaged = VoterMemoryFile(folder: folder, cluster: Self.cluster, logger: logger)
        #expect(damaged.read() == VoterMemory())
        await damaged.stop()
    }
}
