/// Shifts of an iCalendar file (RFC 5545): each event is one, by whoever is invited to it or whom its title names. Weekly and daily series are written out; what else repeats is a mistake
/// that says so. Tasks, alarms and the descriptions of zones are passed over: zones are those of the machine's data base.

import Consortium
import Hours

/// One event as the file has it.
private struct CalendarEvent {
    var line: Int
    var lines: [CalendarLine] = []

    func all(_ name: String) -> [CalendarLine] { lines.filter { $0.name == name } }
    func first(_ name: String) -> CalendarLine? { lines.first { $0.name == name } }
}

/// A moment as a zone's clocks show it.
private struct CalendarTime {
    var day: CalendarDay
    var secondOfDay: Int64
    var zone: ZoneRules

    /// Seconds since 1970 by those clocks.
    var local: Int64 { Int64(day.number) * 86_400 + secondOfDay }
    var second: Int64 { zone.second(local: local) }
}

extension ShiftsFile {
    /// Components in one another, and lines of one event.
    private static var depthMax: Int { 16 }
    private static var linesPerEventMax: Int { 1_000 }

    mutating func readCalendar(_ text: String, zone: ZoneRules, zones: (String) -> ZoneRules?) {
        var reader = CalendarLines(text)
        var open: [String] = []
        var event: CalendarEvent?
        while !isFull, let next = reader.next() {
            guard let line = next.read else {
                return add(Problem(line: next.line, sentence: "This is no line of a calendar; export the file again."))
            }
            switch line.name {
            case "BEGIN":
                guard open.count < Self.depthMax else {
                    return add(Problem(line: line.line, sentence: "Components stand too deep in one another."))
                }
                open.append(line.value.uppercased())
                if open.last == "VEVENT", event == nil { event = CalendarEvent(line: line.line) }
            case "END":
                guard let last = open.popLast(), last == line.value.uppercased() else {
                    return add(Problem(line: line.line, sentence: "Nothing is open that ends here; export the file again."))
                }
                guard last == "VEVENT", !open.contains("VEVENT"), let ended = event else { continue }
                event = nil
                do throws(Problem) { try add(ended, zone: zone, zones) } catch { add(error) }
            default:
                guard open.last == "VEVENT" else { continue }
                guard let lines = event?.lines.count, lines < Self.linesPerEventMax else {
                    return add(Problem(line: line.line, sentence: "An event has \(Self.linesPerEventMax) lines at most."))
                }
                event?.lines.append(line)
            }
        }
        if !isFull, !open.isEmpty { add(Problem(line: reader.line, sentence: "The file ends too early; export it again.")) }
    }

