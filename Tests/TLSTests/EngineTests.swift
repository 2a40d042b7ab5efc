import COpenSSL
import Testing

@testable import TLS

/// The engine, end to end in memory.
@Suite struct EngineTests {
    @Test func bothSidesKnowWhomTheySpeakWith() throws {
        let (client, server) = try pair()
        #expect(!client.engine.isOpen && client.engine.peer == nil)
        carry(client, server)
        #expect(client.engine.isOpen && server.engine.isOpen)
        #expect(client.engine.peer?.nodes == ["c1"])
        #expect(server.engine.peer?.nodes == ["memorial"])
        try client.say(Array("hello".utf8))
        try server.say(Array("welcome".utf8))
        carry(client, server)
        #expect(server.heard == Array("hello".utf8))
        #expect(client.heard == Array("welcome".utf8))
    }

    @Test func oneByteAtATimeIsEnough() throws {
        let (client, server) = try pair()
        carry(client, server, piece: 1)
        #expect(client.engine.isOpen && server.engine.isOpen)
        try client.say(pattern(3_000))
        carry(client, server, piece: 1)
        #expect(server.heard == pattern(3_000))
    }

    @Test(arguments: [1, 16_384, 16_385, 65_536, 65_537, 3_000_000]) func whatIsSaidArrivesWhole(count: Int) throws {
        let (client, server) = try pair()
        carry(client, server)
        try server.say(pattern(count))
        carry(client, server, piece: 50_000)
        #expect(client.heard == pattern(count))
    }

    @Test func theHandshakeMayEndInThePieceThatBringsTheFirstWords() throws {
        let (client, server) = try pair()
        server.hear(client.engine.takeOutgoing())
        client.hear(server.engine.takeOutgoing())
        #expect(client.engine.isOpen && !server.engine.isOpen)
        try client.say(pattern(40_000))
        server.hear(client.engine.takeOutgoing())
        #expect(server.engine.isOpen)
        #expect(server.heard == pattern(40_000))
    }

    @Test func nothingIsSentBeforeTheHandshakeIsOverOrAfterTheLastWord() throws {
        let (client, server) = try pair()
        #expect(throws: TLSError.notOpen) { try client.say([1]) }
        carry(client, server)
        client.engine.sayDone()
        #expect(throws: TLSError.notOpen) { try client.say([1]) }
    }

    // MARK: Ends

    @Test func anAnnouncedEndIsAnEnd() throws {
        let (client, server) = try pair()
        carry(client, server)
        try client.say([1, 2, 3])
        client.engine.sayDone()
        client.engine.sayDone()
        carry(client, server)
        #expect(server.heard == [1, 2, 3])
        #expect(server.engine.isPeerDone && server.failure == nil)
        server.end()
        #expect(server.failure == nil)
        // The other way is still open.
        try server.say([4])
        carry(client, server)
        #expect(client.heard == [4])
    }

    @Test func whatComesAfterTheLastWordIsDropped() throws {
        let (client, server) = try pair()
        carry(client, server)
        client.engine.sayDone()
        server.hear(client.engine.takeOutgoing() + pattern(200_000))
        #expect(server.engine.isPeerDone && server.failure == nil && server.heard.isEmpty)
    }

    @Test func aCutIsNoEnd() throws {
        let (client, server) = try pair()
        carry(client, server)
        try client.say(pattern(100))
        let bytes = client.engine.takeOutgoing()
        server.hear(Array(bytes.dropLast(1)))
        server.end()
        #expect(server.heard.isEmpty)
        #expect(server.failure == .cut(duringHandshake: false))
    }

    @Test func aCutHandshakeSaysSo() throws {
        let (client, server) = try pair()
        server.hear(Array(client.engine.takeOutgoing().prefix(40)))
        server.end()
        #expect(server.failure == .cut(duringHandshake: true))
    }

    // MARK: Strangers

    /// Runs the handshake and gives what each side found.
    private func outcome(_ client: TLSContext, _ server: TLSContext) throws -> (client: TLSError?, server: TLSError?) {
        let (client, server) = (try End(client, .client), try End(server, .server))
        carry(client, server)
        // A client's side is over before the server has judged it.
        #expect(!server.engine.isOpen || !client.engine.isOpen || server.failure != nil || client.failure != nil)
        return (client.failure, server.failure)
    }

