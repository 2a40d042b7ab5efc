/// Hours for programs: schema.org's OpeningHoursSpecification as JSON-LD.

import Consortium

public enum HoursData {
    /// How many days ahead what a term changes is told.
    static let days = 366

    /// `null` for a library without posted hours.
    public static func json(_ entry: HoursEntry, now: Int64) -> String {
        guard let schedule = entry.schedule else { return "null" }
        let today = schedule.day(at: now)
        var parts: [String] = []
        for run in runs(schedule, from: today) {
            let week = schedule.hours.week(run.kind)
            for (day, spans) in week.days.enumerated() {
                for span in spans {
                    parts.append(
                        specification(span, "\"dayOfWeek\":\"https://schema.org/\(HoursText.weekdays[day])\",", run.first, run.last))
                }
            }
        }
        for day in otherDays(schedule, from: today) {
            let spans = schedule.spans(on: day)
            if spans.isEmpty { parts.append(specification(OpenSpan(opens: 0, closes: 0), "", day, day)) }
            for span in spans { parts.append(specification(span, "", day, day)) }
        }
        return """
            {"@context":"https://schema.org","@type":"Library","name":\(HoursText.json(entry.title)),\
            "openingHoursSpecification":[\(parts.joined(separator: ","))]}
            """
    }

    /// How things stand, for the desk: `closesInS` while the library is open and closes some time; `postedCloseS`, when it closes as it posted: the opening
    /// that goes on, were it not closed at short notice, or the next one.
    public static func now(_ entry: HoursEntry, now: Int64) -> String {
        guard let schedule = entry.schedule else { return "{\"posted\":false}" }
        let text = HoursText.json(schedule.sentence(at: now))
        let close = schedule.postedClose(at: now).map { ",\"postedCloseS\":\($0)" } ?? ""
        guard case .open(let until) = schedule.status(at: now) else {
            return "{\"posted\":true,\"open\":false,\"text\":\(text)\(close)}"
        }
        return "{\"posted\":true,\"open\":true,\"text\":\(text),\"closesInS\":\(until - now),\"closesAtS\":\(until)\(close)}"
    }

    /// All libraries as one list.
    public static func json(_ entries: [HoursEntry], now: Int64) -> String {
        "[\(entries.filter { $0.schedule != nil }.map { json($0, now: now) }.joined(separator: ","))]"
    }

    /// Closing on the next day is an earlier time than opening, by schema.org's rule; a whole day ends at 23:59; never open is 00:00 to 00:00.
    private static func specification(_ span: OpenSpan, _ day: String, _ first: CalendarDay, _ last: CalendarDay) -> String {
        let closes = span.closes - span.opens == 1_440 ? Int(span.closes) - 1 : Int(span.closes)
        return """
            {"@type":"OpeningHoursSpecification",\(day)"opens":"\(HoursText.clock(minute: Int(span.opens)))",\
            "closes":"\(HoursText.clock(minute: closes))","validFrom":"\(first.text)","validThrough":"\(last.text)"}
            """
    }

    /// Days that are not as the week says: of other hours, or cut by a closing at once.
    private static func otherDays(_ schedule: Schedule, from today: CalendarDay) -> [CalendarDay] {
        var days = Set(schedule.hours.exceptions.map(\.day))
        for closure in schedule.hours.closures where closure.fromMs < closure.untilMs {
            let last = schedule.day(at: Int64(clamping: (closure.untilMs - 1) / 1_000))
            // An opening that began the evening before is cut as well.
            let first = max(today, schedule.day(at: Int64(clamping: closure.fromMs / 1_000)).adding(days: -1))
            guard first <= last else { continue }
            for number in first.number...last.number {
                guard let day = CalendarDay(number: number), schedule.spans(on: day) != schedule.plan(of: day).spans else { continue }
                days.insert(day)
            }
        }
        return days.filter { today <= $0 }.sorted()
    }

    /// Stretches of days of one kind.
    private static func runs(_ schedule: Schedule, from today: CalendarDay) -> [(kind: TermKind, first: CalendarDay, last: CalendarDay)] {
        var runs: [(kind: TermKind, first: CalendarDay, last: CalendarDay)] = []
        for offset in 0..<days {
            let day = today.adding(days: offset)
            let kind = schedule.terms.kind(on: day)
            if let place = runs.indices.last, runs[place].kind == kind {
                runs[place].last = day
            } else {
                runs.append((kind, day, day))
            }
        }
        return runs
    }
}
