/// Which versions of the desk are in use, node by node, as the API, the page and `callslip desks` show them (agreement, 7).

import Consortium
import EventLoop
import Wire

public struct DesksReport: Codable, Sendable {
    public struct Version: Codable, Sendable {
        public var version: String
        /// Pages that are open.
        public var count: UInt32
        /// Whether the node serves this one; a page of another one loads it when nobody is disturbed by that.
        public var isServed: Bool
    }
    public struct Node: Codable, Sendable {
        public var node: String
        /// The version that it serves; absent when it did not answer.
        public var serves: String?
        public var versions: [Version]
        /// Why nothing is known of it.
        public var why: String?
    }
    /// In order of their names.
    public var nodes: [Node]
    /// Whether all nodes that answered serve the same version.
    public var isOne: Bool
    /// Open pages of a version that their node does not serve any more.
    public var former: UInt64

    static let silent = "It did not answer within 3 seconds, or its version of the program is from before desks told theirs."

    /// - Parameter told: what each node answered; `nil`: nothing.
    init(_ told: [(node: String, desks: DesksOpen?)]) {
        nodes = told.sorted { $0.node < $1.node }.map { node, desks in
            guard let desks else { return Node(node: node, serves: nil, versions: [], why: Self.silent) }
            let versions = desks.versions.map { Version(version: $0.version, count: $0.count, isServed: $0.version == desks.served) }
            return Node(node: node, serves: desks.served, versions: versions, why: nil)
        }
        isOne = Set(nodes.compactMap(\.serves)).count <= 1
        former = nodes.flatMap(\.versions).filter { !$0.isServed }.reduce(0) { $0 + UInt64($1.count) }
    }
}

extension CallslipNode {
    /// Asks every library's node, this one included. Those that do not answer in time are named as such.
    func desksReport(_ completion: @escaping (DesksReport) -> Void) {
        let own = configuration.node
        let names = gossip.members.map(\.member).filter { $0.roles.contains(.library) && $0.state != .left && $0.name != own.text }
            .compactMap { NodeName($0.name) }
        var told: [(node: String, desks: DesksOpen?)] = configuration.isLibrary ? [(own.text, library.desksOpen)] : []
        var left = names.count
        guard left > 0 else { return completion(DesksReport(told)) }
        for name in names {
            calls.call(.askDesks, at: name) { answer in
                if case .desks(let desks)? = answer { told.append((name.text, desks)) } else { told.append((name.text, nil)) }
                left -= 1
                if left == 0 { completion(DesksReport(told)) }
            }
        }
    }
}
