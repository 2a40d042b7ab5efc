import Glibc
import Locking
import Testing

@testable import Raft

/// A disk without room, and one whose sync fails: what is there stays, nothing is acknowledged that is not durable, and work goes on by itself where it can.
@Suite struct FullDiskTests {
    private func ticket(_ number: UInt64) -> PersistTicket { PersistTicket(number: number) }

    @Test func aStoreWithoutRoomKeepsWhatItHasAndGoesOnWhenThereIsSome() throws {
        let folder = try filledFolder(upTo: 5)
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("allocate", ENOSPC)
        #expect(throws: LogError.self) { for entry in commands(6...40) { try store.append([entry]) } }
        let kept = store.lastIndex
        #expect(kept >= 6 && kept < 40)
        #expect(store.syncedIndex == kept, "what was taken before the segment's end is durable")
        files.mend("allocate")
        try store.append(commands(kept + 1...40))
        try store.sync()
        try store.close()
        #expect(try openStore(folder).log.entries.last?.index == 40)
    }

    @Test func whatWasBegunWithoutRoomLeavesNothingBehind() throws {
        let folder = try filledFolder(upTo: 5)
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        for call in ["allocate", "sync"] {
            files.fail(call, ENOSPC)
            let segments = folder.files("log")
            #expect(throws: LogError.self) {
                for entry in commands(store.lastIndex + 1...store.lastIndex + 40) { try store.append([entry]) }
            }
            #expect(folder.files("log") == segments)
            files.mend(call)
            try store.append(commands(store.lastIndex + 1...store.lastIndex + 3))
        }
        try store.close()
    }

    @Test func aWriterWithoutRoomWaitsReportsItAndLosesNothing() throws {
        let folder = try filledFolder(upTo: 5)
        let completions = CompletionLog()
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("allocate", ENOSPC)
        let writer = try LogWriter(store) { completions.take($0) }
        #expect(writer.submit([.append(ticket(1), commands(6...40)), .append(ticket(2), commands(41...42))]))
        #expect(completions.wait { $0.full >= 2 }, "it tries again by itself")
        #expect(completions.tickets.isEmpty && completions.failure == nil)
        files.mend("allocate")
        #expect(completions.wait { $0.tickets == [1, 2] && $0.again == 1 })
        writer.stop()
        #expect(try openStore(folder).log.entries.last?.index == 42)
    }

    @Test func aWriterThatIsStoppedWithoutRoomLeavesOutWhatWasNeverAcknowledged() throws {
        let folder = try filledFolder(upTo: 5)
        let completions = CompletionLog()
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("allocate", ENOSPC)
        let writer = try LogWriter(store) { completions.take($0) }
        #expect(writer.submit([.append(ticket(1), commands(6...40))]))
        #expect(completions.wait { $0.full >= 1 })
        writer.stop()
        files.mend("allocate")
        let last = try openStore(folder).log.entries.last?.index ?? 0
        #expect(last >= 5 && last < 40)
    }

    @Test func aSnapshotOfOurOwnWaitsForRoomToo() throws {
        let folder = try filledFolder(upTo: 20)
        let completions = CompletionLog()
        let files = FaultyFiles()
        let store = try openStore(folder, files: files).store
        files.fail("write", ENOSPC)
        let writer = try LogWriter(store) { completions.take($0) }
        let meta = SnapshotMeta(index: 15, term: 1, members: testMembers, membersIndex: 1)
        #expect(writer.submit([.snapshot(ticket(1), meta, [1, 2, 3], logKeptFrom: 10)]))
        #expect(completions.wait { $0.full >= 2 })
        #expect(completions.failure == nil)
        files.mend("write")
        #expect(completions.wait { $0.tickets == [1] })
        writer.stop()
        #expect(try openStore(folder).log.snapshot?.0.index == 15)
    }

    @Test func afterAFailedSyncTheTailIsWrittenOnceMoreSinceTheKernelMayTakeItForWritten() throws {
        let folder = try filledFolder(upTo: 5)
        let disk = ForgetfulFiles()
        let store = try openStore(folder, files: disk, segmentBytes: 8192).store
        try store.append(commands(6...7))
        try store.sync()
        disk.failNextDataSync()
        try store.append(commands(8...9))
        #expect(throws: LogError.self) { try store.sync() }

        // The process starts again: the page cache still has both records, and after this start they count as durable.
        let (again, log, _) = try openStore(folder.reopened(after: store), files: disk, segmentBytes: 8192)
        let last = log.entries.last?.index ?? 0
        #expect(last == 9)
        // The power goes: what the disk itself holds is all there is.
        try disk.losePower()
        #expect(try openStore(folder.reopened(after: again), segmentBytes: 8192).log.entries.last?.index == last)
    }
}

