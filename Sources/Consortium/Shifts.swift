/// Shifts: who means to be at the desk when, planned ahead by a library.
///
/// They are a plan and nothing else: nobody is signed on or available by one, and no queue opens. What is planned stands here in the world's time; which of the posted hours
/// nobody planned for is found where hours are reckoned (`Hours/ShiftSheet.swift`). Nodes read them when somebody looks, as they read the ledger; of the board they have only
/// how often they changed.

public enum ShiftTag {}
/// Drawn by whoever imports, so that asking twice plans once.
public typealias ShiftID = Identifier<ShiftTag>

public struct Shift: Hashable, Sendable {
    public var id: ShiftID
    public var operatorName: OperatorName
    /// Unix milliseconds, by the clock of whoever planned it.
    public var fromMs: UInt64
    /// After `fromMs`, and at most `Limits.shiftMsMax` later.
    public var untilMs: UInt64
    /// Whom the person is on duty for; `nil`: it was not said.
    public var duty: Duty?
    /// Counts its changes of hands; whoever swaps names the version that they saw. 1: as it was imported.
    public var version: UInt64
    /// How it came to whoever has it; `nil` as long as it is as it was imported.
    public var handed: ShiftHanding?

    public init(
        id: ShiftID, operatorName: OperatorName, fromMs: UInt64, untilMs: UInt64, duty: Duty? = nil, version: UInt64 = 1,
        handed: ShiftHanding? = nil
    ) {
        self.id = id
        self.operatorName = operatorName
        self.fromMs = fromMs
        self.untilMs = untilMs
        self.duty = duty
        self.version = version
        self.handed = handed
    }

    public func overlaps(_ other: Shift) -> Bool { fromMs < other.untilMs && other.fromMs < untilMs }

    /// Whether both plan the same, whoever drew their identifiers.
    func plans(_ other: Shift) -> Bool {
        operatorName == other.operatorName && fromMs == other.fromMs && untilMs == other.untilMs && duty == other.duty
    }

    /// In the order of their time.
    static func isBefore(_ left: Shift, _ right: Shift) -> Bool { (left.fromMs, left.id) < (right.fromMs, right.id) }
}

/// The last time that a shift changed hands, so that whoever had it is told.
public struct ShiftHanding: Hashable, Sendable {
    /// Who had it.
    public var from: OperatorName
    /// Who did it; `nil`: LTG, with a node's admin token.
    public var by: OperatorName?
    /// The leader's wall clock, Unix milliseconds.
    public var wallMs: UInt64
    public init(from: OperatorName, by: OperatorName?, wallMs: UInt64) {
        self.from = from
        self.by = by
        self.wallMs = wallMs
    }
}

/// The shifts of one library.
public struct ShiftBook: Hashable, Sendable {
    public let library: LibraryName
    /// The count of all changes of shifts when these changed last; an import names the one that it replaces. 0: nobody planned anything.
    public let change: UInt64
    /// In the order of their time; at most `Limits.shiftsPerLibraryMax`.
    public let shifts: [Shift]
    /// Over the shifts, so that the digest of the whole state need not walk them.
    let fingerprint: UInt64

    public init(library: LibraryName, change: UInt64 = 0, shifts: [Shift] = []) {
        self.library = library
        self.change = change
        self.shifts = shifts.sorted(by: Shift.isBefore)
        var digest = Digest()
        digest.add(self.shifts) { digest, shift in
            digest.add(shift.id)
            digest.add(shift.operatorName)
            digest.add(shift.fromMs)
            digest.add(shift.untilMs)
            digest.add(shift.duty) { $0.add($1.rawValue) }
            digest.add(shift.version)
            digest.add(shift.handed) { digest, handed in
                digest.add(handed.from)
                digest.add(handed.by) { $0.add($1) }
                digest.add(handed.wallMs)
            }
        }
        fingerprint = digest.value
    }

    func shift(_ id: ShiftID) -> Shift? { shifts.first { $0.id == id } }
}

