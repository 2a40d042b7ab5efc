import Consortium
import Seeded

/// Somebody of LTG who removes a library's node, and takes it back some time later: as it is, or with another key, as one that joined anew. Meanwhile nobody hears it, and its people and patrons are at other nodes;
/// what was acknowledged is safe all the same.
final class Doorkeeper: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let everyMs: UInt64
    private var count = 0
    /// What was answered last of each node.
    private var told: [NodeName: (isRemoved: Bool, at: LogPosition)] = [:]
    private var isAsking: Set<NodeName> = []
    private static let changesMax = 8
    private static let awayMs: ClosedRange<UInt64> = 5_000...60_000
    private static let wordsCount = 15
    private static let wordsEveryMs: UInt64 = 3
    private static let againMs: UInt64 = 3_000

    /// Where machines play both roles, a coordinator would have to be replaced first.
    init?(_ cluster: Cluster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0xD004_5EE9)
        guard random.chance(30), cluster.scenario.removesNodes, !cluster.scenario.isCombined else { return nil }
        self.cluster = cluster
        everyMs = UInt64.random(in: 10_000...60_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 909) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            remove()
            arrive()
        }
        if count == 0 { watch() }
    }

    private func remove() {
        count += 1
        let machine = cluster.anyLibrary(&random)
        guard isAsking.insert(machine.name).inserted else { return }
        let forMs = UInt64.random(in: Self.awayMs, using: &random)
        speak(machine)
        cluster.askAnyCoordinator(&random, .removeNode(machine.name)) { [self] verdict, position in
            guard case .accepted = verdict else { return free(machine) }
            cluster.count("nodes: one is removed")
            cluster.say(machine, "is removed")
            note(machine, true, position)
            // Twice is harmless.
            if random.chance(20) { cluster.askAnyCoordinator(&random, .removeNode(machine.name)) }
            cluster.after(forMs, .person, 909) { [self] in admit(machine) }
        }
    }

    /// The node asks for something all the while: what comes behind its removal is refused.
    private func speak(_ machine: Machine) {
        for time in 0..<Self.wordsCount {
            let (id, life) = (TicketID(using: &random), machine.life)
            cluster.after(UInt64(time) * Self.wordsEveryMs, .person, 909) {
                machine.receive(life: life) {
                    let report = ProblemReport(
                        by: .node(machine.name), node: machine.name, library: nil, topic: "removal", text: "It is removed.", bundle: "")
                    machine.library?.ask(.reportProblem(id, report)) { _, _ in }
                }
            }
        }
    }

    private func free(_ machine: Machine) { isAsking.remove(machine.name) }

    private func note(_ machine: Machine, _ isRemoved: Bool, _ position: LogPosition) {
        if !cluster.checker.isLost(position), told[machine.name]?.at ?? .zero < position { told[machine.name] = (isRemoved, position) }
    }

    private func admit(_ machine: Machine) {
        if let part = machine.library, part.isDismissed {
            cluster.count("nodes: one that is removed serves nobody")
            if part.servesSomebody { return cluster.fail("\(machine.name) is removed, and somebody is connected there") }
        }
        // A machine that joins anew has another key.
        if random.chance(50) { machine.renewKey() }
        let key = random.chance(50) || machine.hasRenewedKey ? machine.certificateKey : nil
        told[machine.name] = nil
        cluster.askAnyCoordinator(&random, .admitNode(machine.name, key: key)) { [self] verdict, position in
            free(machine)
            guard case .accepted = verdict else { return cluster.count("nodes: one is not taken back") }
            cluster.count(key == nil ? "nodes: one is taken back" : "nodes: one joins anew")
            note(machine, false, position)
        }
    }

    /// In the end all are taken back.
    private func watch() {
        cluster.after(Self.againMs, .person, 909) { [self] in
            defer { watch() }
            guard cluster.isSettling, let state = cluster.anyCoordinator(&random)?.core.state else { return }
            for removed in state.removedNodes {
                guard let machine = cluster.machines.first(where: { $0.name == removed.node }), !removed.hears(machine.certificateKey.bytes)
                else {
                    continue
                }
                told[machine.name] = nil
                cluster.askAnyCoordinator(&random, .admitNode(machine.name, key: machine.certificateKey)) { [self] verdict, position in
                    if verdict.isAccepted { note(machine, false, position) }
                }
            }
        }
    }

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) { told = told.filter { !lost.contains($0.value.at.index) } }

    func judge() {
        let state = cluster.checker.state
        for (node, told) in told.sorted(by: { $0.key < $1.key }) where told.isRemoved {
            guard state.removedNodes.contains(where: { $0.node == node }) else {
                return cluster.fail("\(node) was answered at \(told.at) to be removed, and is not")
            }
        }
    }
}
