/// Hours as an iCalendar feed (RFC 5545): each opening is an event, in UTC, so that no rule of a zone need travel with it.

import Consortium

public enum HoursCalendar {
    /// How many days the feed reaches ahead.
    static let days = 180

    /// An empty calendar for a library without posted hours.
    public static func text(_ entry: HoursEntry, now: Int64) -> String {
        var lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Callslip//Chat hours//EN", "METHOD:PUBLISH"]
        lines.append("X-WR-CALNAME:\(escaped("\(entry.title): chat hours"))")
        if let schedule = entry.schedule {
            let first = schedule.day(at: now).adding(days: -1)
            for opening in schedule.openings(from: first, days: days) {
                lines += [
                    "BEGIN:VEVENT", "UID:\(stamp(opening.from))-\(entry.library.text)@hours.callslip", "DTSTAMP:\(stamp(now))",
                    "DTSTART:\(stamp(opening.from))", "DTEND:\(stamp(opening.until))",
                    "SUMMARY:\(escaped("Chat open: \(entry.title)"))", "TRANSP:TRANSPARENT", "END:VEVENT",
                ]
            }
        }
        lines.append("END:VCALENDAR")
        return lines.map(folded).joined()
    }

    /// `20260308T140000Z`.
    static func stamp(_ second: Int64) -> String {
        let days = second.flooredDivision(by: 86_400)
        let rest = Int(second - days * 86_400)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = CalendarDay.epoch.adding(days: Int(clamping: days)).text.filter { $0 != "-" }
        return "\(date)T\(two(rest / 3_600))\(two(rest / 60 % 60))\(two(rest % 60))Z"
    }

    /// Section 3.3.11. Control characters, which a text may not hold, are left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case ";": result += "\\;"
            case ",": result += "\\,"
            case "\n": result += "\\n"
            case "\u{0}"..<"\u{20}", "\u{7f}": break
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Section 3.1: no line is longer than 75 bytes; the rest stands behind a space on the next one. No character is cut.
    static func folded(_ line: String) -> String {
        var result = ""
        var bytes = 0
        for character in line.unicodeScalars {
            let size = UTF8.width(character)
            if bytes + size > 75 {
                result += "\r\n "
                bytes = 1
            }
            result.unicodeScalars.append(character)
            bytes += size
        }
        return result + "\r\n"
    }
}
