/// The public pages of hours as HTML: no script, and styles from the client's files.

import Consortium

/// A library as the pages show it.
public struct HoursEntry: Sendable {
    public var library: LibraryName
    public var title: String
    /// `nil` for a library that posted none.
    public var schedule: Schedule?
    /// Set where there are posted hours that this node cannot reckon, with the reason.
    public var problem: String?
    public init(library: LibraryName, title: String, schedule: Schedule?, problem: String? = nil) {
        self.library = library
        self.title = title
        self.schedule = schedule
        self.problem = problem
    }
}

public enum HoursPage {
    /// How many days ahead other hours are listed.
    static let exceptionDays = 90

    /// Every library's state, today and where to read more.
    public static func all(_ entries: [HoursEntry], now: Int64, _ language: HoursLanguage = .english) -> String {
        var rows = ""
        for entry in entries {
            let today =
                entry.schedule.map { HoursText.spans($0.spans(on: $0.day(at: now)), language) } ?? language("Not posted", "Sin publicar")
            rows += """
                <tr><th scope="row"><a href="/hours/\(entry.library.text)\(query(language))">\(HoursText.escaped(entry.title))</a></th>\
                <td>\(state(entry, now: now, language))</td><td>\(today)</td></tr>

                """
        }
        let table =
            entries.isEmpty
            ? "<p>\(language("No library is known yet.", "Todavía no se conoce ninguna biblioteca."))</p>"
            : """
            <div class="wide" tabindex="0" role="region" aria-label="\(language("Hours of all libraries", "Horarios de todas las bibliotecas"))"><table>
            <thead><tr><th scope="col">\(language("Library", "Biblioteca"))</th><th scope="col">\(language("Now", "Ahora"))</th>\
            <th scope="col">\(language("Today", "Hoy"))</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div>
            """
        let title = language("All libraries", "Todas las bibliotecas")
        return document(title: title, body: "<h1>\(chatHours(language))</h1>\n\(table)", "/hours", language)
    }

    /// One line a library, for a terminal.
    public static func lines(_ entries: [HoursEntry], now: Int64) -> String {
        entries.map { entry in
            let words = entry.schedule.map { $0.sentence(at: now) } ?? entry.problem ?? "No hours are posted."
            return "\(entry.library.text)  \(words)\n"
        }.joined()
    }

    /// - Parameter address: how pages reach this node, such as `https://chat.example.edu`; for the snippet.
    public static func library(_ entry: HoursEntry, now: Int64, address: String, _ language: HoursLanguage = .english) -> String {
        let heading =
            "<h1>\(HoursText.escaped(entry.title)): \(chatHours(language).lowercased())</h1>\n"
            + "<p class=\"state\">\(state(entry, now: now, language))</p>\n"
        let (path, back) = ("/hours/\(entry.library.text)", back(language))
        guard let schedule = entry.schedule else { return document(title: entry.title, body: heading + back, path, language) }
        let today = schedule.day(at: now)
        let data = "<script type=\"application/ld+json\">\(HoursData.json(entry, now: now))</script>\n"
        let body =
            heading + closings(schedule, now: now, language) + week(schedule, today: today, language)
            + exceptions(schedule, today: today, language) + terms(schedule, today: today, language)
                + """
                <h2>\(language("Take the hours with you", "Llévese el horario"))</h2>
                <ul>
                <li><a href="\(path)/hours.ics">\(language("Calendar feed", "Calendario"))</a> (iCalendar)</li>
                <li><a href="\(path)/hours.json">\(language("For search engines and programs", "Para buscadores y programas"))</a> (JSON-LD)</li>
                </ul>
                <h2>\(language("On the library’s own page", "En la página de la biblioteca"))</h2>
                <p>\(language("These lines show the present state, and stay a plain link where scripts do not run:", "Estas líneas muestran el estado actual, y quedan como un enlace donde no hay scripts:"))</p>
                <pre tabindex="0" aria-label="\(language("Code for the library’s own page", "Código para la página de la biblioteca"))"><code>\(HoursText.escaped(snippet(entry, address: address)))</code></pre>
                <p class="small">\(language("Times are local to", "Horas locales de")) \(HoursText.escaped(schedule.hours.zone)).</p>

                """ + back
        return document(title: entry.title, body: data + body, path, language)
    }

