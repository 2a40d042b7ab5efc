/// One version of the button's code: the files that a page loads from `/js/v/VERSION/`. The version is the beginning of a digest of all of them, so that an address never
/// means anything else, and browsers may keep what they have.

import Consortium
import Sodium
import Web

struct ButtonBundle: Sendable {
    let version: String
    /// In order of their paths.
    let files: [(path: String, content: [UInt8])]

    static let filesMax = 200
    static let bytesMax = 4 * 1024 * 1024
    private static let head = "callslip-button 1\n"
    /// The folders whose files it consists of.
    private static let folders = ["patron/", "shared/", "texts/"]

    init(_ all: [(path: String, content: [UInt8])]) {
        let files = all.filter { Self.isOurs($0.path) }.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.files = files
        version = Self.version(of: files)
    }

    /// What was embedded when the program was built.
    static func builtIn() -> ButtonBundle { ButtonBundle(Assets.builtIn) }

    /// As it is kept on disk: for each file its length and its path on a line, then its content.
    func encoded() -> [UInt8] {
        var bytes = Array(Self.head.utf8)
        for (path, content) in files {
            bytes += "\(content.count) \(path)\n".utf8
            bytes += content
        }
        return bytes
    }

    /// Nil for what is no bundle, or is damaged: it would have another version then.
    init?(encoded bytes: [UInt8], version: String) {
        guard bytes.count <= Self.bytesMax, bytes.starts(with: Self.head.utf8) else { return nil }
        var files: [(path: String, content: [UInt8])] = []
        var at = Self.head.utf8.count
        while at < bytes.count {
            guard files.count < Self.filesMax, let end = bytes[at...].prefix(300).firstIndex(of: 0x0A) else { return nil }
            let words = String(decoding: bytes[at..<end], as: UTF8.self).split(separator: " ", maxSplits: 1)
            guard words.count == 2, let length = Int(words[0]), length >= 0, length <= bytes.count - end - 1, Self.isOurs(String(words[1]))
            else { return nil }
            files.append((String(words[1]), Array(bytes[end + 1..<end + 1 + length])))
            at = end + 1 + length
        }
        self.files = files
        self.version = version
        guard Self.version(of: files) == version else { return nil }
    }

    private static func isOurs(_ path: String) -> Bool {
        folders.contains { path.hasPrefix($0) }
            && !path.split(separator: "/", omittingEmptySubsequences: false).contains { $0.isEmpty || $0.hasPrefix(".") }
            && path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func version(of files: [(path: String, content: [UInt8])]) -> String {
        var all: [UInt8] = []
        for (path, content) in files {
            all += "\(path) \(content.count)\n".utf8
            all += content
        }
        let digits = Hex.text(of: Hash.sha256(all))
        return String(digits.prefix(Limits.buttonVersionDigits))
    }
}
