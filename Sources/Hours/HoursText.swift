/// Times and days in words, as pages and scripts show them.

import Consortium

enum HoursText {
    /// As schema.org has them.
    static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let spanishWeekdays = ["Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]
    private static let spanishMonths = [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ]

    /// As a heading begins.
    static func weekday(_ number: Int, _ language: HoursLanguage) -> String { language(weekdays[number], spanishWeekdays[number]) }

    /// `November 26`, with the year when it is another one than that of `today`.
    static func date(_ day: CalendarDay, today: CalendarDay, _ language: HoursLanguage = .english) -> String {
        let (year, month, number) = day.date
        let isOther = year != today.date.year
        return language(
            "\(months[month - 1]) \(number)" + (isOther ? ", \(year)" : ""),
            "\(number) de \(spanishMonths[month - 1])" + (isOther ? " de \(year)" : ""))
    }

    /// `9 AM`, `5:30 PM`, `noon`, `midnight`; minutes beyond a day are the next one's.
    static func time(minute: Int, _ language: HoursLanguage = .english) -> String {
        let minute = minute % 1_440
        let rest = minute % 60
        let minutes = rest < 10 ? ":0\(rest)" : ":\(rest)"
        if language == .spanish { return "\(minute / 60)\(minutes)" }
        if minute == 0 { return "midnight" }
        if minute == 720 { return "noon" }
        let hour = minute / 60 % 12 == 0 ? 12 : minute / 60 % 12
        return "\(hour)\(rest == 0 ? "" : minutes) \(minute < 720 ? "AM" : "PM")"
    }

    static func spans(_ spans: [OpenSpan], _ language: HoursLanguage = .english) -> String {
        if spans.isEmpty { return language("Closed", "Cerrado") }
        if spans == [OpenSpan(opens: 0, closes: 1_440)] { return language("Open all day", "Abierto todo el día") }
        return spans.map { "\(time(minute: Int($0.opens), language)) \(language("to", "a")) \(time(minute: Int($0.closes), language))" }
            .joined(separator: ", ")
    }

    /// `09:05`.
    static func clock(minute: Int) -> String {
        let (hour, rest) = (minute / 60 % 24, minute % 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
    }

    static func title(_ kind: TermKind, _ language: HoursLanguage) -> String {
        switch kind {
        case .semester: language("Regular semester", "Semestre regular")
        case .intersession: language("Intersession", "Entre semestres")
        case .breakTime: language("Break", "Vacaciones")
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
    /// `10 PM`, `tomorrow at 9 AM`, `Thursday at 9 AM`, `January 4 at 9 AM`, seen from another instant. In Spanish as it stands behind `hasta`: `las 22:00`, `el jueves a las 9:00`.
    func moment(_ second: Int64, from now: Int64, _ language: HoursLanguage = .english) -> String {
        let (day, today) = (day(at: second), day(at: now))
        let local = second + Int64(zone.offset(at: second))
        let minute = Int((local - local.flooredDivision(by: 86_400) * 86_400) / 60)
        var time = HoursText.time(minute: minute, language)
        if language == .spanish { time = (minute / 60 == 1 ? "la " : "las ") + time }
        let weekday = HoursText.weekday(day.weekday, language)
        switch day.number - today.number {
        case ...0: return time
        case 1: return language("tomorrow at \(time)", "mañana a \(time)")
        case 2...6: return language("\(weekday) at \(time)", "el \(weekday.lowercased()) a \(time)")
        default:
            let date = HoursText.date(day, today: today, language)
            return language("\(date) at \(time)", "el \(date) a \(time)")
        }
    }

    /// One sentence on how things stand: `Open until 10 PM.`
    public func sentence(at now: Int64, _ language: HoursLanguage = .english) -> String {
        switch status(at: now) {
        case .open(let until):
            if until - now >= 7 * 86_400 { return language("Open.", "Abierto.") }
            let moment = moment(until, from: now, language)
            return language("Open until \(moment).", "Abierto hasta \(moment).")
        case .closed(let next, let note):
            let closed = language("Closed", "Cerrado")
            let why = note.isEmpty ? "\(closed)." : "\(closed): \(note)."
            guard let next else { return why }
            let isToday = day(at: next) == day(at: now)
            let moment = moment(next, from: now, language)
            return "\(why) " + language("Opens \(isToday ? "at " : "")\(moment).", "Abre \(isToday ? "a " : "")\(moment).")
        }
    }
}
