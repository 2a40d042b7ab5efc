import EventLoop
import FoundationEssentials
import Glibc
import Testing

@testable import Node

/// Rule 10: after two crashes at one index a replica stops applying, and says so.
@Suite struct ApplyWatchTests {
    private func withFolder(_ body: @ClusterActor (String) throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/callslip-watch-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private struct Life: Equatable {
        var applied: UInt64
        var refusal: String?
    }

    /// One life: applies what the disk held from `first` on, and ends at `crash` (the process is gone: nothing is closed or taken back).
    @ClusterActor
    private func live(_ folder: String, entries: ClosedRange<UInt64>, crash: UInt64? = nil) throws -> Life {
        let watch = try ApplyWatch(folder: folder, through: entries.upperBound)
        var applied = entries.lowerBound - 1
        for index in entries {
            if let refusal = watch.refusal(of: index) { return Life(applied: applied, refusal: refusal) }
            if index == crash { return Life(applied: applied) }
            applied = index
        }
        watch.rest()
        return Life(applied: applied, refusal: watch.refusal(of: entries.upperBound + 1))
    }

    private func expect(_ life: Life, applied: UInt64, at location: SourceLocation = #_sourceLocation) {
        #expect(life == Life(applied: applied), sourceLocation: location)
    }

    @Test func twoCrashesAtOneEntryStopItThereAndLaterLivesToo() async throws {
        try await withFolder { folder in
            expect(try live(folder, entries: 5...9, crash: 7), applied: 6)
            expect(try live(folder, entries: 5...9, crash: 7), applied: 6)
            for _ in 1...2 {
                let third = try live(folder, entries: 5...9, crash: 7)
                #expect(third.applied == 6)
                #expect(third.refusal?.contains("entry 7") == true && third.refusal?.contains(folder + "/applying") == true)
            }
        }
    }

    @Test func crashesAtDifferentEntriesAreNotOneEntrys() async throws {
        try await withFolder { folder in
            for crash in [UInt64(7), 8, 7, 8] { _ = try live(folder, entries: 5...9, crash: crash) }
            expect(try live(folder, entries: 5...9), applied: 9)
        }
    }

    @Test func aLifeThatPassesEverythingForgetsTheCrash() async throws {
        try await withFolder { folder in
            _ = try live(folder, entries: 5...9, crash: 7)
            expect(try live(folder, entries: 5...9), applied: 9)
            #expect(!FileManager.default.fileExists(atPath: folder + "/applying"))
            _ = try live(folder, entries: 5...9, crash: 7)
            expect(try live(folder, entries: 5...9), applied: 9)
        }
    }

    /// A process that is ended between the turns of its loop was not ended by an entry.
    @Test func anEndBetweenTurnsIsNoCrash() async throws {
        try await withFolder { folder in
            for _ in 1...3 {
                let watch = try ApplyWatch(folder: folder, through: 9)
                #expect(watch.refusal(of: 5) == nil)
                watch.rest()
                watch.close()
            }
            expect(try live(folder, entries: 5...9), applied: 9)
        }
    }

    @Test func aSnapshotOfTheOthersPassesTheEntry() async throws {
        try await withFolder { folder in
            _ = try live(folder, entries: 5...9, crash: 7)
            _ = try live(folder, entries: 5...9, crash: 7)
            let watch = try ApplyWatch(folder: folder, through: 9)
            #expect(watch.refusal(of: 7) != nil)
            watch.restored(through: 6)
            #expect(watch.refusal(of: 7) != nil)
            watch.restored(through: 20)
            #expect(watch.refusal(of: 21) == nil)
            expect(try live(folder, entries: 21...22), applied: 22)
        }
    }

    @Test func aFileThatIsNoneOfOursIsRefusedWithWhatToDo() async throws {
        try await withFolder { folder in
            try SmallFile.replace(folder + "/applying", with: "seven\n")
            #expect(throws: CallslipNode.StartFailure.self) { try ApplyWatch(folder: folder, through: 9) }
        }
    }

    @Test func theRecordIsReadAsItWasWritten() {
        var record = ApplyRecord()
        (record.crashedAt, record.crashes, record.attempt) = (12, 1, .max)
        #expect(ApplyRecord(text: record.text) == record)
        #expect(Array(record.text.utf8)[ApplyRecord.attemptOffset...].starts(with: Array(ApplyRecord.digits(.max).utf8)))
        for bad in ["", "1 2\n", "a b c\n", "1 2 3 4\n"] { #expect(ApplyRecord(text: bad) == nil) }
    }
}
