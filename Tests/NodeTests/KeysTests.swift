import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Sodium
import TLS
import Testing
import Wire

@testable import Node

/// Gossip keys on their way: to whom a coordinator gives them, what a node makes of the plan, and what its file says then.
@Suite(.serialized) struct KeysTests {
    private static let cluster = [UInt8](repeating: 9, count: 16)
    private static let logger = Logger(label: "test")

    private func key(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    private func ring(_ keys: [UInt8]...) throws -> Keyring {
        try Keyring(primary: keys[0], others: Array(keys.dropFirst()), clusterID: Self.cluster)
    }

    private func id(_ byte: UInt8) throws -> UInt32 { try Keyring.keyID(of: key(byte)) }

    private func plan(_ step: UInt64, _ stage: KeyPlan.Stage, _ primary: UInt8, _ other: UInt8? = nil) throws -> KeyPlan {
        var plan = KeyPlan()
        (plan.step, plan.stage, plan.primary, plan.other) = (step, stage, try id(primary), try other.map { try id($0) })
        return plan
    }

    @ClusterActor
    private func network(_ node: String, _ files: TLSFiles?) throws -> PeerNetwork {
        let name = try #require(NodeName(node))
        let tls = try files.map { try PeerTLS($0, node: name, logger: Self.logger) }
        return PeerNetwork(cluster: Self.cluster, node: name, boot: 1, tls: tls, logger: Self.logger)
    }

    /// One who slept through two turns, with a key that opens nothing any more, has the present one by its certificate alone; one that was removed, or has no TLS, has nothing.
    @ClusterActor
    @Test func whoSleptThroughItIsGivenTheKeysByItsCertificate() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let giver = try network("c1", place.files("c1"))
        let held = KeysHost(try ring(key(3)), path: nil, logger: Self.logger)
        held.take(try plan(6, .settled, 3))
        let calls = PeerCalls(network: giver, keys: held, logger: Self.logger)
        calls.givesKeys = true
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        try giver.listen(address)
        let c1 = NodeConfiguration.Coordinator(name: try #require(NodeName("c1")), id: 1, peer: address)

        func ask(_ network: PeerNetwork, _ coordinator: NodeConfiguration.Coordinator) async throws -> (keys: [[UInt8]]?, why: String) {
            let keys = KeysHost(try ring(key(1)), path: nil, logger: Self.logger)
            let calls = PeerCalls(network: network, keys: keys, logger: Self.logger)
            let answer = await withCheckedContinuation { continuation in
                calls.askKeys(coordinator, judge: { _, _ in nil }) { continuation.resume(returning: (keys: $0, why: $1)) }
            }
            network.close()
            return answer
        }
        let files = try place.files("memorial")
        #expect(try await ask(network("memorial", files), c1).keys == [key(3)])
        giver.update(RemovedPeers([RemovedNode(node: try #require(NodeName("memorial")), wallMs: 0)]))
        let refused = try await ask(network("memorial", files), c1)
        #expect(refused.keys == nil && refused.why.contains("LTG removed"), "\(refused)")
        // A library's node gives none, and a link without TLS carries none.
        calls.givesKeys = false
        let none = try await ask(network("law", place.files("law")), c1)
        #expect(none.keys == nil && none.why.contains("noKeys"), "\(none)")
        calls.givesKeys = true
        let plain = try network("c2", nil)
        let plainCalls = PeerCalls(network: plain, keys: held, logger: Self.logger)
        plainCalls.givesKeys = true
        let open = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        try plain.listen(open)
        let c2 = NodeConfiguration.Coordinator(name: try #require(NodeName("c2")), id: 2, peer: open)
        let clear = try await ask(network("law", nil), c2)
        #expect(clear.keys == nil && clear.why.contains("no TLS"), "\(clear)")
        giver.close()
        plain.close()
    }

    /// The node follows the plan step by step: it asks for what it lacks, seals with what it is told to, drops the rest, tells of each step once, and its file is as its ring.
    @ClusterActor
    @Test func aNodeFollowsThePlanAndItsFileWithIt() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-keys-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/keyring"
        let keys = KeysHost(try ring(key(1)), path: path, logger: Self.logger)
        var (asked, told): ([NodeName], [UInt64]) = ([], [])
        var answer: ([[UInt8]]?, String) = (nil, "not yet")
        let (c1, c2) = (try #require(NodeName("c1")), try #require(NodeName("c2")))
        keys.coordinators = { [c1, c2] }
        keys.ask = { coordinator, completion in
            asked.append(coordinator)
            completion(answer.0, answer.1)
        }
        keys.tell = { told.append($0) }
        let old = try keys.ring.seal([7], context: [1])

        keys.take(try plan(1, .handingOut, 1, 2))
        #expect(asked == [c1] && told.isEmpty && !keys.isInStep)
        // What is not wanted is not taken, whoever gives it; then it comes, from the other one.
        answer = ([key(9), key(2)], "")
        while asked.count < 2 { await Task.yield() }
        #expect(asked == [c1, c2] && told == [1] && keys.isInStep)
        #expect(try keys.ring.keyIDs == [id(1), id(2)].sorted() && keys.ring.primaryID == id(1))

        keys.take(try plan(2, .sealing, 2, 1))
        #expect(try keys.ring.primaryID == id(2) && told == [1, 2])
        #expect(try keys.ring.open(old, context: [1]) == [7])
        var heard = try plan(2, .sealing, 2, 1)
        heard.holders = [c1]
        keys.take(heard)
        #expect(told == [1, 2])

        keys.take(try plan(3, .settled, 2))
        #expect(try keys.ring.keyIDs == [id(2)] && told == [1, 2, 3] && keys.wanted == [key(2)])
        let gone = try id(1)
        #expect(throws: KeyringError.unknownKey(id: gone)) { try keys.ring.open(old, context: [1]) }
        let written = KeyringFile.text(of: [key(2)])
        while try SmallFile.read(path) != written { await Task.yield() }
        keys.stop()
    }

    /// One that is made here is on disk before anybody hears of it, is not dropped before the plan has it, and goes when the plan never does.
    @ClusterActor
    @Test func aKeyThatIsMadeHereStaysUntilThePlanHasIt() async throws {
        let keys = KeysHost(try ring(key(1)), path: nil, logger: Self.logger)
        keys.take(try plan(3, .settled, 1))
        let made: UInt32? = await withCheckedContinuation { continuation in keys.add(key(2)) { continuation.resume(returning: $0) } }
        #expect(try made == id(2))
        var heard = try plan(3, .settled, 1)
        heard.holders = [try #require(NodeName("c1"))]
        keys.take(heard)
        #expect(keys.ring.keyIDs.count == 2 && keys.isInStep)
        keys.forget(try id(2))
        #expect(try keys.ring.keyIDs == [id(1)])
        // A file that cannot be written: nobody is told of a key that would be lost with this process.
        let stuck = KeysHost(try ring(key(1)), path: "/nowhere/keyring", logger: Self.logger)
        let lost: UInt32? = await withCheckedContinuation { continuation in stuck.add(key(2)) { continuation.resume(returning: $0) } }
        #expect(try lost == nil && stuck.ring.keyIDs == [id(1)])
    }
}
