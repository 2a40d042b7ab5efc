/// `callslip nodes`: which there are, and which of them nobody hears any more.

import ArgumentParser
import Consortium
import FoundationEssentials
import Node
import TLS

struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the consortium's nodes, or remove one, so that no other hears it any more.",
        discussion: """
            Ask where any coordinator runs. A node that was removed can join anew with another invitation (`callslip invite`): it makes another key, which is noted, while the \
            old one stays refused.
            """,
        subcommands: [List.self, Remove.self, Admit.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The nodes, as this coordinator knows them.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let response = try await NodeClient.request(
                .get, admin.url + "/api/nodes", headers: [("Authorization", "Bearer \(admin.token)")])
            guard response.status == 200, let report = try? JSONDecoder().decode(NodesReport.self, from: Data(response.body)) else {
                throw NodeClient.Failure(NodeClient.sentence(response))
            }
            Table.print(
                [.left("name"), .left("heard"), .left("libraries"), .left("")],
                report.nodes.map { node in
                    [
                        node.node, node.state, node.libraries.joined(separator: ", ") + (node.coordinator ? " (coordinator)" : ""),
                        fate(node),
                    ]
                })
        }

        private func fate(_ node: NodesReport.Line) -> String {
            guard let removedMs = node.removedMs else { return "" }
            let day = Date(timeIntervalSince1970: Double(removedMs / 1_000)).formatted(.iso8601)
            return "REMOVED at \(day)" + (node.admitted.map { "; heard again with key \($0.prefix(16))…" } ?? "")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have every node refuse this one at once; its people are signed off, and its patrons go elsewhere.",
            discussion:
                "What its library has not taken of its chats passes to the library's heir when it is due. Coordinators lose their vote first: callslip coordinators remove."
        )
        @Argument(help: "The node's name.") var name: NodeName
        @OptionGroup var admin: AdminOptions

        private struct Ask: Encodable { var remove: String }

        func run() async throws { print(try await NodeClient.ask("/api/nodes", Ask(remove: name.text), try admin.read())) }
    }

    struct Admit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hear a removed node again.",
            discussion:
                "With --certificate only the machine whose it is; `callslip join` needs no such word. Without it the removal is taken back, for whoever has a certificate of that name."
        )
        @Argument(help: "The node's name.") var name: NodeName
        @Option(help: "The file of the one certificate that is heard, in PEM.") var certificate: String?
        @OptionGroup var admin: AdminOptions

        private struct Ask: Encodable {
            var admit: String
            var key: String?
        }

        func run() async throws {
            let key = try certificate.map { path in
                let facts = try CertificateFacts(pem: try Files.text(of: path))
                guard facts.nodes == [name.text] else { throw CertificateError.nodes(facts.nodes) }
                guard let key = KeyDigest(facts.key) else { throw NodeClient.Failure("\(path): its key cannot be read") }
                return key.text
            }
            print(try await NodeClient.ask("/api/nodes", Ask(admit: name.text, key: key), try admin.read()))
        }
    }
}
