/// Why a packet was not opened. The shell counts these; it never answers a packet that it could not open.
public enum KeyringError: Error, Equatable, Sendable {
    /// Shorter than the fixed parts of a packet.
    case truncated(bytesMin: Int, bytes: Int)
    /// Sealed by another version of this format: not ours, or from a node that must be upgraded.
    case wrongVersion(expected: UInt8, got: UInt8)
    /// Sealed with a key that this ring does not hold: a rotation has not reached this node, or the packet is a stranger's.
    case unknownKey(id: UInt32)
    /// Altered, of another cluster, or for another context.
    case forged
    /// The ring is full: remove a retired key first.
    case tooManyKeys(keysMax: Int)
    /// Two keys with one id can't be told apart: make another key.
    case duplicateKey(id: UInt32)
    /// The primary key can't be removed: make another one primary first.
    case keyIsPrimary(id: UInt32)
    /// A key, nonce, cluster id or packet that the primitives refuse.
    case refused(SodiumError)
}

/// The shared keys of one cluster: one encrypts, all decrypt, so that a key can be rotated while a node is down
/// (add the new key everywhere, make it primary everywhere, remove the old one everywhere).
///
/// A packet is `version (1) | key id (4, big-endian) | nonce (24) | ciphertext | tag (16)`. Its key id makes opening O(1) in the number of
/// keys. Version, key id, cluster id and the caller's context are associated data: a packet of another cluster, or of another purpose,
/// does not authenticate even where the keys are the same.
public struct Keyring: Sendable {
    /// The version of the packet's format.
    public static let version: UInt8 = 1
    /// What sealing adds to a plaintext.
    public static let overheadBytes = headerBytes + AEAD.tagBytes
    private static let headerBytes = 1 + 4 + AEAD.nonceBytes

    /// The cluster that packets are bound to.
    public let clusterID: [UInt8]
    /// The id of the key that seals.
    public private(set) var primaryID: UInt32
    private var keys: [UInt32: [UInt8]]

    /// A ring that seals with `primary` and opens with it and with `others`.
    /// - Parameters:
    ///   - primary: 32 bytes; `others` likewise, at most ``SodiumLimits/keyringKeysMax`` − 1 of them.
    ///   - clusterID: at most ``SodiumLimits/clusterIDBytesMax`` bytes.
    public init(primary: [UInt8], others: [[UInt8]] = [], clusterID: [UInt8]) throws(KeyringError) {
        guard clusterID.count <= SodiumLimits.clusterIDBytesMax else {
            throw .refused(.tooLong("cluster id", bytesMax: SodiumLimits.clusterIDBytesMax, bytes: clusterID.count))
        }
        self.clusterID = clusterID
        primaryID = try Self.keyID(of: primary)
        keys = [primaryID: primary]
        for key in others { try add(key) }
    }

    /// The ids of all keys, ascending.
    public var keyIDs: [UInt32] { keys.keys.sorted() }

    /// The key that seals, then the others by id: for the file that keeps them.
    public var keysInOrder: [[UInt8]] { keys(keyIDs.sorted { ($0 == primaryID ? 0 : 1, $0) < ($1 == primaryID ? 0 : 1, $1) }) }

    /// Those of `ids` that the ring holds: for another node of the cluster.
    public func keys(_ ids: [UInt32]) -> [[UInt8]] { ids.compactMap { keys[$0] } }

    /// Adds a key that opens. Adding the same key again is refused as a duplicate.
    /// - Returns: the key's id.
    @discardableResult
    public mutating func add(_ key: [UInt8]) throws(KeyringError) -> UInt32 {
        let id = try Self.keyID(of: key)
        guard keys[id] == nil else { throw .duplicateKey(id: id) }
        guard keys.count < SodiumLimits.keyringKeysMax else { throw .tooManyKeys(keysMax: SodiumLimits.keyringKeysMax) }
        keys[id] = key
        return id
    }

    /// Seals with the key `id` from now on.
    public mutating func makePrimary(_ id: UInt32) throws(KeyringError) {
        guard keys[id] != nil else { throw .unknownKey(id: id) }
        primaryID = id
    }

    /// Forgets a retired key: what it sealed no longer opens.
    public mutating func remove(_ id: UInt32) throws(KeyringError) {
        guard id != primaryID else { throw .keyIsPrimary(id: id) }
        guard keys.removeValue(forKey: id) != nil else { throw .unknownKey(id: id) }
    }

    /// Seals `plaintext` with the primary key and a random nonce.
    /// - Parameter context: what the packet is for, such as "udp"; opening takes the same.
    public func seal(_ plaintext: [UInt8], context: [UInt8] = []) throws(KeyringError) -> [UInt8] {
        guard let key = keys[primaryID] else { throw .unknownKey(id: primaryID) }
        do throws(SodiumError) {
            let nonce = try AEAD.makeNonce()
            let header = Self.header(keyID: primaryID)
            let associated = associatedData(header: header, context: context)
            return header + nonce + (try AEAD.seal(plaintext, associated: associated, nonce: nonce, key: key))
        } catch {
            throw .refused(error)
        }
    }

    /// Opens a packet made by ``seal(_:context:)`` of any ring that shares the key, the cluster id and the context.
    public func open(_ packet: [UInt8], context: [UInt8] = []) throws(KeyringError) -> [UInt8] {
        guard let version = packet.first else { throw .truncated(bytesMin: Self.overheadBytes, bytes: 0) }
        guard version == Self.version else { throw .wrongVersion(expected: Self.version, got: version) }
        guard packet.count >= Self.overheadBytes else { throw .truncated(bytesMin: Self.overheadBytes, bytes: packet.count) }
        let id = packet[1..<5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = keys[id] else { throw .unknownKey(id: id) }
        let associated = associatedData(header: Array(packet[..<5]), context: context)
        let nonce = Array(packet[5..<Self.headerBytes])
        do throws(SodiumError) {
            return try AEAD.open(Array(packet[Self.headerBytes...]), associated: associated, nonce: nonce, key: key)
        } catch {
            throw error == .forged ? .forged : .refused(error)
        }
    }

    /// A key's id: four bytes of a hash keyed by it, so that the id says nothing about the key.
    public static func keyID(of key: [UInt8]) throws(KeyringError) -> UInt32 {
        guard key.count == AEAD.keyBytes else {
            throw .refused(.wrongLength("key", expectedBytes: AEAD.keyBytes, bytes: key.count))
        }
        do throws(SodiumError) {
            return try Hash.blake2b(Array("callslip key id".utf8), key: key).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        } catch {
            throw .refused(error)
        }
    }

    private static func header(keyID: UInt32) -> [UInt8] {
        [version] + (0..<4).map { UInt8(truncatingIfNeeded: keyID >> (24 - 8 * UInt32($0))) }
    }

    /// Header, cluster id and context; the length of the cluster id stands before it so that the parts can't be shifted into each other.
    private func associatedData(header: [UInt8], context: [UInt8]) -> [UInt8] {
        header + [UInt8(clusterID.count)] + clusterID + context
    }
}
