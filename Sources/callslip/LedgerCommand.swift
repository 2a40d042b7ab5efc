/// `callslip hours ledger`: how posted hours were staffed.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "How posted hours were staffed, in minutes.",
        discussion: """
            Covered: nobody of the library was there, and the general queue answered. Closed: posted, and closed at short notice. Days are the libraries' own; \
            without --from and --to they are the last 30. The ledger goes back 400 days.
            """)
    @Argument(help: "The library; without it, all of them.") var library: LibraryName?
    @Option(help: "The first day: 2026-11-01.") var from: String?
    @Option(help: "The last day.") var to: String?
    @Flag(help: "Comma-separated values, one line a day.") var csv = false
    @Flag(help: "The gaps in place of the days.") var gaps = false
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let admin = try admin.read()
        var query = [("library", library?.text), ("from", from), ("to", to)].compactMap { name, value in value.map { "\(name)=\($0)" } }
        // A day is checked at the node; what is none must not become another query.
        for text in [from, to].compactMap(\.self) where !text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "-") }) {
            throw NodeClient.Failure("`\(text)` is no day; write it as 2026-11-01")
        }
        if csv { query.append("rows=\(gaps ? "gaps" : "days")") }
        let url = admin.url + (csv ? "/api/ledger.csv?" : "/api/ledger?") + query.joined(separator: "&")
        let response = try await NodeClient.request(.get, url, headers: [(name: "Authorization", value: "Bearer \(admin.token)")])
        guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
        if csv { return print(response.text, terminator: "") }
        guard let report = try? JSONDecoder().decode(LedgerReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure("the node's answer is no ledger; it is of another version")
        }
        for sheet in report.libraries { show(sheet) }
        if report.libraries.isEmpty { print("No library posted hours.") }
    }

    private func show(_ sheet: LedgerReport.Sheet) {
        print("\(sheet.library)  \(sheet.from) to \(sheet.to)  \(line(sheet.sums))")
        if gaps {
            for gap in sheet.gaps {
                let covered = gap.covered == 0 ? "" : ", \(gap.covered) of them covered by the general queue"
                print("  \(gap.from) to \(gap.until ?? "now")  \(gap.minutes) min\(covered)")
            }
            if sheet.gapCount > sheet.gaps.count { print("  the newest \(sheet.gaps.count) of \(sheet.gapCount) gaps") }
        } else {
            for day in sheet.days ?? [] where day.sums.posted > 0 || day.sums.closed > 0 { print("  \(day.day)  \(line(day.sums))") }
        }
    }

    private func line(_ sums: LedgerReport.Sums) -> String {
        "posted \(sums.posted)  staffed \(sums.staffed)  covered \(sums.covered)  unstaffed \(sums.unstaffed)"
            + (sums.closed == 0 ? "" : "  closed \(sums.closed)")
    }
}
