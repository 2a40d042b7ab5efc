/// `callslip tickets`: the problems that people and nodes reported, for LTG.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct TicketsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tickets", abstract: "Read and answer the problems that people and nodes reported.",
        discussion: "Whoever reported one reads what you write, at their desk or on the page that they reported it on.",
        subcommands: [List.self, Show.self, Take.self, Comment.self, Solve.self, Reopen.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each: those that are not solved, the newest first.")
        @Flag(help: "Solved ones too.") var all = false
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let tickets = try await TicketsCommand.all(try admin.read())
            let shown = tickets.filter { all || $0.stage != "solved" }
            if shown.isEmpty { print(tickets.isEmpty ? "Nobody reported a problem." : "Nothing is open.") }
            for ticket in shown { print(ticket.line(nowMs: TicketsCommand.nowMs)) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All of one: what was reported, what went along, what was said since.")
        @Argument(help: "The number.") var number: UInt64
        @OptionGroup var admin: AdminOptions

        func run() async throws { print(try await TicketsCommand.ticket(number, try admin.read()).whole(nowMs: TicketsCommand.nowMs)) }
    }

    struct Take: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say who looks after it; it is in work from then on.")
        @Argument(help: "The number.") var number: UInt64
        @Argument(help: "Who looks after it, as people are to read it.") var owner: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await TicketsCommand.change(number, text: nil, stage: "inWork", owner: owner, admin) }
    }

    struct Comment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add something, for whoever reported it.")
        @Argument(help: "The number.") var number: UInt64
        @Argument(help: "What to say.") var text: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await TicketsCommand.change(number, text: text, stage: nil, owner: nil, admin) }
    }

    struct Solve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say what became of it. What went along with the report is deleted.")
        @Argument(help: "The number.") var number: UInt64
        @Argument(help: "What became of it.") var outcome: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await TicketsCommand.change(number, text: outcome, stage: "solved", owner: nil, admin) }
    }

    struct Reopen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "It is not solved after all.")
        @Argument(help: "The number.") var number: UInt64
        @Argument(help: "Why.") var text: String
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await TicketsCommand.change(number, text: text, stage: "open", owner: nil, admin) }
    }

    private struct Tickets: Decodable {
        var tickets: [TicketReport]
    }

    fileprivate static var nowMs: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) }

    fileprivate static func all(_ admin: (url: String, token: String)) async throws -> [TicketReport] {
        let headers = [(name: "Authorization", value: "Bearer \(admin.token)")]
        let response = try await NodeClient.request(.get, admin.url + "/api/problems/all", headers: headers)
        guard response.status == 200, let answer = try? JSONDecoder().decode(Tickets.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        return answer.tickets
    }

    fileprivate static func ticket(_ number: UInt64, _ admin: (url: String, token: String)) async throws -> TicketReport {
        guard let ticket = try await all(admin).first(where: { $0.number == number }) else {
            throw NodeClient.Failure("there is no ticket \(number); `callslip tickets list --all` shows which there are")
        }
        return ticket
    }

    fileprivate static func change(_ number: UInt64, text: String?, stage: String?, owner: String?, _ options: AdminOptions) async throws {
        let admin = try options.read()
        var generator = SystemRandomNumberGenerator()
        let ask = TicketAsk(
            ticket: try await ticket(number, admin).id, id: RequestID(using: &generator).text, text: text, stage: stage, owner: owner)
        print(try await NodeClient.ask("/api/problems/all", ask, admin))
    }
}

extension TicketReport {
    private static func ago(_ ms: UInt64, _ nowMs: UInt64) -> String {
        let minutes = nowMs > ms ? (nowMs - ms) / 60_000 : 0
        if minutes < 1 { return "just now" }
        if minutes < 60 { return "\(minutes) min ago" }
        return minutes < 48 * 60 ? "\(minutes / 60) h ago" : "\(minutes / 1_440) days ago"
    }

    private static func who(_ kind: String, _ name: String?) -> String {
        switch kind {
        case "person": name ?? "somebody"
        case "node": "node \(name ?? "")"
        case "ltg": "LTG"
        default: "somebody who is not signed in"
        }
    }

    private var state: String {
        let stage = ["open": "open", "inWork": "in work", "solved": "solved"][stage] ?? stage
        return owner.map { "\(stage) (\($0))" } ?? stage
    }

    fileprivate func line(nowMs: UInt64) -> String {
        let first = text.split(separator: "\n").first.map(String.init) ?? ""
        let times = count > 1 ? ", \(count) times" : ""
        let place = library ?? node
        return "\(number)  \(state)  \(Self.ago(changedMs, nowMs))\(times)  \(place)  \(Self.who(kind, name)): \(first)"
    }

    fileprivate func whole(nowMs: UInt64) -> String {
        var lines = [
            "\(number), \(state): reported \(Self.ago(openedMs, nowMs)) by \(Self.who(kind, name)) at the node \(node)"
                + (library.map { ", about \($0)" } ?? "") + (count > 1 ? ", and \(count - 1) times since" : ""),
            "", text,
        ]
        if let bundle {
            lines += ["", "What went along:"] + bundle.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        }
        for entry in entries {
            let became = entry.stage.map { " (\($0 == "inWork" ? "in work" : $0))" } ?? ""
            lines += ["", "\(Self.who(entry.kind, entry.name))\(became), \(Self.ago(entry.ms, nowMs)):"]
            if !entry.text.isEmpty { lines.append(entry.text) }
        }
        return lines.joined(separator: "\n")
    }
}