    /// What the library puts on its own page.
    static func snippet(_ entry: HoursEntry, address: String) -> String {
        """
        <a class="callslip-hours" href="\(address)/hours/\(entry.library.text)">Chat hours</a>
        <script async src="\(address)/hours/\(entry.library.text)/hours.js"></script>
        """
    }

    /// The script of the snippet: it puts the present state behind each link of this library, as text.
    public static func script(_ entry: HoursEntry, now: Int64) -> String {
        let words = entry.schedule?.sentence(at: now) ?? ""
        return """
            (() => {
                const words = \(HoursText.json(words));
                const end = \(HoursText.json("/hours/\(entry.library.text)"));
                for (const link of document.querySelectorAll("a.callslip-hours")) {
                    if (words && link.getAttribute("href").endsWith(end)) link.textContent = `Chat hours: ${words}`;
                }
            })();

            """
    }

    private static func chatHours(_ language: HoursLanguage) -> String { language("Chat hours", "Horario del chat") }

    /// What keeps a link within a language that the address names.
    private static func query(_ language: HoursLanguage) -> String { "?lang=\(language.rawValue)" }

    private static func back(_ language: HoursLanguage) -> String {
        "<p><a href=\"/hours\(query(language))\">\(language("Chat hours of all libraries", "Horario del chat de todas las bibliotecas"))</a></p>"
    }

    private static func state(_ entry: HoursEntry, now: Int64, _ language: HoursLanguage) -> String {
        if let problem = entry.problem {
            return "\(language("The hours cannot be shown here", "El horario no se puede mostrar aquí")): \(HoursText.escaped(problem))."
        }
        guard let schedule = entry.schedule else {
            return language(
                "No hours are posted; chat is open whenever somebody is there.",
                "No hay horario publicado; el chat está abierto cuando hay alguien.")
        }
        let mark = if case .open = schedule.status(at: now) { "open" } else { "closed" }
        return "<span class=\"mark \(mark)\" aria-hidden=\"true\"></span>\(HoursText.escaped(schedule.sentence(at: now, language)))"
    }

    /// Closings at once that go on or are to come.
    private static func closings(_ schedule: Schedule, now: Int64, _ language: HoursLanguage) -> String {
        let coming = schedule.closings(at: now)
        guard !coming.isEmpty else { return "" }
        let items = coming.map { closure in
            let (from, until) = (Int64(clamping: closure.fromMs / 1_000), Int64(clamping: closure.untilMs / 1_000))
            let start = schedule.moment(from, from: now, language)
            let begins = language("Closed", "Cerrado") + (from <= now ? "" : language(" from \(start)", " desde \(start)"))
            let note = closure.note.isEmpty ? "" : " (\(HoursText.escaped(closure.note)))"
            return "<li>\(begins) \(language("until", "hasta")) \(schedule.moment(until, from: now, language))\(note)</li>\n"
        }
        return "<h2>\(language("Closed at short notice", "Cierres de última hora"))</h2>\n<ul>\n\(items.joined())</ul>\n"
    }

    private static func week(_ schedule: Schedule, today: CalendarDay, _ language: HoursLanguage) -> String {
        var rows = ""
        for offset in 0..<7 {
            let plan = schedule.plan(of: today.adding(days: offset))
            let weekday = HoursText.weekday(plan.day.weekday, language)
            let name = offset == 0 ? language("Today, \(weekday)", "Hoy, \(weekday.lowercased())") : weekday
            let isCut = schedule.spans(on: plan.day) != plan.spans
            let why = isCut ? "\(language("posted", "publicado")): \(HoursText.spans(plan.spans, language))" : plan.note
            let note = why.isEmpty ? "" : " <span class=\"note\">\(HoursText.escaped(why))</span>"
            rows += """
                <tr\(offset == 0 ? " aria-current=\"date\"" : "")><th scope="row">\(name) <span class="date">\
                <time datetime="\(plan.day.text)">\(HoursText.date(plan.day, today: today, language))</time></span></th>\
                <td>\(HoursText.spans(schedule.spans(on: plan.day), language))\(note)</td></tr>

                """
        }
        return """
            <h2>\(language("The next seven days", "Los próximos siete días"))</h2>
            <table><thead><tr><th scope="col">\(language("Day", "Día"))</th><th scope="col">\(language("Hours", "Horario"))</th></tr></thead>
            <tbody>
            \(rows)</tbody></table>

            """
    }

