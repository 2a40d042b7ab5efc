/// The ledger of posted against staffed as bytes.

import Consortium

extension PBLedgerEntry {
    init(_ book: LibraryLedger) {
        self.init()
        library = book.library.text
        (minutes, says) = LedgerCoding.packed(book.runs)
        chain = book.chain
    }

    func decoded() throws(WireError) -> LibraryLedger {
        LibraryLedger(library: try Field.name(library, "ledger.library"), runs: try LedgerCoding.runs(minutes, says), chain: chain)
    }
}

extension PBLedgerBoardEntry {
    init(_ now: [LedgerNow]) {
        self.init()
        libraries = now.map { now in
            var entry = PBLedgerNowEntry()
            entry.library = now.library.text
            entry.says = LedgerCoding.says(now.hours, now.staffing)
            if let minute = now.gapSince { entry.gapSince = minute }
            return entry
        }
    }

    func decoded() throws(WireError) -> [LedgerNow] {
        try Field.list(libraries, "ledger", max: Limits.librariesMax) { e throws(WireError) in
            let (hours, staffing) = try LedgerCoding.meaning(e.says)
            return LedgerNow(
                library: try Field.name(e.library, "ledger.library"), hours: hours, staffing: staffing,
                gapSince: e.hasGapSince ? e.gapSince : nil)
        }
    }
}

/// A part of one library's ledger as it travels to a node.
public enum LedgerCoding {
    public static func bytes(_ runs: [LedgerRun]) -> [UInt8] {
        var message = PBLedgerPageMessage()
        (message.minutes, message.says) = packed(runs)
        return message.bytes
    }

    public static func runs(wire bytes: [UInt8]) throws(WireError) -> [LedgerRun] {
        let message = try PBLedgerPageMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.ledgerBytesMax)
        return try runs(message.minutes, message.says)
    }

    fileprivate static func says(_ hours: Gate, _ staffing: Staffing) -> UInt32 { UInt32(hours.rawValue) * 3 + UInt32(staffing.rawValue) }

    fileprivate static func meaning(_ says: UInt32) throws(WireError) -> (Gate, Staffing) {
        (try Field.small(says / 3, "ledger.says"), try Field.small(says % 3, "ledger.says"))
    }

    fileprivate static func packed(_ runs: [LedgerRun]) -> (minutes: [UInt32], says: [UInt32]) {
        (MinuteCoding.packed(runs.map(\.from)), runs.map { says($0.hours, $0.staffing) })
    }

    fileprivate static func runs(_ minutes: [UInt32], _ says: [UInt32]) throws(WireError) -> [LedgerRun] {
        try MinuteCoding.runs(minutes, says, "ledger", max: Limits.ledgerRunsPerLibraryMax) { minute, says throws(WireError) in
            let (hours, staffing) = try meaning(says)
            return LedgerRun(from: minute, hours: hours, staffing: staffing)
        }
    }
}

/// Minutes in their order, each as how much later than the one before.
enum MinuteCoding {
    static func packed(_ minutes: [LedgerMinute]) -> [UInt32] {
        var before: LedgerMinute = 0
        return minutes.map { minute in
            defer { before = minute }
            return minute - min(before, minute)
        }
    }

    /// - Parameter what: whose runs they are, for the error.
    static func runs<Run>(
        _ minutes: [UInt32], _ says: [UInt32], _ what: String, max: Int, _ run: (LedgerMinute, UInt32) throws(WireError) -> Run
    ) throws(WireError) -> [Run] {
        guard minutes.count == says.count, minutes.count <= max else {
            throw .invalidField(what, expected: "as many minutes as runs, \(max) at most")
        }
        var runs: [Run] = []
        runs.reserveCapacity(minutes.count)
        var at: LedgerMinute = 0
        for (later, says) in zip(minutes, says) {
            let (minute, overflows) = at.addingReportingOverflow(later)
            guard !overflows else { throw .invalidField("\(what).minutes", expected: "minutes up to \(LedgerMinute.max)") }
            at = minute
            runs.append(try run(at, says))
        }
        return runs
    }
}
