import Sodium
import Testing

@Suite struct KeyringTests {
    private let old = [UInt8](repeating: 1, count: 32)
    private let new = [UInt8](repeating: 2, count: 32)
    private let cluster = Array("consortium-1".utf8)
    private let text = Array("ping".utf8)

    @Test func aPacketOpensInAnyRingThatHoldsItsKey() throws {
        let sender = try Keyring(primary: old, clusterID: cluster)
        let receiver = try Keyring(primary: new, others: [old], clusterID: cluster)
        let packet = try sender.seal(text)
        #expect(packet.count == text.count + Keyring.overheadBytes)
        #expect(try receiver.open(packet) == text)
    }

    @Test func aKeyIsRotatedWithoutAMomentInWhichPacketsFail() throws {
        var first = try Keyring(primary: old, clusterID: cluster)
        var second = first
        let oldID = first.primaryID
        func bothWays() throws {
            #expect(try second.open(first.seal(text)) == text)
            #expect(try first.open(second.seal(text)) == text)
        }
        let newID = try first.add(new)
        try bothWays()
        try second.add(new)
        try first.makePrimary(newID)
        try bothWays()
        try second.makePrimary(newID)
        try first.remove(oldID)
        try bothWays()
        try second.remove(oldID)
        try bothWays()
        #expect(first.keyIDs == [newID])
    }

    @Test func failuresAreTold() throws {
        let ring = try Keyring(primary: old, clusterID: cluster)
        let stranger = try Keyring(primary: new, clusterID: cluster)
        let packet = try ring.seal(text)
        #expect(throws: KeyringError.unknownKey(id: ring.primaryID)) { try stranger.open(packet) }
        #expect(throws: KeyringError.truncated(bytesMin: Keyring.overheadBytes, bytes: 44)) { try ring.open(Array(packet.prefix(44))) }
        #expect(throws: KeyringError.truncated(bytesMin: Keyring.overheadBytes, bytes: 0)) { try ring.open([]) }
        #expect(throws: KeyringError.wrongVersion(expected: 1, got: 2)) { try ring.open([2] + packet.dropFirst()) }
        #expect(throws: KeyringError.forged) { try ring.open(packet.dropLast() + [packet[packet.count - 1] ^ 1]) }
    }

    @Test func packetsOfAnotherClusterOrContextAreForged() throws {
        let ring = try Keyring(primary: old, clusterID: cluster)
        let other = try Keyring(primary: old, clusterID: Array("consortium-2".utf8))
        let packet = try ring.seal(text, context: [1])
        #expect(throws: KeyringError.forged) { try other.open(packet, context: [1]) }
        #expect(throws: KeyringError.forged) { try ring.open(packet, context: [2]) }
        #expect(try ring.open(packet, context: [1]) == text)
    }

    @Test func everyAlteredByteIsNoticed() throws {
        let ring = try Keyring(primary: old, clusterID: cluster)
        let packet = try ring.seal(text)
        for index in packet.indices {
            var altered = packet
            altered[index] ^= 0x40
            #expect(throws: KeyringError.self) { try ring.open(altered) }
        }
    }

    @Test func theRingIsBounded() throws {
        var ring = try Keyring(primary: old, clusterID: cluster)
        #expect(throws: KeyringError.duplicateKey(id: ring.primaryID)) { try ring.add(old) }
        #expect(throws: KeyringError.keyIsPrimary(id: ring.primaryID)) { try ring.remove(ring.primaryID) }
        for byte in 2...SodiumLimits.keyringKeysMax { try ring.add([UInt8](repeating: UInt8(byte), count: 32)) }
        #expect(throws: KeyringError.tooManyKeys(keysMax: SodiumLimits.keyringKeysMax)) { try ring.add([UInt8](repeating: 99, count: 32)) }
        #expect(throws: KeyringError.refused(.wrongLength("key", expectedBytes: 32, bytes: 3))) { try ring.add([1, 2, 3]) }
        #expect(throws: KeyringError.self) { try Keyring(primary: old, clusterID: [UInt8](repeating: 0, count: 65)) }
    }
}
