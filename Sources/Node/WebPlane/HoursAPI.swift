/// `POST /api/hours`: a library closes at once, or is open again. For whoever has the node's admin token.

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

@WebActor
struct HoursAPI {
    let api: HTTPAPI
    let hours: HoursWeb

    private struct Ask: Decodable {
        var library: String
        /// `close` or `reopen`.
        var action: String
        /// Drawn by whoever closes, so that asking twice closes once: 32 hexadecimal digits.
        var id: String?
        /// Times as `Schedule.instant` reads them. `from` is now where it is missing.
        var from: String?
        var until: String?
        var note: String?
    }

    func install(on server: WebServer) {
        api.takeCommands("/api/hours", on: server, done: "Done.") { request throws(AskMistake) in try commands(request) }
    }

    private func commands(_ request: Request) throws(AskMistake) -> [Command] {
        guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)) else {
            throw AskMistake(
                text: "Send {\"library\":NAME,\"action\":\"close\",\"id\":ID,\"until\":TIME,\"note\":TEXT} "
                    + "or {…,\"action\":\"reopen\"}.")
        }
        guard let library = LibraryName(ask.library), let entry = hours.entry(library) else {
            throw AskMistake(text: "There is no library `\(ask.library)`.")
        }
        guard let schedule = entry.schedule else {
            throw AskMistake(
                text: entry.problem.map { "The hours of \(library) cannot be reckoned: \($0)." } ?? "\(library) posted no hours.")
        }
        let now = hours.now
        switch ask.action {
        case "close":
            guard let id = ask.id.flatMap({ RequestID($0) }) else {
                throw AskMistake(text: "`id` is 32 hexadecimal digits, drawn at random.")
            }
            let from = try instant(ask.from, "from", schedule, now) ?? now
            guard let until = try instant(ask.until, "until", schedule, now) else {
                throw AskMistake(text: "`until` is missing: \(Schedule.momentRule).")
            }
            guard from < until else { throw AskMistake(text: "The closing would end before it begins; say a later `until`.") }
            return [
                .closeLibrary(
                    library,
                    Closure(id: id, fromMs: UInt64(max(0, from)) * 1_000, untilMs: UInt64(max(0, until)) * 1_000, note: ask.note ?? ""))
            ]
        case "reopen":
            let closings = schedule.closings(at: now)
            guard !closings.isEmpty else { throw AskMistake(text: "\(library) is not closed at short notice; its posted hours stand.") }
            return closings.map { .reopenLibrary(library, $0.id, atMs: UInt64(max(0, now)) * 1_000) }
        default: throw AskMistake(text: "`action` is `close` or `reopen`, not `\(ask.action)`.")
        }
    }

    private func instant(_ text: String?, _ what: String, _ schedule: Schedule, _ now: Int64) throws(AskMistake) -> Int64? {
        guard let text else { return nil }
        guard let instant = schedule.instant(text, after: now) else {
            throw AskMistake(text: "`\(what)` is \(Schedule.momentRule); found `\(text)`.")
        }
        return instant
    }
}
