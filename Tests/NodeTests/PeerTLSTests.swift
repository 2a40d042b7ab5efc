import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import TLS
import Testing
import Wire

@testable import Node

/// Peer links with TLS, over loopback: who is heard, and who is told what.
@Suite(.serialized) struct PeerTLSTests {
    private static let cluster = [UInt8](repeating: 9, count: 16)
    private static let logger = Logger(label: "test")

    /// An authority and a folder for the files of its nodes.
    struct Place {
        let folder: String
        let authority: CertificateAuthority

        init() throws {
            folder = FileManager.default.temporaryDirectory.path + "/callslip-tls-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let made = try CertificateAuthority.make(name: "Test", Validity(now: Int64(time(nil)), days: 2))
            authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
            try SmallFile.replace(folder + "/ca.pem", with: made.certificate)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }

        /// Writes what `node` shows; as `file`, when it shows another's name.
        @discardableResult
        func files(
            _ node: String, as file: String? = nil, coordinates: Bool = false, plainToo: Bool = false, validity: Validity? = nil
        ) throws -> TLSFiles {
            let issued = try authority.issue(node: node, coordinates: coordinates, validity ?? Validity(now: Int64(time(nil)), days: 1))
            let path = "\(folder)/\(file ?? node)"
            try SmallFile.replace(path + ".key", with: issued.key)
            try SmallFile.replace(path + ".pem", with: issued.certificate)
            return TLSFiles(authority: folder + "/ca.pem", certificate: path + ".pem", key: path + ".key", plainToo: plainToo)
        }
    }

    @ClusterActor
    private func network(_ node: String, _ files: TLSFiles?) throws -> PeerNetwork {
        let name = try #require(NodeName(node))
        let tls = try files.map { try PeerTLS($0, node: name, logger: Self.logger) }
        return PeerNetwork(cluster: Self.cluster, node: name, boot: 1, tls: tls, logger: Self.logger)
    }

    /// Listens as `theirs`, dials once as `ours`, and tells the frame that came back, or why there was no link.
    @ClusterActor
    private func outcome(_ ours: PeerNetwork, _ theirs: PeerNetwork, expecting: String = "c1") async throws -> String {
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        theirs.receive(.call) { link in link.onFrame = { _ in link.send(.reply(id: 1, sealed: Array("heard".utf8))) } }
        try theirs.listen(address)
        let told: String = await withCheckedContinuation { continuation in
            var waiting: CheckedContinuation<String, Never>? = continuation
            func tell(_ text: String) {
                waiting?.resume(returning: text)
                waiting = nil
            }
            ours.dial(
                address, purpose: .call, expecting: NodeName(expecting),
                onUp: { link in
                    link.onFrame = { frame in
                        guard case .reply(_, let text) = frame else { return }
                        tell(String(decoding: text, as: UTF8.self))
                        link.close()
                    }
                    link.send(.call(id: 1, sealed: [1]))
                }, onEnd: { tell($0) })
        }
        ours.close()
        theirs.close()
        return told
    }

    @ClusterActor
    @Test func nodesOfOneAuthorityHearEachOther() async throws {
        let place = try Place()
        defer { place.remove() }
        #expect(try await outcome(network("memorial", place.files("memorial")), network("c1", place.files("c1"))) == "heard")
    }

