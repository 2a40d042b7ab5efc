import Testing

@testable import Raft

/// Errors of the disk reach people: each says what to do.
@Suite struct LogErrorTests {
    @Test func theyAreSentences() {
        let locked = LogError.locked(folder: "callslip-data/raft")
        #expect("\(locked)".hasPrefix("another process uses callslip-data/raft"))
        let damaged = LogError.damaged(file: "log-1", offset: 96, expected: "checksum 1", found: "checksum 2", advice: LogError.rejoin)
        #expect("\(damaged)".contains("log-1 is damaged at byte 96") && "\(damaged)".contains("do not let it vote"))
        let full = LogError.io(FileFault(call: "write", file: "log-1", errno: 28))
        #expect("\(full)".contains("write of log-1 failed: No space left on device"))
    }
}
