/// `callslip reports`: what became of chats, counted.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Node

struct ReportsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reports", abstract: "What became of chats, counted.",
        discussion: """
            Everything about a chat counts for the hour in which it was asked. Missed: a message was left before anybody answered. Abandoned: the patron went before. \
            Practice is in no number but its own. On duty for the \
            general queue: somebody was available for it and did not say to be on duty for their library alone. Days are the library's own; without --from and --to they are the last 30. Hours go back 400 days.
            """)
    @Argument(help: "The library, or `general` for the general queue's own button; without it, all together.") var library: String?
    @Option(help: "The first day: 2026-11-01.") var from: String?
    @Option(help: "The last day.") var to: String?
    @Flag(help: "Comma-separated values.") var csv = false
    @Option(help: "What each line of them is: days, weeks, weekdays, hours (of the day), answers (who for whom) or queues (offers).")
    var rows = ReportTable.Rows.days
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let admin = try admin.read()
        // The node says what is no library or no day; here it only must not become another query.
        var query = [("library", library), ("from", from), ("to", to)].compactMap { name, value in
            value.map { "\(name)=\(Self.escaped($0))" }
        }
        if csv { query.append("rows=\(rows.rawValue)") }
        let url = admin.url + (csv ? "/api/reports.csv?" : "/api/reports?") + query.joined(separator: "&")
        let response = try await NodeClient.request(.get, url, headers: [(name: "Authorization", value: "Bearer \(admin.token)")])
        guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
        if csv { return print(response.text, terminator: "") }
        guard let report = try? JSONDecoder().decode(ReportsReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure("the node's answer is no report; it is of another version")
        }
        show(report)
    }

    /// As a query has it (RFC 3986, section 2.1).
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private func show(_ report: ReportsReport) {
        print("\(report.title ?? "All libraries")  \(report.from) to \(report.to)  (\(report.zone))")
        let numbers = report.numbers
        guard numbers.asked + numbers.cutOff + numbers.practice + numbers.answeredForOthers > 0 else {
            print("No chat was counted.")
            return showDuty(report.duty)
        }
        for line in report.libraries ?? [] where line.numbers.asked > 0 { print("  \(line.library)  \(Self.line(line.numbers))") }
        print("  \(Self.line(numbers))")
        print(
            "  answered by own people \(numbers.own), by the general queue \(numbers.general), by others \(numbers.others); for others \(numbers.answeredForOthers)"
        )
        if let former = numbers.former, former > 0 {
            print("  of these \(former) from the former service; of \(numbers.formerUnanswered ?? 0) of them nobody knows what became")
        }
        let waits = numbers.waits
        if let median = waits.medianS, let p90 = waits.p90S {
            print(
                "  waited about \(median) s (median), \(p90) s (nine of ten); within 30 s \(waits.within30), 60 s \(waits.within60), 90 s \(waits.within90) of \(waits.count)"
            )
        }
        print(
            "  transferred \(numbers.transferred) (out \(numbers.transferredOut), in \(numbers.transferredIn))  messages \(numbers.messages), answered \(numbers.messagesAnswered)"
        )
        let ended = numbers.endings
        print(
            "  ended: answered \(ended.answered), follow-up \(ended.followUp), patron left \(ended.patronLeft), inappropriate \(ended.inappropriate), "
                + "not said \(ended.unsaid), by the patron \(ended.byPatron); practice \(numbers.practice)")
        for queue in report.queues where queue.offered > 0 {
            print("  offered to \(queue.queue) \(queue.offered)  picked up \(queue.pickedUp)  expired \(queue.expired)")
        }
        showDuty(report.duty)
        if let sums = report.ledger {
            print("  posted \(sums.posted) min  staffed \(sums.staffed)  covered \(sums.covered)  unstaffed \(sums.unstaffed)")
        }
    }

    private func showDuty(_ duty: ReportsReport.Duty?) {
        guard let duty else { return }
        print("  on duty for the general queue \(duty.minutes) min, all people together \(duty.peopleMinutes) min")
        guard duty.libraries.count > 1 else { return }
        for line in duty.libraries where line.minutes > 0 {
            print("    \(line.library) \(line.minutes) min, its people together \(line.peopleMinutes) min  answered there \(line.answered)")
        }
    }

    private static func line(_ numbers: ReportsReport.Numbers) -> String {
        "asked \(numbers.asked)  answered \(numbers.answered)  missed \(numbers.missed)  abandoned \(numbers.abandoned)  referred \(numbers.referred)"
    }
}

extension ReportTable.Rows: ExpressibleByArgument {}
