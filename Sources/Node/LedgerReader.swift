/// Asks the coordinators for parts of the ledger, library by library, for the API's readers.

import Consortium
import EventLoop
import Wire

/// What of which library is wanted.
struct LedgerPart: Sendable {
    var library: LibraryName
    var minutes: Range<LedgerMinute>
}

struct LedgerBook: Sendable {
    var part: LedgerPart
    var runs: [LedgerRun]
}

/// Read from the applied state of the coordinator that serves this node. Nothing is kept here: whoever reads twice asks twice. A reader whose answer
/// does not come within `waitMs`, or whose link ends, is told so.
@ClusterActor
final class LedgerReader {
    static let readersMax = 64
    static let waitMs: UInt64 = 5_000

    private struct Reading {
        var left: [UInt64: LedgerPart]
        var books: [LedgerBook] = []
        var timer: Timer
        var completion: ([LedgerBook]?) -> Void
    }
    private let send: (PeerFrame) -> Void
    private var readings: [UInt64: Reading] = [:]
    /// Of each question that is out, whose it is.
    private var asked: [UInt64: UInt64] = [:]
    private var lastCounter: UInt64 = 0

    init(send: @escaping (PeerFrame) -> Void) { self.send = send }

    /// In the order in which they were asked for; `nil` where the coordinators cannot be asked now.
    func read(_ wanted: [LedgerPart], completion: @escaping ([LedgerBook]?) -> Void) {
        guard !wanted.isEmpty else { return completion([]) }
        guard readings.count < Self.readersMax, wanted.count <= Limits.librariesMax else { return completion(nil) }
        lastCounter += 1
        let reader = lastCounter
        var left: [UInt64: LedgerPart] = [:]
        for part in wanted {
            lastCounter += 1
            left[lastCounter] = part
            asked[lastCounter] = reader
        }
        let timer = Timer(on: ClusterActor.loop)
        readings[reader] = Reading(left: left, timer: timer, completion: completion)
        timer.start(afterMs: Self.waitMs) { [self] in end(reader, nil) }
        for (counter, part) in left.sorted(by: { $0.key < $1.key }) { send(.askLedger(counter: counter, part.library, part.minutes)) }
    }

    func take(_ counter: UInt64, _ runs: [LedgerRun]) {
        guard let reader = asked.removeValue(forKey: counter), let part = readings[reader]?.left.removeValue(forKey: counter) else {
            return
        }
        readings[reader]?.books.append(LedgerBook(part: part, runs: runs))
        guard let reading = readings[reader], reading.left.isEmpty else { return }
        end(reader, reading.books)
    }

    func linkDown() {
        for reader in Array(readings.keys) { end(reader, nil) }
    }

    private func end(_ reader: UInt64, _ books: [LedgerBook]?) {
        guard let reading = readings.removeValue(forKey: reader) else { return }
        for counter in reading.left.keys { asked[counter] = nil }
        reading.timer.close()
        reading.completion(books)
    }
}
