/// Terms and posted hours as LTG and the libraries set them.
///
/// Whoever sets something names the version that they read (compare and set): two people who edit the same thing see the conflict, and nobody's edit
/// is lost. What says what is already in force is accepted whatever version it names, so that a repeat is harmless.
/// Closing at once needs no version: a snow day must not fail because somebody else mends the hours of May.

extension ConsortiumState {
    mutating func setTerms(_ new: TermCalendar) throws(Refusal) {
        guard new.terms.count <= Limits.termsMax else {
            throw Refusal(.tooMany, "There are \(Limits.termsMax) terms at most, not \(new.terms.count); leave out those long past.")
        }
        for term in new.terms {
            guard !term.title.isEmpty, term.title.utf8.count <= Limits.titleBytesMax else {
                throw Refusal(.tooLong, "A term's title has 1 to \(Limits.titleBytesMax) bytes, not \(term.title.utf8.count).")
            }
            guard term.first <= term.last else {
                throw Refusal(.invalid, "\(term.title) ends on \(term.last.text), before it begins on \(term.first.text).")
            }
        }
        for (earlier, later) in zip(new.terms, new.terms.dropFirst()) where later.first <= earlier.last {
            throw Refusal(
                .invalid,
                "\(later.title) begins on \(later.first.text), and \(earlier.title) ends on \(earlier.last.text): terms stand in order, "
                    + "and no day belongs to two.")
        }
        if new.terms == terms.terms { return }
        guard new.version == terms.version else { throw .outdated("The terms", version: terms.version, named: new.version) }
        var set = new
        set.version = terms.version + 1
        try makeRoom(for: set, in: terms)
        terms = set
        touched.board = true
        touched.hours = true
    }

    mutating func setHours(_ new: LibraryHours) throws(Refusal) {
        guard libraries.contains(new.library) else { throw .unknownLibrary(new.library) }
        try checkZone(new.zone)
        guard new.weeks.count == TermKind.allCases.count, new.weeks.allSatisfy({ $0.days.count == 7 }) else {
            throw Refusal(
                .invalid, "Posted hours include the regular semester, intersessions, and breaks (agreement, 3), seven days each.")
        }
        for week in new.weeks {
            for spans in week.days { try check(spans: spans) }
        }
        guard new.exceptions.count <= Limits.exceptionsPerLibraryMax else {
            throw Refusal(
                .tooMany,
                "A library has \(Limits.exceptionsPerLibraryMax) days of other hours at most, not \(new.exceptions.count); "
                    + "leave out those long past.")
        }
        for exception in new.exceptions {
            try check(spans: exception.spans)
            try check(note: exception.note)
        }
        for (earlier, later) in zip(new.exceptions, new.exceptions.dropFirst()) where later.day <= earlier.day {
            throw Refusal(.invalid, "Days of other hours stand in order, each once; \(later.day.text) follows \(earlier.day.text).")
        }
        let former = hours[new.library]
        if let former, former.says(new) { return }
        let version = former?.version ?? 0
        guard new.version == version else { throw .outdated("The hours of \(new.library)", version: version, named: new.version) }
        var set = new
        set.version = version + 1
        set.closures = former?.closures ?? []
        set.openNow = former?.openNow
        set.gate = former?.gate ?? .untold
        try makeRoom(for: set, in: former)
        hours[new.library] = set
        touched.board = true
        touched.hours = true
    }

    /// Closes a library at once, or says afterwards that it was closed.
    mutating func close(_ library: LibraryName, by closure: Closure) throws(Refusal) {
        guard var posted = hours[library] else { throw .noHours(of: library) }
        try check(note: closure.note)
        guard closure.fromMs < closure.untilMs else { throw Refusal(.invalid, "A closing ends after it begins.") }
        guard closure.untilMs - closure.fromMs <= Limits.closureMsMax else {
            throw Refusal(.invalid, "A closing lasts 31 days at most; for longer, set other hours for those days.")
        }
        // What was said first stands; "open again" may have shortened it since.
        if posted.closures.contains(where: { $0.id == closure.id }) { return }
        posted.closures.append(closure)
        if posted.closures.count > Limits.closuresPerLibraryMax { posted.closures.removeFirst() }
        try makeRoom(for: posted, in: hours[library])
        amendLedger(library, fromMs: closure.fromMs, untilMs: closure.untilMs, isClosed: true)
        // It counts at once; the leader tells the rest.
        if featureLevel >= FeatureLevel.ledger, posted.gate == .open, closure.fromMs <= wallMs, wallMs < closure.untilMs {
            posted.gate = .closed
            availabilityChanged = true
        }
        hours[library] = posted
        touched.board = true
        touched.hours = true
    }

    /// Ends a closing at a time, or takes it back where that lies before its beginning.
    mutating func reopen(_ library: LibraryName, _ id: RequestID, atMs: UInt64) throws(Refusal) {
        guard var posted = hours[library] else { throw .noHours(of: library) }
        guard let place = posted.closures.firstIndex(where: { $0.id == id }) else {
            throw Refusal(.invalid, "\(library) has no such closing; look at its hours again.")
        }
        let closure = posted.closures[place]
        posted.closures[place].untilMs = max(closure.fromMs, min(closure.untilMs, atMs))
        hours[library] = posted
        amendLedger(library, fromMs: posted.closures[place].untilMs, untilMs: closure.untilMs, isClosed: false)
        touched.board = true
        touched.hours = true
    }

