/// `callslip why`: why buttons are on or off.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why a queue's button is on or off, now or at a minute that is past.",
        discussion: """
            Without a queue, all of them as they are now. Of a queue, the whole of that day is told. Times are those that clocks at the library show; \
            it is known for 90 days.
            """)
    @Argument(help: "The queue; without it, all of them.") var queue: QueueName?
    @Option(help: "When: 2026-11-28T09:30. Without it, now.") var at: String?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let admin = try admin.read()
        // A time is checked at the node; what is none must not become another query.
        if let at, !at.allSatisfy({ $0.isASCII && ($0.isNumber || "-T:".contains($0)) }) {
            throw NodeClient.Failure("`\(at)` is no time; write it as 2026-11-28T09:30")
        }
        if at != nil, queue == nil { throw NodeClient.Failure("name a queue too: `callslip why QUEUE --at …`") }
        let query = [("queue", queue?.text), ("at", at)].compactMap { name, value in value.map { "\(name)=\($0)" } }
        let response = try await NodeClient.request(
            .get, "\(admin.url)/api/why?\(query.joined(separator: "&"))", headers: [(name: "Authorization", value: "Bearer \(admin.token)")]
        )
        guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
        guard let report = try? JSONDecoder().decode(WhyReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure("the node's answer says no reasons; it is of another version")
        }
        guard let answer = report.answer else {
            return Table.print(
                [.left("queue"), .left("button"), .left("why")], report.queues.map { [$0.queue, $0.button, $0.why.joined(separator: " ")] })
        }
        print("\(answer.queue)  \(answer.at) (\(answer.zone))  \(answer.button)")
        for sentence in answer.why { print("  \(sentence)") }
        guard let day = answer.day else { return print("The rest of the day cannot be told: no coordinator can be asked now.") }
        print("That day:")
        for stretch in day {
            print("  \(stretch.from) to \(stretch.until ?? "now")  \(stretch.button)  \(stretch.why.joined(separator: " "))")
        }
    }
}
