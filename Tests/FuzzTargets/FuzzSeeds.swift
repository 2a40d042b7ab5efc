/// Real values of those targets whose values are made by the program's own modules; those that people or browsers write lie in the corpus alone.

import Consortium
import Glibc
import Node
import Raft
import TLS
import Wire

extension FuzzTarget {
    /// None for targets whose values come from elsewhere.
    public static func seeds(of target: String) throws -> [[UInt8]] {
        switch target {
        case "log-folder": try logFolders()
        case "voters":
            (0..<3).map { count in
                var memory = VoterMemory()
                for peer in 0..<UInt64(count) { memory.acknowledged(by: peer + 1, term: 3, index: 40 + peer) }
                return memory.encoded()
            }
        case "membership": try [members(1), members(3)].map { try MembershipCodec.encode($0) }
        case "keyring":
            ["", "# the older one comes last\n"].map { Array(($0 + KeyringFile.text(of: [key(1), key(2)])).utf8) }
        case "backup":
            [
                [0] + (try BackupFile(of: ConsortiumState(), term: 3, cluster: "campus", node: "c1", madeMs: 1_000).encoded()),
                [1] + ConsortiumState().wireSnapshot(),
            ]
        case "tls", "certificate": try certified(target)
        default: []
        }
    }

    private static func key(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 32) }

    private static func members(_ count: UInt64) -> [RaftMember] { (1...count).map { RaftMember(id: $0, name: "c\($0)", duty: .voter) } }

    /// New, written, cut short, with a snapshot, begun at a snapshot, under repair; each as it is and with one number changed under its checksum.
    private static func logFolders() throws -> [[UInt8]] {
        var folders: [LogFolder] = [LogFolder()]
        func store(_ steps: (LogStore) throws -> Void) throws {
            let files = LogFolder()
            let opened = try LogStore.open(
                DiskLayout(unlocked: LogFolder.path), LogFolder.identity, files: files, segmentBytes: LogFolder.segmentBytes)
            try steps(opened.store)
            folders.append(files)
        }
        func entries(_ range: ClosedRange<UInt64>) -> [RaftEntry] {
            range.map {
                RaftEntry(index: $0, term: 1, kind: .command, payload: [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 40))
            }
        }
        let meta = SnapshotMeta(index: 5, term: 1, members: members(1), membersIndex: 1)
        try store { _ = try $0.bootstrap(members(3)) }
        try store {
            _ = try $0.bootstrap(members(1))
            try $0.append(entries(2...12))
            try $0.sync()
        }
        try store {
            _ = try $0.bootstrap(members(1))
            // Enough for a second segment.
            try $0.append(entries(2...40))
            try $0.saveSnapshot(meta, [1, 2, 3], keptFrom: 6)
            try $0.truncate(from: 39)
            try $0.close()
        }
        try store {
            _ = try $0.begin(at: meta, [1, 2, 3])
            try $0.append(entries(6...7))
            try $0.sync()
        }
        let written = folders.map(\.written)
        return written.map { [0] + $0 } + written.map { [1] + $0 }
    }

    /// A certificate, and the first words of a conversation; with how they may be altered.
    private static func certified(_ target: String) throws -> [[UInt8]] {
        let validity = Validity(now: Int64(time(nil)), days: 3_650)
        let root = try CertificateAuthority.make(name: "Fuzz", validity)
        let authority = try CertificateAuthority(certificate: root.certificate, key: root.key)
        let issued = try authority.issue(node: "memorial", validity)
        if target == "certificate" {
            let lines = issued.certificate.split(separator: "\n").filter { !$0.hasPrefix("-") }
            return [
                [0] + Array(issued.certificate.utf8), [0] + Array((issued.certificate + root.certificate).utf8),
                [1] + decoded(lines.joined()),
            ]
        }
        let context = try TLSContext(
            TLSCredentials(authority: root.certificate, certificate: issued.certificate, key: issued.key))
        let hello = try TLSEngine(context, .client).takeOutgoing()
        // From the network: to a node, to one that dialled, to the web. Altered: not at all, at the beginning, in the handshake, in what is said.
        return [[0] + hello, [2] + hello, [4] + hello, [1], [3], [5], [1, 0, 1], [5, 20, 255], [1, 60, 4, 200, 3], [5, 90, 1, 250, 2]]
    }

    private static func decoded(_ base64: String) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var (bytes, word, bits): ([UInt8], Int, Int) = ([], 0, 0)
        for digit in base64.utf8 {
            guard let value = digits.firstIndex(of: digit) else { break }
            (word, bits) = ((word << 6 | value) & 0xFFFF, bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes
    }
}
