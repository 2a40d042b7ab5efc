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

/// A certificate that is two thirds through is replaced by itself, over a link with TLS.
@Suite(.serialized) struct RenewalTests {
    private static let logger = Logger(label: "test")
    private static let cluster = [UInt8](repeating: 9, count: 16)

    /// One that only stands by for a library is the consortium's as well: its certificate is renewed like that of any other.
    @Test func whoStandsByForALibraryServesIt() throws {
        let names = try ["memorial", "college", "law"].map { try #require(NodeName($0)) }
        let library = Library(
            name: try #require(LibraryName("memorial")), title: "Memorial Library", homeNode: names[0], standbyNode: names[1])
        #expect(names.map { library.isServed(by: $0) } == [true, true, false])
    }

    /// An authority, an issuer below it, and the files of nodes.
    private struct Place {
        let folder: String
        let authority: CertificateAuthority
        let now = Int64(time(nil))

        init() throws {
            folder = FileManager.default.temporaryDirectory.path + "/callslip-renewal-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let made = try CertificateAuthority.make(name: "Test", Validity(now: now, days: 20))
            authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
            let issuer = try authority.makeIssuer(name: "c1 issuer", Validity(now: now, days: 10))
            try SmallFile.replace(folder + "/ca.pem", with: made.certificate)
            try SmallFile.replace(folder + "/issuer.pem", with: issuer.certificate)
            try SmallFile.replace(folder + "/issuer.key", with: issuer.key)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }

        func tls(_ node: String, _ validity: Validity) throws -> TLSFiles {
            let issued = try authority.issue(node: node, validity)
            try SmallFile.replace("\(folder)/\(node).key", with: issued.key)
            try SmallFile.replace("\(folder)/\(node).pem", with: issued.certificate)
            return TLSFiles(authority: folder + "/ca.pem", certificate: "\(folder)/\(node).pem", key: "\(folder)/\(node).key")
        }

        /// With 20 of 30 seconds over.
        var short: Validity { Validity(notBefore: now - 21, notAfter: now + 9) }
        var long: Validity { Validity(now: now, days: 1) }

        func coordinator() throws -> NodeConfiguration {
            try NodeConfiguration(
                yaml: """
                    node: c1
                    cluster: test
                    data: \(folder)
                    keyring: \(folder)/keyring
                    roles: [coordinator]
                    tls: {ca: \(folder)/ca.pem, certificate: a, key: b, issuer: \(folder)/issuer.pem, issuerKey: \(folder)/issuer.key}
                    peer: "127.0.0.1:1"
                    gossip: "127.0.0.1:2"
                    coordinators: [{name: c1, id: 1, peer: "127.0.0.1:1"}]
                    """)
        }
    }

    @Test func twoThirdsAreTwoThirds() throws {
        let place = try Place()
        defer { place.remove() }
        for (from, to, due) in [(0, 300, 200), (0, 301, 200), (0, 302, 201), (100, 100, 100), (90, 390, 290)] as [(Int64, Int64, Int64)] {
            let issued = try place.authority.issue(node: "n", Validity(notBefore: from, notAfter: to))
            #expect(RenewalTimes.due(try CertificateFacts(pem: issued.certificate)) == due)
        }
        let year = try CertificateFacts(pem: try place.authority.issue(node: "n", Validity(notBefore: 0, notAfter: 31_536_000)).certificate)
        #expect(RenewalTimes.again(year, now: 21_024_000) == 3_600)
        #expect(RenewalTimes.again(year, now: 31_535_000) == 20)
        #expect(RenewalTimes.again(year, now: 31_536_100) == 5)
    }

    @ClusterActor
    private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    /// The whole way: two nodes over loopback, the one with a short certificate, the other with an issuer.
    @ClusterActor
    @Test func aShortCertificateIsReplacedOverTheLink() async throws {
        let place = try Place()
        defer { place.remove() }
        let (memorial, c1) = (try #require(NodeName("memorial")), try #require(NodeName("c1")))
        let tls = try PeerTLS(try place.tls("memorial", place.short), node: memorial, logger: Self.logger)
        let keyring = try Keyring(primary: [UInt8](repeating: 1, count: 32), clusterID: Self.cluster)
        let ours = PeerNetwork(cluster: Self.cluster, node: memorial, boot: 1, tls: tls, logger: Self.logger)
        let theirs = PeerNetwork(
            cluster: Self.cluster, node: c1, boot: 1, tls: try PeerTLS(try place.tls("c1", place.long), node: c1, logger: Self.logger),
            logger: Self.logger)
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        let (asking, answering) = (
            PeerCalls(network: ours, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger),
            PeerCalls(network: theirs, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger)
        )
        let desk = JoinDesk(try place.coordinator(), logger: Self.logger)
        desk.belongs = { $0 == memorial }
        answering.onCertify = { node, key, answer in desk.renew(node, publicKey: key, answer) }
        asking.address = { $0 == c1 ? address : nil }
        try theirs.listen(address)
        let renewal = CertificateRenewal(tls, node: memorial, logger: Self.logger)
        renewal.coordinators = { [c1] }
        renewal.ask = { coordinator, key, answer in asking.certify(key, at: coordinator, completion: answer) }
        let before = tls.context.own
        let key = try SmallFile.read(tls.files.key)
        renewal.look()
        #expect(renewal.isAsking)
        await until { !renewal.isAsking && !tls.isLooking }
        #expect(tls.context.own.serial != before.serial)
        #expect(tls.context.own.nodes == ["memorial"] && tls.context.own.notAfter > before.notAfter + 86_400)
        #expect(try SmallFile.read(tls.files.key) == key)
        // It is young now, and nothing more is asked.
        renewal.look()
        #expect(!renewal.isAsking)

        // A node that the consortium names no more is not certified again.
        desk.belongs = { _ in false }
        let stranger = try NodeKey.make().publicHalf
        let refused: Result<String, JoinRefusal>? = await withCheckedContinuation { continuation in
            asking.certify(stranger, at: c1) { continuation.resume(returning: $0) }
        }
        #expect(throws: JoinRefusal.self) { try refused?.get() }
        #expect(refused != nil)
        ours.close()
        theirs.close()
    }

    @ClusterActor
    @Test func aLinkEndsWithTheCertificateThatItWasMadeWith() async throws {
        let place = try Place()
        defer { place.remove() }
        let (memorial, c1) = (try #require(NodeName("memorial")), try #require(NodeName("c1")))
        let soon = Validity(notBefore: place.now - 20, notAfter: place.now + 2)
        let ours = PeerNetwork(
            cluster: Self.cluster, node: memorial, boot: 1,
            tls: try PeerTLS(try place.tls("memorial", soon), node: memorial, logger: Self.logger),
            logger: Self.logger)
        let theirs = PeerNetwork(
            cluster: Self.cluster, node: c1, boot: 1, tls: try PeerTLS(try place.tls("c1", place.long), node: c1, logger: Self.logger),
            logger: Self.logger)
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        theirs.receive(.call) { _ in }
        try theirs.listen(address)
        var isUp = false
        let told: String = await withCheckedContinuation { continuation in
            var waiting: CheckedContinuation<String, Never>? = continuation
            ours.dial(address, purpose: .call, onUp: { _ in isUp = true }) { sentence in
                waiting?.resume(returning: sentence)
                waiting = nil
            }
        }
        #expect(isUp && told.contains("certificateEnded"), "\(told)")
        ours.close()
        theirs.close()
    }

    /// A coordinator whose certificate was made before any said so asks at once for one that says it may be one; by whoever knows that it is.
    @ClusterActor
    @Test func aCoordinatorHasTheWordInItsCertificate() async throws {
        let place = try Place()
        defer { place.remove() }
        let (c2, college) = (try #require(NodeName("c2")), try #require(NodeName("college")))
        let desk = JoinDesk(try place.coordinator(), logger: Self.logger)
        desk.belongs = { _ in true }
        var told: [NodeName: Bool] = [c2: true, college: false]
        desk.coordinates = { told[$0] }
        func renewal(_ node: NodeName, _ validity: Validity) throws -> (CertificateRenewal, PeerTLS) {
            let tls = try PeerTLS(try place.tls(node.text, validity), node: node, logger: Self.logger)
            let renewal = CertificateRenewal(tls, node: node, logger: Self.logger)
            renewal.coordinators = { [c2, college] }
            // The first one that is asked is of a version that certifies all alike.
            renewal.ask = { asked, key, answer in
                if asked == college { return desk.renew(node, publicKey: key, answer) }
                answer(
                    Result { () throws(CertificateError) in try place.authority.issue(node: node.text, place.long, publicKey: key) }
                        .mapError { _ in JoinRefusal(code: .trouble, text: "") })
            }
            return (renewal, tls)
        }
        // Young, and with no reason to ask.
        let (young, tls) = try renewal(c2, place.long)
        young.look()
        #expect(!young.isAsking && !tls.context.own.coordinates)
        var wasCertified = false
        tls.onCertified = { wasCertified = true }
        young.coordinates = { true }
        let before = tls.context.own
        young.look()
        await until { !young.isAsking && !tls.isLooking }
        #expect(tls.context.own.coordinates && tls.context.own.nodes == ["c2"] && wasCertified)
        #expect(tls.context.own.key == before.key)
        young.look()
        #expect(!young.isAsking)

        // Who has it not from the log has it not in the next certificate either.
        let (due, other) = try renewal(college, place.short)
        due.coordinators = { [college] }
        due.look()
        await until { !due.isAsking && !other.isLooking }
        #expect(other.context.own.notAfter > place.now + 3_600 && !other.context.own.coordinates)
        // While no leader is known, nobody knows for certain, and nobody is certified.
        told = [:]
        let refused: Result<String, JoinRefusal> = await withCheckedContinuation { continuation in
            desk.renew(c2, publicKey: "") { continuation.resume(returning: $0) }
        }
        #expect { try refused.get() } throws: { ($0 as? JoinRefusal)?.code == .busy }
        tls.stop()
        other.stop()
    }

    /// Without TLS nobody proves who asks, and nobody is certified.
    @ClusterActor
    @Test func aLinkWithoutTLSCertifiesNobody() async throws {
        let (memorial, c1) = (try #require(NodeName("memorial")), try #require(NodeName("c1")))
        let keyring = try Keyring(primary: [UInt8](repeating: 1, count: 32), clusterID: Self.cluster)
        let ours = PeerNetwork(cluster: Self.cluster, node: memorial, boot: 1, logger: Self.logger)
        let theirs = PeerNetwork(cluster: Self.cluster, node: c1, boot: 1, logger: Self.logger)
        let (asking, answering) = (
            PeerCalls(network: ours, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger),
            PeerCalls(network: theirs, keys: KeysHost(keyring, path: nil, logger: Self.logger), logger: Self.logger)
        )
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        var wasAsked = false
        answering.onCertify = { _, _, answer in
            wasAsked = true
            answer(.success(""))
        }
        asking.address = { _ in address }
        try theirs.listen(address)
        let answer: Result<String, JoinRefusal>? = await withCheckedContinuation { continuation in
            asking.certify("key", at: c1) { continuation.resume(returning: $0) }
        }
        #expect(throws: JoinRefusal.self) { try answer?.get() }
        #expect(answer != nil && !wasAsked)
        ours.close()
        theirs.close()
    }

    /// What a coordinator sends is held against everything that this node's peers will hold it against, before the old one is given up.
    @ClusterActor
    @Test func whatPeersWouldRefuseIsNotTaken() async throws {
        let (place, elsewhere) = (try Place(), try Place())
        defer {
            place.remove()
            elsewhere.remove()
        }
        let memorial = try #require(NodeName("memorial"))
        let files = try place.tls("memorial", place.short)
        let tls = try PeerTLS(files, node: memorial, logger: Self.logger)
        let before = try SmallFile.read(files.certificate)
        let key = try files.publicHalf()
        let other = try NodeKey.make().publicHalf
        for chain in [
            "", "no certificate",
            try place.authority.issue(node: "college", place.long, publicKey: key),
            try place.authority.issue(node: "memorial", place.long, publicKey: other),
            try place.authority.issue(node: "memorial", Validity(notBefore: place.now - 20, notAfter: place.now + 5), publicKey: key),
            try elsewhere.authority.issue(node: "memorial", place.long, publicKey: key),
        ] {
            let renewal = CertificateRenewal(tls, node: memorial, logger: Self.logger)
            renewal.coordinators = { [memorial] }
            renewal.ask = { _, _, answer in answer(.success(chain)) }
            renewal.look()
            await until { !renewal.isAsking }
            #expect(try SmallFile.read(files.certificate) == before)
        }
        tls.stop()
    }
}
