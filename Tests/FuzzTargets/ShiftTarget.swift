/// A file of shifts, as a table or as a calendar: whatever it is, what is read is within the limits and the same each time, and each problem has its line.

import Consortium
import Hours
import Node

extension FuzzTarget {
    static let shiftsFile = FuzzTarget(name: "shifts-file", inputBytesMax: 8 * 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        // 2026-01-01 to 2027-01-01.
        let times: Range<Int64> = 1_767_225_600..<1_798_761_600
        func read() -> ShiftsFile { ShiftsFile(text, zone: .utc, times: times) { $0 == "America/Chicago" ? .utc : nil } }
        let file = read()
        let again = read()
        guard file.entries == again.entries, file.problems == again.problems, file.outside == again.outside else {
            return "one file is read in two ways"
        }
        guard file.problems.count <= ShiftsFile.problemsMax else { return "there are \(file.problems.count) problems" }
        guard file.entries.count <= Limits.shiftsPerLibraryMax + 1 else { return "there are \(file.entries.count) shifts" }
        guard !file.entries.isEmpty || !file.problems.isEmpty || file.outside > 0 || text.isEmpty || bytes.isEmpty else {
            return "nothing is read of it, and nothing is told"
        }
        let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        for problem in file.problems {
            guard (1...lines).contains(problem.line) else { return "line \(problem.line) of \(lines)" }
            guard !problem.sentence.isEmpty, problem.sentence.utf8.count < 1_024 else {
                return "a sentence of \(problem.sentence.utf8.count) bytes"
            }
        }
        for entry in file.entries {
            guard times.contains(entry.from), (1...lines).contains(entry.line) else {
                return "a shift from \(entry.from) of line \(entry.line)"
            }
        }
        return nil
    }
}
