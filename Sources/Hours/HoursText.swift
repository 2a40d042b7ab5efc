/// Times and days in words, as pages and scripts show them.

import Consortium

enum HoursText {
    static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    static func weekday(_ day: CalendarDay) -> String { weekdays[day.weekday] }

    /// `November 26`, with the year when it is another one than that of `today`.
    static func date(_ day: CalendarDay, today: CalendarDay) -> String {
        let (year, month, number) = day.date
        return "\(months[month - 1]) \(number)" + (year == today.date.year ? "" : ", \(year)")
    }

    /// `9 AM`, `5:30 PM`, `noon`, `midnight`; minutes beyond a day are the next one's.
    static func time(minute: Int) -> String {
        let minute = minute % 1_440
        if minute == 0 { return "midnight" }
        if minute == 720 { return "noon" }
        let hour = minute / 60 % 12 == 0 ? 12 : minute / 60 % 12
        let rest = minute % 60
        return "\(hour)\(rest == 0 ? "" : rest < 10 ? ":0\(rest)" : ":\(rest)") \(minute < 720 ? "AM" : "PM")"
    }

    static func spans(_ spans: [OpenSpan]) -> String {
        if spans.isEmpty { return "Closed" }
        if spans == [OpenSpan(opens: 0, closes: 1_440)] { return "Open all day" }
        return spans.map { "\(time(minute: Int($0.opens))) to \(time(minute: Int($0.closes)))" }.joined(separator: ", ")
    }

    /// `09:05`.
    static func clock(minute: Int) -> String {
        let (hour, rest) = (minute / 60 % 24, minute % 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
    }

    static func title(_ kind: TermKind) -> String {
        switch kind {
        case .semester: "Regular semester"
        case .intersession: "Intersession"
        case .breakTime: "Break"
        }
    }

    /// For HTML, in text and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// A JSON string, safe inside a script element as well.
    static func json(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(character)
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<"\u{20}":
                let digits = String(character.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}

extension Schedule {
    /// `10 PM`, `tomorrow at 9 AM`, `Thursday at 9 AM`, `January 4 at 9 AM`, seen from another instant.
    func moment(_ second: Int64, from now: Int64) -> String {
        let (day, today) = (day(at: second), day(at: now))
        let local = second + Int64(zone.offset(at: second))
        let time = HoursText.time(minute: Int((local - local.flooredDivision(by: 86_400) * 86_400) / 60))
        switch day.number - today.number {
        case ...0: return time
        case 1: return "tomorrow at \(time)"
        case 2...6: return "\(HoursText.weekday(day)) at \(time)"
        default: return "\(HoursText.date(day, today: today)) at \(time)"
        }
    }

    /// One sentence on how things stand: `Open until 10 PM.`
    public func sentence(at now: Int64) -> String {
        switch status(at: now) {
        case .open(let until): return until - now >= 7 * 86_400 ? "Open." : "Open until \(moment(until, from: now))."
        case .closed(let next, let note):
            let why = note.isEmpty ? "Closed." : "Closed: \(note)."
            guard let next else { return why }
            return "\(why) Opens \(day(at: next) == day(at: now) ? "at " : "")\(moment(next, from: now))."
        }
    }
}
