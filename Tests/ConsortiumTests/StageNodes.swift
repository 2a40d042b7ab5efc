@testable import Consortium

extension Stage {
    func showNodes() -> [String] {
        let lines = state.board().removedNodes.map { node in
            "\(node.node) is removed" + (node.admitted.map { "; who shows key \($0.bytes[0]) has its name since" } ?? "")
        }
        return lines.isEmpty ? ["no node is removed"] : lines
    }
}
