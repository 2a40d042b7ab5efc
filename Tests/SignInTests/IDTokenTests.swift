import FoundationEssentials
import Testing

@testable import SignIn

/// What a sign-in service says is believed where it is signed, meant for this node, and an answer to this sign-in; and in no other case.
@Suite struct IDTokenTests {
    let nowS: Int64 = 1_790_000_000
    let head = #"{"alg":"ES256","kid":"one"}"#

    private var expected: IDToken.Expected {
        IDToken.Expected(issuer: "https://login.campus.example", client: "callslip", nonce: "n-1", claim: "preferred_username", nowS: nowS)
    }

    /// Claims that are right, but for what is given: JSON of a value, empty to leave the claim out.
    private func claims(_ changed: [String: String] = [:]) -> String {
        var claims = [
            "iss": #""https://login.campus.example""#, "aud": #""callslip""#, "sub": #""17""#, "nonce": #""n-1""#, "iat": "\(nowS - 5)",
            "exp": "\(nowS + 300)", "preferred_username": #""mm123""#,
        ]
        for (name, value) in changed { claims[name] = value.isEmpty ? nil : value }
        return "{" + claims.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private func refusal(_ body: () throws(CampusRefusal) -> IDToken) -> CampusRefusal? {
        do throws(CampusRefusal) {
            _ = try body()
            return nil
        } catch { return error }
    }

    @Test func whatIsRightIsTaken() throws {
        let signer = try #require(Signer())
        let keys = try JSONWebKeys(json: Array(signer.keys(named: "one", more: #"{"kty":"oct"},{"kid":5},"#).utf8))
        for changed in [
            [:], ["aud": #"["callslip"]"#], ["aud": #"["other","callslip"]"#, "azp": #""callslip""#], ["exp": "\(nowS + 1).5"],
            ["exp": "\(nowS - 119)"],
            ["nbf": "\(nowS + 119)"], ["email": #"{"a":[1,null,true]}"#],
        ] {
            #expect(try IDToken(signer.token(head, claims(changed)), keys: keys, expected).name == "mm123", "\(changed)")
        }
        // Without a name the one key is meant; with two there would be a choice.
        #expect(try IDToken(signer.token(#"{"alg":"ES256"}"#, claims()), keys: keys, expected).name == "mm123")
        let other = try #require(Signer())
        let more = other.keys(named: nil).replacing(#"{"keys":["#, with: "").replacing("]}", with: ",")
        let two = try JSONWebKeys(json: Array(signer.keys(named: nil, more: more).utf8))
        #expect(
            refusal { () throws(CampusRefusal) in try IDToken(signer.token(#"{"alg":"ES256"}"#, claims()), keys: two, expected) }?.code
                == .badToken)
    }

    @Test(arguments: [
        ("iss", #""https://login.campus.example/""#, "another service issued"), ("iss", "", "another service issued"),
        ("aud", #""other""#, "meant for another"), ("aud", "", "meant for another"), ("aud", #"["other"]"#, "meant for another"),
        ("aud", "5", "meant for another"),
        ("aud", #"["callslip","other"]"#, "given to another"), ("azp", #""other""#, "given to another"), ("azp", "7", "given to another"),
        ("sub", "", "names nobody"), ("sub", #""""#, "names nobody"), ("nonce", #""n-2""#, "another sign-in"),
        ("nonce", "", "another sign-in"),
        ("exp", "", "until when"), ("exp", #""1790000300""#, "until when"), ("exp", "1789999880", "has ended"),
        ("exp", "-1e300", "until when"),
        ("iat", "", "until when"), ("iat", "1789999399", "made at another time"), ("iat", "1790000121", "made at another time"),
        ("nbf", "1790000121", "not good yet"),
        ("nbf", #""soon""#, "not good yet"), ("preferred_username", "", "does not say"), ("preferred_username", #""""#, "does not say"),
        ("preferred_username", #"["mm123"]"#, "does not say"),
    ])
    func eachWrongClaimIsRefusedWithItsSentence(name: String, value: String, words: String) throws {
        let signer = try #require(Signer())
        let keys = try JSONWebKeys(json: Array(signer.keys(named: "one").utf8))
        let token = signer.token(head, claims([name: value]))
        let refusal = try #require(refusal { () throws(CampusRefusal) in try IDToken(token, keys: keys, expected) })
        #expect(refusal.code == .badToken && refusal.sentence.contains(words), "\(refusal)")
    }

    /// An address that nobody verified is anybody's; some services write the flag as a text, some leave it out.
    @Test func anAddressCountsWhereItWasVerified() throws {
        let signer = try #require(Signer())
        let keys = try JSONWebKeys(json: Array(signer.keys(named: "one").utf8))
        var expected = expected
        expected.claim = "email"
        for verified in ["true", #""true""#, ""] {
            let token = signer.token(head, claims(["email": #""mia@campus.example""#, "email_verified": verified]))
            #expect(try IDToken(token, keys: keys, expected).name == "mia@campus.example", "\(verified)")
        }
        for verified in ["false", #""false""#, #""""#, "0", "1", "null", #"["true"]"#] {
            let token = signer.token(head, claims(["email": #""mia@campus.example""#, "email_verified": verified]))
            let refusal = try #require(refusal { () throws(CampusRefusal) in try IDToken(token, keys: keys, expected) }, "\(verified)")
            #expect(refusal.code == .badToken && refusal.sentence.contains("never verified"))
        }
    }

    @Test func whatIsNotSignedByTheKeyThatIsMeantIsRefused() throws {
        let (signer, other) = (try #require(Signer()), try #require(Signer()))
        let keys = try JSONWebKeys(json: Array(signer.keys(named: "one").utf8))
        let right = signer.token(head, claims())
        let parts = right.split(separator: ".").map(String.init)
        let body = Base64URL.text(of: Array(claims(["preferred_username": #""vv77""#]).utf8))
        let none = Base64URL.text(of: Array(#"{"alg":"none"}"#.utf8))
        for wrong in [
            "", ".", "..", "a.b.c", right + ".", right + "=", String(right.dropLast(3)), "\(parts[0]).\(body).\(parts[2])",
            "\(parts[0]).\(parts[1]).",
            "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", other.token(head, claims()),
            signer.token(#"{"alg":"RS256","kid":"one"}"#, claims()),
            signer.token(#"{"alg":"HS256","kid":"one"}"#, claims()), signer.token(#"{"alg":"ES256","kid":"two"}"#, claims()),
            signer.token(#"{"alg":"ES256","kid":"one","crit":["exp"]}"#, claims()), signer.token(#"{"kid":"one"}"#, claims()),
            signer.token(head, "[]"), "\(parts[0]).\(parts[1]).\(Base64URL.text(of: [UInt8](repeating: 0, count: 64)))",
            parts[0] + "." + String(repeating: "A", count: IDToken.bytesMax) + "." + parts[2],
        ] {
            let refusal = try #require(
                refusal { () throws(CampusRefusal) in try IDToken(wrong, keys: keys, expected) }, "taken: \(wrong.prefix(200))")
            #expect(refusal.code == .badToken && refusal.sentence.contains("nobody is signed in"))
        }
        #expect(IDToken.isSignedWithUnknownKey(signer.token(#"{"alg":"ES256","kid":"two"}"#, claims()), keys))
        #expect(!IDToken.isSignedWithUnknownKey(right, keys) && !IDToken.isSignedWithUnknownKey("a.b.c", keys))
    }

    /// RFC 7515, appendix A.2 and A.3: the documents' own keys and signatures.
    @Test func theSignaturesOfTheStandardAreRight() throws {
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let rsa =
            #"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#
        let rs256 =
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        let ec =
            #"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
        let es256 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        let cases: [(String, String, String, JSONWebKeys.Algorithm)] = [
            (rsa, "eyJhbGciOiJSUzI1NiJ9", rs256, .rs256), (ec, "eyJhbGciOiJFUzI1NiJ9", es256, .es256),
        ]
        for (document, head, text, algorithm) in cases {
            let keys = try JSONWebKeys(json: Array(document.utf8))
            var signature = try #require(Base64URL.bytes(of: text))
            let message = Array("\(head).\(payload)".utf8)
            #expect(keys.verify(signature, of: message, by: algorithm, named: nil))
            #expect(!keys.verify(signature, of: message + [0x20], by: algorithm, named: nil))
            #expect(!keys.verify(signature, of: message, by: algorithm, named: "another"))
            for place in signature.indices {
                signature[place] ^= 1
                #expect(!keys.verify(signature, of: message, by: algorithm, named: nil))
                signature[place] ^= 1
            }
            #expect(!keys.verify(Array(signature.dropLast()), of: message, by: algorithm, named: nil))
            #expect(!keys.verify([], of: message, by: algorithm, named: nil))
        }
    }

    @Test func keysThatAreNoneVerifyNothing() throws {
        let message = Array("a.b".utf8)
        let short = Base64URL.text(of: [UInt8](repeating: 0xc1, count: 128))
        let point = Base64URL.text(of: [UInt8](repeating: 1, count: 32))
        for key in [
            #"{"kty":"RSA","n":"","e":"AQAB"}"#, #"{"kty":"RSA","n":"AQAB"}"#, #"{"kty":"RSA","n":"\#(short)","e":"AQAB"}"#,
            #"{"kty":"RSA","n":"!","e":"AQAB"}"#,
            #"{"kty":"RSA","n":"\#(short)","e":"\#(short)"}"#,
        ] {
            let keys = try JSONWebKeys(json: Array(#"{"keys":[\#(key)]}"#.utf8))
            #expect(!keys.verify([UInt8](repeating: 1, count: 256), of: message, by: .rs256, named: nil), "\(key)")
        }
        for key in [
            #"{"kty":"EC","crv":"P-256","x":"\#(point)","y":"\#(point)"}"#, #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            #"{"kty":"EC","crv":"P-521","x":"\#(point)","y":"\#(point)"}"#,
        ] {
            let keys = try JSONWebKeys(json: Array(#"{"keys":[\#(key)]}"#.utf8))
            #expect(!keys.verify([UInt8](repeating: 1, count: 64), of: message, by: .es256, named: nil), "\(key)")
        }
        for wrong in ["", "[]", "{}", #"{"keys":{}}"#, "{\"keys\":[" + String(repeating: "{},", count: 64) + "{}]}"] {
            #expect(throws: CampusRefusal.self) { try JSONWebKeys(json: Array(wrong.utf8)) }
        }
    }

    @Test func textInTheAlphabetForAddressesIsReadInOneWay() {
        for (bytes, text) in [([], ""), ([0xfb], "-w"), ([0xff, 0xe0], "_-A"), ([1, 2, 3], "AQID")] as [([UInt8], String)] {
            #expect(Base64URL.text(of: bytes) == text && Base64URL.bytes(of: text) == bytes)
        }
        for wrong in ["A", "-x", "_-B", "AQ==", "A+", "A/", "AQ ID", "ÄÄ"] { #expect(Base64URL.bytes(of: wrong) == nil, "\(wrong)") }
    }
}
