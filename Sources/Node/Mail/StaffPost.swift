/// Mails staff what waits for them: looks for letters that are due of the libraries that this node speaks for (`StaffSpeaker`), gives them to its mail server on a thread of its own, and notes which
/// are done with.
///
/// A letter that no server took is tried less and less often, for three days at most, while its matter goes on; what a server refuses for good is not tried again. Nothing is sent while the coordinators cannot be
/// asked, as this node would not know whether it is still so.

import Consortium
import CoreMetrics
import EventLoop
import Gossip
import Logging
import Mail

@ClusterActor
final class StaffPost {
    nonisolated static let everyMs: UInt64 = 5_000
    /// So long after a coordinator began to serve this node its registers have come, in as many parts as they have: they say who is mailed.
    nonisolated static let settledMs: UInt64 = 5_000
    nonisolated static let atOnceMax = 16
    /// Whichever node sends a letter, its identifier is the same.
    private nonisolated static let idHost = "staff.callslip.invalid"

    private let settings: MailSettings
    private let url: String
    private let library: LibraryHost
    private let gossip: GossipHost
    private let logger: Logger
    private var book: StaffLetterBook
    private var speaker: StaffSpeaker
    private var health = MailHealth()
    private let worker = Worker(name: "staffmail", pendingMax: 1, niceness: 5)
    private let timer = Timer(on: ClusterActor.loop)
    private let halt = MailStop()
    private var isLooking = false
    /// Since when the coordinators can be asked, by the loop's clock.
    private var currentSinceMs: UInt64?
    private var stopped = false
    /// In vain so far, and not before (by the loop's clock).
    private var tries: [String: (count: Int, nextMs: UInt64)] = [:]
    /// As they were last heard of, by the board's number of changes.
    private var wishes: (change: UInt64, of: [LibraryName], list: [TranscriptWish])?

    /// - Parameter url: where this node's pages are.
    /// - Throws: where there is a file of letters that cannot be read.
    init(_ settings: MailSettings, folder: String, url: String, library: LibraryHost, gossip: GossipHost, logger: Logger) throws {
        self.settings = settings
        self.url = url
        self.library = library
        self.gossip = gossip
        speaker = StaffSpeaker(own: library.node)
        self.logger = logger
        book = try StaffLetterBook(folder: folder)
    }

    /// `nil` where the node's file names no mail server, or what was sent cannot be read.
    static func make(_ configuration: NodeConfiguration, library: LibraryHost, gossip: GossipHost, logger: Logger) -> StaffPost? {
        guard let mail = configuration.mail else { return nil }
        do {
            return try StaffPost(
                mail, folder: configuration.data, url: configuration.webURLs.first ?? "", library: library, gossip: gossip, logger: logger)
        } catch {
            logger.error("staff are not mailed, as it cannot be read what was sent before", metadata: ["why": "\(error)"])
            return nil
        }
    }

    func start() { timer.start(afterMs: 1_000, repeatMs: Self.everyMs) { [self] in look() } }

    func stop() async {
        stopped = true
        timer.close()
        halt.stop()
        await worker.shutdown()
    }

    /// One look at a time.
    private func look() {
        let nowMs = ClusterActor.loop.nowMs
        let board = library.books.current
        currentSinceMs = board == nil ? nil : currentSinceMs ?? nowMs
        let isSettled = currentSinceMs.map { nowMs - $0 >= Self.settledMs } ?? false
        guard !stopped else { return }
        gossip.mails(isSettled && !health.isResting(nowMs))
        // Who stood in before it was cut off begins anew.
        if !isSettled { speaker = StaffSpeaker(own: library.node) }
        guard let board, isSettled, !isLooking else { return }
        let libraries = speaker.libraries(board.libraries, mailing: mailing, nowMs: nowMs)
        guard !libraries.isEmpty else { return }
        isLooking = true
        let asked = askedForDecisions(of: libraries)
        guard board.keepsAudit, !asked.isEmpty else { return send(board, libraries, []) }
        if let wishes, wishes.change == board.wishChange, wishes.of == asked { return send(board, libraries, wishes.list) }
        library.books.readWishes(of: asked) { [self] list in
            // Cut off meanwhile: another look finds out.
            guard let list, !stopped else {
                isLooking = false
                return
            }
            wishes = (board.wishChange, asked, list)
            send(board, libraries, list)
        }
    }

    /// Nodes that are there, as far as it is known: one that does not answer for a moment is.
    private var present: [Member] { gossip.members.map(\.member).filter { $0.state <= .suspect } }

    /// While its server takes nothing this node gives way to others, where there are any.
    private var mailing: Set<NodeName> {
        let others = present.filter { $0.roles.contains(.mail) && $0.name != library.node.text }.compactMap { NodeName($0.name) }
        return Set(others).union(others.isEmpty || !health.isResting(ClusterActor.loop.nowMs) ? [library.node] : [])
    }

    /// Where somebody is mailed of what a director is to decide: what is wanted elsewhere nobody here has to know.
    private func askedForDecisions(of libraries: Set<LibraryName>) -> [LibraryName] {
        let named = library.entries.values.filter { $0.register == .alerts && $0["about"] == AlertMatter.decisions.rawValue }
        return libraries.intersection(named.compactMap(\.library)).sorted()
    }