@Suite struct VoteAfterFailedSyncTests {
    /// The simulator's seed 568 once found a voter whose log was of a later term than its vote: it had started on a vote that no disk had.
    @Test func aVoteThatTheNextStartReadsIsWrittenOnceMore() throws {
        let folder = try filledFolder(upTo: 5)
        let disk = ForgetfulFiles()
        let store = try openStore(folder, files: disk).store
        disk.failNextDataSync()
        #expect(throws: LogError.self) { try store.setTermVote(term: 7, vote: 2) }

        let (again, log, _) = try openStore(folder.reopened(after: store), files: disk)
        #expect(log.term == 7)
        try again.append([RaftEntry(index: 6, term: 7, kind: .command, payload: [6])])
        try again.sync()
        try disk.losePower()
        let (_, last, _) = try openStore(folder.reopened(after: again))
        #expect(last.term == 7)
        #expect(last.vote == 2)
        #expect(last.entries.last?.term == 7)
    }
}

/// Files of which the disk has only what was synced, and whose kernel forgets what a failed sync did not write: the pages stay readable and count as clean, so the
/// next sync does not write them either (as Linux does).
final class ForgetfulFiles: FileOperations {
    private struct Write {
        var path: String
        var offset: Int
        var bytes: [UInt8]
    }
    private struct State {
        var paths: [Int32: String] = [:]
        var dirty: [Write] = []
        /// Readable, and not on the disk.
        var forgotten: [Write] = []
        var failsNext = false
    }
    private let state = Locked(State())
    private let real = SystemFiles()

    func failNextDataSync() { state.withLock { $0.failsNext = true } }

    /// Puts zeros where the disk has nothing.
    func losePower() throws {
        let lost = state.withLock { $0.dirty + $0.forgotten }
        for write in lost {
            let descriptor = try real.open(write.path, flags: O_RDWR)
            defer { real.close(descriptor) }
            try real.write(descriptor, [UInt8](repeating: 0, count: write.bytes.count), at: write.offset)
        }
    }

    func open(_ path: String, flags: Int32) throws(FileFault) -> Int32 {
        let descriptor = try real.open(path, flags: flags)
        state.withLock { $0.paths[descriptor] = path }
        return descriptor
    }
    func close(_ descriptor: Int32) {
        state.withLock { $0.paths[descriptor] = nil }
        real.close(descriptor)
    }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        try real.write(descriptor, bytes, at: offset)
        state.withLock { state in
            let write = Write(path: state.paths[descriptor] ?? "", offset: offset, bytes: Array(bytes))
            // Written anew, it is dirty again.
            state.forgotten.removeAll { $0.path == write.path && $0.offset >= offset && $0.offset + $0.bytes.count <= offset + bytes.count }
            state.dirty.append(write)
        }
    }
    func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
        try real.read(descriptor, at: offset, count: count)
    }
    func size(_ descriptor: Int32) throws(FileFault) -> Int { try real.size(descriptor) }
    func syncData(_ descriptor: Int32) throws(FileFault) {
        let failed = state.withLock { state -> Bool in
            let path = state.paths[descriptor] ?? ""
            if state.failsNext { state.forgotten += state.dirty.filter { $0.path == path } }
            state.dirty.removeAll { $0.path == path }
            defer { state.failsNext = false }
            return state.failsNext
        }
        if failed { throw FileFault(call: "fdatasync", file: "planned", errno: EIO) }
    }
    func sync(_ descriptor: Int32) throws(FileFault) { try syncData(descriptor) }
    func truncate(_ descriptor: Int32, to size: Int) throws(FileFault) { try real.truncate(descriptor, to: size) }
    func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault) { try real.allocate(descriptor, upTo: size) }
    func rename(_ from: String, to: String) throws(FileFault) { try real.rename(from, to: to) }
    func remove(_ path: String) throws(FileFault) { try real.remove(path) }
    func list(_ directory: String) throws(FileFault) -> [String] { try real.list(directory) }
    func makeDirectory(_ path: String) throws(FileFault) { try real.makeDirectory(path) }
}
