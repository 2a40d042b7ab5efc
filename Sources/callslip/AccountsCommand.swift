/// `callslip accounts`: help for somebody who forgot their password or lost their phone.

import ArgumentParser
import FoundationEssentials

struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract: "Help somebody who forgot their password or lost their phone; accounts are made and closed by `import`.",
        subcommands: [FirstCode.self, SecondStepOff.self])

    private struct Ask: Encodable { var `operator`: String }

    struct FirstCode: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a code that, typed as the password once within 7 days, lets somebody choose one.")
        @Argument(help: "Their operator name.") var name: String
        @OptionGroup var admin: AdminOptions

        private struct Made: Decodable {
            var code: String
            var text: String
        }

        func run() async throws {
            let admin = try admin.read()
            let body = Array(try JSONEncoder().encode(Ask(operator: name)))
            let response = try await NodeClient.request(
                .post, admin.url + "/api/accounts/first-code",
                headers: [("Authorization", "Bearer \(admin.token)"), ("Content-Type", "application/json")], body: body)
            guard response.status == 200, let made = try? JSONDecoder().decode(Made.self, from: Data(response.body)) else {
                throw NodeClient.Failure(NodeClient.sentence(response))
            }
            print("\(made.code)\n\(made.text)")
        }
    }

    struct SecondStepOff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn off the second step of somebody who lost the phone; they are told at their next sign-in.")
        @Argument(help: "Their operator name.") var name: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await NodeClient.ask("/api/second-step/off-for", Ask(operator: name), try admin.read())) }
    }
}