    /// "Open now", by somebody who may staff one of the library's queues. It counts at once; the leader shuts the gate when the time has come.
    mutating func openNow(_ library: LibraryName, _ id: SessionID, _ opening: OpenNow) throws(Refusal) {
        guard var posted = hours[library] else { throw .noHours(of: library) }
        guard let session = sessions[id], let person = operators[session.operatorName] else { throw .unknownSession }
        guard person.queues.contains(where: { queues[$0]?.queue.library == library }) else {
            throw Refusal(.notAllowed, "\(person.name) may staff no queue of \(library); ask your library's admin.")
        }
        guard opening.fromMs < opening.untilMs, opening.untilMs - opening.fromMs <= Limits.openNowMsMax else {
            throw Refusal(.invalid, "\u{201c}Open now\u{201d} lasts up to 24 hours; for longer, post other hours for those days.")
        }
        // A late repeat of an earlier one changes nothing.
        if let former = posted.openNow, former == opening || opening.fromMs < former.fromMs { return }
        posted.openNow = opening
        posted.gate = .open
        keep(posted)
    }

    /// What the leader reckoned.
    mutating func setGate(_ library: LibraryName, _ gate: Gate) throws(Refusal) {
        guard var posted = hours[library] else { throw .noHours(of: library) }
        guard posted.gate != gate else { return }
        posted.gate = gate
        keep(posted)
    }

    private mutating func keep(_ posted: LibraryHours) {
        hours[posted.library] = posted
        touched.board = true
        touched.hours = true
        availabilityChanged = true
    }

    private func checkZone(_ zone: String) throws(Refusal) {
        guard LibraryHours.isZoneName(zone) else {
            throw Refusal(.invalid, "A time zone is named as in the IANA data base, such as America/Chicago.")
        }
    }

    private func check(note: String) throws(Refusal) {
        guard note.utf8.count <= Limits.titleBytesMax else {
            throw Refusal(.tooLong, "A note on hours has \(Limits.titleBytesMax) bytes at most, not \(note.utf8.count).")
        }
    }

    private func check(spans: [OpenSpan]) throws(Refusal) {
        guard spans.count <= Limits.spansPerDayMax else {
            throw Refusal(.tooMany, "A day has \(Limits.spansPerDayMax) openings at most, not \(spans.count).")
        }
        for span in spans where span.opens >= 1_440 || span.closes <= span.opens || span.closes - span.opens > 1_440 {
            throw Refusal(
                .invalid,
                "An opening begins from 0:00 to 23:59 and ends later, within 24 hours; found minutes \(span.opens) to \(span.closes).")
        }
        for (earlier, later) in zip(spans, spans.dropFirst()) where later.opens < earlier.closes {
            throw Refusal(.invalid, "The openings of a day stand in order and do not overlap; one begins in the middle of another.")
        }
    }

    func checkHours() throws(InvariantViolation) {
        try hold(hours.count <= libraries.count, "There are hours without a library.")
        for (name, posted) in hours {
            try hold(name == posted.library && libraries.contains(name), "The hours of \(name) are another library's.")
            try hold(posted.weeks.count == TermKind.allCases.count, "The hours of \(name) lack a kind of term.")
            try hold(posted.closures.count <= Limits.closuresPerLibraryMax, "\(name) has too many closings.")
        }
        try hold(terms.terms.count <= Limits.termsMax, "There are too many terms.")
        // As with names: what a branch has of them its node was told.
        guard !isBranch else { return }
        if featureLevel < FeatureLevel.steeringHours {
            try hold(hours.values.allSatisfy { $0.gate == .untold && $0.openNow == nil }, "There are gates below their feature level.")
        }
        guard featureLevel < FeatureLevel.postedHours else { return }
        try hold(hours.isEmpty && terms == TermCalendar(), "There are posted hours below their feature level.")
    }
}

extension Refusal {
    static func outdated(_ what: String, version: UInt64, named: UInt64) -> Refusal {
        Refusal(
            .outOfOrder,
            "\(what) were changed meanwhile: version \(version) is in force, and this change began with \(named). Look at them and try again."
        )
    }

    fileprivate static func noHours(of library: LibraryName) -> Refusal {
        Refusal(.invalid, "There are no posted hours of \(library); post some first.")
    }
}

extension TermCalendar: RosterEntry {
    var rosterBytes: Int { terms.reduce(0) { $0 + $1.title.utf8.count + 16 } }
}

extension LibraryHours: RosterEntry {
    /// Times and days count as what they take on the wire.
    var rosterBytes: Int {
        let spans = weeks.reduce(0) { $0 + $1.days.reduce(0) { $0 + $1.count } } + exceptions.reduce(0) { $0 + $1.spans.count }
        let notes = exceptions.reduce(0) { $0 + $1.note.utf8.count + 12 } + closures.reduce(0) { $0 + $1.note.utf8.count + 40 }
        return library.text.utf8.count + zone.utf8.count + 80 + spans * 8 + notes
    }
}
