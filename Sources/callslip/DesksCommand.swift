/// `callslip desks`: which versions of the operator's client are in use, and where (agreement, 7).

import ArgumentParser
import EventLoop
import FoundationEssentials
import Node

struct DesksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desks", abstract: "List the versions of the desk that are open, node by node.",
        discussion:
            "An open page goes on with its version, and loads the one that its node serves when its chats are over."
    )

    @Flag(help: "As JSON.") var json = false
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let admin = try admin.read()
        let response = try await NodeClient.request(
            .get, admin.url + "/api/desks", headers: [("Authorization", "Bearer \(admin.token)")])
        guard response.status == 200, let report = try? JSONDecoder().decode(DesksReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        if json { return print(response.text) }
        for node in report.nodes {
            print("\(node.node)  \(node.serves.map { "serves \($0)" } ?? node.why ?? "")")
            for version in node.versions {
                print("    \(version.version)  \(version.count) open\(version.isServed ? "" : ", loaded anew when their chats are over")")
            }
        }
        if !report.isOne { print("Not all nodes serve the same version: update the others.") }
    }
}
