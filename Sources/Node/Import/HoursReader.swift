/// Terms and posted hours in a consortium's file.
///
///     terms:
///       - {title: Fall 2026, kind: semester, first: 2026-09-02, last: 2026-12-18}
///     libraries:
///       - name: memorial
///         hours:
///           zone: America/Chicago
///           semester: {monday to thursday: "8:00-22:00", friday: "8:00-18:00", sunday: "12:00-24:00"}
///           intersession: {monday to friday: "9:00-12:00, 13:00-17:00"}
///           break: closed
///           exceptions:
///             - {day: 2026-11-26, hours: closed, note: Thanksgiving}
///
/// The hours may also stand apart, as `hours: {memorial: …}` at the top of the file or in a file of their own.
/// A day that a week does not name is closed; an end that is not after its beginning is the next day's.

import Consortium
import Yams

extension YAMLReader {
    mutating func terms(_ node: Node) -> TermCalendar {
        var terms: [(term: Term, line: Int)] = []
        for entry in sequence(node, "terms", max: Limits.termsMax) {
            guard let map = mapping(entry, "a term", keys: ["title", "kind", "first", "last"]),
                let titleNode = required(map, "title", in: entry, "how people call the term"), let title = title(titleNode, "title"),
                let kindNode = required(map, "kind", in: entry, "semester, intersession or break"), let kind = text(kindNode, "kind"),
                let firstNode = required(map, "first", in: entry, "its first day"), let first = day(firstNode, "first"),
                let lastNode = required(map, "last", in: entry, "its last day"), let last = day(lastNode, "last")
            else { continue }
            guard let kind = TermKind.allCases.first(where: { $0.text == kind }) else {
                fail(kindNode, "`kind` is `semester`, `intersession` or `break`; found `\(kind)`")
                continue
            }
            if last < first { fail(lastNode, "`\(title)` ends on \(last.text), before it begins on \(first.text)") }
            terms.append((Term(title: title, kind: kind, first: first, last: last), entry.line))
        }
        terms.sort { ($0.term.first, $0.line) < ($1.term.first, $1.line) }
        for (earlier, later) in zip(terms, terms.dropFirst()) where later.term.first <= earlier.term.last {
            fail(line: later.line, "`\(later.term.title)` begins before `\(earlier.term.title)` ends; no day belongs to two terms")
        }
        return TermCalendar(terms: terms.map(\.term))
    }

    mutating func hours(_ node: Node, of library: LibraryName) -> LibraryHours? {
        let kinds = TermKind.allCases.map(\.text)
        guard let map = mapping(node, "hours", keys: ["zone"] + kinds + ["exceptions"]),
            let zoneNode = required(map, "zone", in: node, "the library's time zone, such as America/Chicago"),
            let zone = text(zoneNode, "zone")
        else { return nil }
        if !isZone(zone) { fail(zoneNode, "this machine knows no time zone `\(zone)`; name it as in the IANA data base: America/Chicago") }
        var weeks: [WeeklyHours] = []
        for kind in kinds {
            let meaning = "posted hours include the regular semester, intersessions, and breaks (`closed` will do)"
            guard let week = required(map, kind, in: node, meaning) else { continue }
            weeks.append(self.week(week, kind))
        }
        var exceptions: [(exception: HoursException, line: Int)] = []
        if let list = map["exceptions"] {
            for entry in sequence(list, "exceptions", max: Limits.exceptionsPerLibraryMax) {
                guard let map = mapping(entry, "an exception", keys: ["day", "hours", "note"]),
                    let dayNode = required(map, "day", in: entry, "the day, such as 2026-11-26"), let day = day(dayNode, "day"),
                    let hoursNode = required(map, "hours", in: entry, "`closed`, or times such as 8:00-12:00")
                else { continue }
                let note = title(map["note"], "note") ?? ""
                exceptions.append((HoursException(day: day, spans: spans(hoursNode), note: note), entry.line))
            }
        }
        exceptions.sort { ($0.exception.day, $0.line) < ($1.exception.day, $1.line) }
        for (earlier, later) in zip(exceptions, exceptions.dropFirst()) where later.exception.day == earlier.exception.day {
            fail(line: later.line, "\(later.exception.day.text) stands here a second time; put all its times into one entry")
        }
        guard weeks.count == kinds.count else { return nil }
        return LibraryHours(library: library, zone: zone, weeks: weeks, exceptions: exceptions.map(\.exception))
    }

    private static let dayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private mutating func week(_ node: Node, _ kind: String) -> WeeklyHours {
        if node.scalar?.string == "closed" { return .closed }
        var week = WeeklyHours.closed
        guard let mapping = node.mapping else {
            fail(node, "`\(kind)` is `closed` or a mapping of days, such as {monday to friday: \"9:00-17:00\"}")
            return week
        }
        var named: Set<Int> = []
        for (key, value) in mapping {
            let words = (key.scalar?.string ?? "").split(separator: " ").map(String.init)
            let ends = [words.first, words.last].compactMap { $0.flatMap(Self.dayNames.firstIndex) }
            guard ends.count == 2, words.count == 1 || (words.count == 3 && words[1] == "to"), ends[0] <= ends[1] else {
                fail(key, "a day is `monday` to `sunday`, or several: `monday to friday`; found `\(words.joined(separator: " "))`")
                continue
            }
            let spans = spans(value)
            for day in ends[0]...ends[1] {
                if !named.insert(day).inserted { fail(key, "\(Self.dayNames[day]) stands in this week twice") }
                week.days[day] = spans
            }
        }
        return week
    }

    mutating func day(_ node: Node, _ what: String) -> CalendarDay? {
        guard let text = node.scalar?.string, let day = CalendarDay(text) else {
            fail(node, "`\(what)` must be a day such as 2026-11-26; found `\(node.scalar?.string ?? "something else")`")
            return nil
        }
        return day
    }

    private mutating func spans(_ node: Node) -> [OpenSpan] {
        guard let text = node.scalar?.string else {
            fail(node, "times are a text such as 8:00-22:00, or `closed`")
            return []
        }
        if text == "closed" { return [] }
        var spans: [OpenSpan] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Self.minute(String($0)) }
            guard ends.count == 2, let opens = ends[0], let closes = ends[1], opens < 1_440 else {
                fail(node, "times are `closed` or from 0:00 to 24:00, such as 8:00-12:00, 13:00-17:00; found `\(text)`")
                return []
            }
            spans.append(OpenSpan(opens: opens, closes: closes > opens ? closes : closes + 1_440))
        }
        for (earlier, later) in zip(spans, spans.dropFirst()) where later.opens < earlier.closes {
            fail(node, "the times of a day stand in order and do not overlap; found `\(text)`")
        }
        if spans.count > Limits.spansPerDayMax { fail(node, "a day has \(Limits.spansPerDayMax) openings at most") }
        return spans
    }

    /// `8:00` or `8`, spaces around it or not.
    private static func minute(_ text: String) -> UInt16? {
        let trimmed = text.split(separator: " ").joined(separator: " ")
        let parts = trimmed.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = UInt16(parts[0]), let minute = parts.count == 2 ? UInt16(parts[1]) : 0, minute < 60, hour * 60 + minute <= 1_440
        else { return nil }
        return hour * 60 + minute
    }
}
