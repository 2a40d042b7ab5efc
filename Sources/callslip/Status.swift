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
        guard response.status == 200, let status = try? JSONDecoder().decode(NodeStatus.self, from: Data(response.body)) else {
            throw ValidationError("\(node) answered \(response.status): \(response.text)")
        }
        if json { return print(response.text) }
        print(
            "node \(status.node) (boot \(status.boot)), served by \(status.servedBy ?? "no coordinator"), leader \(status.leader ?? "unknown")"
        )
        if status.isolated { print("ISOLATED: this node reaches no coordinator that has a leader") }
        if let raft = status.raft {
            print(
                "raft: \(raft.role), term \(raft.term), commit \(raft.commitIndex), applied \(raft.appliedIndex), last \(raft.lastIndex), state \(raft.digest)"
            )
            if let halted = raft.halted { print("HALTED: \(halted)") }
        }
        Table.print(
            ["member", "state", "inc.", "heard", "roles"],
            status.members.map { [$0.name, $0.state, "\($0.incarnation)", "\($0.heardAgoMs) ms", $0.roles.joined(separator: "+")] })
        Table.print(
            ["queue", "library", "reach", "staffed", "free", "waiting"],
            status.queues.map {
                [$0.name, $0.library ?? "(all)", $0.paused ? "paused" : $0.reach, "\($0.staffed)", "\($0.free)", "\($0.waiting)"]
            })
        print("\(status.waiting) waiting, \(status.kept) kept, \(status.signedOn) signed on")
    }
}

/// Columns for a terminal.
enum Table {
    static func print(_ heads: [String], _ rows: [[String]]) {
        let widths = heads.indices.map { column in ([heads] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [heads] + rows {
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            Swift.print("  " + cells.joined(separator: "  "))
        }
    }
}
