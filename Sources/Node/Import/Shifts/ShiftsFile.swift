/// A list of shifts as somebody wrote it or exported it from a calendar: comma-separated values, or iCalendar (RFC 5545, `CalendarShifts.swift`). Pure: the zones' rules are given.
///
/// Every mistake is told with its line, and a file with one gives no list.

import Consortium
import Hours

public struct ShiftsFile: Sendable {
    public struct Entry: Hashable, Sendable {
        public var line: Int
        /// How the file calls the person, by what tells most first: in each place, words of which one names them.
        public var people: [[String]]
        /// Unix seconds.
        public var from: Int64
        public var until: Int64
        public var duty: Duty?
    }

    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// From 1.
        public var line: Int
        public var sentence: String
        public var description: String { "line \(line): \(sentence)" }
        public init(line: Int, sentence: String) {
            self.line = line
            self.sentence = sentence
        }
    }

    public internal(set) var entries: [Entry] = []
    /// In the order of the lines; at most `problemsMax`.
    public internal(set) var problems: [Problem] = []
    /// How many shifts begin outside the time that was asked for.
    public internal(set) var outside = 0
    let times: Range<Int64>

    // Every limit of these files.
    public static let bytesMax = 512 * 1024
    public static let problemsMax = 100
    /// More than a library plans.
    static let entriesMax = Limits.shiftsPerLibraryMax + 1

    /// - Parameters:
    ///   - text: the file.
    ///   - zone: the library's zone: times without one are its clocks'.
    ///   - times: in Unix seconds; what begins outside is counted, and left out.
    ///   - zones: the rules of a zone by its IANA name; `nil` where there is none.
    public init(_ text: String, zone: ZoneRules, times: Range<Int64>, zones: (String) -> ZoneRules?) {
        self.times = times
        if text.utf8.count > Self.bytesMax {
            add(Problem(line: 1, sentence: "The file has more than \(Self.bytesMax / 1024) KiB; export fewer weeks at a time."))
        } else if Self.isCalendar(text) {
            readCalendar(text, zone: zone, zones: zones)
        } else {
            readTable(text, zone: zone)
        }
        if problems.isEmpty, entries.isEmpty, outside == 0 { add(Problem(line: 1, sentence: "There is no shift in this file.")) }
    }

    private static func isCalendar(_ text: String) -> Bool {
        let start = text.unicodeScalars.drop { $0 == "\u{FEFF}" || $0.properties.isWhitespace }.prefix(15)
        return String(String.UnicodeScalarView(start)).uppercased().hasPrefix("BEGIN:VCALENDAR")
    }

    mutating func add(_ problem: Problem) {
        if problems.count < Self.problemsMax { problems.append(problem) }
    }

    mutating func add(_ entry: Entry) {
        guard times.contains(entry.from) else {
            outside += 1
            return
        }
        if entries.count < Self.entriesMax { entries.append(entry) }
    }

    /// Whether any further line would be read for nothing.
    var isFull: Bool { entries.count >= Self.entriesMax || problems.count >= Self.problemsMax }

    // MARK: Comma-separated values

    private static let columns = ["operator", "from", "until", "duty"]

    private mutating func readTable(_ text: String, zone: ZoneRules) {
        let table: VendorTable
        do throws(VendorProblem) { table = try VendorTable("shifts.csv", text) } catch {
            return add(Problem(line: error.line, sentence: error.sentence.excerpt(bytesMax: 400).asSentence))
        }
        for column in Self.columns.dropLast() where !table.columns.contains(column) {
            return add(
                Problem(
                    line: 1,
                    sentence:
                        "The first line names the columns \(Self.columns.joined(separator: ", ")); `\(column)` is missing. What begins with BEGIN:VCALENDAR is read as iCalendar."
                ))
        }
        if let strange = table.columns.first(where: { !$0.isEmpty && !Self.columns.contains($0) }) {
            return add(
                Problem(
                    line: 1,
                    sentence:
                        "There is no column `\(strange.excerpt(bytesMax: 80))`; the columns are \(Self.columns.joined(separator: ", "))."))
        }
        let clock = LocalClock(zone: "", zone)
        for record in table.records where !isFull {
            do throws(Problem) { add(try entry(record, clock)) } catch { add(error) }
        }
    }

    private func entry(_ record: VendorTable.Record, _ clock: LocalClock) throws(Problem) -> Entry {
        func problem(_ sentence: String) -> Problem { Problem(line: record.line, sentence: sentence) }
        func moment(_ column: String, after day: Substring? = nil) throws(Problem) -> Int64 {
            guard let text = record.fields[column] else { throw problem("`\(column)` is empty; write a time such as 2026-11-30 09:00.") }
            var parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
            if let day, parts.count == 1, parts[0].contains(":") { parts = [day, parts[0]] }
            guard parts.count == 2, let minute = clock.minute("\(parts[0])T\(parts[1])") else {
                throw problem("`\(column)` is a day and a time, such as 2026-11-30 09:00; found `\(text.excerpt(bytesMax: 80))`.")
            }
            return Int64(minute) * 60
        }
        guard let person = record.fields["operator"] else { throw problem("`operator` is empty; write the name that they sign in with.") }
        let from = try moment("from")
        // Of the day on which the shift begins, where it names none.
        let until = try moment("until", after: record.fields["from"]?.split(whereSeparator: { $0 == " " || $0 == "T" }).first)
        var duty: Duty?
        if let text = record.fields["duty"] {
            duty = Duty(rawValue: text.lowercased())
            guard duty != nil else {
                throw problem("`duty` is empty, or one of library, general and both; found `\(text.excerpt(bytesMax: 80))`.")
            }
        }
        return Entry(line: record.line, people: [[person]], from: from, until: until, duty: duty)
    }
}

extension String {
    /// With a capital first and a full stop.
    fileprivate var asSentence: String { prefix(1).uppercased() + dropFirst() + (hasSuffix(".") ? "" : ".") }
}
