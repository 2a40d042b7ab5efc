/// The old vendor's list of chats, counted by library and day: a table in the form of `callslip reports --rows days`, to stand beside it.
///
/// Chats of the last days that reports can show go into the tally as well, as marked hours of a former service (`PastHours`), where the zone of the list's times is told. The years before stay a
/// table, with empty places for what the vendor's list does not say.

import Consortium
import Hours

public struct VendorHistory: Sendable {
    public private(set) var problems: [VendorProblem] = []
    public private(set) var notes: [String] = []
    public private(set) var chats = 0
    /// Those of the hours that go into the reports.
    public private(set) var reported = 0
    private var days: [Key: Counts] = [:]
    private var past: [String: [TallyHour: Former]] = [:]

    /// Which chats of the list go into the reports.
    public struct Reported: Sendable {
        /// Of the zone by whose clocks the list tells times.
        public var zone: ZoneRules
        public var hours: Range<TallyHour>
        public init(zone: ZoneRules, hours: Range<TallyHour>) {
            self.zone = zone
            self.hours = hours
        }

        /// Whole days by UTC which the tally takes (`PastHours`) whenever they come in within four weeks from now: today and yesterday are not over for long enough, and the oldest
        /// would be too old before somebody has looked at the file.
        public init(zone: ZoneRules, now: TallyHour) {
            let today = now / 24 * 24
            let end = today - min(today, 24)
            self.init(zone: zone, hours: (end - min(end, Self.daysMax * 24))..<end)
        }

        public static let daysMax: TallyHour = 370
    }

    private struct Former {
        var asked: UInt32 = 0
        var waits = [UInt32](repeating: 0, count: WaitClasses.count)
    }

    private struct Key: Hashable {
        var library: String
        var day: CalendarDay
    }
    private struct Counts {
        var asked = 0
        /// Seconds.
        var waits: [Int] = []
    }

    /// - Parameters:
    ///   - libraries: whose each queue is, by its name. Chats of other queues are counted under the queue's own name.
    ///   - reported: `nil` where none go into the reports.
    init(_ table: VendorTable, libraries: [String: String], _ reported: Reported?) {
        var strangers: Set<String> = []
        for record in table.records {
            func fail(_ sentence: String) {
                if problems.count < 100 { problems.append(VendorProblem(file: table.file, line: record.line, sentence: sentence)) }
            }
            guard let queue = QueueName(LibraryH3lp.localPart(record.fields["queue"] ?? "")) else {
                fail("the chat’s `queue` is missing, or no queue’s name")
                continue
            }
            guard let started = Self.moment(record.fields["started"] ?? "") else {
                fail("`started` is a time such as 2026-11-27 09:30:00; found `\(record.fields["started"] ?? "")`")
                continue
            }
            var wait: Int?
            if let text = record.fields["accepted"] {
                guard let accepted = Self.moment(text) else {
                    fail("`accepted` is a time such as 2026-11-27 09:30:00, or empty; found `\(text)`")
                    continue
                }
                let seconds = Int(accepted.day.number - started.day.number) * 86_400 + accepted.second - started.second
                // An hour that clocks show twice makes up to one hour less than none.
                wait = max(0, seconds)
            }
            if libraries[queue.text] == nil { strangers.insert(queue.text) }
            let key = Key(library: libraries[queue.text] ?? queue.text, day: started.day)
            days[key, default: Counts()].asked += 1
            if let wait { days[key]?.waits.append(wait) }
            chats += 1
            if let home = libraries[queue.text], let reported { report(started, wait, of: home, reported) }
        }
        if let reported, chats > self.reported {
            notes.append(
                "\(table.file): \(chats - self.reported) of \(chats) chats do not go into the reports: these take those of libraries’ queues that were asked \(Self.stamp(reported.hours))"
            )
        }
        if !strangers.isEmpty {
            notes.append(
                "\(table.file): these queues are no more, and are counted under their own names: \(strangers.sorted().joined(separator: ", "))"
            )
        }
    }

