import Glibc
import Locking
import Testing

@testable import Raft

/// Collects what a writer reports, for a thread that waits for it.
final class CompletionLog: Sendable {
    private let seen = Locked<(tickets: [UInt64], failure: LogError?, full: Int, again: Int)>(([], nil, 0, 0))

    func take(_ completion: LogCompletion) {
        seen.withLock {
            switch completion {
            case .persisted(let tickets): $0.tickets += tickets.map(\.number)
            case .noSpace: $0.full += 1
            case .spaceAgain: $0.again += 1
            case .failed(let error): $0.failure = error
            }
        }
    }
    /// How often there was no room, and room again.
    var full: Int { seen.withLock { $0.full } }
    var again: Int { seen.withLock { $0.again } }
    var tickets: [UInt64] { seen.withLock { $0.tickets } }
    var failure: LogError? { seen.withLock { $0.failure } }

    /// Polls until the condition holds; false after ten seconds.
    func wait(until condition: (CompletionLog) -> Bool) -> Bool {
        for _ in 0..<10_000 {
            if condition(self) { return true }
            usleep(1000)
        }
        return condition(self)
    }
}

@Suite struct LogWriterTests {
    private func ticket(_ number: UInt64) -> PersistTicket { PersistTicket(number: number) }

    @Test func completionsComeInOrderAndAreDurable() throws {
        let folder = try TestFolder()
        let completions = CompletionLog()
        let writer = try makeWriter(folder, completions, SystemFiles())
        #expect(writer.submit([.termVote(ticket(1), term: 1, vote: 1)]))
        for index in UInt64(2)...300 { #expect(writer.submit([.append(ticket(index), commands(index...index))])) }
        #expect(writer.submit([.truncate(from: 200), .append(ticket(301), commands(200...205))]))
        #expect(completions.wait { $0.tickets.count == 301 })
        #expect(completions.tickets == Array(1...301))
        writer.stop()
        #expect(!writer.submit([.truncate(from: 1)]), "a stopped writer takes nothing")
        let log = try openStore(folder).log
        #expect(log.entries.last?.index == 205 && log.vote == 1)
    }

    @Test func whatQueuesDuringASyncSharesTheNext() throws {
        let folder = try TestFolder()
        let completions = CompletionLog()
        let files = FaultyFiles()
        let writer = try makeWriter(folder, completions, files)
        let before = files.count("syncData")
        // All in one submission, so however fast the thread is, it takes them together.
        #expect(writer.submit((2...2001).map { .append(ticket($0), commands($0...$0)) }))
        #expect(completions.wait { $0.tickets.count == 2000 })
        writer.stop()
        #expect(files.count("syncData") - before <= 3, "one sync of the log, and at most two of the mark")
    }

    @Test func aSnapshotIsWrittenBesideTheLog() throws {
        let folder = try TestFolder()
        let completions = CompletionLog()
        let writer = try makeWriter(folder, completions, SystemFiles())
        #expect(writer.submit([.append(ticket(1), commands(2...50))]))
        let own = SnapshotMeta(index: 40, term: 1, members: testMembers, membersIndex: 1)
        #expect(writer.submit([.snapshot(ticket(2), own, [UInt8](repeating: 4, count: 1 << 20), logKeptFrom: 30)]))
        #expect(writer.submit([.append(ticket(3), commands(51...60))]))
        #expect(completions.wait { $0.tickets.count == 3 })
        let leaders = SnapshotMeta(index: 90, term: 1, members: testMembers, membersIndex: 1)
        #expect(writer.submit([.snapshot(ticket(4), leaders, [9], logKeptFrom: nil), .append(ticket(5), commands(91...92))]))
        #expect(completions.wait { $0.tickets.count == 5 })
        writer.stop()
        let log = try openStore(folder).log
        #expect(log.snapshot?.meta == leaders && log.snapshot?.data == [9])
        #expect(log.entries.map(\.index) == [91, 92])
    }

    @Test func aStopFinishesTheSnapshotUnderWay() throws {
        let folder = try TestFolder()
        let completions = CompletionLog()
        let writer = try makeWriter(folder, completions, SystemFiles())
        let meta = SnapshotMeta(index: 40, term: 1, members: testMembers, membersIndex: 1)
        #expect(
            writer.submit([
                .append(ticket(1), commands(2...50)),
                .snapshot(ticket(2), meta, [UInt8](repeating: 4, count: 8 << 20), logKeptFrom: 30),
            ]))
        writer.stop()
        #expect(completions.tickets == [1, 2])
        let (_, log, report) = try openStore(folder)
        #expect(log.snapshot?.meta == meta && report.notes.isEmpty)
    }

    @Test func aFailedSyncIsReportedOnceAndNothingIsAcknowledgedAfter() throws {
        let folder = try TestFolder()
        let completions = CompletionLog()
        let files = FaultyFiles()
        let writer = try makeWriter(folder, completions, files)
        #expect(writer.submit([.append(ticket(1), commands(2...2))]))
        #expect(completions.wait { $0.tickets == [1] })
        files.fail("syncData", EIO)
        #expect(writer.submit([.append(ticket(2), commands(3...3))]))
        #expect(completions.wait { $0.failure != nil })
        files.fail("syncData", 0)
        #expect(writer.submit([.append(ticket(3), commands(4...4))]))
        writer.stop()
        #expect(completions.tickets == [1])
        #expect(completions.failure == .io(FileFault(call: "syncData", file: "planned", errno: EIO)))
    }

    private func makeWriter(_ folder: TestFolder, _ completions: CompletionLog, _ files: any FileOperations) throws -> LogWriter {
        let store = try LogStore.open(DiskLayout(folder: folder.path), testIdentity, files: files).store
        _ = try store.bootstrap(testMembers)
        return try LogWriter(store) { completions.take($0) }
    }
}
