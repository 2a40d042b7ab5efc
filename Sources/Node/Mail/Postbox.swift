/// Mails answers: looks for letters that are due, gives them to the library's mail server on a thread of its own, and notes what became of them.
///
/// A letter is tried for three days, less and less often. What the server refuses for good, or what no server took in that time, stays to be collected with its code, as every answer does.

import Consortium
import CoreMetrics
import EventLoop
import Logging
import Mail
import Transcripts

@ClusterActor
final class Postbox {
    nonisolated static let everyMs: UInt64 = 30_000
    nonisolated static let atOnceMax = 16
    nonisolated static let firstPauseMs: UInt64 = 60_000
    nonisolated static let longestPauseMs: UInt64 = 6 * 3_600_000
    /// The pauses up to then are about three days.
    nonisolated static let triesMax = 20

    private let settings: MailSettings
    private let logger: Logger
    private let worker = Worker(name: "mail", pendingMax: 2, niceness: 5)
    private let timer = Timer(on: ClusterActor.loop)
    private var store: TranscriptStore?
    private var title: ((LibraryName) -> String)?
    private var isLooking = false
    private let halt = MailStop()
    private var stopped = false

    init(_ settings: MailSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// - Parameter title: a library's, as patrons know it.
    func start(_ store: TranscriptStore, title: @escaping (LibraryName) -> String) {
        self.store = store
        self.title = title
        timer.start(afterMs: 1_000, repeatMs: Self.everyMs) { [self] in look() }
    }

    func stop() async {
        stopped = true
        timer.close()
        // A server that says nothing must not keep the node from stopping: what was on its way is sent again after the next start.
        halt.stop()
        await worker.shutdown()
    }

    /// Sends what is due. One look at a time.
    func look() {
        guard let store, !isLooking, !stopped else { return }
        isLooking = true
        let wallMs = WallClock.nowMs
        work {
            Result { () throws(TranscriptStoreError) in try store.lettersDue(wallMs: wallMs, max: Self.atOnceMax) }
        } then: { [self] result in
            switch result {
            case .success(let letters)?: send(letters, store)
            case .failure(let error)?:
                logger.error("letters to patrons cannot be read", metadata: ["why": "\(error)"])
                isLooking = false
            case nil: isLooking = false
            }
        }
    }

    private func send(_ letters: [TranscriptLetter], _ store: TranscriptStore) {
        guard !letters.isEmpty else {
            isLooking = false
            return
        }
        let (server, wallMs, halt) = (settings.server, WallClock.nowMs, halt)
        let made = letters.map { letter in
            (
                letter,
                AnswerLetter.message(
                    letter.transcript, from: settings.from, title: title?(letter.transcript.home) ?? letter.transcript.home.text,
                    sentS: Int64(wallMs / 1_000))
            )
        }
        work {
            Result { () throws(TranscriptStoreError) in
                try made.map { letter, message throws(TranscriptStoreError) in try Self.send(letter, message, by: server, store, halt) }
            }
        } then: { [self] result in
            isLooking = false
            switch result {
            case .success(let outcomes)?: for (letter, outcome) in zip(letters, outcomes) { tell(letter, outcome) }
            case .failure(let error)?: logger.error("what became of letters to patrons was not noted", metadata: ["why": "\(error)"])
            case nil: break
            }
            if letters.count == Self.atOnceMax { look() }
        }
    }

    enum Outcome: Sendable {
        case sent, noAddress
        /// The node stops.
        case halted
        case later(MailError)
        case never(MailError)
    }

    private nonisolated static func send(
        _ letter: TranscriptLetter, _ message: MailMessage?, by server: MailServer, _ store: TranscriptStore, _ halt: MailStop
    ) throws(TranscriptStoreError) -> Outcome {
        guard let message else {
            try store.letterIsDone(letter)
            return .noAddress
        }
        guard !halt.isStopped else { return .halted }
        do throws(MailError) { try server.send(message, stop: halt) } catch {
            // The stop says nothing of the server.
            guard !halt.isStopped else { return .halted }
            guard !error.isForGood, letter.tries + 1 < triesMax else {
                try store.letterIsDone(letter)
                return .never(error)
            }
            try store.letterWaits(letter, untilMs: WallClock.nowMs + pauseMs(after: letter.tries))
            return .later(error)
        }
        try store.letterIsDone(letter)
        return .sent
    }

    /// Doubles from a minute to six hours.
    nonisolated static func pauseMs(after tries: Int) -> UInt64 { min(firstPauseMs << UInt64(min(max(tries, 0), 16)), longestPauseMs) }

    /// No address is logged.
    private func tell(_ letter: TranscriptLetter, _ outcome: Outcome) {
        let chat: Logger.MetadataValue = "\(letter.transcript.chat)"
        switch outcome {
        case .sent:
            Counter(label: "callslip_letters_sent").increment()
            logger.info("an answer was mailed", metadata: ["chat": chat])
        case .halted: break
        case .noAddress: logger.info("an answer is not mailed, as what its patron left is no address", metadata: ["chat": chat])
        case .later(let error):
            logger.warning("an answer is not mailed yet; it is tried again", metadata: ["chat": chat, "why": "\(error)"])
        case .never(let error):
            Counter(label: "callslip_letters_refused").increment()
            logger.error(
                "an answer will not be mailed; its patron can collect it with the code", metadata: ["chat": chat, "why": "\(error)"])
        }
    }

    private func work<Value: Sendable>(_ body: @escaping @Sendable () -> Value, then: @escaping @ClusterActor (Value?) -> Void) {
        let submitted = worker.submit { [weak self] in
            let value = body()
            ClusterActor.loop.post { ClusterActor.assumeIsolated { if let self, !self.stopped { then(value) } } }
        }
        if !submitted { then(nil) }
    }
}
