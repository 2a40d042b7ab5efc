/// Shifts over HTTP: `GET /api/shifts` for a week of a library, `POST /api/shifts/import` for a list from a file (`preview=1` changes nothing), `POST /api/shifts/swap` for
/// the one step by which shifts change hands. Who may change what, the replicated state decides.

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

@WebActor
final class ShiftsAPI {
    private let api: HTTPAPI
    private let hours: HoursWeb
    private var running = 0

    /// In JSON a file may be twice as long as it is.
    private static let bodyBytesMax = 2 * ShiftsFile.bytesMax + 4 * 1_024
    /// Files that are read at once; each takes a thread.
    private static let runningMax = 2
    private nonisolated static let form =
        "Send {\"library\":NAME,\"id\":ID,\"text\":FILE,\"from\":DAY,\"to\":DAY,\"change\":NUMBER} as application/json; `id` is 32 hexadecimal digits, drawn at random."
    private nonisolated static let swapForm =
        "Send {\"library\":NAME,\"moves\":[{\"shift\":ID,\"version\":NUMBER,\"from\":NAME,\"to\":NAME}]} as application/json, with one move or two."

    private struct Swap: Decodable {
        struct Move: Decodable {
            var shift: String
            var version: UInt64
            var from: String
            var to: String
        }
        var library: String?
        var moves: [Move]
    }

    init(api: HTTPAPI, hours: HoursWeb) {
        self.api = api
        self.hours = hours
    }

    func install(on server: WebServer) {
        server.get("/api/shifts") { [self] request, responder in
            api.overseer(request, responder) { [self] person in show(request, person, responder) }
        }
        server.post("/api/shifts/import", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in
            guard isJSON(request) else { return say(responder, "invalid", Self.form, 400) }
            api.overseer(request, responder) { [self] person in importFile(request, person, responder) }
        }
        server.post("/api/shifts/swap", bodyBytesMax: 2_048) { [self] request, responder in
            guard isJSON(request), let ask = try? JSONDecoder().decode(Swap.self, from: Data(request.body)) else {
                return say(responder, "invalid", Self.swapForm, 400)
            }
            api.overseer(request, responder) { [self] person in
                do throws(AskMistake) {
                    api.propose([.swapShift(try swap(ask, person))], done: "Done.", responder)
                } catch {
                    say(responder, "invalid", error.text, 400)
                }
            }
        }
    }

