/// What this node asks of its coordinators for readers: the ledger, the books of causes and of duty, the tally, the audit log, what is wanted of transcripts, and shifts. Each answer is `nil` where
/// the coordinators cannot be asked now, or keep no such thing yet.

import Consortium
import EventLoop
import Wire

@ClusterActor
final class CoordinatorBooks {
    private let client: CoordinatorClient
    private let ledger: BookReader<LedgerPart, LedgerRun>
    private let causes: BookReader<CausePart, CauseRun>
    private let duty: BookReader<DutyPart, DutyRun>
    private let tally: BookReader<TallyPart, TallyHourCell>
    private let audit: BookReader<AuditPart, AuditPage>
    private let wishes: BookReader<LibraryName, TranscriptWish>
    private let shifts: BookReader<LibraryName, ShiftBook>
    /// Whether the coordinator that serves this node is known to be as far as this node is: one that has just started may know less, or nothing.
    var isServerBehind = true
    /// The newest board of the coordinators, never a branch's: it says what they keep.
    var board: () -> Board? = { nil }

    init(client: CoordinatorClient) {
        self.client = client
        ledger = BookReader { counter, part in client.send(.askLedger(counter: counter, part.library, part.minutes)) }
        causes = BookReader { counter, part in client.send(.askCauses(counter: counter, part.queue, part.minutes)) }
        duty = BookReader { counter, part in client.send(.askDuty(counter: counter, part.library, part.minutes)) }
        tally = BookReader { counter, part in client.send(.askTally(counter: counter, part.place, part.hours)) }
        audit = BookReader { counter, part in client.send(.askAudit(counter: counter, after: part.after)) }
        wishes = BookReader { counter, library in client.send(.askWishes(counter: counter, library)) }
        shifts = BookReader { counter, library in client.send(.askShifts(counter: counter, library)) }
    }

    /// The board, where there is a coordinator to ask.
    private var asked: Board? { client.server == nil ? nil : board() }

    /// The newest board, where a coordinator that knows of a leader serves this node and is as far as the node is; `nil` where what it says may be over.
    var current: Board? { client.leaderKnown && !isServerBehind ? asked : nil }

    /// The ledgers of some libraries.
    func readLedger(_ wanted: [LedgerPart], completion: @escaping ([LedgerBook]?) -> Void) {
        guard asked?.ledger != nil else { return completion(nil) }
        ledger.read(wanted, completion: completion)
    }

    /// Why some queues were available or not.
    func readCauses(_ wanted: [CausePart], completion: @escaping ([CauseRuns]?) -> Void) {
        guard let board = asked, board.featureLevel >= FeatureLevel.causes else { return completion(nil) }
        causes.read(wanted, completion: completion)
    }

    /// How many people of some libraries were on duty for the general queue.
    func readDuty(_ wanted: [DutyPart], completion: @escaping ([DutyRuns]?) -> Void) {
        guard let board = asked, board.featureLevel >= FeatureLevel.dutyMinutes else { return completion(nil) }
        duty.read(wanted, completion: completion)
    }

    /// What was counted of some libraries' chats, and what was offered to their queues.
    func readTally(_ wanted: TallyWish, completion: @escaping (TallyAnswer?) -> Void) {
        guard let board = asked, board.keepsTally else { return completion(nil) }
        let queues = board.queues.map(\.queue).filter { wanted.homes.contains($0.library) }
        let places = wanted.homes.map { TallyPlace(of: $0) } + queues.map { .queue($0.name) }
        tally.read(places.map { TallyPart(place: $0, hours: wanted.hours) }) { books in
            completion(books.map { TallyAnswer(queues: queues, books: $0) })
        }
    }

    /// The audit log.
    func readAudit(_ part: AuditPart, completion: @escaping (AuditPage?) -> Void) {
        guard let board = asked, board.keepsAudit else { return completion(nil) }
        audit.read([part]) { books in
            guard let pages = books?.first?.entries, let first = pages.first, let last = pages.last else { return completion(nil) }
            completion(AuditPage(anchor: first.anchor, entries: pages.flatMap(\.entries), last: last.last))
        }
    }

    /// What is wanted of libraries' transcripts. Text is deleted by it, so it is asked of nobody who may not know: who is behind, or is cut off from the leader.
    func readWishes(of libraries: [LibraryName], completion: @escaping ([TranscriptWish]?) -> Void) {
        guard let board = current, board.keepsAudit else { return completion(nil) }
        wishes.read(libraries) { books in completion(books?.flatMap(\.entries)) }
    }

    /// A library's shifts.
    func readShifts(of library: LibraryName, completion: @escaping (ShiftBook?) -> Void) {
        guard let board = asked, board.featureLevel >= FeatureLevel.shifts else { return completion(nil) }
        shifts.read([library]) { books in completion(books?.first?.entries.first) }
    }

    /// - Returns: whether it is an answer to one of these.
    func take(_ frame: PeerFrame) -> Bool {
        switch frame {
        case .ledger(let counter, let runs): ledger.take(counter, runs)
        case .causes(let counter, let runs): causes.take(counter, runs)
        case .duty(let counter, let runs): duty.take(counter, runs)
        case .tally(let counter, let page):
            tally.take(counter, page.cells) { part in
                page.next.map { TallyPart(place: part.place, hours: $0..<max($0, part.hours.upperBound)) }
            }
        case .audit(let counter, let page):
            audit.take(counter, [page]) { part in
                guard !part.isOnePage, let last = page.entries.last?.number, last < page.last else { return nil }
                return AuditPart(after: last)
            }
        case .wishes(let counter, let wanted): wishes.take(counter, wanted)
        case .shifts(let counter, let book): shifts.take(counter, [book])
        default: return false
        }
        return true
    }

    func linkDown() {
        ledger.linkDown()
        causes.linkDown()
        duty.linkDown()
        tally.linkDown()
        audit.linkDown()
        wishes.linkDown()
        shifts.linkDown()
    }
}
