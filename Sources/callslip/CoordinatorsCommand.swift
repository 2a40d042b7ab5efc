/// `callslip coordinators`: who they are, and others in their place while the cluster runs.

import ArgumentParser
import EventLoop
import FoundationEssentials
import Node

struct CoordinatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinators",
        abstract: "List the coordinators, or put others in their place while the cluster runs.",
        discussion: """
            A new one has a file like the others', in which it lists them and itself, with a raft id that no machine had before and `joins: true`; start it, then add it here. \
            The files of the others need no change. Ask where any coordinator runs. A change that is interrupted goes on when it is asked for again.
            """,
        subcommands: [List.self, Add.self, Remove.self, Replace.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The coordinators, as this one's log tells them.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let status = try await Change.status(try admin.read().url)
            guard let coordinators = status.coordinators else {
                throw NodeClient.Failure("\(status.node) is no coordinator; ask at one")
            }
            Table.print(
                [.left("name"), .right("raft id"), .left("peers"), .left("duty"), .left("here"), .right("has")],
                coordinators.map {
                    [
                        $0.name == status.leader ? "\($0.name) (leads)" : $0.name, "\($0.raftID)", $0.peer, $0.duty,
                        $0.name == status.node ? "itself" : $0.connected ? "connected" : "NOT connected",
                        $0.matchIndex.map { "\($0) entries" } ?? "",
                    ]
                })
        }
    }

    struct Newcomer: ParsableArguments {
        @Option(help: "The new one's raft id: no machine had it before.")
        var id: UInt64

        @Option(help: "Where the new one listens for peers, as 192.0.2.1:7200.")
        var peer: String
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a coordinator that runs with `joins: true` the log, and then a vote.")
        @Argument(help: "Its node's name.")
        var name: String
        @OptionGroup var newcomer: Newcomer
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await Change(admin).add(name, newcomer) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a coordinator's vote. Its machine can be ended afterwards.")
        @Argument(help: "Its node's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await Change(admin).remove(name) }
    }

    struct Replace: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add one, then remove another. A machine that lost its disk takes its own place: then the old one is removed first.")
        @Argument(help: "The node's name of the one that goes.")
        var old: String
        @Argument(help: "The node's name of the one that comes.")
        var new: String
        @OptionGroup var newcomer: Newcomer
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let change = try Change(admin)
            if old == new { try await change.remove(old, unless: newcomer.id) }
            try await change.add(new, newcomer)
            if old != new { try await change.remove(old) }
        }
    }
}

/// Asks for one step after the other, and tells what is new.
private struct Change {
    private static let everyMs: UInt64 = 300
    private static let minutesMax: UInt64 = 30
    private let admin: (url: String, token: String)

    init(_ options: AdminOptions) throws { admin = try options.read() }

    static func status(_ url: String) async throws -> NodeStatus {
        let response = try await NodeClient.request(.get, url + "/api/status")
        guard response.status == 200, let status = NodeStatus.read(response.body) else {
            throw NodeClient.Failure("\(url) answered \(response.status): \(response.text)")
        }
        return status
    }

    func add(_ name: String, _ newcomer: CoordinatorsCommand.Newcomer) async throws {
        try await ask(Wish(add: name, id: newcomer.id, peer: newcomer.peer))
    }

    /// - Parameter unless: nothing is done when the one of that name has this raft id: it is the new one already.
    func remove(_ name: String, unless id: UInt64? = nil) async throws {
        if let id, try await Self.status(admin.url).coordinators?.contains(where: { $0.name == name && $0.raftID == id }) ?? false {
            return
        }
        try await ask(Wish(remove: name))
    }

    private struct Wish: Encodable {
        var add: String?
        var id: UInt64?
        var peer: String?
        var remove: String?
    }

    private struct Answer: Decodable {
        var code: String
        var text: String
    }

    @ClusterActor
    private func ask(_ wish: Wish) async throws {
        let body = [UInt8](try JSONEncoder().encode(wish))
        let endMs = ClusterActor.loop.nowMs + Self.minutesMax * 60_000
        var told = ""
        while ClusterActor.loop.nowMs < endMs {
            let response = try await NodeClient.request(
                .post, admin.url + "/api/coordinators",
                headers: [("Authorization", "Bearer \(admin.token)"), ("Content-Type", "application/json")], body: body)
            guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
                throw NodeClient.Failure("the node answered \(response.status): \(response.text)")
            }
            if answer.text != told { print(answer.text) }
            told = answer.text
            switch response.status {
            case 200: return
            case 202: await Wait.pause(ms: Self.everyMs)
            default: throw ExitCode.failure
            }
        }
        throw NodeClient.Failure("it was not done within \(Self.minutesMax) minutes; asking again goes on with it")
    }
}
