/// Terms and posted hours as bytes.

import Consortium

extension PBTermCalendarEntry {
    init(_ calendar: TermCalendar) {
        self.init()
        version = calendar.version
        terms = calendar.terms.map { term in
            var entry = PBTermEntry()
            entry.title = term.title
            entry.kind = UInt32(term.kind.rawValue)
            entry.first = term.first.number
            entry.last = term.last.number
            return entry
        }
    }

    func decoded() throws(WireError) -> TermCalendar {
        let list = try Field.list(terms, "terms", max: Limits.termsMax) { e throws(WireError) in
            Term(
                title: e.title, kind: try Field.small(e.kind, "term.kind"), first: try Field.day(e.first, "term.first"),
                last: try Field.day(e.last, "term.last"))
        }
        return TermCalendar(version: version, terms: list)
    }
}

extension PBLibraryHoursEntry {
    init(_ posted: LibraryHours) {
        self.init()
        library = posted.library.text
        version = posted.version
        zone = posted.zone
        weeks = posted.weeks.map { week in
            var entry = PBWeekEntry()
            entry.days = week.days.map { spans in
                var day = PBDayHoursEntry()
                day.spans = spans.map { PBOpenSpanEntry($0) }
                return day
            }
            return entry
        }
        exceptions = posted.exceptions.map { exception in
            var entry = PBHoursExceptionEntry()
            entry.day = exception.day.number
            entry.spans = exception.spans.map { PBOpenSpanEntry($0) }
            entry.note = exception.note
            return entry
        }
        closures = posted.closures.map { PBClosureEntry($0) }
        openNowFromMs = posted.openNow?.fromMs ?? 0
        openNowUntilMs = posted.openNow?.untilMs ?? 0
        // Nodes that know no closed gates take them for shut ones.
        gate = UInt32((posted.gate == .closed ? .shut : posted.gate).rawValue)
        closedAtShortNotice = posted.gate == .closed
    }

    func decoded() throws(WireError) -> LibraryHours {
        LibraryHours(
            library: try Field.name(library, "hours.library"), version: version, zone: zone,
            weeks: try Field.list(weeks, "hours.weeks", max: TermKind.allCases.count) { week throws(WireError) in
                WeeklyHours(days: try Field.list(week.days, "hours.days", max: 7) { day throws(WireError) in try Field.spans(day.spans) })
            },
            exceptions: try Field.list(exceptions, "hours.exceptions", max: Limits.exceptionsPerLibraryMax) { e throws(WireError) in
                HoursException(day: try Field.day(e.day, "hours.exceptions"), spans: try Field.spans(e.spans), note: e.note)
            },
            closures: try Field.list(closures, "hours.closures", max: Limits.closuresPerLibraryMax) { e throws(WireError) in e.decoded() },
            openNow: openNowUntilMs == 0 ? nil : OpenNow(fromMs: openNowFromMs, untilMs: openNowUntilMs),
            gate: closedAtShortNotice ? .closed : try Field.small(gate, "hours.gate"))
    }
}

extension PBClosureEntry {
    init(_ closure: Closure) {
        self.init()
        id = PBId(closure.id)
        fromMs = closure.fromMs
        untilMs = closure.untilMs
        note = closure.note
    }

    func decoded() -> Closure { Closure(id: id.decoded(), fromMs: fromMs, untilMs: untilMs, note: note) }
}

extension PBOpenSpanEntry {
    init(_ span: OpenSpan) {
        self.init()
        opens = UInt32(span.opens)
        closes = UInt32(span.closes)
    }
}

extension Field {
    fileprivate static func day(_ number: Int32, _ field: String) throws(WireError) -> CalendarDay {
        guard let day = CalendarDay(number: number) else { throw .invalidField(field, expected: "a day from 1970 to 2199") }
        return day
    }

    fileprivate static func spans(_ entries: [PBOpenSpanEntry]) throws(WireError) -> [OpenSpan] {
        try list(entries, "hours.spans", max: Limits.spansPerDayMax) { entry throws(WireError) in
            guard let opens = UInt16(exactly: entry.opens), let closes = UInt16(exactly: entry.closes) else {
                throw .invalidField("hours.spans", expected: "minutes of a day")
            }
            return OpenSpan(opens: opens, closes: closes)
        }
    }
}
