import Consortium
import Raft
import Seeded

/// The state of a cluster as somebody backed it up, and another cluster begun from it when all coordinators are lost (rule 18): what
/// `callslip backup` and `callslip restore` do.
struct Backup {
    /// Between two tries to do what cannot be done just now.
    static let againMs: UInt64 = 250
    /// Nodes are given the new cluster's name one after another, within this time.
    static let meetsWithinMs: UInt64 = 8_000

    private let state: [UInt8]
    private let term: UInt64

    /// Nil while no coordinator has applied all that is committed.
    init?(of cluster: Cluster) {
        let known = cluster.checker.state.appliedThrough
        let there = cluster.coordinatorMachines.filter(\.isRunning).compactMap(\.coordinator)
        guard let part = there.first(where: { $0.core.state.appliedThrough == known && known.index > 0 }) else { return nil }
        state = part.core.state.wireSnapshot()
        term = part.replica.term
        cluster.checker.backedUp()
        cluster.trace.say(cluster.nowMs, "nemesis", "somebody takes a backup of entry \(known.index)")
        cluster.count("restore: a backup is taken")
    }

    func begin(_ cluster: Cluster, _ random: inout SeededGenerator) {
        do {
            var state = try ConsortiumState(wireSnapshot: state)
            let before = state
            state.beginAnew()
            state = try Self.leave(cluster.scenario.planted, out: state, before)
            cluster.beginAnew(state)
            let index = state.appliedThrough.index
            cluster.trace.say(cluster.nowMs, "nemesis", "a new cluster is begun from the backup, at entry \(index)")
            let meta = SnapshotMeta(index: index, term: term + 1, members: cluster.members, membersIndex: index)
            for machine in cluster.coordinatorMachines {
                machine.begin(
                    try SimulatedDisk(voter: UInt64(machine.index) + 1, begunAt: meta, state.wireSnapshot()), among: cluster.members)
            }
            for machine in cluster.libraryMachines where !machine.isOfNewCluster {
                cluster.after(UInt64.random(in: 0...Self.meetsWithinMs, using: &random), .fault, machine.index) { machine.meet() }
            }
        } catch {
            cluster.fail("the backup cannot be restored: \(error)")
        }
    }

    /// Planted bugs: what goes on where the backup ends.
    private static func leave(_ bug: PlantedBug?, out state: ConsortiumState, _ before: ConsortiumState) throws -> ConsortiumState {
        var memento = state.memento
        switch bug {
        case .restoreIndex: memento.appliedThrough = before.appliedThrough
        case .restoreNumbers: memento.outboxNumber = before.outboxNumber
        case .restoreEpochs:
            let leap = ConsortiumState.restoredEpochs
            func former(_ epoch: UInt32) -> UInt32 { epoch > leap ? epoch - leap : epoch }
            for place in memento.chats.indices {
                memento.chats[place].chat.epoch = former(memento.chats[place].chat.epoch)
                for number in memento.chats[place].messages.indices {
                    let position = memento.chats[place].messages[number].position
                    memento.chats[place].messages[number].position = Position(epoch: former(position.epoch), n: position.n)
                }
            }
        default: return state
        }
        return try ConsortiumState(memento: memento)
    }
}
