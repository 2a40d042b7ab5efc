/// For how long libraries' people were on duty for the general queue, as bytes.

import Consortium

extension PBDutyBookEntry {
    init(_ book: DutyBook) {
        self.init()
        library = book.library.text
        (minutes, says) = DutyCoding.packed(book.runs)
        chain = book.chain
    }

    func decoded() throws(WireError) -> DutyBook {
        DutyBook(library: try Field.name(library, "duty.library"), runs: try DutyCoding.runs(minutes, says), chain: chain)
    }
}

/// A part of one library's book as it travels to a node.
public enum DutyCoding {
    public static func bytes(_ runs: [DutyRun]) -> [UInt8] {
        var message = PBLedgerPageMessage()
        (message.minutes, message.says) = packed(runs)
        return message.bytes
    }

    public static func runs(wire bytes: [UInt8]) throws(WireError) -> [DutyRun] {
        let message = try PBLedgerPageMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.ledgerBytesMax)
        return try runs(message.minutes, message.says)
    }

    fileprivate static func packed(_ runs: [DutyRun]) -> (minutes: [UInt32], says: [UInt32]) {
        (MinuteCoding.packed(runs.map(\.from)), runs.map { UInt32($0.people) })
    }

    fileprivate static func runs(_ minutes: [UInt32], _ says: [UInt32]) throws(WireError) -> [DutyRun] {
        try MinuteCoding.runs(minutes, says, "duty", max: Limits.ledgerRunsPerLibraryMax) { minute, says throws(WireError) in
            guard let people = UInt16(exactly: says) else { throw .invalidField("duty.says", expected: "up to 65,535 people") }
            return DutyRun(from: minute, people: people)
        }
    }
}