    private mutating func add(_ event: CalendarEvent, zone: ZoneRules, _ zones: (String) -> ZoneRules?) throws(Problem) {
        if event.first("STATUS")?.value.uppercased() == "CANCELLED" { return }
        for name in ["RECURRENCE-ID", "RDATE", "EXRULE"] {
            if let line = event.first(name) { throw .expand(line) }
        }
        guard let starts = event.first("DTSTART") else {
            throw Problem(line: event.line, sentence: "This event does not say when it begins (DTSTART).")
        }
        guard let ends = event.first("DTEND") else {
            throw Problem(line: event.line, sentence: "This event does not say when it ends (DTEND); export it with its end.")
        }
        let start = try Self.time(starts, starts.value, zone: zone, zones)
        let end = try Self.time(ends, ends.value, zone: zone, zones)
        // As long as by the clocks of the zone where it begins, so that a night stays a night when they are changed.
        let lengthS = end.second + Int64(start.zone.offset(at: end.second)) - start.local
        // A title that is somebody's name as a whole counts before its parts.
        let titles = event.all("SUMMARY")
        let people = [
            event.all("ATTENDEE").flatMap(\.people), titles.flatMap { $0.people.prefix(1) }, titles.flatMap(\.people),
            event.all("ORGANIZER").flatMap(\.people),
        ].filter { !$0.isEmpty }
        guard !people.isEmpty else {
            throw Problem(
                line: event.line, sentence: "This event names nobody; its title (SUMMARY) or whom it invites (ATTENDEE) says whose it is.")
        }
        let duty = event.all("CATEGORIES").flatMap { $0.value.split(separator: ",") }.compactMap { Duty(rawValue: $0.lowercased()) }.first
        let rules = event.all("RRULE")
        guard let rule = rules.first else {
            return add(Entry(line: event.line, people: people, from: start.second, until: end.second, duty: duty))
        }
        guard rules.count == 1 else { throw .expand(rules[1]) }
        var without: [CalendarTime] = []
        var withoutDays: Set<CalendarDay> = []
        for line in event.all("EXDATE") {
            for value in line.value.split(separator: ",") {
                if let day = CalendarDay(compact: value) {
                    withoutDays.insert(day)
                } else {
                    without.append(try Self.time(line, String(value), zone: zone, zones))
                }
            }
        }
        let excluded = Set(without.map(\.second))
        for day in try Self.days(of: rule, from: start, times) where !withoutDays.contains(day) {
            let from = CalendarTime(day: day, secondOfDay: start.secondOfDay, zone: start.zone)
            guard !excluded.contains(from.second) else { continue }
            add(
                Entry(
                    line: event.line, people: people, from: from.second, until: start.zone.second(local: from.local + lengthS), duty: duty))
        }
    }

    private static func time(
        _ line: CalendarLine, _ value: String, zone: ZoneRules, _ zones: (String) -> ZoneRules?
    ) throws(Problem) -> CalendarTime {
        func problem(_ sentence: String) -> Problem { Problem(line: line.line, sentence: sentence) }
        if CalendarDay(compact: value[...]) != nil { throw problem("An event of whole days is no shift; give it times, or take it out.") }
        let parts = value.split(separator: "T", omittingEmptySubsequences: false)
        let isUTC = value.hasSuffix("Z")
        guard parts.count == 2, let day = CalendarDay(compact: parts[0]),
            let second = Self.secondOfDay(isUTC ? parts[1].dropLast() : parts[1])
        else {
            throw problem("\(line.name) is a time such as 20261130T090000; found `\(value.excerpt(bytesMax: 80))`.")
        }
        if isUTC { return CalendarTime(day: day, secondOfDay: second, zone: .utc) }
        guard let name = line.parameters["TZID"] else { return CalendarTime(day: day, secondOfDay: second, zone: zone) }
        guard let rules = zones(name) else {
            throw problem(
                "TZID `\(name.excerpt(bytesMax: 80))` is no zone of the IANA data base, such as America/Chicago; export the calendar with such zones, or in UTC."
            )
        }
        return CalendarTime(day: day, secondOfDay: second, zone: rules)
    }