    @ClusterActor
    @Test func whoGoesByAnothersNameIsRefused() async throws {
        let place = try Place()
        defer { place.remove() }
        // A node does not start with another's certificate, so one that lies about its name is made here: its hello says `college`.
        let files = try place.files("memorial")
        #expect(throws: PeerTLS.Unusable.self) { try network("college", files) }
        let memorial = try #require(NodeName("memorial"))
        let liar = PeerNetwork(
            cluster: Self.cluster, node: try #require(NodeName("college")), boot: 1,
            tls: try PeerTLS(files, node: memorial, logger: Self.logger),
            logger: Self.logger)
        let told = try await outcome(liar, network("c1", place.files("c1")))
        #expect(told.contains("this certificate names `memorial`, and its bearer says that it is `college`"))

        // The other way round: who is dialled lies.
        let (second, c2) = (try place.files("c2"), try #require(NodeName("c2")))
        let imposter = PeerNetwork(
            cluster: Self.cluster, node: try #require(NodeName("c1")), boot: 1, tls: try PeerTLS(second, node: c2, logger: Self.logger),
            logger: Self.logger)
        #expect(try await outcome(network("memorial", files), imposter).contains("names `c2`, and its bearer says that it is `c1`"))
    }

    @ClusterActor
    @Test func strangersAreRefused() async throws {
        let (place, elsewhere) = (try Place(), try Place())
        defer {
            place.remove()
            elsewhere.remove()
        }
        var files = try elsewhere.files("memorial")
        files.authority = place.folder + "/ca.pem"
        let told = try await outcome(network("memorial", files), network("c1", place.files("c1")))
        #expect(told.contains("the peer refused this node"), "\(told)")
        let now = Int64(time(nil))
        let expired = try place.files("memorial", validity: Validity(notBefore: now - 100, notAfter: now - 50))
        #expect(try await outcome(network("memorial", expired), network("c1", place.files("c1"))).contains("has expired"))
    }

    // MARK: Changing over

    @ClusterActor
    @Test func neighbouringStatesOfAChangeHearEachOther() async throws {
        let place = try Place()
        defer { place.remove() }
        let (plain, both, only) = (0, 1, 2)
        func network(_ node: String, _ state: Int) throws -> PeerNetwork {
            try self.network(node, state == plain ? nil : try place.files(node, plainToo: state == both))
        }
        for (ours, theirs) in [(plain, plain), (plain, both), (both, plain), (both, both), (both, only), (only, both), (only, only)] {
            let told = try await outcome(network("memorial", ours), network("c1", theirs))
            #expect(told == "heard", "\(ours) to \(theirs): \(told)")
        }
    }

    @ClusterActor
    @Test func whoHasNoTLSIsToldWhatToDo() async throws {
        let place = try Place()
        defer { place.remove() }
        let dialler = try await outcome(network("memorial", nil), network("c1", place.files("c1")))
        #expect(dialler.contains("tlsNeeded") && dialler.contains("give the other node's file `tls: {ca, certificate, key}`"), "\(dialler)")
        let listener = try await outcome(network("memorial", place.files("memorial")), network("c1", nil))
        #expect(listener.contains("the peer does not speak TLS: give its file `tls: {ca, certificate, key}`"), "\(listener)")
    }

    // MARK: Renewal

    @ClusterActor
    @Test func renewedFilesAreTakenWithoutARestart() async throws {
        let place = try Place()
        defer { place.remove() }
        let files = try place.files("c1")
        let tls = try PeerTLS(files, node: try #require(NodeName("c1")), logger: Self.logger)
        let first = tls.context.own.serial
        // Half of the files: what was there before is used on.
        let key = try #require(try SmallFile.read(files.key))
        try place.files("c1")
        let renewed = try #require(try SmallFile.read(files.key))
        try SmallFile.replace(files.key, with: key)
        await look(tls)
        #expect(tls.context.own.serial == first)
        try SmallFile.replace(files.key, with: renewed)
        await look(tls)
        #expect(tls.context.own.serial != first)
        // Another node's certificate is no renewal.
        let second = tls.context.own.serial
        try place.files("c2", as: "c1")
        await look(tls)
        #expect(tls.context.own.serial == second)
        tls.stop()
    }

    @ClusterActor
    private func look(_ tls: PeerTLS) async {
        tls.look()
        while tls.isLooking { await Task.yield() }
    }

    // MARK: The door

    /// Idle strangers, more than the door holds, keep nobody out.
    @ClusterActor
    @Test func thoseWhoSayNothingGiveWay() async throws {
        let place = try Place()
        defer { place.remove() }
        let theirs = try network("c1", place.files("c1"))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        theirs.receive(.call) { link in link.onFrame = { _ in link.send(.reply(id: 1, sealed: [])) } }
        try theirs.listen(address)
        var idle: [TCPStream] = []
        for _ in 0..<PeerDoor.waitingMax * 2 {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                TCPStream.connect(on: ClusterActor.loop, host: "127.0.0.1", port: address.port, timeoutMs: 5_000) { result in
                    if case .success(let stream) = result { idle.append(stream) }
                    continuation.resume()
                }
            }
        }
        #expect(idle.count == PeerDoor.waitingMax * 2)
        let ours = try network("memorial", place.files("memorial"))
        let isUp: Bool = await withCheckedContinuation { continuation in
            var waiting: CheckedContinuation<Bool, Never>? = continuation
            func tell(_ isUp: Bool) {
                waiting?.resume(returning: isUp)
                waiting = nil
            }
            ours.dial(address, purpose: .call, onUp: { _ in tell(true) }, onEnd: { _ in tell(false) })
        }
        #expect(isUp)
        // It came last: all who were before it have come to the door.
        #expect(try #require(theirs.door).waitingCount <= PeerDoor.waitingMax)
        for stream in idle { stream.close() }
        ours.close()
        theirs.close()
    }

    /// Strangers who ask for handshakes faster than a node gives them are sent away unheard; a machine where a node is known to be is not.
    @ClusterActor
    @Test func strangersCannotUseUpTheHandshakesOfNodes() async throws {
        let place = try Place()
        defer { place.remove() }
        let theirs = try network("c1", place.files("c1"))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        theirs.receive(.call) { link in link.onFrame = { _ in link.send(.reply(id: 1, sealed: [])) } }
        try theirs.listen(address)
        // A record of TLS that is no hello: the handshake is begun, and an alert answers. The end without one is a refusal by the budget.
        func knock() async -> Bool {
            await withCheckedContinuation { continuation in
                var waiting: CheckedContinuation<Bool, Never>? = continuation
                func tell(_ wasHeard: Bool) {
                    waiting?.resume(returning: wasHeard)
                    waiting = nil
                }
                TCPStream.connect(on: ClusterActor.loop, host: "127.0.0.1", port: address.port, timeoutMs: 5_000) { result in
                    guard case .success(let stream) = result else { return tell(false) }
                    stream.onRead = { bytes in
                        tell(bytes.count > 0)
                        stream.close()
                    }
                    stream.onEnd = { _ in
                        tell(false)
                        stream.close()
                    }
                    stream.write([22, 3, 1, 0, 4, 99, 0, 0, 0])
                }
            }
        }
        #expect(await knock())
        // As if they had all been asked for a moment ago.
        let door = try #require(theirs.door)
        while door.strangers.take(nowMs: UInt64.max) {}
        for _ in 0..<3 { #expect(!(await knock())) }
        theirs.knows = { $0 == "127.0.0.1" }
        #expect(await knock())
        theirs.close()
    }

    // MARK: Another implementation

    /// OpenSSL's own program at the door of a node.
    @ClusterActor
    @Test(.enabled(if: access("/usr/bin/openssl", X_OK) == 0, "needs the program openssl (Debian's openssl)"))
    func opensslIsHeardOrRefusedAsItShouldBe() async throws {
        let place = try Place()
        defer { place.remove() }
        let theirs = try network("c1", place.files("c1"))
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        try theirs.listen(address)
        let own = try place.files("memorial")
        let base =
            "timeout 10 openssl s_client -connect 127.0.0.1:\(address.port) -CAfile \(place.folder)/ca.pem -verify_return_error -ign_eof"
        let shown = "-cert \(own.certificate) -key \(own.key)"
        func run(_ options: String) async throws -> String {
            let output = "\(place.folder)/output"
            // `c1`'s hello is the first frame, and its name is in it; `s_client` waits for the end, which comes when no hello is sent back.
            _ = try await ClusterActor.loop.work { system("\(base) \(options) < /dev/null > \(output) 2>&1") }
            return String(decoding: try SmallFile.readBytes(output) ?? [], as: UTF8.self)
        }
        let good = try await run("-tls1_3 \(shown)")
        #expect(good.contains("Verify return code: 0 (ok)") && good.contains("TLSv1.3") && good.contains("c1"), "\(good)")
        #expect(!good.contains("NewSessionTicket") && !good.contains("Session-ID-ctx"), "\(good)")
        let old = try await run("-tls1_2 \(shown)")
        #expect(old.contains("alert protocol version"), "\(old)")
        let nobody = try await run("-tls1_3")
        #expect(nobody.contains("alert certificate required"), "\(nobody)")
        theirs.close()
    }
}

/// Handshakes for whoever asks.
@Suite struct HandshakeBudgetTests {
    @Test func aBurstThenSoManyASecond() {
        var budget = HandshakeBudget()
        func taken(_ times: UInt64 = 1, atMs: UInt64) -> UInt64 { UInt64((0..<times).count { _ in budget.take(nowMs: atMs) }) }
        #expect(taken(HandshakeBudget.burst, atMs: 5_000) == HandshakeBudget.burst)
        #expect(taken(atMs: 5_000) == 0)
        #expect(taken(atMs: 5_019) == 0)
        #expect(taken(atMs: 5_020) == 1)
        #expect(taken(HandshakeBudget.perSecond, atMs: 6_020) == HandshakeBudget.perSecond)
        #expect(taken(atMs: 6_020) == 0)
        // A long quiet time saves no more than a burst, and a clock that steps back takes nothing.
        #expect(taken(HandshakeBudget.burst, atMs: 10_000_000) == HandshakeBudget.burst)
        #expect(taken(atMs: 1_000) == 0)
    }
}

/// What a node's file says of TLS.
@Suite struct TLSConfigurationTests {
    private static func file(_ tls: String) -> String {
        """
        node: c1
        cluster: test
        data: /tmp/c1
        keyring: /tmp/keyring
        roles: [coordinator]
        peer: "127.0.0.1:1"
        gossip: "127.0.0.1:2"
        coordinators: [{name: c1, id: 1, peer: "127.0.0.1:1"}]
        \(tls)
        """
    }

    @Test func theFilesAreNamedOrThereIsNoTLS() throws {
        #expect(try NodeConfiguration(yaml: Self.file("")).tls == nil)
        let some = try NodeConfiguration(yaml: Self.file("tls: {ca: /a/ca.pem, certificate: /a/c1.pem, key: /a/c1.key}"))
        #expect(some.tls == TLSFiles(authority: "/a/ca.pem", certificate: "/a/c1.pem", key: "/a/c1.key"))
        let both = try NodeConfiguration(yaml: Self.file("tls: {ca: a, certificate: b, key: c, plainToo: true}"))
        #expect(both.tls?.plainToo == true)
    }

    @Test func whatIsMissingIsNamed() {
        for (tls, word) in [("tls: {ca: a, certificate: b}", "key"), ("tls: {ca: a, certificate: b, key: c, plain: yes}", "plain")] {
            #expect { try NodeConfiguration(yaml: Self.file(tls)) } throws: { "\($0)".contains("`\(word)`") }
        }
    }
}