/// A line of an imported list.
public struct ShiftRow: Hashable, Sendable {
    /// Which line of the file it came from, for whoever is told what is wrong with it.
    public var line: UInt32
    public var id: ShiftID
    public var operatorName: OperatorName
    public var fromMs: UInt64
    public var untilMs: UInt64
    public var duty: Duty?
    public init(line: UInt32, id: ShiftID, operatorName: OperatorName, fromMs: UInt64, untilMs: UInt64, duty: Duty? = nil) {
        self.line = line
        self.id = id
        self.operatorName = operatorName
        self.fromMs = fromMs
        self.untilMs = untilMs
        self.duty = duty
    }

    var shift: Shift { Shift(id: id, operatorName: operatorName, fromMs: fromMs, untilMs: untilMs, duty: duty) }
}

/// A list in the place of all shifts of a library that begin within a time: all of it, or nothing.
public struct ShiftImport: Hashable, Sendable {
    public var library: LibraryName
    /// The time, in Unix milliseconds: from its beginning until before its end. Every row begins within it.
    public var fromMs: UInt64
    public var untilMs: UInt64
    /// The `ShiftBook.change` that whoever imports saw, so that no swap is undone that came meanwhile.
    public var change: UInt64
    public var rows: [ShiftRow]
    public var by: Editor
    public init(library: LibraryName, fromMs: UInt64, untilMs: UInt64, change: UInt64, rows: [ShiftRow], by: Editor) {
        self.library = library
        self.fromMs = fromMs
        self.untilMs = untilMs
        self.change = change
        self.rows = rows
        self.by = by
    }
}

/// A shift goes from somebody to somebody.
public struct ShiftMove: Hashable, Sendable {
    public var shift: ShiftID
    /// The version that whoever asks saw.
    public var version: UInt64
    public var from: OperatorName
    public var to: OperatorName
    public init(shift: ShiftID, version: UInt64, from: OperatorName, to: OperatorName) {
        self.shift = shift
        self.version = version
        self.from = from
        self.to = to
    }
}

/// One step: somebody takes a shift or gives it (one move), or two people exchange theirs (two moves, one each way).
public struct ShiftSwap: Hashable, Sendable {
    public var library: LibraryName
    public var moves: [ShiftMove]
    public var by: Editor
    public init(library: LibraryName, moves: [ShiftMove], by: Editor) {
        self.library = library
        self.moves = moves
        self.by = by
    }
}

extension ConsortiumState {
    /// What a library planned; without any shifts where it planned nothing.
    public func shifts(of library: LibraryName) -> ShiftBook { shiftBooks[library] ?? ShiftBook(library: library) }

    func checkShifts() throws(InvariantViolation) {
        var count = 0
        for (name, book) in shiftBooks {
            count += book.shifts.count
            try hold(
                name == book.library && libraries.contains(name) && book.change > 0 && book.change <= shiftChange,
                "The shifts of \(name) are misfiled.")
            try hold(book.shifts.count <= Limits.shiftsPerLibraryMax, "\(name) has too many shifts.")
            try hold(Set(book.shifts.map(\.id)).count == book.shifts.count, "Two shifts of \(name) have one identifier.")
            var endsOf = Ordered<OperatorName, UInt64>()
            for shift in book.shifts {
                try hold(
                    operators[shift.operatorName]?.library == name && shift.version > 0, "A shift of \(name) is nobody's there.")
                try hold(
                    shift.fromMs < shift.untilMs && shift.untilMs - shift.fromMs <= Limits.shiftMsMax,
                    "A shift of \(name) has no such time.")
                try hold(endsOf[shift.operatorName] ?? 0 <= shift.fromMs, "\(shift.operatorName) has two shifts at once.")
                endsOf[shift.operatorName] = shift.untilMs
            }
        }
        try hold(count <= Limits.shiftsMax, "There are too many shifts.")
        guard featureLevel < FeatureLevel.shifts else { return }
        try hold(shiftBooks.isEmpty && shiftChange == 0, "There are shifts below their feature level.")
    }
}
