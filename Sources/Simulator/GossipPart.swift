import Consortium
import Gossip

/// Gossip in one process: `GossipHost`, over virtual datagrams.
final class GossipPart {
    private unowned(unsafe) let machine: Machine
    private var cluster: Cluster { machine.cluster }
    private(set) var core: GossipCore
    private let timer = VirtualTimer()
    private(set) var said: [String: Availability] = [:]
    private var steps = 0

    init?(_ machine: Machine, seed: UInt64) {
        self.machine = machine
        let me = Member(
            name: machine.name.text, gossipAddress: "\(machine.address):7946", peerAddress: "\(machine.address):7947", bootID: machine.boot)
        do {
            core = try GossipCore(me: me, configuration: .lan, seed: seed, nowMs: Int64(machine.nowMs))
        } catch {
            machine.cluster.fail("gossip does not start: \(error)")
            return nil
        }
    }

    func start() {
        perform(core.onTick(nowMs: nowMs))
        do {
            perform(try core.join(seeds: cluster.machines.prefix(3).map { "\($0.address):7947" }, nowMs: nowMs))
        } catch {
            cluster.fail("gossip does not join: \(error)")
        }
    }

    /// What this node says of the queues that it speaks for.
    func publish(_ board: Board) {
        for status in board.queues {
            guard let library = status.queue.library, board.libraries.first(where: { $0.name == library })?.homeNode == machine.name else {
                continue
            }
            let word = Availability(
                staffed: status.decision.reach == .own ? UInt16(clamping: status.staffed) : 0,
                freePlaces: UInt16(clamping: status.freePlaces), waiting: UInt16(clamping: status.waiting), postedOpen: true)
            guard said[status.queue.name.text] != word else { continue }
            said[status.queue.name.text] = word
            do {
                perform(try core.publish(queue: status.queue.name.text, session: bootCounter, word, nowMs: nowMs))
            } catch {
                cluster.fail("a record was not published: \(error)")
            }
        }
    }

    /// Nobody hears a removed node.
    func exclude(_ nodes: [RemovedNode]) {
        let names = Set(nodes.filter { $0.admitted == nil }.map(\.node.text))
        guard names != excluded else { return }
        excluded = names
        perform(core.exclude(names, nowMs: nowMs))
    }
    private var excluded: Set<String> = []

    func view(of queue: String, by writer: Machine) -> RecordView? {
        core.record(.init(queue: queue, writer: writer.name.text), nowMs: nowMs)
    }

    /// Starts so far, as a file counts them; of some machines that file is lost with every start.
    private var bootCounter: UInt64 { (cluster.scenario.seed &+ UInt64(machine.index)) % 4 == 0 ? 1 : UInt64(machine.life) }

    private var nowMs: Int64 { Int64(machine.nowMs) }

    private func perform(_ directives: [GossipDirective]) {
        steps += 1
        if steps % 32 == 0, let broken = core.invariantViolations.first { cluster.fail("gossip at \(machine.name): \(broken)") }
        for directive in directives {
            switch directive {
            case .send(let message, let address):
                guard let to = cluster.machine(at: address), to.isOfNewCluster == machine.isOfNewCluster else { continue }
                let (from, key) = (machine.index, machine.ring.primary)
                cluster.network.datagram(machine, to) { to in
                    // Whoever has not the key that sealed it does not open it.
                    if to.ring.held.contains(key) { to.gossip?.receive(message, from: from) }
                }
            case .pushPull(let address, let state): exchange(state, with: address)
            case .scheduleNextTick(let delayMs):
                machine.start(timer, afterMs: UInt64(max(0, delayMs))) { [self] in perform(core.onTick(nowMs: nowMs)) }
            case .memberChanged(let member, let previous):
                cluster.say(machine, "gossip: \(member.name) \(previous.map { "\($0)" } ?? "unknown") -> \(member.state)")
            case .recordChanged: break
            }
        }
    }

    /// A planted bug: what others hold of this machine's own words is not looked at.
    private func isIgnored(_ record: AvailabilityRecord) -> Bool {
        cluster.scenario.planted == .recordsFromOne && record.key.writer == machine.name.text
    }

    private func receive(_ message: GossipMessage, from index: Int) {
        var message = message
        message.updates.removeAll { if case .record(let record) = $0 { isIgnored(record) } else { false } }
        perform(core.onMessage(message, from: "\(cluster.machines[index].address):7946", nowMs: nowMs))
    }

    private func exchange(_ state: PushPullState, with address: String) {
        guard let other = cluster.machine(at: address) else { return }
        let life = machine.life
        let isReached = cluster.network.reaches(machine, other) && other.isOfNewCluster == machine.isOfNewCluster
        cluster.after(isReached ? cluster.network.roundTripMs() : 3_000, .exchange, machine.index) { [self] in
            guard isReached, cluster.network.reaches(machine, other), machine.opens(other), other.opens(machine), let there = other.gossip
            else {
                return machine.receive(life: life) { [self] in perform(core.onPushPullTimeout(with: address, nowMs: nowMs)) }
            }
            let reply = there.answer(state, from: machine.name.text)
            machine.receive(life: life) { [self] in
                var reply = reply
                reply.records.removeAll(where: isIgnored)
                perform(core.onPushPullReply(reply, from: address, nowMs: nowMs))
            }
        }
    }

    private func answer(_ state: PushPullState, from name: String) -> PushPullState {
        var state = state
        state.records.removeAll(where: isIgnored)
        let (reply, directives) = core.onPushPullRequest(state, from: name, nowMs: nowMs)
        perform(directives)
        return reply
    }
}
