/// What a member of the log finds in its folder at a start: segments, vote, mark and snapshots, whole or not. Branches lie in the same form.

import Raft

extension FuzzTarget {
    /// The first byte says whether checksums are mended, which no fuzzer guesses; the rest is a folder as `LogFolder` writes it. What is opened is in order,
    /// and is the same when it is opened again.
    static let logFolder = FuzzTarget(name: "log-folder", inputBytesMax: 16 * 1024) { bytes in
        let files = LogFolder(bytes.dropFirst(), mendsChecksums: (bytes.first ?? 0) & 1 == 1)
        do throws(LogError) {
            let first = try open(files)
            let second = try open(files)
            guard first.entries == second.entries, first.term == second.term, first.snapshot?.1 == second.snapshot?.1 else {
                return "a folder is read in two ways"
            }
            for (entry, next) in zip(first.entries, first.entries.dropFirst()) where entry.index + 1 != next.index {
                return "entry \(next.index) follows \(entry.index)"
            }
            guard first.entries.reduce(0, { $0 + $1.payload.count }) <= bytes.count else {
                return "there is more in the log than in its files"
            }
        } catch {
            return "\(error)".isEmpty ? "an error without a sentence" : nil
        }
        return nil
    }

    private static func open(_ files: LogFolder) throws(LogError) -> RecoveredLog {
        let opened = try LogStore.open(
            DiskLayout(unlocked: LogFolder.path), LogFolder.identity, files: files, segmentBytes: LogFolder.segmentBytes)
        // What was opened can be written to.
        try opened.store.append([RaftEntry(index: opened.store.lastIndex + 1, term: max(1, opened.log.term), kind: .command, payload: [1])])
        try opened.store.truncate(from: opened.store.lastIndex)
        try opened.store.close()
        return opened.log
    }

    /// What a coordinator remembers of the others.
    static let voters = FuzzTarget(name: "voters", inputBytesMax: 1_024) { bytes in
        guard let memory = VoterMemory(bytes) else {
            // The same with the checksum that fits.
            guard bytes.count >= 4 else { return nil }
            let sum = CRC32C.checksum(Array(bytes.dropLast(4)))
            guard let mended = VoterMemory(bytes.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }) else {
                return nil
            }
            return VoterMemory(mended.encoded()) == mended ? nil : "what was taken is written as something else"
        }
        return VoterMemory(memory.encoded()) == memory ? nil : "what was taken is written as something else"
    }

    /// The membership in an entry, which libraft reads after us.
    static let membership = FuzzTarget(name: "membership", inputBytesMax: RaftLimits.membershipBytesMax + 64) { bytes in
        do throws(RaftFault) {
            let members = try MembershipCodec.decode(bytes)
            guard members.count <= RaftLimits.membersMax else { return "\(members.count) members" }
            let written = try MembershipCodec.encode(members)
            return try MembershipCodec.decode(written) == members ? nil : "what was taken is written as something else"
        } catch {
            return "\(error)".isEmpty ? "an error without a sentence" : nil
        }
    }
}
