/// `callslip status`: members, leader, log and queues, as the asked node sees them.

import ArgumentParser
import FoundationEssentials
import Node

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show members, leader, log and queues as a node sees them.")

    @Option(help: "The node's address.")
    var node = "http://127.0.0.1:7100"

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let response = try await NodeClient.request(.get, node + "/api/status")
        guard response.status == 200, let status = NodeStatus.read(response.body) else {
            throw ValidationError("\(node) answered \(response.status): \(response.text)")
        }
        if json { return print(response.text) }
        showNode(status)
        showMembers(status)
        showQueues(status)
    }

    private func showNode(_ status: NodeStatus) {
        print("Node \(status.node), served by \(status.servedBy ?? "no coordinator"); leader \(status.leader ?? "unknown")")
        if let removed = status.removed { print("REMOVED: \(removed)") }
        if status.isolated { print("ISOLATED: this node reaches no coordinator that knows a leader") }
        if let days = status.certificateDaysLeft, days < 30 {
            print(
                "CERTIFICATE: \(days < 0 ? "it has ended" : "it ends within \(days + 1) days"); renew it: callslip ca issue \(status.node) --renew"
            )
        }
        if let button = status.button {
            let lacks = button.released.map { $0 != button.serves } ?? false
            print(
                "Button's code: \(button.serves)"
                    + (lacks ? "; RELEASED IS \(button.released ?? ""), which this node does not have: update it" : ""))
        }
        guard let raft = status.raft else { return }
        print(
            "Log: \(raft.role) in term \(raft.term), committed through \(raft.commitIndex), applied through \(raft.appliedIndex), "
                + "last \(raft.lastIndex); state \(raft.digest)" + (raft.featureLevel.map { "; feature level \($0)" } ?? ""))
        if let halted = raft.halted { print("HALTED: \(halted)") }
        if let full = raft.full { print("FULL: \(full)") }
        if let repairing = raft.repairing { print("REPAIRING: \(repairing)") }
    }

    private func showMembers(_ status: NodeStatus) {
        print("\nMembers")
        Table.print(
            [.left("name"), .left("roles"), .left("state"), .right("heard"), .right("incarnation")],
            status.members.map {
                [
                    $0.name, $0.roles.joined(separator: ", "), $0.state, $0.name == status.node ? "here" : age($0.heardAgoMs),
                    "\($0.incarnation)",
                ]
            })
    }

    private func age(_ ms: Int64) -> String {
        ms < 10_000 ? "\(ms) ms ago" : ms < 600_000 ? "\(ms / 1_000) s ago" : "\(ms / 60_000) min ago"
    }

    private func showQueues(_ status: NodeStatus) {
        guard !status.queues.isEmpty else {
            return print("\nNo queues yet: bring a consortium in with `callslip import FILE`")
        }
        for untaken in status.untaken ?? [] {
            print("\(untaken.library) has not taken the text of \(untaken.transcripts) chats that are over: see to its node")
        }
        print("\nQueues: \(status.waiting) waiting, \(status.kept) kept as messages, \(status.signedOn) operators signed on")
        Table.print(
            [.left("queue"), .left("library"), .left("button"), .right("staff"), .right("free"), .right("waiting"), .left("why")],
            status.queues.map {
                [$0.name, $0.library ?? "(all)", button($0), "\($0.staffed)", "\($0.free)", "\($0.waiting)", $0.why.joined(separator: " ")]
            })
    }

    private func button(_ queue: NodeStatus.QueueLine) -> String {
        switch queue.reach {
        case "own": "on"
        case "referred": "on, referred"
        default: queue.paused ? "off, paused" : "off"
        }
    }
}

extension NodeStatus {
    /// The answer of `/api/status`; nil when it is something else.
    static func read(_ body: [UInt8]) -> NodeStatus? { try? JSONDecoder().decode(NodeStatus.self, from: Data(body)) }
}

/// Columns for a terminal.
enum Table {
    enum Head {
        case left(String)
        case right(String)

        var text: String {
            switch self {
            case .left(let text), .right(let text): text
            }
        }

        func pad(_ cell: String, to width: Int) -> String {
            let room = String(repeating: " ", count: max(0, width - cell.count))
            if case .right = self { return room + cell }
            return cell + room
        }
    }

    static func print(_ heads: [Head], _ rows: [[String]]) {
        let all = [heads.map(\.text)] + rows
        let widths = heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = heads.indices.map { heads[$0].pad(row[$0], to: widths[$0]) }
            // A last column without an end would only wrap in the terminal.
            var line = "  " + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            Swift.print(line)
        }
    }
}
