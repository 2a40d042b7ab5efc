/// How shifts change: a list is imported, or hands are changed in one step.

/// What is wrong with a line of an imported list.
public struct ShiftFlaw: Error, Hashable, Sendable {
    /// As the row has it.
    public var line: UInt32
    public var code: Refusal.Code
    /// For whoever can put it right, without the line's number.
    public var sentence: String

    var refusal: Refusal { Refusal(code, "Line \(line): \(sentence)") }
}

extension ShiftImport {
    /// Everything that is wrong with the rows, in the order of the lines: at most one flaw a row.
    ///
    /// - Parameters:
    ///   - book: the library's shifts as they are.
    ///   - wallMs: now, in Unix milliseconds.
    ///   - person: who is called so.
    public func flaws(in book: ShiftBook, atWallMs wallMs: UInt64, _ person: (OperatorName) -> Operator?) -> [ShiftFlaw] {
        var flaws: [ShiftFlaw] = []
        var taken = Ordered<OperatorName, [(shift: Shift, line: UInt32?)]>()
        func take(_ shift: Shift, _ line: UInt32?) {
            var own = taken[shift.operatorName] ?? []
            own.append((shift, line))
            taken[shift.operatorName] = own
        }
        var ids = Ordered<ShiftID, Void>()
        for shift in book.shifts where !replaces(shift) {
            take(shift, nil)
            ids[shift.id] = ()
        }
        for row in rows {
            if let flaw = flaw(row, atWallMs: wallMs, person) {
                flaws.append(flaw)
            } else if let other = taken[row.operatorName]?.first(where: { $0.shift.overlaps(row.shift) }) {
                let other = other.line.map { "the shift of line \($0)" } ?? "a shift that stays as it is"
                flaws.append(
                    ShiftFlaw(
                        line: row.line, code: .invalid, sentence: "\(row.operatorName) has \(other) at the same time; move one of them."))
            } else if ids.contains(row.id) || isKeptByAnother(row, in: book) {
                flaws.append(ShiftFlaw(line: row.line, code: .invalid, sentence: "Another shift has its identifier; draw a new one."))
            } else {
                take(row.shift, row.line)
                ids[row.id] = ()
            }
        }
        return flaws
    }

    private func flaw(_ row: ShiftRow, atWallMs wallMs: UInt64, _ person: (OperatorName) -> Operator?) -> ShiftFlaw? {
        func flaw(_ code: Refusal.Code, _ sentence: String) -> ShiftFlaw { ShiftFlaw(line: row.line, code: code, sentence: sentence) }
        guard let person = person(row.operatorName) else {
            return flaw(.unknownOperator, "There is no operator `\(row.operatorName)`; use the name that they sign in with.")
        }
        guard person.library == library else {
            return flaw(.notAllowed, "\(row.operatorName) is of \(person.library), not of \(library); leave the line out.")
        }
        guard row.fromMs < row.untilMs else { return flaw(.invalid, "The shift ends before it begins; put its times right.") }
        guard row.untilMs - row.fromMs <= Limits.shiftMsMax else {
            return flaw(.tooLong, "A shift has 24 hours at most; split it, or put its times right.")
        }
        guard fromMs <= row.fromMs, row.fromMs < untilMs else {
            return flaw(.invalid, "The shift begins outside the time that is replaced; leave it out, or name a longer time.")
        }
        guard row.untilMs <= wallMs.adding(ms: Limits.shiftAheadMsMax) else {
            return flaw(.invalid, "Shifts are planned a year ahead at most; leave it out.")
        }
        guard row.untilMs.adding(ms: Limits.shiftKeptMs) > wallMs else {
            return flaw(.invalid, "The shift is over for more than 14 days; leave it out.")
        }
        return nil
    }

    /// Whether a shift that another row plans as it was keeps this row's identifier.
    private func isKeptByAnother(_ row: ShiftRow, in book: ShiftBook) -> Bool {
        guard let former = book.shift(row.id), replaces(former), !former.plans(row.shift) else { return false }
        return rows.contains { former.plans($0.shift) }
    }

    /// Whether a shift gives way to the list.
    public func replaces(_ shift: Shift) -> Bool { fromMs <= shift.fromMs && shift.fromMs < untilMs }

    /// What the library's shifts come to: what is planned as it was stays the same shift, with its identifier and whoever gave it.
    public func shifts(in book: ShiftBook) -> [Shift] {
        var former = book.shifts.filter(replaces)
        return book.shifts.filter { !replaces($0) }
            + rows.map { row in
                guard let place = former.firstIndex(where: { $0.plans(row.shift) }) else { return row.shift }
                return former.remove(at: place)
            }
    }
}

extension ConsortiumState {
    mutating func importShifts(_ list: ShiftImport) throws(Refusal) {
        guard libraries.contains(list.library) else { throw .unknownLibrary(list.library) }
        guard try looksAfter(list.by, list.library) else {
            throw Refusal(.notAllowed, "The shifts of \(list.library) are imported by its admin, or by LTG; ask one of them.")
        }
        let former = shifts(of: list.library)
        guard list.rows.count <= Limits.shiftsPerLibraryMax else { throw .tooManyShifts(list.rows.count) }
        if let flaw = list.flaws(in: former, atWallMs: wallMs, { operators[$0] }).first { throw flaw.refusal }
        let planned = ShiftBook(library: list.library, change: former.change, shifts: list.shifts(in: former))
        if planned == former { return }
        guard list.change == former.change else {
            throw Refusal(
                .outOfOrder,
                "The shifts of \(list.library) were changed meanwhile, by a swap or another import. Look at what would change, and import again."
            )
        }
        try put(planned.shifts, of: list.library)
    }

