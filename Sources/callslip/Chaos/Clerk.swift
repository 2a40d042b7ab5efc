/// Whoever decides for a library in a chaos run: reports problems, plans shifts and swaps them, one after another.
///
/// Each is asked for at one library's node after another, in the same words, until somebody answers: so a repeat of what was done already must do
/// nothing, and what was answered must be there at every node in the end. Nobody else changes what is this clerk's.

import Consortium
import EventLoop
import FoundationEssentials
import Node
import Seeded

@ClusterActor
final class Clerk {
    static let everyMs: UInt64 = 1_000
    static let againMs: UInt64 = 300
    static let answerMs: UInt64 = 3_000
    /// Fewer than a node takes from people who are not signed in within an hour, whoever of the clerks comes to it.
    static let reportsMax = 4

    let library: String
    private let cluster: ChaosCluster
    private var chance: SeededGenerator
    private var isEnding = false
    private(set) var hasEnded = false
    /// What was answered as done, and how often something was asked again.
    private(set) var done = 0
    private(set) var repeats = 0
    private(set) var faults: [String] = []
    private var reports: Set<String> = []
    /// Who has which shift, by when it begins.
    private var planned: [UInt64: String] = [:]
    /// The days that it plans: a week that neither ends in a run nor is skewed away.
    private var days: (first: CalendarDay, last: CalendarDay)?

    private struct Answer: Decodable {
        var code: String
    }

    private struct Tickets: Decodable {
        var tickets: [TicketReport]
    }

    private struct Report: Encodable {
        var id: String
        var text: String
        var library: String
    }

    private struct Swap: Encodable {
        struct Move: Encodable {
            var shift: String
            var version: UInt64
            var from: String
            var to: String
        }
        var library: String
        var moves: [Move]
    }

    init(_ library: String, _ cluster: ChaosCluster, seed: UInt64) {
        self.library = library
        self.cluster = cluster
        chance = SeededGenerator(seed: seed)
    }

    func begin() {
        Task {
            while !isEnding {
                await decide()
                await Wait.pause(ms: Self.everyMs)
            }
            hasEnded = true
        }
    }

    /// Nothing new from now on; what was begun is asked for until it is answered.
    func stop() { isEnding = true }

    private func decide() async {
        switch Int.random(in: 0..<6, using: &chance) {
        case 0 where reports.count < Self.reportsMax: await report()
        case 1, 2: await plan()
        default: await swap()
        }
    }

    // MARK: Errands

    private func report() async {
        let id = RequestID(using: &chance).text
        let report = Report(id: id, text: "\(library) reports \(reports.count)", library: library)
        guard await ask("/api/problems", report) else { return }
        reports.insert(id)
    }

    /// Three days anew, of which each of two people has a part.
    private func plan() async {
        let people = cluster.accounts(of: library)
        let seen = await read()
        let (first, last) = days ?? (seen.day.adding(days: 8), seen.day.adding(days: 10))
        days = (first, last)
        var lines = ["operator,from,until"]
        for day in 0..<3 {
            for (from, until) in [("09:00", "12:00"), ("13:00", "17:00")] where Int.random(in: 0..<4, using: &chance) > 0 {
                let person = people[Int.random(in: people.indices, using: &chance)]
                lines.append("\(person),\(first.adding(days: day).text) \(from),\(until)")
            }
        }
        guard lines.count > 1 else { return }
        let wish = ShiftsImportAsk(
            library: library, id: RequestID(using: &chance).text, text: lines.joined(separator: "\n") + "\n", from: first.text,
            to: last.text,
            change: seen.change)
        guard await ask("/api/shifts/import", wish) else { return }
        planned = [:]
        for line in lines.dropFirst() {
            let words = line.split(separator: ",")
            // Libraries of a run post their hours in Etc/UTC: the clock is the world's.
            guard let begins = Self.milliseconds(words[1]) else {
                faults.append("\(library): `\(words[1])` is no time")
                continue
            }
            planned[begins] = String(words[0])
        }
    }

    /// From whoever has it to a colleague; of two shifts now and then, one for the other.
    private func swap() async {
        guard let days else { return }
        let shifts = await read(days.first).shifts
        guard let one = shifts.randomElement(using: &chance) else { return }
        var moves: [Swap.Move] = []
        if let other = shifts.filter({ $0.person != one.person }).randomElement(using: &chance), Bool.random(using: &chance) {
            for (shift, to) in [(one, other), (other, one)] {
                moves.append(Swap.Move(shift: shift.id, version: shift.version, from: shift.person, to: to.person))
            }
        } else if let colleague = cluster.accounts(of: library).filter({ $0 != one.person }).randomElement(using: &chance) {
            moves.append(Swap.Move(shift: one.id, version: one.version, from: one.person, to: colleague))
        }
        guard !moves.isEmpty, await ask("/api/shifts/swap", Swap(library: library, moves: moves)) else { return }
        for move in moves {
            guard let begins = shifts.first(where: { $0.id == move.shift })?.fromMs else { continue }
            planned[begins] = move.to
        }
    }

