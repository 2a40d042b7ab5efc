import Consortium
import History
import Seeded

/// Somebody of LTG who changes the settings now and then, each time at another node. Who asked what, and what was answered, is judged as a register.
final class Administrator: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let everyMs: UInt64
    private var last: UInt64 = 0
    private(set) var operations: [Operation<SettingsModel.Act>] = []
    private var isLost: Set<Int> = []
    /// The setting that stands for the register: nothing in a run is as old.
    private static let baseMs = Settings().answeredMessageMs
    /// More than these, and the search for an order takes long.
    private static let changesMax = 12

    init?(_ cluster: Cluster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0xAD31_4157)
        guard random.chance(40) else { return nil }
        self.cluster = cluster
        everyMs = UInt64.random(in: 5_000...60_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 900) { [self] in
            guard !cluster.isSettling, operations.count < Self.changesMax else { return }
            change()
            arrive()
        }
    }

    private func change() {
        guard let part = cluster.anyPart(&random) else { return }
        last += 1
        let (number, value) = (operations.count, last)
        var settings = cluster.scenario.settings
        settings.answeredMessageMs = Self.baseMs + value
        operations.append(Operation(.write(value, at: nil), invokedMs: cluster.nowMs, completedMs: nil))
        cluster.say(part.machine, "is asked to change the settings, for the time number \(value)")
        cluster.count("settings: a change is asked for")
        part.ask(.setSettings(settings)) { [self] verdict, position in
            guard case .accepted = verdict else {
                // Only behind a removal of the node that was taken back within the same entry.
                isLost.insert(number)
                return cluster.count("settings: a change is refused")
            }
            operations[number].act = .write(value, at: position)
            operations[number].completedMs = cluster.nowMs
            cluster.count("settings: a change is answered")
        }
    }

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) {
        for number in operations.indices {
            guard case .write(_, let position?) = operations[number].act, lost.contains(position.index) else { continue }
            isLost.insert(number)
        }
    }

    /// What each node says at the end.
    func judge() {
        var all = operations.indices.filter { !isLost.contains($0) }.map { operations[$0] }
        for machine in cluster.libraryMachines where !machine.isRetired {
            guard let read = machine.library?.board?.settings.answeredMessageMs else { continue }
            all.append(Operation(.read(read - Self.baseMs), invokedMs: cluster.nowMs, completedMs: cluster.nowMs))
        }
        switch LinearizabilitySearch.judge(all, by: SettingsModel(initial: 0)) {
        case .holds: break
        case .undecided: cluster.fail("too many changes of the settings to judge")
        case .broken(let places):
            cluster.fail(
                "no order of the changes of the settings gives what was seen: \(places.map { "\(all[$0].act)" }.joined(separator: "; "))")
        }
    }
}
