import ClientProtocol
import Consortium
import Gateway

struct Mistake: Error, CustomStringConvertible {
    var description: String
}

/// Identifiers by short names: the same name is the same identifier, and traces show the name.
struct Names {
    private var known: [String: String] = [:]

    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    mutating func id<Tag>(_ name: String) -> Identifier<Tag> {
        let id = Identifier<Tag>(high: Self.hash(name), low: Self.hash("low " + name))
        known[id.text] = name
        return id
    }

    func name<Tag>(of id: Identifier<Tag>) -> String { known[id.text] ?? id.text }

    static func name<Tag>(_ text: String) throws -> Name<Tag> {
        guard let name = Name<Tag>(text) else { throw Mistake(description: "\(text) is no name") }
        return name
    }

    /// Stands for the hash of a secret: as long, and different for different secrets.
    static func secretHash(_ bytes: [UInt8]) -> SecretHash {
        let words = (0..<4).map { word in hash("\(word)" + String(decoding: bytes, as: UTF8.self)) }
        let hashed = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
        guard let hash = SecretHash(hashed) else {
            // Four words of eight bytes are the 32 bytes that a SecretHash asks for.
            preconditionFailure("\(hashed.count) bytes")
        }
        return hash
    }
}
