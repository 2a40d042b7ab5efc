/// Counts of chats as the old vendor's reports write them: comma-separated values, each line with CR and LF.

import Consortium
import Hours

/// What those reports are called at the end of their addresses.
enum ConversationReport: String, CaseIterable, Sendable {
    case hour = "chats-per-hour"
    case month = "chats-per-month"
    case operators = "chats-per-operator"
    case profile = "chats-per-profile"
    case protocols = "chats-per-protocol"
    case queue = "chats-per-queue"
}

/// What was counted of one library's chats, or of the general queue's own.
struct ConversationCounts: Sendable {
    var home: LibraryName?
    /// What the line of this home is called.
    var name: String
    var cells: [TallyHourCell]
}

struct ConversationTable: Sendable {
    let clock: LocalClock
    let days: ClosedRange<CalendarDay>
    /// Whether those count that nobody answered.
    let withUnanswered: Bool

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    func text(_ report: ConversationReport, _ counts: [ConversationCounts]) -> String {
        let lines: [[String]] =
            switch report {
            case .hour: hours(counts)
            case .month: [["protocol"] + months.map(\.title), ["web"] + byMonth(counts).map(String.init)]
            case .protocols: [["protocol", "chats"], ["web", "\(counts.reduce(0) { $0 + sum($1) })"]]
            case .profile: [["profile", "chats"]] + counts.map { [$0.name, "\(sum($0))"] }
            case .queue: [["queue"] + months.map(\.title)] + counts.map { [$0.name] + byMonth([$0]).map(String.init) }
            case .operators: answerers(counts)
            }
        return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    // MARK: Counting

    private func count(_ cell: TallyCell) -> Int { Int(cell[withUnanswered ? .asked : .answered]) }

    /// The hours that begin in these days, each with its day.
    private func within(_ counts: ConversationCounts) -> [(day: CalendarDay, hour: Int, cell: TallyCell)] {
        counts.cells.compactMap { entry in
            let (day, second) = clock.moment(at: Int64(entry.hour) * 3_600)
            return days.contains(day) ? (day, second / 3_600, entry.cell) : nil
        }
    }

    private func sum(_ counts: ConversationCounts) -> Int { within(counts).reduce(0) { $0 + count($1.cell) } }

    private func hours(_ counts: [ConversationCounts]) -> [[String]] {
        var table = [[Int]](repeating: [Int](repeating: 0, count: 7), count: 24)
        for (day, hour, cell) in counts.flatMap(within) where table.indices.contains(hour) {
            // The calendar's week begins on Monday, these tables' on Sunday.
            table[hour][(day.weekday + 1) % 7] += count(cell)
        }
        return [["hour"] + Self.weekdays] + table.enumerated().map { ["\($0.offset)"] + $0.element.map(String.init) }
    }

    private var months: [(number: Int, title: String)] {
        func number(_ day: CalendarDay) -> Int { day.date.year * 12 + day.date.month - 1 }
        return (number(days.lowerBound)...number(days.upperBound)).map { number in
            let month = number % 12 + 1
            return (number, (month < 10 ? "0" : "") + "\(month)/\(number / 12)")
        }
    }

    private func byMonth(_ counts: [ConversationCounts]) -> [Int] {
        let months = months
        var sums = [Int](repeating: 0, count: months.count)
        guard let first = months.first?.number else { return sums }
        for (day, _, cell) in counts.flatMap(within) {
            let place = day.date.year * 12 + day.date.month - 1 - first
            if sums.indices.contains(place) { sums[place] += count(cell) }
        }
        return sums
    }

    /// A line for each library whose people answered. How long somebody waited is counted for the library whose chat it was, so those places are empty.
    private func answerers(_ counts: [ConversationCounts]) -> [[String]] {
        var sums: [String: Int] = [:]
        for (_, _, cell) in counts.flatMap(within) {
            for share in cell.answeredBy { sums[share.library?.text ?? ReportsAPI.generalName, default: 0] += Int(share.count) }
        }
        return [["operator", "n", "mean", "median", "min", "max"]]
            + sums.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value)", "", "", "", ""] }
    }
}