    private func send(_ board: Board, _ libraries: Set<LibraryName>, _ wishes: [TranscriptWish]) {
        let (nowMs, wallMs) = (ClusterActor.loop.nowMs, WallClock.nowMs)
        let urls = present.compactMap { member in NodeName(member.name).flatMap { name in member.webURLs.first.map { (name, $0) } } }
        let due = StaffLetters(
            board: board, clockMs: library.replicatedClockMs, wallMs: wallMs, entries: library.entries, wishes: wishes,
            speaksFor: libraries, urls: Dictionary(urls, uniquingKeysWith: { first, _ in first }), url: url
        ).due
        let goingOn = Set(due.map(\.id))
        tries = tries.filter { goingOn.contains($0.key) }
        let hasForgotten = book.forget(beside: due, wallMs: wallMs)
        let wanted = due.filter { !book.has($0) && (tries[$0.id]?.nextMs ?? 0) <= nowMs }
        let letters = wanted.prefix(min(Self.atOnceMax, book.room))
        if letters.count < min(wanted.count, Self.atOnceMax) {
            logger.error("letters to staff are not sent, as no more can be remembered", metadata: ["letters": "\(wanted.count)"])
        }
        guard !letters.isEmpty || hasForgotten else {
            isLooking = false
            return
        }
        let (settings, halt, counts, before) = (settings, halt, tries.mapValues(\.count), book)
        let submitted = worker.submit { [weak self] in
            let done = Self.work(through: Array(letters), tries: counts, before, by: settings, wallMs: wallMs, halt)
            ClusterActor.loop.post { ClusterActor.assumeIsolated { self?.take(done) } }
        }
        if !submitted { isLooking = false }
    }

    private struct Done: Sendable {
        var outcomes: [(letter: StaffLetter, outcome: Postbox.Outcome)] = []
        var book: StaffLetterBook
        /// Why the book is not on the disk.
        var unwritten: String?
    }

    /// Each is on the disk as done with before the next one goes.
    private nonisolated static func work(
        through letters: [StaffLetter], tries: [String: Int], _ book: StaffLetterBook, by settings: MailSettings, wallMs: UInt64,
        _ halt: MailStop
    ) -> Done {
        var done = Done(book: book)
        func write() {
            do { try done.book.write() } catch { done.unwritten = "\(error)" }
        }
        if letters.isEmpty { write() }
        var failures = 0
        // A server that takes none is not waited for with each of them.
        for letter in letters where failures < MailHealth.failuresMax {
            let outcome = send(letter, tries: tries[letter.id] ?? 0, by: settings, wallMs: wallMs, halt)
            done.outcomes.append((letter, outcome))
            switch outcome {
            case .halted: return done
            case .later: failures += 1
            case .sent, .never, .noAddress:
                failures = 0
                done.book.note(letter, wallMs: wallMs)
                write()
            }
        }
        return done
    }

    private nonisolated static func send(
        _ letter: StaffLetter, tries: Int, by settings: MailSettings, wallMs: UInt64, _ halt: MailStop
    ) -> Postbox.Outcome {
        guard !halt.isStopped else { return .halted }
        let message = MailMessage(
            from: settings.from, sender: "Callslip", to: letter.to, subject: letter.subject, text: letter.text, id: letter.id,
            idHost: Self.idHost, sentS: Int64(wallMs / 1_000))
        do throws(MailError) { try settings.server.send(message, stop: halt) } catch {
            // The stop says nothing of the server.
            guard !halt.isStopped else { return .halted }
            return error.isForGood || tries + 1 >= Postbox.triesMax ? .never(error) : .later(error)
        }
        return .sent
    }

    private func take(_ done: Done) {
        isLooking = false
        guard !stopped else { return }
        book = done.book
        if let why = done.unwritten {
            logger.error("which letters to staff were sent was not kept; a restart may send them again", metadata: ["why": "\(why)"])
        }
        for (letter, outcome) in done.outcomes { tell(letter, outcome) }
    }

    /// No address is logged.
    private func tell(_ letter: StaffLetter, _ outcome: Postbox.Outcome) {
        let about: Logger.MetadataValue = "\(letter.subject)"
        switch outcome {
        case .sent, .never: health.note(isTaken: true, nowMs: ClusterActor.loop.nowMs)
        case .later: health.note(isTaken: false, nowMs: ClusterActor.loop.nowMs)
        case .halted, .noAddress: break
        }
        switch outcome {
        case .sent:
            Counter(label: "callslip_staff_letters_sent").increment()
            logger.info("staff were mailed", metadata: ["about": about])
        case .halted, .noAddress: return
        case .later(let error):
            let count = (tries[letter.id]?.count ?? 0) + 1
            tries[letter.id] = (count, ClusterActor.loop.nowMs + Postbox.pauseMs(after: count - 1))
            return logger.warning("staff are not mailed yet; it is tried again", metadata: ["about": about, "why": "\(error)"])
        case .never(let error):
            Counter(label: "callslip_staff_letters_refused").increment()
            logger.error("staff will not be mailed of this", metadata: ["about": about, "why": "\(error)"])
        }
        tries[letter.id] = nil
    }
}
