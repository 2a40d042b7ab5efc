import Consortium
import EventLoop
import Glibc
import Gossip
import Logging
import Raft
import Sodium
import TLS
import Testing
import Wire

@testable import Node

/// Every node of the consortium has a certificate that proves its name, and may say that it coordinates; who is believed.
@Suite(.serialized) struct CoordinatorProofTests {
    private static let cluster = [UInt8](repeating: 9, count: 16)
    private static let logger = Logger(label: "test")

    @ClusterActor
    private func network(_ name: NodeName, _ files: TLSFiles?) throws -> PeerNetwork {
        let tls = try files.map { try PeerTLS($0, node: name, logger: Self.logger) }
        return PeerNetwork(cluster: Self.cluster, node: name, boot: 1, tls: tls, logger: Self.logger)
    }

    private func name(_ text: String) throws -> NodeName { try #require(NodeName(text)) }

    private func free() throws -> SocketAddress { try #require(SocketAddress("127.0.0.1:\(try FreePort.next())")) }

    /// What becomes of a link on which `who`, with raft id 99, says something of raft to c1, whose log has c1 and c2, and which knows no leader.
    @ClusterActor
    private func outcome(_ who: String, _ files: TLSFiles?, at place: PeerTLSTests.Place, plainly: Bool = false) async throws -> String {
        let (c1, c2, nobody) = (try name("c1"), try name("c2"), try #require(SocketAddress("127.0.0.1:1")))
        let ours = try network(c1, plainly ? nil : place.files("c1"))
        let members = [NodeConfiguration.Coordinator(name: c1, id: 1, peer: nobody), .init(name: c2, id: 2, peer: nobody)]
        let links = VoterLinks(network: ours, own: members[0], all: members, logger: Self.logger)
        links.update(members)
        ours.refuse = { links.refusal(of: $0, $1) }
        let address = try free()
        links.start()
        try ours.listen(address)
        let theirs = try network(try name(who), files)
        theirs.claim = { .init(id: 99, term: 0, index: 0, repairingSince: 0) }
        let told: String = await withCheckedContinuation { continuation in
            var waits = Optional(continuation)
            func tell(_ outcome: String) {
                waits?.resume(returning: outcome)
                waits = nil
            }
            links.onMessage = { _, from in tell("\(from) is heard") }
            let message = RaftMessage.appendEntriesResult(AppendEntriesResult(term: 1_000, rejected: 0, lastLogIndex: 0))
            theirs.dial(address, purpose: .raft, onUp: { $0.send(.raft(message)) }, onEnd: tell)
        }
        links.stop()
        ours.close()
        theirs.close()
        return told
    }

    /// Where nobody leads, a coordinator that was away must hear who came since; and not any node that says it did.
    @ClusterActor
    @Test func whoCameSinceIsHeardByItsCertificate() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let told = try await outcome("college", place.files("college"), at: place)
        #expect(
            told.contains("`college` says that it is a coordinator") && told.contains("callslip ca issue college --coordinator"), "\(told)")
        // No coordinator that is to be mended takes itself for removed.
        #expect(Refusal.wasTold(Refusal.notCertified, in: told) && !Refusal.wasTold(Refusal.notMember, in: told))
        #expect(try await outcome("c4", place.files("c4", coordinates: true), at: place) == "99 is heard")
        // One that has taken its own place has another id, and the name that the log has.
        #expect(try await outcome("c2", place.files("c2"), at: place) == "99 is heard")
        // Without TLS nobody proves anything, and all is as it was.
        #expect(try await outcome("college", nil, at: place, plainly: true) == "99 is heard")
    }

    /// The link of a coordinator whose certificate was made before any said so is made anew when it has one that does.
    @ClusterActor
    @Test func whoIsCertifiedShowsIt() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let (c1, c2) = (try name("c1"), try name("c2"))
        let members = [NodeConfiguration.Coordinator(name: c1, id: 1, peer: try free()), .init(name: c2, id: 2, peer: try free())]
        let tls = try PeerTLS(try place.files("c2"), node: c2, logger: Self.logger)
        let networks = [
            try network(c1, place.files("c1")), PeerNetwork(cluster: Self.cluster, node: c2, boot: 1, tls: tls, logger: Self.logger),
        ]
        let links = try members.indices.map { at in
            networks[at].claim = { .init(id: members[at].id) }
            let links = VoterLinks(network: networks[at], own: members[at], all: members, logger: Self.logger)
            links.start()
            try networks[at].listen(members[at].peer)
            return links
        }
        func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }
        await until { links[0].connected == [2] && links[1].connected == [1] }
        #expect(links[0].lacksProof(2))
        tls.onCertified = { links[1].certified() }
        try place.files("c2", coordinates: true)
        tls.look()
        await until { links[0].connected == [2] && !links[0].lacksProof(2) }
        for one in links { one.stop() }
        for one in networks { one.close() }
    }

    /// Of a library's node: gossip tells what each says of itself.
    @ClusterActor
    @Test func whoIsNotInTheNodesFileIsBelievedByItsCertificate() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let (memorial, college, at) = (try name("memorial"), try name("college"), try free())
        let configuration = try NodeConfiguration(
            yaml: """
                node: memorial
                cluster: test
                data: \(place.folder)
                keyring: \(place.folder)/keyring
                peer: "127.0.0.1:1"
                gossip: "127.0.0.1:2"
                coordinators: [{name: c1, id: 1, peer: "127.0.0.1:1"}]
                """)
        /// What comes of it when `college`, which says that it is a coordinator, is there with these files, and says that memorial was removed.
        func outcome(_ files: TLSFiles, claims name: NodeName) async throws -> (up: Bool, isDismissed: Bool, why: String) {
            let book = CoordinatorBook(configuration, logger: Self.logger)
            book.learn([
                Member(name: name.text, gossipAddress: "127.0.0.1:2", peerAddress: "\(at)", roles: [.coordinator], raftID: 1, bootID: 1)
            ])
            #expect(book.list.first?.name == name)
            let (ours, theirs) = (try network(memorial, place.files("memorial")), try network(name, files))
            var why = ""
            theirs.receive(.service) { link in
                link.onEnd = { why = $0 }
                link.send(.goodbye(code: Refusal.removedNode, text: "LTG removed `memorial`"))
            }
            try theirs.listen(at)
            let client = CoordinatorClient(network: ours, node: memorial, book: book, connectLocally: nil, logger: Self.logger)
            var (isUp, isDismissed) = (false, false)
            client.onUp = { _ in isUp = true }
            client.onDismissed = { _ in isDismissed = true }
            client.start()
            while !isDismissed, why.isEmpty { await Task.yield() }
            client.stop()
            ours.close()
            theirs.close()
            return (isUp, isDismissed, why)
        }
        let liar = try await outcome(place.files("college"), claims: college)
        #expect(!liar.up && !liar.isDismissed && liar.why.contains("`college` says that it is a coordinator"), "\(liar)")
        let newcomer = try await outcome(place.files("college", coordinates: true), claims: college)
        #expect(newcomer.up && newcomer.isDismissed)
        // Those of its file it believes as before.
        let old = try await outcome(place.files("c1"), claims: try name("c1"))
        #expect(old.up && old.isDismissed)
    }

    /// A node of the consortium that asks the leader for other coordinators, itself among them.
    @ClusterActor
    @Test func coordinatorsAloneAskForOthers() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let (c1, c2, college, at) = (try name("c1"), try name("c2"), try name("college"), try free())
        let keyring = try Keyring(primary: [UInt8](repeating: 1, count: 32), clusterID: Self.cluster)
        let leader = try network(c1, place.files("c1"))
        let answering = PeerCalls(network: leader, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger)
        answering.isCoordinator = { $0 == c2 }
        var asked: [PeerCall] = []
        answering.onCall = { call, answer in
            asked.append(call)
            answer(.progress(.working("taken")))
        }
        try leader.listen(at)
        func ask(_ who: NodeName) async throws -> PeerCall? {
            let network = try network(who, place.files(who.text))
            defer { network.close() }
            let calls = PeerCalls(network: network, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger)
            calls.address = { _ in at }
            return await withCheckedContinuation { continuation in
                calls.call(.changeCoordinators(.add(college, id: 99, peer: "\(at)")), at: c1) { continuation.resume(returning: $0) }
            }
        }
        guard case .progress(.refused(let why))? = try await ask(college) else { return #expect(Bool(false), "it was not refused") }
        #expect(why.contains("`college` is none") && asked.isEmpty)
        #expect(try await ask(c2) == .progress(.working("taken")))
        leader.close()
    }
}
