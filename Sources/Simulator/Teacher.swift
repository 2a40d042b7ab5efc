import Consortium
import Seeded

/// Somebody of LTG who makes one of the operators a trainee, and no trainee any more when they have learned: now and then, whatever the person does meanwhile.
final class Teacher: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private var person: Operator
    private let everyMs: UInt64
    private var count = 0
    private static let changesMax = 12

    init?(_ cluster: Cluster, _ roster: Roster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0x7EAC_4E25)
        // Somebody else must be there who looks after them.
        guard random.chance(40), roster.operators.count > 1, let person = roster.operators.randomElement(using: &random) else { return nil }
        self.cluster = cluster
        self.person = person
        everyMs = UInt64.random(in: 5_000...40_000, using: &random)
        self.random = random
    }

    func arrive() { after(UInt64.random(in: 1...6_000, using: &random)) }

    private func after(_ ms: UInt64) {
        cluster.after(ms, .person, 905) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            teach()
            after(UInt64.random(in: 1...everyMs, using: &random))
        }
    }

    /// Below the feature level nobody becomes one, and it is asked anew.
    private func teach() {
        count += 1
        guard let part = cluster.anyPart(&random) else { return }
        var next = person
        next.isTrainee = person.isTrainee ? random.chance(75) : true
        person = next
        part.ask(.setOperator(next)) { [self] verdict, _ in
            guard case .accepted = verdict else {
                // Only behind a removal of the node that was taken back within the same entry.
                guard case .refused(let refusal) = verdict, refusal.code == .notAllowed else {
                    return cluster.fail("the roster refuses \(next.name)")
                }
                return
            }
            cluster.count(next.isTrainee ? "trainees: one begins" : "trainees: one has learned")
        }
    }
}
