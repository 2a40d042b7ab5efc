/// `callslip canned`: the canned messages of the consortium and its libraries.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct CannedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canned", abstract: "List, write and delete canned messages of the consortium and of libraries.",
        discussion: "Many at once are set with `callslip import`, under `canned`. Operators write their own at the desk.",
        subcommands: [List.self, Put.self, Drop.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each message.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            for message in try await CannedCommand.all(try admin.read()) {
                let text = message.text.split(separator: "\n").joined(separator: " ")
                print("\(message.id)  \(message.owner)\(message.name.map { " " + $0 } ?? "")  \(message.title): \(text)")
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a message, or change the one of that title: what somebody else changed meanwhile is refused, not overwritten.")
        @Argument(help: "The title.") var title: String
        @Argument(help: "The text.") var text: String
        @Option(help: "The library; without it the message is the consortium's.") var library: LibraryName?
        @Option(help: "Words by which it is found, beside those of title and text.") var keywords: String?
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let owner = library == nil ? "consortium" : "library"
            let known = try await CannedCommand.all(admin).first { $0.owner == owner && $0.name == library?.text && $0.title == title }
            var generator = SystemRandomNumberGenerator()
            var ask = CannedAsk(id: known?.id ?? CannedID(using: &generator).text, version: known?.version ?? 0)
            ask.owner = owner
            ask.library = library?.text
            ask.title = title
            ask.keywords = keywords ?? known?.keywords
            ask.text = text
            print(try await NodeClient.ask("/api/canned/all", ask, admin))
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a message, by its identifier.")
        @Argument(help: "The identifier, as the list shows it.") var id: CannedID
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            guard let known = try await CannedCommand.all(admin).first(where: { $0.id == id.text }) else {
                throw NodeClient.Failure("there is no message \(id.text)")
            }
            var ask = CannedAsk(id: known.id, version: known.version)
            ask.drop = true
            print(try await NodeClient.ask("/api/canned/all", ask, admin))
        }
    }

    fileprivate static func all(_ admin: (url: String, token: String)) async throws -> [CannedReport.Message] {
        let headers = [(name: "Authorization", value: "Bearer \(admin.token)")]
        let response = try await NodeClient.request(.get, admin.url + "/api/canned/all", headers: headers)
        guard response.status == 200, let report = try? JSONDecoder().decode(CannedReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        return report.messages
    }
}