    private static func secondOfDay(_ text: Substring) -> Int64? {
        guard text.utf8.count == 6, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text) else { return nil }
        let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100)
        // 60: a leap second, which no clock here shows.
        guard hour < 24, minute < 60, second <= 60 else { return nil }
        return hour * 3_600 + minute * 60 + min(second, 59)
    }

    // MARK: Series

    private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    /// Days of one series that are looked at.
    private static var daysOfSeriesMax: Int { 4_000 }

    /// The days on which a series has an event that begins within `times`.
    private static func days(of line: CalendarLine, from start: CalendarTime, _ times: Range<Int64>) throws(Problem) -> [CalendarDay] {
        var parts: [String: String] = [:]
        for part in line.value.uppercased().split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, parts.updateValue(pair[1], forKey: pair[0]) == nil else { throw .expand(line) }
        }
        let known = ["FREQ", "COUNT", "UNTIL", "INTERVAL", "BYDAY", "WKST"]
        guard parts.keys.allSatisfy(known.contains) else { throw .expand(line) }
        guard let interval = Int(parts["INTERVAL"] ?? "1"), (1...52).contains(interval) else { throw .expand(line) }
        let count: Int? = parts["COUNT"].map { Int($0) ?? 0 }
        if let count, !(1...1_000).contains(count) { throw .expand(line) }
        let first = try weekday(parts["WKST"] ?? "MO", line)
        var byDay = try (parts["BYDAY"]?.split(separator: ",").prefix(8) ?? []).map { text throws(Problem) in
            try weekday(String(text), line)
        }
        switch parts["FREQ"] {
        case "WEEKLY": if byDay.isEmpty { byDay = [start.day.weekday] }
        case "DAILY" where interval == 1: if byDay.isEmpty { byDay = Array(0..<7) }
        default: throw .expand(line)
        }
        let offsets = Set(byDay.map { ($0 - first + 7) % 7 }).sorted()
        let last = try parts["UNTIL"].map { text throws(Problem) in try Self.last(text, of: start, line) }
        let week = start.day.adding(days: -((start.day.weekday - first + 7) % 7))
        // What has no count is not counted from its beginning, which may be long ago.
        let days = (times.lowerBound - start.second) / 86_400
        var number = count == nil && days > 0 ? max(0, Int(clamping: days) / (7 * interval) - 1) : 0
        var found: [CalendarDay] = []
        var seen = 0
        var looked = 0
        while true {
            for offset in offsets {
                let (ahead, overflows) = (number * 7).multipliedReportingOverflow(by: interval)
                guard !overflows, looked < daysOfSeriesMax else { return found }
                looked += 1
                let day = week.adding(days: ahead + offset)
                guard day >= start.day else { continue }
                seen += 1
                if let count, seen > count { return found }
                let second = CalendarTime(day: day, secondOfDay: start.secondOfDay, zone: start.zone).second
                if let last, second > last { return found }
                guard second < times.upperBound else { return found }
                if times.contains(second) { found.append(day) }
            }
            number += 1
        }
    }

    private static func weekday(_ text: String, _ line: CalendarLine) throws(Problem) -> Int {
        guard let day = weekdays.firstIndex(of: text) else { throw .expand(line) }
        return day
    }

    /// The last second at which an event of the series may begin.
    private static func last(_ text: String, of start: CalendarTime, _ line: CalendarLine) throws(Problem) -> Int64 {
        if let day = CalendarDay(compact: text[...]) {
            return CalendarTime(day: day, secondOfDay: 86_399, zone: start.zone).second
        }
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        let isUTC = text.hasSuffix("Z")
        guard parts.count == 2, let day = CalendarDay(compact: parts[0]), let second = secondOfDay(isUTC ? parts[1].dropLast() : parts[1])
        else {
            throw .expand(line)
        }
        return CalendarTime(day: day, secondOfDay: second, zone: isUTC ? .utc : start.zone).second
    }
}

extension ShiftsFile.Problem {
    fileprivate static func expand(_ line: CalendarLine) -> ShiftsFile.Problem {
        .init(
            line: line.line,
            sentence:
                "Of events that repeat only those every day or every few weeks are read here, with COUNT, UNTIL, BYDAY and EXDATE; export the others as single events."
        )
    }
}

extension CalendarDay {
    /// `20261130`.
    fileprivate init?(compact text: Substring) {
        guard text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else { return nil }
        self.init(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }
}

extension CalendarLine {
    /// Words of which one may name a person.
    fileprivate var people: [String] {
        switch name {
        case "SUMMARY":
            let parts = text.split { ":–—(),/|".contains($0) }.flatMap { part in part.split(separator: " - ").map(String.init) }
            return ([text] + parts).map(\.trimmed).filter { !$0.isEmpty }
        default:
            let address = value.lowercased().hasPrefix("mailto:") ? value.dropFirst(7).prefix { $0 != "@" } : ""
            return [parameters["CN"] ?? "", String(address)].map(\.trimmed).filter { !$0.isEmpty }
        }
    }

    /// Section 3.3.11.
    private var text: String {
        var result = ""
        var isEscaped = false
        for character in value {
            if isEscaped {
                result.append(character == "n" || character == "N" ? " " : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
