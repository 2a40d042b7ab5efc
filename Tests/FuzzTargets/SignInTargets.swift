/// What a campus's sign-in service says: tokens, keys, its description of itself; and what this node notes of accounts.

import Node
import SignIn

extension FuzzTarget {
    /// The key of RFC 7515, appendix A.3.
    private static let keys = Array(
        #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a3","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
            .utf8)
    private static let service = CampusService(
        issuer: "https://login.campus.example", client: "callslip", secret: nil, claim: "preferred_username",
        redirect: "https://chat.example/api/campus/callback")

    /// Whoever is believed to be somebody was signed for: of all tokens in the corpus one is right, and it says `mm123`.
    static let idToken = FuzzTarget(name: "id-token", inputBytesMax: 4 * 1024) { bytes in
        let expected = IDToken.Expected(
            issuer: service.issuer, client: service.client, nonce: "n-1", claim: service.claim, nowS: 1_790_000_000)
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(CampusRefusal) {
            let keys = try JSONWebKeys(json: keys)
            let token = try IDToken(text, keys: keys, expected)
            guard token.name == "mm123", !IDToken.isSignedWithUnknownKey(text, keys) else { return "`\(token.name)` was not signed for" }
        } catch { return error.sentence.isEmpty || error.code != .badToken ? "no sentence of a bad token: \(error)" : nil }
        return nil
    }

    /// The first byte chooses: keys, with which a token is judged; the service's description; its answer for a code; a browser's cookie; notes of accounts.
    static let signInDocuments = FuzzTarget(name: "sign-in-documents", inputBytesMax: 4 * 1024) { bytes in
        guard let kind = bytes.first else { return nil }
        let rest = Array(bytes.dropFirst())
        do throws(CampusRefusal) {
            switch kind % 5 {
            case 0:
                let keys = try JSONWebKeys(json: rest)
                let expected = IDToken.Expected(issuer: "i", client: "c", nonce: "n", claim: "sub", nowS: 0)
                for head in ["eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9"] {
                    // A signature of all zeros is nobody's, whatever the key.
                    if (try? IDToken(
                        "\(head).e30." + String(repeating: "A", count: 86), keys: keys, expected)) != nil
                    {
                        return "nothing was signed, and it was taken"
                    }
                }
            case 1:
                let document = try CampusDocument(json: rest, of: service)
                for address in [document.authorization, document.token, document.keys] where !CampusService.isAddress(address) {
                    return "`\(address)` is asked"
                }
            case 2: if try CampusTokens.idToken(json: rest).utf8.count > rest.count { return "a token longer than the answer" }
            case 3:
                let cookie = String(decoding: rest, as: UTF8.self)
                if CampusBeginning(sealed: cookie, key: [UInt8](repeating: 7, count: 32), nowMs: 1) != nil {
                    return "a cookie that nobody sealed"
                }
            default: _ = AccountNotes.isText(String(decoding: rest, as: UTF8.self))
            }
        } catch { return error.sentence.isEmpty ? "an error without a sentence" : nil }
        return nil
    }
}
