/// `callslip sessions`: who is signed in at a node, and ending a sign-in.

import ArgumentParser
import EventLoop
import FoundationEssentials
import Node

struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List who is signed in at a node, and end a sign-in.",
        subcommands: [List.self, End.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The sign-ins of this node, the oldest first.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let response = try await NodeClient.request(
                .get, admin.url + "/api/sessions", headers: [("Authorization", "Bearer \(admin.token)")])
            guard response.status == 200, let report = try? JSONDecoder().decode(SessionsReport.self, from: Data(response.body)) else {
                throw NodeClient.Failure(NodeClient.sentence(response))
            }
            for one in report.sessions {
                let since = Date(timeIntervalSince1970: Double(one.beganMs) / 1_000).formatted(.iso8601)
                print("\(one.id)  \(one.operator)  \(one.library ?? "-")  since \(since)")
            }
            if report.sessions.isEmpty { print("nobody is signed in at \(report.node)") }
        }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a sign-in; the person's desk is signed out at once.")
        @Argument(help: "Its id, as the list has it.") var id: String
        @OptionGroup var admin: AdminOptions

        private struct Ask: Encodable { var end: String }

        func run() async throws { print(try await NodeClient.ask("/api/sessions", Ask(end: id), try admin.read())) }
    }
}
