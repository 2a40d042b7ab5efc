/// Hours of a former service in a consortium's file: what `callslip import-libraryh3lp` makes of a list of chats.
///
///     past:
///       memorial:
///         2026-03-02: "15 4 0 2 1; 16 2"
///
/// Of each day its hours, all by UTC: the hour, how many chats were asked, and of the answered ones how many waited how long, by the classes of `callslip reports`
/// (up to 5 s, 10 s, …), the last ones left out where they are 0.

import Consortium
import Yams

extension YAMLReader {
    /// As many commands as they take, each with the line where its library begins.
    mutating func past(_ node: Node) -> [(past: PastHours, line: Int)] {
        guard let mapping = node.mapping else {
            fail(node, "`past` is a mapping of libraries’ names, or `general`, to their days")
            return []
        }
        var found: [(past: PastHours, line: Int)] = []
        for (key, value) in mapping {
            var home: LibraryName?
            if key.scalar?.string != ReportsAPI.generalName {
                guard let name: LibraryName = name(key, "a library's name") else { continue }
                home = name
            }
            if found.contains(where: { $0.past.home == home }) {
                fail(key, "the past of `\(key.scalar?.string ?? "")` stands here a second time")
            }
            let cells = self.cells(value)
            for start in stride(from: 0, to: cells.count, by: Limits.pastHoursPerCommandMax) {
                let part = cells[start..<min(cells.count, start + Limits.pastHoursPerCommandMax)]
                found.append((PastHours(home: home, cells: Array(part)), key.line))
            }
        }
        return found
    }

    /// In the order of their hours.
    private mutating func cells(_ node: Node) -> [TallyHourCell] {
        guard let mapping = node.mapping else {
            fail(node, "the past of a library is a mapping of days, such as 2026-03-02, to their hours")
            return []
        }
        var cells: [TallyHour: TallyCell] = [:]
        for (key, value) in mapping {
            guard let day = day(key, "the day"), let text = text(value, "the day's hours") else { continue }
            for part in text.split(separator: ";") {
                let words = part.split(separator: " ")
                let numbers = words.compactMap { UInt32($0) }
                guard numbers.count == words.count, numbers.count >= 2, numbers[0] < 24,
                    let cell = TallyCell(former: numbers[1], waits: Array(numbers.dropFirst(2)))
                else {
                    fail(
                        value,
                        "an hour is such as `15 4 0 2 1`: from 0 to 23, chats asked, and of those answered how many waited how long; found `\(part)`"
                    )
                    continue
                }
                let hour = TallyHour(day.number) * 24 + numbers[0]
                if cells.updateValue(cell, forKey: hour) != nil { fail(value, "the hour \(numbers[0]) stands here a second time") }
            }
        }
        return cells.sorted { $0.key < $1.key }.map { TallyHourCell(hour: $0.key, cell: $0.value) }
    }
}