    @Test func aCertificateOfAnotherAuthorityIsRefusedByBothSides() throws {
        let (one, other) = (try Consortium.one.get(), try Consortium.other.get())
        let rogue = try outcome(try other.context("memorial", trusting: one), try one.context("c1"))
        #expect(rogue.server == .certificateRefused(.foreign))
        guard case .refusedByPeer(48, _) = rogue.client else {
            Issue.record("expected the alert unknown_ca, came \(String(describing: rogue.client))")
            return
        }
        let imposter = try outcome(try one.context("memorial"), try other.context("c1", trusting: one))
        #expect(imposter.client == .certificateRefused(.foreign))
    }

    @Test func whoSignsForThemselvesIsRefused() throws {
        let one = try Consortium.one.get()
        let own = try CertificateAuthority.make(name: "memorial", Validity(now: Consortium.now, days: 1))
        // An authority's certificate names no node, so this side would not even start with it.
        #expect(throws: CertificateError.nodes([])) {
            try TLSContext(TLSCredentials(authority: own.certificate, certificate: own.certificate, key: own.key))
        }
        let signed = try CertificateAuthority(certificate: own.certificate, key: own.key)
        let issued = try signed.issue(node: "memorial", Validity(now: Consortium.now, days: 1))
        let rogue = TLSCredentials(
            authority: one.authority.certificate, certificate: issued.certificate + own.certificate, key: issued.key)
        #expect(try outcome(try TLSContext(rogue), try one.context("c1")).server == .certificateRefused(.foreign))
    }

    @Test func aNodeCannotIssueForOthers() throws {
        let one = try Consortium.one.get()
        let node = try one.credentials("memorial")
        #expect(throws: CertificateError.noAuthority) {
            try CertificateAuthority(certificate: node.certificate, key: node.key)
        }
        #expect(throws: CertificateError.noAuthority) {
            try TLSContext(TLSCredentials(authority: node.certificate, certificate: node.certificate, key: node.key))
        }
    }

    @Test func expiredAndNotYetValidAreRefused() throws {
        let one = try Consortium.one.get()
        let now = Consortium.now
        let expired = try one.context("memorial", Validity(notBefore: now - 7_200, notAfter: now - 3_600))
        let late = try outcome(expired, try one.context("c1"))
        #expect(late.server == .certificateRefused(.expired))
        guard case .refusedByPeer(45, _)? = late.client else {
            Issue.record("expected the alert certificate_expired, came \(String(describing: late.client))")
            return
        }
        let early = try one.context("c1", Validity(notBefore: now + 3_600, notAfter: now + 7_200))
        #expect(try outcome(try one.context("memorial"), early).client == .certificateRefused(.notYetValid))
    }

    @Test func bytesThatAreNoTLSAreNamedAsSuch() throws {
        let (_, server) = try pair()
        // A peer frame without TLS begins with the upper byte of its length.
        server.hear([0, 0, 0, 40] + pattern(40))
        #expect(server.failure == .notTLS)
        let (client, _) = try pair()
        client.hear(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        #expect(client.failure == .notTLS)
    }

    @Test func garbageInRecordsEndsTheLinkAndNothingElse() throws {
        var generator = SystemRandomNumberGenerator()
        for round in 0..<60 {
            let (client, server) = try pair()
            if round % 2 == 0 { carry(client, server) }
            let garbage = (0..<Int.random(in: 1...2_000, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            server.hear([UInt8.random(in: 20...23), 3, 3, UInt8(garbage.count >> 8), UInt8(truncatingIfNeeded: garbage.count)] + garbage)
            server.end()
            #expect(server.failure != nil && server.heard.isEmpty)
            // An error of one link is not taken for another's.
            let (next, other) = try pair()
            carry(next, other)
            #expect(next.failure == nil && other.failure == nil && next.engine.isOpen && other.engine.isOpen)
        }
    }

    @Test func oneAlteredBitIsFound() throws {
        let (client, server) = try pair()
        carry(client, server)
        try client.say(pattern(1_000))
        var bytes = client.engine.takeOutgoing()
        bytes[500] ^= 4
        server.hear(bytes)
        guard case .damaged? = server.failure else {
            Issue.record("expected damage, came \(String(describing: server.failure))")
            return
        }
        #expect(server.heard.isEmpty)
        // It stays so.
        let same = server.failure
        #expect { try server.say([1]) } throws: { $0 as? TLSError == same }
    }

    @Test func aHandshakeThatGoesOnForEverIsEnded() throws {
        let (_, server) = try pair()
        // A ClientHello that says it is 16 MB long.
        server.hear([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16_380))
        for _ in 0..<8 where server.failure == nil {
            server.hear([22, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 16_384))
        }
        #expect(server.failure != nil)
        // One that is as long as OpenSSL itself takes it: our own limit ends it before.
        let (_, patient) = try pair()
        patient.hear([22, 3, 1, 0x40, 0, 1, 1, 0xfb, 0xd0] + [UInt8](repeating: 0, count: 16_380))
        for _ in 0..<8 where patient.failure == nil {
            patient.hear([22, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 16_384))
        }
        #expect(patient.failure == .handshakeTooLong(bytesMax: TLSLimits.handshakeBytesMax))
        let (_, quiet) = try pair()
        // Records of one byte.
        for _ in 0..<20_000 where quiet.failure == nil { quiet.hear([20, 3, 3, 0, 1, 1]) }
        #expect(quiet.failure != nil)
    }
}

@Suite struct CertificateTests {
    @Test func aCertificateSaysWhoseItIs() throws {
        let one = try Consortium.one.get()
        let until = Consortium.now + 86_400
        let issued = try one.authority.issue(node: "odd,name;100%=*", Validity(notBefore: Consortium.now, notAfter: until))
        let facts = try CertificateFacts(pem: issued.certificate)
        #expect(facts.nodes == ["odd,name;100%=*"])
        #expect(facts.notBefore == Consortium.now && facts.notAfter == until)
        #expect(facts.serial.count == 32)
        let again = try one.authority.issue(node: "odd,name;100%=*", Validity(now: Consortium.now, days: 1), key: issued.key)
        #expect(again.key == issued.key)
        #expect(try CertificateFacts(pem: again.certificate).serial != facts.serial)
    }

    /// The node's name reads as before beside it: versions that do not know the second name read over it.
    @Test func aCertificateSaysWhetherItsNodeMayCoordinate() throws {
        let one = try Consortium.one.get()
        let validity = Validity(now: Consortium.now, days: 1)
        for (node, coordinates) in [("c1", true), ("c1", false), ("odd,name;100%=*", true)] {
            let issued = try one.authority.issue(node: node, coordinates: coordinates, validity)
            let facts = try CertificateFacts(pem: issued.certificate)
            #expect(facts.nodes == [node] && facts.coordinates == coordinates)
            let key = try NodeKey(pem: issued.key).publicHalf
            let other = try CertificateFacts(pem: try one.authority.issue(node: node, coordinates: coordinates, validity, publicKey: key))
            #expect(other.nodes == [node] && other.coordinates == coordinates)
        }
        #expect(NodeURI.node(in: NodeURI.text("c1", as: .coordinator)) == nil)
        #expect(NodeURI.node(in: NodeURI.text("c1"), as: .coordinator) == nil)
        #expect(NodeURI.node(in: NodeURI.text("c1", as: .coordinator), as: .coordinator) == "c1")
    }

    @Test func aNameIsWrittenInOneWayOnly() {
        for name in ["memorial", "a.b-c_d~e", "100%", "comma,colon"] { #expect(NodeURI.node(in: NodeURI.text(name)) == name) }
        for uri in ["callslip:node:", "callslip:node:a%2", "callslip:node:%61", "callslip:node:a,b", "https://memorial", "node:memorial"] {
            #expect(NodeURI.node(in: uri) == nil)
        }
    }

    @Test func textsThatAreNoUseSayWhy() throws {
        let one = try Consortium.one.get()
        let (good, other) = (try one.credentials("c1"), try one.credentials("c2"))
        #expect(throws: CertificateError.keyOfAnother) {
            try TLSContext(TLSCredentials(authority: good.authority, certificate: good.certificate, key: other.key))
        }
        for broken in ["", "no certificate", String(good.certificate.dropLast(60))] {
            do {
                _ = try TLSContext(TLSCredentials(authority: good.authority, certificate: broken, key: good.key))
                Issue.record("expected a refusal of \(broken)")
            } catch {
                guard case .unreadable("the certificate", _) = error else {
                    Issue.record("expected that it cannot be read, came \(error)")
                    return
                }
            }
        }
        let locked = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjpLyEgyL1eVgICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMLYJDZNnnGjFWlRoNIJQ5MEgZAw
            -----END ENCRYPTED PRIVATE KEY-----
            """
        #expect(throws: (any Error).self) {
            try TLSContext(TLSCredentials(authority: good.authority, certificate: good.certificate, key: locked))
        }
    }
}
