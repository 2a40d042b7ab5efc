import Sodium
import Testing

@Suite struct SodiumTests {
    private func bytes(hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
        }
    }

    @Test func sha256MatchesItsStandard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Hash.sha256(Array("abc".utf8)) == bytes(hex: expected))
        #expect(Hash.sha256([]) == bytes(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    }

    @Test func blake2bMatchesItsReference() throws {
        let expected = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        #expect(try Hash.blake2b(Array("abc".utf8)) == bytes(hex: expected))
        #expect(try Hash.blake2b([1], key: [UInt8](repeating: 1, count: 32)) != Hash.blake2b([1]))
        #expect(throws: SodiumError.wrongLength("hash key", expectedBytes: 32, bytes: 5)) { try Hash.blake2b([], key: [1, 2, 3, 4, 5]) }
    }

    @Test func randomBytesHaveTheLengthAskedForAndDiffer() throws {
        #expect(try Randomness.bytes(0).isEmpty)
        #expect(try Randomness.bytes(32).count == 32)
        #expect(try Randomness.bytes(32) != Randomness.bytes(32))
        #expect(try Randomness.uint64() != Randomness.uint64())
        #expect(throws: SodiumError.self) { try Randomness.bytes(SodiumLimits.randomBytesMax + 1) }
        #expect(throws: SodiumError.self) { try Randomness.bytes(-1) }
    }

    @Test func comparisonTellsEqualFromUnequal() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(constantTimeEqual([], []))
    }

    /// The vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    @Test func sealingMatchesTheDraftsVector() throws {
        let text =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
        let key = (0x80...0x9f).map { UInt8($0) }
        let nonce = (0x40...0x57).map { UInt8($0) }
        let associated = bytes(hex: "50515253c0c1c2c3c4c5c6c7")
        let sealed = try AEAD.seal(Array(text.utf8), associated: associated, nonce: nonce, key: key)
        #expect(Array(sealed.prefix(16)) == bytes(hex: "bd6d179d3e83d43b9576579493c0e939"))
        #expect(Array(sealed.suffix(16)) == bytes(hex: "c0875924c1c7987947deafd8780acf49"))
        #expect(try AEAD.open(sealed, associated: associated, nonce: nonce, key: key) == Array(text.utf8))
    }

    @Test func alteredMessagesDoNotOpen() throws {
        let key = try AEAD.makeKey()
        let nonce = try AEAD.makeNonce()
        let sealed = try AEAD.seal([1, 2, 3], associated: [9], nonce: nonce, key: key)
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: SodiumError.forged) { try AEAD.open(altered, associated: [9], nonce: nonce, key: key) }
        }
        #expect(throws: SodiumError.forged) { try AEAD.open(sealed, associated: [8], nonce: nonce, key: key) }
        #expect(throws: SodiumError.forged) { try AEAD.open([1], associated: [9], nonce: nonce, key: key) }
        #expect(throws: SodiumError.wrongLength("key", expectedBytes: 32, bytes: 1)) {
            try AEAD.open(sealed, associated: [9], nonce: nonce, key: [1])
        }
    }

    @Test func passwordsVerifyAgainstTheirOwnHashOnly() throws {
        let stored = try PasswordHash.hash("correct horse", parameters: .fastestForTests)
        #expect(stored.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(try PasswordHash.verify("correct horse", stored: stored))
        #expect(try !PasswordHash.verify("correct Horse", stored: stored))
        #expect(try PasswordHash.hash("correct horse", parameters: .fastestForTests) != stored)
    }

    @Test func aHashWithOtherParametersAsksToBeMadeAnew() throws {
        let stored = try PasswordHash.hash("x", parameters: .fastestForTests)
        #expect(try !PasswordHash.needsRehash(stored, parameters: .fastestForTests))
        #expect(try PasswordHash.needsRehash(stored, parameters: .init(operations: 2, memoryBytes: 8_192)))
        #expect(try PasswordHash.needsRehash("nonsense", parameters: .fastestForTests))
    }

    /// The last one is of `x` indeed, with a pass more than may be: what keeps it from being computed is the limit alone.
    @Test(arguments: [
        "", "$", "nonsense", "$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=8,t=999,p=1$AAAA$AAAA",
        "$argon2id$v=19$m=8,t=65,p=1$4fMvdrrOsh34N1dligdgHA$4pz1H+tw/QcagRQLobYFc+LvLta0OBJqAW+TgLVTuYI",
    ])
    func malformedOrExcessiveStoredHashesVerifyNothing(stored: String) throws {
        #expect(try !PasswordHash.verify("x", stored: stored))
    }

    @Test func passwordsAndParametersAreBounded() {
        let long = String(repeating: "x", count: SodiumLimits.passwordBytesMax + 1)
        #expect(throws: SodiumError.tooLong("password", bytesMax: 1_024, bytes: 1_025)) {
            try PasswordHash.hash(long, parameters: .fastestForTests)
        }
        #expect(throws: SodiumError.self) { try PasswordHash.hash("x", parameters: .init(operations: 0, memoryBytes: 8_192)) }
        #expect(throws: SodiumError.self) { try PasswordHash.hash("x", parameters: .init(operations: 1, memoryBytes: 1)) }
    }
}
