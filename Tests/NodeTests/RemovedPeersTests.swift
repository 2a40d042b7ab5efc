import Consortium
import EventLoop
import Glibc
import Logging
import TLS
import Testing
import Wire

@testable import Node

/// A node that LTG removed: its links end when that is told, it gets no other, and a stolen key is worth as little; the machine that joins in its place is heard.
@Suite(.serialized) struct RemovedPeersTests {
    private static let cluster = [UInt8](repeating: 9, count: 16)
    private static let logger = Logger(label: "test")

    @ClusterActor
    private func network(_ node: String, _ files: TLSFiles?) throws -> PeerNetwork {
        let name = try #require(NodeName(node))
        let tls = try files.map { try PeerTLS($0, node: name, logger: Self.logger) }
        return PeerNetwork(cluster: Self.cluster, node: name, boot: 1, tls: tls, logger: Self.logger)
    }

    private func removed(_ node: String, admitted: [UInt8]? = nil) throws -> RemovedPeers {
        let key = try admitted.map { try #require(KeyDigest($0)) }
        return RemovedPeers([RemovedNode(node: try #require(NodeName(node)), wallMs: 1_800_000_000_000, admitted: key)])
    }

    /// Asks once, and tells `heard`, or why not. Hellos cross: who dials is refused only after its link was up on its side.
    @ClusterActor
    private func ask(_ ours: PeerNetwork, _ address: SocketAddress) async -> String {
        await withCheckedContinuation { (continuation: CheckedContinuation<String, Never>) in
            var waiting: CheckedContinuation<String, Never>? = continuation
            func tell(_ text: String) {
                waiting?.resume(returning: text)
                waiting = nil
            }
            ours.dial(
                address, purpose: .call,
                onUp: { link in
                    link.onFrame = { frame in
                        guard case .reply = frame else { return }
                        tell("heard")
                        link.close()
                    }
                    link.send(.call(id: 1, sealed: [1]))
                }, onEnd: tell)
        }
    }

    @ClusterActor
    private func listening(_ theirs: PeerNetwork) throws -> SocketAddress {
        let address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        theirs.receive(.call) { link in link.onFrame = { _ in link.send(.reply(id: 1, sealed: [])) } }
        try theirs.listen(address)
        return address
    }

    /// In the same turn in which the coordinators' word comes: no poll, and no time that could be waited out.
    @ClusterActor
    @Test(arguments: [true, false]) func itsLinkEndsWithTheWordThatItIsRemoved(isDialledByIt: Bool) async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let (memorial, college) = (try network("memorial", place.files("memorial")), try network("college", place.files("college")))
        let (ours, theirs) = isDialledByIt ? (memorial, college) : (college, memorial)
        let address = try listening(theirs)
        var (endings, isUp): ([String], Bool) = ([], false)
        ours.dial(
            address, purpose: .call,
            onUp: { link in
                // Its answer shows that the link is up on both sides.
                link.onFrame = { _ in isUp = true }
                link.send(.call(id: 1, sealed: [1]))
            }, onEnd: { endings.append($0) })
        while !isUp { await Task.yield() }
        // Of others it changes nothing.
        college.update(try removed("law"))
        #expect(college.linksUp == 1 && endings.isEmpty)
        college.update(try removed("memorial"))
        #expect(college.linksUp == 0)
        while endings.isEmpty { await Task.yield() }
        // The removed node is told why; and is told again when it comes back.
        if isDialledByIt {
            let told = Refusal.removal(in: endings[0])
            #expect(told?.contains("LTG removed `memorial` from the consortium at 2027-01-15") ?? false, "\(endings)")
        }
        let again = await ask(ours, address)
        #expect(again.contains("LTG removed `memorial`"), "\(again)")
        ours.close()
        theirs.close()
    }

    /// The old key, its owner's or a thief's, stays out; a renewed certificate for it as well; only the key that was noted is heard.
    @ClusterActor
    @Test func aStolenOldKeyIsRefusedWhereTheNewOneIsHeard() async throws {
        let place = try PeerTLSTests.Place()
        defer { place.remove() }
        let college = try network("college", place.files("college"))
        let address = try listening(college)
        let (old, new) = (try place.files("memorial", as: "old"), try place.files("memorial", as: "new"))
        let key = try CertificateFacts(pem: try #require(try SmallFile.read(new.certificate))).key
        let oldKey = try CertificateFacts(pem: try #require(try SmallFile.read(old.certificate))).key
        #expect(key.count == KeyDigest.count && key != oldKey)
        college.update(try removed("memorial", admitted: key))
        let (thief, owner) = (try network("memorial", old), try network("memorial", new))
        let told = await ask(thief, address)
        #expect(told.contains("another machine has its name since"), "\(told)")
        #expect(await ask(owner, address) == "heard")
        // What has no certificate proves no key.
        let (plain, open) = (try network("memorial", nil), try network("law", nil))
        open.update(try removed("memorial", admitted: key))
        #expect(await ask(plain, try listening(open)).contains("LTG removed"))
        for network in [college, thief, owner, plain, open] { network.close() }
    }

    @Test func aKeyIsReadAsItIsWritten() throws {
        let digest = try #require(KeyDigest((0..<32).map { UInt8($0 * 8) }))
        #expect(KeyDigest(hexadecimal: digest.text) == digest)
        for text in ["", String(digest.text.dropLast()), digest.text + "0", "g" + digest.text.dropFirst(), "+" + digest.text.dropFirst()] {
            #expect(KeyDigest(hexadecimal: text) == nil, "\(text)")
        }
    }
}
