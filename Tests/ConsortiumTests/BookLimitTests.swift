import Testing

@testable import Consortium

/// What books of a library hold at most: shifts, and minutes of duty.
@Suite struct BookLimitTests {
    private static let hourMs: UInt64 = 3_600_000

    private func begin() throws -> (state: ConsortiumState, library: LibraryName, person: OperatorName) {
        var state = ConsortiumState()
        let (library, person) = (try #require(LibraryName("memorial")), try #require(OperatorName("mia")))
        let node = try #require(NodeName("memorial"))
        try state.setLibrary(Library(name: library, title: "Memorial Library", homeNode: node))
        try state.setOperator(Operator(name: person, displayName: "Mia", library: library, queues: []))
        return (state, library, person)
    }

    /// An hour each, one after the other.
    private func rows(_ hours: Range<Int>, _ person: OperatorName) -> [ShiftRow] {
        hours.map {
            let fromMs = UInt64($0 + 1) * Self.hourMs
            return ShiftRow(
                line: UInt32($0 + 1), id: ShiftID(high: 1, low: UInt64($0)), operatorName: person, fromMs: fromMs,
                untilMs: fromMs + Self.hourMs)
        }
    }

    private func code(_ body: () throws(Refusal) -> Void) -> Refusal.Code? {
        do throws(Refusal) { try body() } catch { return error.code }
        return nil
    }

    @Test func aLibraryPlansSoManyShifts() throws {
        let begun = try begin()
        var state = begun.state
        let (library, person) = (begun.library, begun.person)
        func plan(_ hours: Range<Int>) -> Refusal.Code? {
            let rows = rows(hours, person)
            let list = ShiftImport(
                library: library, fromMs: rows[0].fromMs, untilMs: rows[rows.count - 1].untilMs, change: state.shifts(of: library).change,
                rows: rows, by: .admin)
            return code { () throws(Refusal) in try state.importShifts(list) }
        }
        let most = Limits.shiftsPerLibraryMax
        #expect(plan(0..<most + 1) == .tooMany)
        #expect(plan(0..<most) == nil)
        // One more, beside those.
        #expect(plan(most..<most + 1) == .tooMany)
        #expect(state.shifts(of: library).shifts.count == most)
    }

    @Test func allLibrariesTogetherPlanSoManyShifts() throws {
        let begun = try begin()
        var state = begun.state
        let (library, person) = (begun.library, begun.person)
        let full = Limits.shiftsMax / Limits.shiftsPerLibraryMax
        let shifts = rows(0..<Limits.shiftsPerLibraryMax, person).map(\.shift)
        for number in 0..<full {
            let other = try #require(LibraryName("library\(number)"))
            state.shiftBooks[other] = ShiftBook(library: other, change: 1, shifts: shifts)
        }
        let one = rows(0..<1, person)
        let list = ShiftImport(
            library: library, fromMs: one[0].fromMs, untilMs: one[0].untilMs, change: state.shifts(of: library).change, rows: one,
            by: .admin)
        #expect(code { () throws(Refusal) in try state.importShifts(list) } == .full)
        state.shiftBooks.remove(try #require(LibraryName("library0")))
        #expect(code { () throws(Refusal) in try state.importShifts(list) } == nil)
    }

    @Test func ofMinutesOfDutyTheOldestGiveWay() throws {
        var book = DutyBook(library: try #require(LibraryName("memorial")))
        let most = Limits.ledgerRunsPerLibraryMax
        for minute in 1...UInt64(most + 10) { book.note(Int(minute % 2), atMs: minute * 60_000) }
        #expect(book.runs.count <= most)
        #expect(book.runs.last?.people == UInt16((most + 10) % 2))
        #expect((book.runs.first?.from ?? 0) > 5)
    }
}
