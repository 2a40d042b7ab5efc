import Sodium

/// Gossip keys: a file of 32-byte keys in hexadecimal, one per line, the first of which encrypts.
package enum KeyringFile {
    static func read(_ path: String, cluster: [UInt8]) throws -> Keyring {
        if try SmallFile.read(path) == nil {
            try SmallFile.replace(path, with: text(of: [try AEAD.makeKey()]))
        }
        return try ring(try keys(in: try SmallFile.read(path) ?? "", of: path), cluster: cluster, of: path)
    }

    /// The keys in a file's text, at least one. Lines that begin with # are not looked at.
    package static func keys(in text: String, of path: String) throws(CallslipNode.StartFailure) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard let key = Hex.bytes(of: line), key.count == AEAD.keyBytes else {
                throw CallslipNode.StartFailure("\(path) line \(number + 1): expected \(AEAD.keyBytes * 2) hexadecimal digits")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw CallslipNode.StartFailure("\(path) holds no key; delete it to have one made") }
        return keys
    }

    package static func text(of keys: [[UInt8]]) -> String {
        keys.map { Hex.text(of: $0) + "\n" }.joined()
    }

    /// The ring of these keys, the first of which seals.
    package static func ring(_ keys: [[UInt8]], cluster: [UInt8], of path: String) throws(CallslipNode.StartFailure) -> Keyring {
        do throws(KeyringError) {
            return try Keyring(primary: keys.first ?? [], others: Array(keys.dropFirst()), clusterID: cluster)
        } catch {
            switch error {
            case .duplicateKey: throw CallslipNode.StartFailure("\(path) holds one key twice; remove one of the two lines")
            case .tooManyKeys(let keysMax):
                throw CallslipNode.StartFailure("\(path) holds \(keys.count) keys, and \(keysMax) is the most; remove the oldest ones")
            default: throw CallslipNode.StartFailure("\(path): \(error)")
            }
        }
    }
}
