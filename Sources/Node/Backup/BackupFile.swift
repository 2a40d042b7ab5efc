/// A backup: the replicated state as one coordinator had it, in one file that tells what it is and whether it is whole.
///
///     callslip backup 1
///     {"cluster":"campus","index":4711,"term":9,…,"sha256":"…"}
///     the state, as in a snapshot
///
/// It holds no more than the coordinators do: the roster and settings, the chats that go on, and what is to be delivered yet. Passwords lie at the libraries' nodes.

import Consortium
import FoundationEssentials
import Sodium
import Wire

public struct BackupFile: Sendable {
    /// What the file tells of itself, also to people who look into it.
    public struct Head: Codable, Hashable, Sendable {
        /// The name of the cluster that it was made of.
        public var cluster: String
        /// The coordinator that made it.
        public var node: String
        /// The last entry of the log that the state includes, and the term in force.
        public var index: UInt64
        public var term: UInt64
        /// Unix milliseconds.
        public var madeMs: UInt64
        /// How many chats go on in it.
        public var chats: Int
        public var bytes: Int
        /// Of the state, in hexadecimal.
        public var sha256: String
    }
    public var head: Head
    public var state: [UInt8]

    /// Why a file is no backup that can be restored.
    public enum Unusable: Error, Hashable, Sendable, CustomStringConvertible {
        case notABackup
        case otherVersion(String)
        case damagedHead
        case torn(expected: Int, found: Int)
        case damaged
        case state(String)

        public var description: String {
            switch self {
            case .notABackup: "this is no backup: expected the first line `\(BackupFile.magic) \(BackupFile.version)`"
            case .otherVersion(let found):
                "this backup is of version \(found), and this program reads version \(BackupFile.version): restore it with the version that made it"
            case .damagedHead: "the backup's second line cannot be read; take another backup"
            case .torn(let expected, let found):
                "the backup is not whole: expected \(expected) bytes of state, found \(found); copy it again, or take another one"
            case .damaged: "the backup's content is not what was written (its checksum differs); copy it again, or take another one"
            case .state(let why): "the state in this backup cannot be read: \(why)"
            }
        }
    }

    static let magic = "callslip backup"
    static let version = "1"
    private static let headBytesMax = 4_096

    /// The state must be the coordinator's own, as applied.
    public init(of state: ConsortiumState, term: UInt64, cluster: String, node: String, madeMs: UInt64) {
        self.state = state.wireSnapshot()
        head = Head(
            cluster: cluster, node: node, index: state.appliedThrough.index, term: term, madeMs: madeMs, chats: state.liveChats,
            bytes: self.state.count, sha256: Hex.text(of: Hash.sha256(self.state)))
    }

    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array("\(Self.magic) \(Self.version)\n".utf8) + [UInt8](try encoder.encode(head)) + [0x0a] + state
    }

    public init(_ bytes: [UInt8]) throws(Unusable) {
        let lines = bytes.prefix(Self.headBytesMax).split(separator: 0x0a, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { throw .notABackup }
        let first = String(decoding: lines[0], as: UTF8.self)
        guard first.hasPrefix(Self.magic + " ") else { throw .notABackup }
        let version = String(first.dropFirst(Self.magic.count + 1))
        guard version == Self.version else { throw .otherVersion(version) }
        guard let head = try? JSONDecoder().decode(Head.self, from: Data(lines[1])) else { throw .damagedHead }
        let state = Array(bytes[lines[2].startIndex...])
        guard state.count == head.bytes else { throw .torn(expected: head.bytes, found: state.count) }
        guard Hex.text(of: Hash.sha256(state)) == head.sha256 else { throw .damaged }
        self.head = head
        self.state = state
    }

    /// A file that cannot be read at all, or is none.
    public static func read(_ path: String) throws -> BackupFile {
        guard let bytes = try SmallFile.readBytes(path, bytesMax: ConsortiumWireLimits.snapshotBytesMax + headBytesMax) else {
            throw CallslipNode.StartFailure("there is no file \(path)")
        }
        return try BackupFile(bytes)
    }

    /// The state in it, as it was.
    public func consortium() throws(Unusable) -> ConsortiumState {
        do { return try ConsortiumState(wireSnapshot: state) } catch { throw .state("\(error)") }
    }
}