    private static func exceptions(_ schedule: Schedule, today: CalendarDay, _ language: HoursLanguage) -> String {
        let coming = schedule.hours.exceptions.filter { today <= $0.day && $0.day <= today.adding(days: exceptionDays) }
        guard !coming.isEmpty else { return "" }
        let items = coming.map { exception in
            let note = exception.note.isEmpty ? "" : " (\(HoursText.escaped(exception.note)))"
            let date = HoursText.date(exception.day, today: today, language)
            return "<li><time datetime=\"\(exception.day.text)\">\(HoursText.weekday(exception.day.weekday, language)), \(date)</time>: "
                + "\(HoursText.spans(exception.spans, language))\(note)</li>\n"
        }
        return "<h2>\(language("Days of other hours", "Días con otro horario"))</h2>\n<ul>\n\(items.joined())</ul>\n"
    }

    private static func terms(_ schedule: Schedule, today: CalendarDay, _ language: HoursLanguage) -> String {
        let columns = TermKind.allCases.map { "<th scope=\"col\">\(HoursText.title($0, language))</th>" }.joined()
        let rows = (0..<7).map { day in
            let cells = TermKind.allCases.map { "<td>\(HoursText.spans(schedule.hours.week($0).days[day], language))</td>" }.joined()
            return "<tr><th scope=\"row\">\(HoursText.weekday(day, language))</th>\(cells)</tr>\n"
        }
        let coming = schedule.terms.terms.filter { today <= $0.last }.map { term in
            "<li>\(HoursText.escaped(term.title)): \(HoursText.title(term.kind, language).lowercased()), "
                + "\(HoursText.date(term.first, today: today, language)) \(language("to", "a")) "
                + "\(HoursText.date(term.last, today: today, language))</li>\n"
        }
        return """
            <h2>\(language("Hours by term", "Horario por período"))</h2>
            <div class="wide" tabindex="0" role="region" aria-label="\(language("Hours by term", "Horario por período"))"><table>
            <thead><tr><th scope="col">\(language("Day", "Día"))</th>\(columns)</tr></thead>
            <tbody>
            \(rows.joined())</tbody></table></div>
            \(coming.isEmpty ? "" : "<ul>\n\(coming.joined())</ul>\n")
            """
    }

    /// The page for a name that is no library's.
    public static func unknown(_ language: HoursLanguage = .english) -> String {
        let title = language("No such library", "No existe esa biblioteca")
        return document(title: title, body: "<h1>\(title)</h1>\n\(back(language))", "/hours", language)
    }

    /// - Parameter path: where the same stands in the other languages.
    private static func document(title: String, body: String, _ path: String, _ language: HoursLanguage) -> String {
        let others = HoursLanguage.allCases.filter { $0 != language }.map { other in
            "<a href=\"\(path)\(query(other))\" lang=\"\(other.rawValue)\" hreflang=\"\(other.rawValue)\">\(other("English", "Español"))</a>"
        }
        return """
            <!doctype html>
            <html lang="\(language.rawValue)">
            <head>
            <meta charset="utf-8">
            <title>\(HoursText.escaped(title)): \(chatHours(language).lowercased())</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="/patron/slip.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/shared/tokens.css">
            <link rel="stylesheet" href="/patron/hours.css">
            </head>
            <body>
            <main>
            \(body)
            <p class="small">\(others.joined(separator: " · ")) · <a href="/problem?from=hours&amp;lang=\(language.rawValue)">\(language("Report a problem with this chat", "Informar de un problema con este chat"))</a></p>
            </main>
            </body>
            </html>

            """
    }
}
