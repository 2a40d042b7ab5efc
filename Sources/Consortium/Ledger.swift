/// The ledger of posted against staffed: "posted hours must be staffed" (agreement, 3), minute by minute.
///
/// What is noted comes of committed facts alone: the gates that leaders told, and who is available for a library's queues. It is timed by the wall clock of
/// the entry that brought the change. A minute counts as what was so in its middle, so that neither the moment in which a leader opens a gate nor a change of shifts costs
/// anybody a minute. Time never goes back: where a leader's clock is behind the one before, the minute stands until its clock has come that far.
///
/// A closing at short notice, its end, and what is said of either afterwards change what was posted, for minutes that are past as well; who was there stays.
/// Weekly hours and exceptions that are set later change no minute that is past: it counts by what was posted then.

/// Minutes since 1970-01-01T00:00Z.
public typealias LedgerMinute = UInt32

/// Who answers for a library.
public enum Staffing: UInt8, Hashable, Sendable, CaseIterable {
    case nobody = 0
    /// The general queue, by the library's fallback policy.
    case covered = 1
    /// Its own people, at one of its queues at least.
    case own = 2
}

/// What was so of a library from a minute on, until the next run begins.
public struct LedgerRun: MinuteRun, Hashable, Sendable {
    public var from: LedgerMinute
    /// `open`: posted, or "Open now".
    public var hours: Gate
    /// `nobody` outside the hours, whoever is there.
    public var staffing: Staffing
    public init(from: LedgerMinute, hours: Gate, staffing: Staffing) {
        self.from = from
        self.hours = hours
        self.staffing = hours == .open || hours == .closed ? staffing : .nobody
    }

    /// Posted, and nobody of the library there.
    public var isGap: Bool { hours == .open && staffing != .own }

    func saysAs(_ other: LedgerRun) -> Bool { hours == other.hours && staffing == other.staffing }
}

/// What is so of a library now; `gapSince` is the first minute of a gap that goes on.
public struct LedgerNow: Hashable, Sendable {
    public var library: LibraryName
    public var hours: Gate
    public var staffing: Staffing
    public var gapSince: LedgerMinute?
    public init(library: LibraryName, hours: Gate, staffing: Staffing, gapSince: LedgerMinute?) {
        self.library = library
        self.hours = hours
        self.staffing = staffing
        self.gapSince = gapSince
    }
}

package struct LibraryLedger: Hashable, Sendable {
    package var library: LibraryName
    package private(set) var runs: [LedgerRun] = []
    /// Over all that was ever noted, what has given way as well: replicas compare it (rule 9).
    package private(set) var chain: UInt64 = 0
    /// The first minute of the gap that goes on: derived.
    package private(set) var gapSince: LedgerMinute?

    package init(library: LibraryName) { self.library = library }

    package init(library: LibraryName, runs: [LedgerRun], chain: UInt64) {
        self.library = library
        self.runs = runs
        self.chain = chain
        gapSince = foundGap
    }

    /// The first minute whose middle is not before an instant, in Unix milliseconds.
    package static func minute(at wallMs: UInt64) -> LedgerMinute { LedgerMinute(clamping: wallMs.adding(ms: 29_999) / 60_000) }

    /// Those whose middle lies in a stretch of time.
    package static func minutes(_ fromMs: UInt64, _ untilMs: UInt64) -> Range<LedgerMinute> {
        minute(at: fromMs)..<max(minute(at: fromMs), minute(at: untilMs))
    }

    /// - Parameter wallMs: when it became so.
    mutating func note(_ hours: Gate, _ staffing: Staffing, atMs wallMs: UInt64) {
        let run = LedgerRun(from: max(Self.minute(at: wallMs), runs.last?.from ?? 0), hours: hours, staffing: staffing)
        if runs.begin(run) { noted(run) }
    }

    private mutating func noted(_ run: LedgerRun) {
        changed(by: [UInt64(run.from), UInt64(run.hours.rawValue), UInt64(run.staffing.rawValue)])
    }

    /// Says of minutes that are past that one state of the hours was another.
    mutating func amend(_ minutes: Range<LedgerMinute>, from old: Gate, to new: Gate) {
        guard !minutes.isEmpty else { return }
        var amended: [LedgerRun] = []
        func add(_ run: LedgerRun) { if amended.last.map({ !$0.saysAs(run) }) ?? true { amended.append(run) } }
        for (place, run) in runs.enumerated() {
            let end = runs.indices.contains(place + 1) ? runs[place + 1].from : .max
            let within = (run.from..<max(run.from, end)).clamped(to: minutes)
            guard run.hours == old, !within.isEmpty else {
                add(run)
                continue
            }
            if run.from < within.lowerBound { add(run) }
            add(LedgerRun(from: within.lowerBound, hours: new, staffing: run.staffing))
            if within.upperBound < end { add(LedgerRun(from: within.upperBound, hours: old, staffing: run.staffing)) }
        }
        runs = amended
        changed(by: [UInt64(minutes.lowerBound), UInt64(minutes.upperBound), UInt64(old.rawValue), UInt64(new.rawValue)])
    }

    private mutating func changed(by numbers: [UInt64]) {
        runs.giveWay(minutesMax: Limits.ledgerMinutesMax, runsMax: Limits.ledgerRunsPerLibraryMax)
        var digest = Digest(seed: chain)
        for number in numbers { digest.add(number) }
        chain = digest.value
        gapSince = foundGap
    }

    private var foundGap: LedgerMinute? { runs.reversed().prefix(while: \.isGap).last?.from }
}