    /// A page of another origin cannot send this type without asking first, and is not allowed.
    private func isJSON(_ request: Request) -> Bool { request.headers["content-type"]?.hasPrefix("application/json") ?? false }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }

    private func show(_ request: Request, _ person: Operator?, _ responder: Responder) {
        let (entry, week): (HoursEntry, CalendarDay)
        do throws(AskMistake) {
            entry = try library(request.query("library"), person, mayAll: person?.committee != nil)
            week = try self.week(request.query("week"), entry)
        } catch {
            return say(responder, "invalid", error.text, 400)
        }
        let now = hours.now
        api.services.shifts(entry.library) { [self] board, book in
            guard let board, let book else { return notAvailable(responder) }
            responder.send(api.json(ShiftsReport(book, board, entry, week: week, for: person, now: now), 200))
        }
    }

    private func notAvailable(_ responder: Responder) {
        let text =
            "Shifts cannot be read here now: the coordinators cannot be asked, or one of them is to be updated first. Try again in a moment."
        say(responder, "notAvailable", text, 503)
    }

    private func week(_ text: String?, _ entry: HoursEntry) throws(AskMistake) -> CalendarDay {
        let today = LocalClock(entry.schedule).day(at: hours.now)
        guard let text, !text.isEmpty else { return today.adding(days: -today.weekday) }
        guard let day = CalendarDay(text) else { throw AskMistake(text: "`week` is a day of it, such as 2026-11-30; found `\(text)`.") }
        return day.adding(days: -day.weekday)
    }

    /// The library that is named, or else that of the person.
    private func library(_ name: String?, _ person: Operator?, mayAll: Bool) throws(AskMistake) -> HoursEntry {
        if let person, !mayAll, let name, name != person.library.text {
            throw AskMistake(text: "The shifts of your own library are yours to see, not those of `\(name)`.")
        }
        guard let wanted = name ?? person?.library.text else { throw AskMistake(text: "Name a `library`.") }
        guard let entry = hours.libraries.first(where: { $0.library.text == wanted }) else {
            throw AskMistake(text: "There is no library `\(wanted)`.")
        }
        return entry
    }

    private func swap(_ ask: Swap, _ person: Operator?) throws(AskMistake) -> ShiftSwap {
        let entry = try library(ask.library, person, mayAll: true)
        var moves: [ShiftMove] = []
        for move in ask.moves.prefix(3) {
            guard let shift = ShiftID(move.shift), let from = OperatorName(move.from), let to = OperatorName(move.to) else {
                throw AskMistake(text: Self.swapForm)
            }
            moves.append(ShiftMove(shift: shift, version: move.version, from: from, to: to))
        }
        return ShiftSwap(library: entry.library, moves: moves, by: person.map { .person($0.name) } ?? .admin)
    }

    // MARK: Import

    private func importFile(_ request: Request, _ person: Operator?, _ responder: Responder) {
        guard running < Self.runningMax else {
            return say(responder, "busy", "Other files are being read here just now; try again in a moment.", 503)
        }
        running += 1
        let (body, isPreview) = (request.body, request.query("preview") == "1")
        Task { @WebActor in
            await read(body, person, isPreview: isPreview, responder)
            running -= 1
        }
    }

    /// What is asked, against what stands now; read off the loop, as a long file takes a while.
    private func read(_ body: [UInt8], _ person: Operator?, isPreview: Bool, _ responder: Responder) async {
        let ask = try? await WebActor.loop.work { try? JSONDecoder().decode(ShiftsImportAsk.self, from: Data(body)) }
        let (wish, schedule): (ShiftsReading.Wish, Schedule)
        do throws(AskMistake) {
            (wish, schedule) = try self.wish(ask, person)
        } catch {
            return say(responder, "invalid", error.text, 400)
        }
        let now = hours.now
        let found: (board: Board?, book: ShiftBook?) = await withCheckedContinuation { continuation in
            api.services.shifts(wish.library) { board, book in continuation.resume(returning: (board, book)) }
        }
        guard let ask, let board = found.board, let book = found.book else { return notAvailable(responder) }
        let reading = try? await WebActor.loop.work {
            ShiftsReading(ask.text, wish, book: book, operators: board.operators, schedule, now: now, zones: ZoneFiles.reader())
        }
        guard var reading else { return say(responder, "busy", "This node has too much to do just now; ask again in a moment.", 503) }
        if let change = ask.change { reading.list.change = change }
        finish(reading, LocalClock(schedule), isPreview: isPreview, responder)
    }

    private func wish(_ ask: ShiftsImportAsk?, _ person: Operator?) throws(AskMistake) -> (ShiftsReading.Wish, Schedule) {
        guard let ask, let id = RequestID(ask.id) else { throw AskMistake(text: Self.form) }
        let entry = try library(ask.library, person, mayAll: person?.committee == .ltg)
        guard let schedule = entry.schedule else {
            throw AskMistake(
                text: entry.problem.map { "The hours of \(entry.library) cannot be reckoned: \($0)." }
                    ?? "\(entry.library) posted no hours, so nobody knows its time zone, nor where a gap is; post its hours first.")
        }
        let (first, last) = (try day(ask.from, "from"), try day(ask.to, "to"))
        if let first, let last, first > last { throw AskMistake(text: "`from` is after `to`; found \(first.text) and \(last.text).") }
        let by: Editor = person.map { .person($0.name) } ?? .admin
        return (ShiftsReading.Wish(library: entry.library, id: id, first: first, last: last, by: by), schedule)
    }

    private func finish(_ reading: ShiftsReading, _ clock: LocalClock, isPreview: Bool, _ responder: Responder) {
        func answer(_ code: String, _ text: String, _ status: Int) {
            responder.send(api.json(ShiftsImported(reading, clock, code: code, text: text), status))
        }
        guard reading.problems.isEmpty else {
            let count = reading.problems.count
            return answer(
                "invalid",
                "\(count == 1 ? "One thing is" : "\(count) things are") wrong in the file, and nothing of it was imported. Put the lines right, and import it again.",
                400)
        }
        guard !reading.list.rows.isEmpty else {
            return answer("invalid", "No shift of the file begins within the time that is planned: from 14 days ago to a year ahead.", 400)
        }
        if isPreview { return answer("preview", reading.sentence(isPreview: true), 200) }
        api.services.propose(.importShifts(reading.list)) { verdict in
            switch verdict {
            case .accepted?: answer("done", reading.sentence(isPreview: false), 200)
            case .refused(let refusal)?: answer(refusal.code.rawValue, refusal.sentence, 409)
            case nil: answer("ended", "The node stopped before it was done; ask again.", 503)
            }
        }
    }

    private func day(_ text: String?, _ name: String) throws(AskMistake) -> CalendarDay? {
        guard let text, !text.isEmpty else { return nil }
        guard let day = CalendarDay(text) else { throw AskMistake(text: "`\(name)` is a day such as 2026-11-30; found `\(text)`.") }
        return day
    }
}

extension ShiftsReading {
    fileprivate func sentence(isPreview: Bool) -> String {
        func shifts(_ count: Int) -> String { count == 1 ? "1 shift" : "\(count) shifts" }
        let left =
            outside == 0
            ? ""
            : " \(shifts(outside)) of the file begin\(outside == 1 ? "s" : "") outside the time, and \(outside == 1 ? "is" : "are") left out."
        return isPreview
            ? "\(shifts(list.rows.count)): \(added) would come new, \(kept) stay as they are, \(removed) would go.\(left) Nothing was changed yet."
            : "\(shifts(list.rows.count)): \(added) came new, \(kept) stayed as they were, \(removed) went.\(left)"
    }
}
