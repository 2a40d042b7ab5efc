/// For how long the people of each library were on duty for the general queue, minute by minute: for the reports (agreement, 2).
///
/// A library's book holds how many of its people were, and no name. A person is on duty for it who is available for it and does not leave, while it is neither
/// closed nor paused; but not who said to be on duty for their library alone. As in the ledger, a minute counts as what was so in its middle, and it is timed by the
/// wall clock of the entry that brought the change. What people do at a node that is cut off is in no book.

/// What was so of a library from a minute on, until the next run begins.
public struct DutyRun: MinuteRun, Hashable, Sendable {
    public var from: LedgerMinute
    /// How many of its people were on duty; up to 65,535.
    public var people: UInt16
    public init(from: LedgerMinute, people: UInt16) {
        self.from = from
        self.people = people
    }

    func saysAs(_ other: DutyRun) -> Bool { people == other.people }
}

package struct DutyBook: Hashable, Sendable {
    package var library: LibraryName
    package private(set) var runs: [DutyRun] = []
    /// Over all that was ever noted, what has given way as well: replicas compare it (rule 9).
    package private(set) var chain: UInt64 = 0

    package init(library: LibraryName) { self.library = library }

    package init(library: LibraryName, runs: [DutyRun], chain: UInt64) {
        self.library = library
        self.runs = runs
        self.chain = chain
    }

    /// - Parameter wallMs: when it became so.
    mutating func note(_ people: Int, atMs wallMs: UInt64) {
        let run = DutyRun(from: max(LibraryLedger.minute(at: wallMs), runs.last?.from ?? 0), people: UInt16(clamping: people))
        guard runs.begin(run) else { return }
        runs.giveWay(minutesMax: Limits.ledgerMinutesMax, runsMax: Limits.ledgerRunsPerLibraryMax)
        var digest = Digest(seed: chain)
        digest.add(UInt64(run.from))
        digest.add(UInt64(run.people))
        chain = digest.value
    }
}

extension ConsortiumState {
    /// Whether this state notes it.
    public var keepsDuty: Bool { featureLevel >= FeatureLevel.dutyMinutes && !isBranch }

    /// How many of each library's people are on duty for the general queue now.
    private var onDuty: Ordered<LibraryName, Int> {
        var found = Ordered<LibraryName, Int>()
        guard let general = index.general, isAnswering(general) else { return found }
        for id in staff(of: general) where takesNew(id) {
            guard let session = sessions[id], session.duty?.covers(isGeneral: true) ?? true else { continue }
            guard let library = operators[session.operatorName]?.library else { continue }
            found[library] = (found[library] ?? 0) + 1
        }
        return found
    }

    /// After a change of who is available, of duties, or of the roster. A library has a book since somebody of it was on duty for the first time.
    mutating func noteDuty() {
        guard keepsDuty else { return }
        let (onDuty, wallMs) = (onDuty, wallMs)
        for library in onDuty.keys where !dutyBooks.contains(library) { dutyBooks[library] = DutyBook(library: library) }
        for library in dutyBooks.keys { dutyBooks.change(library) { $0.note(onDuty[library] ?? 0, atMs: wallMs) } }
    }

    /// The runs of a library that reach into a range of minutes, the first cut to its beginning.
    public func duty(of library: LibraryName, in minutes: Range<LedgerMinute>) -> [DutyRun] {
        dutyBooks[library]?.runs.reaching(into: minutes) ?? []
    }

    func checkDutyBooks() throws(InvariantViolation) {
        for (name, book) in dutyBooks {
            try hold(name == book.library && libraries.contains(name), "The book of duty of \(name) is another library's.")
            try hold(book.runs.count <= Limits.ledgerRunsPerLibraryMax, "The book of duty of \(name) is too long.")
            try hold(book.runs.isInOrder, "The book of duty of \(name) is out of order.")
        }
        guard keepsDuty else { return try hold(dutyBooks.isEmpty, "There are books of duty below their feature level, or in a branch.") }
        // What is noted last is what is so.
        let onDuty = onDuty
        for name in libraries.keys {
            let last = dutyBooks[name]?.runs.last?.people ?? 0
            try hold(last == UInt16(clamping: onDuty[name] ?? 0), "The book of duty of \(name) does not say what is so now.")
        }
    }
}
