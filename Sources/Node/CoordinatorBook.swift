/// Which coordinators a node may ask, and where they are: those of its file, and those that it learned of since, kept on disk, so that it finds
/// them also after every coordinator of its file has been replaced. It decides whom to try: who is one, the log tells. Those that are not in the file are known by
/// what they say of themselves in gossip, and so must prove it.

import Consortium
import EventLoop
import Gossip
import Logging
import TLS

@ClusterActor
final class CoordinatorBook {
    /// Coordinators that are remembered; a node of the cluster has drawn them up, so few will do.
    static let learnedMax = 32

    private let fromFile: [NodeConfiguration.Coordinator]
    private let path: String
    private let logger: Logger
    private var learned: [NodeConfiguration.Coordinator] = []
    /// Those of the moment, most promising first.
    private(set) var list: [NodeConfiguration.Coordinator]
    /// Whether the log has a coordinator of that name; at a node that is none there is no log.
    var isMember: (NodeName) -> Bool = { _ in false }

    init(_ configuration: NodeConfiguration, logger: Logger) {
        fromFile = configuration.coordinators
        path = configuration.data + "/coordinators"
        self.logger = logger
        list = fromFile
    }

    /// What was kept by the life before.
    func read() {
        do {
            guard let text = try SmallFile.read(path) else { return }
            learned = text.split(separator: "\n").prefix(Self.learnedMax).compactMap(Self.coordinator)
            arrange(alive: [])
        } catch {
            logger.warning(
                "the coordinators kept on disk cannot be read; those of the node's file are tried", metadata: ["why": "\(error)"])
        }
    }

    /// The members as gossip shows them now.
    func learn(_ members: [Member]) {
        let alive = members.compactMap { member -> NodeConfiguration.Coordinator? in
            guard member.state == .alive, member.roles.contains(.coordinator), member.raftID > 0, let name = NodeName(member.name),
                let peer = SocketAddress(member.peerAddress)
            else { return nil }
            return .init(name: name, id: member.raftID, peer: peer)
        }
        let new = alive.filter { !learned.contains($0) && !fromFile.contains($0) }
        if !new.isEmpty {
            learned = Array((new + learned.filter { known in !new.contains { $0.name == known.name } }).prefix(Self.learnedMax))
            keep()
        }
        arrange(alive: alive)
    }

    /// Why somebody who was dialled is not believed to be a coordinator.
    func refusal(of node: NodeName, _ certificate: CertificateFacts?) -> Refusal? {
        CoordinatorProof.refusal(of: node, certificate, isKnown: fromFile.contains { $0.name == node } || isMember(node))
    }

    /// Who is alive comes first; then those that are not heard, of which some may be gone for good.
    private func arrange(alive: [NodeConfiguration.Coordinator]) {
        var next = alive.sorted { $0.id < $1.id }
        for other in fromFile + learned where !next.contains(where: { $0.name == other.name }) { next.append(other) }
        list = next
    }

    private func keep() {
        let text = learned.map { "\($0.name) \($0.id) \($0.peer)\n" }.joined()
        do { try SmallFile.replace(path, with: text) } catch {
            logger.warning("a new coordinator was not kept on disk", metadata: ["why": "\(error)"])
        }
    }

    private static func coordinator(_ line: Substring) -> NodeConfiguration.Coordinator? {
        let words = line.split(separator: " ")
        guard words.count == 3, let name = NodeName(String(words[0])), let id = UInt64(words[1]), let peer = SocketAddress(String(words[2]))
        else {
            return nil
        }
        return .init(name: name, id: id, peer: peer)
    }
}
