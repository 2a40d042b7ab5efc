/// What LTG says of nodes, as bytes.

import Consortium
import FoundationEssentials

extension PBRemovedNodeEntry {
    init(_ node: RemovedNode) {
        self.init()
        self.node = node.node.text
        wallMs = node.wallMs
        admitted = Data(node.admitted?.bytes ?? [])
    }

    func decoded() throws(WireError) -> RemovedNode {
        RemovedNode(
            node: try Field.name(node, "removedNode.node"), wallMs: wallMs, admitted: try Field.keyDigest(admitted, "removedNode.admitted"))
    }
}

extension PBKeyPlanEntry {
    init(_ plan: KeyPlan) {
        self.init()
        step = plan.step
        stage = UInt32(plan.stage.rawValue)
        primary = plan.primary
        if let other = plan.other { self.other = other }
        holders = plan.holders.map(\.text)
    }

    func decoded() throws(WireError) -> KeyPlan {
        var plan = KeyPlan()
        plan.step = step
        plan.stage = try Field.small(stage, "keyPlan.stage")
        plan.primary = primary
        plan.other = hasOther ? other : nil
        plan.holders = try Field.names(holders, "keyPlan.holders", max: Limits.keyHoldersMax)
        return plan
    }
}

extension PBTurnKeysCommand {
    init(_ turn: KeyTurn) {
        self.init()
        switch turn {
        case .begin(let former, let next): (self.turn, self.former, self.next) = (1, former, next)
        case .seal(let step): (self.turn, after) = (2, step)
        case .settle(let step): (self.turn, after) = (3, step)
        }
    }

    func decoded() throws(WireError) -> KeyTurn {
        switch turn {
        case 1: .begin(former: former, next: next)
        case 2: .seal(after: after)
        case 3: .settle(after: after)
        default: throw .unknownKind("turnKeys.turn \(turn)")
        }
    }
}
