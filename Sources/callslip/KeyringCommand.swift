/// `callslip keyring`: with which key gossip is sealed, and another one in its place.

import ArgumentParser
import EventLoop
import FoundationEssentials
import Node

struct KeyringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyring",
        abstract: "Show which gossip key is in use, or put another in its place while the cluster runs.",
        discussion:
            "Ask where any coordinator runs. Keys go from node to node over links with TLS; a node that is away is given them when it comes back.",
        subcommands: [Show.self, Rotate.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Which key is in use, and who has it.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let response = try await NodeClient.request(
                .get, admin.url + "/api/keyring", headers: [("Authorization", "Bearer \(admin.token)")])
            guard response.status == 200, let report = try? JSONDecoder().decode(KeysReport.self, from: Data(response.body)) else {
                throw NodeClient.Failure(NodeClient.sentence(response))
            }
            let stage =
                switch report.stage {
                case "none": "as each node's keyring file says; no key was ever changed by command"
                case "handingOut": "key \(Self.text(report.other ?? 0)) is handed out, and seals when every node has it"
                case "sealing": "key \(Self.text(report.other ?? 0)) is dropped when every node seals with the present one"
                default: "every other key is refused"
                }
            print("Gossip is sealed with key \(Self.text(report.primary)): \(stage) (step \(report.step)).")
            if !report.holders.isEmpty { print("In step: \(report.holders.joined(separator: ", "))") }
            if !report.missing.isEmpty { print("NOT YET: \(report.missing.joined(separator: ", "))") }
            print("Datagrams that were refused here: \(report.refusedDatagrams)")
        }

        static func text(_ id: UInt32) -> String {
            let digits = String(id, radix: 16)
            return String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal gossip with another key, and have every node refuse the present one.",
            discussion: """
                In three steps, each when every node that is there has done the one before: all are given the next key, all seal with it, all drop the former one. Interrupted, it \
                goes on where it stopped. After a node was removed, this is what keeps it out of gossip.
                """)
        @Flag(help: "Go on without nodes that are there and do not do a step; they ask for the keys when they can.") var hurry = false
        @OptionGroup var admin: AdminOptions

        private static let everyMs: UInt64 = 300
        private static let minutesMax: UInt64 = 5

        private struct Wish: Encodable {
            var begin: Bool
            var hurry: Bool
        }

        private struct Answer: Decodable { var text: String }

        @ClusterActor
        func run() async throws {
            let admin = try admin.read()
            let endMs = ClusterActor.loop.nowMs + Self.minutesMax * 60_000
            var told = ""
            var begins = true
            while ClusterActor.loop.nowMs < endMs {
                let response = try await NodeClient.request(
                    .post, admin.url + "/api/keyring",
                    headers: [("Authorization", "Bearer \(admin.token)"), ("Content-Type", "application/json")],
                    body: [UInt8](try JSONEncoder().encode(Wish(begin: begins, hurry: hurry))))
                guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
                    throw NodeClient.Failure("the node answered \(response.status): \(response.text)")
                }
                if answer.text != told { print(answer.text) }
                told = answer.text
                switch response.status {
                case 200: return
                case 202:
                    // Begun, or going on: another key after it is another command.
                    begins = false
                    await Wait.pause(ms: Self.everyMs)
                default: throw ExitCode.failure
                }
            }
            throw NodeClient.Failure(
                "it was not done within \(Self.minutesMax) minutes; see to the nodes that are named, or go on without them: callslip keyring rotate --hurry"
            )
        }
    }
}
