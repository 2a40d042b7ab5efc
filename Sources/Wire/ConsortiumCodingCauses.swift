/// Why queues were available or not, as bytes.

import Consortium

extension PBCauseBookEntry {
    init(_ book: CauseBook) {
        self.init()
        queue = book.queue.text
        (minutes, says) = CauseCoding.packed(book.runs)
        chain = book.chain
    }

    func decoded() throws(WireError) -> CauseBook {
        CauseBook(queue: try Field.name(queue, "causes.queue"), runs: try CauseCoding.runs(minutes, says), chain: chain)
    }
}

/// A part of one queue's book as it travels to a node.
public enum CauseCoding {
    public static func bytes(_ runs: [CauseRun]) -> [UInt8] {
        var message = PBLedgerPageMessage()
        (message.minutes, message.says) = packed(runs)
        return message.bytes
    }

    public static func runs(wire bytes: [UInt8]) throws(WireError) -> [CauseRun] {
        let message = try PBLedgerPageMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.ledgerBytesMax)
        return try runs(message.minutes, message.says)
    }

    fileprivate static func packed(_ runs: [CauseRun]) -> (minutes: [UInt32], says: [UInt32]) {
        (MinuteCoding.packed(runs.map(\.from)), runs.map { UInt32($0.causes.rawValue) | UInt32($0.takers) << 16 })
    }

    fileprivate static func runs(_ minutes: [UInt32], _ says: [UInt32]) throws(WireError) -> [CauseRun] {
        try MinuteCoding.runs(minutes, says, "causes", max: Limits.causeRunsPerQueueMax) { minute, says throws(WireError) in
            let causes = Causes(rawValue: UInt16(truncatingIfNeeded: says))
            guard Causes.known.isSuperset(of: causes), let takers = UInt8(exactly: says >> 16) else {
                throw .invalidField("causes.says", expected: "known causes, and up to 255 who took chats")
            }
            return CauseRun(from: minute, causes: causes, takers: takers)
        }
    }
}
