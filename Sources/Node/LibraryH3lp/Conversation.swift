/// One chat in the lists that scripts read: facts, drawn from what happened in it, without a word of what was said.

import Consortium
import Hours

struct Conversation: Hashable, Sendable {
    var chat: ChatID
    /// Whose chat it is; `nil` for one of the general queue's that nobody answered yet.
    var library: LibraryName?
    /// The queue whose button was pressed.
    var queue: QueueName
    /// Unix milliseconds, by the wall clock of the leader of that moment.
    var startedMs: UInt64
    var acceptedMs: UInt64?
    var endedMs: UInt64?
    /// Who answered first, and of which library they are.
    var answeredBy: OperatorName?
    var answeredAt: LibraryName?

    /// `nil` where nothing happened yet.
    init?(_ chat: ChatID, library: LibraryName?, queue: QueueName, _ messages: [ChatMessage]) {
        guard let first = messages.first else { return nil }
        (self.chat, self.library, self.queue) = (chat, library, queue)
        startedMs = first.wallMs
        for message in messages {
            guard case .event(let event) = message.body else { continue }
            switch event {
            case .claimed(let person, _, let library), .pickedUp(let person, _, let library):
                // Answered again after its end, it goes on.
                endedMs = nil
                guard acceptedMs == nil else { continue }
                (acceptedMs, answeredBy, answeredAt) = (message.wallMs, person, library)
            case .closed: endedMs = message.wallMs
            default: continue
            }
        }
    }

    init?(_ transcript: Transcript) {
        self.init(transcript.chat, library: transcript.home, queue: transcript.queue, transcript.messages)
    }
}

/// How a list is written.
struct ConversationStyle: Sendable {
    /// In whose zone times are told.
    var clock: LocalClock
    var host: String
    /// `2026-11-27T09:30:00`, as the oldest version has it, rather than with a space.
    var hasT: Bool
    /// Whether the person who answered is named; else it is their library.
    var namesPeople: Bool

    func line(_ chat: Conversation) -> OldObject {
        [
            "id": .number(LibraryH3lp.number(of: chat.chat)),
            "guest": .text(LibraryH3lp.guest(of: chat.chat, host: host)),
            "queue": .text(chat.queue.text),
            "queue_id": .number(LibraryH3lp.number("queue", chat.queue.text)),
            "profile": .text(chat.queue.text),
            "protocol": .text("web"),
            "started": .text(time(chat.startedMs)),
            "accepted": OldValue(chat.acceptedMs.map(time)),
            "ended": OldValue(chat.endedMs.map(time)),
            "wait": OldValue(chat.acceptedMs.map { seconds(chat.startedMs, $0) }),
            "duration": OldValue(chat.endedMs.map { seconds(chat.acceptedMs ?? chat.startedMs, $0) }),
            "operator": OldValue(namesPeople ? chat.answeredBy?.text : chat.answeredAt?.text),
            // Kept of nobody, or by nobody here.
            "ip": .text(""), "referrer": .text(""), "tags": .text(""),
            "desktracker_id": .nothing, "desktracker_url": .nothing, "reftracker_id": .nothing, "reftracker_url": .nothing,
        ]
    }

    private func seconds(_ from: UInt64, _ to: UInt64) -> UInt64 { to > from ? (to - from) / 1_000 : 0 }

    private func time(_ ms: UInt64) -> String {
        let (day, second) = clock.moment(at: Int64(clamping: ms / 1_000))
        let parts = [second / 3_600, second / 60 % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return day.text + (hasT ? "T" : " ") + parts.joined(separator: ":")
    }
}

/// The days of an address: `2026`, `2026/11` or `2026/11/27`, and what `to` says.
enum ConversationDays {
    static func days(_ parts: [String], to: String?) throws(AskMistake) -> ClosedRange<CalendarDay> {
        let numbers = parts.compactMap { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil }
        guard (1...3).contains(parts.count), numbers.count == parts.count,
            let from = CalendarDay(year: numbers[0], month: numbers.count > 1 ? numbers[1] : 1, day: numbers.count > 2 ? numbers[2] : 1)
        else { throw AskMistake(text: "Name a day, a month or a year, such as 2026/11/27; found `\(parts.joined(separator: "/"))`.") }
        let last: CalendarDay
        if let to, !to.isEmpty {
            guard let day = CalendarDay(String(to.map { $0 == "/" ? "-" : $0 })) else {
                throw AskMistake(text: "`to` is a day such as 2026-11-27; found `\(to)`.")
            }
            last = day
        } else {
            switch numbers.count {
            case 3: last = from
            case 2: last = (CalendarDay(year: numbers[0], month: numbers[1] + 1, day: 1) ?? from.adding(days: 31)).adding(days: -1)
            default: last = CalendarDay(year: numbers[0], month: 12, day: 31) ?? from
            }
        }
        guard from <= last, last.number - from.number < ReportSheet.daysMax else {
            throw AskMistake(
                text: "`to` is not before the day, and \(ReportSheet.daysMax) days are shown at most; found \(from.text) to \(last.text).")
        }
        return from...last
    }
}
