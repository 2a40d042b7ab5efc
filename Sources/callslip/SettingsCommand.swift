/// `callslip settings`: the service's settings as a document that LTG signs (agreement, 6).

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node
import Sodium

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "The service's settings: what is in force, what was, and signed changes.",
        discussion: """
            To change something: `show > FILE`, edit FILE, `sign FILE --key KEY`, `apply FILE`. The key need never be at a node. \
            Once a document was applied, no import changes settings any more, and the next one is signed by a key that it names.
            """,
        subcommands: [Show.self, Nodes.self, History.self, Diff.self, Key.self, Sign.self, Apply.self, Rollback.self],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A document that says what is so now, numbered as the next one.")
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await SettingsCommand.report(admin).next, terminator: "") }
    }

    struct Nodes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Which settings each node uses, and how they differ from those in force.",
            discussion: "Ends with status 1 where a node that is there uses others.")
        @Flag(help: "As JSON.") var json = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let report = try await SettingsCommand.report(admin)
            if json {
                print(String(decoding: try JSONEncoder().encode(report.nodes), as: UTF8.self))
            } else {
                for node in report.nodes {
                    let version = node.version.map { "version \($0)" } ?? "no version known"
                    print("\(node.node)  \(node.state)  \(version)\(node.why.map { "  \($0)" } ?? "")")
                    for one in node.differences { print("    \(one.name): \(one.from) there, \(one.to) in force") }
                }
            }
            if report.strays > 0 { throw ExitCode(1) }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The versions that are kept, the newest first, with what each changed.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let report = try await SettingsCommand.report(admin)
            if report.history.isEmpty { print("Nothing was signed yet: settings come in with `callslip import`.") }
            for edition in report.history {
                let day = Date(timeIntervalSince1970: Double(edition.ms) / 1_000).formatted(.iso8601)
                print(
                    "version \(edition.version)  \(day)  signed by \(edition.key.prefix(8))…\(edition.note.isEmpty ? "" : "  \(edition.note)")"
                )
                for change in edition.differences {
                    print("    \(change.name): \(change.from.isEmpty ? "" : "\(change.from) -> ")\(change.to)")
                }
            }
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a document, or a former version, says otherwise than the settings in force.")
        @Argument(help: "A file, or a version's number.") var other: String
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let report = try await SettingsCommand.report(admin)
            let present = try SettingsCommand.document(SettingsCommand.withKeys(report.next))
            let document: SettingsDocument
            if let number = UInt64(other) {
                document = try SettingsCommand.former(number, report)
            } else {
                let text = SettingsCommand.unsigned(try Files.text(of: other))
                document = try SettingsCommand.document(SettingsCommand.withKeys(text))
            }
            let changes = SettingsDocument.differences(present, document)
            for change in changes { print("\(change.name): \(change.from) -> \(change.to)") }
            if changes.isEmpty { print("They say the same.") }
            if UInt64(other) == nil, document.version != report.version + 1 {
                print("The document is version \(document.version); the next one is \(report.version + 1).")
            }
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key that signs settings, and print its public half.")
        @Argument(help: "Where its secret half goes: a file that is not there yet. Keep it off the nodes.") var file: String

        func run() async throws {
            guard access(file) else { throw NodeClient.Failure("\(file) is there already; a key is never overwritten") }
            let seed = try Randomness.bytes(Signing.seedBytes)
            try Files.write(file, Hex.text(of: seed) + "\n", mode: 0o600)
            print(Hex.text(of: try Signing.publicKey(seed: seed)))
        }

        private func access(_ path: String) -> Bool { !FileManager.default.fileExists(atPath: path) }
    }

    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a document, in place.",
            discussion:
                "A document without keys, the first one, is given the key that signs it. To replace a key, write the next ones under `keys` and sign with a present one."
        )
        @Argument(help: "The document.") var file: String
        @Option(help: "The file of the key.") var key: String

        func run() async throws {
            try Files.write(
                file, try SettingsCommand.sign(SettingsCommand.unsigned(try Files.text(of: file)), keyFile: key).file, mode: 0o644)
            print("\(file) is signed: apply it with `callslip settings apply \(file)`")
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Put a signed document into force, all of it or nothing.")
        @Argument(help: "The document.") var file: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await SettingsCommand.apply(try Files.text(of: file), try admin.read())) }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go back to what a former version said, as a new version.", discussion: "The keys stay those that are in force.")
        @Argument(help: "The former version's number.") var version: UInt64
        @Option(help: "The file of the key.") var key: String
        @Option(help: "Why, for people.") var note: String?
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let report = try await SettingsCommand.report(admin)
            let former = try SettingsCommand.former(version, report)
            var next = try SettingsCommand.document(report.next)
            next.settings = former.settings
            next.note = note ?? "Back to version \(version)."
            print(try await SettingsCommand.apply(try SettingsCommand.sign(next.text, keyFile: key).file, try admin.read()))
        }
    }

    fileprivate static func report(_ admin: AdminOptions) async throws -> SettingsReport {
        let admin = try admin.read()
        let response = try await NodeClient.request(
            .get, admin.url + "/api/settings", headers: [("Authorization", "Bearer \(admin.token)")])
        guard response.status == 200, let report = try? JSONDecoder().decode(SettingsReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        return report
    }

    fileprivate static func former(_ version: UInt64, _ report: SettingsReport) throws -> SettingsDocument {
        guard let edition = report.history.first(where: { $0.version == version }) else {
            throw NodeClient.Failure("version \(version) is not kept; `callslip settings history` lists those that are")
        }
        return try document(edition.text)
    }

    fileprivate static func document(_ text: String) throws -> SettingsDocument {
        do {
            return try SettingsDocument(text: text)
        } catch {
            throw NodeClient.Failure(error.sentence)
        }
    }

    /// Before the first document there are no keys; signing puts the first one there. To be compared, both have the same in their place.
    fileprivate static func withKeys(_ text: String) -> String {
        text.replacing("\nkeys: \n", with: "\nkeys: \(String(repeating: "0", count: SignedSettings.keyBytes * 2))\n")
    }

    /// A document without the line of a signature that it may have; with lines that end as they are signed, whatever an editor made of them.
    fileprivate static func unsigned(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("signature: ") }.map { "\($0)\n" }.joined()
    }

    fileprivate static func sign(_ text: String, keyFile: String) throws -> SignedSettings {
        guard let seed = Hex.bytes(of: try Files.text(of: keyFile).split(separator: "\n").first ?? "", strict: true),
            seed.count == Signing.seedBytes
        else {
            throw NodeClient.Failure(
                "\(keyFile): expected \(Signing.seedBytes * 2) hexadecimal digits, as `callslip settings key` writes them")
        }
        let key = try Signing.publicKey(seed: seed)
        let whole = text.replacing("\nkeys: \n", with: "\nkeys: \(Hex.text(of: key))\n")
        _ = try document(whole)
        return SignedSettings(text: whole, key: key, signature: try Signing.sign(SignedSettings.message(whole), seed: seed))
    }

    @ClusterActor
    fileprivate static func apply(_ file: String, _ admin: (url: String, token: String)) async throws -> String {
        let headers = [(name: "Authorization", value: "Bearer \(admin.token)"), (name: "Content-Type", value: "text/plain; charset=utf-8")]
        let response = try await NodeClient.request(.post, admin.url + "/api/settings", headers: headers, body: Array(file.utf8))
        guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
        return NodeClient.sentence(response)
    }
}