    private static func milliseconds(_ stamp: Substring) -> UInt64? {
        let words = stamp.split(separator: " ")
        guard words.count == 2, let day = CalendarDay(String(words[0])), let hour = UInt64(words[1].prefix(2)) else { return nil }
        return UInt64(day.number) * 86_400_000 + hour * 3_600_000
    }

    // MARK: Asking

    /// Until somebody says yes, or no: a node that does not answer, or says that it cannot just now, may have done it or not.
    private func ask(_ path: String, _ question: some Encodable) async -> Bool {
        guard let body = try? JSONEncoder().encode(question) else {
            faults.append("\(library): what is asked of \(path) cannot be written")
            return false
        }
        var attempts = 0
        while true {
            if attempts > 0 {
                repeats += 1
                await Wait.pause(ms: Self.againMs)
            }
            attempts += 1
            let node = anyNode()
            guard
                let headers = headers(node),
                let response = try? await NodeClient.request(
                    .post, cluster.url(node) + path, headers: headers, body: [UInt8](body), timeoutMs: Self.answerMs)
            else { continue }
            switch response.status {
            case 200:
                done += 1
                return true
            // Somebody sees another state than there is: the node that was asked for it was behind.
            case 409 where (try? JSONDecoder().decode(Answer.self, from: Data(response.body)))?.code == Refusal.Code.outOfOrder.rawValue:
                return false
            case 500...: continue
            default:
                faults.append("\(library): \(node) answered \(path) with \(response.status): \(NodeClient.sentence(response))")
                return false
            }
        }
    }

    private func anyNode() -> String { cluster.libraries[Int.random(in: cluster.libraries.indices, using: &chance)] }

    /// The token is made anew when the node starts.
    private func headers(_ node: String) -> [(name: String, value: String)]? {
        guard let admin = try? NodeClient.admin(data: cluster.data(of: node)) else { return nil }
        return [(name: "Authorization", value: "Bearer \(admin.token)"), (name: "Content-Type", value: "application/json")]
    }

    private struct Seen {
        var day: CalendarDay
        var change: UInt64
        var shifts: [ShiftsReport.Planned]
    }

    private func read(_ day: CalendarDay? = nil) async -> Seen {
        while true {
            let node = anyNode()
            if let seen = await read(day, at: node) { return seen }
            await Wait.pause(ms: Self.againMs)
        }
    }

    /// As a node knows it: the week of the day, and the one after.
    private func read(_ day: CalendarDay?, at node: String) async -> Seen? {
        guard let first = await week(day?.text, at: node), let today = CalendarDay(first.today) else { return nil }
        guard let second = await week(first.after, at: node), second.change == first.change else { return nil }
        let shifts = (first.days + second.days).flatMap(\.shifts)
        return Seen(day: today, change: first.change, shifts: shifts)
    }

    private func week(_ day: String?, at node: String) async -> ShiftsReport? {
        let path = "/api/shifts?library=\(library)" + (day.map { "&week=\($0)" } ?? "")
        return await get(path, at: node)
    }

    private func get<Value: Decodable>(_ path: String, at node: String) async -> Value? {
        guard let headers = headers(node),
            let response = try? await NodeClient.request(.get, cluster.url(node) + path, headers: headers, timeoutMs: Self.answerMs),
            response.status == 200
        else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(response.body))
    }

    // MARK: The end

    /// What a node does not know as it was answered; nil when nothing.
    func difference(at node: String) async -> String? {
        guard let all: Tickets = await get("/api/problems/all", at: node) else { return "\(node) does not tell its problems" }
        for id in reports.sorted() {
            let count = all.tickets.count { $0.id == id }
            if count != 1 { return "\(library): what was reported as \(id) is there \(count) times at \(node)" }
        }
        guard let days else { return nil }
        guard let seen = await read(days.first, at: node) else { return "\(node) does not tell the shifts of \(library)" }
        let had = Dictionary(seen.shifts.map { ($0.fromMs, $0.person) }) { "\($0) and \($1)" }
        return had == planned
            ? nil : "\(library): the shifts at \(node) are \(Self.text(had)), and were answered to be \(Self.text(planned))"
    }

    private static func text(_ shifts: [UInt64: String]) -> String {
        shifts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
