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

    private struct Answer: Encodable {
        var code: String
        var text: String
    }

    private struct Mistake: Error {
        var text: String
    }

    func install(on server: WebServer) {
        server.post("/api/hours", bodyBytesMax: 4_096) { request, responder in
            guard api.isAdmin(request, responder) else { return }
            do throws(Mistake) {
                propose(try commands(request)[...], responder)
            } catch {
                responder.send(api.json(Answer(code: "invalid", text: error.text), 400))
            }
        }
    }

    private func commands(_ request: Request) throws(Mistake) -> [Command] {
        guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(request.body)) else {
            throw Mistake(
                text: "Send {\"library\":NAME,\"action\":\"close\",\"id\":ID,\"until\":TIME,\"note\":TEXT} or {…,\"action\":\"reopen\"}.")
        }
        guard let library = LibraryName(ask.library), let entry = hours.entry(library) else {
            throw Mistake(text: "There is no library `\(ask.library)`.")
        }
        guard let schedule = entry.schedule else {
            throw Mistake(text: entry.problem.map { "The hours of \(library) cannot be reckoned: \($0)." } ?? "\(library) posted no hours.")
        }
        let now = hours.now
        switch ask.action {
        case "close":
            guard let id = ask.id.flatMap({ RequestID($0) }) else { throw Mistake(text: "`id` is 32 hexadecimal digits, drawn at random.") }
            let from = try instant(ask.from, "from", schedule, now) ?? now
            guard let until = try instant(ask.until, "until", schedule, now) else {
                throw Mistake(text: "`until` is missing: \(Schedule.momentRule).")
            }
            guard from < until else { throw Mistake(text: "The closing would end before it begins; say a later `until`.") }
            return [
                .closeLibrary(
                    library,
                    Closure(id: id, fromMs: UInt64(max(0, from)) * 1_000, untilMs: UInt64(max(0, until)) * 1_000, note: ask.note ?? ""))
            ]
        case "reopen":
            let closings = schedule.closings(at: now)
            guard !closings.isEmpty else { throw Mistake(text: "\(library) is not closed at short notice; its posted hours stand.") }
            return closings.map { .reopenLibrary(library, $0.id, atMs: UInt64(max(0, now)) * 1_000) }
        default: throw Mistake(text: "`action` is `close` or `reopen`, not `\(ask.action)`.")
        }
    }

    private func instant(_ text: String?, _ what: String, _ schedule: Schedule, _ now: Int64) throws(Mistake) -> Int64? {
        guard let text else { return nil }
        guard let instant = schedule.instant(text, after: now) else {
            throw Mistake(text: "`\(what)` is \(Schedule.momentRule); found `\(text)`.")
        }
        return instant
    }

    /// One after the other.
    private func propose(_ commands: ArraySlice<Command>, _ responder: Responder) {
        guard let command = commands.first else { return responder.send(api.json(Answer(code: "done", text: "Done."), 200)) }
        api.services.propose(command) { verdict in
            switch verdict {
            case .accepted?: propose(commands.dropFirst(), responder)
            case .refused(let refusal)?: responder.send(api.json(Answer(code: refusal.code.rawValue, text: refusal.sentence), 409))
            case nil: responder.send(api.json(Answer(code: "ended", text: "The node stopped before it was done; ask again."), 503))
            }
        }
    }
}
