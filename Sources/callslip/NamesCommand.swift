/// `callslip names`: the naming conventions, what does not follow them, and renaming.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct NamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names", abstract: "List names that do not follow the conventions, and rename queues and users.",
        discussion: "The conventions are set with `callslip import`, under `naming`. A former name goes on leading where it led.",
        subcommands: [List.self, RenameQueue.self, RenameUser.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The conventions, what is to be renamed, and former names.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let response = try await NodeClient.request(
                .get, admin.url + "/api/names", headers: [("Authorization", "Bearer \(admin.token)")])
            guard response.status == 200, let report = try? JSONDecoder().decode(NamesReport.self, from: Data(response.body)) else {
                throw NodeClient.Failure(NodeClient.sentence(response))
            }
            for rule in report.conventions { print("convention  \(rule.kind)  \(rule.pattern)  such as \(rule.example): \(rule.sentence)") }
            if report.conventions.isEmpty { print("there are no naming conventions; set some with callslip import") }
            for misfit in report.misfits {
                let library = misfit.library
                print("rename      \(misfit.kind)  \(misfit.name) of \(library)" + (misfit.suggestion.map { ": \($0) would fit" } ?? ""))
            }
            for name in report.former { print("former      \(name.kind)  \(name.former) is \(name.present)") }
        }
    }

    struct RenameQueue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rename-queue", abstract: "Rename a queue: its chats, staff and links stay its own.")
        @Argument(help: "The queue's present name.") var from: QueueName
        @Argument(help: "Its new name.") var to: QueueName
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await Ask(kind: "queue", from: from.text, to: to.text).send(try admin.read()) }
    }

    struct RenameUser: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rename-user",
            abstract: "Rename an operator who is signed off: the password stays, and the former name signs in too.")
        @Argument(help: "The operator's present name.") var from: OperatorName
        @Argument(help: "The new name.") var to: OperatorName
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await Ask(kind: "user", from: from.text, to: to.text).send(try admin.read()) }
    }

    private struct Ask: Encodable {
        var kind: String
        var from: String
        var to: String

        func send(_ admin: (url: String, token: String)) async throws {
            print(try await NodeClient.ask("/api/names", self, admin))
        }
    }
}
