import Consortium

/// Turns of the gossip key: each step by somebody who saw the one before, and who said that they do as it says.
struct KeyChecks: Book {
    private var plan = KeyPlan()

    func concerns(_ command: Command) -> Bool {
        switch command {
        case .turnKeys, .keysHeld: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        guard verdict.isAccepted else { return nil }
        switch command {
        case .turnKeys(let turn): return judge(turn)
        case .keysHeld(let node, let step):
            guard step == plan.step, step > 0, !plan.holders.contains(node) else { return nil }
            plan.holders = (plan.holders + [node]).sorted()
        default: break
        }
        return nil
    }

    private mutating func judge(_ turn: KeyTurn) -> String? {
        let (stage, primary, other): (KeyPlan.Stage, UInt32, UInt32?)
        switch turn {
        case .begin(let former, let next):
            if plan.stage == .handingOut, plan.primary == former, plan.other == next { return nil }
            guard plan.stage != .sealing else { return "another key is handed out while one takes the place of another" }
            guard plan.step == 0 || plan.primary == former else { return "a key is handed out by somebody who saw another one in use" }
            (stage, primary, other) = (.handingOut, former, next)
        case .seal(let step):
            if plan.stage == .sealing, plan.step == step + 1 { return nil }
            guard plan.stage == .handingOut, plan.step == step, let next = plan.other else { return Self.unseen(step, plan) }
            (stage, primary, other) = (.sealing, next, plan.primary)
        case .settle(let step):
            if plan.stage == .settled, plan.step == step + 1 { return nil }
            guard plan.stage == .sealing, plan.step == step else { return Self.unseen(step, plan) }
            (stage, primary, other) = (.settled, plan.primary, nil)
        }
        (plan.stage, plan.primary, plan.other, plan.holders) = (stage, primary, other, [])
        plan.step += 1
        return nil
    }

    private static func unseen(_ step: UInt64, _ plan: KeyPlan) -> String {
        "the turn of keys goes on after step \(plan.step) by somebody who saw step \(step)"
    }

    func difference(to state: ConsortiumState) -> String? {
        guard state.keys != plan else { return nil }
        return "the keys are at step \(state.keys.step) with \(state.keys.holders.count) holders, and by the log at step \(plan.step) with "
            + "\(plan.holders.count)"
    }
}
