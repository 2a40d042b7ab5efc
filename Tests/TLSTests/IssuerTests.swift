import Testing

@testable import TLS

/// An issuer below the consortium's authority, and keys that stay where they were made.
@Suite struct IssuerTests {
    private let now = Consortium.now

    private func issuer(_ consortium: Consortium, days: Int64 = 5) throws -> (authority: CertificateAuthority, certificate: String) {
        let made = try consortium.authority.makeIssuer(name: "c1 issuer", Validity(now: now, days: days))
        return (try CertificateAuthority(certificate: made.certificate, key: made.key), made.certificate)
    }

    /// What `node` shows when the issuer certified it: its own certificate, then the issuer's.
    private func credentials(
        _ node: String, trusting consortium: Consortium, _ issuer: (authority: CertificateAuthority, certificate: String)
    ) throws
        -> TLSCredentials
    {
        let key = try NodeKey.make()
        let own = try issuer.authority.issue(node: node, Validity(now: now, days: 1), publicKey: key.publicHalf)
        return TLSCredentials(authority: consortium.authority.certificate, certificate: own + issuer.certificate, key: key.secret)
    }

    private func meet(_ ours: TLSContext, _ theirs: TLSContext) throws -> (client: End, server: End) {
        let (client, server) = (try End(ours, .client), try End(theirs, .server))
        carry(client, server)
        return (client, server)
    }

    @Test func whomAnIssuerCertifiedIsHeardByThoseWhoKnowTheAuthorityAlone() throws {
        let one = try Consortium.one.get()
        let (client, server) = try meet(TLSContext(try credentials("memorial", trusting: one, issuer(one))), one.context("c1"))
        #expect(client.engine.isOpen && server.engine.isOpen)
        #expect(server.engine.peer?.nodes == ["memorial"])
        #expect(client.engine.peer?.nodes == ["c1"])
    }

    @Test func anIssuerOfAnotherAuthorityIsForeign() throws {
        let (one, other) = (try Consortium.one.get(), try Consortium.other.get())
        let (_, server) = try meet(TLSContext(try credentials("memorial", trusting: one, issuer(other))), one.context("c1"))
        #expect(server.failure == .certificateRefused(.foreign))
    }

    /// An issuer makes nodes and no further issuers.
    @Test func anIssuerMakesNoIssuers() throws {
        let below = try issuer(try Consortium.one.get())
        #expect(throws: CertificateError.noIssuersAllowed) { try below.authority.makeIssuer(name: "below", Validity(now: now, days: 1)) }
    }

    @Test func nothingOutlivesWhatSignedIt() throws {
        let one = try Consortium.one.get()
        let below = try issuer(one, days: 99_999)
        #expect(below.authority.facts.notAfter == one.authority.facts.notAfter)
        let key = try NodeKey.make()
        let long = try below.authority.issue(node: "memorial", Validity(now: now, days: 99_999), publicKey: key.publicHalf)
        #expect(try CertificateFacts(pem: long).notAfter == below.authority.facts.notAfter)
    }

    @Test func aNodesKeyKeepsItsPublicHalf() throws {
        let key = try NodeKey.make()
        #expect(try NodeKey(pem: key.secret).publicHalf == key.publicHalf)
        #expect(try NodeKey.make().publicHalf != key.publicHalf)
        #expect(!key.publicHalf.contains("PRIVATE"))
    }

    /// What comes from outside as a public key is one of ours, or is refused in words.
    @Test func otherKeysAreRefused() throws {
        let authority = try Consortium.one.get().authority
        // Ed25519, from RFC 8410, 10.1.
        let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
        #expect(throws: CertificateError.wrongKind("the node's public key")) {
            try authority.issue(node: "memorial", Validity(now: now, days: 1), publicKey: ed25519)
        }
        for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", try NodeKey.make().secret] {
            #expect(throws: CertificateError.self) { try authority.issue(node: "memorial", Validity(now: now, days: 1), publicKey: text) }
        }
    }
}
