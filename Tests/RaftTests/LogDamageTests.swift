import Glibc
import Testing

@testable import Raft

/// Damage is named, never skipped; a torn tail is cut, and named as well.
@Suite struct LogDamageTests {
    private func damage(_ folder: TestFolder) throws -> (file: String, offset: Int, advice: String)? {
        do {
            _ = try openStore(folder)
            return nil
        } catch LogError.damaged(let file, let offset, let expected, let found, let advice) {
            #expect(!expected.isEmpty && !found.isEmpty && !advice.isEmpty)
            return (file, offset, advice)
        }
    }

    /// Where each record of a segment stands.
    private func offsets(_ file: String) throws -> [Int] {
        try SegmentScan.read(file, testIdentity, SystemFiles()).records.map(\.offset)
    }

    @Test func aTornTailIsCutAndNamed() throws {
        let folder = try filledFolder(upTo: 12)
        let last = try #require(folder.files("log-").last)
        let end = try SegmentScan.read(last, testIdentity, SystemFiles()).end
        // Half a record, as a power cut leaves it.
        var half: [UInt8] = []
        _ = RecordHead.append(commands(13...13)[0], durableBefore: 12, previousChain: 1, to: &half)
        try folder.overwrite(last, at: end, Array(half.prefix(55)))
        let (store, log, report) = try openStore(folder)
        #expect(log.entries.count == 12)
        #expect(report.notes == [.tornTail(file: last, offset: end)])
        try store.append(commands(13...14))
        try store.sync()
        let again = try openStore(folder.reopened(after: store))
        #expect(again.log.entries.count == 14 && again.report.notes.isEmpty)
    }

    @Test func unacknowledgedButWholeRecordsAreKept() throws {
        let folder = try filledFolder(upTo: 12)
        let last = try #require(folder.files("log-").last)
        let scan = try SegmentScan.read(last, testIdentity, SystemFiles())
        var whole: [UInt8] = []
        let chain = try #require(scan.records.last).head.chain
        _ = RecordHead.append(commands(13...13)[0], durableBefore: 12, previousChain: chain, to: &whole)
        try folder.overwrite(last, at: scan.end, whole)
        #expect(try openStore(folder).log.entries.count == 13)
    }

    @Test func aFlippedBitInTheMiddleIsNamedWithItsPlace() throws {
        let folder = try filledFolder(upTo: 40)
        let segments = folder.files("log-")
        let middle = segments[segments.count / 2]
        let offset = try offsets(middle)[2]
        try folder.flipBit(middle, at: offset + RecordHead.bytes + 3)
        let found = try #require(try damage(folder))
        #expect(found.file == middle && found.offset == offset)
        #expect(found.advice == LogError.rejoin)
    }

    @Test func aFlippedBitInTheAcknowledgedTailIsNotATornTail() throws {
        let folder = try filledFolder(upTo: 12, killed: true)
        let last = try #require(folder.files("log-").last)
        let offset = try #require(try offsets(last).last)
        try folder.flipBit(last, at: offset + RecordHead.bytes + 1)
        #expect(try #require(try damage(folder)).offset == offset)
    }

    @Test func everyFlippedBitOfTheLogIsSeen() throws {
        let folder = try filledFolder(upTo: 7)
        let file = try #require(folder.files("log-").first)
        let scan = try SegmentScan.read(file, testIdentity, SystemFiles())
        for offset in 0..<scan.end {
            try folder.flipBit(file, at: offset)
            #expect(throws: LogError.self, "byte \(offset)") { try openStore(folder) }
            try folder.flipBit(file, at: offset)
        }
        #expect(try openStore(folder).log.entries.count == 7)
    }

    @Test func aLateMarkStillDoesNotHideDamage() throws {
        let folder = try filledFolder(upTo: 6)
        let mark = try folder.content("\(folder.path)/mark")
        // One large segment, so that records follow the damaged one in the same file.
        let store = try openStore(folder, segmentBytes: 1 << 16).store
        for entry in commands(7...10) {
            try store.append([entry])
            try store.sync()
        }
        // A power cut has lost the mark's last writes. Records after the damage prove that it had been durable.
        try folder.overwrite("\(folder.path)/mark", at: 0, mark)
        let last = try #require(folder.files("log-").last)
        let offset = try offsets(last)[7]
        try folder.flipBit(last, at: offset + RecordHead.bytes)
        let found = try #require(try damage(folder.reopened(after: store)))
        #expect(found.offset == offset)
    }

