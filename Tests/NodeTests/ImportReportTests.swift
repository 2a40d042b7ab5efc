import Node
import Testing

/// What is said of an import: what came in, and nothing of what was not in the file.
@Suite struct ImportReportTests {
    @Test func whatCameInIsSaidAndNothingElse() {
        var report = ImportReport()
        report.naming = true
        #expect(report.summary == "the naming conventions")
        (report.libraries, report.queues, report.operators) = (1, 2, 1)
        report.terms = 3
        report.hours = 1
        #expect(report.summary == "1 library, 2 queues, 1 operator, the naming conventions, 3 terms and hours of 1 library")
    }

    @Test func ofAFileThatSaysNothingThatIsSaid() {
        #expect(ImportReport().summary.hasPrefix("nothing"))
    }

    @Test func entriesOfRegistersAreCounted() {
        var report = ImportReport()
        (report.entries, report.canned) = (1, 2)
        #expect(report.summary == "2 canned messages and 1 entry of the registers")
    }
}
