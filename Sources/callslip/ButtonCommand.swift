/// `callslip button`: releases of the button's code, and the pages on which it stands (agreement, 4).

import ArgumentParser
import EventLoop
import FoundationEssentials
import Node

struct ButtonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "button", abstract: "The buttons on libraries' pages: which are old, broken or gone; and releases of their code.",
        discussion: "To look at a version before it is released, add ?callslip-preview=VERSION to the address of a page with a button.",
        subcommands: [List.self, Versions.self, Release.self, Undo.self, Confirm.self, Reject.self, Forget.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The inventory: what needs somebody comes first.")
        @Flag(help: "With the lines to paste.") var fix = false
        @Flag(help: "Those that are as they should be, too.") var all = false
        @Flag(help: "Comma-separated values.") var csv = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            if csv {
                let response = try await NodeClient.request(.get, admin.url + "/api/buttons.csv", headers: ButtonCommand.headers(admin))
                guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
                return print(response.text, terminator: "")
            }
            let report = try await ButtonCommand.report(admin)
            let shown = report.installs.filter { all || $0.state != .good }
            for row in shown {
                print("\(row.number)  \(row.state.rawValue)  \(row.host)\(row.path)  \(row.queue)\(row.why.map { ": \($0)" } ?? "")")
                if fix, let lines = row.fix { print(lines.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")) }
            }
            let good = report.installs.count { $0.state == .good }
            print("\(good) of \(report.installs.count) buttons are as they should be\(all || good == 0 ? "" : " (--all shows them)")")
            for stranger in report.strangers {
                print(
                    "unknown host  \(stranger.host), with \(stranger.path) for \(stranger.queue.isEmpty ? "no queue" : stranger.queue), last on \(stranger.lastDay): `callslip button confirm \(stranger.host)`, or reject"
                )
            }
        }
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is released, what was, and what each node has.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let report = try await ButtonCommand.report(try admin.read())
            for release in report.releases {
                let day = Date(timeIntervalSince1970: Double(release.ms) / 1_000).formatted(.iso8601)
                print("release \(release.number)  \(release.version)  \(day)\(release.note.isEmpty ? "" : "  \(release.note)")")
            }
            if report.releases.isEmpty { print("Nothing was released yet: each node serves the code that it was built with.") }
            for node in report.nodes { print(await ButtonCommand.has(node)) }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Release a version: all nodes that have it serve it from then on.",
            discussion: "Without a version: the one that the asked node was built with.")
        @Argument(help: "The version: 16 hexadecimal digits.") var version: String?
        @Option(help: "Why, for people.") var note = ""
        @Flag(help: "Though some nodes do not have it.") var force = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let report = try await ButtonCommand.report(admin)
            try await ButtonCommand.release(version ?? report.own, note, report, force, admin)
        }
    }

    struct Undo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Release again what was released before.")
        @Option(help: "Why, for people.") var note = "Undone."
        @Flag(help: "Though some nodes do not have it any more.") var force = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let report = try await ButtonCommand.report(admin)
            guard let former = report.releases.first(where: { $0.version != report.released }) else {
                throw NodeClient.Failure("nothing else was released before; `callslip button versions` shows what there is")
            }
            try await ButtonCommand.release(former.version, note, report, force, admin)
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a host's pages are ours: they are taken into the inventory from then on.")
        @Argument(help: "The host, as in a page's address.") var host: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await NodeClient.ask("/api/buttons", ButtonAsk(confirm: host), try admin.read())) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a host's pages are not ours: what is known of them is forgotten.")
        @Argument(help: "The host, as in a page's address.") var host: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await NodeClient.ask("/api/buttons", ButtonAsk(reject: host), try admin.read())) }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a page that is not expected to come back.")
        @Argument(help: "Its number in the list.") var number: UInt64
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await NodeClient.ask("/api/buttons", ButtonAsk(forget: number), try admin.read())) }
    }

    fileprivate static func headers(_ admin: (url: String, token: String)) -> [(name: String, value: String)] {
        [(name: "Authorization", value: "Bearer \(admin.token)")]
    }

    fileprivate static func report(_ admin: (url: String, token: String)) async throws -> ButtonReport {
        let response = try await NodeClient.request(.get, admin.url + "/api/buttons", headers: headers(admin))
        guard response.status == 200, let report = try? JSONDecoder().decode(ButtonReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        return report
    }

    /// What one node says that it serves.
    fileprivate static func has(_ node: String) async -> String {
        guard let button = await serving(node) else { return "\(node)  does not answer" }
        let lacks = button.released.map { $0 != button.serves } ?? false
        return
            "\(node)  serves \(button.serves)\(lacks ? ", as it does not have \(button.released ?? "")" : "")  has \(button.versions.joined(separator: " "))"
    }

    private static func serving(_ node: String) async -> NodeStatus.Button? {
        let response = try? await NodeClient.request(.get, node + "/api/status", timeoutMs: 4_000)
        return response.flatMap { NodeStatus.read($0.body) }?.button
    }

    fileprivate static func release(
        _ version: String, _ note: String, _ report: ButtonReport, _ force: Bool, _ admin: (url: String, token: String)
    ) async throws {
        guard report.released != version else { return print("\(version) is released already.") }
        var lacking: [String] = []
        for node in report.nodes where await serving(node)?.versions.contains(version) != true { lacking.append(node) }
        guard force || lacking.isEmpty else {
            throw NodeClient.Failure(
                "\(lacking.joined(separator: ", ")): no answer, or no version \(version) there; such a node would go on with its own. Update it first, or say --force"
            )
        }
        let ask = ButtonAsk(release: version, after: report.releases.first?.number ?? 0, note: note)
        _ = try await NodeClient.ask("/api/buttons", ask, admin)
        print("\(version) is released. `callslip button undo` takes it back.")
    }
}
