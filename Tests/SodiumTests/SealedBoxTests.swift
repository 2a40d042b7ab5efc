import Sodium
import Testing

@Suite struct SealedBoxTests {
    @Test func onlyTheHolderOfTheSecretKeyOpens() throws {
        let (mine, other) = (try SealedBox.makePair(), try SealedBox.makePair())
        for text in [[], [1], [UInt8](repeating: 7, count: 10_000)] as [[UInt8]] {
            let sealed = try SealedBox.seal(text, to: mine.publicKey)
            #expect(sealed.count == text.count + SealedBox.overheadBytes)
            #expect(try SealedBox.open(sealed, publicKey: mine.publicKey, secretKey: mine.secretKey) == text)
            #expect(throws: SodiumError.forged) { try SealedBox.open(sealed, publicKey: other.publicKey, secretKey: other.secretKey) }
        }
    }

    @Test func alteredOrShortIsForged() throws {
        let mine = try SealedBox.makePair()
        let sealed = try SealedBox.seal([1, 2, 3], to: mine.publicKey)
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: SodiumError.forged) { try SealedBox.open(altered, publicKey: mine.publicKey, secretKey: mine.secretKey) }
        }
        #expect(throws: SodiumError.forged) { try SealedBox.open([1, 2], publicKey: mine.publicKey, secretKey: mine.secretKey) }
        #expect(throws: SodiumError.self) { try SealedBox.seal([1], to: [1, 2, 3]) }
        // A key of low order, with which the secret would be known to all.
        #expect(throws: SodiumError.forged) { try SealedBox.seal([1], to: [UInt8](repeating: 0, count: 32)) }
    }
}