    private static func stamp(_ hours: Range<TallyHour>) -> String {
        func day(_ hour: TallyHour) -> String { CalendarDay(number: Int32(clamping: hour / 24))?.text ?? "" }
        return "from \(day(hours.lowerBound)) to \(day(hours.upperBound - min(hours.upperBound, 1))), by UTC"
    }

    private mutating func report(_ started: (day: CalendarDay, second: Int), _ wait: Int?, of home: String, _ wish: Reported) {
        let second = wish.zone.second(local: Int64(started.day.number) * 86_400 + Int64(started.second))
        let hour = TallyHour(clamping: max(0, second) / 3_600)
        guard wish.hours.contains(hour) else { return }
        past[home, default: [:]][hour, default: Former()].asked += 1
        reported += 1
        guard let wait else { return }
        past[home]?[hour]?.waits[WaitClasses.place(ofMs: UInt64(clamping: wait) * 1_000)] += 1
    }

    /// The part `past` of a consortium's file, a line each (`PastReader`).
    var pastLines: [String] {
        guard reported > 0 else { return [] }
        var lines = ["past:"]
        for (home, hours) in past.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(home):")
            let days = Dictionary(grouping: hours.keys.sorted()) { $0 / 24 }.sorted { $0.key < $1.key }
            for (day, hoursOfDay) in days {
                let parts = hoursOfDay.compactMap { hour in
                    hours[hour].map { former in
                        let last = former.waits.lastIndex { $0 > 0 } ?? -1
                        let numbers: [UInt32] = [hour % 24, former.asked] + former.waits.prefix(last + 1)
                        return numbers.map { "\($0)" }.joined(separator: " ")
                    }
                }
                let name = CalendarDay(number: Int32(clamping: day))?.text ?? ""
                lines.append("    \(name): \"\(parts.joined(separator: "; "))\"")
            }
        }
        return lines
    }

    /// How many hours of libraries go into the reports.
    public var hours: Int { past.values.reduce(0) { $0 + $1.count } }

    /// `2026-11-27 09:30:00`, or with a T; what follows the seconds (a fraction, a zone) is passed over.
    private static func moment(_ text: String) -> (day: CalendarDay, second: Int)? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[10] == 0x20 || bytes[10] == 0x54, bytes[13] == 0x3A, bytes[16] == 0x3A,
            let day = CalendarDay(String(decoding: bytes[..<10], as: UTF8.self)), let hour = number(bytes[11...12], 23),
            let minute = number(bytes[14...15], 59), let second = number(bytes[17...18], 60)
        else { return nil }
        return (day, hour * 3_600 + minute * 60 + second)
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ most: Int) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number <= most ? number : nil
    }

    /// With the columns of the reports' table of days, in its order; empty where the list says nothing.
    public var csv: String {
        let head = ReportTable.head(.days)
        let columns = head.split(separator: "\n").first.map { $0.split(separator: ",").map(String.init) } ?? []
        let lines = days.sorted { ($0.key.library, $0.key.day) < ($1.key.library, $1.key.day) }.map { key, counts in
            let waits = counts.waits.sorted()
            func within(_ seconds: Int) -> String { "\(waits.count { $0 <= seconds })" }
            func rank(_ percent: Int) -> String { waits.isEmpty ? "" : "\(waits[max(1, (waits.count * percent + 99) / 100) - 1])" }
            let known = [
                "library": key.library, "day": key.day.text, "asked": "\(counts.asked)", "answered": "\(waits.count)",
                "within_30": within(30),
                "within_60": within(60), "within_90": within(90), "median_s": rank(50), "p90_s": rank(90), "former": "\(counts.asked)",
            ]
            return columns.map { known[$0] ?? "" }.joined(separator: ",") + "\n"
        }
        return head + lines.joined()
    }
}
