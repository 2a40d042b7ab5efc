import Consortium

/// The gossip keys on a machine's disk, by their ids.
struct KeyRing {
    /// Which all begin with.
    static let first: UInt32 = 1
    var held = [first]
    /// The one that seals.
    var primary = first
}

/// What one process does for the sake of the plan of keys: `KeysHost`, over virtual links.
final class KeyPart {
    private static let againMs: UInt64 = 1_000

    private unowned(unsafe) let machine: Machine
    private var plan = KeyPlan()
    private var toldStep: UInt64?
    private var isAsking = false
    private var turn = 0
    private let timer = VirtualTimer()
    /// Made here, and not in the plan yet.
    private var made: UInt32?

    init(_ machine: Machine) { self.machine = machine }

    /// The plan as the coordinators have it.
    func take(_ plan: KeyPlan) {
        guard plan != self.plan else { return }
        self.plan = plan
        if let made, plan.wanted.contains(made) { self.made = nil }
        follow()
    }

    /// Whether this process does as that plan says.
    func isInStep(with plan: KeyPlan) -> Bool { self.plan.step == plan.step && orders.isNothing }

    /// A key made here, to be handed out.
    func make(_ key: UInt32) {
        if let made { forget(made) }
        made = key
        machine.ring.held.append(key)
    }

    /// One that was made here, and that the plan did not take.
    func forget(_ key: UInt32) {
        if made == key { made = nil }
        if !plan.wanted.contains(key), machine.ring.primary != key { machine.ring.held.removeAll { $0 == key } }
    }

    private var orders: KeyOrders { plan.orders(held: machine.ring.held.filter { $0 != made }, primary: machine.ring.primary) }

    private func follow() {
        let orders = orders
        if let primary = orders.primary { machine.ring.primary = primary }
        machine.ring.held.removeAll(where: orders.dropped.contains)
        guard orders.lacking.isEmpty else { return askNext() }
        guard plan.step > 0, toldStep != plan.step else { return }
        toldStep = plan.step
        machine.ask(.keysHeld(by: machine.name, step: plan.step)) { _, _ in }
    }

    /// Over a link with TLS, to one coordinator after another.
    private func askNext() {
        guard !isAsking else { return }
        isAsking = true
        let cluster = machine.cluster
        let there = cluster.coordinatorMachines[turn % cluster.scenario.coordinators]
        turn += 1
        machine.start(timer, afterMs: cluster.network.roundTripMs()) { [self] in
            isAsking = false
            let isReached =
                there.isRunning && there.isOfNewCluster == machine.isOfNewCluster && cluster.network.reaches(machine, there)
                && cluster.network.reaches(there, machine)
            let came = isReached ? orders.lacking.filter(there.ring.held.contains) : []
            machine.ring.held += came
            guard came.isEmpty else { return follow() }
            machine.start(timer, afterMs: Self.againMs) { [self] in follow() }
        }
    }
}
