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
    public static func all(_ entries: [HoursEntry], now: Int64) -> String {
        var rows = ""
        for entry in entries {
            let today = entry.schedule.map { HoursText.spans($0.spans(on: $0.day(at: now))) } ?? "Not posted"
            rows += """
                <tr><th scope="row"><a href="/hours/\(entry.library.text)">\(HoursText.escaped(entry.title))</a></th>\
                <td>\(state(entry, now: now))</td><td>\(today)</td></tr>

                """
        }
        let table =
            entries.isEmpty
            ? "<p>No library is known yet.</p>"
            : """
            <div class="wide" tabindex="0" role="region" aria-label="Hours of all libraries"><table>
            <thead><tr><th scope="col">Library</th><th scope="col">Now</th><th scope="col">Today</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div>
            """
        return document(title: "All libraries", body: "<h1>Chat hours</h1>\n\(table)")
    }

    /// One line a library, for a terminal.
    public static func lines(_ entries: [HoursEntry], now: Int64) -> String {
        entries.map { entry in
            let words = entry.schedule.map { $0.sentence(at: now) } ?? entry.problem ?? "No hours are posted."
            return "\(entry.library.text)  \(words)\n"
        }.joined()
    }

    /// - Parameter address: how pages reach this node, such as `https://chat.example.edu`; for the snippet.
    public static func library(_ entry: HoursEntry, now: Int64, address: String) -> String {
        let heading = "<h1>\(HoursText.escaped(entry.title)): chat hours</h1>\n<p class=\"state\">\(state(entry, now: now))</p>\n"
        let back = "<p><a href=\"/hours\">Chat hours of all libraries</a></p>"
        guard let schedule = entry.schedule else { return document(title: entry.title, body: heading + back) }
        let today = schedule.day(at: now)
        let data = "<script type=\"application/ld+json\">\(HoursData.json(entry, now: now))</script>\n"
        let body =
            heading + closings(schedule, now: now) + week(schedule, today: today) + exceptions(schedule, today: today)
            + terms(schedule, today: today)
                + """
                <h2>Take the hours with you</h2>
                <ul>
                <li><a href="/hours/\(entry.library.text)/hours.ics">Calendar feed</a> (iCalendar)</li>
                <li><a href="/hours/\(entry.library.text)/hours.json">For search engines and programs</a> (JSON-LD)</li>
                </ul>
                <h2>On the library’s own page</h2>
                <p>These lines show the present state, and stay a plain link where scripts do not run:</p>
                <pre tabindex="0" aria-label="Code for the library’s own page"><code>\(HoursText.escaped(snippet(entry, address: address)))</code></pre>
                <p class="small">Times are local to \(HoursText.escaped(schedule.hours.zone)).</p>

                """ + back
        return document(title: entry.title, body: data + body)
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

    private static func state(_ entry: HoursEntry, now: Int64) -> String {
        if let problem = entry.problem { return "The hours cannot be shown here: \(HoursText.escaped(problem))." }
        guard let schedule = entry.schedule else { return "No hours are posted; chat is open whenever somebody is there." }
        let mark = if case .open = schedule.status(at: now) { "open" } else { "closed" }
        return "<span class=\"mark \(mark)\" aria-hidden=\"true\"></span>\(HoursText.escaped(schedule.sentence(at: now)))"
    }

    /// Closings at once that go on or are to come.
    private static func closings(_ schedule: Schedule, now: Int64) -> String {
        let coming = schedule.closings(at: now)
        guard !coming.isEmpty else { return "" }
        let items = coming.map { closure in
            let (from, until) = (Int64(clamping: closure.fromMs / 1_000), Int64(clamping: closure.untilMs / 1_000))
            let begins = from <= now ? "Closed" : "Closed from \(schedule.moment(from, from: now))"
            let note = closure.note.isEmpty ? "" : " (\(HoursText.escaped(closure.note)))"
            return "<li>\(begins) until \(schedule.moment(until, from: now))\(note)</li>\n"
        }
        return "<h2>Closed at short notice</h2>\n<ul>\n\(items.joined())</ul>\n"
    }

    private static func week(_ schedule: Schedule, today: CalendarDay) -> String {
        var rows = ""
        for offset in 0..<7 {
            let plan = schedule.plan(of: today.adding(days: offset))
            let name = offset == 0 ? "Today, \(HoursText.weekday(plan.day))" : HoursText.weekday(plan.day)
            let isCut = schedule.spans(on: plan.day) != plan.spans
            let why = isCut ? "posted: \(HoursText.spans(plan.spans))" : plan.note
            let note = why.isEmpty ? "" : " <span class=\"note\">\(HoursText.escaped(why))</span>"
            rows += """
                <tr\(offset == 0 ? " aria-current=\"date\"" : "")><th scope="row">\(name) <span class="date">\
                <time datetime="\(plan.day.text)">\(HoursText.date(plan.day, today: today))</time></span></th>\
                <td>\(HoursText.spans(schedule.spans(on: plan.day)))\(note)</td></tr>

                """
        }
        return """
            <h2>The next seven days</h2>
            <table><thead><tr><th scope="col">Day</th><th scope="col">Hours</th></tr></thead>
            <tbody>
            \(rows)</tbody></table>

            """
    }

    private static func exceptions(_ schedule: Schedule, today: CalendarDay) -> String {
        let coming = schedule.hours.exceptions.filter { today <= $0.day && $0.day <= today.adding(days: exceptionDays) }
        guard !coming.isEmpty else { return "" }
        let items = coming.map { exception in
            let note = exception.note.isEmpty ? "" : " (\(HoursText.escaped(exception.note)))"
            let date = HoursText.date(exception.day, today: today)
            return "<li><time datetime=\"\(exception.day.text)\">\(HoursText.weekday(exception.day)), \(date)</time>: "
                + "\(HoursText.spans(exception.spans))\(note)</li>\n"
        }
        return "<h2>Days of other hours</h2>\n<ul>\n\(items.joined())</ul>\n"
    }

    private static func terms(_ schedule: Schedule, today: CalendarDay) -> String {
        let columns = TermKind.allCases.map { "<th scope=\"col\">\(HoursText.title($0))</th>" }.joined()
        let rows = (0..<7).map { day in
            let cells = TermKind.allCases.map { "<td>\(HoursText.spans(schedule.hours.week($0).days[day]))</td>" }.joined()
            return "<tr><th scope=\"row\">\(HoursText.weekdays[day])</th>\(cells)</tr>\n"
        }
        let coming = schedule.terms.terms.filter { today <= $0.last }.map { term in
            "<li>\(HoursText.escaped(term.title)): \(HoursText.title(term.kind).lowercased()), \(HoursText.date(term.first, today: today)) to "
                + "\(HoursText.date(term.last, today: today))</li>\n"
        }
        return """
            <h2>Hours by term</h2>
            <div class="wide" tabindex="0" role="region" aria-label="Hours by term"><table>
            <thead><tr><th scope="col">Day</th>\(columns)</tr></thead>
            <tbody>
            \(rows.joined())</tbody></table></div>
            \(coming.isEmpty ? "" : "<ul>\n\(coming.joined())</ul>\n")
            """
    }

    /// The page for a name that is no library's.
    public static func unknown() -> String {
        document(title: "No such library", body: "<h1>No such library</h1>\n<p><a href=\"/hours\">Chat hours of all libraries</a></p>")
    }

    private static func document(title: String, body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(HoursText.escaped(title)): chat hours</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="/patron/slip.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/shared/tokens.css">
        <link rel="stylesheet" href="/patron/hours.css">
        </head>
        <body>
        <main>
        \(body)
        <p class="small"><a href="/problem?from=hours">Report a problem with this chat</a></p>
        </main>
        </body>
        </html>

        """
    }
}
