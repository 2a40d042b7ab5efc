import Raft

/// A voter gives its place to another while everything else goes on, as with `callslip coordinators replace`: the old id is removed and a new one added,
/// on the same machine with an empty disk. Whoever leads is asked for one step after the other, as often as it takes.
final class Replacement {
    private unowned(unsafe) let cluster: Cluster
    private let machine: Machine
    private let old: UInt64
    private let new: RaftMember
    /// Between the old one's removal and the new one's start.
    private let restMs: UInt64
    private let onDone: () -> Void
    private var isNew = false
    private var isOldGone = false
    /// How far it is, in words.
    private(set) var told = ""
    private static let everyMs: UInt64 = 300

    init(_ cluster: Cluster, _ machine: Machine, by voter: UInt64, restMs: UInt64, onDone: @escaping () -> Void) {
        self.cluster = cluster
        self.machine = machine
        old = machine.voter
        new = RaftMember(id: voter, name: machine.name.text)
        self.restMs = restMs
        self.onDone = onDone
    }

    /// - Parameter keepsDisk: the old one goes in good order, and runs until it is removed; otherwise its disk is lost at once.
    func begin(keepsDisk: Bool) {
        if !keepsDisk { renew() }
        ask()
    }

    private func renew() {
        isNew = true
        let known = cluster.leader?.coordinator?.replica.appliedMembers ?? cluster.members
        machine.renew(as: new.id, among: known.filter { $0.name != new.name } + [new])
    }

    private func ask() {
        defer { if cluster.violation == nil, told != Self.done { cluster.after(Self.everyMs, .fault, machine.index) { [self] in ask() } } }
        guard let leader = cluster.leader, leader.isRunning, let part = leader.coordinator else { return }
        if isOldGone, !isNew { return }
        var progress = MembershipProgress.working("")
        leader.receive(life: leader.life) { [self] in progress = part.advance(towards: isOldGone ? .add(new) : .remove(old)) }
        switch progress {
        case .working(let sentence), .refused(let sentence): tell("voter \(isOldGone ? new.id : old): \(sentence)")
        case .done where isOldGone:
            tell(Self.done)
            onDone()
        case .done:
            isOldGone = true
            tell("voter \(old) is removed")
            if !isNew { cluster.after(restMs, .fault, machine.index) { [self] in renew() } }
        }
    }

    private static let done = "the voter is replaced"

    private func tell(_ sentence: String) {
        if sentence != told { cluster.trace.say(cluster.nowMs, "nemesis", sentence) }
        told = sentence
    }
}
