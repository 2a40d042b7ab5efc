import Testing

@testable import SignIn

/// One-time codes: the tables of RFC 4226 (appendix D) and RFC 6238 (appendix B), and what is refused.
@Suite struct OneTimeCodeTests {
    let secret = Array("12345678901234567890".utf8)

    @Test func countersGiveTheCodesOfRFC4226() {
        let codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
        for (counter, code) in codes.enumerated() { #expect(OneTimeCode.code(secret, step: UInt64(counter)) == code) }
    }

    @Test(
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] as [(UInt64, String)])
    func timesGiveTheCodesOfRFC6238(seconds: UInt64, code: String) {
        #expect(OneTimeCode.code(secret, step: OneTimeCode.step(atMs: seconds * 1_000), digits: 8) == code)
    }

    @Test func aCodeIsGoodInItsStepAndThoseBesideItAndOnce() {
        let nowMs: UInt64 = 1_790_000_000_000
        let step = OneTimeCode.step(atMs: nowMs)
        for near in [step - 1, step, step + 1] {
            let code = OneTimeCode.code(secret, step: near)
            #expect(OneTimeCode.step(of: code, secret, after: 0, nowMs: nowMs) == near)
            #expect(OneTimeCode.step(of: code, secret, after: near - 1, nowMs: nowMs) == near)
            #expect(OneTimeCode.step(of: code, secret, after: near, nowMs: nowMs) == nil, "used already")
        }
        for far in [step - 2, step + 2] {
            #expect(OneTimeCode.step(of: OneTimeCode.code(secret, step: far), secret, after: 0, nowMs: nowMs) == nil)
        }
        for wrong in ["", "12345", "1234567", "abcdef", "٠١٢٣٤٥"] {
            #expect(OneTimeCode.step(of: wrong, secret, after: 0, nowMs: nowMs) == nil)
        }
        // At the beginning of time there is no step before.
        #expect(OneTimeCode.step(of: OneTimeCode.code(secret, step: 1), secret, after: 0, nowMs: 0) == 1)
    }

    @Test func secretsAreReadAndWrittenAsRFC4648HasThem() {
        for (bytes, text) in [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
        ] {
            #expect(Base32.text(of: Array(bytes.utf8)) == text)
            #expect(Base32.bytes(of: text.lowercased()) == Array(bytes.utf8))
        }
        for wrong in ["A", "MZ1", "M!", "MZ=", "MZXW6YTBO", "ſſſſſſſſ"] { #expect(Base32.bytes(of: wrong) == nil, "\(wrong)") }
        #expect(Base32.grouped("ABCDEFGHIJ", by: " ") == "ABCD EFGH IJ")
    }

    @Test func theLinkNamesAccountAndIssuerWhateverTheyAre() {
        #expect(
            OneTimeCode.link(secret, account: "mia.memorial", issuer: "Chat & more")
                == "otpauth://totp/Chat%20%26%20more:mia.memorial?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Chat%20%26%20more")
    }

    @Test func recoveryCodesAreOnesOwnHoweverTheyAreTyped() throws {
        let code = try RecoveryCode.make()
        #expect(code.utf8.count == 19)
        let digest = try #require(RecoveryCode.digest(code, of: "mia"))
        #expect(RecoveryCode.digest(code.lowercased().replacing("-", with: " "), of: "mia") == digest)
        #expect(RecoveryCode.digest(code, of: "max") != digest)
        #expect(RecoveryCode.digest(String(code.dropLast()), of: "mia") == nil)
        #expect(try RecoveryCode.make() != code)
    }
}
