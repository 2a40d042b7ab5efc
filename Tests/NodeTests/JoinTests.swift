import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import TLS
import Testing

@testable import Node

/// Inviting and joining: tokens, the book of invitations, and the desk with its files.
@Suite(.serialized) struct JoinTests {
    private static let now: Int64 = 1_800_000_000
    private static let logger = Logger(label: "test")

    private func invitation(_ id: String = "one", node: String = "memorial", ends: Int64 = now + 100) -> Invitation {
        Invitation(id: id, secret: "s", library: "memorial", node: node, ends: ends, used: nil)
    }

    private func code(_ body: () throws -> Void) -> JoinRefusal.Code? {
        do { try body() } catch { return (error as? JoinRefusal)?.code }
        return nil
    }

    // MARK: The token

    @Test func aTokenIsReadAsItWasWritten() throws {
        let token = JoinToken(id: Array(1...8), secret: Array(100..<132), url: "https://c1.example:7100")
        #expect(try JoinToken(text: "  \(token.text)\n") == token)
        #expect(token.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
    }

    /// Each slip of the hand is noticed before anybody is asked.
    @Test func aDamagedTokenIsToldFromAWrongOne() throws {
        let text = JoinToken(id: Array(1...8), secret: Array(100..<132), url: "http://127.0.0.1:1").text
        for at in text.indices.dropFirst("callslip-join-".count) {
            var altered = text
            altered.replaceSubrange(at...at, with: text[at] == "x" ? "y" : "x")
            // The last digit holds bits that no byte needs.
            if let read = try? JoinToken(text: altered) { #expect(read.text == text) }
        }
        for other in ["", "callslip-join-", "callslip-join-AAAA", "callslip-join-!", String(text.dropLast(3)), text + "AAAA"] {
            #expect(throws: JoinToken.Unreadable.self) { try JoinToken(text: other) }
        }
        #expect { try JoinToken(text: "hello") } throws: { "\($0)".contains("callslip invite") }
    }

    // MARK: The book

    @Test func anInvitationIsGoodOnceAndUntilItsEnd() throws {
        var book = Invitations()
        try book.add(invitation(), now: Self.now)
        #expect(try book.open("one", now: Self.now + 100).node == "memorial")
        #expect(code { _ = try book.open("one", now: Self.now + 101) } == .expired)
        #expect(code { _ = try book.open("two", now: Self.now) } == .unknown)
        book.markUsed("one", now: Self.now + 1)
        // Also after its end: who comes late is told what happened.
        for later in [2, 1_000] { #expect(code { _ = try book.open("one", now: Self.now + Int64(later)) } == .used) }
    }

    @Test func aLaterInvitationReplacesAnUnusedOneOfTheSameNode() throws {
        var book = Invitations()
        try book.add(invitation("one"), now: Self.now)
        try book.add(invitation("other", node: "college"), now: Self.now)
        try book.add(invitation("two"), now: Self.now)
        #expect(code { _ = try book.open("one", now: Self.now) } == .unknown)
        #expect(try book.open("two", now: Self.now).node == "memorial")
        #expect(try book.open("other", now: Self.now).node == "college")
    }

    @Test func theBookIsBoundedAndForgets() throws {
        var book = Invitations()
        for number in 0..<Invitations.countMax { try book.add(invitation("\(number)", node: "n\(number)"), now: Self.now) }
        #expect(code { try book.add(invitation("more", node: "more"), now: Self.now) } == .busy)
        let later = Self.now + 101 + Invitations.rememberedFor
        try book.add(invitation("more", node: "more", ends: later + 1), now: later)
        #expect(book.list.count == 1)
    }

    @Test func aClockThatIsOffIsToldByHowMuch() throws {
        for off in [-300, 0, 300] as [Int64] { try Invitations.judge(clock: Self.now + off, now: Self.now) }
        for (clock, words) in [
            (Self.now - 301, "5 minutes behind"), (Self.now + 7_200, "2 hours ahead of"), (Self.now - 86_400 * 400, "400 days behind"),
            (Int64.min, "far behind"), (Int64.max, "ahead of"),
        ] {
            #expect { try Invitations.judge(clock: clock, now: Self.now) } throws: {
                ($0 as? JoinRefusal)?.code == .clock && (($0 as? JoinRefusal)?.text.contains(words) ?? false)
            }
        }
    }

    // MARK: The desk

    /// A coordinator's files, with an issuer.
    private struct Place {
        let folder: String
        let configuration: NodeConfiguration
        let now = Int64(time(nil))

        init(withIssuer: Bool = true) throws {
            folder = FileManager.default.temporaryDirectory.path + "/callslip-join-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let made = try CertificateAuthority.make(name: "Test", Validity(now: now, days: 20))
            let authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
            let issuer = try authority.makeIssuer(name: "c1 issuer", Validity(now: now, days: 10))
            for (name, text) in [
                ("ca.pem", made.certificate), ("issuer.pem", issuer.certificate), ("issuer.key", issuer.key),
                ("keyring", String(repeating: "ab", count: 32) + "\n"),
            ] { try SmallFile.replace("\(folder)/\(name)", with: text) }
            let issuing = withIssuer ? ", issuer: \(folder)/issuer.pem, issuerKey: \(folder)/issuer.key" : ""
            configuration = try NodeConfiguration(
                yaml: """
                    node: c1
                    cluster: test
                    data: \(folder)
                    keyring: \(folder)/keyring
                    roles: [coordinator]
                    tls: {ca: \(folder)/ca.pem, certificate: a, key: b\(issuing)}
                    peer: "127.0.0.1:1"
                    gossip: "127.0.0.1:2"
                    seeds: ["127.0.0.1:1", "127.0.0.1:3"]
                    coordinators: [{name: c1, id: 1, peer: "127.0.0.1:1"}]
                    """)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }
    }

    @ClusterActor
    private func desk(_ place: Place, now: Int64? = nil) -> JoinDesk {
        let now = now ?? place.now
        let desk = JoinDesk(place.configuration, logger: Self.logger) { now }
        desk.homeNode = { $0.text == "memorial" ? NodeName("memorial") : nil }
        return desk
    }

    @ClusterActor
    private func invite(_ desk: JoinDesk, _ library: String = "memorial", hours: Int64 = 1, url: String = "http://127.0.0.1:9/")
        async throws
        -> Result<JoinDesk.Invited, JoinRefusal>
    {
        let name = try #require(LibraryName(library))
        return await withCheckedContinuation { continuation in
            desk.invite(name, hours: hours, url: url) { continuation.resume(returning: $0) }
        }
    }

    @ClusterActor
    private func join(_ desk: JoinDesk, _ body: [UInt8]) async -> Result<[UInt8], JoinRefusal> {
        await withCheckedContinuation { continuation in desk.join(body) { continuation.resume(returning: $0) } }
    }

    private func refusal<Value>(_ result: Result<Value, JoinRefusal>) -> JoinRefusal.Code? {
        if case .failure(let refusal) = result { return refusal.code }
        return nil
    }

    /// From the invitation to a node that its peers hear; what it was given is good for nobody else, and only once.
    @ClusterActor
    @Test func aNodeIsInvitedJoinsAndIsHeard() async throws {
        let place = try Place()
        defer { place.remove() }
        let token = try JoinToken(text: try await invite(desk(place)).get().token)
        #expect(token.url == "http://127.0.0.1:9")
        let key = try NodeKey.make()
        let attempt = try JoinAttempt(token, publicKey: key.publicHalf, clock: place.now)
        // As it travels, neither question nor answer says anything.
        #expect(!String(decoding: attempt.body, as: UTF8.self).contains("PUBLIC KEY"))
        // Another process of the same coordinator: the book is on its disk.
        let answer = try await join(desk(place), attempt.body).get()
        #expect(!String(decoding: answer, as: UTF8.self).contains("CERTIFICATE"))
        let grant = try #require(attempt.grant(answer))
        #expect(grant.node == "memorial" && grant.cluster == "test" && grant.keyring == String(repeating: "ab", count: 32) + "\n")
        #expect(grant.coordinators == [.init(name: "c1", id: 1, peer: "127.0.0.1:1")])
        #expect(grant.seeds == ["127.0.0.1:1", "127.0.0.1:3"])
        let context = try TLSContext(TLSCredentials(authority: grant.authority, certificate: grant.certificate, key: key.secret))
        #expect(context.own.nodes == ["memorial"])
        // Whoever recorded it and finds the token later has not the key of this one question.
        let thief = try JoinAttempt(token, publicKey: key.publicHalf, clock: place.now)
        #expect(thief.grant(answer) == nil)
        #expect(refusal(await join(desk(place), thief.body)) == .used)
    }

    @ClusterActor
    @Test func theSameTokenTwiceAtOnceLetsOneIn() async throws {
        let place = try Place()
        defer { place.remove() }
        let desk = desk(place)
        let token = try JoinToken(text: try await invite(desk).get().token)
        let bodies = try (0..<2).map { _ in try JoinAttempt(token, publicKey: try NodeKey.make().publicHalf, clock: place.now).body }
        async let first = join(desk, bodies[0])
        async let second = join(desk, bodies[1])
        let refused = await [refusal(first), refusal(second)]
        #expect(refused.filter { $0 == nil }.count == 1, "\(refused)")
        for body in bodies { #expect(refusal(await join(desk, body)) == .used) }
    }

    @ClusterActor
    @Test func eachRefusalIsTold() async throws {
        let place = try Place()
        defer { place.remove() }
        let token = try JoinToken(text: try await invite(desk(place)).get().token)
        let key = try NodeKey.make().publicHalf
        func ask(_ token: JoinToken, clock: Int64, at now: Int64) async throws -> JoinRefusal.Code? {
            refusal(await join(desk(place, now: now), try JoinAttempt(token, publicKey: key, clock: clock).body))
        }
        let (now, later) = (place.now, place.now + 3_601)
        let stranger = JoinToken(id: Array(1...8), secret: token.secret, url: token.url)
        let guesser = JoinToken(id: token.id, secret: Array(1...32), url: token.url)
        #expect(try await ask(stranger, clock: now, at: now) == .unknown)
        #expect(try await ask(guesser, clock: now, at: now) == .forged)
        #expect(try await ask(token, clock: later, at: later) == .expired)
        #expect(try await ask(token, clock: now - 3_600, at: now) == .clock)
        // An issuer that has ended lets nobody in, and uses nothing up.
        #expect(refusal(try await invite(desk(place, now: now + 11 * 86_400))) == .noIssuer)
        #expect(refusal(await join(desk(place), Array("{}".utf8))) == .forged)
        // A key that is none of ours is refused, and the token is still good.
        let odd = try JoinAttempt(token, publicKey: "none", clock: now)
        #expect(refusal(await join(desk(place), odd.body)) == .trouble)
        #expect(try await ask(token, clock: now, at: now) == nil)
    }

    /// Where a node of that name was removed, the new one's key is noted before it is let in: else nobody would hear it.
    @ClusterActor
    @Test func theKeyOfWhoJoinsInTheNameOfARemovedNodeIsNoted() async throws {
        let place = try Place()
        defer { place.remove() }
        for canNote in [false, true] {
            let desk = desk(place)
            var noted: (node: NodeName, key: KeyDigest)?
            desk.isRemoved = { $0.text == "memorial" }
            desk.admit = { node, key, done in
                noted = (node, key)
                done(canNote)
            }
            let token = try JoinToken(text: try await invite(desk).get().token)
            let attempt = try JoinAttempt(token, publicKey: try NodeKey.make().publicHalf, clock: place.now)
            let result = await join(desk, attempt.body)
            #expect(refusal(result) == (canNote ? nil : .trouble))
            #expect(noted?.node.text == "memorial")
            guard canNote else { continue }
            let grant = try #require(attempt.grant(try result.get()))
            #expect(noted?.key.bytes == (try CertificateFacts(pem: grant.certificate)).key)
        }
    }

    @ClusterActor
    @Test func whoCannotInviteSaysWhy() async throws {
        let (place, bare) = (try Place(), try Place(withIssuer: false))
        defer {
            place.remove()
            bare.remove()
        }
        #expect(refusal(try await invite(desk(bare))) == .noIssuer)
        #expect(refusal(try await invite(desk(place), "nowhere")) == .unknown)
        #expect(refusal(try await invite(desk(place), hours: 0)) == .invalid)
        #expect(refusal(try await invite(desk(place), url: "c1.example")) == .invalid)
        // A book that cannot be read is not begun anew: what was used would be good again.
        try SmallFile.replace(place.folder + "/invitations", with: "{")
        #expect(refusal(try await invite(desk(place))) == .trouble)
    }

    @Test func anIssuerNeedsBothItsFiles() {
        let file =
            "node: c1\ncluster: t\ndata: d\nkeyring: k\nroles: [coordinator]\npeer: \"127.0.0.1:1\"\ngossip: \"127.0.0.1:2\"\ncoordinators: [{name: c1, id: 1, peer: \"127.0.0.1:1\"}]\n"
        #expect { try NodeConfiguration(yaml: file + "tls: {ca: a, certificate: b, key: c, issuer: d}") } throws: {
            "\($0)".contains("issuerKey")
        }
    }
}
