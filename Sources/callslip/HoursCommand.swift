/// `callslip hours`: what libraries posted, and closing one at once.

import ArgumentParser
import Consortium
import EventLoop

struct HoursCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hours",
        abstract: "List the libraries' posted hours and who staffed them; close a library at once, and open it again.",
        discussion: "Terms and weekly hours are set with `callslip import`, in the consortium's file or one of their own.",
        subcommands: [List.self, Close.self, Reopen.self, LedgerCommand.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each library: how its posted hours stand now.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let url = try admin.read().url + "/hours/hours.txt"
            let response = try await NodeClient.request(.get, url)
            guard response.status == 200 else { throw NodeClient.Failure("\(url): the node answered \(response.status): \(response.text)") }
            print(response.text, terminator: "")
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a library until a time: a snow day.",
            discussion: "Times are the library's own: 18:00 (the next one), 2026-11-27, or 2026-11-27T12:00.")
        @Argument(help: "The library.") var library: LibraryName
        @Option(help: "When it is open again, as posted.") var until: String
        @Option(help: "When it closed, if not now: also afterwards.") var from: String?
        @Option(help: "Why, for patrons.") var note = ""
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            var generator = SystemRandomNumberGenerator()
            let id = RequestID(using: &generator).text
            try await Ask(library: library.text, action: "close", id: id, from: from, until: until, note: note).send(try admin.read())
        }
    }

    struct Reopen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the closings that were made with `close`: the posted hours stand again.")
        @Argument(help: "The library.") var library: LibraryName
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await Ask(library: library.text, action: "reopen").send(try admin.read()) }
    }

    private struct Ask: Encodable {
        var library: String
        var action: String
        var id: String?
        var from: String?
        var until: String?
        var note: String?

        func send(_ admin: (url: String, token: String)) async throws {
            print(try await NodeClient.ask("/api/hours", self, admin))
        }
    }
}
