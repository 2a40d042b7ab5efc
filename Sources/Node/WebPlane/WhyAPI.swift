/// `GET /api/why`: why a queue's button is on or off, now, or at a minute that is past. For a library's admin of the own library's queues and the general one, for
/// ChatWog, RMT and LTG, and for whoever has the node's admin token, of all. `queue` and `at` (as clocks at the library show it) choose.

import Consortium
import EventLoop
import Hours
import Web

@WebActor
struct WhyAPI {
    let api: HTTPAPI
    let hours: HoursWeb

    /// What is asked about one queue.
    private struct Want: Sendable {
        var queue: Queue
        var clock: LocalClock
        /// `nil` for now.
        var at: LedgerMinute?
        /// That minute's day, up to now.
        var day: Range<LedgerMinute>
        var now: LedgerMinute
    }

    func install(on server: WebServer) {
        server.get("/api/why") { request, responder in
            api.services.registers(api.carriesToken(request) ? nil : request.cookie(HTTPAPI.cookieName)) { person, board, _ in
                // The sign-in may have ended since the gate asked.
                guard person != nil || api.carriesToken(request) else {
                    return say("signIn", "The sign-in has ended; sign in again.", 401, responder)
                }
                guard let board else {
                    return say("notAvailable", "This node knows no consortium yet; try again in a moment.", 503, responder)
                }
                answer(request, person, board, responder)
            }
        }
    }

    private func answer(_ request: Request, _ person: Operator?, _ board: Board, _ responder: Responder) {
        let seesAll = person == nil || person?.committee != nil
        let visible = board.queues.filter { seesAll || $0.queue.library == nil || $0.queue.library == person?.library }
        let titles = Dictionary(board.queues.map { ($0.queue.name, $0.queue.title) }, uniquingKeysWith: { first, _ in first })
        let words = Words(titles: titles)
        var report = WhyReport(queues: visible.map { words.line($0) }, answer: nil)
        guard let name = request.query("queue"), !name.isEmpty else { return responder.send(api.json(report, 200)) }
        guard let status = visible.first(where: { $0.queue.name.text == name || $0.queue.otherNames.contains { $0.name.text == name } })
        else {
            let text =
                seesAll
                ? "There is no queue `\(name)`."
                : "You may ask about the queues of your own library and the general one, not about `\(name)`."
            return say("invalid", text, 400, responder)
        }
        let want: Want
        do throws(AskMistake) { want = try self.want(request, status.queue) } catch { return say("invalid", error.text, 400, responder) }
        let general = board.queues.first { $0.queue.library == nil }?.queue.name
        let others = general.map { $0 == want.queue.name ? [] : [$0] } ?? []
        api.services.causes(([want.queue.name] + others).map { CausePart(queue: $0, minutes: want.day) }) { books in
            guard books != nil || want.at == nil else {
                let text = "The coordinators cannot be asked now, or one of them is to be updated first; try again in a moment."
                return say("notAvailable", text, 503, responder)
            }
            let stretches = books.map { books in
                WhySheet.stretches(
                    books.first?.entries ?? [], general: others.first.map { ($0, books.last?.entries ?? []) }, in: want.day)
            }
            report.answer = words.answer(want, stretches, now: want.at == nil ? status.decision : nil)
            responder.send(api.json(report, 200))
        }
    }

    private func want(_ request: Request, _ queue: Queue) throws(AskMistake) -> Want {
        let schedule = queue.library.flatMap { hours.entry($0)?.schedule } ?? hours.usualSchedule
        let clock = LocalClock(schedule)
        let now = clock.minute(hours.now)
        guard let text = request.query("at"), !text.isEmpty else {
            return Want(queue: queue, clock: clock, at: nil, day: Self.day(of: now, clock, now: now), now: now)
        }
        guard let at = clock.minute(text) else {
            throw AskMistake(text: "`at` is a time such as 2026-11-28T09:30, as clocks at the library show it; found `\(text)`.")
        }
        guard at <= now else {
            throw AskMistake(text: "`at` is still to come: it is \(clock.stamp(now)) there, and you asked about \(clock.stamp(at)).")
        }
        return Want(queue: queue, clock: clock, at: at, day: Self.day(of: at, clock, now: now), now: now)
    }

    /// The local day around a minute, up to the present one, which counts.
    private static func day(of minute: LedgerMinute, _ clock: LocalClock, now: LedgerMinute) -> Range<LedgerMinute> {
        clock.minutes(of: clock.day(at: Int64(minute) * 60)).clamped(to: 0..<now + 1)
    }

    private func say(_ code: String, _ text: String, _ status: Int, _ responder: Responder) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    /// Decisions in sentences.
    private struct Words: Sendable {
        var titles: [QueueName: String]

        func why(_ decision: RoutingDecision) -> [String] { decision.reasons.map { $0.sentence { titles[$0] ?? $0.text } } }

        func line(_ status: QueueStatus) -> WhyReport.Line {
            WhyReport.Line(
                queue: status.queue.name.text, title: status.queue.title, library: status.queue.library?.text,
                button: status.decision.button, why: why(status.decision))
        }

        func answer(_ want: Want, _ stretches: [WhyStretch]?, now: RoutingDecision?) -> WhyReport.Answer {
            let at = want.at ?? want.now
            let decision = now ?? stretches?.first { $0.minutes.contains(at) }?.decision
            let unknown = [
                "Nothing is known of that time: it is before this was noted, or more than \(Limits.causeMinutesMax / 1_440) days ago."
            ]
            return WhyReport.Answer(
                queue: want.queue.name.text, title: want.queue.title, zone: want.clock.zone, at: want.clock.stamp(at),
                button: decision?.button ?? "unknown", why: decision.map(why) ?? unknown,
                day: stretches?.map { stretch in
                    WhyReport.Stretch(
                        from: want.clock.stamp(stretch.minutes.lowerBound),
                        until: stretch.minutes.contains(want.now) ? nil : want.clock.stamp(stretch.minutes.upperBound),
                        button: stretch.decision.button, why: why(stretch.decision))
                })
        }
    }
}
