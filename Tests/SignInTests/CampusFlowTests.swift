import FoundationEssentials
import Sodium
import Testing

@testable import SignIn

/// What a browser is sent to, what it must bring back, and what is asked then.
@Suite struct CampusFlowTests {
    let service = CampusService(
        issuer: "https://login.campus.example/realm", client: "call slip", secret: "s&cret:%", claim: "sub",
        redirect: "https://chat.example/api/campus/callback")
    let nowMs: UInt64 = 1_790_000_000_000

    private func document(_ changed: [String: String] = [:]) throws(CampusRefusal) -> CampusDocument {
        var fields = [
            "issuer": #""https://login.campus.example/realm""#, "authorization_endpoint": #""https://login.campus.example/auth?tenant=1""#,
            "token_endpoint": #""https://login.campus.example/token""#, "jwks_uri": #""https://login.campus.example/keys""#,
        ]
        for (name, value) in changed { fields[name] = value.isEmpty ? nil : value }
        let text = "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        return try CampusDocument(json: Array(text.utf8), of: service)
    }

    /// RFC 7636, appendix B.
    @Test func theChallengeIsTheStandards() throws {
        let beginning = CampusBeginning(state: "s t", nonce: "n", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", beganMs: nowMs)
        #expect(
            beginning.address(try document(), service, scope: "openid profile")
                == "https://login.campus.example/auth?tenant=1&response_type=code&client_id=call%20slip&redirect_uri=https%3A%2F%2Fchat.example%2Fapi%2Fcampus%2Fcallback"
                + "&scope=openid%20profile&state=s%20t&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        )
    }

    @Test func theSecretGoesWhereTheServiceWantsIt() throws {
        let beginning = CampusBeginning(state: "s", nonce: "n", verifier: "v", beganMs: nowMs)
        let body =
            "grant_type=authorization_code&code=a%2Bb&redirect_uri=https%3A%2F%2Fchat.example%2Fapi%2Fcampus%2Fcallback&client_id=call%20slip&code_verifier=v"
        var asked = beginning.question(code: "a+b", try document(), service)
        #expect(asked.body == body)
        #expect(asked.authorization == "Basic " + Data("call%20slip:s%26cret%3A%25".utf8).base64EncodedString())
        asked = beginning.question(
            code: "a+b", try document(["token_endpoint_auth_methods_supported": #"["client_secret_post"]"#]), service)
        #expect(asked.body == body + "&client_secret=s%26cret%3A%25" && asked.authorization == nil)
        var open = service
        open.secret = nil
        asked = beginning.question(code: "a+b", try document(), open)
        #expect(asked.body == body && asked.authorization == nil)
    }

    @Test(arguments: [
        ("issuer", #""https://login.campus.example/realm/""#), ("issuer", ""), ("token_endpoint", #""http://login.campus.example/token""#),
        ("jwks_uri", ""),
        ("authorization_endpoint", #""javascript:alert(1)""#), ("authorization_endpoint", #""https://a b""#),
        ("code_challenge_methods_supported", #"["plain"]"#),
        ("token_endpoint", "7"), ("token_endpoint", #""file:///etc/passwd""#), ("jwks_uri", #""http://127.0.0.1.example/""#),
    ])
    func documentsThatLieAreRefused(name: String, value: String) {
        #expect(throws: CampusRefusal.self) { try document([name: value]) }
    }

    @Test func addressesAreHTTPSOrThisMachines() {
        for right in ["https://a", "http://127.0.0.1", "http://127.0.0.1:8080/o", "http://localhost/x", "http://[::1]:1/"] {
            #expect(CampusService.isAddress(right), "\(right)")
        }
        for wrong in [
            "", "https://", "http://a", "http://127.0.0.2", "http://127.0.0.1.example", "http://localhost.example", "http://127.0.0.1@a",
            "HTTPS://a", "https://a b",
            "https://a\r\nX: y", "https://ä", "ftp://a", "https://" + String(repeating: "a", count: 1_000),
        ] { #expect(!CampusService.isAddress(wrong), "\(wrong)") }
    }

    @Test func whatABrowserBeganIsItsOwnAndLately() throws {
        let (key, other) = (try AEAD.makeKey(), try AEAD.makeKey())
        let begun = try CampusBeginning.make(nowMs: nowMs)
        let sealed = try begun.sealed(key: key)
        #expect(!sealed.contains(begun.state) && sealed.utf8.count < 512)
        #expect(CampusBeginning(sealed: sealed, key: key, nowMs: nowMs + CampusBeginning.msMax - 1) == begun)
        #expect(CampusBeginning(sealed: sealed, key: key, nowMs: nowMs + CampusBeginning.msMax) == nil)
        #expect(CampusBeginning(sealed: sealed, key: key, nowMs: nowMs - 1) == nil, "from the future")
        #expect(CampusBeginning(sealed: sealed, key: other, nowMs: nowMs) == nil)
        for wrong in ["", "AAAA", String(sealed.dropLast(2)), sealed + "AA", String(repeating: "A", count: 2_000)] {
            #expect(CampusBeginning(sealed: wrong, key: key, nowMs: nowMs) == nil)
        }
        #expect(try CampusBeginning.make(nowMs: nowMs).state != begun.state)
    }

    @Test func anAnswerBelongsToItsBeginning() throws {
        let begun = try CampusBeginning.make(nowMs: nowMs)
        func code(_ state: String?, code: String? = "c", error: String? = nil, issuer: String? = nil) -> Result<String, CampusRefusal> {
            Result { () throws(CampusRefusal) in
                try begun.code(in: CampusAnswer(state: state, code: code, error: error, issuer: issuer), from: service)
            }
        }
        #expect(code(begun.state) == .success("c"))
        #expect(code(begun.state, issuer: service.issuer) == .success("c"))
        for state in [nil, "", String(begun.state.dropLast()), begun.nonce] { #expect(code(state) == .failure(.otherBrowser)) }
        // Who says no must be the one that was asked, too.
        #expect(code("other", error: "access_denied") == .failure(.otherBrowser))
        func refused(_ result: Result<String, CampusRefusal>) -> CampusRefusal? {
            if case .failure(let refusal) = result { refusal } else { nil }
        }
        #expect(refused(code(begun.state, error: "access_denied<b>"))?.code == .denied)
        #expect(refused(code(begun.state, error: "access_denied<b>"))?.detail == "access_deniedb")
        #expect(refused(code(begun.state, issuer: "https://other.example"))?.code == .badToken)
        #expect(refused(code(begun.state, code: nil))?.code == .provider)
        #expect(refused(code(begun.state, code: String(repeating: "c", count: 2_049)))?.code == .provider)
    }
}
