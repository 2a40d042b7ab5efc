import Consortium
import Seeded

/// Somebody of LTG who turns the gossip keys: hands another one out, lets it seal, drops the former one; each step when all that run do as the one before says, or now and then too early. Whoever was away meanwhile
/// comes back, and nobody is stranded: in the end all hear each other.
final class Technician: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let everyMs: UInt64
    private var count = 0
    private var asked: [KeyTurn] = []
    /// The furthest step that was answered.
    private var reached: (step: UInt64, at: LogPosition)?
    private static let changesMax = 60

    /// Not where a backup is restored: whose plan is from before keys that are in use is turned by hand.
    init?(_ cluster: Cluster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0x6E15_7042)
        guard random.chance(40), !cluster.scenario.faults.contains(where: { $0.kind == .restore }),
            cluster.scenario.removesNodes
        else { return nil }
        self.cluster = cluster
        everyMs = UInt64.random(in: 500...6_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 908) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            act()
            arrive()
        }
    }

    private func act() {
        count += 1
        // Whoever begins anew makes another key: the former one may be gone from the machine that made it.
        if random.chance(10), let former = asked.filter({ !$0.begins }).randomElement(using: &random) { return ask(former) }
        guard let plan = cluster.anyCoordinator(&random)?.core.state.keys else { return }
        let isReady = cluster.machines.allSatisfy { !$0.isRunning || $0.keys?.isInStep(with: plan) ?? false }
        // Somebody who has an earlier turn before them.
        if random.chance(20), let former = asked.filter({ $0.ends(plan.stage) }).randomElement(using: &random) { return ask(former) }
        switch plan.stage {
        case .settled: begin()
        case .handingOut where random.chance(10): begin()
        case .handingOut: if isReady || random.chance(5) { ask(.seal(after: plan.step)) }
        case .sealing: if isReady || random.chance(5) { ask(.settle(after: plan.step)) }
        }
    }

    /// At a coordinator, which makes the key.
    private func begin() {
        guard let machine = cluster.coordinatorMachines.filter(\.isRunning).randomElement(using: &random) else { return }
        let next = UInt32.random(in: 2...UInt32.max, using: &random)
        machine.keys?.make(next)
        ask(.begin(former: machine.ring.primary, next: next)) { [machine] isDone in if !isDone { machine.keys?.forget(next) } }
    }

    private func ask(_ turn: KeyTurn, told: @escaping (Bool) -> Void = { _ in }) {
        asked.append(turn)
        cluster.askAnyCoordinator(&random, .turnKeys(turn)) { [self] verdict, position in
            told(verdict.isAccepted)
            guard case .accepted = verdict else { return cluster.count("keys: a turn is refused") }
            switch turn {
            case .begin: cluster.count("keys: one is handed out")
            case .seal(let step):
                cluster.count("keys: another one seals")
                note(step + 1, position)
            case .settle(let step):
                cluster.count("keys: the former one is dropped")
                note(step + 1, position)
            }
        }
    }

    private func note(_ step: UInt64, _ position: LogPosition) { if step > reached?.step ?? 0 { reached = (step, position) } }

    func judge() {
        let plan = cluster.checker.state.keys
        if let reached, plan.step < reached.step {
            return cluster.fail("step \(reached.step) of the keys was answered at \(reached.at), and step \(plan.step) is there")
        }
    }
}

extension KeyTurn {
    fileprivate var begins: Bool { if case .begin = self { true } else { false } }

    /// Whether it is a turn that follows on a stage.
    fileprivate func ends(_ stage: KeyPlan.Stage) -> Bool {
        switch self {
        case .begin: false
        case .seal: stage == .handingOut
        case .settle: stage == .sealing
        }
    }
}
