/// Asks the coordinators for parts of what they keep for reports (the ledger, the books of causes and of duty, the tally), place by place, for the API's readers.

import Consortium
import EventLoop
import Wire

/// What of which library is wanted of the ledger.
struct LedgerPart: Sendable {
    var library: LibraryName
    var minutes: Range<LedgerMinute>
}

/// What of which queue's book of causes is wanted.
struct CausePart: Sendable {
    var queue: QueueName
    var minutes: Range<LedgerMinute>
}

/// What of which library's book of duty is wanted.
struct DutyPart: Sendable {
    var library: LibraryName
    var minutes: Range<LedgerMinute>
}

/// What of which place is wanted of the tally.
struct TallyPart: Sendable {
    var place: TallyPlace
    var hours: Range<TallyHour>
}

/// What is wanted of the audit log: the entries after this number, all of them or one page.
struct AuditPart: Sendable {
    var after: UInt64
    var isOnePage = false
}

/// What was found of a part.
struct Book<Part: Sendable, Entry: Sendable>: Sendable {
    var part: Part
    var entries: [Entry]
}

typealias LedgerBook = Book<LedgerPart, LedgerRun>
typealias CauseRuns = Book<CausePart, CauseRun>
typealias DutyRuns = Book<DutyPart, DutyRun>
typealias TallyPlaceBook = Book<TallyPart, TallyHourCell>

/// Read from the applied state of the coordinator that serves this node. Nothing is kept here: whoever reads twice asks twice. A reader whose answer
/// does not come within `waitMs`, or whose link ends, is told so.
@ClusterActor
final class BookReader<Part: Sendable, Entry: Sendable> {
    private struct Reading {
        var left: Set<UInt64>
        var books: [Book<Part, Entry>]
        var timer: Timer
        var completion: ([Book<Part, Entry>]?) -> Void
    }
    /// A question that is out: whose it is, and of which of their books.
    private struct Question {
        var reader: UInt64
        var book: Int
    }
    private let ask: (UInt64, Part) -> Void
    private var readings: [UInt64: Reading] = [:]
    private var asked: [UInt64: Question] = [:]
    private var lastCounter: UInt64 = 0

    private var readersMax: Int { 64 }
    private var waitMs: UInt64 { 5_000 }

    /// - Parameter ask: sends a question; its answer is brought to `take` under the same number.
    init(ask: @escaping (UInt64, Part) -> Void) { self.ask = ask }

    /// In the order in which they were asked for; `nil` where the coordinators cannot be asked now.
    func read(_ wanted: [Part], completion: @escaping ([Book<Part, Entry>]?) -> Void) {
        guard !wanted.isEmpty else { return completion([]) }
        guard readings.count < readersMax, wanted.count <= 1 + Limits.librariesMax + Limits.queuesMax else { return completion(nil) }
        lastCounter += 1
        let reader = lastCounter
        let timer = Timer(on: ClusterActor.loop)
        readings[reader] = Reading(left: [], books: wanted.map { Book(part: $0, entries: []) }, timer: timer, completion: completion)
        timer.start(afterMs: waitMs) { [self] in end(reader, nil) }
        let counters = wanted.indices.map { question(Question(reader: reader, book: $0)) }
        for (counter, part) in zip(counters, wanted) { ask(counter, part) }
    }

    private func question(_ question: Question) -> UInt64 {
        lastCounter += 1
        asked[lastCounter] = question
        readings[question.reader]?.left.insert(lastCounter)
        return lastCounter
    }

    /// - Parameter rest: what of a part is still to be asked for; `nil` when this is all.
    func take(_ counter: UInt64, _ entries: [Entry], rest: (Part) -> Part? = { _ in nil }) {
        guard let answered = asked.removeValue(forKey: counter), readings[answered.reader]?.left.remove(counter) != nil else { return }
        readings[answered.reader]?.books[answered.book].entries += entries
        if let part = readings[answered.reader]?.books[answered.book].part, let left = rest(part) { return ask(question(answered), left) }
        guard let reading = readings[answered.reader], reading.left.isEmpty else { return }
        end(answered.reader, reading.books)
    }

    func linkDown() {
        for reader in Array(readings.keys) { end(reader, nil) }
    }

    private func end(_ reader: UInt64, _ books: [Book<Part, Entry>]?) {
        guard let reading = readings.removeValue(forKey: reader) else { return }
        for counter in reading.left { asked[counter] = nil }
        reading.timer.close()
        reading.completion(books)
    }
}
