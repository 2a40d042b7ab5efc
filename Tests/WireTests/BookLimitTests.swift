import Consortium
import Testing

@testable import Wire

/// Books that are longer than any library's are refused as they are read.
@Suite struct BookLimitTests {
    @Test func longerBooksAreNotRead() throws {
        let (library, person) = (try #require(LibraryName("memorial")), try #require(OperatorName("mia")))
        func shifts(_ count: Int) -> [UInt8] {
            let shifts = (0..<count).map {
                Shift(id: ShiftID(high: 1, low: UInt64($0)), operatorName: person, fromMs: UInt64($0) * 10, untilMs: UInt64($0) * 10 + 5)
            }
            return ShiftCoding.bytes(ShiftBook(library: library, change: 1, shifts: shifts))
        }
        #expect(try ShiftCoding.book(wire: shifts(Limits.shiftsPerLibraryMax)).shifts.count == Limits.shiftsPerLibraryMax)
        #expect(throws: WireError.self) { try ShiftCoding.book(wire: shifts(Limits.shiftsPerLibraryMax + 1)) }
        func duty(_ count: Int) -> [UInt8] { DutyCoding.bytes((0..<count).map { DutyRun(from: LedgerMinute($0), people: UInt16($0 % 2)) }) }
        #expect(try DutyCoding.runs(wire: duty(Limits.ledgerRunsPerLibraryMax)).count == Limits.ledgerRunsPerLibraryMax)
        #expect(throws: WireError.self) { try DutyCoding.runs(wire: duty(Limits.ledgerRunsPerLibraryMax + 1)) }
    }
}