    @Test func aLogCutOffAtARecordsEndIsShorterThanItsMark() throws {
        let folder = try filledFolder(upTo: 12)
        let last = try #require(folder.files("log-").last)
        let offset = try #require(try offsets(last).last)
        try folder.overwrite(last, at: offset, [UInt8](repeating: 0, count: 1024 - offset))
        #expect(try damage(folder) != nil)
    }

    @Test func aShortFileIsDamage() throws {
        let folder = try filledFolder(upTo: 12)
        let last = try #require(folder.files("log-").last)
        try folder.shorten(last, to: try #require(try offsets(last).last) + 20)
        #expect(try damage(folder) != nil)
    }

    @Test(arguments: [0, 1, 2]) func aMissingSegmentIsNamed(which: Int) throws {
        let folder = try filledFolder(upTo: 40)
        let segments = folder.files("log-")
        let victim = [segments[0], segments[2], segments[segments.count - 1]][which]
        try SystemFiles().remove(victim)
        do {
            _ = try openStore(folder)
            Issue.record("a missing segment went unseen")
        } catch LogError.missing(let file, _, let advice) {
            #expect(file == victim && !advice.isEmpty)
        } catch LogError.damaged(_, _, let expected, _, _) {
            #expect(which == 2 && expected.contains("acknowledged"))
        }
    }

    @Test(arguments: ["mark", "vote"]) func aMissingSmallFileIsAnError(name: String) throws {
        let folder = try filledFolder(upTo: 4)
        try SystemFiles().remove("\(folder.path)/\(name)")
        #expect(throws: LogError.self) { try openStore(folder) }
    }

    @Test(arguments: ["mark", "vote"]) func oneTornSlotIsBridgedByTheOther(name: String) throws {
        for slot in [0, SlotFile.slotOffset] {
            let folder = try filledFolder(upTo: 4)
            let first = try openStore(folder).store
            try first.setTermVote(term: 6, vote: 3)
            try folder.flipBit("\(folder.path)/\(name)", at: slot + 50)
            let (_, log, report) = try openStore(folder.reopened(after: first))
            #expect(log.term == 6 && log.vote == 3 && log.entries.count == 4)
            #expect(report.notes == [.tornSlot(file: "\(folder.path)/\(name)", offset: slot)])
        }
    }

    @Test(arguments: ["mark", "vote"]) func twoTornSlotsAreAnError(name: String) throws {
        let folder = try filledFolder(upTo: 4)
        for slot in [0, SlotFile.slotOffset] { try folder.flipBit("\(folder.path)/\(name)", at: slot + 50) }
        #expect(try #require(try damage(folder)).file == "\(folder.path)/\(name)")
    }

    @Test func anotherClustersOrMembersFolderIsRefused() throws {
        let folder = try filledFolder(upTo: 4)
        let other = LogIdentity(cluster: [UInt8](repeating: 1, count: 16), member: 1)
        #expect(throws: LogError.wrongCluster(file: "\(folder.path)/vote", expected: other.cluster, found: testIdentity.cluster)) {
            try openStore(folder, identity: other)
        }
        #expect(throws: LogError.wrongMember(file: "\(folder.path)/vote", expected: 2, found: 1)) {
            try openStore(folder, identity: LogIdentity(cluster: testIdentity.cluster, member: 2))
        }
    }

    @Test func aNewerFormatIsRefused() throws {
        let folder = try filledFolder(upTo: 4)
        let file = try #require(folder.files("log-").first)
        var head = Array(try folder.content(file).prefix(SegmentHead.bytes))
        head[8] = 2
        var sealed = ByteWriter(bytes: Array(head.dropLast(4)))
        sealed.put(CRC32C.checksum(sealed.bytes))
        try folder.overwrite(file, at: 0, sealed.bytes)
        #expect(throws: LogError.wrongVersion(file: file, expected: 1, found: 2)) { try openStore(folder) }
    }

    @Test func aDamagedSnapshotFallsBackToTheOlderOne() throws {
        let folder = try filledFolder(upTo: 40)
        let store = try openStore(folder).store
        for index in [UInt64(20), 30] {
            let meta = SnapshotMeta(index: index, term: 1, members: testMembers, membersIndex: 1)
            try store.saveSnapshot(meta, [UInt8](repeating: UInt8(index), count: 100), keptFrom: index)
        }
        let newest = try #require(folder.files("snapshot-").last)
        try folder.shorten(newest, to: 150)
        let (again, log, report) = try openStore(folder.reopened(after: store))
        #expect(log.snapshot?.meta.index == 20)
        #expect(log.entries.last?.index == 40)
        #expect(report.notes == [.olderSnapshot(unreadable: newest)])
        try folder.flipBit(try #require(folder.files("snapshot-").first), at: 160)
        #expect(try damage(folder.reopened(after: again)) != nil, "without any readable snapshot nothing is guessed")
    }

    @Test func aHalfWrittenSnapshotIsRemoved() throws {
        let folder = try filledFolder(upTo: 10)
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("rename", EIO)
        let meta = SnapshotMeta(index: 8, term: 1, members: testMembers, membersIndex: 1)
        #expect(throws: LogError.self) { try store.saveSnapshot(meta, [1], keptFrom: 8) }
        let (_, log, report) = try openStore(folder.reopened(after: store))
        #expect(log.snapshot == nil && log.entries.count == 10)
        #expect(report.notes == [.leftover(file: "\(folder.path)/snapshot.partial")])
    }

    @Test func aFullDiskWhenASegmentBeginsIsTyped() throws {
        let folder = try filledFolder(upTo: 4)
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("allocate", ENOSPC)
        #expect(throws: LogError.noSpace(FileFault(call: "allocate", file: "planned", errno: ENOSPC))) {
            for entry in commands(5...40) {
                try store.append([entry])
                try store.sync()
            }
        }
        let acknowledged = store.syncedIndex
        #expect(try openStore(folder.reopened(after: store)).log.entries.last?.index == acknowledged)
    }

    /// With checksums that fit: nothing that is added to such a number leaves the machine's range.
    @Test func numbersBeyondAnyLogAreDamage() throws {
        let beyond = RaftLimits.numberMax + 1
        #expect(
            try SegmentHead.decode(SegmentHead(generation: 1, first: beyond, chain: 0).encoded(testIdentity), testIdentity, file: "log")
                == nil)
        #expect(
            try SegmentHead.decode(SegmentHead(generation: 1, first: 0, chain: 0).encoded(testIdentity), testIdentity, file: "log") == nil)
        #expect(
            try SegmentHead.decode(SegmentHead(generation: .max, first: 1, chain: 0).encoded(testIdentity), testIdentity, file: "log")
                == nil)
        for (index, term, durable) in [(beyond, 1, 0), (1, UInt64.max, 0), (1, 1, beyond)] as [(UInt64, UInt64, UInt64)] {
            var record: [UInt8] = []
            _ = RecordHead.append(
                RaftEntry(index: index, term: term, kind: .command, payload: [1]), durableBefore: durable, previousChain: 0, to: &record)
            #expect(record.withUnsafeBytes { RecordHead.decode($0, at: 0) } == nil)
        }
        #expect(DiskLayout.numbers("log-00000000000000000001-00000000000000000000", prefix: "log") == nil)
        #expect(DiskLayout.numbers("log-00000000000000000001-18446744073709551615", prefix: "log") == nil)
        #expect(DiskLayout.numbers("snapshot-00000000000000000001-00000000000000000000", prefix: "snapshot")?.1 == 0)
        let folder = try TestFolder()
        let mark = try SlotFile("\(folder.path)/mark", .mark, testIdentity, SystemFiles())
        try mark.writeBoth([.max, 0, 0])
        #expect(throws: LogError.self) { try openStore(folder) }
        let path = "\(folder.path)/snapshot"
        let meta = SnapshotMeta(index: beyond, term: 1, members: [RaftMember(id: 1, name: "c1", duty: .voter)], membersIndex: 1)
        try SnapshotFile.write(path, meta, [1], testIdentity, SystemFiles())
        #expect(try SnapshotFile.read(path, testIdentity, SystemFiles()) == nil)
    }
}
