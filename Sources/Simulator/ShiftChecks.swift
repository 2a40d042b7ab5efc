import Consortium

/// What the log says of shifts, reckoned beside the state: each is one person's, a change of hands counts it up by one, nobody undoes what they did not see, and what is asked twice is done once.
struct ShiftChecks {
    private struct Book {
        /// The count of all changes when this one changed last.
        var change: UInt64 = 0
        var shifts: [ShiftID: Shift] = [:]
    }
    /// A shift at one of its versions.
    private struct Hand: Hashable {
        let shift: ShiftID
        let version: UInt64
    }
    private var books: [LibraryName: Book] = [:]
    private var changes: UInt64 = 0
    /// Who had it then.
    private var hands: [Hand: OperatorName] = [:]

    /// What is wrong with the answer to a command; nil where nothing is.
    mutating func judge(_ command: Command, _ verdict: Verdict) -> String? {
        switch command {
        case .importShifts(let list): judge(list, verdict)
        case .swapShift(let swap): judge(swap, verdict)
        default: nil
        }
    }

    private mutating func judge(_ swap: ShiftSwap, _ verdict: Verdict) -> String? {
        let book = books[swap.library] ?? Book()
        let isDone = swap.moves.allSatisfy { move in
            book.shifts[move.shift].map { $0.operatorName == move.to && $0.version == move.version + 1 } ?? false
        }
        let isSeen = swap.moves.allSatisfy { move in
            book.shifts[move.shift].map { $0.operatorName == move.from && $0.version == move.version } ?? false
        }
        switch verdict {
        case .refused(let refusal):
            guard refusal.code == .outOfOrder, isDone || isSeen else { return nil }
            return "a swap is refused that \(isDone ? "is done" : "names what is so"): \(swap.told)"
        case .accepted:
            if isDone { return nil }
            guard isSeen else { return "a swap is made by somebody who saw something else: \(swap.told)" }
            var shifts = book.shifts
            for move in swap.moves {
                shifts[move.shift]?.operatorName = move.to
                shifts[move.shift]?.version += 1
            }
            return put(shifts, of: swap.library)
        }
    }

    private mutating func judge(_ list: ShiftImport, _ verdict: Verdict) -> String? {
        let book = books[list.library] ?? Book()
        var former = book.shifts.values.filter { list.fromMs <= $0.fromMs && $0.fromMs < list.untilMs }
        var planned = book.shifts
        for shift in former { planned[shift.id] = nil }
        var isSame = former.count == list.rows.count
        for row in list.rows {
            // What is planned as it was stays the same shift.
            if let place = former.firstIndex(where: { row.plans($0) }) {
                let same = former.remove(at: place)
                planned[same.id] = same
            } else {
                isSame = false
                planned[row.id] = Shift(
                    id: row.id, operatorName: row.operatorName, fromMs: row.fromMs, untilMs: row.untilMs, duty: row.duty)
            }
        }
        switch verdict {
        case .refused(let refusal):
            guard refusal.code == .outOfOrder, isSame || list.change == book.change else { return nil }
            return "a list is refused as out of date that names change \(list.change), and that is the last one"
        case .accepted:
            if isSame { return nil }
            guard list.change == book.change else {
                return "a list takes the place of change \(book.change), and whoever imported it saw \(list.change)"
            }
            return put(planned, of: list.library)
        }
    }

    private mutating func put(_ shifts: [ShiftID: Shift], of library: LibraryName) -> String? {
        changes += 1
        books[library] = Book(change: changes, shifts: shifts)
        for shift in shifts.values.sorted(by: { $0.id < $1.id }) {
            let hand = Hand(shift: shift.id, version: shift.version)
            if let other = hands.updateValue(shift.operatorName, forKey: hand), other != shift.operatorName {
                return "version \(shift.version) of the shift \(shift.id) was \(other)'s, and is \(shift.operatorName)'s"
            }
        }
        return nil
    }

    /// Whether the log gave the shift to this person by a swap that names that version.
    func hasHanded(_ move: ShiftMove) -> Bool { hands[Hand(shift: move.shift, version: move.version + 1)] == move.to }

    /// What a state has otherwise, in words.
    func difference(to state: ConsortiumState) -> String? {
        for book in state.shiftBooks.values where books[book.library] == nil && !book.shifts.isEmpty {
            return "\(book.library) has shifts that nobody planned"
        }
        for (library, book) in books.sorted(by: { $0.key < $1.key }) {
            let there = state.shifts(of: library)
            guard there.change == book.change else { return "the shifts of \(library) are at change \(there.change), not \(book.change)" }
            guard there.shifts.count == book.shifts.count else {
                return "\(library) has \(there.shifts.count) shifts, and the log comes to \(book.shifts.count)"
            }
            for shift in there.shifts where book.shifts[shift.id] != shift.unhanded {
                let own = book.shifts[shift.id].map { "\($0.operatorName)'s at version \($0.version)" } ?? "not planned"
                return "the shift \(shift.id) is \(shift.operatorName)'s at version \(shift.version), and by the log \(own)"
            }
        }
        return nil
    }
}

extension ShiftRow {
    fileprivate func plans(_ shift: Shift) -> Bool {
        operatorName == shift.operatorName && fromMs == shift.fromMs && untilMs == shift.untilMs && duty == shift.duty
    }
}

extension ShiftSwap {
    fileprivate var told: String {
        moves.map { "\($0.shift) at version \($0.version) from \($0.from) to \($0.to)" }.joined(separator: ", ")
    }
}

extension Shift {
    /// Without how it came to whoever has it.
    fileprivate var unhanded: Shift {
        var shift = self
        shift.handed = nil
        return shift
    }
}
