/// `callslip shifts`: who a library planned to be at the desk when.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct ShiftsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shifts", abstract: "Show a library's shifts with the gaps between them, and import them from a file.",
        discussion: "Shifts are swapped on the page /shifts, by the people whose they are.", subcommands: [List.self, Import.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A week, day by day.",
            discussion: "A gap is a time within the posted hours for which nobody planned to be there.")
        @Argument(help: "The library.") var library: LibraryName
        @Option(help: "A day of the week: 2026-11-30; without it, this week.") var week: String?
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let query = "library=\(NodeClient.queryText(library.text))" + (week.map { "&week=\(NodeClient.queryText($0))" } ?? "")
            let response = try await NodeClient.request(
                .get, admin.url + "/api/shifts?" + query, headers: [(name: "Authorization", value: "Bearer \(admin.token)")])
            guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
            guard let report = try? JSONDecoder().decode(ShiftsReport.self, from: Data(response.body)) else {
                throw NodeClient.Failure("the node's answer is no list of shifts; it is of another version")
            }
            print("\(report.library)  week of \(report.week)  \(report.zone ?? "UTC")  not planned for: \(report.gapMinutes) min")
            for day in report.days {
                for gap in day.gaps { print("  \(day.day)  gap    \(gap.from) to \(gap.until)  \(gap.minutes) min") }
                for shift in day.shifts {
                    let duty = shift.duty.map { "  on duty: \($0)" } ?? ""
                    let handed = shift.handed.map { "  from \($0.from)" } ?? ""
                    print("  \(shift.day)  shift  \(shift.from) to \(shift.until)  \(shift.person)\(duty)\(handed)")
                }
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the shifts of a file in the place of those that are planned: all of them, or none.",
            discussion: """
                The file is comma-separated values with the columns operator, from, until and duty (which may be empty: library, general or both), in the library's own time, such as \
                2026-11-30 09:00; or iCalendar. What is planned on other days than the file's, or than --from and --to, stays.
                """)
        @Argument(help: "The file.") var file: String
        @Option(help: "The library.") var library: LibraryName
        @Option(help: "The first day that is replaced: 2026-11-30; without it that of the first shift.") var from: String?
        @Option(help: "The last day.") var to: String?
        @Flag(help: "Say what would change, and change nothing.") var dryRun = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            var generator = SystemRandomNumberGenerator()
            let ask = ShiftsImportAsk(
                library: library.text, id: RequestID(using: &generator).text, text: try Files.text(of: file), from: from, to: to)
            let response = try await NodeClient.request(
                .post, admin.url + "/api/shifts/import" + (dryRun ? "?preview=1" : ""),
                headers: [(name: "Authorization", value: "Bearer \(admin.token)"), (name: "Content-Type", value: "application/json")],
                body: [UInt8](try JSONEncoder().encode(ask)))
            let report = try? JSONDecoder().decode(ShiftsImported.self, from: Data(response.body))
            for problem in report?.problems ?? [] { print("\(file):\(problem.line): \(problem.text)") }
            guard response.status == 200, let report else { throw NodeClient.Failure(NodeClient.sentence(response)) }
            print(report.text)
        }
    }
}