extension ConsortiumState {
    /// After a change of gates, of who is available, or of the roster.
    mutating func noteStaffing() {
        guard featureLevel >= FeatureLevel.ledger, !isBranch else { return }
        var staffed = Ordered<LibraryName, Void>()
        for name in index.staff.keys where isAnswering(name) && takers(of: name) > 0 {
            if let library = queues[name]?.queue.library { staffed[library] = () }
        }
        let covers = index.general.map { isAvailable($0) } ?? false
        for posted in hours.values {
            let isCovered = covers && libraries[posted.library].map { $0.fallback != .off } ?? false
            let staffing: Staffing = staffed.contains(posted.library) ? .own : isCovered ? .covered : .nobody
            var book = ledger[posted.library] ?? LibraryLedger(library: posted.library)
            book.note(posted.gate, staffing, atMs: wallMs)
            ledger[posted.library] = book
        }
    }

    /// A closing was said, or ended at another time than was said first: of what is past of it.
    mutating func amendLedger(_ library: LibraryName, fromMs: UInt64, untilMs: UInt64, isClosed: Bool) {
        guard featureLevel >= FeatureLevel.ledger, !isBranch, ledger.contains(library) else { return }
        let said = LibraryLedger.minutes(fromMs, min(untilMs, wallMs))
        var left = [said]
        // What another closing says stands.
        for other in isClosed ? [] : hours[library]?.closures ?? [] {
            let closed = LibraryLedger.minutes(other.fromMs, other.untilMs)
            left = left.flatMap { part in
                guard part.overlaps(closed) else { return [part] }
                let before = part.lowerBound..<max(part.lowerBound, closed.lowerBound)
                return [before, min(part.upperBound, closed.upperBound)..<part.upperBound]
            }
        }
        let (old, new): (Gate, Gate) = isClosed ? (.open, .closed) : (.closed, .open)
        for part in left { ledger.change(library) { $0.amend(part, from: old, to: new) } }
        touched.board = true
    }

    func checkLedger() throws(InvariantViolation) {
        try hold(ledger.count <= hours.count, "There are ledgers without posted hours.")
        for (name, book) in ledger {
            try hold(name == book.library && hours.contains(name), "The ledger of \(name) is another library's.")
            try hold(book.runs.count <= Limits.ledgerRunsPerLibraryMax, "The ledger of \(name) is too long.")
            try hold(book.runs.isInOrder, "The ledger of \(name) is out of order.")
        }
        guard featureLevel < FeatureLevel.ledger else { return }
        try hold(ledger.isEmpty, "There is a ledger below its feature level.")
        try hold(hours.values.allSatisfy { $0.gate != .closed }, "There are closed gates below their feature level.")
        try hold(isBranch || operators.values.allSatisfy { $0.committee == nil }, "There are committees below their feature level.")
        try hold(isBranch || sessions.values.allSatisfy { $0.untilMs == nil }, "There are ends of sign-ons below their feature level.")
    }

    /// What is so of every library with posted hours; `nil` below the feature level, and of a branch, which keeps no ledger.
    public var ledgerNow: [LedgerNow]? {
        guard featureLevel >= FeatureLevel.ledger, !isBranch else { return nil }
        return ledger.values.compactMap { book in
            book.runs.last.map { LedgerNow(library: book.library, hours: $0.hours, staffing: $0.staffing, gapSince: book.gapSince) }
        }
    }

    /// The runs of a library that reach into a range of minutes, the first cut to its beginning.
    public func ledger(of library: LibraryName, in minutes: Range<LedgerMinute>) -> [LedgerRun] {
        ledger[library]?.runs.reaching(into: minutes) ?? []
    }
}
