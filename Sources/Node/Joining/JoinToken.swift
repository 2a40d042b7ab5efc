/// What a library is given to join with: where to ask, which invitation, and its secret. One line of text, to be copied as it stands.

import FoundationEssentials
import SignIn
import Sodium

public struct JoinToken: Hashable, Sendable {
    /// Why a text is no token. For whoever typed it.
    public struct Unreadable: Error, CustomStringConvertible, Sendable {
        public var description: String
    }

    static let idBytes = 8
    static let secretBytes = AEAD.keyBytes
    private static let prefix = "callslip-join-"
    private static let checkBytes = 4
    /// The longest address that a token can hold, in bytes.
    static let urlBytesMax = 512

    /// The invitation's number, no secret.
    public let id: [UInt8]
    /// With which question and answer are sealed; known to the token's bearer and the coordinator that made it.
    let secret: [UInt8]
    /// A coordinator's web address, without a slash at its end.
    public let url: String

    init(id: [UInt8], secret: [UInt8], url: String) {
        self.id = id
        self.secret = secret
        self.url = url
    }

    /// - Throws: with what to do, when it is not a whole token. Of what it names nothing is known before the coordinator is asked.
    public init(text: String) throws(Unreadable) {
        let text = text.trimmed
        guard text.hasPrefix(Self.prefix) else {
            throw Unreadable(
                description: "this is no token: one begins with `\(Self.prefix)`; copy the whole line that `callslip invite` printed")
        }
        let digits = text.dropFirst(Self.prefix.count)
        let fixed = Self.idBytes + Self.secretBytes
        guard digits.utf8.count <= 2 * Self.urlBytesMax, let bytes = Base64URL.bytes(of: String(digits)),
            bytes.count > fixed + Self.checkBytes, Array(bytes.suffix(Self.checkBytes)) == Self.check(bytes.dropLast(Self.checkBytes)),
            let url = String(validatingUTF8Bytes: bytes[fixed..<(bytes.count - Self.checkBytes)])
        else {
            throw Unreadable(
                description: "this token is damaged: copy the whole line that `callslip invite` printed, with nothing in between")
        }
        self.init(id: Array(bytes.prefix(Self.idBytes)), secret: Array(bytes[Self.idBytes..<fixed]), url: url)
    }

    public var text: String {
        let bytes = id + secret + Array(url.utf8)
        return Self.prefix + Base64URL.text(of: bytes + Self.check(bytes[...]))
    }

    /// So that a slip of the hand is told from an invitation that is gone.
    private static func check(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Array(Hash.sha256(Array(bytes)).prefix(checkBytes)) }
}

extension String {
    fileprivate init?(validatingUTF8Bytes bytes: ArraySlice<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { return nil }
        self = text
    }
}