    /// One step, and no question to whoever had the shift: they are told who has it now, and may take it back as easily.
    mutating func swapShift(_ swap: ShiftSwap) throws(Refusal) {
        let book = shifts(of: swap.library)
        try check(whoSwaps: swap)
        // Asked again: it is done.
        if swap.moves.allSatisfy({ move in
            book.shift(move.shift).map { $0.version == move.version &+ 1 && $0.operatorName == move.to } ?? false
        }) {
            return
        }
        var left = book.shifts
        var by: OperatorName?
        if case .person(let name) = swap.by { by = name }
        for move in swap.moves {
            guard let place = left.firstIndex(where: { $0.id == move.shift }) else {
                throw Refusal(.outOfOrder, "This shift is no longer planned; look at the list again.")
            }
            guard left[place].version == move.version, left[place].operatorName == move.from else {
                throw Refusal(.outOfOrder, "\(displayName(left[place].operatorName)) has this shift now; look at the list again.")
            }
            guard left[place].untilMs > wallMs else { throw Refusal(.outOfOrder, "This shift is over, and nobody can take it any more.") }
            left[place].operatorName = move.to
            left[place].version &+= 1
            left[place].handed = ShiftHanding(from: move.from, by: by, wallMs: wallMs)
        }
        for move in swap.moves {
            guard let moved = left.first(where: { $0.id == move.shift }) else { continue }
            guard !left.contains(where: { $0.id != moved.id && $0.operatorName == moved.operatorName && $0.overlaps(moved) }) else {
                throw Refusal(
                    .notAllowed,
                    "\(displayName(move.to)) has another shift at the same time; exchange the two, or give it to somebody else.")
            }
        }
        try put(left, of: swap.library)
    }

    private func check(whoSwaps swap: ShiftSwap) throws(Refusal) {
        guard libraries.contains(swap.library) else { throw .unknownLibrary(swap.library) }
        guard let first = swap.moves.first, let last = swap.moves.last, swap.moves.count <= 2 else {
            throw Refusal(.invalid, "A swap names one shift, or the two that are exchanged.")
        }
        if swap.moves.count == 2 {
            guard first.shift != last.shift, first.from == last.to, first.to == last.from else {
                throw Refusal(.invalid, "Two shifts are exchanged between the two people who have them, each for the other.")
            }
        }
        for name in [first.from, first.to] {
            guard let person = operators[name] else { throw .unknownOperator(name) }
            guard person.library == swap.library else {
                throw Refusal(.notAllowed, "Shifts stay within a library, and \(person.displayName) is of \(person.library).")
            }
        }
        guard first.from != first.to else { throw Refusal(.invalid, "\(displayName(first.to)) has this shift already.") }
        if try looksAfter(swap.by, swap.library) { return }
        guard case .person(let by) = swap.by, by == first.from || by == first.to else {
            throw Refusal(
                .notAllowed, "You can give away your own shifts of \(swap.library) and take a colleague's there; for others ask its admin.")
        }
    }

    private func displayName(_ name: OperatorName) -> String { operators[name]?.displayName ?? name.text }

    /// Whether somebody is the library's admin, or LTG.
    private func looksAfter(_ editor: Editor, _ library: LibraryName) throws(Refusal) -> Bool {
        guard case .person(let name) = editor else { return true }
        guard let person = operators[name] else { throw .unknownOperator(name) }
        return person.committee == .ltg || person.isAdmin && person.library == library
    }

    /// Those that ended long ago go with every change of their library's.
    private mutating func put(_ shifts: [Shift], of library: LibraryName) throws(Refusal) {
        let kept = shifts.filter { $0.untilMs.adding(ms: Limits.shiftKeptMs) > wallMs }
        guard kept.count <= Limits.shiftsPerLibraryMax else { throw .tooManyShifts(kept.count) }
        let others = shiftBooks.values.reduce(0) { $0 + ($1.library == library ? 0 : $1.shifts.count) }
        guard others + kept.count <= Limits.shiftsMax else {
            throw Refusal(.full, "All libraries together plan \(Limits.shiftsMax) shifts at most; import fewer weeks at a time.")
        }
        shiftChange += 1
        shiftBooks[library] = ShiftBook(library: library, change: shiftChange, shifts: kept)
        // Whoever is at the desk looks whether it is theirs (`Board.shiftChange`).
        touched.board = true
    }

    /// A person is called otherwise now, or (`nil`) belongs to another library.
    mutating func renameInShifts(_ old: OperatorName, to new: OperatorName?) {
        for book in shiftBooks.values {
            var shifts: [Shift] = []
            for var shift in book.shifts {
                if shift.operatorName == old {
                    guard let new else { continue }
                    shift.operatorName = new
                }
                if let new, shift.handed?.from == old { shift.handed?.from = new }
                if let new, shift.handed?.by == old { shift.handed?.by = new }
                shifts.append(shift)
            }
            guard shifts != book.shifts else { continue }
            shiftChange += 1
            shiftBooks[book.library] = ShiftBook(library: book.library, change: shiftChange, shifts: shifts)
            touched.board = true
        }
    }
}

extension Refusal {
    fileprivate static func tooManyShifts(_ count: Int) -> Refusal {
        Refusal(
            .tooMany,
            "A library plans \(Limits.shiftsPerLibraryMax) shifts at most, and these would be \(count); import fewer weeks at a time.")
    }
}
